public import Objects
import Exchange
import Synchronization

/// All objects of a resource as they are, kept current by a watch, and what happens to them.
///
/// Handlers are called one after the other in the order of the events, and see the store no older than the event.
/// They must be quick: the informer waits for them.
public final class Informer: Sendable {
  /// Handles an event; must not wait.
  public typealias Handler = @Sendable (InformerEvent) -> Void
  /// Says by which values of an index an object is found.
  public typealias Indexer = @Sendable (JSON) -> [String]

  private struct State {
    var store: InformerStore
    var handlers: [Handler] = []
    /// Events that have happened, and whom to tell; by whoever is telling already.
    var deliveries: [(event: InformerEvent, handlers: [Handler])] = []
    var isDelivering = false
    var hasSynced = false
    var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
    var lastWaiter = 0
  }

  /// Whose objects these are.
  public let resource: Resource
  let client: APIClient
  let namespace: String
  let labelSelector: String
  let fieldSelector: String
  let time: any TimeSource
  let jitter: @Sendable () -> Double
  private let resyncPeriod: Duration?
  private let transform: @Sendable (JSON) -> JSON
  private let state: Mutex<State>

  /// An informer, which knows nothing until it runs.
  ///
  /// - Parameters:
  ///   - namespace: nil for all.
  ///   - indexers: by the names of their indexes.
  ///   - transform: what is kept of an object; by default all but who manages its fields.
  ///   - resyncPeriod: how often handlers are told of every object again, as of an update that changes nothing; nil for
  ///     never.
  ///   - jitter: random numbers from 0 to 1, for the time before requests are repeated.
  public init(
    client: APIClient, resource: Resource, namespace: String? = nil, labelSelector: String = "",
    fieldSelector: String = "", indexers: [String: Indexer] = [:],
    transform: @escaping @Sendable (JSON) -> JSON = Informer.withoutManagedFields,
    resyncPeriod: Duration? = nil,
    time: any TimeSource = SystemTime(), jitter: @escaping @Sendable () -> Double = { .random(in: 0..<1) }
  ) {
    self.client = client
    self.resource = resource
    self.namespace = namespace ?? ""
    self.labelSelector = labelSelector
    self.fieldSelector = fieldSelector
    self.transform = transform
    self.time = time
    self.jitter = jitter
    self.resyncPeriod = resyncPeriod
    state = Mutex(State(store: InformerStore(indexers: indexers)))
  }

  /// The object without `metadata.managedFields`, which often is half of it.
  public static let withoutManagedFields: @Sendable (JSON) -> JSON = { object in
    guard object["metadata", "managedFields"] != nil else { return object }
    var object = object
    object["metadata", "managedFields"] = nil
    return object
  }

  // MARK: What is known

  /// Whether all that was there at the start is known, and handlers have been told.
  public var hasSynced: Bool { state.withLock { $0.hasSynced } }

  /// The object of this name; namespace "" for those without.
  public func get(_ namespace: String, _ name: String) -> JSON? {
    self[ObjectKey(namespace: namespace, name: name)]
  }

  /// The object with this key.
  public subscript(key: ObjectKey) -> JSON? { state.withLock { $0.store[key] } }

  /// All objects, or those in a namespace, in no order.
  public func list(_ namespace: String? = nil) -> [JSON] {
    state.withLock { state in namespace.map { state.store.list(namespace: $0) } ?? state.store.all }
  }

  /// The objects that an indexer finds by this value, in no order.
  public func list(index: String, value: String) -> [JSON] {
    state.withLock { $0.store.list(index: index, value: value) }
  }

  /// Adds an index.
  public func addIndexer(_ name: String, _ indexer: @escaping Indexer) {
    state.withLock { $0.store.addIndexer(name, indexer) }
  }

  /// Adds a handler. What is known already comes to it as added.
  public func addHandler(_ handler: @escaping Handler) {
    state.withLock { state in
      state.handlers.append(handler)
      for object in state.store.all { state.deliveries.append((event: .added(object), handlers: [handler])) }
    }
    deliver()
  }

  /// Waits until `hasSynced`, or the task is cancelled.
  public func waitForSync() async {
    let id = state.withLock { state in
      state.lastWaiter += 1
      return state.lastWaiter
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isDone = state.withLock { state in
          if state.hasSynced || Task.isCancelled { return true }
          state.waiters[id] = continuation
          return false
        }
        if isDone { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
    }
  }

  // MARK: What happens

  /// Takes events of a watch.
  func take(_ events: [APIWatch.Event]) {
    state.withLock { state in
      for event in events {
        let change: InformerEvent?
        switch event.kind {
        case .added, .modified: change = state.store.set(transform(event.object))
        case .deleted: change = state.store.remove(ObjectKey(event.object), last: transform(event.object))
        case .bookmark: change = nil
        }
        if let change { state.deliveries.append((event: change, handlers: state.handlers)) }
      }
    }
    deliver()
  }

  /// Takes these for all there is.
  func replace(with objects: [JSON]) {
    var all: [ObjectKey: JSON] = [:]
    all.reserveCapacity(objects.count)
    for object in objects { all[ObjectKey(object)] = transform(object) }
    state.withLock { state in
      for event in state.store.replace(with: all) {
        state.deliveries.append((event: event, handlers: state.handlers))
      }
    }
    deliver()
    let waiters = state.withLock { state in
      state.hasSynced = true
      defer { state.waiters = [:] }
      return state.waiters.values.map { $0 }
    }
    for waiter in waiters { waiter.resume() }
  }

  /// Tells handlers what has happened, unless somebody is telling them: then that one goes on with it, so that they
  /// are called one at a time and in order.
  private func deliver() {
    var isTelling = false
    while true {
      let deliveries: [(event: InformerEvent, handlers: [Handler])] = state.withLock { state in
        if state.isDelivering, !isTelling { return [] }
        isTelling = !state.deliveries.isEmpty
        state.isDelivering = isTelling
        defer { state.deliveries = [] }
        return state.deliveries
      }
      guard !deliveries.isEmpty else { return }
      for (event, handlers) in deliveries {
        for handler in handlers { handler(event) }
      }
    }
  }

  /// Keeps the informer current until the task is cancelled. Only one task may run it.
  public func run() async {
    var reflector = Reflector(self)
    guard let resyncPeriod else { return await reflector.run() }
    await withDiscardingTaskGroup { group in
      group.addTask { await self.resync(every: resyncPeriod) }
      await reflector.run()
      group.cancelAll()
    }
  }

  private func resync(every period: Duration) async {
    while true {
      do { try await time.sleep(for: period) } catch { return }
      state.withLock { state in
        // Handlers that are behind hear of what has happened first.
        guard state.hasSynced, state.deliveries.isEmpty else { return }
        let handlers = state.handlers
        state.deliveries = state.store.all.map { (event: .updated(old: $0, new: $0), handlers: handlers) }
      }
      deliver()
    }
  }
}
