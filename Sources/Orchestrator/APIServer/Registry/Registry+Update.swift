public import Exchange
import Objects

extension Registry {
  /// Replaces an object, or through a subresource a part of it.
  /// - Throws: 409 if the body names a version or a uid that the object does not have.
  public func update(
    _ target: Target, _ body: RequestBody, _ context: WriteContext
  ) async throws(StatusError) -> WriteResult {
    if target.subresource == "scale" { return try await updateScale(target, body, context) }
    let route = try UpdateRoute(target)
    let kind = try ResourceKind(target.resource)
    var (object, warnings) = try BodyDecoder(kind, context.fieldValidation).object(body)
    try ObjectIdentity.enterNamespace(&object, of: target)
    try ObjectIdentity.checkName(object, of: target)
    let manager = kind.fieldManager(subresource: target.subresource)
    let (new, name, time) = (object, context.manager, environment.now())
    var update = ObjectUpdate(kind: kind, target: target, route: route, context: context) {
      (manager.recordUpdate(live: $0, new: new, manager: name, time: time), [])
    }
    update.uid = object.uid
    var result = try await run(update)
    result.warnings = warnings + result.warnings
    return result
  }
}
