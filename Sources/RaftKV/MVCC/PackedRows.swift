import Glibc

/// Rows of the index in key order, packed: the form of a run on the disk and of the delta in memory.
///
/// A row: how many bytes its key shares with the key before it and how many follow (varints), those bytes, flags,
/// then varints: main; sub, if not 0; main − create, version and value length, unless a tombstone; lease, if not 0.
/// The first row of a *group* shares nothing, so that a search can begin there.
enum PackedRows {
  static let rowsPerGroup = 16
  /// The largest row, without its key's bytes.
  static let maximumFieldBytes = 80

  private static let isTombstone: UInt8 = 1
  private static let hasSub: UInt8 = 2
  private static let hasLease: UInt8 = 4

  static let corrupt = StoreError.corrupt("a run of the checkpoint's index has the wrong shape")

  @inline(__always)
  static func encode(_ row: CurrentRow, into writer: inout ByteWriter) {
    var flags: UInt8 = 0
    if row.version == 0 { flags |= isTombstone }
    if row.sub != 0 { flags |= hasSub }
    if row.version != 0 && row.lease != 0 { flags |= hasLease }
    writer.append(byte: flags)
    writer.append(varint: UInt64(row.main))
    if row.sub != 0 { writer.append(varint: UInt64(row.sub)) }
    if row.version != 0 {
      writer.append(varint: UInt64(row.main - row.createRevision))
      writer.append(varint: UInt64(row.version))
      writer.append(varint: UInt64(row.valueLength))
      if row.lease != 0 { writer.append(varint: UInt64(bitPattern: row.lease)) }
    }
  }

  @inline(__always)
  static func decode(_ reader: inout ByteReader) -> CurrentRow {
    var row = CurrentRow()
    let flags = reader.byte()
    row.main = reader.signed()
    if flags & hasSub != 0 { row.sub = reader.signed() }
    if flags & isTombstone == 0 {
      row.createRevision = row.main - reader.signed()
      row.version = reader.signed()
      row.valueLength = reader.signed()
      if flags & hasLease != 0 { row.lease = Int64(bitPattern: reader.varint()) }
    }
    return row
  }

  /// Passes over what `decode` reads.
  @inline(__always)
  static func skip(_ reader: inout ByteReader) {
    let flags = reader.byte()
    var numbers = flags & isTombstone == 0 ? 4 : 1
    if flags & hasSub != 0 { numbers += 1 }
    if flags & hasLease != 0 { numbers += 1 }
    while numbers > 0 && !reader.failed {
      if reader.byte() < 0x80 { numbers -= 1 }
    }
  }
}

/// Walks packed rows in order.
///
/// Safe: because whoever makes it keeps the rows, and memory for one key, for as long as it is used.
struct PackedRowCursor {
  private var reader: ByteReader
  private let keyMemory: UnsafeMutableRawPointer
  private var keyLength = 0
  /// Whether it stands on a row.
  private(set) var isValid = false
  private(set) var row = CurrentRow()

  /// Stands before the first row. `keyMemory` has room for `Store.maximumKeyBytes`.
  init(_ rows: UnsafeRawBufferPointer, keyMemory: UnsafeMutableRawPointer) {
    reader = ByteReader(rows)
    self.keyMemory = keyMemory
  }

  /// Valid until the next move.
  @inline(__always)
  var key: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: keyMemory, count: keyLength) }

  /// Whether it ended on bytes that are no row.
  var failed: Bool { reader.failed }

  /// Stands before the row at `offset`, the first of a group.
  @inline(__always)
  mutating func move(to offset: Int) {
    reader.position = offset
    keyLength = 0
    isValid = false
  }

  @inline(__always)
  mutating func next() {
    isValid = false
    if reader.position >= reader.bytes.count { return }
    let shared = reader.signed()
    let rest = reader.signed()
    guard !reader.failed, shared <= keyLength, rest <= Store.maximumKeyBytes - Int(shared),
      rest <= reader.bytes.count - reader.position
    else {
      reader.failed = true
      return
    }
    if rest > 0 {
      memcpy(keyMemory + Int(shared), reader.bytes.baseAddress! + reader.position, Int(rest))
      reader.position += Int(rest)
    }
    keyLength = Int(shared + rest)
    row = PackedRows.decode(&reader)
    isValid = !reader.failed && keyLength > 0 && row.main > 0
    if !isValid { reader.failed = true }
  }
}

/// Memory taken from the kernel and given back whole with the last reference: large blocks come and go at each
/// flush, and would leave holes in an allocator's heap.
///
/// Safe: because it is written by the one thread that made it, before it is shared.
final class MappedMemory: @unchecked Sendable {
  let base: UnsafeMutableRawPointer
  let capacity: Int

  init(capacity: Int) {
    let page = 4096
    self.capacity = max(capacity + page - 1, page) / page * page
    let memory = mmap(nil, self.capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let memory, memory != MAP_FAILED else {
      // Nothing that was applied is lost, and no flush can go on without memory.
      fatalError("out of memory: the kernel refused \(capacity) bytes for the index")
    }
    base = memory
  }

  deinit { munmap(base, capacity) }
}

/// Packs rows that come in key order.
struct PackedRowWriter: ~Copyable {
  private(set) var memory: MappedMemory
  private let last = UnsafeMutableRawPointer.allocate(byteCount: Store.maximumKeyBytes, alignment: 8)
  private var lastLength = 0
  /// Bytes written.
  private(set) var count = 0
  private(set) var rows = 0
  /// Where each group starts, and the order prefix of its first key.
  private(set) var groups: [(prefix: UInt64, offset: UInt32)] = []

  /// `capacity` is a guess in bytes: there will be more room when it is too little.
  init(capacity: Int = 64 << 10) { memory = MappedMemory(capacity: capacity) }

  deinit { last.deallocate() }

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: memory.base, count: count) }

  /// Adds a row; one with the key of the row before it is left out.
  @inline(__always)
  mutating func append(_ key: UnsafeRawBufferPointer, _ row: CurrentRow) {
    var shared = sharedBytes(key)
    if shared == key.count && shared == lastLength && rows > 0 { return }
    reserve(PackedRows.maximumFieldBytes + key.count)
    if key.count > shared { memcpy(last + shared, key.baseAddress! + shared, key.count - shared) }
    lastLength = key.count
    if rows % PackedRows.rowsPerGroup == 0 {
      groups.append((orderPrefix(key), UInt32(count)))
      shared = 0
    }
    var writer = ByteWriter(base: memory.base, count: count)
    writer.append(varint: UInt64(shared))
    writer.append(varint: UInt64(key.count - shared))
    writer.append(UnsafeRawBufferPointer(rebasing: key[shared...]))
    PackedRows.encode(row, into: &writer)
    count = writer.count
    rows += 1
  }

  /// How many bytes `key` has in common with the last one.
  @inline(__always)
  private func sharedBytes(_ key: UnsafeRawBufferPointer) -> Int {
    let length = min(key.count, lastLength)
    var shared = 0
    while shared + 8 <= length {
      let difference =
        key.loadUnaligned(fromByteOffset: shared, as: UInt64.self)
        ^ last.loadUnaligned(fromByteOffset: shared, as: UInt64.self)
      if difference != 0 { return shared + difference.littleEndian.trailingZeroBitCount / 8 }
      shared += 8
    }
    while shared < length && key[shared] == last.load(fromByteOffset: shared, as: UInt8.self) { shared += 1 }
    return shared
  }

  @inline(__always)
  private mutating func reserve(_ bytes: Int) {
    if memory.capacity - count < bytes { grow(bytes) }
  }

  private mutating func grow(_ bytes: Int) {
    let larger = MappedMemory(capacity: max(memory.capacity * 2, count + bytes))
    precondition(larger.capacity <= Int(UInt32.max), "rows are packed far past every bound")
    memcpy(larger.base, memory.base, count)
    memory = larger
  }
}

/// What a writer packed.
struct PackedRun {
  private let memory: MappedMemory
  /// Valid as long as the run is held.
  let bytes: UnsafeRawBufferPointer

  init(_ writer: consuming PackedRowWriter) {
    memory = writer.memory
    bytes = writer.bytes
  }
}
