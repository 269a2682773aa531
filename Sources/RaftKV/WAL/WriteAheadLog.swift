import CChecksum

/// The durable log of one member: records in write order, in segment files of a directory of its own.
///
/// One thread uses it. A record is durable once `sync` has returned after its `append`; many appends may share a
/// sync. The log never changes what it has written: a Raft leader's overwrite of conflicting entries is simply
/// later records with lower indexes, and replay gives all of them in the order they were written. `reader` gives
/// other threads the entries that count.
///
/// Errors: `WALError.noSpace` leaves the log as it was, and the append may be tried again. After any other
/// failure of a write or sync the log refuses everything with `WALError.fatal`: the page cache may claim to hold
/// what the disk does not.
public final class WriteAheadLog {
  /// What a log is opened with.
  public struct Configuration: Sendable {
    /// The size of a segment file, in bytes, at least 4096; a larger batch gets a larger segment.
    public var segmentBytes = 64 << 20
    /// The largest payload of a record, in bytes.
    public var payloadBytesMax = 64 << 20
    /// Disk space kept in reserve for `releaseBallast`, in bytes; 0 for none.
    public var ballastBytes = 4 << 20
    /// A random number that tells this log from others; used when the log is created.
    public var identity: UInt64
    /// Up to 1024 bytes that every segment carries, such as cluster and member IDs; used when the log is created.
    public var metadata: [UInt8]
    /// Runs the preparation of the next segment on another thread; nil runs it within `append`, which then now
    /// and then takes as long as a few syncs.
    public var background: (@Sendable (@escaping @Sendable () -> Void) -> Void)?

    /// The defaults, with a new log's identity and metadata.
    public init(identity: UInt64, metadata: [UInt8] = []) {
      self.identity = identity
      self.metadata = metadata
    }
  }

  /// Buffers larger than this are given back after use.
  static let bufferBytesKept = 4 << 20
  /// So is space for more marks than this.
  static let notesKept = 1 << 10

  /// What opening found.
  public let recovery: RecoveryReport
  /// The metadata that the log was created with.
  public let metadata: [UInt8]
  /// The identity that the log was created with.
  public let identity: UInt64
  /// Written again at the start of every new segment, before the batch that starts it, so that `release` may
  /// delete earlier copies: keep the newest hard state here. Replay gives them once for each segment.
  public var carriedRecords: [LogRecord] = []
  /// Reads entries back, for any thread.
  public let reader: LogReader
  /// The index of the last entry written, or of a later record with which the log began anew; 0 if there is none.
  public private(set) var lastIndex: UInt64
  /// The index of the last entry before the first segment kept, or of the record with which the log began anew;
  /// entries from the next index on are in the log.
  public internal(set) var precedingIndex: UInt64

  let fileSystem: any FileSystem
  let names: SegmentNames
  let configuration: Configuration
  /// Set by the first failure of a write or sync.
  var failure: FileError?
  let preparer: SegmentPreparer
  var segments: [Segment]
  private var file: any File
  private var capacity: Int
  private var seed: UInt32
  private var chain: UInt32
  /// How much of the last segment is durable.
  private var durableOffset: Int
  /// The durable offset in the last record written.
  private var claimedOffset: Int
  private var prepareOffset: Int
  var removalMayBeLost = false
  private var buffer: [UInt8] = []
  /// What the reader is told with the next sync.
  private var notes: [EntryNote] = []
  /// An entry from this offset of the last segment on needs a mark.
  private var nextNoteOffset = 0

  init(
    _ log: RecoveredLog, _ names: SegmentNames, _ fileSystem: any FileSystem, _ configuration: Configuration,
    _ lockFile: any File
  ) {
    let last = log.segments.last!
    self.fileSystem = fileSystem
    self.names = names
    self.configuration = configuration
    recovery = log.report
    metadata = log.header.metadata
    identity = log.header.identity
    reader = LogReader(
      fileSystem: fileSystem, names: names, identity: log.header.identity, marks: log.marks)
    lastIndex = log.lastIndex
    precedingIndex = log.precedingIndex
    segments = log.segments
    file = log.file
    capacity = log.header.capacity
    seed = log.header.seed
    chain = log.chain
    durableOffset = last.end
    claimedOffset = 0
    prepareOffset = capacity / 4 * 3
    preparer = SegmentPreparer(
      fileSystem: fileSystem, names: names, segmentBytes: configuration.segmentBytes, last: last.sequence,
      lockFile: lockFile)
    restoreBallast()
    file.forgetWhatWasRead()
  }

  /// The sequence number of the segment being written.
  var lastSequence: UInt64 { segments[segments.count - 1].sequence }

  /// The bytes of records in all segments.
  public var byteCount: Int { segments.reduce(0) { $0 + $1.end } }

  /// The bytes of disk space that the segments' files take, but for one that may have been prepared.
  public var allocatedBytes: Int { segments.reduce(0) { $0 + $1.capacity } }

  /// Writes records at the end of the log, in one write; they are durable after the next `sync`.
  ///
  /// A record with which the log begins anew starts a segment: what was there before can then be released.
  ///
  /// `noSpace` and `recordTooLarge` mean that nothing was written. Kinds 0 and 255 are the log's own.
  public func append(_ records: [LogRecord]) throws(WALError) {
    if let failure { throw .fatal(failure) }
    let (batchBytes, beginsAnew) = try size(of: records)
    if batchBytes == 0 { return }
    if beginsAnew || batchBytes > capacity - segments[segments.count - 1].end {
      try startSegment(with: records, batchBytes, version: beginsAnew ? 2 : 1)
    } else {
      reserveBuffer(batchBytes)
      let offset = segments[segments.count - 1].end
      let end = encode(records, at: 0, bufferOffset: offset)
      try write(bytes: end, at: offset)
    }
    prepareNextSegment()
  }

  /// Makes everything appended durable.
  public func sync() throws(WALError) {
    if let failure { throw .fatal(failure) }
    let end = segments[segments.count - 1].end
    if durableOffset == end { return }
    do {
      try file.sync()
    } catch {
      throw fail(error)
    }
    durableOffset = end
    reader.publish(notes, last: lastIndex)
    notes.removeAll(keepingCapacity: notes.capacity <= Self.notesKept)
  }

  /// Syncs, and leaves a mark that everything before it was durable, so that damage to the last batch too can be
  /// told from a torn tail at the next start. For an orderly shutdown, or a pause in the load.
  public func seal() throws(WALError) {
    try sync()
    let end = segments[segments.count - 1].end
    // Without room for the mark the next segment's header will serve.
    guard claimedOffset < end && capacity - end >= RecordHeader.byteCount else { return }
    reserveBuffer(RecordHeader.byteCount)
    let seal = LogRecord(kind: RecordHeader.sealKind, term: 0, index: 0, payload: [])
    try write(bytes: encode([seal], at: 0, bufferOffset: end), at: end)
    try sync()
    // The mark itself needs no other.
    claimedOffset = durableOffset
  }

  /// The bytes that records take, and whether the log begins anew with one of them.
  private func size(of records: [LogRecord]) throws(WALError) -> (bytes: Int, beginsAnew: Bool) {
    var bytes = 0
    var beginsAnew = false
    for record in records {
      precondition(record.kind != 0 && record.kind != RecordHeader.sealKind, "a kind of the log's own")
      guard record.payload.count <= configuration.payloadBytesMax else {
        throw .recordTooLarge(bytes: record.payload.count, limit: configuration.payloadBytesMax)
      }
      bytes += RecordHeader.recordBytes(payload: record.payload.count)
      if record.beginsAnew { beginsAnew = true }
    }
    return (bytes, beginsAnew)
  }

  /// Goes on in a new segment: its header, the carried records and the batch are one write.
  private func startSegment(
    with records: [LogRecord], _ batchBytes: Int, version: UInt32
  ) throws(WALError) {
    let carried = try size(of: carriedRecords)
    precondition(!carried.beginsAnew, "what is carried on cannot void the log")
    // Rule 1 of recovery: whatever is in the new segment proves that this one is durable.
    try sync()
    let last = segments[segments.count - 1]
    var header = SegmentHeader(
      version: version, identity: identity, sequence: last.sequence + 1, precedingSequence: last.sequence,
      capacity: 0, precedingIndex: lastIndex, precedingEnd: last.end, previous: chain, metadata: metadata)
    let bytes = header.byteCount + carried.bytes + batchBytes
    let blank: BlankSegment
    do {
      blank = try preparer.take(header.sequence, bytesMin: bytes)
    } catch {
      if error.isOutOfSpace { throw .noSpace(error) }
      throw fail(error)
    }
    header.capacity = blank.capacity
    let encoded = header.encoded()
    file = blank.file
    capacity = blank.capacity
    seed = header.seed
    chain = encoded.checksum
    durableOffset = 0
    prepareOffset = capacity / 4 * 3
    nextNoteOffset = 0
    segments.append(
      Segment(sequence: header.sequence, precedingIndex: lastIndex, capacity: capacity, end: 0))
    reserveBuffer(bytes)
    buffer.withUnsafeMutableBytes { $0.copyBytes(from: encoded.bytes) }
    let carriedEnd = encode(carriedRecords, at: header.byteCount, bufferOffset: 0)
    try write(bytes: encode(records, at: carriedEnd, bufferOffset: 0), at: 0)
  }

  private func prepareNextSegment() {
    let last = segments[segments.count - 1]
    guard last.end >= prepareOffset else { return }
    // If this fails for want of space, it is tried a few times more before the segment is full.
    prepareOffset = last.end + capacity / 16
    let next = last.sequence + 1
    let preparer = preparer
    if let background = configuration.background {
      background { preparer.prepare(next) }
    } else {
      preparer.prepare(next)
    }
  }

  private func reserveBuffer(_ bytes: Int) {
    if buffer.count < bytes {
      buffer = [UInt8](repeating: 0, count: max(bytes, 2 * min(buffer.count, Self.bufferBytesKept)))
    }
  }

  /// Puts records into the buffer from `start`, and returns where they end. The buffer will be written at
  /// `bufferOffset`.
  private func encode(_ records: [LogRecord], at start: Int, bufferOffset: Int) -> Int {
    var position = start
    var chain = chain
    var lastIndex = lastIndex
    var highestIndex = segments[segments.count - 1].highestIndex
    buffer.withUnsafeMutableBytes { buffer in
      for record in records {
        if record.isEntry {
          if record.index != lastIndex &+ 1 || bufferOffset + position >= nextNoteOffset {
            note(record.index, at: bufferOffset + position, lastIndex)
          }
          lastIndex = record.index
          highestIndex = max(highestIndex, record.index)
        } else if record.beginsAnew {
          beginAnew(after: record.index, term: record.term)
          lastIndex = record.index
          highestIndex = record.index
        }
        record.payload.withUnsafeBytes { payload in
          let bytes = RecordHeader.recordBytes(payload: payload.count)
          chain = RecordHeader.encode(
            kind: record.kind, beginsAnew: record.beginsAnew, term: record.term, index: record.index,
            payload: payload,
            into: UnsafeMutableRawBufferPointer(rebasing: buffer[position..<position + bytes]),
            seed: seed, previous: chain, durableOffset: durableOffset)
          position += bytes
        }
      }
    }
    self.chain = chain
    self.lastIndex = lastIndex
    segments[segments.count - 1].highestIndex = highestIndex
    return position
  }

  /// Remembers an entry's place for the reader. What it overwrites is void at once.
  private func note(_ index: UInt64, at offset: Int, _ lastBefore: UInt64) {
    if index != lastBefore &+ 1 { reader.truncate(from: index) }
    notes.append(EntryNote(index: index, sequence: lastSequence, offset: offset, lastBefore: lastBefore))
    nextNoteOffset = offset + EntryMarks.spacingBytes
  }

  private func beginAnew(after index: UInt64, term: UInt64) {
    reader.beginAnew(after: index, term: term)
    notes = []
    nextNoteOffset = 0
    segments.beginAnew(after: index)
    precedingIndex = index
  }

  private func write(bytes count: Int, at offset: Int) throws(WALError) {
    do {
      let written = buffer
      try file.write(written.span.bytes.extracting(first: count), at: offset)
    } catch {
      throw fail(error)
    }
    segments[segments.count - 1].end = offset + count
    claimedOffset = durableOffset
    if buffer.count > Self.bufferBytesKept { buffer = [] }
  }

  func fail(_ error: FileError) -> WALError {
    failure = error
    return .fatal(error)
  }
}
