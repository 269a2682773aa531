import Exchange
import Objects
import Storage

extension Registry {
  /// Deletes a pod if its disruption budget allows: what creating an `Eviction` comes to.
  func evict(
    _ target: Target, _ body: RequestBody, _ context: WriteContext
  ) async throws(StatusError) -> WriteResult {
    let decoder = try BodyDecoder(
      group: "policy", version: "v1", kind: "Eviction", context.fieldValidation)
    var (eviction, warnings) = try decoder.object(body)
    try ObjectIdentity.enterNamespace(&eviction, of: target)
    guard eviction.objectName == target.name else {
      throw .badRequest("name in URL does not match name in Eviction object")
    }
    let request = AdmissionRequest(
      operation: .create, resource: target.resource, subresource: target.subresource,
      namespace: target.namespace, name: target.name, object: eviction,
      options: context.options("CreateOptions"), user: context.user, dryRun: context.dryRun)
    if !admission.isEmpty {
      var admitted = request
      try await admit(&admitted)
      try await validate(admitted)
    }
    let sent = eviction["deleteOptions"] ?? [:]
    var options = try DeleteOptions(sent)
    if context.dryRun { options.setDryRun() }
    let pod = Target(target.resource, namespace: target.namespace, name: target.name)
    try await evict(pod, options, sent, context.user)
    return WriteResult(object: Self.success(code: 201), created: true, warnings: warnings)
  }

  private func evict(
    _ pod: Target, _ options: DeleteOptions, _ sent: JSON, _ user: UserInfo
  ) async throws(StatusError) {
    for _ in 0..<environment.limits.writeAttempts {
      guard let stored = try await stores[pod.resource].get(pod.objectName) else {
        throw .notFound(pod.resource, name: pod.name)
      }
      try options.checkPreconditions(on: stored.json, try ResourceKind(pod.resource))
      let isPinned = try await countDisruption(of: stored.json, pod, isDryRun: options.isDryRun)
      do {
        try await remove(pod, stored.json, options, sent, user, isPinned: isPinned)
        return
      } catch {
        // A pod that changed may be one that counts now.
        guard isPinned, error.isConflict, options.resourceVersion == nil else { throw error }
      }
    }
    throw .modified(pod.resource, name: pod.name)
  }

  /// Takes the eviction of a pod from its budget.
  /// - Returns: whether it was not taken because of what the pod is now.
  private func countDisruption(
    of live: JSON, _ pod: Target, isDryRun: Bool
  ) async throws(StatusError) -> Bool {
    if DisruptionCheck.isExempt(live) { return true }
    let resource = try Self.builtIn("policy", "v1", "poddisruptionbudgets")
    let labels = live["metadata"]?["labels"]
    let budgets = try await list(resource, namespace: pod.namespace).filter { budget in
      // One whose selector cannot be read covers nothing.
      guard let selector = budget["spec"]?["selector"],
        let requirements = try? LabelRequirements(selector: selector)
      else { return false }
      return requirements.matches(labels)
    }
    guard let budget = budgets.first else { return false }
    if budgets.count > 1 {
      throw StatusError(
        code: 500, reason: "InternalError",
        message: "This pod has more than one PodDisruptionBudget, which the eviction subresource does not "
          + "support.")
    }
    if DisruptionCheck.allowsUnready(live, budget) { return true }
    let target = Target(resource, namespace: pod.namespace, name: budget.objectName)
    let now = environment.now()
    _ = try await amend(target, dryRun: isDryRun) { budget throws(StatusError) in
      try DisruptionCheck.decremented(budget, pod: pod.name, resource: resource, at: now)
    }
    return false
  }

  private func remove(
    _ pod: Target, _ live: JSON, _ options: DeleteOptions, _ sent: JSON, _ user: UserInfo, isPinned: Bool
  ) async throws(StatusError) {
    var options = options
    if !options.isDryRun {
      // Why it goes is noted before, for those who look after the pods of a workload.
      let (version, uid, now) = (live.resourceVersion, live.uid, environment.now())
      let requested = options.resourceVersion
      let marked = try await amend(pod, dryRun: false) { current throws(StatusError) in
        guard current.uid == uid, !isPinned && requested == nil || current.resourceVersion == version
        else { throw .modified(pod.resource, name: pod.name) }
        var new = current
        PodConditions.set(
          "DisruptionTarget", status: "True", reason: "EvictionByEvictionAPI",
          message: "Eviction API: evicting", on: &new, at: now)
        return new
      }
      if requested != nil || isPinned { options.resourceVersion = marked.resourceVersion }
    } else if isPinned {
      options.resourceVersion = live.resourceVersion
    }
    if options.uid == nil { options.uid = live.uid }
    _ = try await delete(pod, options, sent: sent, user)
  }
}
