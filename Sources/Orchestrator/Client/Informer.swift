import Exchange
public import Objects
import Synchronization

/// What has happened to an object that an informer follows.
public enum InformerEvent: Sendable {
  /// It is there.
  case added(JSON)
  /// It is another than before; also said of one that may have changed meanwhile and has not.
  case updated(old: JSON, new: JSON)
  /// It is gone; this is the last that is known of it.
  case deleted(JSON)
}

/// Keeps the objects of one resource as the API server has them, and tells of every change.
public final class Informer: Sendable {
  /// The first pause after a failure; each is twice as long as the one before.
  public static let firstPause = Duration.milliseconds(100)
  /// The longest pause.
  public static let lastPause = Duration.seconds(30)

  private struct Key: Hashable, Sendable {
    var namespace: String
    var name: String

    init(_ object: JSON) {
      namespace = object["metadata", "namespace"]?.string ?? ""
      name = object["metadata", "name"]?.string ?? ""
    }

    init(namespace: String, name: String) {
      self.namespace = namespace
      self.name = name
    }
  }

  private struct State {
    var objects: [Key: JSON] = [:]
    var byNamespace: [String: Set<Key>] = [:]
    var indexes: [String: [String: Set<Key>]] = [:]
    var handlers: [@Sendable (InformerEvent) -> Void] = []
    var hasSynced = false
    var waiting: [CheckedContinuation<Void, Never>] = []
    var resourceVersion = ""
  }

  private let client: APIClient
  private let resource: Resource
  private let watch: APIClient.Watch
  private let indexers: [String: @Sendable (JSON) -> [String]]
  private let transform: @Sendable (JSON) -> JSON
  private let clock: any Clock<Duration>
  private let state = Mutex(State())
  /// Handlers are told of changes in their order, and one that comes later of what there is before anything else.
  private let telling = Mutex(())

  /// An informer of all objects, or of those of a namespace or with labels or fields.
  /// - Parameters:
  ///   - indexers: by the name of each index, the values under which an object is found in it.
  ///   - transform: what of an object is kept; without more, all but who manages its fields.
  public init(
    client: APIClient, resource: Resource, namespace: String = "", labelSelector: String = "",
    fieldSelector: String = "", indexers: [String: @Sendable (JSON) -> [String]] = [:],
    transform: @escaping @Sendable (JSON) -> JSON = Informer.withoutManagedFields,
    clock: any Clock<Duration> = ContinuousClock()
  ) {
    self.client = client
    self.resource = resource
    watch = APIClient.Watch(namespace: namespace, labelSelector: labelSelector, fieldSelector: fieldSelector)
    self.indexers = indexers
    self.transform = transform
    self.clock = clock
  }

  /// An object without what only patches and applies look at.
  public static let withoutManagedFields: @Sendable (JSON) -> JSON = { object in
    guard object["metadata", "managedFields"] != nil else { return object }
    var object = object
    object["metadata", "managedFields"] = nil
    return object
  }

  // MARK: What is known

  /// Whether all that there was at the beginning is known.
  public var hasSynced: Bool { state.withLock { $0.hasSynced } }

  /// Waits until all that there was at the beginning is known, or the task is cancelled.
  public func waitForSync() async {
    while !hasSynced, !Task.isCancelled {
      await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
          let isOver = state.withLock { state in
            if state.hasSynced || Task.isCancelled { return true }
            state.waiting.append(continuation)
            return false
          }
          if isOver { continuation.resume() }
        }
      } onCancel: {
        wakeWaiting()
      }
    }
  }

  private func wakeWaiting() {
    let waiting = state.withLock { state in
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }

  /// Calls `handler` for every change, at first for all that there is.
  public func addHandler(_ handler: @escaping @Sendable (InformerEvent) -> Void) {
    telling.withLock { _ in
      let objects = state.withLock { state in
        state.handlers.append(handler)
        return Array(state.objects.values)
      }
      for object in objects { handler(.added(object)) }
    }
  }

  /// An object, if it is known.
  public func get(_ namespace: String, _ name: String) -> JSON? {
    state.withLock { $0.objects[Key(namespace: namespace, name: name)] }
  }

  /// All objects, or those of a namespace, in no order.
  public func list(_ namespace: String? = nil) -> [JSON] {
    state.withLock { state in
      guard let namespace else { return Array(state.objects.values) }
      return (state.byNamespace[namespace] ?? []).compactMap { state.objects[$0] }
    }
  }

  /// The objects that an index has under a value.
  public func list(index: String, value: String) -> [JSON] {
    state.withLock { state in
      (state.indexes[index]?[value] ?? []).compactMap { state.objects[$0] }
    }
  }

  // MARK: Following

  /// Follows the resource until the task is cancelled.
  public func run() async {
    var pause = Self.firstPause
    while !Task.isCancelled {
      do throws(StatusError) {
        if state.withLock({ $0.resourceVersion.isEmpty }) { try await begin() }
        try await follow()
        pause = Self.firstPause
      } catch {
        // What was known stays known while the server cannot be asked.
        if error.isExpired { state.withLock { $0.resourceVersion = "" } }
        let jitter = Double.random(in: 0.5...1)
        try? await clock.sleep(for: pause * jitter)
        pause = min(pause * 2, Self.lastPause)
      }
    }
  }

  /// Takes in all that there is: by a watch that begins with it, or by a list if the server has no such watches.
  private func begin() async throws(StatusError) {
    var watch = watch
    watch.sendsInitialEvents = true
    do throws(StatusError) {
      let stream = try await client.watch(resource, watch)
      try await beginByWatch(stream)
    } catch  where [400, 404, 405, 422].contains(error.code) {
      let list = try await client.list(
        resource, namespace: watch.namespace, labelSelector: watch.labelSelector,
        fieldSelector: watch.fieldSelector)
      replace(with: list.items, resourceVersion: list.resourceVersion)
    }
  }

  private func beginByWatch(_ stream: WatchStream) async throws(StatusError) {
    var objects: [Key: JSON] = [:]
    while let event = try await next(stream) {
      switch event {
      case .changed(let type, let object):
        let object = transform(object)
        objects[Key(object)] = type == "DELETED" ? nil : object
      case .bookmark(let version, let isEnd):
        guard isEnd else { continue }
        replace(with: Array(objects.values), resourceVersion: version)
        try await follow(stream)
        return
      }
    }
    throw .unavailable("the watch ends before all has come")
  }

  private func follow() async throws(StatusError) {
    var watch = watch
    watch.resourceVersion = state.withLock { $0.resourceVersion }
    guard !watch.resourceVersion.isEmpty else { return }
    try await follow(try await client.watch(resource, watch))
  }

  private func follow(_ stream: WatchStream) async throws(StatusError) {
    while let event = try await next(stream) {
      switch event {
      case .changed(let type, let object): apply(type, transform(object))
      case .bookmark(let version, _): state.withLock { $0.resourceVersion = version }
      }
    }
  }

  private func next(_ stream: WatchStream) async throws(StatusError) -> WatchStream.Event? {
    let result: Result<WatchStream.Event?, StatusError> = await withTaskCancellationHandler {
      do throws(StatusError) {
        return .success(try await stream.next())
      } catch {
        return .failure(error)
      }
    } onCancel: {
      stream.cancel()
    }
    return try result.get()
  }

  // MARK: Taking in

  private func apply(_ type: String, _ object: JSON) {
    telling.withLock { _ in
      let (event, handlers) = state.withLock { state in
        state.resourceVersion = object["metadata", "resourceVersion"]?.string ?? state.resourceVersion
        return (
          self.put(type == "DELETED" ? nil : object, key: Key(object), last: object, in: &state),
          state.handlers
        )
      }
      guard let event else { return }
      for handler in handlers { handler(event) }
    }
  }

  /// All that there is: what is known and not among it has gone meanwhile.
  private func replace(with objects: [JSON], resourceVersion: String) {
    telling.withLock { _ in
      let (events, handlers) = state.withLock { state in
        var events: [InformerEvent] = []
        let present = Set(objects.map { Key($0) })
        for (key, object) in state.objects where !present.contains(key) {
          if let event = self.put(nil, key: key, last: object, in: &state) { events.append(event) }
        }
        for object in objects {
          if let event = self.put(object, key: Key(object), last: object, in: &state) { events.append(event) }
        }
        state.resourceVersion = resourceVersion
        return (events, state.handlers)
      }
      for event in events { for handler in handlers { handler(event) } }
      state.withLock { $0.hasSynced = true }
    }
    wakeWaiting()
  }

  private func put(_ object: JSON?, key: Key, last: JSON, in state: inout State) -> InformerEvent? {
    let old = state.objects[key]
    if let old, let object, old["metadata", "resourceVersion"] == object["metadata", "resourceVersion"] {
      return nil
    }
    if let old {
      for (name, values) in indexers {
        for value in values(old) {
          state.indexes[name]?[value]?.remove(key)
          if state.indexes[name]?[value]?.isEmpty == true { state.indexes[name]?[value] = nil }
        }
      }
    }
    state.objects[key] = object
    guard let object else {
      state.byNamespace[key.namespace]?.remove(key)
      if state.byNamespace[key.namespace]?.isEmpty == true { state.byNamespace[key.namespace] = nil }
      return old == nil ? nil : .deleted(last)
    }
    if old == nil { state.byNamespace[key.namespace, default: []].insert(key) }
    for (name, values) in indexers {
      for value in values(object) { state.indexes[name, default: [:]][value, default: []].insert(key) }
    }
    return old.map { .updated(old: $0, new: object) } ?? .added(object)
  }
}

/// One informer for each resource, shared by all who want it.
public final class InformerSet: Sendable {
  private struct State {
    var informers: [Resource: Informer] = [:]
    /// Those that were asked for before `run`, or while nobody has taken them up yet.
    var waiting: [Informer] = []
    var wake: CheckedContinuation<Void, Never>?
  }

  private let client: APIClient
  private let state = Mutex(State())

  /// Informers that ask through this client.
  public init(client: APIClient) { self.client = client }

  /// The informer of a resource. It begins when the set runs.
  public func informer(for resource: Resource) -> Informer {
    let (informer, wake) = state.withLock { state -> (Informer, CheckedContinuation<Void, Never>?) in
      if let known = state.informers[resource] { return (known, nil) }
      let informer = Informer(client: client, resource: resource)
      state.informers[resource] = informer
      state.waiting.append(informer)
      defer { state.wake = nil }
      return (informer, state.wake)
    }
    wake?.resume()
    return informer
  }

  /// Runs all informers, those that are asked for later too, until the task is cancelled.
  public func run() async {
    await withTaskGroup(of: Void.self) { group in
      while !Task.isCancelled {
        let fresh = state.withLock { state in
          defer { state.waiting = [] }
          return state.waiting
        }
        for informer in fresh { group.addTask { await informer.run() } }
        await wait()
      }
      group.cancelAll()
    }
  }

  private func wait() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          if !state.waiting.isEmpty || Task.isCancelled { return true }
          state.wake = continuation
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      let wake = state.withLock { state in
        defer { state.wake = nil }
        return state.wake
      }
      wake?.resume()
    }
  }

  /// Waits until every informer that has been asked for knows all there is.
  public func waitForSync() async {
    for informer in state.withLock({ Array($0.informers.values) }) { await informer.waitForSync() }
  }
}
