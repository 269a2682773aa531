import MVCC
import NIOCore

/// A walk over a range at one revision that can stop anywhere and go on later, on any thread: between two
/// steps it holds nothing of the store.
struct RangeScan: Sendable {
  /// What is left to visit.
  private(set) var range: KeyRange
  let revision: Int64
  /// Lets the walk go on when its revision is compacted meanwhile.
  private let pin: ReadPin?
  private let limit: Int64
  private let keysOnly: Bool
  private let countsLeftOut: Bool
  /// Key-values visited so far.
  private var visited: Int64 = 0
  /// The limit left some out.
  private(set) var more = false
  /// How many keys the range held, once the walk is over.
  private(set) var count: Int64 = 0

  /// - Parameters:
  ///   - query: a plain one.
  ///   - pin: of that revision; a walk of one call needs none.
  ///   - countsLeftOut: whether `count` includes what the limit leaves out, which costs a walk of its own.
  init(_ query: RangeQuery, revision: Int64, pin: ReadPin?, countsLeftOut: Bool) {
    range = query.range
    self.revision = revision
    self.pin = pin
    limit = max(0, query.limit)
    keysOnly = query.keysOnly
    self.countsLeftOut = countsLeftOut
  }

  /// Appends key-values, as the `kvs` fields of a `RangeResponse`, until the next one would exceed `budget`
  /// bytes; at least one, so that every call gets on. Returns whether the walk is over.
  mutating func collect(
    _ handle: ReadHandle, into buffer: inout ByteBuffer, budget: Int
  ) throws(StoreError) -> Bool {
    let start = buffer.readableBytes
    var resume: Bytes?
    let progress = try walk(handle) { (view: borrowing KeyValueView) throws(StoreError) -> Bool in
      let length = view.encodedLength(keysOnly: keysOnly)
      let field = WireSize.message(Self.keyValues, length)
      let used = buffer.readableBytes - start
      if used > 0, used + field > budget {
        resume = Bytes(view.key)
        return false
      }
      try Self.append(view, length: length, field: field, keysOnly: keysOnly, to: &buffer)
      return true
    }
    visited = progress.visited
    guard let resume else {
      try end(progress, handle)
      return true
    }
    range.start = resume
    return false
  }

  /// Walks to the end and returns how many bytes the key-values need as `kvs` fields. They are appended to
  /// `buffer` if all of them fit into `budget` bytes.
  mutating func measure(
    _ handle: ReadHandle, into buffer: inout ByteBuffer, budget: Int
  ) throws(StoreError) -> Int {
    let start = buffer.writerIndex
    var total = 0
    let progress = try walk(handle) { (view: borrowing KeyValueView) throws(StoreError) -> Bool in
      let length = view.encodedLength(keysOnly: keysOnly)
      let field = WireSize.message(Self.keyValues, length)
      total += field
      if total <= budget {
        try Self.append(view, length: length, field: field, keysOnly: keysOnly, to: &buffer)
      }
      return true
    }
    if total > budget { buffer.moveWriterIndex(to: start) }
    visited = progress.visited
    try end(progress, handle)
    return total
  }

  private static let keyValues: UInt32 = 2

  /// Visits from where the last walk stopped.
  private func walk(
    _ handle: ReadHandle, visit: (borrowing KeyValueView) throws(StoreError) -> Bool
  ) throws(StoreError) -> Progress {
    var progress = Progress(visited: visited)
    try handle.scan(range, revision: revision, pin: pin) {
      (view: borrowing KeyValueView) throws(StoreError) -> Bool in
      if limit > 0, progress.visited == limit {
        progress.leftOut = Bytes(view.key)
        return false
      }
      guard try visit(view) else { return false }
      progress.visited += 1
      return true
    }
    return progress
  }

  private struct Progress {
    var visited: Int64
    /// The first key beyond the limit.
    var leftOut: Bytes?
  }

  private mutating func end(_ progress: Progress, _ handle: ReadHandle) throws(StoreError) {
    count = visited
    guard let leftOut = progress.leftOut else { return }
    more = true
    range.start = leftOut
    if countsLeftOut { count += try handle.count(range, revision: revision, pin: pin) }
  }

  private static func append(
    _ view: borrowing KeyValueView, length: Int, field: Int, keysOnly: Bool, to buffer: inout ByteBuffer
  ) throws(StoreError) {
    try buffer.writeFields(count: field) { (writer: inout WireWriter) throws(StoreError) in
      writer.message(keyValues, length: length)
      try view.encode(to: &writer, keysOnly: keysOnly)
    }
  }
}

extension RangeQuery {
  /// Whether the answer is the range as it lies, from its start: no other order, nothing filtered. A target
  /// without an order is an order, too (etcd API: RangeRequest).
  var isPlain: Bool {
    target == .key && order != .descending && !countOnly
      && minModRevision == 0 && maxModRevision == 0 && minCreateRevision == 0 && maxCreateRevision == 0
  }

  /// Whether the answer is put together in memory and may be large; a few key-values are not.
  var isHeldWhole: Bool { !isPlain && !countOnly && !(1...16).contains(limit) }
}
