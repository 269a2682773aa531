public import Objects
import Synchronization

/// One informer for each resource that somebody asks for, shared by all who do.
public final class InformerSet: Sendable {
  private struct State {
    var informers: [Resource: Informer] = [:]
    /// To whoever runs the informers.
    var starts: AsyncStream<Informer>.Continuation?
  }

  private let client: APIClient
  private let time: any TimeSource
  private let state = Mutex(State())

  /// No informers.
  public init(client: APIClient, time: any TimeSource = SystemTime()) {
    self.client = client
    self.time = time
  }

  /// The informer of a resource, in all namespaces; made when it is asked for first.
  public func informer(for resource: Resource) -> Informer {
    state.withLock { state in
      if let known = state.informers[resource] { return known }
      let informer = Informer(client: client, resource: resource, time: time)
      state.informers[resource] = informer
      state.starts?.yield(informer)
      return informer
    }
  }

  /// Runs all informers, also those that are asked for later, until the task is cancelled. Only one task may run them.
  public func run() async {
    // No more than there are resources.
    let (starts, continuation) = AsyncStream.makeStream(of: Informer.self, bufferingPolicy: .unbounded)
    state.withLock { state in
      for informer in state.informers.values { continuation.yield(informer) }
      state.starts = continuation
    }
    await withTaskGroup(of: Void.self) { group in
      for await informer in starts { group.addTask { await informer.run() } }
    }
    state.withLock { $0.starts = nil }
  }

  /// Waits until all informers that have been asked for know what there is, or the task is cancelled.
  public func waitForSync() async {
    for informer in state.withLock({ Array($0.informers.values) }) { await informer.waitForSync() }
  }
}
