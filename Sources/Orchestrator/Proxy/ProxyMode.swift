/// Which packet filter a proxy uses.
public enum ProxyMode: String, Sendable, Hashable, CaseIterable {
  /// nftables where it works, else iptables.
  case auto
  case nftables
  case iptables

  /// The one that is meant: never `auto`.
  func decided(_ commands: any CommandRunner) async -> ProxyMode {
    guard self == .auto else { return self }
    return await commands.run(["nft", "list", "tables"], input: "").status == 0 ? .nftables : .iptables
  }
}
