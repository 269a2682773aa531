/// Writes a snapshot: a header and versions in revision order, as records in the blocks of `SnapshotBlocks`.
///
/// Numbers are varints. The header: index and term of the position; revision; compact revision + 1; then the alarms,
/// documents and leases, each after their number: member and kind; name and value with their lengths; id, TTL,
/// remaining time and index of the grant. Then the versions. A version: flags, never 0; main − the main before; sub;
/// key length; unless a tombstone main − create, version and value length; the lease, if it has one; main −
/// previous main and previous sub, if it has a previous one; then key and value. A zero byte ends the versions.
public final class SnapshotWriter {
  static let isVersion: UInt8 = 1
  static let isTombstone: UInt8 = 2
  static let hasLease: UInt8 = 4
  static let hasPrevious: UInt8 = 8
  static let knowsNoPrevious: UInt8 = 16
  static let allFlags: UInt8 = 31

  /// The longest numbers of a version: nine of at most ten bytes, and the flags.
  private static let maximumFieldBytes = 96

  private let blocks: SnapshotBlockWriter
  private let fields = UnsafeMutableRawBufferPointer.allocate(
    byteCount: maximumFieldBytes, alignment: 8)
  private let revision: Int64
  private var last = Revision(main: 0, sub: -1)
  private var totals = SnapshotSummary()

  /// Writes the header. Fails with `.storage`.
  public init(_ header: SnapshotHeader, to sink: any SnapshotSink) throws(StoreError) {
    revision = header.revision
    blocks = try SnapshotBlockWriter(sink)
    try write([
      header.position.index, header.position.term, UInt64(header.revision),
      UInt64(header.compactRevision + 1),
    ])
    try write([UInt64(header.alarms.count)])
    for alarm in header.alarms.sorted() { try write([alarm.member, UInt64(alarm.kind.rawValue)]) }
    try write([UInt64(header.documents.count)])
    for name in header.documents.keys.sorted() {
      try write(counted: Bytes(name.utf8))
      try write(counted: header.documents[name] ?? [])
    }
    try write([UInt64(header.leases.count)])
    for lease in header.leases.sorted(by: { $0.id < $1.id }) {
      try write([
        UInt64(bitPattern: lease.id), UInt64(bitPattern: lease.seconds),
        UInt64(bitPattern: lease.remainingSeconds), lease.grantIndex,
      ])
    }
  }

  deinit { fields.deallocate() }

  private func write(_ numbers: [UInt64]) throws(StoreError) {
    for number in numbers {
      var writer = ByteWriter(base: fields.baseAddress!)
      writer.append(varint: number)
      try blocks.append(UnsafeRawBufferPointer(rebasing: fields[..<writer.count]))
    }
  }

  private func write(counted bytes: Bytes) throws(StoreError) {
    try write([UInt64(bytes.count)])
    try bytes.withRawBytes { (bytes) throws(StoreError) in try blocks.append(bytes) }
  }

  /// Adds a version, newer than all before it and no newer than the header's revision. Fails with `.storage`, or
  /// with `.corrupt` when it cannot be.
  public func add(_ version: SnapshotVersion) throws(StoreError) {
    try version.key.withRawBytes { (key) throws(StoreError) in
      try version.value.withRawBytes { (value) throws(StoreError) in
        try add(
          version.revision, key: key, value: value, createRevision: version.createRevision,
          version: version.version, lease: version.lease, previous: version.previous)
      }
    }
  }

  func add(
    _ place: Revision, key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer, createRevision: Int64,
    version: Int64, lease: Int64, previous: Revision?
  ) throws(StoreError) {
    guard place > last, place.main <= revision, createRevision <= place.main,
      previous.map({ $0 < place && $0.sub >= 0 }) ?? true
    else {
      throw .corrupt(
        "version \(place.main).\(place.sub) comes after \(last.main).\(last.sub), or has the wrong shape")
    }
    var flags = SnapshotWriter.isVersion
    if version == 0 { flags |= SnapshotWriter.isTombstone }
    if lease != 0 { flags |= SnapshotWriter.hasLease }
    if let previous {
      flags |= previous.main == 0 ? SnapshotWriter.knowsNoPrevious : SnapshotWriter.hasPrevious
    }
    var writer = ByteWriter(base: fields.baseAddress!)
    writer.append(byte: flags)
    writer.append(varint: UInt64(place.main - last.main))
    writer.append(varint: UInt64(place.sub))
    writer.append(varint: UInt64(key.count))
    if version != 0 {
      writer.append(varint: UInt64(place.main - createRevision))
      writer.append(varint: UInt64(version))
      writer.append(varint: UInt64(value.count))
    }
    if lease != 0 { writer.append(varint: UInt64(bitPattern: lease)) }
    if let previous, previous.main != 0 {
      writer.append(varint: UInt64(place.main - previous.main))
      writer.append(varint: UInt64(previous.sub))
    }
    try blocks.append(UnsafeRawBufferPointer(rebasing: fields[..<writer.count]))
    try blocks.append(key)
    if version != 0 { try blocks.append(value) }
    last = place
    totals.versions += 1
    totals.keyBytes += UInt64(key.count)
    if version != 0 { totals.valueBytes += UInt64(value.count) }
  }

  /// Ends the snapshot. Without it, it is not one. Fails with `.storage`.
  public func finish() throws(StoreError) -> SnapshotSummary {
    fields[0] = 0
    try blocks.append(UnsafeRawBufferPointer(rebasing: fields[..<1]))
    return try blocks.finish(totals)
  }
}
