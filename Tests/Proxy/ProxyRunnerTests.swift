import Client
import ClientSupport
import Objects
import Proxy
import Synchronization
import Testing

private final class Listener: HealthCheckListener {
  private let now = Mutex<[Int: HealthCheck]?>(nil)
  var checks: [Int: HealthCheck]? { now.withLock { $0 } }
  func serve(_ checks: [Int: HealthCheck]) async { now.withLock { $0 = checks } }
}

@Suite struct ProxyRunnerTests {
  private let api = FakeAPI()
  private let programs = Programs()
  private let listener = Listener()

  private func put(_ kind: String, _ object: JSON) throws {
    let group = kind == "services" ? "" : "discovery.k8s.io"
    api.put(try #require(Resource.builtIn(group: group, version: "v1", resource: kind)), object)
  }

  /// Runs a proxy beside the body, and ends it.
  private func withProxy(_ mode: ProxyMode, _ body: () async throws -> Void) async throws {
    var options = ProxyOptions(node: "me")
    options.mode = mode
    options.serviceCIDR = "10.96.0.0/12"
    options.minimumInterval = .milliseconds(1)
    options.checkInterval = .milliseconds(20)
    let made = ProxyRunner(
      client: APIClient(transport: api, userAgent: "test"), options: options, commands: programs,
      healthChecks: listener, log: { _ in })
    let proxy = try #require(made)
    let task = Task { await proxy.run() }
    defer { task.cancel() }
    try await body()
    task.cancel()
    await task.value
  }

  /// Whether a command with such an input is run, or has been since the last such question.
  private func isRun(_ command: String, _ input: String = "") async -> Bool {
    await eventually {
      programs.take().contains { $0.command.hasPrefix(command) && $0.input.contains(input) }
    }
  }

  @Test func `without nftables the rules are in iptables, and those of nftables go first`() async throws {
    programs.set { $0 == ["nft", "list", "tables"] ? (1, "no such thing") : (0, "") }
    try put("services", service())
    try put("endpointslices", slice([ready("10.1.0.1")]))
    try await withProxy(.auto) {
      #expect(await eventually { programs.asked.contains { $0.command.hasPrefix("iptables-restore") } })
      let start = programs.take().map(\.command).prefix(7)
      #expect(
        Array(start) == [
          "nft list tables", "nft -f -", "ip route replace 10.96.0.0/12 dev lo table 10256",
          "ip rule add pref 10257 to 10.96.0.0/12 lookup 10256", "ip rule del pref 10256", "iptables-save",
          "iptables-restore -w 5 --noflush",
        ])
      try put("endpointslices", slice([ready("10.1.0.2")]))
      #expect(await isRun("iptables-restore", "--to-destination 10.1.0.2:8080"))
      // Somebody flushes the table: everything is written again.
      let isFlushed = Mutex(true)
      programs.set { command in
        if command.first == "iptables-restore" { isFlushed.withLock { $0 = false } }
        return command.contains("-C") && isFlushed.withLock { $0 } ? (1, "") : (0, "")
      }
      #expect(await isRun("iptables-restore", "-I PREROUTING -j KUBE-SERVICES"))
    }
  }

  @Test func `with nftables the rules of iptables go first`() async throws {
    programs.set { command in
      switch command.first {
      case "iptables-save": (0, "*nat\n:KUBE-SERVICES - [0:0]\n-A OUTPUT -j KUBE-SERVICES\nCOMMIT\n")
      case "nft": (0, "@service-ips jump services")
      default: (0, "")
      }
    }
    try await withProxy(.auto) {
      #expect(await eventually { programs.asked.contains { $0.command == "nft -f -" } })
      #expect(
        Array(programs.take().map(\.command).prefix(8)) == [
          "nft list tables", "iptables-save", "iptables-restore -w 5 --noflush",
          "ip route replace unreachable 10.96.0.0/12 metric 4096",
          "ip route replace 10.96.0.0/12 dev lo table 10256",
          "ip rule add pref 10256 iif lo to 10.96.0.0/12 lookup 10256", "ip rule del pref 10257", "nft -f -",
        ])
    }
  }

  @Test func `load balancers hear whether rules and pods are there`() async throws {
    programs.set { ($0.first == "nft" ? 1 : 0, "") }
    try put(
      "services",
      service(
        spec: ["type": "LoadBalancer", "externalTrafficPolicy": "Local", "healthCheckNodePort": 32_000]))
    try put("endpointslices", slice([ready("10.1.0.1", "me")]))
    func hears(_ check: HealthCheck) async -> Bool { await eventually { listener.checks == [32_000: check] } }
    try await withProxy(.nftables) {
      #expect(await hears(HealthCheck(service: "n/web", localEndpoints: 1, isProxyHealthy: false)))
      programs.set { ($0.contains("list") ? 1 : 0, "") }
      #expect(await hears(HealthCheck(service: "n/web", localEndpoints: 1, isProxyHealthy: true)))
      try put("endpointslices", slice([ready("10.1.0.1", "other")]))
      #expect(await hears(HealthCheck(service: "n/web", localEndpoints: 0, isProxyHealthy: true)))
    }
    #expect(listener.checks == [:])
  }
}
