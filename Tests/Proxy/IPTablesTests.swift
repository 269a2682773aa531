import Objects
import Proxy
import Testing

private func made(_ service: JSON, _ slices: JSON..., clusterCIDR: String = "") -> IPTables {
  IPTables(ServicePort.all(of: service, slices: slices, node: "me"), clusterCIDR: clusterCIDR)
}

private func lines(_ rules: IPTables, _ chain: String) -> [String] {
  rules.chains.sorted { $0.key < $1.key }.filter { $0.key.name.hasPrefix(chain) }.flatMap { key, rules in
    rules.map { rule in
      let bare = rule.replacing(#/-m comment --comment "[^"]*" /#, with: "")
      return key.table + " " + bare
    }
  }
}

@Suite struct IPTablesTests {
  @Test func `chains have the names that operators know`() {
    var port = service(ports: [["name": "p80", "port": 80, "nodePort": 30080]], spec: ["type": "NodePort"])
    port["metadata"] = ["namespace": "ns1", "name": "svc1"]
    let names = made(port, slice(port: 80, portName: "p80", [ready("10.180.0.1")])).chains.keys.map(\.name)
    for name in ["KUBE-SVC-XPGD46QRK7WJZT7O", "KUBE-EXT-XPGD46QRK7WJZT7O", "KUBE-SEP-SXIVWICOYRO3J4NJ"] {
      #expect(names.contains(name))
    }
  }

  @Test func `endpoints have equal chances`() {
    let rules = made(service(), slice([ready("10.1.0.1"), ready("10.1.0.2"), ready("10.1.0.3")]))
    #expect(
      lines(rules, "KUBE-SVC").map { $0.replacing(#/KUBE-SEP-.*/#, with: "SEP") } == [
        "nat -m statistic --mode random --probability 0.3333333333 -j SEP",
        "nat -m statistic --mode random --probability 0.5000000000 -j SEP", "nat -j SEP",
      ])
  }

  @Test func `SCTP is a transport as others`() {
    let rules = made(
      service(ports: [["name": "http", "port": 80, "protocol": "SCTP"]]),
      slice(transport: "SCTP", [ready("10.1.0.1")]))
    #expect(
      lines(rules, "KUBE-SEP") == [
        "nat -s 10.1.0.1/32 -j KUBE-MARK-MASQ", "nat -m sctp -p sctp -j DNAT --to-destination 10.1.0.1:8080",
      ])
  }

  @Test func `a service without endpoints refuses`() {
    let rules = made(
      service(ports: [["name": "http", "port": 80, "nodePort": 30080]], spec: ["type": "NodePort"]))
    #expect(
      lines(rules, "KUBE-SERVICES") == [
        "filter -m tcp -p tcp -d 10.96.0.10/32 --dport 80 -j REJECT --reject-with tcp-reset",
        "nat -m addrtype --dst-type LOCAL ! -d 127.0.0.0/8 -j KUBE-NODEPORTS",
      ])
    #expect(
      lines(rules, "KUBE-EXTERNAL-SERVICES") == [
        "filter -m tcp -p tcp -m addrtype --dst-type LOCAL --dport 30080 -j REJECT --reject-with tcp-reset"
      ])
  }

  @Test func `one change among five thousand services writes the chains that differ`() {
    var ports = (0..<5000).flatMap { number in
      let last = "\(number / 250).\(number % 250 + 1)"
      return ServicePort.all(
        of: service(named: "s\(number)", ip: "10.96.\(last)"), slices: [slice([ready("10.1.\(last)")])],
        node: "me")
    }
    let old = IPTables(ports, clusterCIDR: "")
    #expect(IPTablesScript.update(from: old, to: old) == nil)
    ports[77].endpoints = [ProxyEndpoint(address: "10.2.0.1", port: 80, isLocal: false)]
    let script = IPTablesScript.update(from: old, to: IPTables(ports, clusterCIDR: "")) ?? ""
    // The service's chain, the new endpoint's, and the old one's, which goes.
    #expect(script.split(separator: "\n").filter { $0.hasPrefix(":") }.count == 3)
    #expect(script.split(separator: "\n").count == 3 + 3 + 1 + 2)
  }
}
