// The rules for nodes and namespaces.
extension Checker {
  mutating func node(_ node: JSON) {
    metadata(node, isNamespaced: false, .subdomain)
    let spec = node["spec"] ?? .null
    taints(spec.list(at: "taints"), FieldPath("metadata", "taints"))
    nodeResources(node)
    let subnets = spec.texts(at: "podCIDRs")
    let path = FieldPath("spec", "podCIDRs")
    for (index, value) in subnets.enumerated() { subnet(value, path[index]) }
    guard subnets.count > 1 else { return }
    let families = Set(subnets.compactMap { NetworkSubnet($0)?.address.isIPv6 })
    if families.count < 2 || subnets.count > 2 {
      invalid(path, spec["podCIDRs"], "may specify no more than one CIDR for each IP family")
    }
  }

  mutating func nodeUpdate(_ new: JSON, _ old: JSON) {
    metadataUpdate(new, old)
    nodeResources(new)
    let spec = new["spec"] ?? .null
    let oldSpec = old["spec"] ?? .null
    var addresses: Set<JSON> = []
    for (index, address) in (new["status"] ?? .null).list(at: "addresses").enumerated() {
      guard !addresses.insert(address).inserted else { continue }
      append(
        FieldError(
          .duplicate, field: FieldPath("status", "addresses")[index].description,
          shownValue: GoForm.value(address, as: "NodeAddress").compact))
    }
    let subnets = spec.texts(at: "podCIDRs")
    let oldSubnets = oldSpec.texts(at: "podCIDRs")
    let detail = "node updates may not change podCIDR except from \"\" to valid"
    if !oldSubnets.isEmpty {
      if subnets.count != oldSubnets.count {
        forbidden(FieldPath("spec", "podCIDRs"), detail)
      } else {
        for (new, old) in zip(subnets, oldSubnets) where new != old {
          forbidden(FieldPath("spec", "podCIDRs"), detail)
        }
      }
    }
    let provider = oldSpec.text(at: "providerID")
    if !provider.isEmpty, provider != spec.text(at: "providerID") {
      forbidden(
        FieldPath("spec", "providerID"), "node updates may not change providerID except from \"\" to valid")
    }
    taints(spec.list(at: "taints"), FieldPath("metadata", "taints"))
    if spec.text(at: "externalID") != oldSpec.text(at: "externalID") {
      forbidden(FieldPath("spec", "externalID"), "may not be updated")
    }
  }

  private mutating func nodeResources(_ node: JSON) {
    for field in ["capacity", "allocatable"] {
      for entry in (node["status"] ?? .null).entries(at: field) {
        resourceQuantity(entry.key, entry.value, FieldPath("status", field, entry.key))
      }
    }
  }

  private mutating func taints(_ taints: [JSON], _ path: FieldPath) {
    var seen: Set<String> = []
    for (index, taint) in taints.enumerated() {
      let path = path[index]
      let key = taint.text(at: "key")
      let effect = taint.text(at: "effect")
      qualifiedName(key, path["key"])
      let value = taint.text(at: "value")
      let problems = NameFormats.labelValue(value)
      if !problems.isEmpty { invalid(path["value"], value, problems.joined(separator: ";")) }
      taintEffect(effect, path["effect"])
      if !seen.insert(effect + "\n" + key).inserted {
        append(
          FieldError(
            .duplicate, field: path.description, shownValue: GoForm.value(taint, as: "Taint").compact,
            detail: "taints must be unique by key and effect pair"))
      }
    }
  }

  mutating func namespace(_ namespace: JSON) {
    metadata(namespace, isNamespaced: false, .label)
    for finalizer in (namespace["spec"] ?? .null).texts(at: "finalizers") {
      qualifiedName(finalizer, FieldPath("spec", "finalizers"))
      standardFinalizer(finalizer, FieldPath("spec", "finalizers"))
    }
  }

  mutating func namespaceStatusUpdate(_ new: JSON, _ old: JSON) {
    metadataUpdate(new, old)
    let phase = (new["status"] ?? .null).text(at: "phase")
    let isDeleted = (new["metadata"] ?? .null).member(at: "deletionTimestamp") != nil
    let path = FieldPath("status", "Phase")
    if !isDeleted, phase != "Active" {
      invalid(path, phase, "may only be 'Active' if `deletionTimestamp` is empty")
    } else if isDeleted, phase != "Terminating" {
      invalid(path, phase, "may only be 'Terminating' if `deletionTimestamp` is not empty")
    }
  }
}
