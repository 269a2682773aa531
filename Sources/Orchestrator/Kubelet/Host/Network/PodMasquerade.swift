/// Lets pods speak to the world beyond the cluster under their node's address, by packet rules of a table of its own.
public struct PodMasquerade: Sendable, Hashable {
  /// The name of the nftables table.
  public static let table = "raftkv-pods"

  /// This node's pods.
  public var podCIDRs: [AddressRange]
  /// Where pods are seen with their own addresses: all pods, and the nodes' networks if they have routes.
  public var spared: [AddressRange]

  /// For pods of these ranges.
  public init(podCIDRs: [AddressRange], spared: [AddressRange]) {
    self.podCIDRs = podCIDRs
    self.spared = spared
  }

  /// What `nft -f -` reads; replaces all rules of the table in one step.
  public var script: String {
    var lines = [
      "table inet \(Self.table)", "delete table inet \(Self.table)", "table inet \(Self.table) {",
      "  chain postrouting {", "    type nat hook postrouting priority srcnat; policy accept;",
    ]
    for isIPv6 in [false, true] {
      let (word, multicast) = isIPv6 ? ("ip6", "ff00::/8") : ("ip", "224.0.0.0/4")
      let own = podCIDRs.filter { $0.isIPv6 == isIPv6 }
      guard !own.isEmpty else { continue }
      let others = (spared + own).filter { $0.isIPv6 == isIPv6 }
      // One that is within another would be refused as an overlap.
      let largest = Set(others).filter { range in !others.contains { $0 != range && $0.contains(range) } }
      let kept = (largest.map(\.description) + [multicast]).sorted()
      lines.append(
        "    \(word) saddr { \(own.map(\.description).sorted().joined(separator: ", ")) } "
          + "\(word) daddr != { \(kept.joined(separator: ", ")) } masquerade")
    }
    return (lines + ["  }", "}", ""]).joined(separator: "\n")
  }

  /// Sets the rules; says what went wrong, if anything.
  public func apply(commands: HostCommands) async -> String? {
    let (status, output) = await commands(["nft", "-f", "-"], script)
    return status == 0 ? nil : "nft: \(output)"
  }

  /// Takes the rules away.
  public static func cleanUp(commands: HostCommands) async {
    _ = await commands(["nft", "delete", "table", "inet", table], "")
  }
}
