import Synchronization

/// etcd's Range on a handle: counting, filtering, sorting, limiting (etcd API: KV.Range).
extension ReadHandle {
  /// Runs `query` within a call. `cached` is the revision when `bound` is exactly the end of one: then counts
  /// may be remembered and reused.
  func run(_ query: RangeQuery, before bound: Bound, cached: Int64?) throws(StoreError) -> RangeResult {
    var result = RangeResult()
    if query.countOnly {
      result.count = try count(query.range, before: bound, cached: cached)
      return result
    }
    if query.range.end == .single {
      try visitAll(query.range, before: bound) { (key, version) throws(StoreError) -> Bool in
        result.count = 1
        if query.accepts(version) {
          result.keyValues.append(try keyValue(version, key: key, withValue: !query.keysOnly))
        }
        return false
      }
      return result
    }
    if query.order == .none && query.target == .key || query.order == .ascending && query.target == .key {
      return try listInOrder(query, before: bound, cached: cached)
    }
    return try listSorted(query, before: bound, cached: cached)
  }

  /// How many keys `range` holds. The cache answers for lists that are read page by page.
  func count(_ range: KeyRange, before bound: Bound, cached: Int64?) throws(StoreError) -> Int64 {
    if let cached, let known = state.counts.withLock({ $0.count(of: range, at: cached) }) {
      try openCheckpoint()
      return known
    }
    var count: Int64 = 0
    if range.end == .single {
      try visitAll(range, before: bound) { (_, _) throws(StoreError) -> Bool in
        count = 1
        return false
      }
      return count
    }
    count = try merging(range, before: bound, empty: 0) { (cursor) throws(StoreError) -> Int64 in
      var count: Int64 = 0
      while try cursor.next() { count += 1 }
      return count
    }
    if let cached { state.counts.withLock { $0.remember(count, of: range, at: cached) } }
    return count
  }

  private func listInOrder(
    _ query: RangeQuery, before bound: Bound, cached: Int64?
  ) throws(StoreError) -> RangeResult {
    let limit = query.limit > 0 ? query.limit : .max
    let known = cached.flatMap { revision in
      state.counts.withLock { $0.count(of: query.range, at: revision) }
    }
    var result = RangeResult()
    var visited: Int64 = 0
    try merging(query.range, before: bound, empty: ()) { (cursor) throws(StoreError) in
      while try cursor.next() {
        visited += 1
        if result.more { continue }
        if !query.accepts(cursor.visible) { continue }
        if Int64(result.keyValues.count) == limit {
          result.more = true
          if known != nil { return }
          continue
        }
        result.keyValues.append(
          try keyValue(cursor.visible, key: cursor.key, withValue: !query.keysOnly))
      }
    }
    result.count = known ?? visited
    // The next page starts just after the last key of this one, and holds the rest.
    if result.more, let cached, !query.hasFilters, let last = result.keyValues.last {
      let rest = KeyRange(start: last.key + [0], end: query.range.end)
      let left = result.count - Int64(result.keyValues.count)
      state.counts.withLock { $0.remember(left, of: rest, at: cached) }
    }
    return result
  }

  /// Keeps no more than the `limit` best; values are read at the end, for those alone, unless they decide.
  private func listSorted(
    _ query: RangeQuery, before bound: Bound, cached: Int64?
  ) throws(StoreError) -> RangeResult {
    // etcd sorts by a target without an order too, but then after it has cut at the limit.
    let cutsFirst = query.order == .none && !query.hasFilters && query.limit > 0
    let limit = query.limit > 0 ? Int(clamping: query.limit) : Int.max
    var best = BestCandidates(
      limit: limit, target: query.target, isDescending: query.order == .descending)
    var result = RangeResult()
    var accepted = 0
    try merging(query.range, before: bound, empty: ()) { (cursor) throws(StoreError) in
      while try cursor.next() {
        result.count += 1
        if !query.accepts(cursor.visible) { continue }
        accepted += 1
        if cutsFirst && accepted - 1 > limit { continue }
        let bytes =
          query.target == .value ? try value(cursor.visible, of: cursor.key) : []
        best.offer(key: cursor.key, version: cursor.visible, value: bytes)
      }
    }
    result.more = accepted > limit
    if let cached { state.counts.withLock { $0.remember(result.count, of: query.range, at: cached) } }
    for candidate in best.sorted() {
      let keyValue = try candidate.key.withRawBytes { (key) throws(StoreError) -> KeyValue in
        if query.target != .value {
          return try self.keyValue(candidate.version, key: key, withValue: !query.keysOnly)
        }
        var keyValue = try self.keyValue(candidate.version, key: key, withValue: false)
        if !query.keysOnly { keyValue.value = candidate.value }
        return keyValue
      }
      result.keyValues.append(keyValue)
    }
    return result
  }
}

extension RangeQuery {
  fileprivate var hasFilters: Bool {
    minModRevision != 0 || maxModRevision != 0 || minCreateRevision != 0 || maxCreateRevision != 0
  }

  @inline(__always)
  fileprivate func accepts(_ version: VisibleVersion) -> Bool {
    (minModRevision == 0 || version.main >= minModRevision)
      && (maxModRevision == 0 || version.main <= maxModRevision)
      && (minCreateRevision == 0 || version.createRevision >= minCreateRevision)
      && (maxCreateRevision == 0 || version.createRevision <= maxCreateRevision)
  }
}

/// The first `limit` of what is offered, in a sort order; a heap with the last of them on top, so that memory
/// is bounded by the limit. Candidates come in key order, and equal ones keep it.
private struct BestCandidates {
  struct Candidate {
    var key: Bytes
    var version: VisibleVersion
    var value: Bytes
    var arrival: Int
  }

  let limit: Int
  let target: RangeQuery.Target
  let isDescending: Bool
  private var heap: [Candidate] = []
  private var arrivals = 0

  init(limit: Int, target: RangeQuery.Target, isDescending: Bool) {
    self.limit = limit
    self.target = target
    self.isDescending = isDescending
  }

  mutating func offer(key: UnsafeRawBufferPointer, version: VisibleVersion, value: Bytes) {
    arrivals += 1
    if heap.count == limit {
      // A key is copied only when it takes the place of another.
      let order = compare(version, key, value, heap[0])
      guard isDescending ? order > 0 : order < 0 else { return }
      heap[0] = Candidate(key: Bytes(key), version: version, value: value, arrival: arrivals)
      siftDown()
      return
    }
    heap.append(Candidate(key: Bytes(key), version: version, value: value, arrival: arrivals))
    if limit != .max { siftUp() }
  }

  consuming func sorted() -> [Candidate] { heap.sorted(by: isBefore) }

  private func compare(
    _ version: VisibleVersion, _ key: UnsafeRawBufferPointer, _ value: Bytes, _ other: Candidate
  ) -> Int {
    func order(_ left: Int64, _ right: Int64) -> Int { left < right ? -1 : left > right ? 1 : 0 }
    return switch target {
    case .key: other.key.withUnsafeBytes { compareBytes(key, $0) }
    case .version: order(version.version, other.version.version)
    case .createRevision: order(version.createRevision, other.version.createRevision)
    case .modRevision: order(version.main, other.version.main)
    case .value:
      value.withUnsafeBytes { left in other.value.withUnsafeBytes { compareBytes(left, $0) } }
    }
  }

  private func isBefore(_ left: Candidate, _ right: Candidate) -> Bool {
    let order = left.key.withUnsafeBytes { compare(left.version, $0, left.value, right) }
    if order == 0 { return left.arrival < right.arrival }
    return isDescending ? order > 0 : order < 0
  }

  private mutating func siftUp() {
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      if !isBefore(heap[parent], heap[child]) { return }
      heap.swapAt(parent, child)
      child = parent
    }
  }

  private mutating func siftDown() {
    var parent = 0
    while true {
      var last = parent
      for child in [2 * parent + 1, 2 * parent + 2]
      where child < heap.count && isBefore(heap[last], heap[child]) {
        last = child
      }
      if last == parent { return }
      heap.swapAt(parent, last)
      parent = last
    }
  }
}
