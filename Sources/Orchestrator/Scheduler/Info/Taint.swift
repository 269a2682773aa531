internal import Objects

/// A taint of a node.
struct Taint: Sendable, Hashable {
  enum Effect: Sendable, Hashable {
    case noSchedule
    case preferNoSchedule
    case noExecute

    init?(_ text: String?) {
      switch text {
      case "NoSchedule": self = .noSchedule
      case "PreferNoSchedule": self = .preferNoSchedule
      case "NoExecute": self = .noExecute
      default: return nil
      }
    }
  }

  let key: String
  let value: String
  let effect: Effect

  /// The taint that stands for `spec.unschedulable`, for pods that tolerate it.
  static let unschedulable = Taint(key: "node.kubernetes.io/unschedulable", value: "", effect: .noSchedule)

  /// Whether the taint keeps pods off, not only away if possible.
  var blocks: Bool { effect != .preferNoSchedule }
}

extension Taint {
  /// Nil for an effect that is not known, which keeps nothing away.
  init?(json: JSON) {
    guard let effect = Effect(json["effect"]?.string) else { return nil }
    self.init(key: json["key"]?.string ?? "", value: json["value"]?.string ?? "", effect: effect)
  }
}

/// A toleration of a pod.
struct Toleration: Sendable, Hashable {
  enum Test: Sendable, Hashable {
    case exists
    case equals(String)
    case taintIsGreater(than: Int64)
    case taintIsLess(than: Int64)
    case never
  }

  /// Empty for every key.
  let key: String
  let test: Test
  /// Nil for every effect.
  let effect: Taint.Effect?

  init(json: JSON) {
    key = json["key"]?.string ?? ""
    let value = json["value"]?.string ?? ""
    let effectText = json["effect"]?.string ?? ""
    effect = Taint.Effect(effectText)
    guard effectText.isEmpty || effect != nil else {
      test = .never
      return
    }
    switch json["operator"]?.string ?? "" {
    case "Exists": test = .exists
    case "", "Equal": test = .equals(value)
    case "Gt": test = Int64(value).map { .taintIsGreater(than: $0) } ?? .never
    case "Lt": test = Int64(value).map { .taintIsLess(than: $0) } ?? .never
    default: test = .never
    }
  }

  func tolerates(_ taint: Taint) -> Bool {
    if let effect, effect != taint.effect { return false }
    if !key.isEmpty, key != taint.key { return false }
    switch test {
    case .exists: return true
    case .equals(let value): return value == taint.value
    case .taintIsGreater(let bound): return Int64(taint.value).map { $0 > bound } ?? false
    case .taintIsLess(let bound): return Int64(taint.value).map { $0 < bound } ?? false
    case .never: return false
    }
  }
}
