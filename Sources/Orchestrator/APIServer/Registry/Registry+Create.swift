public import Exchange
import Objects
import Storage

extension Registry {
  /// Makes an object, or does what creating a subresource stands for: `binding`, `eviction`, `token`.
  public func create(
    _ target: Target, _ body: RequestBody, _ context: WriteContext
  ) async throws(StatusError) -> WriteResult {
    if target.subresource.isEmpty { try target.checkNamespace() } else { try target.checkObject() }
    switch (target.resource.group, target.resource.resource, target.subresource) {
    case ("", "pods", "binding"), ("", "bindings", ""): return try await bind(target, body, context)
    case ("", "pods", "eviction"): return try await evict(target, body, context)
    case ("", "serviceaccounts", "token"): return try await issueToken(target, body, context)
    case (_, _, ""): break
    default: throw .methodNotAllowed
    }
    let kind = try ResourceKind(target.resource)
    var (object, warnings) = try BodyDecoder(kind, context.fieldValidation).object(body)
    try ObjectIdentity.enterNamespace(&object, of: target)
    if let warning = ObjectIdentity.dropRepeatedOwners(&object) { warnings.append(warning) }
    object = kind.fieldManager(subresource: "").recordUpdate(
      live: nil, new: object, manager: context.manager, time: environment.now())
    let stored = target.stored
    object = StoredVersion.stored(object, from: target.resource, live: nil)
    var result = try await create(try ResourceKind(stored.resource), stored, object, context)
    result.warnings = warnings + result.warnings
    return result.served(as: target.resource, stored: stored.resource)
  }

  /// Makes an object that is decoded, has its defaults, and whose fields have their owners.
  func create(
    _ kind: ResourceKind, _ target: Target, _ object: JSON, _ context: WriteContext
  ) async throws(StatusError) -> WriteResult {
    var request = AdmissionRequest(
      operation: .create, resource: target.resource, namespace: target.namespace, name: object.objectName,
      object: object, options: context.options("CreateOptions"), user: context.user, dryRun: context.dryRun)
    // A namespace is its own.
    if kind.isNamespace { request.namespace = request.name }
    try await admit(&request)
    let admitted = request.object ?? object
    let generates = admitted.objectName.isEmpty && !generatedBase(of: admitted).isEmpty
    let attempts = generates ? environment.limits.generatedNames : 1
    for attempt in 1...max(1, attempts) {
      switch try await createOnce(kind, target, admitted, &request, context) {
      case .created(let result): return result
      case .exists(let name, let current):
        guard attempt >= attempts else { continue }
        throw Self.alreadyExists(kind, name: name, current: current, isGenerated: generates)
      }
    }
    throw .alreadyExists(kind.resource, name: target.name)
  }

  private func generatedBase(of object: JSON) -> String {
    object["metadata", "generateName"]?.string ?? ""
  }

  private enum Creation {
    case created(WriteResult)
    case exists(name: String, current: JSON)
  }

  /// Names the object, fills in what the server sets, and stores it if all rules let it pass.
  private func createOnce(
    _ kind: ResourceKind, _ target: Target, _ admitted: JSON, _ request: inout AdmissionRequest,
    _ context: WriteContext
  ) async throws(StatusError) -> Creation {
    var new = admitted
    if new.objectName.isEmpty, !generatedBase(of: new).isEmpty {
      new["metadata", "name"] = .string(
        ObjectMetadata.generatedName(base: generatedBase(of: new), suffix: environment.nameSuffix()))
    }
    kind.strategy.prepareForCreate(
      &new, uid: environment.uid(), namespace: target.resource.isNamespaced ? target.namespace : nil,
      write: write(by: context))
    var pending = PendingHooks()
    if !hooks.isEmpty {
      pending = try await callHooks(&new, old: nil, resource: target.resource, dryRun: context.dryRun)
    }
    do {
      let creation = try await store(new, kind, target, &request, context)
      if case .created = creation, !context.dryRun { await pending.commit() } else { await pending.undo() }
      return creation
    } catch {
      await pending.undo(after: error)
      throw error
    }
  }

  private func store(
    _ new: JSON, _ kind: ResourceKind, _ target: Target, _ request: inout AdmissionRequest,
    _ context: WriteContext
  ) async throws(StatusError) -> Creation {
    let errors = kind.errors(create: new)
    guard errors.isEmpty else { throw kind.invalid(errors, name: new.objectName) }
    request.name = new.objectName
    request.object = new
    try await validate(request)
    let store = stores[target.resource]
    let name = ObjectName(
      namespace: target.resource.isNamespaced ? target.namespace : "", name: new.objectName)
    if context.dryRun {
      if let current = try await store.get(name) {
        return .exists(name: name.name, current: current.json)
      }
      return .created(WriteResult(object: new, created: true))
    }
    guard Self.isUnversioned(new) else { throw Self.versionOnCreate }
    switch try await store.create(new, name, lease: try await lease(for: kind)) {
    case .stored(let stored): return .created(WriteResult(stored: stored, created: true))
    case .changed(let current): return .exists(name: name.name, current: current?.json ?? .null)
    }
  }

  private static func isUnversioned(_ object: JSON) -> Bool {
    // What is no number counts as none.
    (UInt64(object.resourceVersion) ?? 0) == 0
  }

  /// 400: the fault is the client's.
  static let versionOnCreate = StatusError.badRequest(
    "resourceVersion should not be set on objects to be created")

  private static func alreadyExists(
    _ kind: ResourceKind, name: String, current: JSON, isGenerated: Bool
  ) -> StatusError {
    var error = StatusError.alreadyExists(kind.resource, name: name)
    if isGenerated {
      error.status["message"] = .string(
        "\(kind.qualifiedKind) \"\(name)\" already exists, the server was not able to generate a unique name for the object"
      )
      error.status["details", "kind"] = .string(kind.resource.kind)
      error.status["details", "retryAfterSeconds"] = 1
    }
    if current.isDeleting {
      error.status["message"] = .string("object is being deleted: \(error.message)")
    }
    return error
  }
}
