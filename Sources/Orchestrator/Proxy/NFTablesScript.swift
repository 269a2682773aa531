/// Scripts for `nft -f -`. Each is one transaction: it is done whole or not at all.
public enum NFTablesScript {
  /// Makes the table anew with this content, whatever there was.
  /// - Parameter serviceCIDR: addresses that are refused where no service has them; empty for none.
  public static func replacing(with content: NFTables, serviceCIDR: String = "") -> String {
    let table = NFTables.table
    // Added first, so that there is one to delete.
    var lines = ["add table \(table)", "delete table \(table)", "add table \(table)"]
    lines += frame
    if !serviceCIDR.isEmpty {
      for chain in ["filter-output", "filter-prerouting-after"] {
        lines.append("add rule \(table) \(chain) ip daddr \(serviceCIDR) goto reject-chain")
      }
    }
    lines += changes(from: NFTables(), to: content).lines
    return lines.joined(separator: "\n") + "\n"
  }

  /// What is no longer needed, and may be removed a moment later: nothing leads there any more, but packets may still be
  /// on their way through.
  public struct Leftovers: Sendable, Hashable {
    /// Chains, which are empty by then.
    public var chains: Set<String> = []
    /// Sets of affine clients.
    public var sets: Set<String> = []

    /// Nothing.
    public init() {}

    /// Whether there are none.
    public var isEmpty: Bool { chains.isEmpty && sets.isEmpty }

    /// Adds others, and leaves out what is needed again.
    public mutating func add(_ other: Leftovers, except content: NFTables) {
      chains = chains.union(other.chains).filter { content.chains[$0] == nil }
      sets = sets.union(other.sets).filter { content.sets[$0] == nil }
    }

    /// The script that removes them.
    public var removal: String {
      (chains.sorted().map { "delete chain \(NFTables.table) \($0)" }
        + sets.sorted().map { "delete set \(NFTables.table) \($0)" }).joined(separator: "\n") + "\n"
    }
  }

  /// Turns one content into another; nil if they are the same.
  public static func update(from old: NFTables, to new: NFTables) -> (change: String?, leftovers: Leftovers) {
    let (lines, leftovers) = changes(from: old, to: new)
    return (lines.isEmpty ? nil : lines.joined(separator: "\n") + "\n", leftovers)
  }

  private static func changes(from old: NFTables, to new: NFTables) -> (lines: [String], leftovers: Leftovers)
  {
    let table = NFTables.table
    var lines: [String] = []
    var leftovers = Leftovers()
    for (name, seconds) in new.sets.sorted(by: { $0.key < $1.key }) where old.sets[name] != seconds {
      if old.sets[name] != nil { lines.append("delete set \(table) \(name)") }
      lines.append(
        "add set \(table) \(name) { type ipv4_addr; flags dynamic,timeout; timeout \(seconds)s; size 65535; }"
      )
    }
    let changed = new.chains.filter { old.chains[$0.key] != $0.value }.sorted { $0.key < $1.key }
    for (name, _) in changed {
      lines.append("add chain \(table) \(name)")
      if old.chains[name] != nil { lines.append("flush chain \(table) \(name)") }
    }
    for (key, verdict) in old.elements.sorted(by: { $0.key < $1.key }) where new.elements[key] != verdict {
      lines.append("delete element \(table) \(key.map.rawValue) { \(key.text) }")
    }
    for (name, rules) in changed {
      for rule in rules { lines.append("add rule \(table) \(name) \(rule)") }
    }
    for (key, verdict) in new.elements.sorted(by: { $0.key < $1.key }) where old.elements[key] != verdict {
      lines.append("add element \(table) \(key.map.rawValue) { \(key.text) : \(verdict) }")
    }
    leftovers.chains = Set(old.chains.keys.filter { new.chains[$0] == nil })
    for name in leftovers.chains.sorted() { lines.append("flush chain \(table) \(name)") }
    leftovers.sets = Set(old.sets.keys.filter { new.sets[$0] == nil })
    return (lines, leftovers)
  }

  /// Said at once, to those who speak TCP in its own words.
  private static let refusal = ["meta l4proto tcp reject with tcp reset", "reject"]

  /// What does not depend on services.
  private static var frame: [String] {
    let table = NFTables.table
    var lines = NFTables.Map.allCases.map { "add map \(table) \($0.rawValue) { type \($0.type); }" }
    let chains: [(name: String, hook: String?, rules: [String])] = [
      ("mark-for-masquerade", nil, ["meta mark set meta mark or \(NFTables.masqueradeMark)"]),
      (
        "masquerading", nil,
        [
          "meta mark and \(NFTables.masqueradeMark) == 0 return",
          "meta mark set meta mark xor \(NFTables.masqueradeMark)", "masquerade fully-random",
        ]
      ),
      ("reject-chain", nil, refusal),
      (
        "services", nil,
        [
          "ip daddr . meta l4proto . th dport vmap @service-ips",
          "ip daddr != 127.0.0.0/8 fib daddr type local meta l4proto . th dport vmap @service-nodeports",
        ]
      ),
      (
        "no-endpoints-check", nil,
        [
          "ip daddr . meta l4proto . th dport vmap @no-endpoint-services",
          "fib daddr type local ip daddr != 127.0.0.0/8 meta l4proto . th dport vmap @no-endpoint-nodeports",
        ]
      ),
      (
        "firewall-check", nil, ["ip daddr . meta l4proto . th dport vmap @firewall-ips"]
      ),
      ("nat-prerouting", "type nat hook prerouting priority dstnat", ["jump services"]),
      ("nat-output", "type nat hook output priority -100", ["jump services"]),
      ("nat-postrouting", "type nat hook postrouting priority srcnat", ["jump masquerading"]),
      // Before addresses are changed.
      (
        "filter-prerouting", "type filter hook prerouting priority -110",
        ["ct state new jump firewall-check"]
      ),
      (
        "filter-output-before", "type filter hook output priority -110",
        ["ct state new jump firewall-check"]
      ),
      // After that, and before the way is looked for: it would say that there is none.
      (
        "filter-prerouting-after", "type filter hook prerouting priority -90",
        ["ct state new jump no-endpoints-check"]
      ),
      (
        "filter-output", "type filter hook output priority -90", ["ct state new jump no-endpoints-check"]
      ),
    ]
    for chain in chains {
      lines.append("add chain \(table) \(chain.name)" + (chain.hook.map { " { \($0); }" } ?? ""))
    }
    for chain in chains {
      for rule in chain.rules { lines.append("add rule \(table) \(chain.name) \(rule)") }
    }
    return lines
  }

  /// Removes the table.
  public static let removal = "add table \(NFTables.table)\ndelete table \(NFTables.table)\n"
}
