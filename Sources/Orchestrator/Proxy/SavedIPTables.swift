/// What `iptables-save` prints, as far as it is a proxy's: this one's, an earlier one's, or kube-proxy's.
struct SavedIPTables: Sendable, Hashable {
  /// A rule that leads from a chain of others to one of a proxy.
  struct Entry: Sendable, Hashable {
    /// Where it is.
    var chain: IPTables.Chain
    /// The chain of a proxy.
    var target: String
    /// As it is printed, which is how it can be removed.
    var rule: String
  }

  /// The chains of a proxy.
  private(set) var chains: Set<IPTables.Chain> = []
  /// In the order of the text.
  private(set) var entries: [Entry] = []

  /// Reads what was printed; lines that are no table, chain or rule are left out.
  init(_ text: String) {
    var table = ""
    for line in text.split(separator: "\n") {
      switch line.first {
      case "*": table = String(line.dropFirst())
      case ":":
        let name = line.dropFirst().prefix { $0 != " " }
        if Self.isOurs(name) { chains.insert(IPTables.Chain(table, String(name))) }
      case "-":
        let words = line.split(separator: " ")
        guard words.count > 3, words[0] == "-A", !Self.isOurs(words[1]),
          let target = Self.target(words), Self.isOurs(target)
        else { continue }
        let rule = line.dropFirst("-A \(words[1]) ".count)
        entries.append(
          Entry(chain: IPTables.Chain(table, String(words[1])), target: String(target), rule: String(rule)))
      default: continue
      }
    }
  }

  /// The chain behind the last `-j` or `-g`: a jump has no words behind it, and a comment stands before it.
  private static func target(_ words: [Substring]) -> Substring? {
    let jump = words[words.count - 2]
    return jump == "-j" || jump == "-g" ? words[words.count - 1] : nil
  }

  private static let names: Set<Substring> = [
    "KUBE-SERVICES", "KUBE-NODEPORTS", "KUBE-EXTERNAL-SERVICES", "KUBE-PROXY-FIREWALL", "KUBE-MARK-MASQ",
    "KUBE-POSTROUTING", "KUBE-FORWARD", "KUBE-PROXY-CANARY",
  ]

  private static let prefixes = ["KUBE-SVC-", "KUBE-SVL-", "KUBE-EXT-", "KUBE-FW-", "KUBE-SEP-"]

  /// The kubelet has chains with such names too: those are not a proxy's.
  private static func isOurs(_ name: Substring) -> Bool {
    names.contains(name) || prefixes.contains { name.hasPrefix($0) }
  }
}
