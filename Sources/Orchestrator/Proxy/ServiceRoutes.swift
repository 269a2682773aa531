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
  /// Of the two kinds. Each has its own, so that there is one all the time while they change.
  private static let (preference, loopbackPreference) = ("10256", "10257")
  private static let metric = "4096"

  /// The commands that make them.
  func addition(_ range: String) -> [[String]] {
    let rule = ["to", range, "lookup", Self.table]
    let route = ["ip", "route", "replace", range, "dev", "lo", "table", Self.table]
    func add(_ preference: String) -> [String] { ["ip", "rule", "add", "pref", preference] }
    func forget(_ preference: String) -> [String] { ["ip", "rule", "del", "pref", preference] }
    return switch self {
    case .refusingForwarded:
      [
        ["ip", "route", "replace", "unreachable", range, "metric", Self.metric], route,
        add(Self.preference) + ["iif", "lo"] + rule, forget(Self.loopbackPreference),
      ]
    case .leadingToLoopback: [route, add(Self.loopbackPreference) + rule, forget(Self.preference)]
    }
  }

  /// The commands that remove them, whichever they are; each fails where there is nothing to remove.
  static func removal(_ range: String) -> [[String]] {
    [
      ["ip", "rule", "del", "pref", preference], ["ip", "rule", "del", "pref", loopbackPreference],
      ["ip", "route", "flush", "table", table],
      ["ip", "route", "del", "unreachable", range, "metric", metric],
    ]
  }
}
