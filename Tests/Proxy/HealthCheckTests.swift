import Objects
import Proxy
import Testing

private func balanced(_ name: String = "web", port: Int64 = 32_000, policy: String = "Local") -> JSON {
  service(
    named: name, ports: [["name": "http", "port": 80], ["name": "https", "port": 443]],
    spec: [
      "type": "LoadBalancer", "externalTrafficPolicy": .string(policy), "healthCheckNodePort": .integer(port),
    ])
}

private func checks(_ table: inout ServiceTable) -> [String] {
  _ = table.update()
  return table.healthChecks.map { "\($0.key) \($0.value.service) \($0.value.localAddresses.sorted())" }
    .sorted()
}

@Suite struct HealthCheckTests {
  @Test(arguments: [(2, true, 200), (0, true, 503), (2, false, 503), (0, false, 503)])
  func `a node with ready pods and good rules gets traffic`(endpoints: Int, isHealthy: Bool, status: Int)
    throws
  {
    let check = HealthCheck(service: "n/we\"b", localEndpoints: endpoints, isProxyHealthy: isHealthy)
    #expect(check.status == status)
    #expect(
      check.headers.map { "\($0.name): \($0.value)" } == [
        "content-type: application/json", "x-content-type-options: nosniff",
        "x-load-balancing-endpoint-weight: \(endpoints)",
      ])
    #expect(
      try JSON.parse(check.body) == [
        "service": ["namespace": "n", "name": "we\"b"], "localEndpoints": .integer(Int64(endpoints)),
        "serviceProxyHealthy": .boolean(isHealthy),
      ])
  }

  @Test func `pods of this node that are ready count, once each`() {
    var table = ServiceTable(node: "me")
    table.setService("n/web", balanced())
    #expect(checks(&table) == ["32000 n/web []"])
    let ends = [
      ready("10.1.0.1", "me"), ready("10.1.0.2", "other"), ("10.1.0.3", "me", false, true, true),
      ready("10.1.0.4", "me"),
    ]
    table.setSlice(slice(name: "web-1", ends))
    table.setSlice(slice(name: "web-2", port: 8443, portName: "https", ends))
    #expect(checks(&table) == [#"32000 n/web ["10.1.0.1", "10.1.0.4"]"#])
    // Traffic goes on to a pod that ends, but load balancers are to send no more.
    for name in ["web-1", "web-2"] {
      table.setSlice(slice(name: name, [("10.1.0.1", "me", false, true, true)]))
    }
    #expect(checks(&table) == ["32000 n/web []"])
    table.setService("n/web", balanced(policy: "Cluster"))
    #expect(checks(&table) == [])
    table.setService("n/web", nil)
    #expect(checks(&table) == [])
  }

  @Test func `of services that claim one port the first has it`() {
    var table = ServiceTable(node: "me")
    for name in ["web", "api", "zoo"] { table.setService("n/\(name)", balanced(name)) }
    table.setSlice(slice(of: "api", name: "api-1", [ready("10.1.0.1", "me")]))
    table.setService("n/other", balanced("other", port: 32_001))
    #expect(checks(&table) == [#"32000 n/api ["10.1.0.1"]"#, "32001 n/other []"])
    table.setService("n/api", nil)
    #expect(checks(&table) == ["32000 n/web []", "32001 n/other []"])
  }
}
