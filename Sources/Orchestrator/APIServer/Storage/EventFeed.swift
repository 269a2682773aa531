import Exchange
import Objects
import Synchronization

/// Follows one resource in the store for all of its watches.
final class EventFeed: Sendable {
  private let client: any StoreClient
  private let keys: ResourceKeys
  private let fields: SelectableFields
  private let options: StorageOptions

  private struct State {
    var ring: EventRing?
    var watchers: [ObjectIdentifier: ObjectWatch] = [:]
    /// Those that follow the pods of one node are told of changes themselves, so that a thousand of them do not look at
    /// every pod.
    var byNode: [String: [ObjectIdentifier: ObjectWatch]] = [:]
    var starting: [CheckedContinuation<Void, Never>] = []
    var isStarting = false
    var failure: StatusError?
    var task: Task<Void, Never>?
    var ticker: Task<Void, Never>?
    /// When the ticker looks at the watches next.
    var nextTick = ContinuousClock.now
    var watch: (any StoreWatch)?
  }

  private let state = Mutex(State())

  init(client: any StoreClient, keys: ResourceKeys, fields: SelectableFields, options: StorageOptions) {
    self.client = client
    self.keys = keys
    self.fields = fields
    self.options = options
  }

  deinit {
    state.withLock { state in
      state.task?.cancel()
      state.ticker?.cancel()
      state.watch?.cancel()
    }
  }

  // MARK: Starting

  /// Waits until changes are being followed.
  func start() async throws(StatusError) {
    let isFirst = state.withLock { state in
      if state.ring != nil || state.isStarting { return false }
      state.isStarting = true
      return true
    }
    if isFirst {
      let result: Result<Int64, StatusError>
      do throws(StatusError) {
        result = .success(try await currentRevision())
      } catch {
        result = .failure(error)
      }
      let waiting = state.withLock { state in
        state.isStarting = false
        switch result {
        case .success(let revision):
          state.ring = EventRing(events: options.ringEvents, bytes: options.ringBytes, at: revision)
          state.failure = nil
          let held = WeakFeed(feed: self)
          state.task = Task { await Self.follow(held) }
        case .failure(let error): state.failure = error
        }
        defer { state.starting = [] }
        return state.starting
      }
      for continuation in waiting { continuation.resume() }
    } else {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          guard state.isStarting else { return true }
          state.starting.append(continuation)
          return false
        }
        if isOver { continuation.resume() }
      }
    }
    if let failure = state.withLock({ $0.ring == nil ? $0.failure : nil }) { throw failure }
  }

  private func currentRevision() async throws(StatusError) -> Int64 {
    try await calling { () async throws(StoreError) in
      try await client.range(StoreRange(start: keys.prefix, end: keys.end, limit: 1, content: .keys)).revision
    }
  }

  // MARK: Following the store

  /// The feed is held only while something is done, so that it can go while its task waits.
  private struct WeakFeed: Sendable {
    weak let feed: EventFeed?
  }

  private static func follow(_ held: WeakFeed) async {
    while !Task.isCancelled {
      guard let opening = held.feed.map(\.opening) else { return }
      do throws(StoreError) {
        let watch = try await opening.client.watch(
          from: opening.keys.prefix, to: opening.keys.end, revision: opening.revision)
        held.feed?.state.withLock { $0.watch = watch }
        while let notice = try await watch.next() { held.feed?.take(notice) }
      } catch .compacted {
        await held.feed?.restart()
      } catch {
        // The store will be back; nothing is lost meanwhile.
      }
      held.feed?.state.withLock { $0.watch = nil }
      try? await Task.sleep(for: opening.pause)
    }
  }

  private var opening: (client: any StoreClient, keys: ResourceKeys, pause: Duration, revision: Int64) {
    (client, keys, options.retryInterval, (state.withLock { $0.ring?.head } ?? 0) + 1)
  }

  private func restart() async {
    guard let revision = try? await currentRevision() else { return }
    let watchers = state.withLock { state in
      state.ring?.restart(at: revision)
      return Array(state.watchers.values)
    }
    for watcher in watchers { watcher.fellBehind() }
  }

  private func take(_ notice: StoreNotice) {
    let (woken, told) = state.withLock { state -> ([ObjectWatch], [(ObjectWatch, UInt64, Change)]) in
      guard var ring = state.ring else { return ([], []) }
      state.ring = nil
      defer { state.ring = ring }
      switch notice {
      case .progress(let revision):
        ring.progress(to: revision)
        return ([], [])
      case .events(let events):
        var told: [(ObjectWatch, UInt64, Change)] = []
        for event in events {
          guard let name = keys.name(of: event.key) else { continue }
          let change = ring.change(event, name: name)
          ring.append(change)
          guard !state.byNode.isEmpty else { continue }
          let nodes = Set([change.current, change.previous].compactMap { $0.map(Self.node(of:)) })
          for node in nodes {
            for watcher in (state.byNode[node] ?? [:]).values {
              told.append((watcher, ring.next - 1, change))
            }
          }
        }
        return (Array(state.watchers.values), told)
      }
    }
    for (watcher, number, change) in told { watcher.enqueue(change, number: number) }
    for watcher in woken { watcher.wake() }
  }

  private static func node(of pod: StoredObject) -> String { pod.json["spec", "nodeName"]?.string ?? "" }

  // MARK: Watches

  /// What the ring says: its head, and the revision after which all is in it.
  var position: (head: Int64, floor: Int64) {
    state.withLock { ($0.ring?.head ?? 0, $0.ring?.floor ?? 0) }
  }

  /// Follows changes for a watch from the one after `revision` on.
  /// - Returns: the number of the next change, or nil if older ones are needed than there are.
  func attach(_ watcher: ObjectWatch, after revision: Int64) -> UInt64? {
    let tick = Self.nextTick([watcher], from: .now)
    return state.withLock { state in
      guard let ring = state.ring, revision >= ring.floor else { return nil }
      if let node = watcher.node {
        state.byNode[node, default: [:]][ObjectIdentifier(watcher)] = watcher
      } else {
        state.watchers[ObjectIdentifier(watcher)] = watcher
      }
      if state.ticker == nil || tick < state.nextTick {
        state.ticker?.cancel()
        state.nextTick = tick
        state.ticker = makeTicker(from: tick)
      }
      return ring.number(after: revision)
    }
  }

  /// Keeps a watch that reads old changes informed of time.
  func detach(_ watcher: ObjectWatch) {
    state.withLock { state in
      state.watchers[ObjectIdentifier(watcher)] = nil
      guard let node = watcher.node else { return }
      state.byNode[node]?[ObjectIdentifier(watcher)] = nil
      if state.byNode[node]?.isEmpty == true { state.byNode[node] = nil }
    }
  }

  /// The changes from a number on, at most `limit`, and the number after them. Nil if they are no longer here.
  func changes(from number: UInt64, limit: Int) -> (changes: [Change], next: UInt64, head: Int64)? {
    state.withLock { state in
      guard let ring = state.ring, number >= ring.first else { return nil }
      let end = min(ring.next, number + UInt64(limit))
      let changes = number < end ? (number..<end).compactMap { ring[$0] } : []
      return (changes, end, end == ring.next ? ring.head : changes.last?.revision ?? ring.head)
    }
  }

  /// Asks the store how far it is, so that bookmarks of a resource that does not change move on.
  func refresh() async {
    guard let watch = state.withLock({ $0.watch }) else { return }
    try? await watch.requestProgress()
  }

  /// Tells watches that time passes, as long as there are any, when one of them is due and not more often than once a
  /// second.
  private func makeTicker(from first: ContinuousClock.Instant) -> Task<Void, Never> {
    Task { [weak self] in
      var tick = first
      while true {
        do {
          try await Task.sleep(until: tick, tolerance: .milliseconds(200))
        } catch {
          return
        }
        guard let self else { return }
        let watchers = self.state.withLock { state -> [ObjectWatch] in
          // Another may have taken its place.
          guard !Task.isCancelled else { return [] }
          let all = Array(state.watchers.values) + state.byNode.values.flatMap(\.values)
          if all.isEmpty { state.ticker = nil }
          // A watch that is attached before the next tick is known makes a new ticker.
          state.nextTick = .now + .seconds(3600)
          return all
        }
        guard !watchers.isEmpty else { return }
        let now = ContinuousClock.now
        tick = Self.nextTick(watchers, from: now)
        self.state.withLock { if !Task.isCancelled { $0.nextTick = tick } }
        // Asked a second ahead, so that the answer is there when the bookmark is due.
        if watchers.contains(where: { $0.wantsBookmark(at: now + Self.tickInterval) }) {
          await self.refresh()
        }
        for watcher in watchers where watcher.isDue(at: now) { watcher.wake() }
      }
    }
  }

  private static let tickInterval = Duration.seconds(1)

  /// The tick before the first of these watches is due.
  private static func nextTick(
    _ watchers: [ObjectWatch], from now: ContinuousClock.Instant
  ) -> ContinuousClock.Instant {
    let due = watchers.lazy.map(\.nextDue).min() ?? now
    return max(now + tickInterval, due - tickInterval)
  }
}
