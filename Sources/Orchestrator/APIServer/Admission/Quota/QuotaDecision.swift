import Objects

/// What a quota says about one more object.
enum QuotaDecision: Sendable, Hashable {
  /// The quota does not count such objects, or nothing that it counts changes.
  case unaffected
  /// There is room; this is what is used then, as `status.used` has it.
  case fits(used: JSON)
  /// There is none, or it cannot be told.
  case refused(String)

  /// - Parameter increase: what the write adds, or takes away where it is negative.
  init(_ quota: JSON, _ object: JSON, _ resource: Resource, increase: [String: Quantity]) {
    let name = quota.text("metadata", "name")
    let hard = LimitCheck.quantities(quota["status", "hard"])
    let used = LimitCheck.quantities(quota["status", "used"])
    guard QuotaScope.matches(quota, object, resource) else {
      self = .unaffected
      return
    }
    if resource.resource == "pods", let missing = Self.missing(object, hard.keys) {
      self = .refused("failed quota: \(name): must specify \(missing)")
      return
    }
    let counted = increase.filter { hard[$0.key] != nil }
    guard !counted.isEmpty else {
      self = .unaffected
      return
    }
    let unknown = counted.keys.filter { used[$0] == nil }.sorted()
    guard unknown.isEmpty else {
      self = .refused("status unknown for quota: \(name), resources: \(unknown.joined(separator: ","))")
      return
    }
    var next = used
    for (key, more) in counted { next[key] = (used[key] ?? Quantity.nothing) + more }
    let exceeded = counted.filter { key, more in
      Quantity.nothing < more && hard[key].map { $0 < next[key] ?? Quantity.nothing } ?? false
    }.keys.sorted()
    guard exceeded.isEmpty else {
      let parts = [("requested", counted), ("used", used), ("limited", hard)].map { word, amounts in
        word + ": " + exceeded.map { "\($0)=\(amounts[$0] ?? Quantity.nothing)" }.joined(separator: ",")
      }
      self = .refused("exceeded quota: \(name), " + parts.joined(separator: ", "))
      return
    }
    var status = quota["status", "used"] ?? [:]
    for key in counted.keys {
      let amount = next[key] ?? Quantity.nothing
      status[key] = .string((amount.isNegative ? Quantity.nothing : amount).canonical)
    }
    self = .fits(used: status)
  }

  /// The resources that a quota counts and containers of a pod say nothing about, with those containers; nil if there
  /// are none.
  private static func missing(_ pod: JSON, _ counted: some Collection<String>) -> String? {
    let known = ["cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"]
    let required = known.filter(counted.contains)
    guard !required.isEmpty else { return nil }
    let containers = ["containers", "initContainers"].flatMap { pod["spec"]?.list($0) ?? [] }
    var missing: [(resource: String, containers: Set<String>)] = []
    for resource in required.sorted() {
      let field = resource.hasPrefix("limits.") ? "limits" : "requests"
      let name = String(resource.drop { $0 != "." }.dropFirst())
      let key = name.isEmpty ? resource : name
      // What the pod has as a whole is enough.
      if pod["spec", "resources"]?[field]?[key] != nil { continue }
      let without = containers.filter { $0["resources"]?[field]?[key] == nil }
      if !without.isEmpty { missing.append((resource, Set(without.map { $0.text("name") }))) }
    }
    if missing.isEmpty { return nil }
    return missing.map { "\($0.resource) for: \($0.containers.sorted().joined(separator: ","))" }
      .joined(separator: "; ")
  }
}
