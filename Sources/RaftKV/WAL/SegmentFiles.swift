/// A segment's file as it was found: what its header says, or why it says nothing.
struct SegmentFile {
  enum State {
    case header(SegmentHeader, checksum: UInt32)
    /// The header is damaged, or the file is not there.
    case lost(WALError)
  }

  var sequence: UInt64
  var state: State
  /// Why the file is not whole, though its header is.
  var truncation: WALError?

  var header: SegmentHeader? {
    if case .header(let header, _) = state { header } else { nil }
  }

  /// The segment that this one follows, as far as is known.
  var precedingSequence: UInt64 { header?.precedingSequence ?? sequence &- 1 }

  /// Why the segment cannot be used as it is; nil if nothing is wrong with its header or its size.
  var fault: WALError? {
    if case .lost(let error) = state { error } else { truncation }
  }
}

/// Finds the segments of a log, and which of them count.
struct SegmentFiles {
  let fileSystem: any FileSystem
  let names: SegmentNames
  /// Damage is kept in mind rather than thrown.
  let toleratesDamage: Bool

  /// The segments that count, in order.
  private(set) var chain: [SegmentFile] = []
  /// Those that a repair has put out of use.
  private(set) var void: [UInt64] = []

  init(fileSystem: any FileSystem, names: SegmentNames, toleratesDamage: Bool) {
    self.fileSystem = fileSystem
    self.names = names
    self.toleratesDamage = toleratesDamage
  }

  /// The highest sequence number that a file has.
  private(set) var newest: UInt64 = 0

  /// A segment whose header is intact, as evidence of whose log this is.
  var witness: SegmentHeader? { chain.lazy.compactMap(\.header).last }

  /// Looks at the directory; returns what was removed from its end because a crash had torn it.
  mutating func find() throws -> TornTail? {
    let sequences = try sequences()
    newest = sequences.last ?? 0
    guard !sequences.isEmpty else { return nil }
    try link(sequences)
    return try removeUnused()
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

  /// Goes back from the last segment to the first. A segment that takes the place of damaged ones names the one that
  /// it follows, and those between do not count.
  private mutating func link(_ sequences: [UInt64]) throws {
    let files = try sequences.map { try inspect($0) }
    var position = files.count - 1
    chain = [files[position]]
    while position > 0 {
      let preceding = chain[chain.count - 1].precedingSequence
      guard let before = files[..<position].lastIndex(where: { $0.sequence <= preceding }) else {
        void += sequences[..<position]
        break
      }
      if files[before].sequence < preceding {
        let error = WALError.missingSegment(path: names.segment(files[before].sequence + 1))
        guard toleratesDamage else { throw error }
        chain.append(SegmentFile(sequence: preceding, state: .lost(error)))
      }
      void += sequences[before + 1..<position]
      chain.append(files[before])
      position = before
    }
    chain.reverse()
  }

  private func inspect(_ sequence: UInt64) throws -> SegmentFile {
    let path = names.segment(sequence)
    let reader = try SegmentReader(file: fileSystem.open(path, .readOnly), seed: 0)
    let damaged = WALError.corrupt(
      Corruption(path: path, offset: 0, reason: "the segment's header is damaged"))
    switch try reader.segmentHeader() {
    case .header(let header, let checksum):
      guard header.sequence == sequence else { throw WALError.foreignSegment(path: path) }
      var file = SegmentFile(sequence: sequence, state: .header(header, checksum: checksum))
      if reader.size < header.capacity {
        file.truncation = .corrupt(
          Corruption(
            path: path, offset: reader.size,
            reason: "the file has \(reader.size) bytes and was made with \(header.capacity)"))
      }
      return file
    case .blank, .damaged:
      return SegmentFile(sequence: sequence, state: .lost(damaged))
    case .foreign:
      return SegmentFile(sequence: sequence, state: .lost(.notALog(path: path)))
    case .version(let found, let isDamaged):
      let error = WALError.formatVersion(
        path: path, found: found, supported: SegmentHeader.newestVersion)
      // What a newer program wrote is not for this one to repair.
      guard isDamaged || !toleratesDamage else { throw error }
      return SegmentFile(sequence: sequence, state: .lost(error))
    }
  }

  /// Removes segments at the end that hold nothing: one that was prepared and never used, and one whose first
  /// write a crash has torn, header and all.
  private mutating func removeUnused() throws -> TornTail? {
    if chain.count > 1, try isBlank(chain[chain.count - 1]) { try removeLast() }
    guard chain.count > 1, case .lost(let error) = chain[chain.count - 1].state,
      case .corrupt(var corruption) = error
    else { return nil }
    let last = chain[chain.count - 1].sequence
    guard let witness = toleratesDamage ? witness : chain[0].header else {
      throw chain[0].fault ?? error
    }
    var reader = try SegmentReader(
      file: fileSystem.open(names.segment(last), .readOnly),
      seed: SegmentHeader.seed(identity: witness.identity, sequence: last))
    var headerBytes = SegmentHeader.fixedBytes
    if case .damaged(let byteCount) = try reader.segmentHeader() { headerBytes = byteCount }
    let aftermath = try reader.aftermath(of: 0)
    if !aftermath.provesDurable, try reader.mayBeTorn(0..<headerBytes) {
      try removeLast()
      return TornTail(path: names.segment(last), offset: 0)
    }
    corruption.firstIndexAfter = aftermath.firstIndex
    guard toleratesDamage else { throw WALError.corrupt(corruption) }
    chain[chain.count - 1].state = .lost(.corrupt(corruption))
    return nil
  }

  private func isBlank(_ file: SegmentFile) throws -> Bool {
    guard file.header == nil else { return false }
    var reader = try SegmentReader(file: fileSystem.open(names.segment(file.sequence), .readOnly), seed: 0)
    return try reader.nextNonzero(from: 0) == nil
  }

  private mutating func removeLast() throws {
    try fileSystem.remove(names.segment(chain.removeLast().sequence))
    // A later removal must not become durable before this one: that would leave a gap.
    try fileSystem.syncDirectory(names.directory)
  }
}
