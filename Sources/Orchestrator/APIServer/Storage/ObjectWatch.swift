public import Exchange
public import Objects
import Synchronization

/// Which objects to watch, and since when.
public struct WatchQuery: Sendable {
  /// Nil or empty for all.
  public var namespace: String?
  /// What labels they must have.
  public var labels = LabelRequirements.everything
  /// What selectable fields they must have.
  public var fields = FieldSelector([])
  /// Empty or `0`: what there is first, then what changes; else what changes after this version.
  public var resourceVersion = ""
  /// `NotOlderThan` with `sendInitialEvents`, else empty.
  public var resourceVersionMatch = ""
  /// Whether what there is comes first, with a bookmark behind it.
  public var sendInitialEvents: Bool?
  /// Whether events that only name a version may be sent.
  public var allowBookmarks = false
  /// After which the watch ends.
  public var timeout = Duration.seconds(1800)

  /// Watches a namespace, or all.
  public init(namespace: String? = nil) { self.namespace = namespace }
}

/// What happened to an object that a watch is about.
public struct WatchEvent: Sendable {
  /// The raw value is the name that clients are told.
  public enum Kind: String, Sendable, Hashable {
    case added = "ADDED"
    case modified = "MODIFIED"
    case deleted = "DELETED"
    case bookmark = "BOOKMARK"
    case error = "ERROR"
  }

  /// What happened.
  public var kind: Kind
  /// The object; nil of a bookmark and an error.
  public var object: StoredObject?
  /// The version that has been reached.
  public var revision: Int64
  /// Whether a bookmark says that all there was has been sent.
  public var isInitialEventsEnd = false
  /// Why the watch ends, of an error.
  public var status: StatusError?
}

/// A watch that is open. One reader at a time.
public final class ObjectWatch: Sendable {
  private let feed: EventFeed
  private let store: ResourceStore
  private let query: WatchQuery
  private let filter: ObjectFilter
  private let namespace: String
  private let deadline: ContinuousClock.Instant
  /// The one node whose pods this follows.
  let node: String?

  private enum Phase {
    /// What there is, from this token on.
    case listing(ListQuery)
    /// Changes that are older than those the feed keeps.
    case history(any StoreWatch)
    /// From a change's number on; nil while it is not known yet.
    case following(UInt64?)
    /// What comes is queued for this watch.
    case queued
    case ended
  }

  private struct State {
    var phase: Phase
    /// Everything up to here has been delivered.
    var revision: Int64 = 0
    /// The same when the feed's changes began to be followed: the feed may still have to see some of it.
    var start: Int64 = 0
    var endsInitialEvents = false
    var nextBookmark: ContinuousClock.Instant
    /// For a watch of one node: changes that concern it with their numbers, and whether some did not fit.
    var queue: [(number: UInt64, change: Change)] = []
    var hasOverflowed = false
    var mustRestart = false
    var waiter: CheckedContinuation<Void, Never>?
    var isWoken = false
    var isCancelled = false
  }

  private let state: Mutex<State>

  init(store: ResourceStore, query: WatchQuery, filter: ObjectFilter, start: Start) {
    self.store = store
    self.query = query
    self.filter = filter
    feed = store.feed
    namespace = query.namespace ?? ""
    deadline = .now + query.timeout
    node = filter.fields.requiredValue(of: "spec.nodeName").flatMap { $0.isEmpty ? nil : $0 }
    var state = State(phase: .ended, nextBookmark: .now + store.options.bookmarkInterval)
    switch start {
    case .list(var list, let endsInitialEvents):
      list.namespace = query.namespace
      list.labels = query.labels
      list.fields = query.fields
      state.phase = .listing(list)
      state.endsInitialEvents = endsInitialEvents
    case .after(let revision):
      state.revision = revision
      state.phase = .following(nil)
    }
    self.state = Mutex(state)
    if case .after(let revision) = start { follow(after: revision) }
  }

  /// Where a watch begins.
  enum Start {
    case list(ListQuery, endsInitialEvents: Bool)
    case after(Int64)
  }

  deinit { cancel() }

  /// What happened next: at least one event; nil at the end of the watch. Waits for it.
  public func next() async -> [WatchEvent]? {
    while true {
      if state.withLock({ $0.isCancelled }) || ContinuousClock.now >= deadline && isFollowing {
        end()
        return nil
      }
      if let events = await step() { return events }
      if state.withLock({ if case .ended = $0.phase { true } else { false } }) { return nil }
    }
  }

  private var isFollowing: Bool { state.withLock { if case .listing = $0.phase { false } else { true } } }

  /// Ends the watch; whoever waits gets the end.
  public func cancel() {
    let (waiter, history) = state.withLock {
      state -> (CheckedContinuation<Void, Never>?, (any StoreWatch)?) in
      state.isCancelled = true
      defer { state.waiter = nil }
      guard case .history(let watch) = state.phase else { return (state.waiter, nil) }
      return (state.waiter, watch)
    }
    feed.detach(self)
    history?.cancel()
    waiter?.resume()
  }

  private func end() {
    feed.detach(self)
    state.withLock { state in
      if case .history(let watch) = state.phase { watch.cancel() }
      state.phase = .ended
    }
  }

  // MARK: Steps

  /// Some events, or nil when there were none and the phase may be another.
  private func step() async -> [WatchEvent]? {
    switch state.withLock({ $0.phase }) {
    case .ended: return nil
    case .listing(let query): return await list(query)
    case .history(let watch): return await readHistory(watch)
    case .following(let number): return await followStep(from: number)
    case .queued: return await followStep(from: nil)
    }
  }

  private func list(_ query: ListQuery) async -> [WatchEvent]? {
    do throws(StatusError) {
      var query = query
      query.limit = store.options.pageValues
      let list = try await store.list(query)
      var events = list.items.map { WatchEvent(kind: .added, object: $0, revision: $0.revision) }
      guard list.continueToken.isEmpty else {
        query.continueToken = list.continueToken
        query.resourceVersion = ""
        query.resourceVersionMatch = ""
        state.withLock { $0.phase = .listing(query) }
        return events.isEmpty ? nil : events
      }
      if state.withLock({ $0.endsInitialEvents }) {
        events.append(
          WatchEvent(kind: .bookmark, object: nil, revision: list.revision, isInitialEventsEnd: true))
      }
      state.withLock { state in
        state.revision = list.revision
        state.phase = .following(nil)
      }
      follow(after: list.revision)
      return events.isEmpty ? nil : events
    } catch {
      return fail(error)
    }
  }

  private func fail(_ error: StatusError) -> [WatchEvent] {
    end()
    return [WatchEvent(kind: .error, object: nil, revision: 0, status: error)]
  }

  /// Goes on with the feed's changes, if it has all that are needed.
  private func follow(after revision: Int64) {
    guard let number = feed.attach(self, after: revision) else {
      state.withLock { $0.mustRestart = true }
      return
    }
    state.withLock { state in
      state.mustRestart = false
      state.start = revision
      state.phase = .following(number)
    }
  }

  private func followStep(from number: UInt64?) async -> [WatchEvent]? {
    if state.withLock({ $0.mustRestart }) {
      feed.detach(self)
      return await openHistory()
    }
    var events: [WatchEvent] = []
    if node != nil {
      events = takeQueue(from: number)
      if state.withLock({ $0.mustRestart }) { return events.isEmpty ? nil : events }
    } else if let number, let page = feed.changes(from: number, limit: store.options.watchBatch) {
      events = self.events(of: page.changes)
      state.withLock { state in
        state.phase = .following(page.next)
        state.revision = max(state.revision, page.head)
      }
      if !page.changes.isEmpty, events.isEmpty { return nil }
    } else {
      state.withLock { $0.mustRestart = true }
      return nil
    }
    if let bookmark = dueBookmark(after: events) { events.append(bookmark) }
    if !events.isEmpty { return events }
    await wait()
    return nil
  }

  /// For a watch of one node: what the ring has from this number on, then what was queued; from then on its queue alone.
  private func takeQueue(from number: UInt64?) -> [WatchEvent] {
    var events: [WatchEvent] = []
    var next: UInt64 = 0
    if let number {
      next = number
      while true {
        guard let page = feed.changes(from: next, limit: store.options.watchBatch) else {
          state.withLock { $0.mustRestart = true }
          return []
        }
        events += self.events(of: page.changes)
        next = page.next
        let isAll = page.changes.isEmpty
        state.withLock { state in
          state.revision = max(state.revision, page.changes.last?.revision ?? 0)
          if isAll { state.phase = .queued }
        }
        if isAll { break }
      }
    }
    let queued = state.withLock { state -> [(number: UInt64, change: Change)] in
      defer { state.queue = [] }
      if state.hasOverflowed {
        state.mustRestart = true
        return []
      }
      return state.queue
    }
    let fresh = queued.lazy.filter { $0.number >= next }.map(\.change)
    state.withLock { $0.revision = max($0.revision, fresh.last?.revision ?? 0) }
    return events + self.events(of: fresh)
  }

  /// What this watch is told of changes of the feed.
  private func events(of changes: some Sequence<Change>) -> [WatchEvent] {
    let start = state.withLock { $0.start }
    return changes.compactMap { $0.revision > start ? $0.event(for: filter, namespace: namespace) : nil }
  }

  private func dueBookmark(after events: [WatchEvent]) -> WatchEvent? {
    guard query.allowBookmarks else { return nil }
    let now = ContinuousClock.now
    let head = feed.position.head
    return state.withLock { state in
      guard now >= state.nextBookmark else { return nil }
      state.nextBookmark = now + store.options.bookmarkInterval
      // A watch of one node has seen all that concerned it.
      let revision =
        node == nil ? state.revision : max(state.revision, state.queue.isEmpty ? head : state.revision)
      return WatchEvent(kind: .bookmark, object: nil, revision: revision)
    }
  }

  // MARK: History

  private func openHistory() async -> [WatchEvent]? {
    let (revision, range) = state.withLock { ($0.revision, store.keys.range(namespace: query.namespace)) }
    do throws(StoreError) {
      let watch = try await store.client.watch(from: range.start, to: range.end, revision: revision + 1)
      state.withLock { state in
        state.mustRestart = false
        state.hasOverflowed = false
        state.queue = []
        state.phase = .history(watch)
      }
      try await watch.requestProgress()
      return nil
    } catch {
      return await failed(error, at: revision)
    }
  }

  private func readHistory(_ watch: any StoreWatch) async -> [WatchEvent]? {
    do throws(StoreError) {
      guard let notice = try await watch.next() else {
        end()
        return nil
      }
      var events: [WatchEvent] = []
      var reached: Int64
      switch notice {
      case .progress(let revision): reached = revision
      case .events(let changes):
        reached = 0
        for event in changes {
          reached = event.revision
          guard let name = store.keys.name(of: event.key) else { continue }
          let change = Change(
            name: name, revision: event.revision,
            current: event.value.map { StoredObject(value: $0.value, revision: $0.modRevision) },
            previous: event.previous.map { StoredObject(value: $0.value, revision: $0.modRevision) })
          if let told = change.event(for: filter, namespace: namespace) { events.append(told) }
        }
      }
      state.withLock { $0.revision = max($0.revision, reached) }
      if state.withLock({ $0.revision }) >= feed.position.floor {
        watch.cancel()
        let revision = state.withLock { state in
          state.phase = .following(nil)
          return state.revision
        }
        follow(after: revision)
      }
      return events.isEmpty ? nil : events
    } catch {
      watch.cancel()
      return await failed(error, at: state.withLock { $0.revision })
    }
  }

  private func failed(_ error: StoreError, at revision: Int64) async -> [WatchEvent]? {
    switch error {
    case .compacted(let oldest):
      return fail(.expired("too old resource version: \(revision) (\(oldest))"))
    case .unavailable:
      // It will be back.
      state.withLock { state in
        state.phase = .following(nil)
        state.mustRestart = true
      }
      try? await Task.sleep(for: store.options.retryInterval)
      return nil
    default: return fail(error.status)
    }
  }

  // MARK: Waking

  private func wait() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isWoken = state.withLock { state in
          if state.isWoken || state.isCancelled {
            state.isWoken = false
            return true
          }
          state.waiter = continuation
          return false
        }
        if isWoken { continuation.resume() }
      }
    } onCancel: {
      cancel()
    }
  }

  /// There may be something new.
  func wake() {
    let waiter = state.withLock { state in
      state.isWoken = state.waiter == nil
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.resume()
  }

  /// A change concerns the node that this follows.
  func enqueue(_ change: Change, number: UInt64) {
    state.withLock { state in
      if state.queue.count >= store.options.watchQueue {
        state.hasOverflowed = true
        state.queue = []
      } else if !state.hasOverflowed {
        state.queue.append((number, change))
      }
    }
    wake()
  }

  /// The feed has lost changes: what comes next has to be read from the store.
  func fellBehind() {
    feed.detach(self)
    state.withLock { $0.mustRestart = true }
    wake()
  }

  /// Whether something is to be done because of the time.
  /// When it ends, or wants a bookmark before.
  var nextDue: ContinuousClock.Instant {
    guard query.allowBookmarks else { return deadline }
    return min(deadline, state.withLock { $0.nextBookmark })
  }

  func isDue(at now: ContinuousClock.Instant) -> Bool { now >= deadline || wantsBookmark(at: now) }

  func wantsBookmark(at time: ContinuousClock.Instant) -> Bool {
    query.allowBookmarks && state.withLock { time >= $0.nextBookmark }
  }
}

extension ResourceStore {
  /// Watches objects.
  /// - Throws: 400 and 422 for parameters that make no sense; what happens later is an event.
  public func watch(_ query: WatchQuery) async throws(StatusError) -> ObjectWatch {
    try ResourceVersion.check(
      version: query.resourceVersion, match: query.resourceVersionMatch, continueToken: "",
      sendsInitialEvents: query.sendInitialEvents, isWatch: true)
    let version = try ResourceVersion.parse(query.resourceVersion)
    try await feed.start()
    let filter = ObjectFilter(labels: query.labels, fields: query.fields, selectable: fields)
    let start: ObjectWatch.Start
    if query.sendInitialEvents == true || version == nil && query.sendInitialEvents == nil
      || version == 0 && query.sendInitialEvents == nil
    {
      var list = ListQuery()
      list.resourceVersion = query.resourceVersion
      if version ?? 0 > 0 { list.resourceVersionMatch = "NotOlderThan" }
      // Pages of one moment: a list from a cache has no limit.
      if version == 0 { list.resourceVersion = "" }
      start = .list(list, endsInitialEvents: query.sendInitialEvents == true && query.allowBookmarks)
    } else if let version, version > 0 {
      if version > feed.position.head {
        let current = try await calling { () async throws(StoreError) in
          try await client.range(StoreRange(start: keys.prefix, end: keys.end, limit: 1, content: .count))
            .revision
        }
        if version > current { throw ResourceVersion.tooLarge(version, current: current) }
      }
      start = .after(version)
    } else {
      start = .after(feed.position.head)
    }
    return ObjectWatch(store: self, query: query, filter: filter, start: start)
  }
}
