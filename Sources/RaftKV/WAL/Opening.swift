/// How a log is opened, and made if it is not there.
extension WriteAheadLog {
  /// Opens the log in `directory`, creating both if they are not there, and replays its records in write order.
  ///
  /// Replay is streamed: memory does not grow with the log. If it throws, the log is not opened. The directory's
  /// parent must exist. Records given out are durable once this returns. Damage is an error, and changes nothing.
  public static func open(
    directory: String, fileSystem: any FileSystem, configuration: Configuration,
    replay: (LogRecord) throws -> Void
  ) throws(WALError) -> WriteAheadLog {
    try open(
      directory, fileSystem, configuration, toleratesDamage: false, repair: { _ in nil }, replay: replay)
  }

  /// Opens the log as `open` does; if it is damaged, gives up what is not intact before the damage, durably.
  ///
  /// After the replay of what is intact `repair` is told what is lost, and returns the records with which the log
  /// goes on: what `carriedRecords` would hold, and a record that says what is missing, so that no crash loses that
  /// knowledge. They are replayed too. Then `recovery.damage` says what happened. If `repair` returns nil, nothing is
  /// changed, and what `open` would have thrown is thrown.
  ///
  /// What is no damage of a log is an error here too: a segment of another log or of a newer format. So is a log of
  /// which no segment's header is left, and a file that cannot be read at all.
  public static func openRepairing(
    directory: String, fileSystem: any FileSystem, configuration: Configuration,
    repair: (LogDamage) throws -> [LogRecord]?, replay: (LogRecord) throws -> Void
  ) throws(WALError) -> WriteAheadLog {
    try open(directory, fileSystem, configuration, toleratesDamage: true, repair: repair, replay: replay)
  }

  private static func open(
    _ directory: String, _ fileSystem: any FileSystem, _ configuration: Configuration, toleratesDamage: Bool,
    repair: (LogDamage) throws -> [LogRecord]?, replay: (LogRecord) throws -> Void
  ) throws(WALError) -> WriteAheadLog {
    precondition(configuration.segmentBytes >= 4096 && configuration.segmentBytes <= 16 << 30)
    precondition(configuration.metadata.count <= SegmentHeader.metadataBytesMax)
    precondition(configuration.payloadBytesMax <= 1 << 30)
    let names = SegmentNames(directory: directory)
    let lockFile: any File
    do {
      try fileSystem.createDirectory(directory)
      lockFile = try fileSystem.open(names.lock, .readWriteOrCreate)
      guard try lockFile.lock() else { throw WALError.locked(directory: directory) }
    } catch let error as FileError {
      throw .file(error)
    } catch {
      throw error as! WALError
    }
    let recovery = LogRecovery(
      fileSystem: fileSystem, names: names, segmentBytes: configuration.segmentBytes)
    let recovered: RecoveredLog
    if let found = try recovery.run(toleratesDamage: toleratesDamage, repair: repair, replay) {
      recovered = found
    } else {
      do {
        recovered = try create(names, fileSystem, configuration)
      } catch {
        throw error.isOutOfSpace ? .noSpace(error) : .file(error)
      }
    }
    return WriteAheadLog(recovered, names, fileSystem, configuration, lockFile)
  }

  /// Makes the first segment under another name, and renames it when its header is durable: so a first segment
  /// without a header is always damage, never an interrupted start.
  private static func create(
    _ names: SegmentNames, _ fileSystem: any FileSystem, _ configuration: Configuration
  ) throws(FileError) -> RecoveredLog {
    do { try fileSystem.remove(names.unfinished) } catch  where error.isNotFound {}
    let file = try fileSystem.open(names.unfinished, .createNew)
    let header = SegmentHeader(
      identity: configuration.identity, sequence: 1, precedingSequence: 0,
      capacity: configuration.segmentBytes,
      precedingIndex: 0, precedingEnd: 0, previous: 0, metadata: configuration.metadata)
    let (bytes, checksum) = header.encoded()
    do {
      try file.preallocate(header.capacity)
      try file.write(bytes.span.bytes, at: 0)
      try file.sync()
      try fileSystem.rename(names.unfinished, to: names.segment(1))
    } catch {
      try? fileSystem.remove(names.unfinished)
      throw error
    }
    try fileSystem.syncDirectory(names.directory)
    try fileSystem.syncDirectory(names.parent)
    return try RecoveredLog(
      header: header, precedingIndex: 0,
      segments: [
        Segment(sequence: 1, precedingIndex: 0, capacity: header.capacity, end: header.byteCount)
      ],
      file: fileSystem.open(names.segment(1), .readWrite), chain: checksum, lastIndex: 0,
      marks: EntryMarks(precedingIndex: 0))
  }
}
