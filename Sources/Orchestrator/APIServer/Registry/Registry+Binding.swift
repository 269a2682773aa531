import Exchange
import Objects

extension Registry {
  /// Gives a pod its node: what creating a `Binding` comes to.
  func bind(
    _ target: Target, _ body: RequestBody, _ context: WriteContext
  ) async throws(StatusError) -> WriteResult {
    let decoder = try BodyDecoder(group: "", version: "v1", kind: "Binding", context.fieldValidation)
    var (binding, warnings) = try decoder.object(body)
    try ObjectIdentity.enterNamespace(&binding, of: target)
    if !target.name.isEmpty, target.name != binding.objectName {
      throw .badRequest("name in URL does not match name in Binding object")
    }
    var request = AdmissionRequest(
      operation: .create, resource: target.resource, subresource: target.subresource,
      namespace: target.namespace, name: binding.objectName, object: binding,
      options: context.options("CreateOptions"), user: context.user, dryRun: context.dryRun)
    if !admission.isEmpty {
      try await admit(&request)
      binding = request.object ?? binding
    }
    let errors = Validation.validate(binding: binding)
    guard errors.isEmpty else {
      throw .invalid(errors, group: "", kind: "Binding", name: binding.objectName)
    }
    if !admission.isEmpty {
      request.object = binding
      try await validate(request)
    }
    let pod = Target(
      try Self.builtIn("", "v1", "pods"), namespace: target.namespace, name: binding.objectName)
    let (final, now) = (binding, environment.now())
    _ = try await amend(pod, dryRun: context.dryRun) { live throws(StatusError) in
      try PodBinding.bound(live, by: final, pod, at: now)
    }
    return WriteResult(object: Self.success(code: 201), created: true, warnings: warnings)
  }
}

/// What a binding does to a pod. Pure.
enum PodBinding {
  /// The pod with the node of the binding.
  /// - Throws: 409 if it cannot be bound.
  static func bound(
    _ live: JSON, by binding: JSON, _ target: Target, at time: Timestamp
  ) throws(StatusError) -> JSON {
    try check(live, binding, target)
    var pod = live
    pod["spec", "nodeName"] = binding["target"]?["name"]
    pod["status", "nominatedNodeName"] = nil
    for member in binding["metadata"]?["annotations"]?.object ?? [:] {
      pod["metadata", "annotations", member.key] = member.value
    }
    for member in binding["metadata"]?["labels"]?.object ?? [:] {
      if pod["metadata", "labels", member.key] == nil { pod["metadata", "labels", member.key] = member.value }
    }
    PodConditions.set("PodScheduled", status: "True", on: &pod, at: time)
    return pod
  }

  private static func check(_ live: JSON, _ binding: JSON, _ target: Target) throws(StatusError) {
    let name = live.objectName
    if !binding.uid.isEmpty, binding.uid != live.uid {
      throw .conflict(
        target.resource, name: name,
        Precondition.failure("UID", binding.uid, live.uid, of: target))
    }
    if !binding.resourceVersion.isEmpty, binding.resourceVersion != live.resourceVersion {
      throw .conflict(
        target.resource, name: name,
        Precondition.failure(
          "ResourceVersion", binding.resourceVersion, live.resourceVersion, of: target))
    }
    if live.isDeleting {
      throw conflict(name, "pod \(name) is being deleted, cannot be assigned to a host")
    }
    if let node = live["spec"]?["nodeName"]?.string, !node.isEmpty {
      throw conflict(name, "pod \(name) is already assigned to node \"\(node)\"")
    }
    if let gates = live["spec"]?["schedulingGates"]?.array, !gates.isEmpty {
      throw conflict(name, "pod \(name) has non-empty .spec.schedulingGates")
    }
  }

  /// These conflicts name the subresource.
  private static func conflict(_ name: String, _ problem: String) -> StatusError {
    StatusError(
      code: 409, reason: "Conflict",
      message: "Operation cannot be fulfilled on pods/binding \"\(name)\": \(problem)",
      details: ["name": .string(name), "kind": "pods/binding"])
  }
}
