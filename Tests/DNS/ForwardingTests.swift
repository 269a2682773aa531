import Client
@testable import DNS
import Testing

@Suite struct `the resolver's configuration` {
  @Test func `name servers are read, and nothing else`() {
    let configuration = ResolverConfiguration(
      parsing: """
        # nameserver 192.0.2.9
        domain example.com
        search example.com  corp.example.com
        nameserver 192.0.2.1
        nameserver\t2001:db8::1   # second
          nameserver 192.0.2.2
        nameserver fe80::1%eth0
        nameserver
        nameserver 0.0.0.0
        nameserver 192.0.2.1
        options ndots:5 timeout:1
        """)
    #expect(configuration.servers.map(\.description) == ["192.0.2.1:53", "[2001:db8::1]:53", "192.0.2.2:53"])
    #expect(
      configuration.unusableLines == ["nameserver fe80::1%eth0", "nameserver", "nameserver 0.0.0.0"])
    let many = (0..<100).map { "nameserver 192.0.2.\($0)" }.joined(separator: "\n")
    #expect(ResolverConfiguration(parsing: many).servers.count == DNSLimits.upstreams)
    #expect(ResolverConfiguration(parsing: "").servers.isEmpty)
  }

  @Test func `the server itself is left out`() throws {
    let configuration = ResolverConfiguration(
      parsing: "nameserver 127.0.0.53\nnameserver 10.96.0.10\nnameserver 192.0.2.1\nnameserver ::1")
    func upstreams(_ own: [(String, UInt16)], _ cluster: [String] = []) throws -> [String] {
      try configuration.upstreams(
        excluding: own.map { ServerAddress(try address($0.0), port: $0.1) },
        clusterAddresses: cluster.map { try address($0) }
      ).map { "\($0.address)" }
    }
    #expect(try upstreams([]) == ["127.0.0.53", "10.96.0.10", "192.0.2.1", "::1"])
    #expect(try upstreams([("192.0.2.1", 53)], ["10.96.0.10"]) == ["127.0.0.53", "::1"])
    #expect(try upstreams([("192.0.2.1", 1053)]) == ["127.0.0.53", "10.96.0.10", "192.0.2.1", "::1"])
    #expect(try upstreams([("0.0.0.0", 53)]) == ["10.96.0.10", "192.0.2.1"])
  }
}

private func answer(
  _ question: ForwardedQuestion, _ lifetimes: UInt32..., code: ResponseCode = .noError
) -> ForwardedAnswer {
  var answer = ForwardedAnswer(code: code)
  answer.answers = lifetimes.enumerated().map {
    DNSRecord(
      name: question.name, type: question.type, timeToLive: $0.element, data: .address(.v4(UInt32($0.offset)))
    )
  }
  return answer
}

private func nothing(_ code: ResponseCode, lifetime: UInt32, minimum: UInt32) -> ForwardedAnswer {
  var answer = ForwardedAnswer(code: code)
  answer.authorities = [
    DNSRecord(
      name: .root, type: .soa, timeToLive: lifetime,
      data: .authority(
        RecordData.Authority(
          server: .root, mailbox: .root, serial: 1, refresh: 1, retry: 1, expire: 1, minimum: minimum)))
  ]
  return answer
}

@Suite struct `answers that are kept` {
  private func question(_ number: Int) throws -> ForwardedQuestion {
    ForwardedQuestion(name: try name("host-\(number).example.com"), type: .a)
  }

  @Test func `an answer lives as long as its shortest record, and ages`() throws {
    var cache = AnswerCache()
    let question = try question(1)
    cache.keep(answer(question, 30, 10), to: question, now: .seconds(100))
    #expect(cache.answer(to: question, now: .seconds(100))?.answers.map(\.timeToLive) == [30, 10])
    #expect(cache.answer(to: question, now: .milliseconds(109_900))?.answers.map(\.timeToLive) == [21, 1])
    #expect(cache.answer(to: question, now: .seconds(110)) == nil)
    #expect(cache.count == 0)
    #expect(cache.bytes == 0)
  }

  @Test func `how long answers may be kept`() throws {
    let question = try question(1)
    #expect(answer(question, 1_000_000).secondsToKeep(.a) == DNSLimits.cacheSeconds)
    #expect(answer(question, 0).secondsToKeep(.a) == 0)
    // An alias whose target has no such records is no answer.
    #expect(answer(question, 10).secondsToKeep(.aaaa) == 0)
    #expect(nothing(.nameError, lifetime: 60, minimum: 20).secondsToKeep(.a) == 20)
    #expect(nothing(.noError, lifetime: 10, minimum: 20).secondsToKeep(.a) == 10)
    #expect(
      nothing(.noError, lifetime: 9999, minimum: 9999).secondsToKeep(.a) == DNSLimits.negativeCacheSeconds)
    #expect(ForwardedAnswer(code: .nameError).secondsToKeep(.a) == 0)
    #expect(answer(question, 10, code: .serverFailure).secondsToKeep(.a) == 0)
  }

  @Test func `entries and bytes are bounded, and what is asked for stays`() throws {
    var cache = AnswerCache(entryLimit: 10)
    for number in 0..<1000 {
      let question = try question(number)
      cache.keep(answer(question, 60), to: question, now: .zero)
      #expect(cache.answer(to: try self.question(0), now: .zero) != nil)
      #expect(cache.count <= 10)
    }
    #expect(cache.count == 10)
    let one = cache.bytes / 10
    var small = AnswerCache(byteLimit: one * 20)
    for number in 0..<1000 {
      let question = try question(number)
      small.keep(answer(question, 60), to: question, now: .zero)
    }
    #expect((15...25).contains(small.count))
    #expect(small.bytes <= one * 20)
    // One that would push out many others is not kept.
    let question = try question(1)
    var large = ForwardedAnswer(code: .noError)
    large.answers = [
      DNSRecord(
        name: question.name, type: .a, timeToLive: 60, data: .opaque([UInt8](repeating: 0, count: one * 10)))
    ]
    small.keep(large, to: question, now: .zero)
    #expect(small.answer(to: question, now: .zero) == nil)
  }

  @Test func `an answer replaces the one before`() throws {
    var cache = AnswerCache()
    let question = try question(1)
    for _ in 0..<1000 { cache.keep(answer(question, 60), to: question, now: .zero) }
    cache.keep(answer(question, 60, 60), to: question, now: .zero)
    #expect(cache.count == 1)
    #expect(cache.answer(to: question, now: .zero)?.answers.count == 2)
  }
}

@Suite struct `asking upstreams` {
  private let upstreams = (1...2).map { ServerAddress(.v4(0xC000_0200 + $0)) }
  private let question: ForwardedQuestion

  init() throws { question = ForwardedQuestion(name: try name("WWW.example.com"), type: .a) }

  private typealias Core = ForwardingCore<Int>

  private func core(upstreams count: Int = 2) -> Core { Core(upstreams: Array(upstreams.prefix(count))) }

  private func begin(_ core: inout Core, client: Int = 1) throws -> Core.Attempt {
    guard case .send(let attempt) = core.ask(question, client: client, now: .zero, random: 77) else {
      throw Unexpected()
    }
    return attempt
  }

  private struct Unexpected: Error {}

  /// An answer to the attempt's message.
  private func response(
    to attempt: Core.Attempt, _ change: (inout DNSMessage) -> Void = { _ in }
  ) throws -> [UInt8] {
    var message = try DNSMessage(parsing: attempt.message).response()
    message.answers = answer(question, 60).answers
    change(&message)
    return message.serialized()
  }

  private func next(_ step: Core.Step) throws -> Core.Attempt {
    guard case .send(let attempt) = step else { throw Unexpected() }
    return attempt
  }

  private func end(_ step: Core.Step) throws -> (clients: [Int], answer: ForwardedAnswer) {
    guard case .answer(let clients, let answer) = step else { throw Unexpected() }
    return (clients, answer)
  }

  @Test func `a question goes to the first upstream as it is on the wire`() throws {
    var core = core()
    let attempt = try begin(&core)
    #expect(attempt.upstream == upstreams[0])
    #expect(!attempt.overTCP)
    #expect(
      attempt.message
        == bytes(
          "004d 0100 0001 0000 0000 0001 03'www'07'example'03'com'00 0001 0001 00 0029 04d0 00000000 0000"))
  }

  @Test func `an answer goes to all who asked, and is kept`() throws {
    var core = core()
    let attempt = try begin(&core)
    guard case .waits = core.ask(question, client: 2, now: .zero, random: 1) else { throw Unexpected() }
    let (clients, given) = try end(
      core.received(try response(to: attempt), number: attempt.number, now: .zero, random: 1))
    #expect(clients == [1, 2])
    #expect(given == answer(question, 60))
    guard case .answer(let kept) = core.ask(question, client: 3, now: .seconds(20), random: 1) else {
      throw Unexpected()
    }
    #expect(kept == answer(question, 40))
    // Other wishes are other questions.
    let signed = ForwardedQuestion(name: question.name, type: .a, wantsSignatures: true)
    guard case .send(let other) = core.ask(signed, client: 3, now: .zero, random: 1) else {
      throw Unexpected()
    }
    #expect(try DNSMessage(parsing: other.message).edns?.wantsSignatures == true)
    #expect(core.pendingCount == 1)
  }

  @Test func `what answers another question is not listened to`() throws {
    var core = core()
    let attempt = try begin(&core)
    let others = [
      try response(to: attempt) { $0.id ^= 1 },
      try response(to: attempt) { $0.isResponse = false },
      try response(to: attempt) { $0.operation = 4 },
      try response(to: attempt) { $0.questions[0].type = .aaaa },
      try response(to: attempt) { $0.questions[0].recordClass = 3 },
      try response(to: attempt) { $0.questions = [] },
      try response(to: attempt) {
        $0.questions = []
        $0.responseCode = .nameError
      },
      [], [1, 2, 3], attempt.message,
    ]
    for bytes in others {
      guard case .wait = core.received(bytes, number: attempt.number, now: .zero, random: 1) else {
        throw Unexpected()
      }
    }
    let good = try response(to: attempt)
    #expect(try end(core.received(good, number: attempt.number, now: .zero, random: 1)).clients == [1])
    // Once.
    guard case .none = core.received(good, number: attempt.number, now: .zero, random: 1) else {
      throw Unexpected()
    }
    guard case .none = core.failed(number: attempt.number, random: 1) else { throw Unexpected() }
  }

  @Test func `a cut answer is asked for again over TCP`() throws {
    var core = core()
    let attempt = try begin(&core)
    let cut = try response(to: attempt) { $0.isTruncated = true }
    let again = try next(core.received(cut, number: attempt.number, now: .zero, random: 78))
    #expect(again.overTCP)
    #expect(again.upstream == upstreams[0])
    #expect(again.message.prefix(2) == [0, 78])
    // What is cut even then is all there is; what cannot be read is no answer.
    let next = try next(core.received([1], number: again.number, now: .zero, random: 79))
    #expect(next.upstream == upstreams[1])
    #expect(!next.overTCP)
  }

  @Test func `the next upstream is asked when one fails, and remembered when it answers`() throws {
    var core = core()
    let first = try begin(&core)
    let second = try next(core.failed(number: first.number, random: 78))
    #expect(second.upstream == upstreams[1])
    // Too late.
    guard case .none = core.received(try response(to: first), number: first.number, now: .zero, random: 1)
    else { throw Unexpected() }
    _ = try end(
      core.received(
        try response(to: second) { $0.answers = [] }, number: second.number, now: .zero, random: 1))
    #expect(try begin(&core).upstream == upstreams[1])
  }

  @Test func `after all attempts the client is told`() throws {
    var core = core()
    var attempt = try begin(&core)
    var asked = [attempt.upstream]
    for _ in 1..<DNSLimits.attempts {
      attempt = try next(core.failed(number: attempt.number, random: 1))
      asked.append(attempt.upstream)
    }
    #expect(asked == upstreams + upstreams)
    let refused = try response(to: attempt) {
      $0.responseCode = .refused
      $0.answers = []
    }
    let (clients, answer) = try end(
      core.received(refused, number: attempt.number, now: .zero, random: 1))
    #expect(clients == [1])
    #expect(answer.code == .refused)
    #expect(core.pendingCount == 0)
    #expect(core.cachedCount == 0)
  }

  @Test func `an old server is asked without extensions`() throws {
    var core = core()
    let first = try begin(&core)
    let refusal = try response(to: first) {
      $0.responseCode = .formatError
      $0.questions = []
      $0.answers = []
      $0.edns = nil
    }
    let second = try next(core.received(refusal, number: first.number, now: .zero, random: 77))
    #expect(second.upstream == upstreams[0])
    #expect(try DNSMessage(parsing: second.message).edns == nil)
    let again = try response(to: second) { $0.responseCode = .formatError }
    let third = try next(core.received(again, number: second.number, now: .zero, random: 77))
    #expect(third.upstream == upstreams[1])
    #expect(try DNSMessage(parsing: third.message).edns != nil)
  }

  @Test func `questions and clients that wait are bounded`() throws {
    var core = Core(upstreams: upstreams, questionLimit: 2, clientLimit: 3)
    func ask(_ host: String, _ client: Int) throws -> String {
      switch core.ask(
        ForwardedQuestion(name: try name(host), type: .a), client: client, now: .zero, random: 1)
      {
      case .answer: "answer"
      case .waits: "waits"
      case .send(let attempt): "\(attempt.number)"
      case .refused: "refused"
      }
    }
    #expect(try ask("a", 1) == "1")
    #expect(try ask("b", 2) == "2")
    #expect(try ask("c", 3) == "refused")
    #expect(try ask("a", 4) == "waits")
    #expect(try ask("a", 5) == "refused")
    for _ in 0..<DNSLimits.attempts {
      for number in 1...20 { _ = core.failed(number: number, random: 1) }
    }
    #expect(core.pendingCount == 0)
    #expect(Int(try ask("c", 3)) != nil)
    #expect(core.close() == [3])
    #expect(core.pendingCount == 0)
    var alone = Core(upstreams: [])
    guard case .refused = alone.ask(question, client: 1, now: .zero, random: 1) else { throw Unexpected() }
  }
}
