public import Storage
import Synchronization

/// A store in memory that behaves as etcd does, with all its history: for tests of what stands on a store.
public final class MemoryStore: StoreClient {
  struct Write {
    var revision: Int64
    var key: [UInt8]
    /// Nil for a deletion.
    var value: StoredValue?
    var previous: StoredValue?
  }

  struct State {
    var revision: Int64 = 1
    var compacted: Int64 = 0
    var history: [Write] = []
    var watches: [ObjectIdentifier: MemoryWatch] = [:]
    var leases: Int64 = 0
    var calls: [String: Int] = [:]
    var failures: [StoreError] = []
  }

  let state = Mutex(State())

  /// An empty store.
  public init() {}

  // MARK: For tests

  /// How often a call was made, such as `range`.
  public func calls(_ name: String) -> Int { state.withLock { $0.calls[name] ?? 0 } }

  /// The next call fails like this.
  public func failNext(_ error: StoreError) { state.withLock { $0.failures.append(error) } }

  /// Every watch ends as if the connection had broken.
  public func breakWatches() {
    let watches = state.withLock { state in
      defer { state.watches = [:] }
      return Array(state.watches.values)
    }
    for watch in watches { watch.push(.failure(.unavailable("the connection is gone"))) }
  }

  /// The store's revision.
  public var revision: Int64 { state.withLock { $0.revision } }

  // MARK: StoreClient

  private func enter(_ name: String) throws(StoreError) {
    let failure = state.withLock { state -> StoreError? in
      state.calls[name, default: 0] += 1
      return state.failures.isEmpty ? nil : state.failures.removeFirst()
    }
    if let failure { throw failure }
  }

  /// A value.
  public func get(_ key: [UInt8], revision: Int64) async throws(StoreError)
    -> (value: StoredValue?, revision: Int64)
  {
    try enter("get")
    let page = try read(StoreRange(start: key, end: key + [0], revision: revision))
    return (page.values.first, page.revision)
  }

  /// The values of a range.
  public func range(_ range: StoreRange) async throws(StoreError) -> StorePage {
    try enter("range")
    return try read(range)
  }

  private func read(_ range: StoreRange) throws(StoreError) -> StorePage {
    let (found, failure) = state.withLock { state -> (StorePage?, StoreError?) in
      if range.revision > state.revision { return (nil, .futureRevision) }
      if range.revision > 0, range.revision < state.compacted {
        return (nil, .compacted(oldest: state.compacted))
      }
      let now = range.revision > 0 ? range.revision : state.revision
      var values = state.values(at: now).filter {
        !$0.key.lexicographicallyPrecedes(range.start) && $0.key.lexicographicallyPrecedes(range.end)
      }
      values.sort { $0.key.lexicographicallyPrecedes($1.key) }
      let count = values.count
      let hasMore = range.limit > 0 && count > range.limit
      if hasMore { values.removeSubrange(range.limit...) }
      if range.content == .count { values = [] }
      if range.content == .keys { for index in values.indices { values[index].value = [] } }
      return (StorePage(values: values, hasMore: hasMore, count: count, revision: state.revision), nil)
    }
    if let failure { throw failure }
    return found ?? StorePage(values: [], hasMore: false, count: 0, revision: 0)
  }

  /// Writes a value.
  public func put(_ key: [UInt8], value: [UInt8], expecting expected: Int64, lease: Int64)
    async throws(StoreError) -> WriteOutcome
  {
    try enter("put")
    return write(key, value: value, expecting: expected, lease: lease)
  }

  /// Deletes a key.
  public func delete(_ key: [UInt8], expecting expected: Int64) async throws(StoreError) -> WriteOutcome {
    try enter("delete")
    return write(key, value: nil, expecting: expected, lease: 0)
  }

  private func write(_ key: [UInt8], value: [UInt8]?, expecting expected: Int64, lease: Int64) -> WriteOutcome
  {
    let (outcome, notices) = state.withLock { state -> (WriteOutcome, [(MemoryWatch, StoreNotice)]) in
      let current = state.values(at: state.revision).first { $0.key == key }
      guard (current?.modRevision ?? 0) == expected else {
        return (.conflict(current, revision: state.revision), [])
      }
      state.revision += 1
      let stored = value.map {
        StoredValue(
          key: key, value: $0, createRevision: current?.createRevision ?? state.revision,
          modRevision: state.revision, lease: lease)
      }
      state.history.append(Write(revision: state.revision, key: key, value: stored, previous: current))
      let event = StoreEvent(key: key, value: stored, previous: current, revision: state.revision)
      let notices = state.watches.values.filter { $0.covers(key) }.map { ($0, StoreNotice.events([event])) }
      return (.done(revision: state.revision), notices)
    }
    for (watch, notice) in notices { watch.push(.success(notice)) }
    return outcome
  }

  /// A watch.
  public func watch(from start: [UInt8], to end: [UInt8], revision: Int64) async throws(StoreError)
    -> any StoreWatch
  {
    try enter("watch")
    return state.withLock { state in
      let watch = MemoryWatch(store: self, start: start, end: end)
      if revision > 0, revision <= state.compacted {
        watch.push(.failure(.compacted(oldest: state.compacted)))
        return watch
      }
      for write in state.history where revision > 0 && write.revision >= revision && watch.covers(write.key) {
        let previous = write.previous.flatMap { $0.modRevision < state.compacted ? nil : $0 }
        watch.push(
          .success(
            .events([
              StoreEvent(key: write.key, value: write.value, previous: previous, revision: write.revision)
            ])))
      }
      state.watches[ObjectIdentifier(watch)] = watch
      return watch
    }
  }

  /// A lease.
  public func grantLease(seconds: Int64) async throws(StoreError) -> Int64 {
    try enter("grantLease")
    return state.withLock { state in
      state.leases += 1
      return state.leases
    }
  }

  /// Forgets history.
  public func compact(_ revision: Int64) async throws(StoreError) {
    try enter("compact")
    state.withLock { state in
      let kept = Set(state.values(at: revision).map(\.modRevision))
      state.compacted = max(state.compacted, revision)
      state.history.removeAll { $0.revision <= revision && !kept.contains($0.revision) }
    }
  }
}

extension MemoryStore.State {
  func values(at revision: Int64) -> [StoredValue] {
    var values: [[UInt8]: StoredValue] = [:]
    for write in history where write.revision <= revision { values[write.key] = write.value }
    return Array(values.values)
  }
}

/// A watch of a memory store.
final class MemoryWatch: StoreWatch {
  private let store: MemoryStore
  private let start: [UInt8]
  private let end: [UInt8]

  private struct State {
    var notices: [Result<StoreNotice, StoreError>] = []
    var waiter: CheckedContinuation<Void, Never>?
    var isOver = false
  }

  private let state = Mutex(State())

  init(store: MemoryStore, start: [UInt8], end: [UInt8]) {
    self.store = store
    self.start = start
    self.end = end
  }

  func covers(_ key: [UInt8]) -> Bool {
    !key.lexicographicallyPrecedes(start) && key.lexicographicallyPrecedes(end)
  }

  func push(_ notice: Result<StoreNotice, StoreError>) {
    let waiter = state.withLock { state in
      state.notices.append(notice)
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.resume()
  }

  func next() async throws(StoreError) -> StoreNotice? {
    while true {
      let (notice, isOver) = state.withLock { state in
        (state.notices.isEmpty ? nil : state.notices.removeFirst(), state.isOver)
      }
      if let notice { return try notice.get() }
      if isOver || Task.isCancelled { return nil }
      await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
          let isReady = state.withLock { state in
            if !state.notices.isEmpty || state.isOver { return true }
            state.waiter = continuation
            return false
          }
          if isReady { continuation.resume() }
        }
      } onCancel: {
        cancel()
      }
    }
  }

  func requestProgress() async throws(StoreError) {
    push(.success(.progress(revision: store.revision)))
  }

  func cancel() {
    store.state.withLock { _ = $0.watches.removeValue(forKey: ObjectIdentifier(self)) }
    let waiter = state.withLock { state in
      state.isOver = true
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.resume()
  }
}
