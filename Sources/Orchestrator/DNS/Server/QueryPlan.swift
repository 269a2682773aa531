/// What is to be done about a client's question.
enum QueryPlan: Sendable, Hashable {
  /// This is the answer.
  case answer(DNSMessage)
  /// Others are to be asked; what they say completes the answer.
  case forward(ForwardedQuestion, DNSMessage)

  /// What the bytes are, if that can be said without knowing any names.
  enum Reading: Sendable, Hashable {
    /// No question: it gets no answer.
    case nothing
    /// No good question, and the answer to it.
    case answer(DNSMessage)
    case question(DNSMessage, DNSMessage.Question)
  }

  /// Reads what a client sent.
  static func read(_ bytes: [UInt8]) -> Reading {
    // An answer to an answer, even to one that cannot be read, may go back and forth forever.
    guard bytes.count >= DNSMessage.headerBytes, bytes[2] & 0x80 == 0 else { return .nothing }
    guard let query = try? DNSMessage(parsing: bytes) else {
      var response = DNSMessage(id: UInt16(bytes[0]) << 8 | UInt16(bytes[1]))
      response.isResponse = true
      response.operation = bytes[2] >> 3 & 15
      response.wantsRecursion = bytes[2] & 1 != 0
      response.responseCode = .formatError
      return .answer(response)
    }
    if let edns = query.edns, edns.version != 0 { return .answer(query.response(.badVersion)) }
    guard query.operation == 0 else {
      // There may be anything in the questions' place.
      var response = query.response(.notImplemented)
      response.questions = []
      return .answer(response)
    }
    guard query.questions.count == 1, let question = query.questions.first else {
      var response = query.response(.formatError)
      response.questions = []
      return .answer(response)
    }
    return .question(query, question)
  }

  /// Decides about a question.
  ///
  /// - Parameters:
  ///   - isReady: whether the zone knows all there is in the cluster.
  ///   - forwards: whether others can be asked.
  ///   - limit: bytes that an answer may have.
  static func plan(
    _ query: DNSMessage, _ question: DNSMessage.Question, zone: ClusterZone, isReady: Bool, forwards: Bool,
    rotation: Int, limit: Int
  ) -> QueryPlan {
    var response = query.response()
    response.offersRecursion = forwards
    if let edns = query.edns { response.edns?.wantsSignatures = edns.wantsSignatures }
    func refused(_ code: ResponseCode) -> QueryPlan {
      response.responseCode = code
      return .answer(response)
    }
    guard question.recordClass == DNSRecord.internet else { return refused(.refused) }
    guard ![.axfr, .ixfr].contains(question.type) else { return refused(.refused) }
    // Pseudo-types of messages that make no questions.
    guard question.type != .opt, question.type.number != 0 else { return refused(.formatError) }
    let key = question.name.lowercased
    if !isReady, zone.mayOwn(key) { return refused(.serverFailure) }
    // No record is shorter than this.
    let lookup = zone.lookup(question.name, question.type, rotation: rotation, limit: limit / 14 + 1)
    var target = key
    switch lookup {
    case .nothing(let answers, let exists, let authority):
      response.isAuthoritative = true
      response.responseCode = exists ? .noError : .nameError
      response.answers = answers
      response.authorities = [authority]
      return .answer(response)
    case .found(let answers, let additionals, let alias):
      response.isAuthoritative = true
      response.answers = answers
      response.additionals = additionals
      // What the alias stands for is left to the client if there is nobody to ask.
      guard let alias, forwards, query.wantsRecursion else { return .answer(response) }
      target = alias
    case .elsewhere:
      guard forwards, query.wantsRecursion else { return refused(.refused) }
    }
    response.isVerified = query.isVerified || query.edns?.wantsSignatures == true
    return .forward(
      ForwardedQuestion(
        name: target, type: question.type, wantsSignatures: query.edns?.wantsSignatures ?? false,
        skipsVerification: query.skipsVerification),
      response)
  }

  /// The whole answer, with what others said.
  static func complete(_ response: DNSMessage, _ answer: ForwardedAnswer) -> DNSMessage {
    var response = response
    response.responseCode = answer.code
    // Only what others vouch for, if the client wants to know.
    response.isVerified = response.isVerified && answer.isVerified && response.answers.isEmpty
    // Clients may compare the spelling of the name.
    let asked = response.answers.last.map(\.target) ?? response.questions.first?.name
    let key = asked?.lowercased
    response.answers += answer.answers.map { record in
      guard let asked, record.name.lowercased == key else { return record }
      var record = record
      record.name = asked
      return record
    }
    response.authorities += answer.authorities
    return response
  }
}

extension DNSRecord {
  /// The name that an alias stands for; of another record, its own name.
  fileprivate var target: DNSName {
    if type == .cname, case .name(let target) = data { target } else { name }
  }
}
