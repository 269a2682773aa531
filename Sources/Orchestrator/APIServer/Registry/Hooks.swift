import Exchange
import Objects

/// What the hooks have done for one write that is not stored yet.
struct PendingHooks: Sendable {
  private var undos: [any HookUndo] = []

  mutating func add(_ undo: any HookUndo) { undos.append(undo) }

  func commit() async {
    for undo in undos { await undo.commit() }
  }

  func undo() async {
    for undo in undos.reversed() { await undo.undo() }
  }

  /// Undoes what was done for a write that failed. If the store did not answer, the object may be there after all: then
  /// all stays taken, since what is taken for nothing is found by a repair, and what is given twice does harm.
  func undo(after error: StatusError) async {
    if error.code == 503 || error.code == 504 { return }
    await undo()
  }
}

extension Registry {
  /// Calls the hooks for what is about to be stored. If one refuses, those before it are undone.
  func callHooks(
    _ new: inout JSON, old: JSON?, resource: Resource, dryRun: Bool
  ) async throws(StatusError) -> PendingHooks {
    var pending = PendingHooks()
    for hook in hooks where hook.handles(resource) {
      do {
        if let undo = try await hook.beforeStore(&new, old: old, resource: resource, dryRun: dryRun) {
          pending.add(undo)
        }
      } catch {
        await pending.undo()
        throw error
      }
    }
    return pending
  }

  /// Tells the hooks of an object that is gone.
  func callHooks(deleted old: JSON, resource: Resource) async {
    for hook in hooks where hook.handles(resource) { await hook.afterDelete(old, resource: resource) }
  }
}
