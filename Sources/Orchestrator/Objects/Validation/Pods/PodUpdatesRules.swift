// The rules for changes to pods.
extension Checker {
  mutating func podUpdate(_ new: JSON, _ old: JSON) {
    metadataUpdate(new, old)
    podMetadataAndSpecification(new)
    podAnnotationsUpdate(new, old)
    let path = FieldPath("spec")
    let newSpec = new["spec"] ?? .null
    let oldSpec = old["spec"] ?? .null
    for kind in ["containers", "initContainers"] {
      let containers = newSpec.list(at: kind)
      if containers.count != oldSpec.list(at: kind).count {
        return forbidden(path[kind], "pod updates may not add or remove containers")
      }
      for (index, container) in containers.enumerated() {
        requiredText(container.text(at: "image"), path[kind][index]["image"])
        unpaddedImage(container, path[kind][index])
      }
    }
    guard activeDeadlineUpdate(newSpec, oldSpec, path["activeDeadlineSeconds"]) else { return }
    tolerationsUpdate(newSpec.list(at: "tolerations"), oldSpec.list(at: "tolerations"), path["tolerations"])
    schedulingGatesUpdate(newSpec, oldSpec, path["schedulingGates"])
    var comparedSpec = changeable(newSpec, asIn: oldSpec)
    if !oldSpec.list(at: "schedulingGates").isEmpty { gatedPodUpdate(&comparedSpec, oldSpec, path) }
    let newForm = PodForm.specification(comparedSpec)
    let oldForm = PodForm.specification(oldSpec)
    guard newForm.comparable != oldForm.comparable else { return }
    let difference = LineDifference(old: oldForm.lines, new: newForm.lines).unified()
    forbidden(
      path,
      "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
        + "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
        + "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n"
        + difference)
  }

  /// The new specification with the old values of what may change.
  private func changeable(_ new: JSON, asIn old: JSON) -> JSON {
    var result = new
    for kind in ["containers", "initContainers"] {
      guard var containers = new[kind]?.array else { continue }
      let previous = old.list(at: kind)
      for index in containers.indices where index < previous.count {
        containers[index]["image"] = previous[index]["image"]
      }
      result[kind] = .array(containers)
    }
    for field in ["activeDeadlineSeconds", "schedulingGates", "tolerations"] { result[field] = old[field] }
    let field = "terminationGracePeriodSeconds"
    if old.integer(at: field) < 0, new.optionalInteger(at: field) == 1 { result[field] = old[field] }
    return result
  }

  /// Says whether the checks go on.
  private mutating func activeDeadlineUpdate(_ new: JSON, _ old: JSON, _ path: FieldPath) -> Bool {
    let oldDeadline = old.optionalInteger(at: "activeDeadlineSeconds")
    guard let deadline = new.optionalInteger(at: "activeDeadlineSeconds") else {
      if oldDeadline != nil { invalid(path, nil, "must not update from a positive integer to nil value") }
      return true
    }
    if !(0...2_147_483_647).contains(deadline) {
      invalid(path, deadline, ValueFormats.inclusiveRange(0, 2_147_483_647))
      return false
    }
    if let oldDeadline, oldDeadline < deadline {
      invalid(path, deadline, "must be less than or equal to previous value")
      return false
    }
    return true
  }

  private mutating func tolerationsUpdate(_ new: [JSON], _ old: [JSON], _ path: FieldPath) {
    func withoutSeconds(_ toleration: JSON) -> JSON {
      var result = toleration
      result["tolerationSeconds"] = nil
      return result
    }
    let kept = Set(new.map(withoutSeconds))
    if old.contains(where: { !kept.contains(withoutSeconds($0)) }) {
      return forbidden(path, "existing toleration can not be modified except its tolerationSeconds")
    }
    tolerations(new, path)
  }

  private mutating func schedulingGatesUpdate(_ new: JSON, _ old: JSON, _ path: FieldPath) {
    let known = Set(old.list(at: "schedulingGates").map { $0.text(at: "name") })
    for (index, gate) in new.list(at: "schedulingGates").enumerated() {
      let name = gate.text(at: "name")
      if !known.contains(name) {
        forbidden(path[index]["name"], "only deletion is allowed, but found new scheduling gate '\(name)'")
      }
    }
  }

  /// A gated pod may be narrowed to fewer nodes. What was allowed is made equal to the old specification.
  private mutating func gatedPodUpdate(_ spec: inout JSON, _ old: JSON, _ path: FieldPath) {
    let oldLabels = old.entries(at: "nodeSelector")
    let newLabels = spec.entries(at: "nodeSelector")
    if newLabels != oldLabels {
      if oldLabels.contains(where: { newLabels[$0.key] != $0.value }) {
        invalid(
          path["nodeSelector"], spec["nodeSelector"],
          "only additions to spec.nodeSelector are allowed (no mutations or deletions)")
      }
      spec["nodeSelector"] = old["nodeSelector"]
    }
    let oldAffinity = old["affinity", "nodeAffinity"]
    guard (spec["affinity", "nodeAffinity"] ?? .null).meaningful != (oldAffinity ?? .null).meaningful else {
      return
    }
    nodeAffinityUpdate(
      spec["affinity", "nodeAffinity"] ?? .null, oldAffinity ?? .null, path["affinity"]["nodeAffinity"])
    let hasOthers =
      spec["affinity", "podAffinity"]?.isNull == false || spec["affinity", "podAntiAffinity"]?.isNull == false
    if old.member(at: "affinity") == nil, !hasOthers {
      spec["affinity"] = nil
    } else {
      spec["affinity", "nodeAffinity"] = oldAffinity
    }
  }

  private mutating func nodeAffinityUpdate(_ new: JSON, _ old: JSON, _ path: FieldPath) {
    let field = "requiredDuringSchedulingIgnoredDuringExecution"
    let path = path[field]["nodeSelectorTerms"]
    let oldTerms = (old[field] ?? .null).list(at: "nodeSelectorTerms")
    let newTerms = (new[field] ?? .null).list(at: "nodeSelectorTerms")
    if oldTerms.isEmpty { return }
    if oldTerms.count != newTerms.count {
      return invalid(
        path,
        shown: newTerms.isEmpty ? "null" : GoForm.list(.array(newTerms), of: "NodeSelectorTerm").compact,
        "no additions/deletions to non-empty NodeSelectorTerms list are allowed")
    }
    for (index, (newTerm, oldTerm)) in zip(newTerms, oldTerms).enumerated() {
      let fields = ["matchExpressions", "matchFields"]
      let wasEmpty = fields.allSatisfy { oldTerm.list(at: $0).isEmpty }
      let isEmpty = fields.allSatisfy { newTerm.list(at: $0).isEmpty }
      let keepsAll = fields.allSatisfy { newTerm.list(at: $0).starts(with: oldTerm.list(at: $0)) }
      if wasEmpty && !isEmpty || !keepsAll {
        invalid(
          path[index], shown: GoForm.value(newTerm, as: "NodeSelectorTerm").compact,
          "only additions are allowed (no mutations or deletions)")
      }
    }
  }

  /// A change through `pods/ephemeralcontainers`.
  mutating func ephemeralContainersUpdate(_ new: JSON, _ old: JSON) {
    if (old["metadata"] ?? .null).entries(at: "annotations")[mirrorPodAnnotation] != nil {
      return forbidden(FieldPath(""), "static pods do not support ephemeral containers")
    }
    metadataUpdate(new, old)
    podMetadataAndSpecification(new)
    podAnnotationsUpdate(new, old)
    let path = FieldPath("spec", "ephemeralContainers")
    var byName: [String: JSON] = [:]
    for container in (new["spec"] ?? .null).list(at: "ephemeralContainers") {
      byName[container.text(at: "name")] = container
    }
    for container in (old["spec"] ?? .null).list(at: "ephemeralContainers") {
      let name = container.text(at: "name")
      guard let kept = byName[name] else {
        forbidden(path, "existing ephemeral containers \(MessageText.quoted(name)) may not be removed\n")
        continue
      }
      let newForm = GoForm.value(kept, as: "EphemeralContainer")
      let oldForm = GoForm.value(container, as: "EphemeralContainer")
      guard newForm.comparable != oldForm.comparable else { continue }
      let difference = LineDifference(old: oldForm.lines, new: newForm.lines).unified()
      forbidden(
        path, "existing ephemeral containers \(MessageText.quoted(name)) may not be changed\n" + difference)
    }
  }
}

/// The internal form of a pod's specification, which keeps the use of the host's namespaces in the security context.
enum PodForm {
  static func specification(_ spec: JSON) -> GoForm.Value { GoForm.value(moved(spec), as: "PodSpec") }

  static func template(_ template: JSON) -> GoForm.Value {
    var template = template
    template["spec"] = moved(template["spec"] ?? .null)
    return GoForm.value(template, as: "PodTemplateSpec")
  }

  private static func moved(_ spec: JSON) -> JSON {
    var spec = spec
    var context = spec["securityContext"] ?? .null
    if context.isNull { context = [:] }
    for field in ["hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers"] {
      context[field] = spec[field]
    }
    spec["securityContext"] = context
    if spec.text(at: "serviceAccountName").isEmpty { spec["serviceAccountName"] = spec["serviceAccount"] }
    return spec
  }
}
