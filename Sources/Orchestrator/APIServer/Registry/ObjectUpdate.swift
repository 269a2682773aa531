import Exchange
import Objects
import Storage

/// A change of one object, which is computed anew for each state of the object that is met until one is stored.
struct ObjectUpdate: Sendable {
  /// What an object is to become, and what to warn of; decoded, with defaults and the owners of its fields.
  typealias Make = @Sendable (_ live: JSON?) throws(StatusError) -> (object: JSON, warnings: [String])

  let kind: ResourceKind
  let target: Target
  let route: UpdateRoute
  let context: WriteContext
  /// The object must have this uid; empty for any.
  var uid = ""
  /// Whether the object is made if it is not there, even if its kind does not provide for that.
  var forcesCreate = false
  /// How the object looks through the `scale` subresource, if it is written through that.
  var scale: ScaleView?
  let make: Make

  /// Whether an object that is not there is made.
  var mayCreate: Bool {
    target.subresource.isEmpty && (forcesCreate || kind.strategy.allowsCreateOnUpdate)
  }
}

extension Registry {
  private enum Attempt {
    case done(WriteResult)
    /// Somebody else wrote; this is there now.
    case changed(StoredObject?)
  }

  /// Reads, changes and stores, until nobody has written in between.
  func run(_ update: ObjectUpdate) async throws(StatusError) -> WriteResult {
    let store = stores[update.target.resource]
    var current = try await store.get(update.target.objectName)
    for _ in 0..<environment.limits.writeAttempts {
      let attempt =
        if let current { try await replace(current, update) } else { try await createMissing(update) }
      switch attempt {
      case .done(let result): return result
      case .changed(let now): current = now
      }
    }
    throw .modified(update.target.resource, name: update.target.name)
  }

  // MARK: Objects that are not there

  private func createMissing(_ update: ObjectUpdate) async throws(StatusError) -> Attempt {
    let target = update.target
    guard update.mayCreate else { throw .notFound(target.resource, name: target.name) }
    try Self.checkUID(update.uid, of: "", target)
    var (object, warnings) = try update.make(nil)
    try await authorizeCreation(target, update.context.user)
    // Whatever version it names, there is none.
    object["metadata", "resourceVersion"] = nil
    do {
      var result = try await create(update.kind, target, object, update.context)
      result.warnings = warnings + result.warnings
      return .done(result)
    } catch {
      guard error.isAlreadyExists, let current = try await stores[target.resource].get(target.objectName)
      else { throw error }
      return .changed(current)
    }
  }

  /// Making an object by an update takes the right to create it, too.
  private func authorizeCreation(_ target: Target, _ user: UserInfo) async throws(StatusError) {
    let answer = await authorizer.mayWrite(
      user, verb: "create", resource: target.resource, subresource: "", namespace: target.namespace,
      name: target.name)
    guard !answer.isAllowed else { return }
    let place =
      target.namespace.isEmpty ? "at the cluster scope" : "in the namespace \"\(target.namespace)\""
    var problem =
      "User \"\(user.name)\" cannot create resource \"\(target.resource.resource)\" in API group "
      + "\"\(target.resource.group)\" \(place)"
    if !answer.reason.isEmpty { problem += ": " + answer.reason }
    throw .forbidden(target.resource, name: target.name, problem)
  }

  // MARK: Objects that are there

  private func replace(_ current: StoredObject, _ update: ObjectUpdate) async throws(StatusError) -> Attempt {
    let (target, context) = (update.target, update.context)
    let live = current.json
    try Self.checkUID(update.uid, of: live.uid, target)
    var (new, warnings) = try update.make(live)
    if !admission.isEmpty {
      var request = try Self.request(update, object: new, old: live)
      try await admit(&request)
      if let admitted = request.object {
        if let scale = update.scale { scale.write(admitted, to: &new) } else { new = admitted }
      }
    }
    if let warning = ObjectIdentity.dropRepeatedOwners(&new) { warnings.append(warning) }
    try checkVersion(of: new, current, update)
    update.route.prepare(&new, from: live, kind: update.kind, write: write(by: context))
    new["metadata", "resourceVersion"] = live["metadata", "resourceVersion"]
    var pending = PendingHooks()
    // Through a subresource nothing changes that hooks care for.
    if !hooks.isEmpty, target.subresource.isEmpty {
      pending = try await callHooks(&new, old: live, resource: target.resource, dryRun: context.dryRun)
    }
    do {
      let attempt = try await store(new, over: current, update, warnings)
      if case .done = attempt, !context.dryRun { await pending.commit() } else { await pending.undo() }
      return attempt
    } catch {
      await pending.undo(after: error)
      throw error
    }
  }

  /// Stores the object if all rules let it pass.
  private func store(
    _ prepared: JSON, over current: StoredObject, _ update: ObjectUpdate, _ warnings: [String]
  ) async throws(StatusError) -> Attempt {
    let (kind, target, context) = (update.kind, update.target, update.context)
    let live = current.json
    let errors = update.route.errors(prepared, old: live, kind: kind)
    guard errors.isEmpty else { throw kind.invalid(errors, name: target.name) }
    if !admission.isEmpty { try await validate(try Self.request(update, object: prepared, old: live)) }
    if Self.isReadyToGo(prepared, kind) { return try await remove(current, as: prepared, update, warnings) }
    let new = FieldManager.keepingTimes(of: live, in: prepared)
    if new == live { return .done(WriteResult(stored: current, warnings: warnings)) }
    if context.dryRun { return .done(WriteResult(object: new, warnings: warnings)) }
    let outcome = try await stores[target.resource].update(
      new, target.objectName, expecting: current.revision, lease: try await lease(for: kind))
    return switch outcome {
    case .stored(let stored): .done(WriteResult(stored: stored, warnings: warnings))
    case .changed(let now): .changed(now)
    }
  }

  /// A deleted object whose last finalizer a write takes away goes, instead of being stored.
  private func remove(
    _ current: StoredObject, as new: JSON, _ update: ObjectUpdate, _ warnings: [String]
  ) async throws(StatusError) -> Attempt {
    if !update.context.dryRun {
      let resource = update.target.resource
      let outcome = try await stores[resource].delete(
        update.target.objectName, last: current)
      if case .changed(let now) = outcome { return .changed(now) }
      await callHooks(deleted: new, resource: resource)
    }
    return .done(WriteResult(object: new, warnings: warnings))
  }

  /// Whether nothing holds a deleted object any more. A namespace has finalizers in its spec as well.
  static func isReadyToGo(_ object: JSON, _ kind: ResourceKind) -> Bool {
    guard ObjectMetadata.isReadyToGo(object) else { return false }
    return !kind.isNamespace || (object["spec"]?["finalizers"]?.array ?? []).isEmpty
  }

  private static func request(
    _ update: ObjectUpdate, object: JSON, old: JSON
  ) throws(StatusError) -> AdmissionRequest {
    var (object, old) = (object, old)
    if let scale = update.scale { (object, old) = (try scale.scale(of: object), try scale.scale(of: old)) }
    return AdmissionRequest(
      operation: .update, resource: update.target.resource, subresource: update.target.subresource,
      namespace: update.kind.isNamespace ? update.target.name : update.target.namespace,
      name: update.target.name, object: object, old: old, options: update.context.options("UpdateOptions"),
      user: update.context.user, dryRun: update.context.dryRun)
  }

  // MARK: Preconditions

  /// - Throws: 409 if the object is not the one that the writer means.
  private static func checkUID(_ expected: String, of live: String, _ target: Target) throws(StatusError) {
    guard !expected.isEmpty, expected != live else { return }
    throw .conflict(
      target.resource, name: target.name,
      Precondition.failure("UID", expected, live, of: target))
  }

  /// - Throws: 409 if the writer has read another version than there is now.
  private func checkVersion(
    of new: JSON, _ current: StoredObject, _ update: ObjectUpdate
  ) throws(StatusError) {
    let text = new.resourceVersion
    guard let version = text.isEmpty ? 0 : UInt64(text) else {
      throw .badRequest("strconv.ParseUint: parsing \(JSON.string(text).text): invalid syntax")
    }
    let resource = update.target.resource
    if version == 0 {
      if update.kind.strategy.allowsUnconditionalUpdate { return }
      let error = FieldError.invalid(
        FieldPath("metadata", "resourceVersion"), 0, "must be specified for an update")
      throw .invalid([error], group: resource.group, kind: resource.resource, name: update.target.name)
    }
    guard version == UInt64(bitPattern: current.revision) else {
      throw .modified(resource, name: update.target.name)
    }
  }
}
