/// What opening a log found, for the caller to write down.
public struct RecoveryReport: Sendable, Hashable {
  /// How many segments were read.
  public var segments = 0
  /// How many records were replayed.
  public var records = 0
  /// How many bytes those segments hold.
  public var bytes = 0
  /// What a crash had left half-written at the end of the log, and was removed; it had never been durable.
  public var tornTail: TornTail?
}

/// A half-written end of the log.
public struct TornTail: Sendable, Hashable, CustomStringConvertible {
  /// The segment file.
  public var path: String
  /// Where the first incomplete record started; 0 if the segment itself had just been started.
  public var offset: Int

  /// One line for people.
  public var description: String {
    "removed an incomplete write, never acknowledged, from \(path) at offset \(offset)"
  }
}

/// A log as it stands after recovery: all of it durable, its end in `file`.
struct RecoveredLog {
  var header: SegmentHeader
  var precedingIndex: UInt64
  var segments: [Segment] = []
  var file: any File
  var chain: UInt32
  var lastIndex: UInt64
  var marks: EntryMarks
  var report = RecoveryReport()
}

extension RecoveredLog {
  /// Takes an intact record in, at the end of the last segment.
  fileprivate mutating func take(_ header: RecordHeader, at offset: Int) {
    let position = segments.count - 1
    segments[position].end = offset + header.recordBytes
    chain = header.checksum
    if header.isEntry {
      segments[position].highestIndex = max(segments[position].highestIndex, header.index)
      lastIndex = header.index
      marks.add(header.index, sequence: segments[position].sequence, offset: offset)
    } else if header.beginsAnew {
      segments.beginAnew(after: header.index)
      lastIndex = header.index
      precedingIndex = header.index
      marks.beginAnew(after: header.index, term: header.term)
    }
  }
}

extension LogRecord {
  init(_ header: RecordHeader, payload: [UInt8]) {
    self.init(
      kind: header.kind, term: header.term, index: header.index, payload: payload,
      beginsAnew: header.beginsAnew)
  }
}

/// Reads a log's segments in order, hands on its records, and repairs its end.
///
/// The rules:
/// 1. A segment is started only when the one before it is durable, and names its end and last checksum: so every
///    segment but the last must be whole.
/// 2. In the last segment the first bad record is the torn tail of writes that were never durable, unless (a) an
///    intact record header further on says that the bad record had been durable when it was written, or (b) no
///    sector's part of the bad record is blank, as it would be if a crash had kept that sector from the disk.
///    Either is corruption.
/// 3. A torn tail is overwritten with zeros, so that what it held cannot be taken for a record later.
///
/// What this cannot tell apart: a durable record of the very last batch that lost a whole sector, or that had a
/// blank sector of its own, looks like one that never became durable. `WriteAheadLog.seal` leaves no such batch.
struct LogRecovery {
  let fileSystem: any FileSystem
  let names: SegmentNames

  /// The log in the directory, nil if there is none yet.
  func run(_ replay: (LogRecord) throws -> Void) throws(WALError) -> RecoveredLog? {
    do {
      var sequences = try sequences()
      guard let first = sequences.first else { return nil }
      for (position, sequence) in sequences.enumerated() where sequence != first + UInt64(position) {
        throw WALError.missingSegment(path: names.segment(first + UInt64(position)))
      }
      var report = RecoveryReport()
      try removeUnused(&sequences, &report)
      return try read(sequences, report, replay)
    } catch let error as FileError {
      throw .file(error)
    } catch {
      // Nothing below throws anything else: the caller's own errors are wrapped where they arise.
      throw error as! WALError
    }
  }

  private func sequences() throws -> [UInt64] {
    var sequences: [UInt64] = []
    for name in try fileSystem.list(names.directory) where name.hasSuffix(SegmentNames.suffix) {
      guard let sequence = SegmentNames.sequence(name) else {
        throw WALError.notALog(path: names.directory + "/" + name)
      }
      sequences.append(sequence)
    }
    return sequences.sorted()
  }

  /// Removes segments at the end that hold nothing: one that was prepared and never used, and one whose first
  /// write a crash has torn, header and all.
  private func removeUnused(_ sequences: inout [UInt64], _ report: inout RecoveryReport) throws {
    guard sequences.count > 1 else { return }
    if try isBlank(sequences.last!) { try removeLast(&sequences) }
    guard sequences.count > 1, let last = sequences.last else { return }
    let path = names.segment(last)
    var reader = try reader(path, seed: 0)
    let headerBytes: Int
    switch try reader.segmentHeader() {
    case .blank: headerBytes = SegmentHeader.fixedBytes
    case .damaged(let byteCount): headerBytes = byteCount
    case .header, .foreign, .version: return
    }
    let first = try header(sequences.first!).header
    reader = try self.reader(path, seed: SegmentHeader.seed(identity: first.identity, sequence: last))
    let aftermath = try reader.aftermath(of: 0)
    guard !aftermath.provesDurable, try reader.mayBeTorn(0..<headerBytes) else {
      throw WALError.corrupt(
        Corruption(
          path: path, offset: 0, reason: "the segment's header is damaged",
          firstIndexAfter: aftermath.firstIndex))
    }
    report.tornTail = TornTail(path: path, offset: 0)
    try removeLast(&sequences)
  }

  private func isBlank(_ sequence: UInt64) throws -> Bool {
    var reader = try reader(names.segment(sequence), seed: 0)
    return try reader.nextNonzero(from: 0) == nil
  }

  private func removeLast(_ sequences: inout [UInt64]) throws {
    try fileSystem.remove(names.segment(sequences.removeLast()))
    // A later removal must not become durable before this one: that would leave a gap.
    try fileSystem.syncDirectory(names.directory)
  }

  private func reader(_ path: String, seed: UInt32) throws -> SegmentReader {
    try SegmentReader(file: fileSystem.open(path, .readOnly), seed: seed)
  }

  private func header(_ sequence: UInt64) throws -> (header: SegmentHeader, checksum: UInt32) {
    let path = names.segment(sequence)
    let reader = try reader(path, seed: 0)
    switch try reader.segmentHeader() {
    case .header(let header, let checksum):
      guard header.sequence == sequence else { throw WALError.foreignSegment(path: path) }
      guard reader.size >= header.capacity else {
        throw WALError.corrupt(
          Corruption(
            path: path, offset: reader.size,
            reason: "the file has \(reader.size) bytes and was made with \(header.capacity)"))
      }
      return (header, checksum)
    case .blank, .damaged:
      throw WALError.corrupt(Corruption(path: path, offset: 0, reason: "the segment's header is damaged"))
    case .foreign:
      throw WALError.notALog(path: path)
    case .version(let found):
      throw WALError.formatVersion(path: path, found: found, supported: SegmentHeader.newestVersion)
    }
  }

  private func read(
    _ sequences: [UInt64], _ report: RecoveryReport, _ replay: (LogRecord) throws -> Void
  ) throws -> RecoveredLog {
    let headers = try sequences.map { try header($0) }
    let file = try fileSystem.open(names.segment(sequences.last!), .readWrite)
    var log = RecoveredLog(
      header: headers.last!.header, precedingIndex: headers[0].header.precedingIndex, file: file,
      chain: headers[0].checksum, lastIndex: headers[0].header.precedingIndex,
      marks: EntryMarks(precedingIndex: headers[0].header.precedingIndex), report: report)
    for (position, (header, checksum)) in headers.enumerated() {
      let path = names.segment(header.sequence)
      guard header.identity == log.header.identity else { throw WALError.foreignSegment(path: path) }
      var reader = try reader(path, seed: header.seed)
      log.segments.append(
        Segment(
          sequence: header.sequence, precedingIndex: log.lastIndex, capacity: header.capacity,
          end: header.byteCount))
      log.chain = checksum
      let next = position + 1 < headers.count ? headers[position + 1].header : nil
      let damage = try readRecords(of: path, &reader, next, &log, replay)
      let end = log.segments[position].end
      if let next {
        guard damage == nil, end == next.precedingEnd, log.chain == next.previous else {
          let aftermath = try reader.aftermath(of: end)
          throw WALError.corrupt(
            Corruption(
              path: path, offset: end,
              reason: damage?.reason ?? "the next segment does not follow from this one",
              lastIndexBefore: log.lastIndex,
              firstIndexAfter: aftermath.firstIndex ?? next.precedingIndex &+ 1))
        }
      } else if let damage {
        try repairTail(path, &reader, damage, end, &log)
      }
      log.report.segments += 1
      log.report.bytes += end
    }
    // Records that this process read from the page cache may not be on disk: they become durable before anyone
    // relies on them.
    try log.file.sync()
    try fileSystem.syncDirectory(names.directory)
    return log
  }

  /// What ends the run of intact records.
  private struct Damage {
    var reason: String
    /// The bytes that the bad record, or its header if that is bad too, takes.
    var range: Range<Int>
    /// No crash leaves this behind.
    var isCertain: Bool
  }

  /// Replays records until the segment's end as `next` names it, or until there is no intact one.
  private func readRecords(
    of path: String, _ reader: inout SegmentReader, _ next: SegmentHeader?, _ log: inout RecoveredLog,
    _ replay: (LogRecord) throws -> Void
  ) throws -> Damage? {
    let position = log.segments.count - 1
    while next == nil || log.segments[position].end < next!.precedingEnd {
      let offset = log.segments[position].end
      switch try reader.record(at: offset) {
      case .damaged(let header):
        let count = header?.recordBytes ?? min(RecordHeader.byteCount, reader.size - offset)
        return Damage(
          reason: header.map { "the payload of the record with index \($0.index) is damaged" }
            ?? "there is no intact record", range: offset..<offset + count, isCertain: false)
      case .record(let header, let payload):
        guard header.previous == log.chain else {
          return Damage(
            reason: "the record does not follow the one before it",
            range: offset..<offset + header.recordBytes, isCertain: true)
        }
        log.take(header, at: offset)
        if header.kind == RecordHeader.sealKind { continue }
        log.report.records += 1
        do {
          try replay(LogRecord(header, payload: payload))
        } catch {
          throw WALError.rejected(path: path, offset: offset, reason: "\(error)")
        }
      }
    }
    return nil
  }

  /// Decides whether damage in the last segment is a torn tail, and removes that; throws if it is corruption.
  private func repairTail(
    _ path: String, _ reader: inout SegmentReader, _ damage: Damage, _ end: Int, _ log: inout RecoveredLog
  ) throws {
    guard let firstData = try reader.nextNonzero(from: end) else { return }
    let aftermath = try reader.aftermath(of: end)
    guard !damage.isCertain, !aftermath.provesDurable, try reader.mayBeTorn(damage.range) else {
      throw WALError.corrupt(
        Corruption(
          path: path, offset: end, reason: damage.reason, lastIndexBefore: log.lastIndex,
          firstIndexAfter: aftermath.firstIndex))
    }
    log.report.tornTail = TornTail(path: path, offset: end)
    // Any part of this that survives another crash leaves the first bad record bad, and adds no intact one.
    let zeros = [UInt8](repeating: 0, count: SegmentReader.sectorBytes * 128)
    var data: Int? = firstData
    while let position = data {
      let count = min(zeros.count, reader.size - position)
      try log.file.write(zeros.span.bytes.extracting(first: count), at: position)
      data = try reader.nextNonzero(from: position + count)
    }
  }
}
