/// The names of resources, and what follows from them.
enum ResourceNames {
  /// cpu, memory and all others that Kubernetes itself defines.
  static func isNative(_ name: String) -> Bool { !name.contains("/") || name.contains("kubernetes.io/") }

  static func isHugePages(_ name: String) -> Bool { name.hasPrefix("hugepages-") }

  static func mayBeOvercommitted(_ name: String) -> Bool { isNative(name) && !isHugePages(name) }

  /// A resource that others define, such as a device.
  static func isExtended(_ name: String) -> Bool {
    !isNative(name) && !name.hasPrefix("requests.") && NameFormats.qualifiedName("requests." + name).isEmpty
  }

  static func isInteger(_ name: String) -> Bool { counted.contains(name) || isExtended(name) }

  static func isOfContainers(_ name: String) -> Bool {
    ["cpu", "memory", "ephemeral-storage"].contains(name) || isHugePages(name)
  }

  static func isStandard(_ name: String) -> Bool {
    counted.contains(name) || computed.contains(name) || name == "storage" || name == "requests.storage"
      || isHugePages(name)
  }

  static func isOfQuotas(_ name: String) -> Bool {
    counted.contains(name) || computed.contains(name) || name == "requests.storage" || isHugePages(name)
      || name.hasPrefix("requests.hugepages-")
  }

  private static let counted: Set<String> = [
    "pods", "resourcequotas", "services", "replicationcontrollers", "secrets", "configmaps",
    "persistentvolumeclaims", "services.nodeports", "services.loadbalancers",
  ]

  private static let computed: Set<String> = [
    "cpu", "memory", "ephemeral-storage", "requests.cpu", "requests.memory", "requests.ephemeral-storage",
    "limits.cpu", "limits.memory", "limits.ephemeral-storage",
  ]
}

extension Checker {
  /// The requests and limits of a container, or the overhead of a pod as limits.
  mutating func resourceRequirements(_ requirements: JSON, _ path: FieldPath, _ context: ContainerContext) {
    resourceRequirements(requirements, path, context) { $0.containerResourceName($1, $2) }
  }

  private mutating func resourceRequirements(
    _ requirements: JSON, _ path: FieldPath, _ context: ContainerContext,
    name checkName: (inout Checker, String, FieldPath) -> Void
  ) {
    let limits = requirements.entries(at: "limits")
    let requests = requirements.entries(at: "requests")
    for limit in limits {
      let path = path["limits"].key(limit.key)
      checkName(&self, limit.key, path)
      resourceQuantity(limit.key, limit.value, path)
      hugePages(limit.key, limit.value, path)
    }
    for request in requests {
      let requestPath = path["requests"].key(request.key)
      checkName(&self, request.key, requestPath)
      resourceQuantity(request.key, request.value, requestPath)
      let mayBeOvercommitted = ResourceNames.mayBeOvercommitted(request.key)
      if let value = limits[request.key] {
        if let limit = Quantity(value), let quantity = Quantity(request.value) {
          let bound = "\(request.key) limit of \(limit.canonical)"
          if quantity != limit, !mayBeOvercommitted {
            invalid(path["requests"], quantity.canonical, "must be equal to " + bound)
          } else if quantity > limit {
            invalid(path["requests"], quantity.canonical, "must be less than or equal to " + bound)
          }
        }
      } else if !mayBeOvercommitted {
        required(path["limits"], "Limit must be set for non overcommitable resources")
      }
      hugePages(request.key, request.value, requestPath)
    }
    let names = limits.map(\.key) + requests.map(\.key)
    if names.contains(where: ResourceNames.isHugePages),
      !names.contains(where: { ["cpu", "memory"].contains($0) })
    {
      forbidden(path, "HugePages require cpu or memory")
    }
    claims(requirements.list(at: "claims"), path["claims"], context)
  }

  private mutating func hugePages(_ name: String, _ value: JSON, _ path: FieldPath) {
    guard ResourceNames.isHugePages(name), let quantity = Quantity(value) else { return }
    if let page = Quantity(String(name.dropFirst("hugepages-".count))), page.value > 0,
      quantity.value % page.value == 0
    {
      return
    }
    invalid(path, quantity.canonical, "\(quantity.canonical) is not positive integer multiple of \(name)")
  }

  private mutating func claims(_ claims: [JSON], _ path: FieldPath, _ context: ContainerContext) {
    var names: Set<String> = []
    for (index, claim) in claims.enumerated() {
      let path = path[index]
      let name = claim.text(at: "name")
      if name.isEmpty {
        required(path)
        continue
      }
      if names.contains(name) {
        duplicate(path, name)
      } else {
        let request = claim.text(at: "request")
        var key = name
        if !request.isEmpty {
          label(request, path["request"])
          key += "/" + request
        }
        if names.contains(key) {
          duplicate(path, key)
        } else if request.isEmpty {
          for other in names.sorted() where other.hasPrefix(name + "/") { duplicate(path, name) }
        }
        names.insert(key)
      }
      if !context.claims.contains(name) {
        notFound(
          path, name,
          "must be one of the names in pod.spec.resourceClaims"
            + (context.claims.isEmpty
              ? " which is empty" : ": " + context.claims.sorted().joined(separator: ", ")))
      }
    }
  }

  mutating func resourceQuantity(_ name: String, _ value: JSON, _ path: FieldPath) {
    guard let quantity = Quantity(value) else { return }
    nonnegativeQuantity(quantity, path)
    if ResourceNames.isInteger(name), quantity.milliValue % 1_000 != 0 {
      invalid(path, quantity.canonical, "must be an integer")
    }
  }

  mutating func nonnegativeQuantity(_ quantity: Quantity, _ path: FieldPath) {
    if quantity.isNegative { invalid(path, quantity.canonical, "must be greater than or equal to 0") }
  }

  mutating func positiveQuantity(_ quantity: Quantity, _ path: FieldPath) {
    if quantity.isNegative || quantity.isZero {
      invalid(path, quantity.canonical, "must be greater than zero")
    }
  }

  /// The name of a resource anywhere. Says whether it is well formed.
  @discardableResult
  mutating func resourceName(_ name: String, _ path: FieldPath) -> Bool {
    let problems = NameFormats.qualifiedName(name)
    if !problems.isEmpty {
      invalid(path, name, problems)
      return false
    }
    if !name.contains("/"), !ResourceNames.isStandard(name) {
      invalid(path, name, "must be a standard resource type or fully qualified")
      return false
    }
    return true
  }

  mutating func containerResourceName(_ name: String, _ path: FieldPath) {
    resourceName(name, path)
    if !name.contains("/") {
      if !ResourceNames.isOfContainers(name) {
        invalid(path, name, "must be a standard resource for containers")
      }
    } else if !ResourceNames.isNative(name), !ResourceNames.isExtended(name) {
      invalid(path, name, "doesn't follow extended resource name standard")
    }
  }

  /// The requests and limits of a pod as a whole.
  mutating func podResources(_ spec: JSON, _ path: FieldPath, _ context: ContainerContext) {
    guard let resources = spec.member(at: "resources") else { return }
    if context.operatingSystem == "windows" { return forbidden(path, "may not be set for a windows pod") }
    if resources.member(at: "claims") != nil {
      forbidden(path["claims"], "claims may not be set for Resources at pod-level")
    }
    resourceRequirements(resources, path, context) { checker, name, path in
      guard checker.resourceName(name, path), !["cpu", "memory"].contains(name),
        !ResourceNames.isHugePages(name)
      else {
        return
      }
      checker.notSupported(path, name, ["cpu", "hugepages-", "memory"])
    }
    let totals = aggregateRequests(spec)
    let requests = resources.entries(at: "requests")
    for name in totals.keys.sorted() {
      guard let total = totals[name], let request = requests[name].flatMap({ Quantity($0) }), total > request
      else {
        continue
      }
      invalid(
        path["requests"].key(name), request.canonical,
        "must be greater than or equal to aggregate container requests of \(total.canonical)")
    }
    let limits = resources.entries(at: "limits")
    for (index, container) in spec.list(at: "containers").enumerated() {
      for limit in (container["resources"] ?? .null).entries(at: "limits") {
        guard let bound = limits[limit.key].flatMap({ Quantity($0) }), let value = Quantity(limit.value),
          value > bound
        else { continue }
        invalid(
          path["containers"][index].key(limit.key)["limits"], value.canonical,
          "must be less than or equal to pod limits of \(bound.canonical)")
      }
    }
  }

  /// What the containers request together: the running ones at once, each init container beside the sidecars before it.
  private func aggregateRequests(_ spec: JSON) -> [String: Quantity] {
    func requests(_ container: JSON) -> [String: Quantity] {
      var result: [String: Quantity] = [:]
      for request in (container["resources"] ?? .null).entries(at: "requests") {
        result[request.key] = Quantity(request.value)
      }
      return result
    }
    var total: [String: Quantity] = [:]
    for container in spec.list(at: "containers") { total.merge(requests(container), uniquingKeysWith: +) }
    var sidecars: [String: Quantity] = [:]
    var highest: [String: Quantity] = [:]
    for container in spec.list(at: "initContainers") {
      let own = requests(container)
      if container.text(at: "restartPolicy") == "Always" {
        total.merge(own, uniquingKeysWith: +)
        sidecars.merge(own, uniquingKeysWith: +)
        highest.merge(sidecars, uniquingKeysWith: max)
      } else {
        highest.merge(own.merging(sidecars, uniquingKeysWith: +), uniquingKeysWith: max)
      }
    }
    return total.merging(highest, uniquingKeysWith: max)
  }
}
