// The rules for changes of the resources of a pod in place.
extension Checker {
  mutating func podResize(_ new: JSON, _ old: JSON) {
    let oldSpec = old["spec"] ?? .null
    var newSpec = new["spec"] ?? .null
    if (old["metadata"] ?? .null).entries(at: "annotations")[mirrorPodAnnotation] != nil {
      return forbidden(FieldPath(""), "static pods cannot be resized")
    }
    if (oldSpec["os"] ?? .null).text(at: "name") == "windows" {
      return forbidden(FieldPath(""), "windows pods cannot be resized")
    }
    metadataUpdate(new, old)
    podMetadataAndSpecification(new)
    let path = FieldPath("spec")
    let quality = PodQuality.of(newSpec)
    if quality != PodQuality.of(oldSpec) {
      invalid(
        path, (new["status"] ?? .null).text(at: "qosClass"),
        "Pod QOS Class may not change as a result of resizing")
    }
    let before = errors.count
    for kind in ["containers", "initContainers"] {
      let newNames = newSpec.list(at: kind).map { $0.text(at: "name") }
      let oldNames = oldSpec.list(at: kind).map { $0.text(at: "name") }
      if newNames.count != oldNames.count {
        forbidden(path[kind], "\(kind) may not be added or removed on resize")
        continue
      }
      for (index, name) in oldNames.enumerated() where newNames[index] != name {
        forbidden(path[kind][index]["name"], "\(kind) may not be renamed or reordered on resize")
      }
    }
    if errors.count > before { return }
    for kind in ["initContainers", "containers"] {
      for (index, container) in oldSpec.list(at: kind).enumerated()
      where kind == "containers" || container.text(at: "restartPolicy") == "Always" {
        let resources = newSpec.list(at: kind)[index]["resources"] ?? .null
        for (field, word) in [("requests", "resource requests"), ("limits", "resource limits")] {
          let kept = resources.entries(at: field)
          if (container["resources"] ?? .null).entries(at: field).contains(where: { kept[$0.key] == nil }) {
            forbidden(path[kind][index]["resources"][field], "\(word) cannot be removed")
          }
        }
      }
    }
    for kind in ["containers", "initContainers"] {
      var containers = newSpec.list(at: kind)
      for (index, oldContainer) in oldSpec.list(at: kind).enumerated() where index < containers.count {
        let isResizable = kind == "containers" || containers[index].text(at: "restartPolicy") == "Always"
        if isResizable { keepComputeResources(of: oldContainer, in: &containers[index]) }
        guard containers[index].meaningful != oldContainer.meaningful else { continue }
        switch (kind, isResizable) {
        case ("containers", _): forbidden(path, "only cpu and memory resources are mutable")
        case (_, true):
          forbidden(
            path[kind][index], "only cpu and memory resources for init or sidecar containers are mutable")
        case (_, false): forbidden(path, "resources for non-sidecar init containers are immutable")
        }
      }
      if !containers.isEmpty { newSpec[kind] = .array(containers) }
    }
    if errors.isEmpty, PodForm.specification(newSpec).comparable != PodForm.specification(oldSpec).comparable
    {
      forbidden(path, "only cpu and memory resources are mutable")
    }
  }

  private func keepComputeResources(of old: JSON, in container: inout JSON) {
    for field in ["limits", "requests"] {
      for name in ["cpu", "memory"] {
        let value = old["resources", field, name]
        if value != nil || container["resources", field, name] != nil {
          container["resources", field, name] = value
        }
      }
    }
  }
}

/// How sure a pod may be of its resources, which follows from the requests and limits of its containers.
enum PodQuality: String {
  case guaranteed = "Guaranteed"
  case burstable = "Burstable"
  case bestEffort = "BestEffort"

  static func of(_ spec: JSON) -> PodQuality {
    var requests: [String: Quantity] = [:]
    var limits: [String: Quantity] = [:]
    var isGuaranteed = true
    let podResources = spec.member(at: "resources")
    let all =
      podResources.map { [$0] }
      ?? (spec.list(at: "initContainers") + spec.list(at: "containers")).map { $0["resources"] ?? .null }
    for resources in all {
      var limited: Set<String> = []
      for (field, isLimit) in [("requests", false), ("limits", true)] {
        for entry in resources.entries(at: field) where ["cpu", "memory"].contains(entry.key) {
          guard let quantity = Quantity(entry.value), !quantity.isZero, !quantity.isNegative else { continue }
          if isLimit {
            limited.insert(entry.key)
            limits[entry.key] = limits[entry.key].map { $0 + quantity } ?? quantity
          } else {
            requests[entry.key] = requests[entry.key].map { $0 + quantity } ?? quantity
          }
        }
      }
      if limited.count < 2 { isGuaranteed = false }
    }
    if requests.isEmpty, limits.isEmpty { return .bestEffort }
    return isGuaranteed && requests.allSatisfy { limits[$0.key] == $0.value }
      && requests.count == limits.count
      ? .guaranteed : .burstable
  }
}
