import MVCC
public import Synchronization

/// The watches of one member: the way in for streams and for the apply stage. What happens is `WatchStage`'s.
public final class WatchHub: Sendable {
  /// What it counts.
  public let metrics = WatchMetrics()
  let limits: NodeLimits

  private let stage: Stage<WatchInput>
  private let encoder = Mutex<(any EventEncoder)?>(nil)
  /// Whether changes are of interest to anybody.
  let isWatched = Atomic(false)

  /// - Parameters:
  ///   - handle: the watch stage's own.
  ///   - read: runs work on the reader pool, as `Node.read`.
  init(
    store: Store, handle: ThreadOwned<ReadHandle>, executor: any Executor, clock: any NodeClock,
    limits: NodeLimits, seed: UInt64,
    read: @escaping @Sendable (@escaping @Sendable (ReadHandle) -> Void) -> Bool
  ) {
    self.limits = limits
    stage = Stage(executor: executor, capacity: .max)
    let watchStage = WatchStage(
      hub: self, store: store, handle: handle.value, clock: clock, limits: limits, seed: seed, read: read)
    stage.attach { watchStage.handle($0) }
  }

  /// Says how changes are encoded: once, before the first stream.
  public func attach(_ encoder: any EventEncoder) { self.encoder.withLock { $0 = encoder } }

  /// Opens a stream whose notices go to `sink` by way of `outlet`.
  public func open(_ sink: any WatchSink, on outlet: any WatchOutlet) -> WatchStream {
    guard let encoder = encoder.withLock({ $0 }) else {
      preconditionFailure("a watch stream is opened before the hub has an encoder")
    }
    let stream = WatchStream(hub: self, outlet: outlet)
    submit(.open(stream, sink, encoder))
    return stream
  }

  /// Requests are served from now on: the store holds what the log held at the start.
  func start() { submit(.start) }

  /// How often watches that want it are told how far they are, from now on (etcd:
  /// `--watch-progress-notify-interval`).
  public func setProgressInterval(nanoseconds: UInt64) { submit(.progressInterval(nanoseconds)) }

  /// Revisions were added (apply thread, once a batch).
  func changed() {
    // Pairs with the watch stage, which sets the flag before it looks at the store's revision: one of the two sees
    // the other.
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    if isWatched.load(ordering: .relaxed) { stage.nudge(.advance) }
  }

  /// Time passed.
  func tick() {
    if isWatched.load(ordering: .relaxed) { stage.nudge(.tick) }
  }

  /// Lets go of all streams and ends the stage.
  func stop() {
    submit(.stop)
    stage.stop()
  }

  func submit(_ input: WatchInput) { stage.submit(input) }

  /// A request of a client; false when too many of its wait.
  func request(_ stream: WatchStream, _ input: WatchInput) -> Bool {
    let pending = stream.pendingRequests.wrappingAdd(1, ordering: .relaxed).newValue
    let isBelowLimit = pending < limits.watchRequestsPerStream
    if !isBelowLimit { stream.isHeld.store(true, ordering: .sequentiallyConsistent) }
    submit(input)
    return isBelowLimit
  }
}

enum WatchInput: Sendable {
  case advance
  case tick
  case start
  case progressInterval(UInt64)
  case open(WatchStream, any WatchSink, any EventEncoder)
  case create(WatchStream, WatchRequest)
  case cancel(WatchStream, Int64)
  case progress(WatchStream)
  case close(WatchStream)
  /// Half of the stream's budget is free.
  case drained(WatchStream)
  /// A reading of history is done.
  case caughtUp(CatchUp)
  case stop
}

/// What the watches of a member count.
public final class WatchMetrics: Sendable {
  /// Streams open (etcd: `etcd_debugging_mvcc_watch_stream_total`).
  public let streams = Atomic<Int>(0)
  /// Watches (etcd: `etcd_debugging_mvcc_watcher_total`).
  public let watchers = Atomic<Int>(0)
  /// Those that are behind (etcd: `etcd_debugging_mvcc_slow_watcher_total`).
  public let slowWatchers = Atomic<Int>(0)
  /// Events handed to streams (etcd: `etcd_debugging_mvcc_events_total`).
  public let events = Atomic<UInt64>(0)
  /// Events handed to streams and not yet sent (etcd: `etcd_debugging_mvcc_pending_events_total`).
  public let pendingEvents = Atomic<Int>(0)

  init() {}

  /// Events of a parcel were sent, or their stream is gone.
  public func eventsSent(_ count: Int) { pendingEvents.wrappingSubtract(count, ordering: .relaxed) }
}
