/// Scripts for `iptables-restore --noflush`. Each table of one is changed whole or not at all.
public enum IPTablesScript {
  /// What leads from the kernel's own chains to these, in the order in which they are to be: the chain, and the rule.
  public static let jumps: [(chain: IPTables.Chain, rule: [String])] = [
    ("nat", "PREROUTING", [], "KUBE-SERVICES"), ("nat", "OUTPUT", [], "KUBE-SERVICES"),
    ("nat", "POSTROUTING", [], "KUBE-POSTROUTING"), ("filter", "FORWARD", [], "KUBE-FORWARD"),
    ("filter", "INPUT", ["-m", "conntrack", "--ctstate", "NEW"], "KUBE-EXTERNAL-SERVICES"),
    ("filter", "FORWARD", ["-m", "conntrack", "--ctstate", "NEW"], "KUBE-EXTERNAL-SERVICES"),
    ("filter", "FORWARD", ["-m", "conntrack", "--ctstate", "NEW"], "KUBE-SERVICES"),
    ("filter", "OUTPUT", ["-m", "conntrack", "--ctstate", "NEW"], "KUBE-SERVICES"),
    // Before addresses are changed, and before the way is looked for.
    ("mangle", "PREROUTING", ["-m", "conntrack", "--ctstate", "NEW"], "KUBE-PROXY-FIREWALL"),
    ("mangle", "OUTPUT", ["-m", "conntrack", "--ctstate", "NEW"], "KUBE-PROXY-FIREWALL"),
  ].map { (IPTables.Chain($0, $1), $2 + ["-j", $3]) }

  /// The rule that is there whatever services there are, if nobody has emptied the chains.
  static let lastRule = (
    chain: IPTables.services,
    rule: ["-m", "comment", "--comment", IPTables.nodePortsComment] + IPTables.nodePortsRule
  )

  private static let tables = ["filter", "mangle", "nat"]

  /// Turns one content into another: chains that differ are written, those that are gone are removed; nil if none are.
  /// - Parameter old: what is in place.
  public static func update(from old: IPTables, to new: IPTables) -> String? {
    let script = tables.map { table in
      let changed = new.chains.filter { $0.key.table == table && old.chains[$0.key] != $0.value }
      let gone = old.chains.keys.filter { $0.table == table && new.chains[$0] == nil }
      return write(table, changed, removing: gone)
    }.joined()
    return script.isEmpty ? nil : script
  }

  /// Writes all chains and what leads to them, whatever was there; what else a proxy has left is removed.
  static func replacing(_ saved: SavedIPTables, with new: IPTables) -> String {
    tables.map { table in
      let gone = saved.chains.filter { $0.table == table && new.chains[$0] == nil }
      // A rule of others that leads to a chain that stays is theirs to keep.
      let old = removals(saved, table) { entry in
        jumps.contains { $0.chain == entry.chain } || gone.contains(.init(table, entry.target))
      }
      return write(
        table, new.chains.filter { $0.key.table == table }, entries: old + entries(table), removing: gone)
    }.joined()
  }

  /// Removes all that a proxy has left; nil if that is nothing.
  static func removal(of saved: SavedIPTables) -> String? {
    let script = tables.map { table in
      write(table, [:], entries: removals(saved, table), removing: saved.chains.filter { $0.table == table })
    }.joined()
    return script.isEmpty ? nil : script
  }

  private static func removals(
    _ saved: SavedIPTables, _ table: String, where isMeant: (SavedIPTables.Entry) -> Bool = { _ in true }
  ) -> [String] {
    saved.entries.filter { $0.chain.table == table && isMeant($0) }.map { "-D \($0.chain.name) \($0.rule)" }
  }

  /// Before the rules of others: those may accept or refuse everything.
  private static func entries(_ table: String) -> [String] {
    jumps.reversed().filter { $0.chain.table == table }.map {
      "-I \($0.chain.name) \($0.rule.joined(separator: " "))"
    }
  }

  private static func write(
    _ table: String, _ chains: [IPTables.Chain: [String]], entries: [String] = [],
    removing gone: some Collection<IPTables.Chain>
  ) -> String {
    let (written, gone) = (chains.keys.sorted(), gone.sorted())
    guard !written.isEmpty || !gone.isEmpty || !entries.isEmpty else { return "" }
    // Naming a chain makes it, or empties it.
    var lines = ["*\(table)"] + (written + gone).map { ":\($0.name) - [0:0]" }
    lines += written.flatMap { chain in (chains[chain] ?? []).map { "-A \(chain.name) \($0)" } }
    lines += entries
    lines += gone.map { "-X \($0.name)" }
    return lines.joined(separator: "\n") + "\nCOMMIT\n"
  }
}
