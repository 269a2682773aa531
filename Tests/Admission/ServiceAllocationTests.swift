import Admission
import Exchange
import Objects
import Registry
import Testing

/// An API server's allocation, with stores that others may share.
private struct Server {
  var addresses: FakeAllocationStore
  var ports: FakeAllocationStore
  var hook: ServiceAllocation

  init(
    addresses: FakeAllocationStore = FakeAllocationStore(),
    ports: FakeAllocationStore = FakeAllocationStore(),
    addressRange: ServiceAddressRange = .standard, portRange: NodePortRange = .standard
  ) {
    self.addresses = addresses
    self.ports = ports
    hook = ServiceAllocation(
      addresses: addressRange, addressStore: addresses, ports: portRange, portStore: ports, random: { _ in 0 }
    )
  }

  /// Stores a service.
  func store(_ new: JSON, old: JSON? = nil) async throws -> JSON {
    var new = new
    let undo = try await hook.beforeStore(&new, old: old, resource: resource("services"), dryRun: false)
    await undo?.commit()
    return new
  }

  func message(_ new: JSON, old: JSON? = nil) async -> String? {
    var new = new
    do throws(StatusError) {
      _ = try await hook.beforeStore(&new, old: old, resource: resource("services"), dryRun: false)
      return nil
    } catch {
      return "\(error.code) \(error.message)"
    }
  }

  var takenAddresses: [Int] { addresses.numbers(of: ServiceAddressRange.standard) }
  var takenPorts: [Int] { ports.numbers(of: NodePortRange.standard) }
}

private func service(_ spec: String) -> JSON { ["metadata": ["name": "x"], "spec": json(spec)] }

@Suite struct ServiceAllocationTests {
  @Test(arguments: [
    (
      #"{"type":"ClusterIP","ports":[{"port":80}]}"#,
      #"""
      {"type":"ClusterIP","ports":[{"port":80}],"clusterIP":"10.96.1.1","clusterIPs":["10.96.1.1"],
      "ipFamilies":["IPv4"],"ipFamilyPolicy":"SingleStack"}
      """#
    ),
    (
      #"{"type":"ClusterIP","clusterIP":"10.96.0.10","clusterIPs":["10.96.0.10"]}"#,
      #"""
      {"type":"ClusterIP","clusterIP":"10.96.0.10","clusterIPs":["10.96.0.10"],
      "ipFamilies":["IPv4"],"ipFamilyPolicy":"SingleStack"}
      """#
    ),
    (
      #"{"type":"ClusterIP","clusterIP":"None","clusterIPs":["None"],"selector":{"a":"b"}}"#,
      #"""
      {"type":"ClusterIP","clusterIP":"None","clusterIPs":["None"],"selector":{"a":"b"},
      "ipFamilies":["IPv4"],"ipFamilyPolicy":"SingleStack"}
      """#
    ),
    (
      #"{"type":"ClusterIP","clusterIP":"None","clusterIPs":["None"]}"#,
      #"""
      {"type":"ClusterIP","clusterIP":"None","clusterIPs":["None"],
      "ipFamilies":["IPv4","IPv6"],"ipFamilyPolicy":"RequireDualStack"}
      """#
    ),
    (
      #"{"type":"ClusterIP","ipFamilyPolicy":"PreferDualStack","ipFamilies":["IPv4","IPv6"]}"#,
      #"""
      {"type":"ClusterIP","clusterIP":"10.96.1.1","clusterIPs":["10.96.1.1"],
      "ipFamilies":["IPv4"],"ipFamilyPolicy":"PreferDualStack"}
      """#
    ),
    (#"{"type":"ExternalName","externalName":"e.org"}"#, #"{"type":"ExternalName","externalName":"e.org"}"#),
    (
      #"""
      {"type":"NodePort","ports":[{"port":53,"protocol":"UDP"},{"port":53,"protocol":"TCP"},
      {"port":80,"protocol":"TCP"},{"port":81,"protocol":"TCP","nodePort":30000}]}
      """#,
      #"""
      {"type":"NodePort","ports":[{"port":53,"protocol":"UDP","nodePort":30086},
      {"port":53,"protocol":"TCP","nodePort":30086},{"port":80,"protocol":"TCP","nodePort":30087},
      {"port":81,"protocol":"TCP","nodePort":30000}],"clusterIP":"10.96.1.1","clusterIPs":["10.96.1.1"],
      "ipFamilies":["IPv4"],"ipFamilyPolicy":"SingleStack"}
      """#
    ),
    (
      #"""
      {"type":"NodePort","ports":[{"port":53,"protocol":"UDP"},{"port":53,"protocol":"TCP","nodePort":30053}]}
      """#,
      #"""
      {"type":"NodePort","ports":[{"port":53,"protocol":"UDP","nodePort":30053},
      {"port":53,"protocol":"TCP","nodePort":30053}],"clusterIP":"10.96.1.1","clusterIPs":["10.96.1.1"],
      "ipFamilies":["IPv4"],"ipFamilyPolicy":"SingleStack"}
      """#
    ),
    (
      #"{"type":"LoadBalancer","externalTrafficPolicy":"Local","ports":[{"port":80,"protocol":"TCP"}]}"#,
      #"""
      {"type":"LoadBalancer","externalTrafficPolicy":"Local",
      "ports":[{"port":80,"protocol":"TCP","nodePort":30086}],"healthCheckNodePort":30087,
      "clusterIP":"10.96.1.1","clusterIPs":["10.96.1.1"],
      "ipFamilies":["IPv4"],"ipFamilyPolicy":"SingleStack"}
      """#
    ),
    (
      #"{"type":"LoadBalancer","allocateLoadBalancerNodePorts":false,"ports":[{"port":80,"protocol":"TCP"}]}"#,
      #"""
      {"type":"LoadBalancer","allocateLoadBalancerNodePorts":false,"ports":[{"port":80,"protocol":"TCP"}],
      "clusterIP":"10.96.1.1","clusterIPs":["10.96.1.1"],
      "ipFamilies":["IPv4"],"ipFamilyPolicy":"SingleStack"}
      """#
    ),
  ])
  func `a new service gets what it needs`(spec: String, expected: String) async throws {
    #expect(try await Server().store(service(spec))["spec"] == json(expected))
  }

  private static let invalid = "422 Service \"x\" is invalid: "
  private static let taken = service(
    #"{"type":"NodePort","clusterIP":"10.96.0.10","clusterIPs":["10.96.0.10"],"ports":[{"port":1,"nodePort":30080}]}"#
  )

  @Test(arguments: [
    (
      #"{"type":"ClusterIP","clusterIP":"1.2.3.4","clusterIPs":["1.2.3.4"]}"#,
      #"spec.clusterIPs: Invalid value: ["1.2.3.4"]: failed to allocate IP 1.2.3.4: the provided network does not match the current range"#
    ),
    (
      #"{"type":"ClusterIP","clusterIP":"10.96.0.10","clusterIPs":["10.96.0.10"]}"#,
      #"spec.clusterIPs: Invalid value: ["10.96.0.10"]: failed to allocate IP 10.96.0.10: provided IP is already allocated"#
    ),
    (
      #"{"type":"NodePort","ports":[{"port":80,"nodePort":99}]}"#,
      "spec.ports[0].nodePort: Invalid value: 99: provided port is not in the valid range. The range of valid ports is 30000-32767"
    ),
    (
      #"{"type":"NodePort","ports":[{"port":80},{"port":81,"nodePort":30080}]}"#,
      "spec.ports[1].nodePort: Invalid value: 30080: provided port is already allocated"
    ),
    (
      #"{"type":"ClusterIP","ipFamilyPolicy":"RequireDualStack"}"#,
      #"spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services"#
    ),
    (
      #"{"type":"ClusterIP","ipFamilies":["IPv6"]}"#,
      #"spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster"#
    ),
  ])
  func `what cannot be had is refused, and takes nothing`(spec: String, problem: String) async throws {
    let server = Server()
    _ = try await server.store(Self.taken)
    #expect(await server.message(service(spec)) == Self.invalid + problem)
    #expect(server.takenAddresses == [9])
    #expect(server.takenPorts == [80])
  }

  @Test(arguments: [
    (#"{"type":"ClusterIP","clusterIP":"abc","clusterIPs":["abc"]}"#, #"{"type":"ExternalName"}"#),
    (
      #"{"type":"ClusterIP","clusterIP":"1.2.3.4","clusterIPs":["1.2.3.4"]}"#,
      #"{"type":"ClusterIP","clusterIP":"10.96.0.1","clusterIPs":["10.96.0.1"]}"#
    ),
    (
      #"{"type":"ClusterIP","clusterIP":"10.96.0.2","clusterIPs":["10.96.0.2"]}"#,
      #"{"type":"ClusterIP","clusterIP":"None","clusterIPs":["None"]}"#
    ),
    (#"{"type":"ClusterIP","clusterIP":"None","ipFamilies":["IPv5"]}"#, #"{}"#),
    (#"{"type":7,"ports":{},"clusterIPs":true}"#, #""x""#), (#"[]"#, #"null"#),
    (#"{"type":"ExternalName","ports":[{"nodePort":-1}],"ipFamilies":[1,2]}"#, #"{}"#),
  ])
  func `what validation refuses is left to it`(spec: String, old: String) async throws {
    let server = Server()
    var new = service(spec)
    let undo = try await server.hook.beforeStore(
      &new, old: service(old), resource: resource("services"), dryRun: false)
    #expect(server.takenAddresses.isEmpty)
    #expect(server.takenPorts.isEmpty)
    await undo?.undo()
  }

  @Test func `a port for health checks that is taken is refused`() async throws {
    let server = Server()
    _ = try await server.store(Self.taken)
    let spec = #"{"type":"LoadBalancer","externalTrafficPolicy":"Local","healthCheckNodePort":30080}"#
    #expect(
      await server.message(service(spec))
        == Self.invalid
        + "spec.healthCheckNodePort: Invalid value: 30080: provided port is already allocated")
  }

  @Test func `a full range is said to be full`() async throws {
    let range = try #require(ServiceAddressRange("10.0.0.0/29"))
    let server = Server(addressRange: range)
    for _ in 0..<range.count { _ = try await server.store(service(#"{"type":"ClusterIP"}"#)) }
    #expect(
      await server.message(service(#"{"type":"ClusterIP"}"#))
        == "500 Internal error occurred: failed to allocate a serviceIP: range is full")
  }

  @Test(arguments: [
    ("ClusterIP", [256], []), ("ExternalName", [], []), ("NodePort", [256], [86]),
    ("LoadBalancer", [256], [86]),
  ])
  func `a type that needs less gives back`(type: String, addresses: [Int], ports: [Int]) async throws {
    let server = Server()
    let old = try await server.store(service(#"{"type":"NodePort","ports":[{"port":80,"protocol":"TCP"}]}"#))
    var new = old
    new["spec", "type"] = .string(type)
    if ports.isEmpty { new["spec", "ports"] = [["port": 80, "protocol": "TCP"]] }
    if addresses.isEmpty {
      for field in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] { new["spec", field] = nil }
    }
    _ = try await server.store(new, old: old)
    #expect(server.takenAddresses == addresses)
    #expect(server.takenPorts == ports)
  }

  @Test func `an update takes what is new and keeps the rest until it is stored`() async throws {
    let server = Server()
    let old = try await server.store(
      service(#"{"type":"NodePort","ports":[{"port":80,"protocol":"TCP"},{"port":81,"protocol":"TCP"}]}"#))
    #expect(server.takenPorts == [86, 87])
    var new = old
    new["spec", "ports"] = json(
      #"[{"port":80,"protocol":"TCP","nodePort":30086},{"port":82,"protocol":"TCP"}]"#)
    let undo = try await server.hook.beforeStore(
      &new, old: old, resource: resource("services"), dryRun: false)
    #expect(new["spec", "ports"]?.array?[1]["nodePort"] == 30088)
    #expect(server.takenPorts == [86, 87, 88])
    await undo?.undo()
    #expect(server.takenPorts == [86, 87])
    let again = try await server.store(new, old: old)
    #expect(again == new)
    #expect(server.takenPorts == [86, 88])
    #expect(server.takenAddresses == [256])
  }

  @Test func `a service that is gone leaves nothing`() async throws {
    let server = Server()
    let old = try await server.store(
      service(#"{"type":"LoadBalancer","externalTrafficPolicy":"Local","ports":[{"port":80}]}"#))
    #expect(server.takenPorts == [86, 87])
    await server.hook.afterDelete(old, resource: resource("services"))
    #expect(server.takenPorts.isEmpty)
    #expect(server.takenAddresses.isEmpty)
  }

  @Test func `a dry run shows what would be and takes nothing`() async throws {
    let server = Server()
    var new = service(#"{"type":"NodePort","ports":[{"port":80,"protocol":"TCP"}]}"#)
    let undo = try await server.hook.beforeStore(&new, old: nil, resource: resource("services"), dryRun: true)
    #expect(undo == nil)
    #expect(new["spec", "clusterIP"] == "10.96.1.1")
    #expect(new["spec", "ports"]?.array?.first?["nodePort"] == 30086)
    #expect(server.addresses.saves == 0)
    #expect(server.ports.saves == 0)
  }

  @Test func `a store that fails takes nothing, and later all is well`() async throws {
    let server = Server()
    server.ports.fail(.unavailable("away"))
    let new = service(#"{"type":"NodePort","ports":[{"port":80}]}"#)
    #expect(await server.message(new) == "503 away")
    #expect(server.takenAddresses.isEmpty)
    server.ports.fail(nil)
    #expect(try await server.store(new)["spec", "clusterIP"] == "10.96.1.1")
  }

  @Test func `two API servers hand out each address once, many with one write`() async throws {
    let first = Server()
    let second = Server(addresses: first.addresses, ports: first.ports)
    let addresses = try await withThrowingTaskGroup(of: String.self) { group in
      for index in 0..<500 {
        let server = index % 2 == 0 ? first : second
        group.addTask {
          let stored = try await server.store(service(#"{"type":"NodePort","ports":[{"port":80}]}"#))
          return stored["spec", "clusterIP"]?.string ?? ""
        }
      }
      return try await group.reduce(into: Set<String>()) { $0.insert($1) }
    }
    #expect(addresses.count == 500)
    #expect(first.takenAddresses.count == 500)
    #expect(first.takenPorts.count == 500)
    #expect(first.addresses.saves < 250)
    #expect(first.ports.saves < 250)
  }

  @Test func `the allocations are a RangeAllocation of Kubernetes`() async throws {
    let server = Server()
    _ = try await server.store(Self.taken)
    #expect(
      server.addresses.object
        == json(
          #"{"kind":"RangeAllocation","apiVersion":"v1","metadata":{},"range":"10.96.0.0/16","data":"AgA="}"#)
    )
  }
}
