/// How a pod is treated when its node runs short, by what it requests and limits of CPU and memory.
public enum QualityOfService: String, Sendable, Hashable {
  /// Every container is limited to what it requests, in CPU and memory.
  case guaranteed = "Guaranteed"
  /// Something is requested or limited.
  case burstable = "Burstable"
  /// Nothing is.
  case bestEffort = "BestEffort"

  /// The class of a pod whose defaults are filled in. Resources of the pod as a whole count instead of its containers';
  /// ephemeral containers do not count.
  public init(of pod: JSON) {
    var sums = Sums()
    if let resources = pod["spec", "resources"], Self.namesPodResources(resources) {
      sums.add(resources, mustLimit: !resources.isBlank("limits"))
    } else {
      for list in ["containers", "initContainers"] {
        for container in pod["spec", list]?.array ?? [] {
          sums.add(container["resources"] ?? .object([:]), mustLimit: true)
        }
      }
    }
    self =
      if sums.requests.isEmpty && sums.limits.isEmpty {
        .bestEffort
      } else if sums.isLimitedThroughout && sums.requests == sums.limits {
        .guaranteed
      } else {
        .burstable
      }
  }

  private static func namesPodResources(_ resources: JSON) -> Bool {
    ["limits", "requests"].contains { list in
      resources[list]?.object?.contains {
        $0.key == "cpu" || $0.key == "memory" || $0.key.hasPrefix("hugepages-")
      } ?? false
    }
  }

  /// What is requested and limited of CPU and memory in total.
  private struct Sums {
    var requests: [String: Quantity] = [:]
    var limits: [String: Quantity] = [:]
    /// Whether both are limited everywhere.
    var isLimitedThroughout = true

    mutating func add(_ resources: JSON, mustLimit: Bool) {
      var limited = 0
      for name in ["cpu", "memory"] {
        if let quantity = Self.quantity(resources["requests", name]) {
          requests[name] = requests[name].map { $0 + quantity } ?? quantity
        }
        if let quantity = Self.quantity(resources["limits", name]) {
          limits[name] = limits[name].map { $0 + quantity } ?? quantity
          limited += 1
        }
      }
      if mustLimit, limited < 2 { isLimitedThroughout = false }
    }

    /// Nil unless it is more than zero.
    private static func quantity(_ json: JSON?) -> Quantity? {
      guard let json, let quantity = Quantity(json), !quantity.isZero, !quantity.isNegative else {
        return nil
      }
      return quantity
    }
  }
}
