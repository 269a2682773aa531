import Objects

/// Whether a pod may be on a node: what its spec demands of the node's name, labels and taints.
struct NodeFit: Sendable {
  /// What a node refuses.
  enum Verdict: Sendable, Equatable {
    case fits
    /// Names or labels do not match.
    case mismatch
    /// A taint keeps new pods away.
    case taintedForNew
    /// A taint drives running pods away too.
    case tainted
  }

  private let nodeName: String
  private let labels: JSONObject
  private let terms: [JSON]?
  private let tolerations: [JSON]

  /// The demands of a pod's spec, with tolerations beside its own.
  init(spec: JSON, tolerations: [JSON] = []) {
    nodeName = spec["nodeName"]?.string ?? ""
    labels = spec["nodeSelector"]?.object ?? [:]
    let required = spec["affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"]
    if let required, !required.isNull {
      terms = required["nodeSelectorTerms"]?.array ?? []
    } else {
      terms = nil
    }
    self.tolerations = (spec["tolerations"]?.array ?? []) + tolerations
  }

  /// What the node says to such a pod.
  func verdict(_ node: JSON) -> Verdict {
    guard nodeName.isEmpty || nodeName == node.name else { return .mismatch }
    let nodeLabels = node.labels
    guard labels.allSatisfy({ nodeLabels[$0.key] == $0.value }) else { return .mismatch }
    if let terms, !terms.contains(where: { Self.matches($0, node.name, nodeLabels) }) { return .mismatch }
    let blocking = (node["spec", "taints"]?.array ?? []).filter { taint in
      let effect = taint["effect"]?.string
      return (effect == "NoSchedule" || effect == "NoExecute")
        && !tolerations.contains { Self.tolerates($0, taint) }
    }
    if blocking.isEmpty { return .fits }
    return blocking.contains { $0["effect"]?.string == "NoExecute" } ? .tainted : .taintedForNew
  }

  private static func matches(_ term: JSON, _ name: String, _ labels: JSONObject) -> Bool {
    let expressions = term["matchExpressions"]?.array ?? []
    let fields = term["matchFields"]?.array ?? []
    guard !expressions.isEmpty || !fields.isEmpty else { return false }
    return expressions.allSatisfy { holds($0, labels[$0["key"]?.string ?? ""]?.string) }
      && fields.allSatisfy { $0["key"]?.string == "metadata.name" && holds($0, name) }
  }

  private static func holds(_ requirement: JSON, _ value: String?) -> Bool {
    let values = (requirement["values"]?.array ?? []).compactMap(\.string)
    func compare(_ relation: (Int64, Int64) -> Bool) -> Bool {
      guard let value = value.flatMap({ Int64($0) }), values.count == 1, let bound = Int64(values[0]) else {
        return false
      }
      return relation(value, bound)
    }
    switch requirement["operator"]?.string {
    case "In": return value.map { values.contains($0) } ?? false
    case "NotIn": return value.map { !values.contains($0) } ?? true
    case "Exists": return value != nil
    case "DoesNotExist": return value == nil
    case "Gt": return compare(>)
    case "Lt": return compare(<)
    default: return false
    }
  }

  /// Whether a toleration covers a taint.
  static func tolerates(_ toleration: JSON, _ taint: JSON) -> Bool {
    let effect = toleration["effect"]?.string ?? ""
    guard effect.isEmpty || effect == taint["effect"]?.string else { return false }
    let key = toleration["key"]?.string ?? ""
    guard key.isEmpty || key == taint["key"]?.string else { return false }
    let value = toleration["value"]?.string ?? ""
    let taintValue = taint["value"]?.string ?? ""
    switch toleration["operator"]?.string ?? "" {
    case "Exists": return true
    case "", "Equal": return !key.isEmpty && value == taintValue
    case "Gt": return Int64(value).flatMap { bound in Int64(taintValue).map { $0 > bound } } ?? false
    case "Lt": return Int64(value).flatMap { bound in Int64(taintValue).map { $0 < bound } } ?? false
    default: return false
    }
  }
}
