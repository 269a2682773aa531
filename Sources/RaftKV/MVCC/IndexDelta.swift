import Glibc

/// The newest index rows that are not in `current` yet, in memory: for every key that a flush has touched since
/// the last settle, the newest version in the checkpoint. It holds what the runs on the disk hold, merged.
///
/// Safe: because it never changes.
final class IndexDelta: @unchecked Sendable {
  static let empty = IndexDelta(PackedRowWriter(capacity: 0))

  private let memory: MappedMemory
  private let groups: [(prefix: UInt64, offset: UInt32)]
  /// All rows, packed; as long as this lives.
  let bytes: UnsafeRawBufferPointer
  /// Keys in it.
  let rows: Int

  private init(_ writer: consuming PackedRowWriter) {
    memory = writer.memory
    groups = writer.groups
    bytes = writer.bytes
    rows = writer.rows
  }

  /// The rows of all `sources`, packed and oldest first; of rows with one key, the newest. Fails with `.corrupt`.
  convenience init(merging sources: [UnsafeRawBufferPointer]) throws(StoreError) {
    // Merged keys share more than they did apart, as a rule.
    var writer = PackedRowWriter(capacity: sources.reduce(64 << 10) { $0 + $1.count + $1.count / 16 })
    try mergeRows(sources, into: &writer)
    self.init(writer)
  }

  var isEmpty: Bool { rows == 0 }

  /// The row of exactly `key`.
  @inline(__always)
  func find(_ key: UnsafeRawBufferPointer) -> CurrentRow? {
    if groups.isEmpty { return nil }
    return search(key)
  }

  private func search(_ key: UnsafeRawBufferPointer) -> CurrentRow? {
    guard let group = lastGroup(atOrBefore: key) else { return nil }
    var reader = ByteReader(bytes)
    reader.position = Int(groups[group].offset)
    // The current row's key is before `key` and has `matched` bytes in common with it.
    var matched = 0
    for _ in 0..<PackedRows.rowsPerGroup where reader.position < bytes.count {
      let shared = Int(truncatingIfNeeded: reader.varint())
      let rest = Int(truncatingIfNeeded: reader.varint())
      let start = reader.position
      reader.position += rest
      if shared < matched { return nil }
      if shared == matched {
        // Where they share more, this key differs from `key` just as the one before it did.
        let wanted = key.count - matched
        let common = min(rest, wanted)
        var equal = 0
        while equal < common && bytes[start + equal] == key[matched + equal] { equal += 1 }
        if equal == common {
          if rest == wanted { return PackedRows.decode(&reader) }
          if rest > wanted { return nil }
        } else if bytes[start + equal] > key[matched + equal] {
          return nil
        }
        matched += equal
      }
      PackedRows.skip(&reader)
    }
    return nil
  }

  /// The last group whose first key is `key` or before it.
  private func lastGroup(atOrBefore key: UnsafeRawBufferPointer) -> Int? {
    let prefix = orderPrefix(key)
    return groups.withUnsafeBufferPointer { groups in
      var low = 0
      var high = groups.count
      while low < high {
        let middle = (low + high) / 2
        let group = groups[middle]
        let isBefore =
          group.prefix == prefix
          ? compareBytes(firstKey(at: Int(group.offset)), key) <= 0 : group.prefix < prefix
        if isBefore { low = middle + 1 } else { high = middle }
      }
      return low == 0 ? nil : low - 1
    }
  }

  /// The whole key of a group's first row.
  private func firstKey(at offset: Int) -> UnsafeRawBufferPointer {
    var reader = ByteReader(bytes)
    // Its first byte says that nothing is shared.
    reader.position = offset + 1
    let length = Int(truncatingIfNeeded: reader.varint())
    return UnsafeRawBufferPointer(rebasing: bytes[reader.position..<reader.position + length])
  }

  /// Puts a cursor over `bytes` on the first row at or after `start`.
  func seek(_ cursor: inout PackedRowCursor, _ start: UnsafeRawBufferPointer) {
    var offset = 0
    if start.count > 0, let group = lastGroup(atOrBefore: start) { offset = Int(groups[group].offset) }
    cursor.move(to: offset)
    cursor.next()
    while cursor.isValid && compareBytes(cursor.key, start) < 0 { cursor.next() }
  }
}

/// Merges packed rows, oldest source first, each in key order; of rows with one key the newest is kept.
/// Fails with `.corrupt` when a source is not made of rows.
private func mergeRows(
  _ sources: [UnsafeRawBufferPointer], into writer: inout PackedRowWriter
) throws(StoreError) {
  let keys = UnsafeMutableRawPointer.allocate(
    byteCount: sources.count * Store.maximumKeyBytes, alignment: 8)
  defer { keys.deallocate() }
  var cursors = sources.enumerated().map { number, rows in
    PackedRowCursor(rows, keyMemory: keys + number * Store.maximumKeyBytes)
  }
  var heap = MergeHeap(capacity: sources.count)
  for number in cursors.indices {
    cursors[number].next()
    if cursors[number].isValid {
      heap.insert(.init(prefix: orderPrefix(cursors[number].key), source: number), cursors)
    }
  }
  while let source = heap.first {
    // Rows of one key come newest first, and the writer takes the first.
    writer.append(cursors[source].key, cursors[source].row)
    cursors[source].next()
    if cursors[source].isValid {
      heap.replaceFirst(.init(prefix: orderPrefix(cursors[source].key), source: source), cursors)
    } else {
      heap.removeFirst(cursors)
    }
  }
  if cursors.contains(where: \.failed) { throw PackedRows.corrupt }
}

/// The sources of a merge, the one with the smallest key on top; of equal keys, the newest source's.
private struct MergeHeap {
  struct Place {
    var prefix: UInt64
    var source: Int
  }

  private var places: [Place] = []

  init(capacity: Int) { places.reserveCapacity(capacity) }

  var first: Int? { places.first?.source }

  mutating func insert(_ place: Place, _ cursors: [PackedRowCursor]) {
    places.append(place)
    var child = places.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      if !isBefore(places[child], places[parent], cursors) { return }
      places.swapAt(parent, child)
      child = parent
    }
  }

  @inline(__always)
  mutating func replaceFirst(_ place: Place, _ cursors: [PackedRowCursor]) {
    places[0] = place
    siftDown(cursors)
  }

  mutating func removeFirst(_ cursors: [PackedRowCursor]) {
    places[0] = places[places.count - 1]
    places.removeLast()
    if !places.isEmpty { siftDown(cursors) }
  }

  @inline(__always)
  private mutating func siftDown(_ cursors: [PackedRowCursor]) {
    let place = places[0]
    var hole = 0
    while true {
      var child = 2 * hole + 1
      if child >= places.count { break }
      if child + 1 < places.count && isBefore(places[child + 1], places[child], cursors) { child += 1 }
      if !isBefore(places[child], place, cursors) { break }
      places[hole] = places[child]
      hole = child
    }
    places[hole] = place
  }

  @inline(__always)
  private func isBefore(_ left: Place, _ right: Place, _ cursors: [PackedRowCursor]) -> Bool {
    if left.prefix != right.prefix { return left.prefix < right.prefix }
    let order = compareBytes(cursors[left.source].key, cursors[right.source].key)
    return order == 0 ? left.source > right.source : order < 0
  }
}
