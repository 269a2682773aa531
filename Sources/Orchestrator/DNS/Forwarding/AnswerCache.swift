/// What others are asked: the name in lower case, the type, and what makes answers differ.
struct ForwardedQuestion: Sendable, Hashable {
  let name: DNSName
  let type: RecordType
  let wantsSignatures: Bool
  let skipsVerification: Bool

  init(name: DNSName, type: RecordType, wantsSignatures: Bool = false, skipsVerification: Bool = false) {
    self.name = name.lowercased
    self.type = type
    self.wantsSignatures = wantsSignatures
    self.skipsVerification = skipsVerification
  }
}

/// What others said.
struct ForwardedAnswer: Sendable, Hashable {
  var code: ResponseCode
  var isVerified = false
  var answers: [DNSRecord] = []
  var authorities: [DNSRecord] = []

  /// Nobody could tell.
  static let failure = ForwardedAnswer(code: .serverFailure)

  init(code: ResponseCode) { self.code = code }

  /// What of a message is the answer to its question.
  init(_ message: DNSMessage) {
    code = message.responseCode
    isVerified = message.isVerified
    answers = message.answers
    authorities = message.authorities
  }

  /// Seconds that it may be kept; 0 for not at all (RFC 2308).
  func secondsToKeep(_ type: RecordType) -> UInt32 {
    guard code == .noError || code == .nameError else { return 0 }
    let shortest = (answers + authorities).map(\.timeToLive).min() ?? 0
    guard code == .nameError || !answers.contains(where: { $0.type == type || type == .any }) else {
      return min(shortest, DNSLimits.cacheSeconds)
    }
    for record in authorities {
      if case .authority(let authority) = record.data {
        return min(shortest, authority.minimum, DNSLimits.negativeCacheSeconds)
      }
    }
    return 0
  }

  /// The answer after some time, with what is left of its records' times.
  func aged(by seconds: UInt32) -> ForwardedAnswer {
    func aged(_ records: [DNSRecord]) -> [DNSRecord] {
      records.map { record in
        var record = record
        record.timeToLive -= min(record.timeToLive, seconds)
        return record
      }
    }
    var answer = self
    answer.answers = aged(answers)
    answer.authorities = aged(authorities)
    return answer
  }

  /// About how many bytes it takes.
  var bytes: Int {
    (answers + authorities).reduce(64) { sum, record in
      let data =
        switch record.data {
        case .address, .service: 32
        case .name(let name), .mail(_, let name): name.wire.count
        case .text(let texts): texts.reduce(0) { $0 + $1.count + 32 }
        case .authority(let authority): authority.server.wire.count + authority.mailbox.wire.count
        case .opaque(let bytes): bytes.count
        }
      return sum + record.name.wire.count + data + 128
    }
  }
}

/// Answers of others for as long as they may be kept; at most so many, of at most so many bytes. When it is full, those
/// go first that came first and were not asked for since.
struct AnswerCache: Sendable {
  private struct Entry {
    var answer: ForwardedAnswer
    var began: Duration
    var end: Duration
    var bytes: Int
    var isUsed = false
    /// Where it stands in `order`; older entries there are void.
    var turn: Int
  }

  private let entryLimit: Int
  private let byteLimit: Int
  private var entries: [ForwardedQuestion: Entry] = [:]
  private var order: [(question: ForwardedQuestion, turn: Int)] = []
  private var head = 0
  private var lastTurn = 0
  private(set) var bytes = 0

  init(entryLimit: Int = DNSLimits.cachedAnswers, byteLimit: Int = DNSLimits.cachedBytes) {
    self.entryLimit = entryLimit
    self.byteLimit = byteLimit
  }

  var count: Int { entries.count }

  /// The answer to a question, as it is now.
  mutating func answer(to question: ForwardedQuestion, now: Duration) -> ForwardedAnswer? {
    guard let entry = entries[question] else { return nil }
    guard now < entry.end else {
      remove(question)
      return nil
    }
    entries[question]?.isUsed = true
    return entry.answer.aged(by: UInt32(clamping: (now - entry.began).components.seconds))
  }

  /// Keeps an answer for as long as it may be kept.
  mutating func keep(_ answer: ForwardedAnswer, to question: ForwardedQuestion, now: Duration) {
    remove(question)
    let seconds = answer.secondsToKeep(question.type)
    let size = answer.bytes + question.name.wire.count
    guard seconds > 0, size <= byteLimit / 8, entryLimit > 0 else { return }
    while entries.count >= entryLimit || bytes + size > byteLimit { evict() }
    lastTurn += 1
    entries[question] = Entry(
      answer: answer, began: now, end: now + .seconds(Int64(seconds)), bytes: size, turn: lastTurn)
    bytes += size
    order.append((question: question, turn: lastTurn))
    tidy()
  }

  private mutating func remove(_ question: ForwardedQuestion) {
    if let old = entries.removeValue(forKey: question) { bytes -= old.bytes }
  }

  /// Removes one entry.
  private mutating func evict() {
    while head < order.count {
      let (question, turn) = order[head]
      head += 1
      guard let entry = entries[question], entry.turn == turn else { continue }
      guard entry.isUsed else {
        remove(question)
        return
      }
      // Another turn, as if it came now.
      lastTurn += 1
      entries[question]?.isUsed = false
      entries[question]?.turn = lastTurn
      order.append((question: question, turn: lastTurn))
    }
  }

  /// Keeps the order as short as what is in it.
  private mutating func tidy() {
    guard order.count > 2 * entries.count + 64 else { return }
    order = order[head...].filter { entries[$0.question]?.turn == $0.turn }
    head = 0
  }
}
