import Kubelet
import Objects
import Testing

@testable import NodeHost

@Suite struct PodNetworkTests {
  @Test func `a node's range becomes a network`() throws {
    var network = try #require(CNIConfiguration(node: node("n", ["10.244.1.0/24"], address: "10.0.0.1")))
    network.addressFolder = "/data/addresses"
    let expected: JSON = [
      "cniVersion": "0.4.0", "name": "pods",
      "plugins": [
        [
          "type": "bridge", "bridge": "cni0", "isGateway": true, "hairpinMode": true, "forceAddress": true,
          "ipMasq": false,
          "ipam": [
            "type": "host-local", "ranges": [[["subnet": "10.244.1.0/24"]]], "routes": [["dst": "0.0.0.0/0"]],
            "dataDir": "/data/addresses",
          ],
        ],
        ["type": "portmap", "capabilities": ["portMappings": true]],
      ],
    ]
    #expect(try JSON.parse(Array(network.text.utf8)) == expected)
  }

  @Test func `two ranges have a route each`() throws {
    let network = CNIConfiguration(podCIDRs: try ranges("10.244.1.0/24", "fd00:1::/64"))
    let addresses = try JSON.parse(Array(network.text.utf8))["plugins"]?.array?.first?["ipam"]
    #expect(addresses?["routes"] == [["dst": "0.0.0.0/0"], ["dst": "::/0"]])
    #expect(addresses?["ranges"] == [[["subnet": "10.244.1.0/24"]], [["subnet": "fd00:1::/64"]]])
  }

  @Test(arguments: [[], ["10.244.0.0/33"], ["10.244.0.0/24", "?"]])
  func `a node without a usable range has no network`(ranges: [String]) {
    #expect(CNIConfiguration(node: node("n", ranges, address: "10.0.0.1")) == nil)
  }

  @Test func `the file is written when it changes`() throws {
    let folder = try TemporaryFolder()
    let place = "\(folder.path)/net.d"
    let network = CNIConfiguration(podCIDRs: try ranges("10.244.1.0/24"))
    #expect(try network.write(to: place) == true)
    #expect(try network.write(to: place) == false)
    let other = CNIConfiguration(podCIDRs: try ranges("10.244.2.0/24"))
    #expect(try other.write(to: place) == true)
    #expect(folder.text("net.d/10-pods.conflist") == other.text)
    #expect(folder.names("net.d") == ["10-pods.conflist"])
  }

  @Test func `masquerading spares the cluster`() throws {
    let rules = PodMasquerade(
      podCIDRs: try ranges("10.244.1.0/24", "fd00:1::/64"), spared: try ranges("10.244.0.0/16", "10.0.0.0/24")
    )
    #expect(
      rules.script == """
        table inet raftkv-pods
        delete table inet raftkv-pods
        table inet raftkv-pods {
          chain postrouting {
            type nat hook postrouting priority srcnat; policy accept;
            ip saddr { 10.244.1.0/24 } ip daddr != { 10.0.0.0/24, 10.244.0.0/16, 224.0.0.0/4 } masquerade
            ip6 saddr { fd00:1::/64 } ip6 daddr != { fd00:1::/64, ff00::/8 } masquerade
          }
        }

        """)
  }
}

@Suite struct NetworkPreflightTests {
  private func machine(_ settings: [String: String], plugins: [String]) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for (path, value) in settings { try folder.write("proc/sys/net/\(path)", value) }
    for plugin in plugins { try folder.write("cni/\(plugin)", "") }
    return folder
  }

  private func preflight(
    _ folder: TemporaryFolder, _ cidrs: [AddressRange], localnet: Bool = false, routes: String = "[]"
  ) async -> NetworkPreflight.Report {
    await NetworkPreflight(
      podCIDRs: cidrs, pluginFolder: folder.path + "/cni", routesLocalnet: localnet, root: folder.path
    ) { command, _ in
      command.first == "ip" ? (0, routes) : (1, "no module")
    }.run()
  }

  @Test func `what may be set is set`() async throws {
    let folder = try machine(
      [
        "ipv4/ip_forward": "0\n", "bridge/bridge-nf-call-iptables": "0\n",
        "ipv4/conf/all/route_localnet": "0\n",
      ], plugins: NetworkPreflight.plugins)
    let first = await preflight(folder, try ranges("10.244.0.0/16"), localnet: true)
    #expect(
      first.changes == [
        "net.ipv4.ip_forward = 1", "net.bridge.bridge-nf-call-iptables = 1",
        "net.ipv4.conf.all.route_localnet = 1",
      ])
    #expect(first.problems == [])
    let second = await preflight(folder, try ranges("10.244.0.0/16"), localnet: true)
    #expect(second == NetworkPreflight.Report())
  }

  @Test func `what is missing is told with its remedy`() async throws {
    let folder = try machine(
      [
        "ipv4/ip_forward": "1\n", "ipv6/conf/all/forwarding": "2\n", "bridge/bridge-nf-call-ip6tables": "1\n",
      ],
      plugins: ["bridge", "loopback"])
    let report = await preflight(folder, try ranges("10.244.0.0/16", "fd00::/48"))
    #expect(report.changes == [])
    #expect(
      report.problems == [
        "CNI plugins are missing in \(folder.path)/cni (host-local, portmap): pods get no network; "
          + "apt-get install containernetworking-plugins",
        "net.bridge.bridge-nf-call-iptables cannot be set to 1 (this kernel does not have it): pods do not reach "
          + "services whose pods are on the same node; as root: "
          + "modprobe br_netfilter && sysctl -w net.bridge.bridge-nf-call-iptables=1",
      ])
  }

  @Test(arguments: [
    (#"{"dst":"10.244.3.0/24","dev":"eth1","protocol":"kernel"}"#, "10.244.3.0/24 is reached by eth1"),
    (#"{"dst":"10.0.0.0/8","gateway":"192.0.2.1"}"#, "10.0.0.0/8 is reached"),
    (#"{"dst":"default","gateway":"192.0.2.1","dev":"eth0"}"#, nil),
    (#"{"dst":"10.244.1.0/24","dev":"cni0","protocol":"kernel"}"#, nil),
    (#"{"dst":"10.244.2.0/24","gateway":"10.0.0.2","dev":"eth0","protocol":"86"}"#, nil),
    (#"{"type":"unreachable","dst":"10.244.0.0/16"}"#, nil), (#"{"dst":"10.245.0.0/16","dev":"x"}"#, nil),
  ])
  func `a route that others have to pods' addresses is a conflict`(route: String, text: String?) throws {
    let found = NetworkPreflight.conflicts(
      "[\(route)]", podCIDRs: try ranges("10.244.0.0/16"), bridge: "cni0")
    #expect(
      found
        == (text.map {
          ["the pods' addresses 10.244.0.0/16 are in use already: \($0); choose others with --cluster-cidr"]
        }
          ?? []))
  }

  @Test func `a list of routes that is none has no conflicts`() throws {
    #expect(NetworkPreflight.conflicts("?", podCIDRs: try ranges("10.244.0.0/16"), bridge: "cni0") == [])
  }
}
