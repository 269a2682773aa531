// The rules for the status of pods.
extension Checker {
  mutating func podStatusUpdate(_ new: JSON, _ old: JSON) {
    metadataUpdate(new, old)
    podAnnotationsUpdate(new, old)
    let path = FieldPath("status")
    let newSpec = new["spec"] ?? .null
    let oldSpec = old["spec"] ?? .null
    let status = new["status"] ?? .null
    let oldStatus = old["status"] ?? .null
    for (index, condition) in status.list(at: "conditions").enumerated() {
      let path = path["conditions"][index]
      observedGeneration(condition, path)
      let type = condition.text(at: "type")
      if !["PodScheduled", "Ready", "Initialized"].contains(type) { qualifiedName(type, path["Type"]) }
    }
    if newSpec.text(at: "nodeName") != oldSpec.text(at: "nodeName") {
      forbidden(path["nodeName"], "may not be changed directly")
    }
    let nominated = status.text(at: "nominatedNodeName")
    if !nominated.isEmpty, nominated != oldStatus.text(at: "nominatedNodeName") {
      subdomain(nominated, path["nominatedNodeName"])
      if !oldSpec.text(at: "nodeName").isEmpty {
        forbidden(path["nominatedNodeName"], "may not be set on pods that are already bound to a node")
      }
    }
    observedGeneration(status, path)
    if status.text(at: "qosClass") != oldStatus.text(at: "qosClass") {
      invalid(path["qosClass"], status.text(at: "qosClass"), fieldIsImmutable)
    }
    for (field, kind) in [("containerStatuses", "containers"), ("initContainerStatuses", "initContainers")] {
      terminatedContainers(status.list(at: field), oldStatus.list(at: field), path[field], oldSpec, kind)
    }
    let field = "ephemeralContainerStatuses"
    terminatedContainers(status.list(at: field), oldStatus.list(at: field), path[field], .null, "")
    claimStatuses(status.list(at: "resourceClaimStatuses"), newSpec, path["resourceClaimStatuses"])
    addresses(status, oldStatus, "podIPs", path)
    let hostAddresses = status.list(at: "hostIPs")
    if let first = hostAddresses.first, first.text(at: "ip") != status.text(at: "hostIP") {
      invalid(path["hostIPs"][0]["ip"], first.text(at: "ip"), "must be equal to `hostIP`")
    }
    addresses(status, oldStatus, "hostIPs", path)
  }

  private mutating func observedGeneration(_ value: JSON, _ path: FieldPath) {
    let generation = value.integer(at: "observedGeneration")
    if generation < 0 { invalid(path["observedGeneration"], generation, "must be a non-negative integer") }
  }

  /// A container that ended for good stays ended.
  private mutating func terminatedContainers(
    _ new: [JSON], _ old: [JSON], _ path: FieldPath, _ spec: JSON, _ kind: String
  ) {
    for (index, oldStatus) in old.enumerated() {
      guard let ended = oldStatus["state", "terminated"], !ended.isNull else { continue }
      let name = oldStatus.text(at: "name")
      guard let status = new.first(where: { $0.text(at: "name") == name }),
        status["state", "terminated"]?.isNull ?? true
      else { continue }
      let container = spec.list(at: kind).first { $0.text(at: "name") == name }
      if let container, mayRestart(container, spec, exitCode: ended.integer(at: "exitCode")) { continue }
      forbidden(path[index]["state"], "may not be transitioned to non-terminated state")
    }
  }

  private func mayRestart(_ container: JSON, _ spec: JSON, exitCode: Int64) -> Bool {
    for rule in container.list(at: "restartPolicyRules") {
      let codes = rule["exitCodes"] ?? .null
      let isNamed = codes.list(at: "values").contains { $0.integer == exitCode }
      if isNamed == (codes.text(at: "operator") == "In") { return true }
    }
    switch container.optionalText(at: "restartPolicy") ?? spec.text(at: "restartPolicy") {
    case "Always": return true
    case "OnFailure": return exitCode != 0
    default: return false
    }
  }

  private mutating func claimStatuses(_ statuses: [JSON], _ spec: JSON, _ path: FieldPath) {
    let claims = Set(spec.list(at: "resourceClaims").map { $0.text(at: "name") })
    var names: Set<String> = []
    for (index, status) in statuses.enumerated() {
      let name = status.text(at: "name")
      if !claims.contains(name) {
        invalid(path[index]["name"], name, "must match the name of an entry in `spec.resourceClaims`")
      }
      if !names.insert(name).inserted { duplicate(path[index]["name"], name) }
      if let claim = status.optionalText(at: "resourceClaimName") {
        subdomain(claim, path[index]["resourceClaimName"])
      }
    }
  }

  private mutating func addresses(_ status: JSON, _ oldStatus: JSON, _ field: String, _ path: FieldPath) {
    let addresses = status.list(at: field).map { $0.text(at: "ip") }
    let known = oldStatus.list(at: field).map { $0.text(at: "ip") }
    for (index, address) in addresses.enumerated() {
      self.address(address, path[field][index], tolerated: known)
    }
    guard addresses.count > 1 else { return }
    let families = Set(addresses.compactMap { NetworkAddress($0)?.isIPv6 })
    if families.count < 2 || addresses.count > 2 {
      let shown = addresses.map { "{\"IP\":" + MessageText.jsonString($0) + "}" }.joined(separator: ",")
      invalid(path[field], shown: "[" + shown + "]", "may specify no more than one IP for each IP family")
    }
  }

  /// A pod to be bound to a node.
  mutating func binding(_ binding: JSON) {
    let target = binding["target"] ?? .null
    let kind = target.text(at: "kind")
    if !kind.isEmpty, kind != "Node" { notSupported(FieldPath("target", "kind"), kind, ["Node", "<empty>"]) }
    requiredText(target.text(at: "name"), FieldPath("target", "name"))
  }
}
