import Objects
import Proxy
import Testing

@Suite struct RulesTests {
  @Test func `a service leads to one of its endpoints`() {
    #expect(
      rules(service(), slice([ready("10.1.0.1"), ready("10.1.0.2")])) == [
        "endpoint-10.1.0.1/8080: ip saddr 10.1.0.1 jump mark-for-masquerade",
        "endpoint-10.1.0.1/8080: meta l4proto tcp dnat to 10.1.0.1:8080",
        "endpoint-10.1.0.2/8080: ip saddr 10.1.0.2 jump mark-for-masquerade",
        "endpoint-10.1.0.2/8080: meta l4proto tcp dnat to 10.1.0.2:8080",
        "service-ips: 10.96.0.10 . tcp . 80: goto service",
        "service: numgen random mod 2 vmap { 0 : goto endpoint-10.1.0.1/8080, 1 : goto endpoint-10.1.0.2/8080 }",
      ])
  }

  @Test func `traffic that is not of pods is masqueraded`() {
    #expect(
      rules(service(), slice([ready("10.1.0.1")]), clusterCIDR: "10.1.0.0/16").contains(
        "service: ip daddr 10.96.0.10 tcp dport 80 ip saddr != 10.1.0.0/16 jump mark-for-masquerade"))
  }

  @Test func `a service without endpoints refuses`() {
    #expect(
      rules(service(ports: [["name": "http", "port": 80, "nodePort": 30080]], spec: ["type": "NodePort"]))
        == [
          "no-endpoint-nodeports: tcp . 30080: goto reject-chain",
          "no-endpoint-services: 10.96.0.10 . tcp . 80: goto reject-chain",
        ])
  }

  @Test func `a node port, external addresses and a load balancer's lead through masquerading`() {
    let made = rules(
      service(
        ports: [["name": "http", "port": 80, "nodePort": 30080]],
        spec: [
          "type": "LoadBalancer", "externalIPs": ["192.0.2.1", "not an address", "192.0.2.1; flush ruleset"],
        ],
        status: [
          "loadBalancer": [
            "ingress": [["ip": "192.0.2.2"], ["ip": "192.0.2.3", "ipMode": "Proxy"], ["hostname": "h"]]
          ]
        ]),
      slice([ready("10.1.0.1")]))
    #expect(
      made.filter { !$0.hasPrefix("endpoint") } == [
        "external: jump mark-for-masquerade",
        "external: numgen random mod 1 vmap { 0 : goto endpoint-10.1.0.1/8080 }",
        "service-ips: 10.96.0.10 . tcp . 80: goto service",
        "service-ips: 192.0.2.1 . tcp . 80: goto external",
        "service-ips: 192.0.2.2 . tcp . 80: goto external", "service-nodeports: tcp . 30080: goto external",
        "service: numgen random mod 1 vmap { 0 : goto endpoint-10.1.0.1/8080 }",
      ])
  }

  @Test func `traffic from outside stays here if it must`() {
    let local = service(
      ports: [["name": "http", "port": 80, "nodePort": 30080]],
      spec: ["type": "NodePort", "externalTrafficPolicy": "Local"])
    let made = rules(local, slice([ready("10.1.0.1", "me"), ready("10.1.0.2")]), clusterCIDR: "10.1.0.0/16")
    #expect(
      made.filter { $0.hasPrefix("external") || $0.hasPrefix("anywhere") || $0.contains("nodeports") } == [
        "anywhere: numgen random mod 2 vmap { 0 : goto endpoint-10.1.0.1/8080, 1 : goto endpoint-10.1.0.2/8080 }",
        "external: fib saddr type local goto anywhere",
        "external: fib saddr type local jump mark-for-masquerade",
        "external: ip saddr 10.1.0.0/16 goto anywhere",
        "external: numgen random mod 1 vmap { 0 : goto endpoint-10.1.0.1/8080 }",
        "service-nodeports: tcp . 30080: goto external",
      ])
    // Only pods and the node itself get through where there is none.
    let elsewhere = rules(local, slice([ready("10.1.0.2")]))
    #expect(!elsewhere.contains { $0.hasPrefix("external: numgen") })
    #expect(elsewhere.contains("service-nodeports: tcp . 30080: goto external"))
    #expect(rules(local).contains("no-endpoint-nodeports: tcp . 30080: drop"))
  }

  @Test func `traffic from inside stays here if it must`() {
    let local = service(spec: ["internalTrafficPolicy": "Local"])
    #expect(
      rules(local, slice([ready("10.1.0.1", "me"), ready("10.1.0.2")])).contains(
        "service: numgen random mod 1 vmap { 0 : goto endpoint-10.1.0.1/8080 }"))
    #expect(rules(local, slice([ready("10.1.0.2")])) == ["no-endpoint-services: 10.96.0.10 . tcp . 80: drop"])
  }

  @Test func `clients stay with their endpoint`() {
    let made = rules(
      service(spec: [
        "sessionAffinity": "ClientIP", "sessionAffinityConfig": ["clientIP": ["timeoutSeconds": 60]],
      ]), slice([ready("10.1.0.1")]))
    #expect(
      made == [
        "affinity-10.1.0.1/8080: 60s", "endpoint-10.1.0.1/8080: ip saddr 10.1.0.1 jump mark-for-masquerade",
        "endpoint-10.1.0.1/8080: meta l4proto tcp dnat to 10.1.0.1:8080",
        "endpoint-10.1.0.1/8080: update @affinity-10.1.0.1/8080 { ip saddr }",
        "service-ips: 10.96.0.10 . tcp . 80: goto service",
        "service: ip saddr @affinity-10.1.0.1/8080 goto endpoint-10.1.0.1/8080",
        "service: numgen random mod 1 vmap { 0 : goto endpoint-10.1.0.1/8080 }",
      ])
  }

  @Test func `only some may reach a load balancer`() {
    let made = rules(
      service(
        spec: [
          "type": "LoadBalancer",
          "loadBalancerSourceRanges": ["198.51.100.0/24 ", "203.0.113.7/32", "1.2.3.4", "x/3"],
        ],
        status: ["loadBalancer": ["ingress": [["ip": "192.0.2.2"]]]]),
      slice([ready("10.1.0.1")]))
    #expect(
      made.filter { $0.hasPrefix("firewall") } == [
        "firewall-ips: 192.0.2.2 . tcp . 80: goto firewall", "firewall: drop",
        "firewall: ip saddr { 198.51.100.0/24, 203.0.113.7/32 } return",
      ])
  }

  @Test(arguments: [
    // Ready ones count; if there are none, those that end and still serve.
    ([ready("10.1.0.1"), ("10.1.0.2", "other", false, true, true)], ["10.1.0.1"]),
    ([("10.1.0.1", "other", false, false, false), ("10.1.0.2", "other", false, true, true)], ["10.1.0.2"]),
    ([("10.1.0.1", "other", false, true, false), ("10.1.0.2", "other", false, false, true)], []),
    ([ready("10.1.0.1"), ready("10.1.0.1"), ready("fd00::1"), ready("10.1.0.300")], ["10.1.0.1"]),
  ])
  func `endpoints are chosen`(endpoints: [(String, String, Bool, Bool, Bool)], chosen: [String]) {
    let ports = ServicePort.all(of: service(), slices: [slice(endpoints)], node: "me")
    #expect(ports.map { $0.endpoints.map(\.address) } == [chosen])
  }

  @Test(arguments: [
    service(ip: "None"), service(ip: ""), service(ip: "fd00::1"), service(spec: ["type": "ExternalName"]),
    service(ports: [["port": 0]]), service(ports: [["port": 80, "protocol": "ICMP"]]), ["metadata": [:]], [:],
  ])
  func `what has no address here has no rules`(service: JSON) {
    #expect(ServicePort.all(of: service, slices: [], node: "me").isEmpty)
  }

  @Test func `of services that claim one address the first has it, and then the next`() {
    var table = ServiceTable(node: "me")
    for (name, ip) in [("a", "10.96.0.1"), ("b", "10.96.0.2")] {
      table.setService("n/\(name)", service(named: name, ip: ip, spec: ["externalIPs": ["192.0.2.1"]]))
      table.setSlice(slice(of: name, [ready("10.1.0.1")]))
    }
    _ = table.update()
    let key = NFTables.Key(map: .serviceIPs, text: "192.0.2.1 . tcp . 80")
    #expect(table.rules.elements[key]?.hasSuffix("n/a/tcp/http") == true)
    table.setService("n/a", nil)
    _ = table.update()
    #expect(table.rules.elements[key]?.hasSuffix("n/b/tcp/http") == true)
  }

  @Test func `names fit the kernel, and differ`() {
    let long = String(repeating: "x", count: 63)
    let names = ["a", "b"].map { last in
      NFTables(
        ServicePort.all(
          of: [
            "metadata": ["namespace": .string(long), "name": .string(long)],
            "spec": ["clusterIP": "10.96.0.1", "ports": [["name": .string("p" + last), "port": 80]]],
          ],
          slices: [
            [
              "addressType": "IPv4", "ports": [["name": .string("p" + last), "port": 1]],
              "endpoints": [["addresses": ["10.1.0.1"]]],
            ]
          ], node: "me")[0], clusterCIDR: "")
    }.map { Set($0.chains.keys) }
    #expect(names[0].isDisjoint(with: names[1]))
    #expect(names.joined().allSatisfy { $0.utf8.count < 128 })
  }

  @Test func `flows of UDP to endpoints that are gone are forgotten`() {
    var table = ServiceTable(node: "me")
    let udp: JSON = [["name": "dns", "port": 53, "protocol": "UDP", "nodePort": 30053]]
    table.setService("n/web", service(ports: udp, spec: ["type": "NodePort"]))
    _ = table.update()
    table.setSlice(
      slice(port: 53, portName: "dns", transport: "UDP", [ready("10.1.0.1"), ready("10.1.0.2")]))
    func shown(_ flows: [ServiceTable.StaleFlow]) -> [String] {
      flows.map { "\($0.address ?? "*"):\($0.port) \($0.endpoint ?? "all")" }
    }
    #expect(shown(table.update().stale) == ["10.96.0.10:53 all", "*:30053 all"])
    table.setSlice(slice(port: 53, portName: "dns", transport: "UDP", [ready("10.1.0.2")]))
    #expect(shown(table.update().stale) == ["10.96.0.10:53 10.1.0.1", "*:30053 10.1.0.1"])
    table.setService("n/web", nil)
    #expect(shown(table.update().stale) == ["10.96.0.10:53 10.1.0.2", "*:30053 10.1.0.2"])
  }
}
