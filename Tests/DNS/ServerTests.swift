import Client
import ClientSupport
@testable import DNS
import Exchange
import NIOCore
import NIOPosix
import Objects
import Testing

/// A server that runs, on an API server in memory.
private struct Running: Sendable {
  let api: FakeAPI
  let server: DNSServer
  let address: ServerAddress

  static let services = Resource.builtIn(group: "", version: "v1", resource: "services")
  static let slices = Resource.builtIn(group: "discovery.k8s.io", version: "v1", resource: "endpointslices")
  static let namespaces = Resource.builtIn(group: "", version: "v1", resource: "namespaces")

  static func server(
    _ api: FakeAPI, addresses: [ServerAddress], upstreams: [ServerAddress] = [],
    connectionTimeout: Duration = .seconds(300)
  ) throws -> (DNSServer, InformerSet) {
    let informers = InformerSet(client: APIClient(transport: api, userAgent: "test"))
    var zone = ClusterZone.Configuration(domain: try name("cluster.local"))
    zone.ranges = ["10.96.0.0/16"].compactMap { IPRange($0) }
    let server = try DNSServer(
      configuration: DNSServer.Configuration(
        zone: zone, addresses: addresses, upstreams: upstreams, upstreamTimeout: .seconds(300),
        connectionTimeout: connectionTimeout),
      informers: informers, group: MultiThreadedEventLoopGroup.singleton)
    return (server, informers)
  }

  /// Runs a server while something is done.
  static func with(
    objects: [JSON] = [], upstreams: [ServerAddress] = [], isHeld: Bool = false,
    _ body: @Sendable (Running) async throws -> Void
  ) async throws {
    let api = FakeAPI()
    api.put(try #require(namespaces), ["kind": "Namespace", "metadata": ["name": "default"]])
    for object in objects {
      let isService = object["kind"]?.string == "Service"
      api.put(try #require(isService ? services : slices), object)
    }
    if isHeld {
      api.intercept { request in
        guard request.path.contains("endpointslices") else { return nil }
        throw StatusError(code: 503, reason: "ServiceUnavailable", message: "not yet")
      }
    }
    let (server, informers) = try server(
      api, addresses: [ServerAddress(.v4(0x7F00_0001), port: 0)], upstreams: upstreams)
    let address = try await server.bind()[0]
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await informers.run() }
      group.addTask { await server.run() }
      if !isHeld { #expect(await eventually { server.isReady }) }
      try await body(Running(api: api, server: server, address: address))
      group.cancelAll()
    }
    #expect(!server.isReady)
  }

  /// A server that listens at a port that was chosen before, and that nobody is given by chance.
  static func onSomePort(
    _ make: (ServerAddress) throws -> DNSServer
  ) async throws -> (DNSServer, ServerAddress) {
    while true {
      let place = ServerAddress(.v4(0x7F00_0001), port: .random(in: 15_000..<30_000))
      let server = try make(place)
      do throws(DNSServerError) {
        return (server, try await server.bind()[0])
      } catch {
        guard error == .addressInUse(place) else { throw error }
      }
    }
  }

  func ask(
    _ text: String, _ type: RecordType = .a, overTCP: Bool = false,
    _ change: (inout DNSMessage) -> Void = { _ in }
  ) async throws -> DNSMessage {
    var query = DNSMessage(id: 99)
    query.wantsRecursion = true
    query.questions = [DNSMessage.Question(name: try name(text), type: type)]
    change(&query)
    let bytes = query.serialized()
    let answers =
      overTCP
      ? try await Sockets.stream([StreamFraming.framed(bytes)], to: address)
      : try await Sockets.datagrams([bytes], to: address)
    let answer = try DNSMessage(parsing: try #require(answers.first))
    #expect(answer.id == 99)
    #expect(answer.questions == query.questions)
    return answer
  }
}

extension Running {
  func expect(
    _ code: ResponseCode, _ text: String, _ type: RecordType = .a,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let answer = try await ask(text, type)
    #expect(answer.responseCode == code, sourceLocation: sourceLocation)
  }
}

@Suite struct `the server` {
  private let web = service("web", addresses: ["10.96.0.1"])
  private static func large() -> [JSON] {
    var members = slice("db-1", of: "db")
    members["endpoints"] = .array((0..<200).map { endpoint("10.0.0.\($0)") })
    return [service("db", addresses: ["None"]), members]
  }

  @Test func `answers over UDP and TCP, and follows the cluster`() async throws {
    try await Running.with(objects: [web]) { running in
      for overTCP in [false, true] {
        let answer = try await running.ask("Web.default.svc.cluster.local", overTCP: overTCP)
        #expect(answer.answers.map(\.line) == ["Web.default.svc.cluster.local. A 10.96.0.1"])
        #expect(answer.isAuthoritative)
        #expect(answer.responseCode == .noError)
      }
      let services = try #require(Running.services)
      running.api.put(services, service("new", addresses: ["10.96.0.2"]))
      running.api.remove(services, "default", "web")
      #expect(
        await eventually {
          (try? await running.ask("web.default.svc.cluster.local"))?.responseCode == .nameError
        })
      #expect(
        await eventually {
          (try? await running.ask("new.default.svc.cluster.local"))?.answers.map(\.line) == [
            "new.default.svc.cluster.local. A 10.96.0.2"
          ]
        })
      let counters = running.server.counters
      #expect(counters.streamMessages == 1)
      #expect(counters.datagrams >= 3)
      #expect(counters.answers[.noError, default: 0] >= 3)
      #expect(counters.names > 5)
    }
  }

  @Test func `what is too long for UDP is cut to what the client takes, and whole over TCP`() async throws {
    try await Running.with(objects: Self.large()) { running in
      var answer = try await running.ask("db.default.svc.cluster.local")
      #expect(answer.isTruncated)
      // 46 bytes of header and question, 16 a record.
      #expect(answer.answers.count == (512 - 46) / 16)
      answer = try await running.ask("db.default.svc.cluster.local") {
        $0.edns = DNSMessage.Extension(datagramBytes: 1000)
      }
      #expect(answer.isTruncated)
      #expect(answer.answers.count == (1000 - 46 - 11) / 16)
      answer = try await running.ask("db.default.svc.cluster.local", overTCP: true)
      #expect(!answer.isTruncated)
      #expect(Set(answer.answers).count == 200)
      #expect(running.server.counters.truncatedAnswers == 2)
    }
  }

  @Test func `says that it cannot tell until all is known`() async throws {
    try await Running.with(objects: [web], isHeld: true) { running in
      #expect(await eventually { running.api.watchCount >= 2 })
      for name in ["web.default.svc.cluster.local", "no.default.svc.cluster.local"] {
        try await running.expect(.serverFailure, name)
      }
      #expect(!running.server.isReady)
      running.api.intercept(nil)
      #expect(await eventually { running.server.isReady })
      try await running.expect(.nameError, "no.default.svc.cluster.local")
    }
  }

  @Test func `asks others once, and remembers`() async throws {
    let upstream = try await FakeUpstream { query, _ in
      var response = query.response()
      response.answers = [
        DNSRecord(
          name: query.questions[0].name, type: .a, timeToLive: 600, data: .address(.v4(0xC000_0201)))
      ]
      return response.serialized()
    }
    try await Running.with(
      objects: [externalService("out", "www.example.com")], upstreams: [upstream.address]
    ) { running in
      for overTCP in [false, true, false] {
        let answer = try await running.ask("wWw.Example.com", overTCP: overTCP)
        #expect(answer.answers.map(\.line) == ["wWw.Example.com. A 192.0.2.1"])
        #expect(answer.offersRecursion)
        #expect(!answer.isAuthoritative)
      }
      #expect(
        try await running.ask("out.default.svc.cluster.local").answers.map(\.line) == [
          "out.default.svc.cluster.local. CNAME www.example.com.", "www.example.com. A 192.0.2.1",
        ])
      // What the cluster knows, or knows not to exist, is nobody's business.
      try await running.expect(.nameError, "x.cluster.local")
      try await running.expect(.nameError, "9.9.96.10.in-addr.arpa", .ptr)
      #expect(upstream.questions == ["UDP www.example.com. A"])
      #expect(running.server.counters.forwarded == 4)
      #expect(running.server.counters.cacheHits == 3)
      #expect(running.server.counters.upstreamAttempts == 1)
    }
    await upstream.close()
  }

  @Test func `asks again over TCP what was cut`() async throws {
    let upstream = try await FakeUpstream { query, overTCP in
      var response = query.response()
      response.answers = (0..<100).map {
        DNSRecord(name: query.questions[0].name, type: .a, timeToLive: 600, data: .address(.v4($0)))
      }
      return response.serialized(limit: overTCP ? 65_535 : 512)
    }
    try await Running.with(upstreams: [upstream.address]) { running in
      let whole = try await running.ask("example.com", overTCP: true)
      #expect(whole.answers.count == 100)
      #expect(upstream.questions == ["UDP example.com. A", "TCP example.com. A"])
      // Kept whole, given as the client takes it.
      let cut = try await running.ask("example.com")
      #expect(cut.isTruncated)
      #expect(upstream.questions.count == 2)
    }
    await upstream.close()
  }

  @Test func `goes on to the next upstream, past those that fail or are not there`() async throws {
    // Nobody is given that port by chance.
    let gone = ServerAddress(.v4(0x7F00_0001), port: 1)
    let failing = try await FakeUpstream { query, _ in query.response(.serverFailure).serialized() }
    let good = try await FakeUpstream { query, _ in query.response(.nameError).serialized() }
    try await Running.with(upstreams: [gone, failing.address, good.address]) { running in
      try await running.expect(.nameError, "example.com")
      #expect(failing.questions == ["UDP example.com. A"])
      #expect(good.questions == ["UDP example.com. A"])
      #expect(running.server.counters.upstreamFailures == 1)
    }
    try await Running.with(upstreams: [failing.address]) { running in
      try await running.expect(.serverFailure, "example.com")
    }
    for upstream in [failing, good] { await upstream.close() }
  }

  @Test func `same questions are asked once while nobody answers`() async throws {
    let upstream = try await FakeUpstream { _, _ in nil }
    try await Running.with(upstreams: [upstream.address]) { running in
      var query = DNSMessage(id: 1)
      query.wantsRecursion = true
      query.questions = [DNSMessage.Question(name: try name("example.com"), type: .a)]
      // The last question's answer says that the others have been taken.
      var other = query
      other.questions[0].name = try name("x.cluster.local")
      let sent = [[UInt8]](repeating: query.serialized(), count: 20) + [other.serialized()]
      let answer = try await Sockets.datagrams(sent, to: running.address)
      #expect(try DNSMessage(parsing: answer[0]).responseCode == .nameError)
      #expect(running.server.counters.forwarded == 20)
      #expect(running.server.counters.upstreamAttempts == 1)
    }
    await upstream.close()
  }

  @Test func `a server that forwards to itself fails, and goes on`() async throws {
    let (server, place) = try await Running.onSomePort { place in
      try DNSServer(
        configuration: DNSServer.Configuration(
          zone: ClusterZone.Configuration(domain: try name("cluster.local")), addresses: [place],
          upstreams: [place], upstreamTimeout: .milliseconds(50)),
        informers: InformerSet(client: APIClient(transport: FakeAPI(), userAgent: "test")),
        group: MultiThreadedEventLoopGroup.singleton)
    }
    let running = Task { await server.run() }
    let asked = Running(api: FakeAPI(), server: server, address: place)
    try await asked.expect(.serverFailure, "example.com")
    #expect(server.counters.upstreamAttempts >= DNSLimits.attempts)
    running.cancel()
    await running.value
  }

  @Test func `bad messages get FORMERR or nothing, and the server goes on`() async throws {
    try await Running.with(objects: [web]) { running in
      var random = SplitMix(state: 3)
      var query = DNSMessage(id: 1)
      query.questions = [DNSMessage.Question(name: try name("web.default.svc.cluster.local"), type: .a)]
      let good = query.serialized()
      var sent: [[UInt8]] = [
        [], [0], [UInt8](repeating: 0xFF, count: 600), [UInt8](repeating: 0, count: 5000),
      ]
      for _ in 0..<300 {
        var bytes = good
        for _ in 0...Int(random.next() % 6) {
          bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
        }
        sent.append(Array(bytes.prefix(Int(random.next() % 64))))
      }
      sent.append(good)
      // Answers to some come before; the last is the good one's.
      for batch in stride(from: 0, to: sent.count, by: 20) {
        let bytes = Array(sent[batch..<min(sent.count, batch + 20)])
        query.id = 0x7777
        let answers = try await Sockets.datagrams(
          bytes + [query.serialized()], to: running.address, untilOneBegins: [0x77, 0x77])
        #expect(answers.count <= bytes.count + 1)
      }
      #expect(try await running.ask("web.default.svc.cluster.local").answers.count == 1)
    }
  }

  @Test func `many questions of one connection are all answered, torn and in one piece`() async throws {
    try await Running.with(objects: Self.large()) { running in
      var all: [UInt8] = []
      for id in 0..<200 {
        var query = DNSMessage(id: UInt16(id))
        query.questions = [DNSMessage.Question(name: try name("db.default.svc.cluster.local"), type: .a)]
        all += StreamFraming.framed(query.serialized())
      }
      let whole = try await Sockets.stream([all], to: running.address)
      let ids = try whole.map { try DNSMessage(parsing: $0).id }
      #expect(Set(ids).count == 200)
      let torn = try await Sockets.stream(
        [Array(all[..<7]), Array(all[7..<8]), Array(all[8...])], to: running.address)
      #expect(torn.count == 200)
      // An answer as a question, and one that is not finished: the server hangs up with the client.
      #expect(
        try await Sockets.stream([bytes("000c 0001 8000 0000 0000 0000 0000 00ff")], to: running.address)
          == [])
      #expect(await eventually { running.server.counters.openConnections == 0 })
    }
  }

  @Test func `an address in use, or none, is said clearly`() async throws {
    try await Running.with { running in
      let (second, _) = try Running.server(FakeAPI(), addresses: [running.address])
      await #expect(throws: DNSServerError.addressInUse(running.address)) { try await second.bind() }
      #expect(
        DNSServerError.addressInUse(running.address).description
          == "DNS cannot listen at \(running.address): the address is in use; "
          + "stop what listens there, or choose another")
    }
    let nowhere = ServerAddress(try address("192.0.2.1"), port: 5353)
    let (third, _) = try Running.server(FakeAPI(), addresses: [nowhere])
    await #expect(throws: DNSServerError.addressNotAvailable(nowhere)) { try await third.bind() }
    #expect(throws: DNSServerError.invalidConfiguration("there is no address to listen at")) {
      _ = try Running.server(FakeAPI(), addresses: [])
    }
  }

  @Test func `listens once, and not at all after it has run`() async throws {
    let informers = InformerSet(client: APIClient(transport: FakeAPI(), userAgent: "test"))
    let (server, place) = try await Running.onSomePort { place in
      try DNSServer(
        configuration: DNSServer.Configuration(
          zone: ClusterZone.Configuration(domain: try name("cluster.local")), addresses: [place]),
        informers: informers, group: MultiThreadedEventLoopGroup.singleton)
    }
    await #expect(throws: DNSServerError.alreadyBound) { try await server.bind() }
    let running = Task {
      await withTaskGroup(of: Void.self) { group in
        group.addTask { await informers.run() }
        group.addTask { await server.run() }
      }
    }
    #expect(await eventually { server.isReady })
    running.cancel()
    await running.value
    let (next, _) = try Running.server(FakeAPI(), addresses: [place])
    #expect(try await next.bind() == [place])
    let stopping = Task { await next.run() }
    stopping.cancel()
    await stopping.value
  }

  @Test func `a connection without a whole question is closed`() async throws {
    let (server, _) = try Running.server(
      FakeAPI(), addresses: [ServerAddress(.v4(0x7F00_0001), port: 0)], connectionTimeout: .milliseconds(20))
    let place = try await server.bind()[0]
    let running = Task { await server.run() }
    #expect(try await Sockets.stream([bytes("00ff 0001")], to: place, closes: false) == [])
    running.cancel()
    await running.value
  }

  @Test func `listens at addresses of version 6 too`() async throws {
    let (server, _) = try Running.server(FakeAPI(), addresses: [ServerAddress(.v6(0, 1), port: 0)])
    guard let place = try? await server.bind()[0] else {
      // A machine without such addresses.
      return
    }
    #expect(place.address == .v6(0, 1))
    #expect(place.description.hasPrefix("[::1]:"))
    let running = Task { await server.run() }
    let asked = Running(api: FakeAPI(), server: server, address: place)
    try await asked.expect(.serverFailure, "cluster.local", .soa)
    running.cancel()
    await running.value
  }
}
