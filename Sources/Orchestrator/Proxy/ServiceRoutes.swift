/// Routes that keep addresses of the service range here where no rule changes them.
///
/// Packets of the node itself need a route before their address is changed, so they get one to nowhere; what is not
/// changed is refused by rules.
enum ServiceRoutes: Sendable, Hashable {
  /// Those of others are refused by a route: rules have refused, before it, what deserves another answer.
  case refusingForwarded
  /// Those of others get a route to nowhere too: the filter can refuse only what is being forwarded.
  case leadingToLoopback

  private static let table = "10256"
  private static let preference = "10256"
  private static let metric = "4096"

  /// The commands that make them.
  func addition(_ range: String) -> [[String]] {
    let rule = ["to", range, "lookup", Self.table]
    let route = ["ip", "route", "replace", range, "dev", "lo", "table", Self.table]
    let forget = ["ip", "rule", "del", "pref", Self.preference]
    let add = ["ip", "rule", "add", "pref", Self.preference]
    return switch self {
    case .refusingForwarded:
      [
        ["ip", "route", "replace", "unreachable", range, "metric", Self.metric], route, forget,
        add + ["iif", "lo"] + rule,
      ]
    case .leadingToLoopback: [route, forget, add + rule]
    }
  }

  /// The commands that remove them, whichever they are; each fails where there is nothing to remove.
  static func removal(_ range: String) -> [[String]] {
    [
      ["ip", "rule", "del", "pref", preference], ["ip", "route", "flush", "table", table],
      ["ip", "route", "del", "unreachable", range, "metric", metric],
    ]
  }
}
