public import Exchange
import Objects

extension Registry {
  /// Changes an object, or through a subresource a part of it; an apply makes an object that is not there.
  /// - Throws: 409 if the patch names a version that the object does not have, or an apply meets fields that others own.
  public func patch(
    _ target: Target, _ patch: PatchKind, _ body: RequestBody, _ context: WriteContext
  ) async throws(StatusError) -> WriteResult {
    try target.checkObject()
    if target.subresource == "scale" { return try await patchScale(target, patch, body, context) }
    let route = try UpdateRoute(target)
    let kind = try ResourceKind(target.resource)
    let change = try ObjectPatch(
      patch, body, decoder: BodyDecoder(kind, context.fieldValidation),
      manager: kind.fieldManager(subresource: target.subresource), target: target, context: context,
      time: environment.now())
    let (stored, resource) = (target.stored, target.resource)
    var update = ObjectUpdate(
      kind: try ResourceKind(stored.resource), target: stored, route: route, context: context
    ) { live throws(StatusError) in
      let (object, warnings) = try change.applied(to: live.map { StoredVersion.served($0, as: resource) })
      return (StoredVersion.stored(object, from: resource, live: live), warnings)
    }
    update.forcesCreate = patch == .apply
    return try await run(update).served(as: resource, stored: stored.resource)
  }
}
