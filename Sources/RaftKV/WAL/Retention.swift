/// What of the log is kept, and for how long.
extension WriteAheadLog {
  /// Deletes segments from the start of the log all of whose entries have an index up to `index`, or are void since
  /// the log began anew; the last segment stays. After a crash some of them may be there again.
  ///
  /// Segments with entries are kept for as long as the log's files take at most `keepingBytes` of disk space, so
  /// that `reader` can serve those who lag behind; the oldest go first.
  public func release(upTo index: UInt64, keepingBytes: Int = 0) throws(WALError) {
    if let failure { throw .fatal(failure) }
    var allocated = allocatedBytes
    func mayGo(_ segment: Segment) -> Bool {
      segment.isVoid || segment.highestIndex <= index && allocated > keepingBytes
    }
    guard segments.count > 1 && mayGo(segments[0]) else { return }
    // The last segment's header must be durable before what it follows may go.
    try sync()
    while segments.count > 1 && mayGo(segments[0]) {
      reader.remove(through: segments[0].sequence)
      do {
        // Were a later removal durable before an earlier one, a segment would seem to be missing.
        if removalMayBeLost { try fileSystem.syncDirectory(names.directory) }
        removalMayBeLost = false
        try fileSystem.remove(names.segment(segments[0].sequence))
      } catch {
        throw error.operation == .syncDirectory ? fail(error) : .file(error)
      }
      removalMayBeLost = true
      allocated -= segments[0].capacity
      segments.removeFirst()
      precedingIndex = segments[0].precedingIndex
    }
  }
}

/// A segment that holds records.
struct Segment {
  var sequence: UInt64
  /// The index of the last entry before it that counts.
  var precedingIndex: UInt64
  /// The size of its file.
  var capacity: Int
  /// Where its records end.
  var end: Int
  /// The highest index of its entries, or of the record with which the log began anew; 0 if it has none.
  var highestIndex: UInt64 = 0
  /// The log has begun anew since.
  var isVoid = false
}

extension [Segment] {
  /// The last of them begins the log anew.
  mutating func beginAnew(after index: UInt64) {
    for position in indices {
      self[position].precedingIndex = index
      self[position].isVoid = position < count - 1
    }
    self[count - 1].highestIndex = index
  }
}
