import Client
import Exchange
import Objects

/// The writes that controllers of pods have in common, with the events that tell of them.
struct PodControl: Sendable {
  let context: ControllerContext
  let expectations: Expectations
  let index: ControlleeIndex
  /// The kind of the owners.
  let resource: Resource

  /// The objects of an owner, after taking those that it selects and letting go those that it no longer does.
  func claim(
    _ owner: JSON, _ controllees: Resource, selector: LabelRequirements, finalizer: String? = nil
  ) async throws(StatusError) -> [JSON] {
    let claims = Claims(of: owner, selector: selector, among: index.candidates(of: owner))
    var owned = claims.owned
    if !claims.adopt.isEmpty {
      // The cache may not know yet that the owner has been deleted, and made again under its name.
      let live = try await context.client.get(resource, namespace: owner.namespace, name: owner.name)
      guard live.uid == owner.uid, !live.isBeingDeleted else {
        throw StatusError.conflict(resource, name: owner.name, "the object has been deleted or made again")
      }
    }
    for object in claims.adopt {
      let patch = Claims.adoption(of: object, by: owner, resource, finalizer: finalizer)
      if let adopted = try await self.patch(controllees, object, patch) { owned.append(adopted) }
    }
    for object in claims.release {
      _ = try await patch(controllees, object, Claims.releasing(object, from: owner, finalizer: finalizer))
    }
    return owned
  }

  /// Patches an object; nil if it is gone, or another one has its name.
  func patch(_ controllees: Resource, _ object: JSON, _ patch: JSON) async throws(StatusError) -> JSON? {
    do {
      let answer = try await context.strategicPatch(controllees, object.key, patch)
      index.note(written: answer)
      return answer
    } catch {
      // An immutable uid that differs is an invalid change or a conflict.
      if error.isNotFound || error.isConflict || error.code == 422 { return nil }
      throw error
    }
  }

  /// Makes pods, a few at first.
  /// - Returns: how many were made, and why not all.
  func create(_ count: Int, for owner: JSON, _ pod: @escaping @Sendable (Int) -> JSON) async -> (
    succeeded: Int, failure: StatusError?
  ) {
    guard count > 0 else { return (0, nil) }
    let key = owner.key
    expectations.expect(key, creations: count, now: context.now())
    let context = self.context
    let resource = self.resource
    let result = await SlowStart.run(count) { (place) async throws(StatusError) in
      do throws(StatusError) {
        let made = try await context.create(.pods, pod(place))
        context.event(owner, resource, reason: "SuccessfulCreate", "Created pod: \(made.name)")
      } catch {
        // The namespace is going, and everything in it.
        if !error.isOfTerminatingNamespace {
          context.event(
            owner, resource, isWarning: true, reason: "FailedCreate", "Error creating: \(error.message)")
        }
        throw error
      }
    }
    if result.succeeded < count { expectations.created(key, count: count - result.succeeded) }
    if let failure = result.failure, failure.isOfTerminatingNamespace { return (result.succeeded, nil) }
    return result
  }

  /// Deletes pods.
  /// - Returns: why one could not be deleted.
  func delete(_ pods: [JSON], for owner: JSON) async -> StatusError? {
    guard !pods.isEmpty else { return nil }
    let key = owner.key
    expectations.expect(key, deletions: pods.map(\.uid), now: context.now())
    let context = self.context
    let resource = self.resource
    let expectations = self.expectations
    let result = await SlowStart.all(pods.indices) { (place) async throws(StatusError) in
      let pod = pods[place]
      do throws(StatusError) {
        try await context.delete(.pods, pod)
        context.event(owner, resource, reason: "SuccessfulDelete", "Deleted pod: \(pod.name)")
      } catch {
        expectations.deleted(key, uid: pod.uid)
        if error.isNotFound || error.isConflict { return }
        context.event(
          owner, resource, isWarning: true, reason: "FailedDelete", "Error deleting: \(error.message)")
        throw error
      }
    }
    return result.failure
  }
}

extension StatusError {
  /// Whether an object could not be made since its namespace is being deleted.
  var isOfTerminatingNamespace: Bool {
    (status["details", "causes"]?.array ?? []).contains { $0["reason"]?.string == "NamespaceTerminating" }
  }
}
