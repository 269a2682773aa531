/// What is lost of a log that was damaged, and what is still known. Nothing here is a guess.
public struct LogDamage: Sendable, Hashable, CustomStringConvertible {
  /// What is wrong, and where; what a plain `open` would have thrown.
  public var cause: WALError
  /// The last entry before the damage, or the index with which the log began anew; 0 if there is none. It and what
  /// is before it was replayed, and is kept.
  ///
  /// Entries up to it may be void all the same: what was lost may have overwritten them. Those that were known to be
  /// committed by what was replayed are not.
  public var lastIntactIndex: UInt64
  /// The index at which the log ended as of the last thing that could be read beyond the damage; nil if nothing there
  /// tells. Entries from the last intact one to this are lost.
  public var lastKnownIndex: UInt64?
  /// The term of that entry, nil if nothing beyond the damage tells.
  public var lastKnownTerm: UInt64?
  /// Nothing that was ever durable came after `lastKnownIndex`. If false, entries with higher indexes may have been
  /// in the log, and may have been acknowledged.
  public var isEndKnown = false
  /// The lowest index that is known to have been written beyond the damage: intact entries from this index on, if
  /// there are any, are void.
  public var firstIndexBeyond: UInt64?
  /// How many intact records there are beyond the damage; they are not kept.
  public var recordsBeyond = 0
  /// The newest record of each kind that is not an entry, of all that could be read before and beyond the damage; in
  /// order of their kinds.
  public var newestRecords: [LogRecord] = []
  /// Of which kinds nothing newer can have been lost, in order.
  public var certainKinds: [UInt8] = []

  /// One line for people.
  public var description: String {
    var text = "\(cause); entries after \(lastIntactIndex) "
    switch (lastKnownIndex, isEndKnown) {
    case (let last?, true): text += "up to \(last) are lost"
    case (let last?, false): text += "up to \(last), and perhaps more, are lost"
    case (nil, _): text += "are lost; how many is not known"
    }
    return text
  }
}

/// Reads what it can of a log beyond its damage.
struct DamageSurvey {
  private(set) var damage: LogDamage
  private var newest: [UInt8: LogRecord]
  /// The kinds of which the newest record is certain.
  private var certain: Set<UInt8>
  /// The checksum of the record before the next one, if that is known.
  private var chain: UInt32?
  /// Nothing has been missing yet.
  private var isUnbroken = true

  /// `newest` holds the newest records, by kind, of what was replayed, which ends with the checksum `chain`.
  init(cause: WALError, lastIntactIndex: UInt64, chain: UInt32, newest: [UInt8: LogRecord]) {
    damage = LogDamage(cause: cause, lastIntactIndex: lastIntactIndex)
    self.newest = newest
    self.chain = chain
    certain = Set(newest.keys)
  }

  var result: LogDamage {
    var damage = damage
    if isUnbroken && damage.lastKnownIndex == nil {
      damage.lastKnownIndex = damage.lastIntactIndex
      damage.isEndKnown = true
    }
    damage.newestRecords = newest.values.sorted { $0.kind < $1.kind }
    damage.certainKinds = certain.sorted()
    return damage
  }

  /// The header of the next segment tells where the log stood when that was started.
  mutating func take(_ header: SegmentHeader, checksum: UInt32) {
    let isSame = damage.lastKnownIndex == header.precedingIndex
    if let chain, header.previous != chain { gap() }
    ends(at: header.precedingIndex, term: isSame ? damage.lastKnownTerm : nil)
    chain = checksum
  }

  /// Something may have been here, and cannot be read.
  mutating func gap() {
    damage.isEndKnown = false
    isUnbroken = false
    certain = []
    chain = nil
  }

  /// Reads everything from an offset of a segment on.
  mutating func scan(_ reader: inout SegmentReader, from offset: Int) throws(FileError) {
    var position = offset
    while position < reader.size {
      if let header = try reader.header(at: position) {
        if let chain, header.previous != chain { gap() }
        if case .record(_, let payload) = try reader.record(at: position) {
          take(header, payload)
        } else {
          // The header has a checksum of its own.
          if !header.isEntry { certain.remove(header.kind) }
          ends(header)
          chain = nil
        }
        position += header.recordBytes
      } else if let data = try reader.nextNonzero(from: position) {
        gap()
        position = max(position + 8, data & ~7)
        let end = min(reader.size, position + SegmentReader.windowBytes)
        while position < end, try reader.header(at: position) == nil { position += 8 }
      } else {
        return
      }
    }
  }

  private mutating func take(_ header: RecordHeader, _ payload: [UInt8]) {
    chain = header.checksum
    if header.kind == RecordHeader.sealKind { return }
    damage.recordsBeyond += 1
    if !header.isEntry {
      newest[header.kind] = LogRecord(header, payload: payload)
      certain.insert(header.kind)
    }
    ends(header)
  }

  private mutating func ends(_ header: RecordHeader) {
    if header.isEntry {
      damage.firstIndexBeyond = min(damage.firstIndexBeyond ?? UInt64.max, header.index)
    } else if header.beginsAnew {
      damage.firstIndexBeyond = 1
    } else {
      return
    }
    ends(at: header.index, term: header.term)
  }

  private mutating func ends(at index: UInt64, term: UInt64?) {
    damage.lastKnownIndex = index
    damage.lastKnownTerm = term
    damage.isEndKnown = true
    if index < damage.lastIntactIndex {
      damage.firstIndexBeyond = min(damage.firstIndexBeyond ?? UInt64.max, index + 1)
    }
  }
}
