public import Exchange
public import Objects
public import Storage
import Synchronization

extension Registry {
  /// Deletes all objects that match a query, some at a time.
  /// - Returns: the list of those that matched, as they were.
  /// - Throws: what the first deletion that failed threw; objects that go meanwhile are no failure.
  public func deleteCollection(
    _ resource: Resource, _ query: ListQuery, options: JSON, _ context: WriteContext
  ) async throws(StatusError) -> JSON {
    var parsed = try DeleteOptions(options)
    if context.dryRun { parsed.setDryRun() }
    let storedResource = StoredVersion.of(resource)
    let (objects, revision) = try await matching(storedResource, query)
    let targets = objects.map {
      Target(
        storedResource, namespace: $0["metadata"]?["namespace"]?.string ?? "", name: $0.objectName)
    }
    try await deleteAll(targets, parsed, sent: options, context.user)
    var metadata: JSON = [:]
    if revision > 0 { metadata["resourceVersion"] = .string(String(revision)) }
    let items = objects.map { object -> JSON in
      // Items of a list do not say what they are.
      var item = StoredVersion.served(object, as: resource)
      item["kind"] = nil
      item["apiVersion"] = nil
      return item
    }
    return [
      "kind": .string(resource.kind + "List"), "apiVersion": .string(resource.apiVersion),
      "metadata": metadata, "items": .array(items),
    ]
  }

  private func matching(
    _ resource: Resource, _ query: ListQuery
  ) async throws(StatusError) -> (objects: [JSON], revision: Int64) {
    var query = query
    if query.limit == 0 { query.limit = environment.limits.page }
    var objects: [JSON] = []
    while true {
      let page = try await stores[resource].list(query)
      objects += page.items.map(\.json)
      if page.continueToken.isEmpty { return (objects, page.revision) }
      query.continueToken = page.continueToken
    }
  }

  private func deleteAll(
    _ targets: [Target], _ options: DeleteOptions, sent: JSON, _ user: UserInfo
  ) async throws(StatusError) {
    let work = DeletionWork()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<min(environment.limits.parallelDeletions, targets.count) {
        group.addTask {
          while !Task.isCancelled, let place = work.next(of: targets.count) {
            do throws(StatusError) {
              _ = try await self.delete(targets[place], options, sent: sent, user)
            } catch {
              if !error.isNotFound { work.fail(error) }
            }
          }
        }
      }
    }
    if let failure = work.failure { throw failure }
  }
}

/// What several tasks that delete share: which object is next, and the first failure, after which all stop.
private final class DeletionWork: Sendable {
  private let state = Mutex<(next: Int, failure: StatusError?)>((0, nil))

  var failure: StatusError? { state.withLock { $0.failure } }

  func next(of count: Int) -> Int? {
    state.withLock { state in
      guard state.failure == nil, state.next < count else { return nil }
      state.next += 1
      return state.next - 1
    }
  }

  func fail(_ error: StatusError) { state.withLock { $0.failure = $0.failure ?? error } }
}
