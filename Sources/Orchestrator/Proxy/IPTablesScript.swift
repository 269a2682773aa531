/// Scripts for `iptables-restore --noflush`. Each table of one is changed whole or not at all.
public enum IPTablesScript {
  /// What leads from the kernel's own chains to these: the chain, and the rule.
  public static let jumps: [(chain: IPTables.Chain, rule: [String])] = [
    ("nat", "PREROUTING", [], "KUBE-SERVICES"), ("nat", "OUTPUT", [], "KUBE-SERVICES"),
    ("nat", "POSTROUTING", [], "KUBE-POSTROUTING"), ("filter", "FORWARD", [], "KUBE-FORWARD"),
    ("filter", "INPUT", ["-m", "conntrack", "--ctstate", "NEW"], "KUBE-EXTERNAL-SERVICES"),
    ("filter", "FORWARD", ["-m", "conntrack", "--ctstate", "NEW"], "KUBE-EXTERNAL-SERVICES"),
    ("filter", "FORWARD", ["-m", "conntrack", "--ctstate", "NEW"], "KUBE-SERVICES"),
    ("filter", "OUTPUT", ["-m", "conntrack", "--ctstate", "NEW"], "KUBE-SERVICES"),
    ("filter", "INPUT", ["-m", "conntrack", "--ctstate", "NEW"], "KUBE-PROXY-FIREWALL"),
    ("filter", "OUTPUT", ["-m", "conntrack", "--ctstate", "NEW"], "KUBE-PROXY-FIREWALL"),
    ("filter", "FORWARD", ["-m", "conntrack", "--ctstate", "NEW"], "KUBE-PROXY-FIREWALL"),
  ].map { (IPTables.Chain($0, $1), $2 + ["-j", $3]) }

  /// Turns one content into another: chains that differ are written, those that are gone are removed; nil if none are.
  /// - Parameter old: what is in place; nil if that is not known: then all chains are written.
  public static func update(from old: IPTables?, to new: IPTables) -> String? {
    var script = ""
    for table in ["filter", "nat"] {
      let changed = new.chains.keys.filter { $0.table == table && old?.chains[$0] != new.chains[$0] }.sorted()
      let gone = (old?.chains.keys.filter { $0.table == table && new.chains[$0] == nil } ?? []).sorted()
      guard !changed.isEmpty || !gone.isEmpty else { continue }
      // Naming a chain makes it, or empties it.
      let lines =
        (changed + gone).map { ":\($0.name) - [0:0]" }
        + changed.flatMap { chain in (new.chains[chain] ?? []).map { "-A \(chain.name) \($0)" } }
        + gone.map { "-X \($0.name)" }
      script += "*\(table)\n" + lines.joined(separator: "\n") + "\nCOMMIT\n"
    }
    return script.isEmpty ? nil : script
  }
}
