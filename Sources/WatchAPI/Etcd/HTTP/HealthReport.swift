import HTTP
import NIOCore

/// One aspect of a member's health (etcd API: the checks of `/livez` and `/readyz`).
enum HealthCheck: String, CaseIterable, Sendable {
  case dataCorruption = "data_corruption"
  case serializableRead = "serializable_read"
  case linearizableRead = "linearizable_read"
  case nonLearner = "non_learner"

  /// What shows that the process is alive: it can read its own store.
  static let live: [HealthCheck] = [.serializableRead]
  /// What shows that it can serve: a quorum answers, and nothing forbids its answers.
  static let ready: [HealthCheck] = allCases
}

/// The outcome of some checks, and its text.
struct HealthReport: Sendable {
  /// With the reason, where one failed.
  var outcomes: [(check: HealthCheck, failure: String?)]

  private var isHealthy: Bool { outcomes.allSatisfy { $0.failure == nil } }

  private var details: String {
    outcomes.map { check, failure in
      if let failure { "[-]\(check.rawValue) failed: \(failure)\n" } else { "[+]\(check.rawValue) ok\n" }
    }.joined()
  }

  /// The details come along when something failed, or on request.
  func response(isVerbose: Bool) -> HTTPResponse {
    if !isHealthy { return .text(503, details + "\n") }
    return .text(200, isVerbose ? details + "ok\n" : "ok\n")
  }
}

/// The answer of `/health`, etcd's older form.
enum HealthSummary {
  /// - Parameter failure: why the member is not healthy; nil if it is.
  static func response(failure: String?) -> HTTPResponse {
    let json = #"{"health":"\#(failure == nil)","reason":"\#(escaped(failure ?? ""))"}"#
    // A failure ends with a line feed, as all error texts of etcd's endpoints do.
    return failure == nil ? .text(200, json) : .text(503, json + "\n")
  }

  private static func escaped(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": escaped += "\\\""
      case "\\": escaped += "\\\\"
      case "\n": escaped += "\\n"
      case "\u{0}"..<" ":
        let digits = String(scalar.value, radix: 16)
        escaped += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}

extension HTTPRequest {
  /// The checks that the path names, less those excluded; nil for a path that is none of these.
  var healthChecks: [HealthCheck]? {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2 || parts.count == 3, parts[0].isEmpty else { return nil }
    let all: [HealthCheck]
    switch parts[1] {
    case "livez": all = HealthCheck.live
    case "readyz": all = HealthCheck.ready
    default: return nil
    }
    if parts.count == 2 {
      let excluded = values("exclude")
      return all.filter { !excluded.contains($0.rawValue) }
    }
    guard let check = HealthCheck(rawValue: String(parts[2])), all.contains(check) else { return nil }
    return [check]
  }

  /// Whether the query has `name`, with any value.
  func has(_ name: String) -> Bool { query.contains { $0.name == name } }

  /// All values of `name`, but empty ones.
  func values(_ name: String) -> Set<String> {
    Set(query.lazy.filter { $0.name == name && !$0.value.isEmpty }.map(\.value))
  }

  /// The first value of `name`.
  func value(_ name: String) -> String? { query.first { $0.name == name }?.value }
}
