import NodeHost
import Synchronization

/// The `ip` of a machine in memory: routes by destination and type.
final class FakeIP: Sendable {
  private struct State {
    var routes: [String: String] = [:]
    var commands: [String] = []
    /// What commands that contain this answer.
    var failing: (part: String, output: String)?
  }
  private let state = Mutex(State())

  /// All routes, sorted, as `destination gateway`; without a gateway it is a refusal.
  var routes: [String] { state.withLock { $0.routes.map { "\($0.key) \($0.value)" } }.sorted() }
  /// Commands that change something, in order.
  var changes: [String] { state.withLock { $0.commands } }

  func fail(_ part: String, with output: String) { state.withLock { $0.failing = (part, output) } }
  func succeed() { state.withLock { $0.failing = nil } }
  func flush() { state.withLock { $0.routes = [:] } }

  func run(_ command: [String], _ input: String) -> (status: Int32, output: String) {
    let line = command.joined(separator: " ")
    return state.withLock { state in
      if let failing = state.failing, line.contains(failing.part) { return (2, failing.output) }
      if command.contains("show") { return (0, Self.list(state.routes, isIPv6: command.contains("-6"))) }
      state.commands.append(line)
      let words = command.dropFirst(4)
      let isRefusal = words.first == "unreachable"
      let key = (isRefusal ? "unreachable " : "") + (words.dropFirst(isRefusal ? 1 : 0).first ?? "")
      let gateway = words.firstIndex(of: "via").map { words[$0 + 1] } ?? "-"
      state.routes[key] = command[3] == "replace" ? gateway : nil
      return (0, "")
    }
  }

  private static func list(_ routes: [String: String], isIPv6: Bool) -> String {
    let entries = routes.filter { $0.key.contains(":") == isIPv6 }.map { key, gateway in
      key.hasPrefix("unreachable ")
        ? #"{"type":"unreachable","dst":"\#(key.dropFirst(12))","metric":4096,"flags":[]}"#
        : #"{"dst":"\#(key)","gateway":"\#(gateway)","dev":"eth0","flags":[]}"#
    }
    return "[\(entries.joined(separator: ","))]"
  }
}
