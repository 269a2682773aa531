/// Decides whom to ask what others know, and when to give up. A client is whatever waits for an answer.
///
/// Same questions are asked once, whoever waits. That also ends loops: a question that comes back to this server while
/// it is being asked is one more client of itself, and fails when its attempts do.
struct ForwardingCore<Client: Sendable>: Sendable {
  /// One message to one upstream. Its answer, its failure or its time comes back with its number.
  struct Attempt: Sendable, Hashable {
    var number: Int
    var upstream: ServerAddress
    var overTCP: Bool
    var message: [UInt8]
  }

  /// What comes of a question.
  enum Outcome: Sendable {
    /// It is known.
    case answer(ForwardedAnswer)
    /// It is being asked; the client will be answered.
    case waits
    /// As before; and this is to be sent.
    case send(Attempt)
    /// There is nobody to ask, or there are too many questions.
    case refused
  }

  /// What is to be done after an attempt.
  enum Step: Sendable {
    /// Nothing: what came was no answer to it.
    case wait
    /// The next attempt; this one is over.
    case send(Attempt)
    /// All is over.
    case answer([Client], ForwardedAnswer)
    /// Nobody waits for it any more.
    case none
  }

  private struct Pending {
    var question: ForwardedQuestion
    var clients: [Client]
    var attempt: Attempt
    var messageID: UInt16
    var attempts = 1
    var usesExtension = true
    /// What is said if nobody knows.
    var worst = ForwardedAnswer.failure
  }

  let upstreams: [ServerAddress]
  private var cache: AnswerCache
  /// By the number of its attempt.
  private var pending: [Int: Pending] = [:]
  private var numbers: [ForwardedQuestion: Int] = [:]
  private var lastNumber = 0
  private var waiting = 0
  /// The upstream that answered last is asked first.
  private var preferred = 0
  private let questionLimit: Int
  private let clientLimit: Int

  init(
    upstreams: [ServerAddress], cache: AnswerCache = AnswerCache(),
    questionLimit: Int = DNSLimits.forwardedQuestions, clientLimit: Int = DNSLimits.waitingClients
  ) {
    self.upstreams = Array(upstreams.prefix(DNSLimits.upstreams))
    self.cache = cache
    self.questionLimit = questionLimit
    self.clientLimit = clientLimit
  }

  var cachedCount: Int { cache.count }
  var pendingCount: Int { pending.count }

  /// A client asks.
  ///
  /// - Parameter random: makes answers hard to forge.
  mutating func ask(
    _ question: ForwardedQuestion, client: Client, now: Duration, random: UInt64
  ) -> Outcome {
    if let known = cache.answer(to: question, now: now) { return .answer(known) }
    guard !upstreams.isEmpty, waiting < clientLimit else { return .refused }
    if let number = numbers[question] {
      pending[number]?.clients.append(client)
      waiting += 1
      return .waits
    }
    guard pending.count < questionLimit else { return .refused }
    waiting += 1
    let id = UInt16(truncatingIfNeeded: random)
    let attempt = attempt(question, upstreams[preferred], overTCP: false, id: id, usesExtension: true)
    pending[attempt.number] = Pending(
      question: question, clients: [client], attempt: attempt, messageID: id)
    numbers[question] = attempt.number
    return .send(attempt)
  }

  /// Something came from the upstream of an attempt.
  mutating func received(_ bytes: [UInt8], number: Int, now: Duration, random: UInt64) -> Step {
    guard let entry = pending[number] else { return .none }
    guard let message = try? DNSMessage(parsing: bytes), message.isResponse, message.id == entry.messageID,
      message.operation == 0
    else { return unreadable(bytes, entry, random: random) }
    // Servers that do not understand a question may leave it out of the answer.
    let isSame =
      message.questions.count == 1
      && message.questions.allSatisfy {
        $0.type == entry.question.type && $0.recordClass == DNSRecord.internet
          && $0.name.lowercased == entry.question.name
      }
    let isPlain = message.questions.isEmpty && message.responseCode != .noError
    guard isSame || isPlain && message.responseCode != .nameError else { return .wait }
    switch message.responseCode {
    case .noError, .nameError:
      if message.isTruncated, !entry.attempt.overTCP { return again(entry, overTCP: true, random: random) }
      let answer = ForwardedAnswer(message)
      preferred = upstreams.firstIndex(of: entry.attempt.upstream) ?? 0
      cache.keep(answer, to: entry.question, now: now)
      return finish(entry, answer)
    case .formatError, .notImplemented:
      // Old servers know no extensions (RFC 6891).
      if entry.usesExtension { return again(entry, usesExtension: false, random: random) }
      return next(entry, worst: ForwardedAnswer(code: .serverFailure), random: random)
    default:
      return next(entry, worst: ForwardedAnswer(code: message.responseCode), random: random)
    }
  }

  /// The upstream of an attempt cannot be reached, has hung up, or has not answered in time.
  mutating func failed(number: Int, random: UInt64) -> Step {
    guard let entry = pending[number] else { return .none }
    return next(entry, worst: entry.worst, random: random)
  }

  /// All is over: nobody will be answered any more.
  mutating func close() -> [Client] {
    defer {
      pending = [:]
      numbers = [:]
      waiting = 0
    }
    return pending.values.flatMap(\.clients)
  }

  // MARK: Attempts

  /// Over TCP there is nobody else who could have sent it.
  private mutating func unreadable(_ bytes: [UInt8], _ entry: Pending, random: UInt64) -> Step {
    entry.attempt.overTCP ? next(entry, worst: entry.worst, random: random) : .wait
  }

  /// The same upstream in another way.
  private mutating func again(
    _ entry: Pending, overTCP: Bool? = nil, usesExtension: Bool = true, random: UInt64
  ) -> Step {
    var entry = entry
    entry.usesExtension = entry.usesExtension && usesExtension
    return send(
      entry, upstream: entry.attempt.upstream, overTCP: overTCP ?? entry.attempt.overTCP, random: random)
  }

  /// The next upstream.
  private mutating func next(_ entry: Pending, worst: ForwardedAnswer, random: UInt64) -> Step {
    var entry = entry
    entry.worst = worst
    entry.usesExtension = true
    let place = upstreams.firstIndex(of: entry.attempt.upstream) ?? 0
    let next = upstreams[(place + 1) % upstreams.count]
    return send(entry, upstream: next, overTCP: false, random: random)
  }

  private mutating func send(
    _ entry: Pending, upstream: ServerAddress, overTCP: Bool, random: UInt64
  ) -> Step {
    guard entry.attempts < DNSLimits.attempts else { return finish(entry, entry.worst) }
    var entry = entry
    pending[entry.attempt.number] = nil
    entry.messageID = UInt16(truncatingIfNeeded: random)
    entry.attempts += 1
    entry.attempt = attempt(
      entry.question, upstream, overTCP: overTCP, id: entry.messageID, usesExtension: entry.usesExtension)
    pending[entry.attempt.number] = entry
    numbers[entry.question] = entry.attempt.number
    return .send(entry.attempt)
  }

  private mutating func finish(_ entry: Pending, _ answer: ForwardedAnswer) -> Step {
    pending[entry.attempt.number] = nil
    numbers[entry.question] = nil
    waiting -= entry.clients.count
    return .answer(entry.clients, answer)
  }

  private mutating func attempt(
    _ question: ForwardedQuestion, _ upstream: ServerAddress, overTCP: Bool, id: UInt16, usesExtension: Bool
  ) -> Attempt {
    lastNumber += 1
    var message = DNSMessage(id: id)
    message.wantsRecursion = true
    message.skipsVerification = question.skipsVerification
    message.questions = [DNSMessage.Question(name: question.name, type: question.type)]
    if usesExtension {
      message.edns = DNSMessage.Extension(
        datagramBytes: UInt16(DNSLimits.datagramBytes), wantsSignatures: question.wantsSignatures)
    }
    return Attempt(
      number: lastNumber, upstream: upstream, overTCP: overTCP, message: message.serialized())
  }
}
