public import Exchange
import Objects

extension Registry {
  /// Replaces an object, or through a subresource a part of it.
  /// - Throws: 409 if the body names a version or a uid that the object does not have.
  public func update(
    _ target: Target, _ body: RequestBody, _ context: WriteContext
  ) async throws(StatusError) -> WriteResult {
    try target.checkObject()
    if target.subresource == "scale" { return try await updateScale(target, body, context) }
    let route = try UpdateRoute(target)
    let kind = try ResourceKind(target.resource)
    var (object, warnings) = try BodyDecoder(kind, context.fieldValidation).object(body)
    try ObjectIdentity.enterNamespace(&object, of: target)
    try ObjectIdentity.checkName(object, of: target)
    let manager = kind.fieldManager(subresource: target.subresource)
    let (new, name, time) = (object, context.manager, environment.now())
    let (stored, resource) = (target.stored, target.resource)
    var update = ObjectUpdate(
      kind: try ResourceKind(stored.resource), target: stored, route: route, context: context
    ) { live throws(StatusError) in
      let served = live.map { StoredVersion.served($0, as: resource) }
      let owned = manager.recordUpdate(live: served, new: new, manager: name, time: time)
      return (StoredVersion.stored(owned, from: resource, live: live), [])
    }
    update.uid = object.uid
    var result = try await run(update)
    result.warnings = warnings + result.warnings
    return result.served(as: resource, stored: stored.resource)
  }
}
