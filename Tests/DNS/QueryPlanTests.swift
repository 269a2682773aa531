@testable import DNS
import Objects
import Testing

@Suite struct `what a question leads to` {
  private func query(
    _ text: String, _ type: RecordType = .a, _ change: (inout DNSMessage) -> Void = { _ in }
  ) throws -> DNSMessage {
    var query = DNSMessage(id: 5)
    query.wantsRecursion = true
    query.questions = [DNSMessage.Question(name: try name(text), type: type)]
    change(&query)
    return query
  }

  private func plan(
    _ query: DNSMessage, isReady: Bool = true, forwards: Bool = true
  ) throws -> QueryPlan {
    let zone = try zone(
      service("web", addresses: ["10.96.0.1"]), externalService("out", "www.example.com"))
    return QueryPlan.plan(
      query, query.questions[0], zone: zone, isReady: isReady, forwards: forwards, rotation: 0, limit: 512)
  }

  /// The code, the flags and the records of an answer, or what is asked of others.
  private func outcome(_ plan: QueryPlan) -> String {
    func text(_ message: DNSMessage) -> String {
      ([
        "\(message.responseCode)" + (message.isAuthoritative ? " AA" : "")
          + (message.offersRecursion ? " RA" : "")
      ] + message.answers.map(\.line) + message.authorities.map { "! \($0.name) \($0.type)" })
      .joined(separator: ", ")
    }
    return switch plan {
    case .answer(let message): text(message)
    case .forward(let question, let message): "→ \(question.name) \(question.type): \(text(message))"
    }
  }

  @Test(arguments: [
    ("web.default.svc.cluster.local", "NOERROR AA RA, web.default.svc.cluster.local. A 10.96.0.1"),
    ("no.default.svc.cluster.local", "NXDOMAIN AA RA, ! cluster.local. SOA"),
    ("default.svc.cluster.local", "NOERROR AA RA, ! cluster.local. SOA"),
    ("Example.com", "→ example.com. A: NOERROR RA"),
    (
      "out.default.svc.cluster.local",
      "→ www.example.com. A: NOERROR AA RA, out.default.svc.cluster.local. CNAME www.example.com."
    ),
    ("9.9.96.10.in-addr.arpa", "NXDOMAIN AA RA, ! 96.10.in-addr.arpa. SOA"),
    ("9.9.97.10.in-addr.arpa", "→ 9.9.97.10.in-addr.arpa. A: NOERROR RA"),
  ])
  func `by name`(text: String, expected: String) throws {
    #expect(outcome(try plan(query(text))) == expected)
  }

  @Test func `nobody to ask, or a client that does not want it`() throws {
    let alias = "NOERROR AA, out.default.svc.cluster.local. CNAME www.example.com."
    #expect(outcome(try plan(query("out.default.svc.cluster.local"), forwards: false)) == alias)
    #expect(outcome(try plan(query("example.com"), forwards: false)) == "REFUSED")
    #expect(outcome(try plan(query("example.com") { $0.wantsRecursion = false })) == "REFUSED RA")
  }

  @Test(arguments: [
    "web.default.svc.cluster.local", "no.default.svc.cluster.local", "cluster.local",
    "1.0.96.10.in-addr.arpa",
    "1.2.0.192.in-addr.arpa",
  ])
  func `until all is known nothing is said of the cluster`(text: String) throws {
    #expect(outcome(try plan(query(text), isReady: false)) == "SERVFAIL RA")
  }

  @Test func `others can be asked before`() throws {
    #expect(outcome(try plan(query("example.com"), isReady: false)) == "→ example.com. A: NOERROR RA")
  }

  @Test func `questions that are not answered`() throws {
    #expect(outcome(try plan(query("cluster.local", RecordType(252)))) == "REFUSED RA")
    #expect(outcome(try plan(query("cluster.local", RecordType(251)))) == "REFUSED RA")
    #expect(
      outcome(try plan(query("version.bind", .txt) { $0.questions[0].recordClass = 3 })) == "REFUSED RA")
    #expect(outcome(try plan(query("example.com", .opt))) == "FORMERR RA")
    #expect(outcome(try plan(query("example.com", RecordType(0)))) == "FORMERR RA")
  }

  @Test func `an answer has an extension if the question has`() throws {
    let edns = DNSMessage.Extension(datagramBytes: 4096, wantsSignatures: true)
    guard case .answer(let with) = try plan(query("cluster.local") { $0.edns = edns }),
      case .answer(let without) = try plan(query("cluster.local"))
    else {
      Issue.record("no answer")
      return
    }
    #expect(with.edns == DNSMessage.Extension(datagramBytes: 1232, wantsSignatures: true))
    #expect(without.edns == nil)
    #expect(try query("a").datagramBytesTaken == 512)
    for (said, taken) in [(0, 512), (600, 600), (1232, 1232), (4096, 1232)] {
      let asked = try query("a") { $0.edns = DNSMessage.Extension(datagramBytes: UInt16(said)) }
      #expect(asked.datagramBytesTaken == taken)
    }
  }

  @Test func `what others say completes the answer, in the client's spelling`() throws {
    var said = ForwardedAnswer(code: .noError)
    said.isVerified = true
    said.answers = [
      DNSRecord(
        name: try name("www.example.com"), type: .cname, timeToLive: 9, data: .name(try name("x.example.com"))
      ),
      DNSRecord(name: try name("x.example.com"), type: .a, timeToLive: 9, data: .address(.v4(1))),
    ]
    guard case .forward(_, let direct) = try plan(query("wWw.example.com") { $0.isVerified = true }),
      case .forward(_, let alias) = try plan(query("out.default.svc.cluster.local") { $0.isVerified = true })
    else {
      Issue.record("not forwarded")
      return
    }
    let whole = QueryPlan.complete(direct, said)
    #expect(
      whole.answers.map(\.line) == ["wWw.example.com. CNAME x.example.com.", "x.example.com. A 0.0.0.1"])
    #expect(whole.isVerified)
    #expect(!whole.isAuthoritative)
    let aliased = QueryPlan.complete(alias, said)
    #expect(
      aliased.answers.map(\.line) == [
        "out.default.svc.cluster.local. CNAME www.example.com.", "www.example.com. CNAME x.example.com.",
        "x.example.com. A 0.0.0.1",
      ])
    // The alias is not signed.
    #expect(!aliased.isVerified)
    #expect(QueryPlan.complete(alias, .failure).responseCode == .serverFailure)
  }

  @Test(arguments: [
    // What is too short for a header, and answers, get nothing.
    ("", nil), ("00", nil), ("0005 0100 0001 0000 0000 00", nil), ("0005 8100 0001 0000 0000 0000", nil),
    ("0005 8000 ffff ffff ffff ffff", nil),
    // What cannot be read.
    ("0005 0100 0001 0000 0000 0000", "0005 8101 0000 0000 0000 0000"),
    ("0005 0100 0001 0000 0000 0000 c00c 0001 0001", "0005 8101 0000 0000 0000 0000"),
    ("0005 0000 0001 0000 0000 0000 03'web'", "0005 8001 0000 0000 0000 0000"),
    ("0005 0100 0001 0000 0000 0001 00 0001 0001 00", "0005 8101 0000 0000 0000 0000"),
    ("0005 7900 0001 0000 0000 0000", "0005 f901 0000 0000 0000 0000"),
    // No question, or two.
    ("0005 0100 0000 0000 0000 0000", "0005 8101 0000 0000 0000 0000"),
    ("0005 0100 0002 0000 0000 0000 00 0001 0001 00 0001 0001", "0005 8101 0000 0000 0000 0000"),
    // Notifications, updates and the like.
    ("0005 2000 0001 0000 0000 0000 00 0006 0001", "0005 a004 0000 0000 0000 0000"),
    ("0005 2800 0001 0000 0000 0000 00 0006 0001", "0005 a804 0000 0000 0000 0000"),
    // Another version of the extension.
    (
      "0005 0100 0001 0000 0000 0001 00 0001 0001 00 0029 04d0 00 01 0000 0000",
      "0005 8100 0001 0000 0000 0001 00 0001 0001 00 0029 04d0 01 00 0000 0000"
    ),
  ])
  func `what is no good question`(notation: String, answer: String?) {
    switch QueryPlan.read(bytes(notation)) {
    case .nothing: #expect(answer == nil)
    case .answer(let message): #expect(message.serialized() == answer.map { bytes($0) })
    case .question: Issue.record("a question")
    }
  }
}
