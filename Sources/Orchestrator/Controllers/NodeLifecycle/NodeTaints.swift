import Objects

/// The taints that follow from a node's conditions.
enum NodeTaints {
  static let notReady = "node.kubernetes.io/not-ready"
  static let unreachable = "node.kubernetes.io/unreachable"

  /// Condition, status, and the taint it brings.
  private static let table: [(condition: String, status: String, key: String)] = [
    ("Ready", "False", notReady), ("Ready", "Unknown", unreachable),
    ("MemoryPressure", "True", "node.kubernetes.io/memory-pressure"),
    ("DiskPressure", "True", "node.kubernetes.io/disk-pressure"),
    ("PIDPressure", "True", "node.kubernetes.io/pid-pressure"),
    ("NetworkUnavailable", "True", "node.kubernetes.io/network-unavailable"),
  ]
  private static let unschedulable = "node.kubernetes.io/unschedulable"

  /// All taints the node should have: those of others as they are, and those of its conditions. Nil if it has them.
  /// - Parameter evicts: whether the taints that make pods leave may be added now. One that is there and is no longer
  ///   due goes in any case.
  static func wanted(on node: JSON, evicts: Bool, now: Timestamp) -> [JSON]? {
    let current = node["spec", "taints"]?.array ?? []
    var due: [(key: String, effect: String)] = []
    for (condition, status, key) in table
    where Conditions.find(condition, in: node["status"])?["status"]?.string == status {
      due.append((key, "NoSchedule"))
    }
    if node["spec", "unschedulable"]?.boolean == true { due.append((unschedulable, "NoSchedule")) }
    switch Conditions.find("Ready", in: node["status"])?["status"]?.string {
    case "False": due.append((notReady, "NoExecute"))
    case "Unknown": due.append((unreachable, "NoExecute"))
    default: break
    }

    func isOwn(_ taint: JSON) -> Bool {
      let key = taint["key"]?.string ?? ""
      switch taint["effect"]?.string {
      case "NoSchedule": return key == unschedulable || table.contains { $0.key == key }
      case "NoExecute": return key == notReady || key == unreachable
      default: return false
      }
    }
    var taints = current.filter { taint in
      !isOwn(taint)
        || due.contains { $0.key == taint["key"]?.string && $0.effect == taint["effect"]?.string }
    }
    for (key, effect) in due
    where !taints.contains(where: { $0["key"]?.string == key && $0["effect"]?.string == effect }) {
      guard effect != "NoExecute" || evicts else { continue }
      taints.append(["key": .string(key), "effect": .string(effect), "timeAdded": .string(now.text)])
    }
    return taints == current ? nil : taints
  }

  /// The taints that make pods leave.
  static func evicting(_ node: JSON) -> [JSON] {
    (node["spec", "taints"]?.array ?? []).filter { $0["effect"]?.string == "NoExecute" }
  }

  /// When a pod has to leave a node with these taints: now, later, or never (nil).
  static func departure(of pod: JSON, taints: [JSON], now: Timestamp) -> Timestamp? {
    guard !taints.isEmpty else { return nil }
    var shortest: Int64?
    for taint in taints {
      let tolerations = (pod["spec", "tolerations"]?.array ?? []).filter { tolerates($0, taint) }
      guard !tolerations.isEmpty else { return now }
      for seconds in tolerations.compactMap({ $0["tolerationSeconds"]?.integer }) {
        shortest = min(shortest ?? seconds, max(0, seconds))
      }
    }
    guard let shortest else { return nil }
    // From the time of the first of them: the pod has been bearing it since.
    let start = taints.compactMap { $0["timeAdded"]?.string.flatMap { Timestamp($0) } }.min() ?? now
    return start.advanced(bySeconds: shortest)
  }

  private static func tolerates(_ toleration: JSON, _ taint: JSON) -> Bool {
    let effect = toleration["effect"]?.string ?? ""
    let key = toleration["key"]?.string ?? ""
    guard effect.isEmpty || effect == taint["effect"]?.string else { return false }
    guard key.isEmpty || key == taint["key"]?.string else { return false }
    return switch toleration["operator"]?.string ?? "Equal" {
    case "Exists": true
    case "Equal": !key.isEmpty && (toleration["value"]?.string ?? "") == (taint["value"]?.string ?? "")
    default: false
    }
  }
}
