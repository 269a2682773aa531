public import Exchange
public import Objects

/// What has to be taken or given back elsewhere when an object is stored: the addresses and ports of services.
public protocol WriteHook: Sendable {
  /// Whether the hook has to do with objects of this resource.
  func handles(_ resource: Resource) -> Bool

  /// Called with what is about to be stored, admitted and prepared by its kind's strategy, before it is validated: what is
  /// filled in here is validated, too. `old` is nil for a creation. May be called again for one write, each time after `undo`. A dry run
  /// allocates nothing for good.
  /// - Returns: how to take it back if the object is not stored after all.
  func beforeStore(_ new: inout JSON, old: JSON?, resource: Resource, dryRun: Bool) async throws(StatusError)
    -> (any HookUndo)?

  /// Called when an object is gone from the store.
  func afterDelete(_ old: JSON, resource: Resource) async
}

/// What a hook has done for one write.
public protocol HookUndo: Sendable {
  /// The object was stored: what it does not use any more can go.
  func commit() async

  /// The object was not stored.
  func undo() async
}

extension HookUndo {
  /// Nothing to do.
  public func commit() async {}
}
