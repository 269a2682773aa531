import Objects

/// What of a pod or a claim is outside the limits of a `LimitRange`, in the words of Kubernetes.
enum LimitCheck {
  static func problems(ofPod pod: JSON, _ limits: [JSON]) -> [String] {
    var problems: [String] = []
    for limit in limits {
      switch limit.text("type") {
      case "Container":
        for key in ["containers", "initContainers"] {
          for container in pod["spec"]?.list(key) ?? [] {
            problems += check(
              limit, "Container", requests: quantities(container["resources", "requests"]),
              limits: quantities(container["resources", "limits"]))
          }
        }
      case "Pod":
        let total = PodTotals(pod)
        problems += check(limit, "Pod", requests: total.requests, limits: total.limits)
      default: break
      }
    }
    return problems
  }

  static func problems(ofClaim claim: JSON, _ limits: [JSON]) -> [String] {
    let type = "PersistentVolumeClaim"
    let requests = quantities(claim["spec", "resources", "requests"])
    var problems: [String] = []
    for limit in limits where limit.text("type") == type {
      for (name, bound) in sorted(limit["min"]) {
        problems += minimum(type, name, bound, requests[name], nil)
      }
      for (name, bound) in sorted(limit["max"]) {
        let rule = "maximum \(name) usage per \(type) is \(bound)"
        if let request = requests[name] {
          if request > bound { problems.append("\(rule), but request is \(request)") }
        } else {
          problems.append("\(rule).  No request is specified")
        }
      }
    }
    return problems
  }

  static func quantities(_ list: JSON?) -> [String: Quantity] {
    var result: [String: Quantity] = [:]
    for member in list?.object ?? [:] { result[member.key] = Quantity(member.value) }
    return result
  }

  private static func sorted(_ list: JSON?) -> [(String, Quantity)] {
    quantities(list).sorted { $0.key < $1.key }
  }

  private static func check(
    _ limit: JSON, _ type: String, requests: [String: Quantity], limits: [String: Quantity]
  ) -> [String] {
    var problems: [String] = []
    for (name, bound) in sorted(limit["min"]) {
      problems += minimum(type, name, bound, requests[name], limits[name])
    }
    for (name, bound) in sorted(limit["max"]) {
      problems += maximum(type, name, bound, requests[name], limits[name])
    }
    for (name, bound) in sorted(limit["maxLimitRequestRatio"]) {
      problems += ratio(type, name, bound, requests[name], limits[name])
    }
    return problems
  }

  private static func minimum(
    _ type: String, _ name: String, _ bound: Quantity, _ request: Quantity?, _ limit: Quantity?
  ) -> [String] {
    let rule = "minimum \(name) usage per \(type) is \(bound)"
    guard let request else { return ["\(rule).  No request is specified"] }
    if request < bound { return ["\(rule), but request is \(request)"] }
    if let limit, limit < bound { return ["\(rule), but limit is \(limit)"] }
    return []
  }

  private static func maximum(
    _ type: String, _ name: String, _ bound: Quantity, _ request: Quantity?, _ limit: Quantity?
  ) -> [String] {
    let rule = "maximum \(name) usage per \(type) is \(bound)"
    guard let limit else { return ["\(rule).  No limit is specified"] }
    if limit > bound { return ["\(rule), but limit is \(limit)"] }
    if let request, request > bound { return ["\(rule), but request is \(request)"] }
    return []
  }

  private static func ratio(
    _ type: String, _ name: String, _ bound: Quantity, _ request: Quantity?, _ limit: Quantity?
  ) -> [String] {
    let rule = "\(name) max limit to request ratio per \(type) is \(bound)"
    guard let request, !request.isZero else {
      return ["\(rule), but no request is specified or request is 0"]
    }
    guard let limit, !limit.isZero else { return ["\(rule), but no limit is specified or limit is 0"] }
    let observed = Double(limit.milliValue) / Double(request.milliValue)
    guard observed * 1000 > Double(bound.milliValue) else { return [] }
    return ["\(rule), but provided ratio is \(sixDecimals(observed))"]
  }

  /// As `%f` of C writes it.
  private static func sixDecimals(_ value: Double) -> String {
    let scaled = (value * 1_000_000).rounded(.toNearestOrEven)
    guard scaled.isFinite, let whole = Int64(exactly: scaled) else { return String(value) }
    let fraction = String(whole % 1_000_000)
    return "\(whole / 1_000_000)." + String(repeating: "0", count: 6 - fraction.count) + fraction
  }
}
