public import Exchange
public import Objects
import Storage

extension Registry {
  /// Deletes an object, or has it deleted once nothing holds it any more.
  /// - Parameter options: `DeleteOptions`, from the body or the query; null for none.
  /// - Returns: the object while it lives on, and for some kinds at the end; else a Status of success.
  public func delete(
    _ target: Target, options: JSON, _ context: WriteContext
  ) async throws(StatusError) -> DeleteResult {
    guard target.subresource.isEmpty else { throw .methodNotAllowed }
    try target.checkObject()
    var parsed = try DeleteOptions(options)
    if context.dryRun { parsed.setDryRun() }
    let stored = target.stored
    var result = try await delete(stored, parsed, sent: options, context.user)
    if stored.resource.apiVersion != target.resource.apiVersion {
      result.object = StoredVersion.served(result.object, as: target.resource)
    }
    return result
  }

  private enum Attempt {
    case done(DeleteResult)
    case changed(StoredObject?)
  }

  /// - Parameter sent: the options as admission is to see them.
  func delete(
    _ target: Target, _ options: DeleteOptions, sent: JSON, _ user: UserInfo
  ) async throws(StatusError) -> DeleteResult {
    let kind = try ResourceKind(target.resource)
    let store = stores[target.resource]
    var options = options
    var current = try await store.get(target.objectName)
    for _ in 0..<environment.limits.writeAttempts {
      guard let object = current else { throw .notFound(target.resource, name: target.name) }
      let request = AdmissionRequest(
        operation: .delete, resource: target.resource,
        namespace: kind.isNamespace ? target.name : target.namespace, name: target.name, old: object.json,
        options: sent, user: user, dryRun: options.isDryRun)
      if !admission.isEmpty {
        var request = request
        try await admit(&request)
        try await validate(request)
      }
      let attempt =
        if kind.isNamespace {
          try await deleteNamespace(object, kind, target, &options)
        } else {
          try await attempt(object, kind, target, &options)
        }
      switch attempt {
      case .done(let result): return result
      case .changed(let now): current = now
      }
    }
    throw .modified(target.resource, name: target.name)
  }

  private func attempt(
    _ object: StoredObject, _ kind: ResourceKind, _ target: Target, _ options: inout DeleteOptions
  ) async throws(StatusError) -> Attempt {
    switch try DeleteStep(object.json, kind, options, now: environment.now()) {
    case .wait: return .done(lives(object.json, options))
    case .mark(let new):
      if options.isDryRun { return .done(lives(new, options)) }
      switch try await stores[target.resource].update(
        new, target.objectName, expecting: object.revision)
      {
      case .stored(let stored): return .done(lives(stored.json, options))
      case .changed(let now): return .changed(now)
      }
    case .markAndRemove(let new):
      if options.isDryRun { return .done(gone(new, kind)) }
      switch try await stores[target.resource].update(
        new, target.objectName, expecting: object.revision)
      {
      case .stored(let stored): return try await remove(stored, kind, target, &options)
      case .changed(let now): return .changed(now)
      }
    case .remove:
      if options.isDryRun { return .done(gone(object.json, kind)) }
      return try await remove(object, kind, target, &options)
    }
  }

  private func remove(
    _ object: StoredObject, _ kind: ResourceKind, _ target: Target, _ options: inout DeleteOptions
  ) async throws(StatusError) -> Attempt {
    switch try await stores[target.resource].delete(target.objectName, last: object) {
    case .stored(let last):
      await callHooks(deleted: last.json, resource: target.resource)
      return .done(gone(last.json, kind))
    case .changed(nil) where object.json.isDeleting:
      // Somebody else was faster after the deletion was stored.
      return .done(gone(object.json, kind))
    case .changed(let now):
      // The version that was named has been superseded by this deletion's own first step.
      if object.json.isDeleting, options.resourceVersion != nil { options.resourceVersion = nil }
      return .changed(now)
    }
  }

  // MARK: Namespaces

  private func deleteNamespace(
    _ object: StoredObject, _ kind: ResourceKind, _ target: Target, _ options: inout DeleteOptions
  ) async throws(StatusError) -> Attempt {
    try options.checkPreconditions(on: object.json, kind)
    if let new = NamespaceDeletion.terminating(object.json, options, now: environment.now()) {
      if options.isDryRun { return .done(lives(new, options)) }
      switch try await stores[target.resource].update(
        new, target.objectName, expecting: object.revision)
      {
      case .stored(let stored): return .done(lives(stored.json, options))
      case .changed(let now): return .changed(now)
      }
    }
    guard Self.isReadyToGo(object.json, kind) else { return .done(lives(object.json, options)) }
    if options.isDryRun { return .done(gone(object.json, kind)) }
    return try await remove(object, kind, target, &options)
  }

  // MARK: Answers

  private func lives(_ object: JSON, _ options: DeleteOptions) -> DeleteResult {
    // Only who asks in the old way is told by the code.
    DeleteResult(object: object, code: options.orphansDependents == false ? 202 : 200)
  }

  private func gone(_ object: JSON, _ kind: ResourceKind) -> DeleteResult {
    if kind.deletionAnswersObject { return DeleteResult(object: object) }
    var details: JSON = [
      "name": .string(object.objectName), "kind": .string(kind.resource.resource), "uid": .string(object.uid),
    ]
    if !kind.resource.group.isEmpty { details["group"] = .string(kind.resource.group) }
    return DeleteResult(object: Self.success(details: details))
  }

  /// A Status of success.
  static func success(details: JSON? = nil, code: Int64? = nil) -> JSON {
    var status: JSON = ["kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success"]
    if let details { status["details"] = details }
    if let code { status["code"] = .integer(code) }
    return status
  }
}
