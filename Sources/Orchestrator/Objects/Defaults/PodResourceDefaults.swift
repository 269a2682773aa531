/// What a pod requests where it only limits, for its containers and as a whole.
extension Defaults {
  static func fillRequestsFromLimits(_ spec: inout JSON) {
    for list in ["containers", "initContainers"] {
      spec.reviseEach(list) { container in
        container.revise("resources") { resources in
          guard let limits = resources["limits"]?.object else { return }
          resources.fillMembers(of: "requests", from: limits)
        }
      }
    }
  }

  /// The resources of the pod as a whole, where it names any: huge pages are limited to what its containers may use,
  /// CPU and memory requested as its containers do, and the rest as the pod is limited. After the containers' own
  /// defaults.
  static func fillPodResources(_ spec: inout JSON) {
    guard case .object? = spec["resources"] else { return }
    let (limits, requests) = (spec["resources", "limits"]?.object, spec["resources", "requests"]?.object)
    guard limits?.isEmpty == false || requests?.isEmpty == false else { return }

    let hugePageLimits = totals(of: "limits", in: spec).filter {
      isHugePage($0.key) && requests?[$0.key] == nil
    }
    spec.revise("resources") { $0.fillMembers(of: "limits", from: hugePageLimits) }

    guard let limits = spec["resources", "limits"]?.object, !limits.isEmpty else { return }
    let overcommittable = totals(of: "requests", in: spec).filter { $0.key == "cpu" || $0.key == "memory" }
    let supported = limits.filter { $0.key == "cpu" || $0.key == "memory" || isHugePage($0.key) }
    spec.revise("resources") { resources in
      resources.fillMembers(of: "requests", from: overcommittable)
      resources.fillMembers(of: "requests", from: JSONObject(supported.map { ($0.key, $0.value) }))
    }
  }

  private static func isHugePage(_ resource: String) -> Bool { resource.hasPrefix("hugepages-") }

  /// What the containers need together: all the long-running ones, or what one init container needs beside the sidecars
  /// started before it, whichever is more.
  private static func totals(of list: String, in spec: JSON) -> Totals {
    var total = Totals()
    for container in spec["containers"]?.array ?? [] { total.add(Totals(list, of: container)) }
    var sidecars = Totals()
    var peak = Totals()
    for container in spec["initContainers"]?.array ?? [] {
      var needed = Totals(list, of: container)
      if container["restartPolicy"]?.string == "Always" {
        total.add(needed)
        sidecars.add(needed)
        needed = sidecars
      } else {
        needed.add(sidecars)
      }
      peak.raise(to: needed)
    }
    total.raise(to: peak)
    return total
  }

  /// Quantities by resource.
  private struct Totals {
    private var quantities: [String: Quantity] = [:]

    init() {}

    init(_ list: String, of container: JSON) {
      for member in container["resources", list]?.object ?? [:] {
        quantities[member.key] = Quantity(member.value)
      }
    }

    mutating func add(_ other: Totals) {
      quantities.merge(other.quantities) { $0 + $1 }
    }

    mutating func raise(to other: Totals) {
      quantities.merge(other.quantities) { max($0, $1) }
    }

    func filter(_ isIncluded: ((key: String, value: Quantity)) -> Bool) -> JSONObject {
      JSONObject(
        quantities.filter { isIncluded(($0.key, $0.value)) }.map { ($0.key, .string($0.value.canonical)) })
    }
  }
}
