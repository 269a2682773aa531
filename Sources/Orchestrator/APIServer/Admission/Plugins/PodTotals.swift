import Objects

/// What a pod asks for in all, and what it may use at most.
///
/// Init containers run one after another before the others, so that the largest counts; but those that restart run on
/// beside all that follow.
struct PodTotals: Sendable, Hashable {
  var requests: [String: Quantity]
  var limits: [String: Quantity]

  init(_ pod: JSON) {
    let spec = pod["spec"] ?? [:]
    requests = Self.total(spec, "requests")
    limits = Self.total(spec, "limits")
    // What the pod itself is given counts instead of its containers' sum.
    for (name, value) in LimitCheck.quantities(spec["resources", "requests"]) { requests[name] = value }
    for (name, value) in LimitCheck.quantities(spec["resources", "limits"]) { limits[name] = value }
    let overhead = LimitCheck.quantities(spec["overhead"])
    for (name, value) in overhead {
      requests[name] = (requests[name] ?? Quantity.nothing) + value
      // Without a limit there is none to raise.
      if let limit = limits[name], !limit.isZero { limits[name] = limit + value }
    }
  }

  private static func total(_ spec: JSON, _ field: String) -> [String: Quantity] {
    var sum: [String: Quantity] = [:]
    for container in spec.list("containers") { add(container, field, to: &sum) }
    var sidecars: [String: Quantity] = [:]
    var highest: [String: Quantity] = [:]
    for container in spec.list("initContainers") {
      var running = sidecars
      add(container, field, to: &running)
      if container.text("restartPolicy") == "Always" { sidecars = running }
      for (name, value) in running where value > highest[name] ?? Quantity.nothing { highest[name] = value }
    }
    for (name, value) in sidecars { sum[name] = (sum[name] ?? Quantity.nothing) + value }
    for (name, value) in highest where sum[name].map({ $0 < value }) ?? true { sum[name] = value }
    return sum
  }

  private static func add(_ container: JSON, _ field: String, to sum: inout [String: Quantity]) {
    for (name, value) in LimitCheck.quantities(container["resources"]?[field]) {
      sum[name] = (sum[name] ?? Quantity.nothing) + value
    }
  }
}
