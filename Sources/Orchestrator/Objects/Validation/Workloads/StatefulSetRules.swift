// The rules for stateful sets.
extension Checker {
  mutating func statefulSet(_ statefulSet: JSON) {
    metadata(statefulSet, isNamespaced: true, .label)
    statefulSetSpecification(
      statefulSet["spec"] ?? .null, FieldPath("spec"), isUpdate: false, checksTemplate: true)
  }

  mutating func statefulSetUpdate(_ new: JSON, _ old: JSON) {
    metadataUpdate(new, old)
    let spec = new["spec"] ?? .null
    let oldSpec = old["spec"] ?? .null
    // A template that was never right does not stand in the way of other changes.
    var former = Checker()
    former.statefulSetSpecification(oldSpec, FieldPath("spec"), isUpdate: true, checksTemplate: true)
    statefulSetSpecification(spec, FieldPath("spec"), isUpdate: true, checksTemplate: former.errors.isEmpty)
    var compared = spec
    for field in [
      "replicas", "template", "updateStrategy", "minReadySeconds", "ordinals", "revisionHistoryLimit",
      "persistentVolumeClaimRetentionPolicy",
    ] {
      compared[field] = oldSpec[field]
    }
    if compared.meaningful != oldSpec.meaningful {
      forbidden(
        FieldPath("spec"),
        "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy',"
          + " 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
      )
    }
  }

  private mutating func statefulSetSpecification(
    _ spec: JSON, _ path: FieldPath, isUpdate: Bool, checksTemplate: Bool
  ) {
    let management = spec.text(at: "podManagementPolicy")
    if management.isEmpty {
      required(path["podManagementPolicy"])
    } else if !["OrderedReady", "Parallel"].contains(management) {
      invalid(path["podManagementPolicy"], management, "must be 'OrderedReady' or 'Parallel'")
    }
    statefulSetStrategy(spec["updateStrategy"] ?? .null, path["updateStrategy"])
    if let policy = spec.member(at: "persistentVolumeClaimRetentionPolicy") {
      for field in ["whenDeleted", "whenScaled"] where !["Retain", "Delete"].contains(policy.text(at: field))
      {
        notSupported(
          path["persistentVolumeClaimRetentionPolicy"][field], policy.text(at: field), ["Retain", "Delete"])
      }
    }
    let templates = spec.list(at: "volumeClaimTemplates")
    if !isUpdate {
      for (index, template) in templates.enumerated() {
        claimSpecification(template["spec"] ?? .null, path["volumeClaimTemplates"][index]["spec"])
      }
    }
    nonnegative(spec.optionalInteger(at: "replicas"), path["replicas"])
    nonnegative(spec.optionalInteger(at: "minReadySeconds"), path["minReadySeconds"])
    nonnegative(spec.member(at: "ordinals")?.integer(at: "start"), path["ordinals.start"])
    let service = spec.text(at: "serviceName")
    if !isUpdate, !service.isEmpty { label(service, path["serviceName"]) }
    requiredSelector(spec, path, emptyIsInvalidFor: "statefulset")
    if let selector = LabelMatcher(spec["selector"]) {
      let template = withClaims(spec["template"] ?? .null, templates)
      if !selector.isEmpty { templateMatches(selector, template, path["template"]) }
      if checksTemplate { podTemplate(template, path["template"]) }
      let metadata = template["metadata"] ?? .null
      labels(metadata.entries(at: "labels"), path["template"]["labels"])
      annotations(metadata.entries(at: "annotations"), path["template"]["annotations"])
      podAnnotations(
        metadata.entries(at: "annotations"), template["spec"] ?? .null, path["template"]["annotations"])
    } else {
      invalid(path["selector"], shown: selectorText(spec["selector"]), "")
    }
    alwaysRestarts(spec["template"] ?? .null, path["template"], "StatefulSet")
  }

  /// The template as the controller completes it: with a volume for each claim, and names of its own.
  private func withClaims(_ template: JSON, _ claims: [JSON]) -> JSON {
    var template = template
    for field in ["subdomain", "hostname"] where template["spec", field] != nil {
      template["spec", field] = nil
    }
    guard !claims.isEmpty else { return template }
    var names: Set<String> = []
    var volumes: [JSON] = []
    for claim in claims {
      let name = (claim["metadata"] ?? .null).text(at: "name")
      guard names.insert(name).inserted else { continue }
      volumes.append(["name": .string(name), "persistentVolumeClaim": ["claimName": .string(name)]])
    }
    for volume in (template["spec"] ?? .null).list(at: "volumes")
    where !names.contains(volume.text(at: "name")) {
      volumes.append(volume)
    }
    template["spec", "volumes"] = .array(volumes)
    return template
  }

  private mutating func statefulSetStrategy(_ strategy: JSON, _ path: FieldPath) {
    let rolling = strategy.member(at: "rollingUpdate")
    switch strategy.text(at: "type") {
    case "": required(path)
    case "OnDelete":
      guard let rolling else { return }
      invalid(
        path["rollingUpdate"], shown: GoForm.value(rolling, as: "RollingUpdateStatefulSet").compact,
        "only allowed for updateStrategy 'RollingUpdate'")
    case "RollingUpdate":
      guard let rolling else { return }
      let path = path["rollingUpdate"]
      nonnegative(rolling.optionalInteger(at: "partition"), path["partition"])
      guard let unavailable = rolling.member(at: "maxUnavailable") else { return }
      integerOrPercent(unavailable, path["maxUnavailable"])
      if Self.amount(unavailable) == 0 { invalid(path["maxUnavailable"], unavailable, "cannot be 0") }
      atMostAll(unavailable, path["maxUnavailable"])
    default:
      invalid(
        path, shown: GoForm.value(strategy, as: "StatefulSetUpdateStrategy").compact,
        "must be 'RollingUpdate' or 'OnDelete'")
    }
  }

  mutating func statefulSetStatusUpdate(_ new: JSON, _ old: JSON) {
    let path = FieldPath("status")
    let status = new["status"] ?? .null
    counts(
      status,
      [
        "replicas", "readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas",
        "observedGeneration", "collisionCount",
      ], path)
    replicaBounds(
      status, ["readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"], path,
      ready: "status.readyReplicas")
    metadataUpdate(new, old)
    collisionCount(status, old["status"] ?? .null, path)
  }
}
