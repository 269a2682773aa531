import Client
import Exchange
import Objects
import Synchronization

/// Deletes objects whose owners are gone, and carries out foreground and orphaning deletions.
public struct GarbageCollector: Controller {
  /// The controller's name.
  public let name = "generic-garbage-collector"

  /// A controller, which has no settings.
  public init() {}

  /// Works until the task is cancelled.
  public func run(_ context: ControllerContext) async {
    let loop = GarbageCollectorLoop(context, name: name)
    await withTaskGroup(of: Void.self) { group in
      for informer in loop.own { group.addTask { await informer.run() } }
      loop.listen()
      await loop.run()
      group.cancelAll()
    }
  }

  /// What is watched: each resource in one version. Nobody owns events, and they are many.
  static let watched: [Resource] = {
    var seen: Set<String> = []
    return Resource.builtIn.filter { resource in
      ["delete", "list", "watch"].allSatisfy { resource.verbs.contains($0) } && resource.resource != "events"
        && seen.insert("\(resource.resource).\(resource.group)").inserted
    }
  }()

  /// What other controllers watch as well: their informers serve for both.
  static let shared: Set<Resource> = [
    .pods, .nodes, .replicaSets, .deployments, .daemonSets, .controllerRevisions, .jobs, .cronJobs,
    .namespaces,
    .serviceAccounts, .configMaps, .services, .endpoints, .endpointSlices, .leases, .clusterRoles,
  ]

  /// Of an object, what tells who it is and who owns it.
  static let metadata: @Sendable (JSON) -> JSON = { object in
    var kept: JSON = [:]
    for field in ["apiVersion", "kind", "metadata"] { kept[field] = object[field] }
    return Informer.withoutManagedFields(kept)
  }
}

private struct GarbageCollectorLoop: Sendable {
  /// An owner that is there but has not been observed yet is waited for this long.
  static let observationPause = Duration.seconds(1)
  /// A decision leads to another at most this often in one look.
  static let rounds = 4

  let context: ControllerContext
  /// Keys are uids.
  let queue: ControllerQueue
  let graph = Graph()
  /// Informers that keep metadata only, run by this controller.
  let own: [Informer]
  let informers: [Informer]

  init(_ context: ControllerContext, name: String) {
    self.context = context
    queue = ControllerQueue(context, name: name)
    own = GarbageCollector.watched.filter { !GarbageCollector.shared.contains($0) }.map {
      Informer(client: context.client, resource: $0, transform: GarbageCollector.metadata)
    }
    informers =
      own
      + GarbageCollector.watched.filter(GarbageCollector.shared.contains).map {
        context.informers.informer(for: $0)
      }
  }

  /// The graph, for all workers.
  final class Graph: Sendable {
    let state = Mutex(OwnershipGraph())
  }

  func listen() {
    for informer in informers {
      let resource = informer.resource
      informer.addHandler { event in
        switch event {
        case .added(let object): observe(object, resource)
        case .updated(let old, let new):
          if old.uid != new.uid {
            decide(graph.state.withLock { $0.remove(old.uid) })
            observe(new, resource)
          } else if Self.isDifferent(old, new) {
            observe(new, resource)
          }
        case .deleted(let object): decide(graph.state.withLock { $0.remove(object.uid) })
        }
      }
    }
  }

  private func observe(_ object: JSON, _ resource: Resource) {
    guard let object = OwnedObject(object, resource) else { return }
    decide(graph.state.withLock { $0.observe(object) })
  }

  private func decide(_ uids: [String]) { for uid in uids { queue.add(ObjectKey(name: uid)) } }

  /// Most changes of objects are none of their ownership.
  private static func isDifferent(_ old: JSON, _ new: JSON) -> Bool {
    old["metadata", "ownerReferences"] != new["metadata", "ownerReferences"]
      || old["metadata", "finalizers"] != new["metadata", "finalizers"]
      || old.isBeingDeleted != new.isBeingDeleted
  }

  func run() async {
    // What has not been seen yet may own, or be owned.
    for informer in informers { await informer.waitForSync() }
    await queue.run { (key) async throws(StatusError) in try await sync(key.name) }
  }

  private func sync(_ uid: String) async throws(StatusError) -> Duration? {
    for _ in 0..<Self.rounds {
      let (known, action) = graph.state.withLock { ($0.objects[uid], $0.action(for: uid)) }
      guard let known else { return nil }
      switch action {
      case .nothing: return nil
      case .lookUp(let owners):
        switch try await lookUp(owners, of: known) {
        case .absent: continue
        case .present: return nil
        case .unobserved: return Self.observationPause
        }
      case .removeOwners(let owners):
        try await removeOwners(owners, from: known)
        return nil
      case .delete(let policy): return try await delete(known, policy)
      case .removeFinalizer(let finalizer):
        try await remove(finalizer, from: known)
        return nil
      case .orphan(let owned):
        for object in owned { try await removeOwners([uid], from: object) }
        try await remove(OwnedObject.orphan, from: known)
        return nil
      }
    }
    return Self.observationPause
  }

  private enum Sight { case absent, present, unobserved }

  /// Asks the server for owners that no watch has told of.
  private func lookUp(
    _ owners: [OwnedObject.Owner], of object: OwnedObject
  ) async throws(StatusError) -> Sight {
    var sight = Sight.absent
    for owner in owners {
      let slash = owner.apiVersion.lastIndex(of: "/")
      let group = slash.map { String(owner.apiVersion[..<$0]) } ?? ""
      let version = slash.map { String(owner.apiVersion[owner.apiVersion.index(after: $0)...]) }
      guard
        let resource = Resource.builtIn(
          group: group, version: version ?? owner.apiVersion, kind: owner.kind),
        resource.verbs.contains("get"), !owner.name.isEmpty,
        // An owner within a namespace cannot own what is in none; which one is meant nobody knows.
        !resource.isNamespaced || object.resource.isNamespaced
      else { return .present }
      do throws(StatusError) {
        let found = try await context.client.get(
          resource, namespace: resource.isNamespaced ? object.namespace : "", name: owner.name)
        if found.uid == owner.uid {
          guard GarbageCollector.watches(resource) else { return .present }
          sight = .unobserved
          continue
        }
      } catch {
        guard error.isNotFound else { throw error }
      }
      graph.state.withLock { $0.noteAbsent(owner.uid) }
    }
    return sight
  }

  /// The object as it is on the server; nil if it is gone, or another has its name.
  private func live(_ object: OwnedObject) async throws(StatusError) -> JSON? {
    do throws(StatusError) {
      let live = try await context.client.get(
        object.resource, namespace: object.namespace, name: object.name)
      return live.uid == object.uid ? live : nil
    } catch {
      if error.isNotFound { return nil }
      throw error
    }
  }

  private func delete(_ object: OwnedObject, _ policy: String) async throws(StatusError) -> Duration? {
    guard let live = try await live(object), !live.isBeingDeleted else { return nil }
    // Somebody else may have taken it meanwhile.
    guard OwnedObject(live, object.resource)?.owners == object.owners else { return Self.observationPause }
    do throws(StatusError) {
      try await context.client.delete(
        object.resource, namespace: object.namespace, name: object.name,
        options: APIClient.deleteOptions(
          propagation: policy, uid: object.uid, resourceVersion: live.resourceVersion))
    } catch {
      if !error.isNotFound { throw error }
    }
    return nil
  }

  private func removeOwners(_ owners: [String], from object: OwnedObject) async throws(StatusError) {
    let references = owners.map { ["$patch": "delete", "uid": .string($0)] as JSON }
    let patch: JSON = ["metadata": ["uid": .string(object.uid), "ownerReferences": .array(references)]]
    let key = ObjectKey(namespace: object.namespace, name: object.name)
    do throws(StatusError) {
      _ = try await context.strategicPatch(object.resource, key, patch)
    } catch {
      if error.isNotFound { return }
      // Another object may have the name now, which is not this one's business.
      if error.isConflict || error.code == 422, try await live(object) == nil { return }
      throw error
    }
  }

  private func remove(_ finalizer: String, from object: OwnedObject) async throws(StatusError) {
    guard let live = try await live(object), live.finalizers.contains(finalizer) else { return }
    let rest = live.finalizers.filter { $0 != finalizer }
    let patch: JSON = [
      "metadata": [
        "resourceVersion": .string(live.resourceVersion),
        "finalizers": rest.isEmpty ? .null : .array(rest.map { .string($0) }),
      ]
    ]
    do throws(StatusError) {
      try await context.client.patch(
        object.resource, namespace: object.namespace, name: object.name, kind: .merge, patch)
    } catch {
      if !error.isNotFound { throw error }
    }
  }
}

extension GarbageCollector {
  private static let watchedNames = Set(watched.map { "\($0.resource).\($0.group)" })

  /// Whether objects of a resource are watched, in this version or in another.
  fileprivate static func watches(_ resource: Resource) -> Bool {
    watchedNames.contains("\(resource.resource).\(resource.group)")
  }
}
