import DequeModule
import MVCC
import Synchronization

/// The watch stage: finds who watches what changed, and is the only one that hands notices to streams, so that
/// their order is the order in which it acts.
///
/// `position` is the newest revision dispatched. A watcher is *synced* when it is in the index: then it gets each
/// event as `position` passes it, from its `next` on. Otherwise it is *behind*: a reader reads history for it from
/// `next`, in bounded pieces, and this stage hands each piece on. **The hand-over**: a piece read up to some
/// revision leaves a gap up to `position`, which moved on meanwhile. A small gap is read here, on this stage, so
/// that `position` stands still; a large one by another piece. In either case a watcher enters the index only when
/// `next` is exactly behind `position` or later, and from then on gets what is at or after `next`: nothing is lost
/// (everything below `next` was handed over, all above `position` is still to be dispatched), doubled (dispatch
/// skips what is below `next`) or reordered (all notices leave from here, in order). A watcher whose stream is over
/// its budget leaves the index with `next` at the first revision that it did not get, and is *stalled* until the
/// client has read half of what the budget holds. When a snapshot has taken the place of the store's content, all that
/// are not ahead of it fall behind at once: from history they get what happened meanwhile, or hear that it is compacted.
///
/// Safe: because only the watch stage's handler touches the mutable state.
final class WatchStage: @unchecked Sendable {
  private unowned let hub: WatchHub
  private let store: Store
  private let handle: ReadHandle
  private let clock: any NodeClock
  private let limits: NodeLimits
  private let read: @Sendable (@escaping @Sendable (ReadHandle) -> Void) -> Bool
  private let metrics: WatchMetrics

  private var index = WatcherIndex<Watcher>()
  private var position: Int64 = 0
  /// How often the store's content had been replaced by then.
  private var replacements: UInt64 = 0
  private var streams: [ObjectIdentifier: WatchStream] = [:]
  private var nextStreamNumber: UInt64 = 0
  private var outlets: [ObjectIdentifier: OutletQueue] = [:]
  private var encoder: (any EventEncoder)?
  /// Watchers that are behind and wait for a reader, in the order they came; ended ones are passed over.
  private var behind = Deque<Watcher>()
  private var readings = 0
  /// The position at the last look, and when it was last seen to have moved.
  private var seenPosition: Int64 = 0
  private var movedAt: UInt64 = 0
  /// How long the last one that ended took.
  private var readingNanoseconds: UInt64 = 0
  /// Requests that came before the store was complete.
  private var early: [WatchInput]? = []
  private var isStopped = false

  private var progressInterval: UInt64
  private var nextProgress = UInt64.max
  private var random: UInt64

  // One dispatch's.
  private var matched: [Watcher] = []
  private var touched: [WatchStream] = []
  /// Watchers with events in the revision being dispatched.
  private var openWatchers: [Watcher] = []

  init(
    hub: WatchHub, store: Store, handle: ReadHandle, clock: any NodeClock, limits: NodeLimits, seed: UInt64,
    read: @escaping @Sendable (@escaping @Sendable (ReadHandle) -> Void) -> Bool
  ) {
    self.hub = hub
    metrics = hub.metrics
    self.store = store
    self.handle = handle
    self.clock = clock
    self.limits = limits
    self.read = read
    random = seed | 1
    progressInterval = UInt64(limits.watchProgressMilliseconds) * 1_000_000
    position = store.currentRevision
    replacements = store.replacements
  }

  func handle(_ batch: [WatchInput]) {
    if isStopped { return }
    advance()
    for input in batch {
      take(input)
      if isStopped { return }
    }
    tellProgress()
    startReadings()
    for outlet in outlets.values { outlet.flush() }
  }

  private func take(_ input: WatchInput) {
    switch input {
    case .advance, .tick: break
    case .start:
      let waiting = early ?? []
      early = nil
      advance()
      for input in waiting { take(input) }
    case .progressInterval(let interval): progressInterval = max(interval, 1_000_000)
    case .open(let stream, let sink, let encoder): open(stream, sink, encoder)
    case .create(let stream, let request):
      if early != nil { early?.append(input) } else { create(request, on: stream) }
    case .cancel(let stream, let id):
      if early != nil { early?.append(input) } else { cancel(id, on: stream) }
    case .progress(let stream):
      if early != nil { early?.append(input) } else { progress(of: stream) }
    case .close(let stream): close(stream)
    case .drained(let stream): resume(stream)
    case .caughtUp(let reading):
      readings -= 1
      readingNanoseconds = reading.nanoseconds
      hand(reading, mayReadGap: true)
    case .stop: stop()
    }
  }

  // MARK: streams and requests

  private func open(_ stream: WatchStream, _ sink: any WatchSink, _ encoder: any EventEncoder) {
    self.encoder = encoder
    stream.sink = sink
    stream.number = nextStreamNumber
    nextStreamNumber += 1
    stream.nextProgress = clock.now() &+ jitteredInterval()
    streams[ObjectIdentifier(stream)] = stream
    let key = ObjectIdentifier(stream.outlet)
    let queue = outlets[key] ?? OutletQueue(stream.outlet)
    outlets[key] = queue
    queue.streams += 1
    stream.queue = queue
    metrics.streams.wrappingAdd(1, ordering: .relaxed)
  }

  private func close(_ stream: WatchStream) {
    guard streams.removeValue(forKey: ObjectIdentifier(stream)) != nil else { return }
    for watcher in stream.watchers.values { end(watcher) }
    stream.watchers = [:]
    stream.stalled = []
    stream.sink = nil
    metrics.streams.wrappingSubtract(1, ordering: .relaxed)
    if let queue = stream.queue {
      queue.streams -= 1
      if queue.streams == 0 {
        queue.flush()
        outlets[ObjectIdentifier(queue.outlet)] = nil
      }
    }
    if index.isEmpty && streams.isEmpty { hub.isWatched.store(false, ordering: .relaxed) }
  }

  private func stop() {
    isStopped = true
    for stream in Array(streams.values) { close(stream) }
    behind = []
    early = nil
  }

  private func create(_ request: WatchRequest, on stream: WatchStream) {
    defer { requestDone(stream) }
    guard stream.sink != nil else { return }
    if let refusal = refusal(request, on: stream) {
      return tell(stream, .refused(refusal, revision: position))
    }
    var id = request.id
    if id == 0 {
      while stream.watchers[stream.nextID] != nil { stream.nextID += 1 }
      id = stream.nextID
      stream.nextID += 1
    }
    if !hub.isWatched.load(ordering: .relaxed) {
      hub.isWatched.store(true, ordering: .relaxed)
      // Pairs with `WatchHub.changed`.
      atomicMemoryFence(ordering: .sequentiallyConsistent)
      advance()
    }
    let next = request.startRevision == 0 ? position + 1 : request.startRevision
    let watcher = Watcher(request, id: id, next: next, stream: stream)
    stream.watchers[id] = watcher
    if watcher.wantsProgress {
      stream.progressWatchers += 1
      nextProgress = min(nextProgress, stream.nextProgress)
    }
    metrics.watchers.wrappingAdd(1, ordering: .relaxed)
    tell(stream, .created(watch: id, revision: position))
    if next > position {
      index.add(watcher)
    } else {
      metrics.slowWatchers.wrappingAdd(1, ordering: .relaxed)
      watcher.state = .behind
      behind.append(watcher)
    }
  }

  private func refusal(_ request: WatchRequest, on stream: WatchStream) -> WatchRefusal? {
    if request.startRevision < 0 { return .negativeRevision }
    if case .before(let end) = request.range.end, !request.range.start.lexicographicallyPrecedes(end) {
      return .emptyRange
    }
    if request.id != 0, stream.watchers[request.id] != nil { return .duplicateID }
    if metrics.watchers.load(ordering: .relaxed) >= limits.watchers { return .tooMany }
    return nil
  }

  private func cancel(_ id: Int64, on stream: WatchStream) {
    defer { requestDone(stream) }
    guard let watcher = stream.watchers.removeValue(forKey: id) else { return }
    end(watcher)
    tell(stream, .cancelled(watch: id, revision: position))
  }

  /// etcd API: `WatchProgressRequest`. A watcher that waits for a later revision is not up to date either.
  private func progress(of stream: WatchStream) {
    defer { requestDone(stream) }
    guard !stream.watchers.isEmpty, stream.watchers.values.allSatisfy(isUpToDate) else { return }
    tell(stream, .progress(watch: nil, revision: position))
  }

  private func isUpToDate(_ watcher: Watcher) -> Bool {
    watcher.state == .synced && watcher.startRevision <= position
  }

  private func requestDone(_ stream: WatchStream) {
    let pending = stream.pendingRequests.wrappingSubtract(1, ordering: .sequentiallyConsistent).newValue
    if pending <= limits.watchRequestsPerStream / 2, stream.isHeld.load(ordering: .sequentiallyConsistent),
      stream.isHeld.exchange(false, ordering: .sequentiallyConsistent)
    {
      tell(stream, .resume)
    }
  }

  /// Takes a watcher out of everything but its stream's table.
  private func end(_ watcher: Watcher) {
    if watcher.state == .synced {
      index.remove(watcher)
    } else {
      metrics.slowWatchers.wrappingSubtract(1, ordering: .relaxed)
    }
    watcher.state = .ended
    if watcher.wantsProgress { watcher.stream.progressWatchers -= 1 }
    metrics.watchers.wrappingSubtract(1, ordering: .relaxed)
  }

  // MARK: telling

  /// What a notice without events takes on the wire, about.
  private static let noticeBytes = 64

  private func tell(_ stream: WatchStream, _ notice: WatchNotice) {
    tell(stream, notice, bytes: Self.noticeBytes)
  }

  private func tell(_ stream: WatchStream, _ notice: WatchNotice, bytes: Int) {
    guard let sink = stream.sink, let queue = stream.queue else { return }
    stream.outstanding.wrappingAdd(bytes, ordering: .relaxed)
    queue.add(notice, bytes: bytes, to: sink)
  }

  /// Hands events to a watcher; `revision`: no event up to there is left out.
  private func tell(
    _ watcher: Watcher, _ events: [Int32], of batch: EventBatch, through revision: Int64, bytes: Int
  ) {
    guard let queue = watcher.stream.queue else { return }
    let notice = WatchEvents(
      watch: watcher.id, revision: revision, batch: queue.number(of: batch),
      selection: queue.select(events), wantsPrevious: watcher.wantsPrevious,
      mayFragment: watcher.mayFragment)
    watcher.hadEvents = true
    metrics.events.wrappingAdd(UInt64(events.count), ordering: .relaxed)
    metrics.pendingEvents.wrappingAdd(events.count, ordering: .relaxed)
    tell(watcher.stream, .events(notice), bytes: bytes)
  }

  private func bytes(_ events: [Int32], of batch: EventBatch, for watcher: Watcher) -> Int {
    events.reduce(Self.noticeBytes) { $0 + batch.length(of: $1, withPrevious: watcher.wantsPrevious) }
  }

  private func tellProgress() {
    let now = clock.now()
    if now < nextProgress { return }
    nextProgress = .max
    for stream in streams.values where stream.progressWatchers > 0 {
      if stream.nextProgress <= now {
        stream.nextProgress = now &+ jitteredInterval()
        for watcher in stream.watchers.values where watcher.wantsProgress {
          // Whoever just got events knows how far it is.
          if !watcher.hadEvents, isUpToDate(watcher) {
            tell(stream, .progress(watch: watcher.id, revision: position))
          }
          watcher.hadEvents = false
        }
      }
      nextProgress = min(nextProgress, stream.nextProgress)
    }
  }

  /// Up to a tenth longer, so that streams opened together are not told together.
  private func jitteredInterval() -> UInt64 {
    random ^= random << 13
    random ^= random >> 7
    random ^= random << 17
    return progressInterval &+ random % max(progressInterval / 10, 1)
  }

  // MARK: dispatch

  /// Dispatches everything that reads see.
  private func advance() {
    while true {
      let current = store.currentRevision
      if current == position { return }
      if store.replacements != replacements {
        replacements = store.replacements
        allFallBehind(through: current)
        continue
      }
      if index.isEmpty {
        position = current
        return
      }
      dispatch(through: current)
    }
  }

  /// Dispatches a bounded number of revisions.
  private func dispatch(through last: Int64) {
    guard let encoder else { preconditionFailure("there are watchers without an encoder") }
    let batch = EventBatch()
    var current = position
    var count = 0
    var end = last
    /// Bytes of the batch when the revision began.
    var revisionStart = 0
    /// The revision is too large to be dispatched: its watchers read it as history.
    var isOversize = false
    var failure: StoreError?
    do throws(StoreError) {
      try handle.changes(from: position + 1, through: last) { (change) throws(StoreError) -> Bool in
        let main = change.revision.main
        if main != current {
          openWatchers.removeAll(keepingCapacity: true)
          isOversize = false
          if count >= limits.watchBatchChanges || batch.byteCount >= limits.watchBatchBytes {
            end = main - 1
            return false
          }
          current = main
          revisionStart = batch.byteCount
        }
        count += 1
        guard match(change, at: main) else { return true }
        if !isOversize {
          let event = try batch.append(
            change, wantsPrevious: matched.contains { $0.wantsPrevious }, encoder)
          for watcher in matched { add(event, to: watcher) }
          guard batch.byteCount - revisionStart > limits.watchBatchBytes else { return true }
          isOversize = true
          for watcher in openWatchers { leaveOut(watcher, from: main, batch) }
        } else {
          for watcher in matched { leaveOut(watcher, from: main, batch) }
        }
        return true
      }
    } catch {
      failure = error
      end = current - 1
      for watcher in openWatchers { leaveOut(watcher, from: current, batch) }
    }
    openWatchers.removeAll(keepingCapacity: true)
    handOver(batch, through: end)
    position = max(position, end)
    if let failure { fail(failure) }
  }

  /// Finds the watchers of a change.
  private func match(_ change: borrowing ChangeView, at main: Int64) -> Bool {
    matched.removeAll(keepingCapacity: true)
    let isDelete = change.isDelete
    index.forEachGroup(of: change.key) { group in
      for watcher in group.watchers
      where watcher.next <= main && watcher.leftOutFrom == 0
        && !(isDelete ? watcher.skipsDeletes : watcher.skipsPuts)
      {
        matched.append(watcher)
      }
    }
    return !matched.isEmpty
  }

  private func add(_ event: Int32, to watcher: Watcher) {
    if watcher.pending.isEmpty { touch(watcher) }
    watcher.pending.append(event)
    openWatchers.append(watcher)
  }

  private func touch(_ watcher: Watcher) {
    if watcher.stream.touched.isEmpty { touched.append(watcher.stream) }
    watcher.stream.touched.append(watcher)
  }

  /// The watcher gets nothing from revision `main` on in this batch.
  private func leaveOut(_ watcher: Watcher, from main: Int64, _ batch: EventBatch) {
    if watcher.leftOutFrom != 0 { return }
    if watcher.pending.isEmpty { touch(watcher) }
    while let last = watcher.pending.last, batch.events[Int(last)].revision >= main {
      watcher.pending.removeLast()
    }
    watcher.leftOutFrom = main
  }

  /// Gives every watcher of the batch its events, as far as its stream's budget goes; the others fall behind.
  private func handOver(_ batch: EventBatch, through end: Int64) {
    for stream in touched {
      var outstanding = stream.outstanding.load(ordering: .relaxed)
      for watcher in stream.touched {
        defer {
          watcher.pending.removeAll(keepingCapacity: true)
          watcher.leftOutFrom = 0
        }
        if !watcher.pending.isEmpty {
          let first = batch.events[Int(watcher.pending[0])].revision
          let last = batch.events[Int(watcher.pending[watcher.pending.count - 1])].revision
          let bytes = bytes(watcher.pending, of: batch, for: watcher)
          guard outstanding == 0 || outstanding + bytes <= limits.watchStreamBytes else {
            fallBehind(watcher, at: first)
            continue
          }
          outstanding += bytes
          tell(watcher, watcher.pending, of: batch, through: last, bytes: bytes)
        }
        if watcher.leftOutFrom != 0 { fallBehind(watcher, at: watcher.leftOutFrom) }
      }
      stream.touched.removeAll(keepingCapacity: true)
    }
    touched.removeAll(keepingCapacity: true)
  }

  private func fallBehind(_ watcher: Watcher, at revision: Int64) {
    index.remove(watcher)
    watcher.next = revision
    metrics.slowWatchers.wrappingAdd(1, ordering: .relaxed)
    queue(watcher)
  }

  /// The store has come to `current` in one step: however much lies between, it is read as history.
  private func allFallBehind(through current: Int64) {
    for stream in streams.values.sorted(by: { $0.number < $1.number }) {
      for watcher in stream.watchers.values.sorted(by: { $0.id < $1.id })
      where watcher.state == .synced && watcher.next <= current {
        fallBehind(watcher, at: max(watcher.next, position + 1))
      }
    }
    position = current
  }

  /// What comes after `position` cannot be read: no watcher that needs it can be told what happened.
  private func fail(_ error: StoreError) {
    let end = error == .compacted ? store.compactRevision : store.currentRevision + 1
    for stream in streams.values {
      for watcher in Array(stream.watchers.values) where watcher.state == .synced && watcher.next < end {
        fail(watcher, error)
      }
    }
    position = max(position, end - 1)
  }

  private func fail(_ watcher: Watcher, _ error: StoreError) {
    let stream = watcher.stream
    stream.watchers[watcher.id] = nil
    end(watcher)
    if error == .compacted {
      tell(stream, .compacted(watch: watcher.id, compactRevision: store.compactRevision))
    } else {
      tell(stream, .failed(watch: watcher.id, error, revision: position))
    }
  }

  // MARK: catching up

  /// A watcher that is behind waits for a reader, or for its client when too much waits to be sent.
  private func queue(_ watcher: Watcher) {
    let stream = watcher.stream
    if stream.outstanding.load(ordering: .relaxed) <= limits.watchStreamBytes / 2 {
      watcher.state = .behind
      behind.append(watcher)
      return
    }
    watcher.state = .stalled
    stream.stalled.append(watcher)
    if stream.stalled.count > 1 { return }
    stream.wantsDrainNotice.store(true, ordering: .sequentiallyConsistent)
    // The stream may have drained just before the flag was set.
    if stream.outstanding.load(ordering: .sequentiallyConsistent) <= limits.watchStreamBytes / 2,
      stream.wantsDrainNotice.exchange(false, ordering: .sequentiallyConsistent)
    {
      resume(stream)
    }
  }

  private func resume(_ stream: WatchStream) {
    let stalled = stream.stalled
    stream.stalled = []
    for watcher in stalled where watcher.state == .stalled { queue(watcher) }
  }

  private func startReadings() {
    let now = clock.now()
    if position != seenPosition { movedAt = now }
    seenPosition = position
    // Others write: their requests need the processor and the connections in between.
    let isGentle = now &- movedAt < limits.watchGentleNanoseconds
    while readings < limits.watchReadings, let first = nextBehind() {
      let reading = makeReading(first, isGentle: isGentle)
      let (hub, store, clock) = (hub, store, clock)
      let rest = isGentle ? readingNanoseconds &* limits.watchGentleRest : 0
      readings += 1
      let isAccepted = read { handle in
        if rest > 0 { clock.pause(nanoseconds: rest) }
        reading.run(handle, through: store.currentRevision, clock)
        hub.submit(.caughtUp(reading))
      }
      if !isAccepted {
        // The pool is full: tried again at the next tick.
        readings -= 1
        behind.append(contentsOf: reading.entries.map(\.watcher))
        return
      }
    }
  }

  private func nextBehind() -> Watcher? {
    while let watcher = behind.popFirst() {
      guard watcher.state == .behind else { continue }
      if watcher.next >= store.compactRevision { return watcher }
      fail(watcher, .compacted)
    }
    return nil
  }

  /// `first`, and those that wait and are about as far.
  private func makeReading(_ first: Watcher, isGentle: Bool) -> CatchUp {
    var group = [first]
    let reach = first.next &+ Int64(limits.watchReadingChanges)
    var others = Deque<Watcher>()
    while let watcher = behind.popFirst() {
      guard watcher.state == .behind else { continue }
      if watcher.next >= first.next, watcher.next < reach, group.count < limits.watchReadingWatchers {
        group.append(watcher)
      } else {
        others.append(watcher)
      }
    }
    behind = others
    return makeReading(group, isGentle: isGentle)
  }

  private func makeReading(_ group: [Watcher], isGentle: Bool) -> CatchUp {
    guard let encoder else { preconditionFailure("there are watchers without an encoder") }
    var numbers: [ObjectIdentifier: Int] = [:]
    let entries = group.map { watcher in
      let key = ObjectIdentifier(watcher.stream)
      let number = numbers[key] ?? numbers.count
      numbers[key] = number
      return CatchUpEntry(watcher, stream: number)
    }
    var bounds = CatchUpLimits(changes: limits.watchReadingChanges, bytes: limits.watchReadingBytes)
    if isGentle {
      bounds.changes = min(bounds.changes, limits.watchGentleChanges)
      bounds.bytes = min(bounds.bytes, limits.watchGentleBytes)
    }
    return CatchUp(entries, streamCount: numbers.count, limits: bounds, encoder: encoder)
  }

  /// Hands on what was read, and decides for each watcher how it goes on.
  private func hand(_ reading: CatchUp, mayReadGap: Bool) {
    var gap: [Watcher] = []
    for entry in reading.entries {
      let watcher = entry.watcher
      guard watcher.state == .behind else { continue }
      watcher.next = entry.next
      if !entry.selection.isEmpty {
        tell(
          watcher, entry.selection, of: reading.batch, through: entry.next - 1,
          bytes: bytes(entry.selection, of: reading.batch, for: watcher))
      }
      if let failure = reading.failure {
        if failure != .compacted || watcher.next < store.compactRevision {
          fail(watcher, failure)
        } else {
          queue(watcher)
        }
      } else if watcher.next > position {
        watcher.state = .synced
        metrics.slowWatchers.wrappingSubtract(1, ordering: .relaxed)
        index.add(watcher)
      } else if mayReadGap, position - watcher.next < Int64(limits.watchGapRevisions),
        watcher.stream.outstanding.load(ordering: .relaxed) <= limits.watchStreamBytes / 2
      {
        gap.append(watcher)
      } else {
        queue(watcher)
      }
    }
    if gap.isEmpty { return }
    let rest = makeReading(gap, isGentle: false)
    rest.run(handle, through: position, clock)
    hand(rest, mayReadGap: false)
  }
}
