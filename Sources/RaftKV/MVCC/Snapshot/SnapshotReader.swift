import Glibc

/// Reads a snapshot, record by record, in memory bounded by one block and one version. Nothing is taken on trust:
/// whatever bytes the source gives, the answer is records or an error.
public final class SnapshotReader {
  /// Room made at once for a value of a claimed length; the rest as its bytes come.
  private static let roomBytes = 1 << 20
  /// The longest value and document.
  private static let maximumValueBytes = UInt64(Int32.max)

  private let blocks: SnapshotBlockReader
  private var position = 0
  private var last = Revision(main: 0, sub: -1)
  private var totals = SnapshotSummary()
  /// What it says of the store as a whole.
  public private(set) var header = SnapshotHeader()
  /// What it amounts to: known, and checked against all that was read, when `next` has answered nil.
  public private(set) var summary: SnapshotSummary?

  /// Reads the header. Fails with `.corrupt` when this is no whole snapshot of ours, with `.storage` when it is of
  /// another format or cannot be read.
  public init(_ source: any SnapshotSource) throws(StoreError) {
    blocks = try SnapshotBlockReader(source)
    header = try readHeader()
  }

  /// Whether a file that begins with these bytes (at least 8) is a snapshot of ours, or means to be.
  public static func isSnapshot(_ start: UnsafeRawBufferPointer) -> Bool { SnapshotBlocks.isSnapshot(start) }

  /// Reads the snapshot in a file to its end and checks everything that can be without building a store of it.
  public static func check(path: String) throws(StoreError) -> (
    header: SnapshotHeader, summary: SnapshotSummary
  ) {
    let reader = try SnapshotReader(SnapshotFileSource(path: path))
    while true {
      if try reader.next() == nil, let summary = reader.summary { return (reader.header, summary) }
    }
  }

  private func readHeader() throws(StoreError) -> SnapshotHeader {
    var header = SnapshotHeader()
    header.position.index = try number()
    header.position.term = try number()
    header.revision = try signed()
    header.compactRevision = try signed() - 1
    guard header.revision >= 1, header.revision < .max, header.compactRevision <= header.revision else {
      throw SnapshotBlocks.damaged
    }
    for _ in 0..<(try count()) {
      let member = try number()
      guard let kind = UInt8(exactly: try number()).flatMap(Alarm.Kind.init(rawValue:)) else {
        throw SnapshotBlocks.damaged
      }
      header.alarms.append(Alarm(member: member, kind: kind))
    }
    for _ in 0..<(try count()) {
      let name = String(
        decoding: try bytes(try number(), limit: UInt64(Checkpoint.maximumNameBytes)), as: UTF8.self)
      header.documents[name] = try bytes(try number(), limit: Self.maximumValueBytes)
    }
    for _ in 0..<(try count()) {
      let lease = Lease(
        id: Int64(bitPattern: try number()), seconds: Int64(bitPattern: try number()),
        remainingSeconds: Int64(bitPattern: try number()), grantIndex: try number())
      // They come by id, so none comes twice.
      if let before = header.leases.last, before.id >= lease.id { throw SnapshotBlocks.damaged }
      header.leases.append(lease)
    }
    return header
  }

  /// The next version, in revision order; nil at the end, when `summary` is known. Fails with `.corrupt` or `.storage`.
  public func next() throws(StoreError) -> SnapshotVersion? {
    if summary != nil { return nil }
    let flags = try byte()
    if flags == 0 {
      try end()
      return nil
    }
    guard flags & SnapshotWriter.isVersion != 0, flags & ~SnapshotWriter.allFlags == 0 else {
      throw SnapshotBlocks.damaged
    }
    let (main, overflows) = last.main.addingReportingOverflow(try signed())
    let place = Revision(main: main, sub: try signed())
    guard !overflows, place > last, main >= 1, main <= header.revision, place.sub <= Int64(UInt32.max) else {
      throw SnapshotBlocks.damaged
    }
    var version = SnapshotVersion(revision: place, key: [], value: [], createRevision: 0, version: 0)
    let keyLength = try number()
    var valueLength: UInt64 = 0
    if flags & SnapshotWriter.isTombstone == 0 {
      version.createRevision = main - (try signed())
      version.version = try signed()
      valueLength = try number()
      guard version.createRevision >= 0, version.version > 0 else { throw SnapshotBlocks.damaged }
    }
    if flags & SnapshotWriter.hasLease != 0 { version.lease = Int64(bitPattern: try number()) }
    if flags & SnapshotWriter.hasPrevious != 0 {
      let previous = Revision(main: main - (try signed()), sub: try signed())
      guard previous.main > 0, previous < place else { throw SnapshotBlocks.damaged }
      version.previous = previous
    } else if flags & SnapshotWriter.knowsNoPrevious != 0 {
      version.previous = Revision(main: 0)
    }
    version.key = try bytes(keyLength, limit: UInt64(Store.maximumKeyBytes))
    guard !version.key.isEmpty else { throw SnapshotBlocks.damaged }
    version.value = try bytes(valueLength, limit: Self.maximumValueBytes)
    last = place
    totals.versions += 1
    totals.keyBytes += keyLength
    totals.valueBytes += valueLength
    return version
  }

  private func end() throws(StoreError) {
    guard position == blocks.content.count, try !blocks.next(), let trailer = blocks.trailer,
      trailer.versions == totals.versions, trailer.keyBytes == totals.keyBytes,
      trailer.valueBytes == totals.valueBytes
    else { throw SnapshotBlocks.damaged }
    summary = trailer
  }

  // MARK: the stream

  @inline(__always)
  private func byte() throws(StoreError) -> UInt8 {
    if position == blocks.content.count { try load() }
    position += 1
    return blocks.content[position - 1]
  }

  private func load() throws(StoreError) {
    position = 0
    guard try blocks.next() else { throw .corrupt("the snapshot ends inside a record") }
  }

  @inline(__always)
  private func number() throws(StoreError) -> UInt64 {
    var number: UInt64 = 0
    var shift: UInt64 = 0
    while shift < 64 {
      let next = try byte()
      number |= UInt64(next & 0x7F) << shift
      if next < 0x80 { return number }
      shift += 7
    }
    throw SnapshotBlocks.damaged
  }

  /// A number that must fit a non-negative `Int64`.
  @inline(__always)
  private func signed() throws(StoreError) -> Int64 {
    guard let signed = Int64(exactly: try number()) else { throw SnapshotBlocks.damaged }
    return signed
  }

  /// How many records follow: each is of one byte at least, so a wrong number soon meets the end.
  private func count() throws(StoreError) -> Int64 { try signed() }

  private func bytes(_ count: UInt64, limit: UInt64) throws(StoreError) -> Bytes {
    guard count <= limit else { throw SnapshotBlocks.damaged }
    if count == 0 { return [] }
    var bytes = Bytes()
    bytes.reserveCapacity(min(Int(count), Self.roomBytes))
    while bytes.count < Int(count) {
      if position == blocks.content.count { try load() }
      let piece = min(Int(count) - bytes.count, blocks.content.count - position)
      bytes.append(
        contentsOf: UnsafeRawBufferPointer(rebasing: blocks.content[position..<(position + piece)]))
      position += piece
    }
    return bytes
  }
}
