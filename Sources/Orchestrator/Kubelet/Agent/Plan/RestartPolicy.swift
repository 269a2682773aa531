import Objects

/// When a container that ended is started again (`spec.restartPolicy`).
public enum RestartPolicy: String, Sendable, Hashable {
  /// However it ended.
  case always = "Always"
  /// If it failed.
  case onFailure = "OnFailure"
  /// Not at all.
  case never = "Never"

  /// The policy of a field; `Always`, the API's default, where there is none.
  init(_ field: JSON?) { self = field?.string.flatMap { RestartPolicy(rawValue: $0) } ?? .always }

  /// Whether a container that ended so starts again.
  func restarts(exitCode: Int32) -> Bool {
    switch self {
    case .always: true
    case .onFailure: exitCode != 0
    case .never: false
    }
  }
}
