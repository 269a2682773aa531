import Testing

@testable import Objects

/// Updates of a Service: the old spec, what the client sends, what is left to allocate and validate.
@Suite struct ServiceStrategyTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let old: String
    let new: String
    let expected: String

    var testDescription: String { name }
  }

  @Test(arguments: [
    Case(
      name: "what was allocated stays",
      old: #"""
        {"type": "NodePort", "clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"],
        "ports": [{"name": "a", "port": 1, "nodePort": 30001}, {"name": "b", "port": 2, "nodePort": 30002}]}
        """#,
      new: #"{"type": "NodePort", "ports": [{"name": "b", "port": 3}, {"name": "c", "port": 4}]}"#,
      expected: #"""
        {"type": "NodePort", "clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"],
        "ports": [{"name": "b", "port": 3, "nodePort": 30002}, {"name": "c", "port": 4}]}
        """#),
    Case(
      name: "a node port is not given twice",
      old: #"{"type": "NodePort", "ports": [{"name": "a", "port": 1, "nodePort": 30001}]}"#,
      new: #"""
        {"type": "NodePort", "ports": [{"name": "x", "port": 1, "nodePort": 30001}, {"name": "a", "port": 2}]}
        """#,
      expected: #"""
        {"type": "NodePort", "ports": [{"name": "x", "port": 1, "nodePort": 30001}, {"name": "a", "port": 2}]}
        """#),
    Case(
      name: "node ports go with the type",
      old: #"""
        {"type": "NodePort", "clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"],
        "externalTrafficPolicy": "Cluster", "ports": [{"port": 1, "nodePort": 30001}]}
        """#,
      new: #"""
        {"type": "ClusterIP", "clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"],
        "externalTrafficPolicy": "Cluster", "ports": [{"port": 1, "nodePort": 30001}]}
        """#,
      expected: #"""
        {"type": "ClusterIP", "clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"], "ports": [{"port": 1}]}
        """#),
    Case(
      name: "what the client changed with the type is validated",
      old:
        #"{"type": "NodePort", "externalTrafficPolicy": "Cluster", "ports": [{"port": 1, "nodePort": 30001}]}"#,
      new:
        #"{"type": "ClusterIP", "externalTrafficPolicy": "Local", "ports": [{"port": 1, "nodePort": 30002}]}"#,
      expected:
        #"{"type": "ClusterIP", "externalTrafficPolicy": "Local", "ports": [{"port": 1, "nodePort": 30002}]}"#
    ),
    Case(
      name: "addresses go with the type",
      old: #"""
        {"type": "ClusterIP", "clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"], "ipFamilies": ["IPv4"],
        "ipFamilyPolicy": "SingleStack"}
        """#,
      new: #"""
        {"type": "ExternalName", "externalName": "a.b", "clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"],
        "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack"}
        """#,
      expected: #"{"type": "ExternalName", "externalName": "a.b"}"#),
    Case(
      name: "what a load balancer alone has goes with the type",
      old: #"""
        {"type": "LoadBalancer", "externalTrafficPolicy": "Local", "healthCheckNodePort": 30009,
        "allocateLoadBalancerNodePorts": true, "loadBalancerClass": "a/b"}
        """#,
      new: #"""
        {"type": "NodePort", "externalTrafficPolicy": "Local", "healthCheckNodePort": 30009,
        "allocateLoadBalancerNodePorts": true, "loadBalancerClass": "a/b"}
        """#,
      expected: #"{"type": "NodePort", "externalTrafficPolicy": "Local"}"#),
    Case(
      name: "the health check's port stays",
      old: #"{"type": "LoadBalancer", "externalTrafficPolicy": "Local", "healthCheckNodePort": 30009}"#,
      new: #"{"type": "LoadBalancer", "externalTrafficPolicy": "Local"}"#,
      expected: #"{"type": "LoadBalancer", "externalTrafficPolicy": "Local", "healthCheckNodePort": 30009}"#),
    Case(
      name: "an old client changes the address",
      old: #"{"type": "ClusterIP", "clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"]}"#,
      new: #"{"type": "ClusterIP", "clusterIP": "10.0.0.2", "clusterIPs": ["10.0.0.1"]}"#,
      expected: #"{"type": "ClusterIP", "clusterIP": "10.0.0.2", "clusterIPs": ["10.0.0.2"]}"#),
    Case(
      name: "an old client clears the address of a name",
      old: #"{"type": "ClusterIP", "clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"]}"#,
      new: #"{"type": "ExternalName", "clusterIP": "", "clusterIPs": ["10.0.0.1"]}"#,
      expected: #"{"type": "ExternalName", "clusterIP": ""}"#),
    Case(
      name: "one family less",
      old: #"""
        {"type": "ClusterIP", "clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1", "fd00::1"],
        "ipFamilies": ["IPv4", "IPv6"], "ipFamilyPolicy": "PreferDualStack"}
        """#,
      new: #"""
        {"type": "ClusterIP", "clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1", "fd00::1"],
        "ipFamilies": ["IPv4", "IPv6"], "ipFamilyPolicy": "SingleStack"}
        """#,
      expected: #"""
        {"type": "ClusterIP", "clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"], "ipFamilies": ["IPv4"],
        "ipFamilyPolicy": "SingleStack"}
        """#),
  ])
  func updates(_ test: Case) throws {
    let old = try JSON.parse(#"{"spec": \#(test.old)}"#)
    var service = try JSON.parse(#"{"spec": \#(test.new)}"#)
    Strategy.builtIn(group: "", version: "v1", kind: "Service").prepareForUpdate(
      &service, from: old, write: Strategy.Write(time: Timestamp(seconds: 0, nanoseconds: 0)))
    #expect(service["spec"]?.text == (try JSON.parse(test.expected)).text)
  }
}
