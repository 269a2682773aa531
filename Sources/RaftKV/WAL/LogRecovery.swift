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
  /// What was lost, if the log was damaged and has been repaired.
  public var damage: LogDamage?
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
  /// Segments that do not count and may be removed.
  var void: [UInt64] = []
}

extension RecoveredLog {
  /// Takes an intact record in, at the end of the last segment.
  mutating func take(_ header: RecordHeader, at offset: Int) {
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
  /// What is done about damage; it is given what is lost, and returns the records with which the log goes on in its
  /// place, or nil to leave everything as it is.
  typealias Repair = (LogDamage) throws -> [LogRecord]?

  let fileSystem: any FileSystem
  let names: SegmentNames
  /// The size of a segment that takes the place of damaged ones, in bytes.
  var segmentBytes = 0

  /// The log in the directory, nil if there is none yet.
  func run(
    toleratesDamage: Bool = false, repair: Repair = { _ in nil }, _ replay: (LogRecord) throws -> Void
  ) throws(WALError) -> RecoveredLog? {
    do {
      var files = SegmentFiles(fileSystem: fileSystem, names: names, toleratesDamage: toleratesDamage)
      let tornTail = try files.find()
      guard !files.chain.isEmpty else { return nil }
      var log = try begin(files)
      log.report.tornTail = tornTail
      // The newest of each kind, for the report.
      var newest: [UInt8: LogRecord] = [:]
      do {
        try read(files.chain, &log) { record in
          if toleratesDamage, !record.isEntry { newest[record.kind] = record }
          try replay(record)
        }
      } catch let damage as Damage {
        guard toleratesDamage else { throw damage.cause }
        let lost = try survey(files.chain, damage, DamageSurvey(log, damage, newest))
        try go(on: repair, lost, files, &log, replay)
      }
      // Records that this process read from the page cache may not be on disk: they become durable before anyone
      // relies on them.
      try log.file.sync()
      try fileSystem.syncDirectory(names.directory)
      // They are only in the way; the next start tries it again.
      for sequence in log.void { try? fileSystem.remove(names.segment(sequence)) }
      return log
    } catch let error as FileError {
      throw .file(error)
    } catch {
      // Nothing below throws anything else: the caller's own errors are wrapped where they arise.
      throw error as! WALError
    }
  }

  /// Damage, and where the intact part of the log ends.
  struct Damage: Error {
    var cause: WALError
    /// The position of the damaged segment among those that count.
    var position: Int
    /// Where in it.
    var offset: Int
  }

  /// A log of which nothing has been read yet.
  private func begin(_ files: SegmentFiles) throws -> RecoveredLog {
    if !files.toleratesDamage {
      for (position, file) in files.chain.enumerated() {
        guard let fault = file.fault else { continue }
        // The next segment tells whether records are lost.
        if file.truncation == nil || position + 1 == files.chain.count { throw fault }
      }
    }
    guard let witness = files.witness else { throw files.chain[0].fault! }
    // Damage must not be what a repair takes another log's segment for.
    for file in files.chain where files.toleratesDamage {
      if let header = file.header { try check(header, of: witness.identity) }
    }
    let last = files.chain[files.chain.count - 1]
    let precedingIndex = files.chain[0].header?.precedingIndex ?? 0
    return try RecoveredLog(
      header: last.header ?? witness, precedingIndex: precedingIndex,
      file: fileSystem.open(names.segment(last.sequence), .readWrite), chain: 0, lastIndex: precedingIndex,
      marks: EntryMarks(precedingIndex: precedingIndex), void: files.void)
  }

  private func read(
    _ chain: [SegmentFile], _ log: inout RecoveredLog, _ replay: (LogRecord) throws -> Void
  ) throws {
    for (position, file) in chain.enumerated() {
      guard case .header(let header, let checksum) = file.state else {
        throw Damage(cause: file.fault!, position: position, offset: 0)
      }
      try check(header, of: log.header.identity)
      let path = names.segment(file.sequence)
      var reader = try SegmentReader(file: fileSystem.open(path, .readOnly), seed: header.seed)
      log.segments.append(
        Segment(
          sequence: header.sequence, precedingIndex: log.lastIndex, capacity: header.capacity,
          end: header.byteCount))
      log.chain = checksum
      let isLast = position + 1 == chain.count
      let next = isLast ? nil : chain[position + 1].header
      let bad = try readRecords(of: path, &reader, next, &log, replay)
      let end = log.segments[position].end
      log.report.segments += 1
      log.report.bytes += end
      if let next {
        guard bad == nil, end == next.precedingEnd, log.chain == next.previous else {
          let aftermath = try reader.aftermath(of: end)
          let corruption = Corruption(
            path: path, offset: end,
            reason: bad?.reason ?? "the next segment does not follow from this one",
            lastIndexBefore: log.lastIndex,
            firstIndexAfter: aftermath.firstIndex ?? next.precedingIndex &+ 1)
          throw Damage(cause: file.truncation ?? .corrupt(corruption), position: position, offset: end)
        }
      } else if !isLast {
        // Without the next segment's header the log cannot be followed, though this segment may be whole.
        var cause = chain[position + 1].fault!
        if let bad, try reader.nextNonzero(from: end) != nil {
          cause = .corrupt(
            Corruption(path: path, offset: end, reason: bad.reason, lastIndexBefore: log.lastIndex))
        }
        throw Damage(cause: cause, position: position, offset: end)
      } else {
        if let bad { try repairTail(path, &reader, bad, position, &log) }
        if let truncation = file.truncation {
          throw Damage(cause: truncation, position: position, offset: end)
        }
      }
    }
  }

  private func check(_ header: SegmentHeader, of identity: UInt64) throws(WALError) {
    guard header.identity == identity else {
      throw .foreignSegment(path: names.segment(header.sequence))
    }
  }

  /// What ends the run of intact records.
  private struct BadRecord {
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
  ) throws -> BadRecord? {
    let position = log.segments.count - 1
    while next == nil || log.segments[position].end < next!.precedingEnd {
      let offset = log.segments[position].end
      switch try reader.record(at: offset) {
      case .damaged(let header):
        let count = header?.recordBytes ?? min(RecordHeader.byteCount, reader.size - offset)
        return BadRecord(
          reason: header.map { "the payload of the record with index \($0.index) is damaged" }
            ?? "there is no intact record", range: offset..<offset + count, isCertain: false)
      case .record(let header, let payload):
        guard header.previous == log.chain else {
          return BadRecord(
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
    _ path: String, _ reader: inout SegmentReader, _ bad: BadRecord, _ segment: Int,
    _ log: inout RecoveredLog
  ) throws {
    let end = log.segments[segment].end
    guard let firstData = try reader.nextNonzero(from: end) else { return }
    let aftermath = try reader.aftermath(of: end)
    guard !bad.isCertain, !aftermath.provesDurable, try reader.mayBeTorn(bad.range) else {
      let corruption = Corruption(
        path: path, offset: end, reason: bad.reason, lastIndexBefore: log.lastIndex,
        firstIndexAfter: aftermath.firstIndex)
      throw Damage(cause: .corrupt(corruption), position: segment, offset: end)
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
