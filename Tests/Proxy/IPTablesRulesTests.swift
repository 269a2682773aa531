import Objects
import Synchronization
import Testing

@testable import Proxy

private let restore = "iptables-restore -w 5 --noflush"

private func content(_ endpoints: [String]) -> IPTables {
  IPTables(
    ServicePort.all(of: service(), slices: [slice(endpoints.map { ready($0) })], node: "me"), clusterCIDR: "")
}

@Suite struct IPTablesRulesTests {
  private let saved = SavedIPTables(
    """
    # Warning: iptables-legacy tables present, use iptables-legacy-save to see them
    *nat
    :PREROUTING ACCEPT [0:0]
    :KUBE-SERVICES - [0:0]
    :KUBE-SVC-AAAAAAAAAAAAAAAA - [0:0]
    :KUBE-KUBELET-CANARY - [0:0]
    -A PREROUTING -m comment --comment "kubernetes -j KUBE-SERVICES portals" -j KUBE-SERVICES
    -A PREROUTING -s 10.0.0.0/8 -j ACCEPT
    -A PREROUTING -j KUBE-KUBELET-CANARY
    -A KUBE-SERVICES -d 10.96.0.1/32 -j KUBE-SVC-AAAAAAAAAAAAAAAA
    COMMIT
    *filter
    :INPUT ACCEPT [0:0]
    :KUBE-PROXY-FIREWALL - [0:0]
    -A INPUT -m conntrack --ctstate NEW -j KUBE-PROXY-FIREWALL
    -A INPUT -m comment --comment "to -j KUBE-SERVICES" -m mark --mark 0x1
    COMMIT
    """)

  @Test func `what a proxy has left is known by its names`() {
    #expect(
      saved.chains == [
        .init("nat", "KUBE-SERVICES"), .init("nat", "KUBE-SVC-AAAAAAAAAAAAAAAA"),
        .init("filter", "KUBE-PROXY-FIREWALL"),
      ])
    #expect(
      saved.entries.map { "\($0.chain.table) \($0.chain.name): \($0.rule)" } == [
        #"nat PREROUTING: -m comment --comment "kubernetes -j KUBE-SERVICES portals" -j KUBE-SERVICES"#,
        "filter INPUT: -m conntrack --ctstate NEW -j KUBE-PROXY-FIREWALL",
      ])
  }

  @Test func `what a proxy has left is removed, and nothing else`() {
    #expect(
      IPTablesScript.removal(of: saved) == #"""
        *filter
        :KUBE-PROXY-FIREWALL - [0:0]
        -D INPUT -m conntrack --ctstate NEW -j KUBE-PROXY-FIREWALL
        -X KUBE-PROXY-FIREWALL
        COMMIT
        *nat
        :KUBE-SERVICES - [0:0]
        :KUBE-SVC-AAAAAAAAAAAAAAAA - [0:0]
        -D PREROUTING -m comment --comment "kubernetes -j KUBE-SERVICES portals" -j KUBE-SERVICES
        -X KUBE-SERVICES
        -X KUBE-SVC-AAAAAAAAAAAAAAAA
        COMMIT

        """#)
    #expect(IPTablesScript.removal(of: SavedIPTables("*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n")) == nil)
    #expect(IPTablesScript.removal(of: SavedIPTables("")) == nil)
  }

  @Test(arguments: ["*", ":", "-", "-A", "-A KUBE-X", "-A INPUT -j", ":KUBE-SERVICES", "\u{0}*nat\n-A  -j x"])
  func `what is no list of rules does no harm`(text: String) {
    #expect(SavedIPTables(text).entries.isEmpty)
  }

  @Test func `all is written anew, with the rules that lead there first`() throws {
    let script = IPTablesScript.replacing(saved, with: content(["10.1.0.1"]))
    let nat = try #require(script.split(separator: "*nat\n").last).split(separator: "\n")
    #expect(nat.contains(":KUBE-SVC-AAAAAAAAAAAAAAAA - [0:0]"))
    #expect(
      nat.filter { !$0.hasPrefix(":") && !$0.hasPrefix("-A") } == [
        #"-D PREROUTING -m comment --comment "kubernetes -j KUBE-SERVICES portals" -j KUBE-SERVICES"#,
        "-I POSTROUTING -j KUBE-POSTROUTING", "-I OUTPUT -j KUBE-SERVICES", "-I PREROUTING -j KUBE-SERVICES",
        "-X KUBE-SVC-AAAAAAAAAAAAAAAA", "COMMIT",
      ])
    let others =
      "*nat\n:KUBE-SERVICES -\n:KUBE-EXT-A -\n:MINE -\n-A MINE -j KUBE-SERVICES\n-A MINE -g KUBE-EXT-A\n"
    let removed = IPTablesScript.replacing(SavedIPTables(others), with: content([])).split(separator: "\n")
    #expect(removed.filter { $0.hasPrefix("-D") } == ["-D MINE -g KUBE-EXT-A"])
    #expect(script.contains("*mangle\n:KUBE-PROXY-FIREWALL - [0:0]\n"))
    #expect(script.contains("-X KUBE-PROXY-FIREWALL\n"))
  }

  @Test func `changes are written as such, until one fails or others interfere`() async {
    let programs = Programs()
    let logged = Mutex<[String]>([])
    var rules = IPTablesRules(
      options: ProxyOptions(node: "me"),
      commands: RuleCommands(programs) { line in logged.withLock { $0.append(line) } })
    #expect(!rules.isKnown)
    let (one, two) = (content(["10.1.0.1"]), content(["10.1.0.1", "10.1.0.2"]))
    await rules.apply(one, at: .zero)
    #expect(rules.isKnown)
    #expect(programs.take().map(\.command) == ["iptables-save", restore])

    await rules.apply(one, at: .zero)
    #expect(programs.take().isEmpty)
    await rules.apply(two, at: .zero)
    let change = programs.take()
    #expect(change.map(\.command) == [restore])
    #expect(change.map(\.input) == [IPTablesScript.update(from: one, to: two)])

    #expect(await rules.areInPlace(at: .zero))
    #expect(programs.take().count == IPTablesScript.jumps.count + 1)
    // Not looked at again at once.
    #expect(await rules.areInPlace(at: .seconds(2)))
    #expect(programs.take().isEmpty)
    programs.set { $0.contains("KUBE-NODEPORTS") ? (1, "") : (0, "") }
    #expect(await !rules.areInPlace(at: .seconds(3)))
    rules.lose()
    #expect(!rules.isKnown)
    _ = programs.take()
    await rules.apply(two, at: .zero)
    #expect(programs.take().map(\.command) == ["iptables-save", restore])

    programs.set { $0.first == "iptables-restore" ? (4, "the lock is held") : (0, "") }
    await rules.apply(one, at: .zero)
    #expect(programs.take().map(\.command) == [restore, "iptables-save", restore])
    #expect(!rules.isKnown)
    programs.set { _ in (0, "") }
    await rules.apply(one, at: .zero)
    #expect(rules.isKnown)
    #expect(programs.take().map(\.command) == ["iptables-save", restore])
    #expect(logged.withLock { $0.first } == "the packet rules cannot be changed: the lock is held")
  }

  @Test func `the packet filter is nftables where it works`() async {
    let works = Programs()
    let lacks = Programs { _ in (127, "there is no program nft") }
    #expect(await ProxyMode.auto.decided(works) == .nftables)
    #expect(await ProxyMode.auto.decided(lacks) == .iptables)
    #expect(await ProxyMode.nftables.decided(lacks) == .nftables)
    #expect(await ProxyMode.iptables.decided(works) == .iptables)
  }

  @Test func `a clean-up does without programs that are not there, and says what fails`() async {
    let programs = Programs { _ in (127, "") }
    func cleanUp() async -> String? {
      await ProxyRunner.cleanUp(serviceCIDR: "10.96.0.0/12", commands: programs)
    }
    #expect(await cleanUp() == nil)
    #expect(
      programs.take().map(\.command) == [
        "nft -f -", "iptables-save", "ip rule del pref 10256", "ip rule del pref 10257",
        "ip route flush table 10256",
        "ip route del unreachable 10.96.0.0/12 metric 4096",
      ])
    programs.set { command in
      switch command.first {
      case "nft": (1, "no permission")
      case "iptables-save": (0, "*nat\n:KUBE-SERVICES - [0:0]\nCOMMIT\n")
      default: (2, "neither here")
      }
    }
    #expect(await cleanUp() == "no permission; neither here")
    #expect(programs.take().map(\.command).prefix(3) == ["nft -f -", "iptables-save", restore])
  }

  @Test func `routes for the service range`() {
    func shown(_ routes: ServiceRoutes) -> [String] {
      routes.addition("10.96.0.0/12").map { $0.joined(separator: " ") }
    }
    #expect(
      shown(.refusingForwarded) == [
        "ip route replace unreachable 10.96.0.0/12 metric 4096",
        "ip route replace 10.96.0.0/12 dev lo table 10256",
        "ip rule add pref 10256 iif lo to 10.96.0.0/12 lookup 10256", "ip rule del pref 10257",
      ])
    #expect(
      shown(.leadingToLoopback) == [
        "ip route replace 10.96.0.0/12 dev lo table 10256",
        "ip rule add pref 10257 to 10.96.0.0/12 lookup 10256", "ip rule del pref 10256",
      ])
  }

  @Test func `who may reach a load balancer is looked at before addresses are changed`() {
    let port = service(
      spec: ["type": "LoadBalancer", "loadBalancerSourceRanges": ["198.51.100.0/24"]],
      status: ["loadBalancer": ["ingress": [["ip": "192.0.2.7"]]]])
    let rules = IPTables(
      ServicePort.all(of: port, slices: [slice([ready("10.1.0.1")])], node: "me"), clusterCIDR: "",
      serviceCIDR: "10.96.0.0/12")
    let mangle = rules.chains.filter { $0.key.table == "mangle" }.sorted { $0.key < $1.key }
    let firewall = mangle.first?.key.name ?? ""
    #expect(mangle.map(\.value.count) == [2, 1])
    #expect(mangle.first?.value == ["-s 198.51.100.0/24 -j RETURN", "-j DROP"])
    #expect(
      mangle.last?.value.first?.hasSuffix("-m tcp -p tcp -d 192.0.2.7/32 --dport 80 -j \(firewall)") == true)
    #expect(
      rules.chains[.init("filter", "KUBE-SERVICES")] == [
        "-d 10.96.0.0/12 -p tcp -j REJECT --reject-with tcp-reset", "-d 10.96.0.0/12 -j REJECT",
      ])
  }
}
