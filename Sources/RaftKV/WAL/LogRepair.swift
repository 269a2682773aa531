/// Goes on behind damage: what is intact before it is kept, and a new segment takes the place of everything after.
///
/// The new segment names the one that it follows and where that ends. It gets its name only when it is durable, with
/// the records that say what is missing: so a crash leaves either the damage, to be found again, or the repaired log.
extension LogRecovery {
  /// Looks at everything beyond the damage.
  func survey(
    _ chain: [SegmentFile], _ damage: Damage, _ survey: DamageSurvey
  ) throws -> LogDamage {
    var survey = survey
    guard let identity = chain.lazy.compactMap(\.header).last?.identity else { return survey.result }
    for (position, file) in chain.enumerated() where position >= damage.position {
      if position > damage.position {
        if case .header(let header, let checksum) = file.state {
          survey.take(header, checksum: checksum)
        } else {
          survey.gap()
        }
      } else if file.header == nil {
        survey.gap()
      }
      let offset = position == damage.position ? damage.offset : file.header?.byteCount ?? 0
      if let opened = try open(file.sequence) {
        var reader = try SegmentReader(
          file: opened, seed: SegmentHeader.seed(identity: identity, sequence: file.sequence))
        try survey.scan(&reader, from: offset)
      }
      if file.truncation != nil { survey.gap() }
    }
    return survey.result
  }

  /// A segment's file, nil if it is missing.
  private func open(_ sequence: UInt64) throws(FileError) -> (any File)? {
    do {
      return try fileSystem.open(names.segment(sequence), .readOnly)
    } catch {
      if error.isNotFound { return nil }
      throw error
    }
  }

  /// Lets the caller decide, and repairs the log if it is told to.
  func go(
    on repair: Repair, _ damage: LogDamage, _ files: SegmentFiles, _ log: inout RecoveredLog,
    _ replay: (LogRecord) throws -> Void
  ) throws {
    let path = log.segments.last.map { names.segment($0.sequence) } ?? names.directory
    let offset = log.segments.last?.end ?? 0
    let records: [LogRecord]
    do {
      guard let given = try repair(damage) else { throw damage.cause }
      records = given
    } catch let error as WALError {
      throw error
    } catch {
      throw WALError.rejected(path: path, offset: offset, reason: "\(error)")
    }
    log.void += files.chain[log.segments.count...].map(\.sequence)
    try append(records, after: files.newest, &log)
    for record in records {
      log.report.records += 1
      do {
        try replay(record)
      } catch {
        throw WALError.rejected(path: names.segment(files.newest + 1), offset: 0, reason: "\(error)")
      }
    }
    log.report.damage = damage
  }

  /// Makes the segment that takes the place of what is damaged; it ends with a seal, which proves it durable.
  private func append(
    _ records: [LogRecord], after newest: UInt64, _ log: inout RecoveredLog
  ) throws {
    let last = log.segments.last
    var header = SegmentHeader(
      version: 2, identity: log.header.identity, sequence: newest + 1, precedingSequence: last?.sequence ?? 0,
      capacity: 0, precedingIndex: log.lastIndex, precedingEnd: last?.end ?? 0,
      previous: last == nil ? 0 : log.chain, metadata: log.header.metadata)
    let seal = LogRecord(kind: RecordHeader.sealKind, term: 0, index: 0, payload: [])
    let sizes = (records + [seal]).map { RecordHeader.recordBytes(payload: $0.payload.count) }
    let end = header.byteCount + sizes.reduce(0, +)
    header.capacity = max(segmentBytes, end)
    let encoded = header.encoded()
    log.segments.append(
      Segment(
        sequence: header.sequence, precedingIndex: log.lastIndex, capacity: header.capacity,
        end: header.byteCount))
    log.header = header
    log.chain = encoded.checksum
    var bytes = encoded.bytes + [UInt8](repeating: 0, count: end - header.byteCount)
    let seed = header.seed
    bytes.withUnsafeMutableBytes { bytes in
      for (record, size) in zip(records + [seal], sizes) {
        let offset = log.segments[log.segments.count - 1].end
        let into = UnsafeMutableRawBufferPointer(rebasing: bytes[offset..<offset + size])
        record.payload.withUnsafeBytes { payload in
          _ = RecordHeader.encode(
            kind: record.kind, beginsAnew: record.beginsAnew, term: record.term, index: record.index,
            payload: payload, into: into, seed: seed, previous: log.chain,
            durableOffset: record.kind == RecordHeader.sealKind ? offset : 0)
        }
        log.take(RecordHeader(UnsafeRawBufferPointer(into), seed: seed)!, at: offset)
      }
    }
    log.file = try put(bytes, capacity: header.capacity, names.segment(header.sequence))
  }

  private func put(
    _ bytes: [UInt8], capacity: Int, _ path: String
  ) throws -> any File {
    do throws(FileError) {
      do { try fileSystem.remove(names.unfinished) } catch  where error.isNotFound {}
      let file = try fileSystem.open(names.unfinished, .createNew)
      do throws(FileError) {
        try file.preallocate(capacity)
        try file.write(bytes.span.bytes, at: 0)
        try file.sync()
        try fileSystem.rename(names.unfinished, to: path)
      } catch {
        try? fileSystem.remove(names.unfinished)
        throw error
      }
      try fileSystem.syncDirectory(names.directory)
      return file
    } catch {
      throw error.isOutOfSpace ? WALError.noSpace(error) : .file(error)
    }
  }
}

extension DamageSurvey {
  init(_ log: RecoveredLog, _ damage: LogRecovery.Damage, _ newest: [UInt8: LogRecord]) {
    self.init(cause: damage.cause, lastIntactIndex: log.lastIndex, chain: log.chain, newest: newest)
  }
}
