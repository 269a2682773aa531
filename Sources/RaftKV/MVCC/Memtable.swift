import CChecksum
import Glibc
import Synchronization

/// The place of something in a memtable's arena, in units of 8 bytes; 0 is nothing.
typealias ArenaOffset = UInt32

/// One version of one key in a memtable, as it lies in the arena; the value's bytes follow it.
struct MemtableVersion {
  /// The entry's main revision.
  var main: Int64
  /// The log index of the entry that made it.
  var index: UInt64
  var createRevision: Int64
  /// 0 marks a tombstone.
  var version: Int64
  var lease: Int64
  /// The revision of the version before this one; `previousMain` is 0 when there is none.
  var previousMain: Int64
  var sub: UInt32
  var previousSub: UInt32
  /// The next older version of the same key in this memtable.
  var older: ArenaOffset
  /// The next version in revision order. While the table is active, others than its writer read it only as an
  /// atomic, through `Memtable.following`.
  var following: ArenaOffset
  var key: ArenaOffset
  var valueLength: UInt32
}

typealias VersionPointer = UnsafeMutablePointer<MemtableVersion>

extension VersionPointer {
  var value: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(
      start: UnsafeRawPointer(self) + MemoryLayout<MemtableVersion>.size, count: Int(pointee.valueLength))
  }

  /// Whether the version came before `bound`.
  @inline(__always)
  func isBefore(_ bound: Bound) -> Bool {
    pointee.main < bound.main || (pointee.main == bound.main && Int64(pointee.sub) < bound.sub)
  }
}

/// Reads see the versions before this place in history (exclusive).
struct Bound {
  var main: Int64
  var sub: Int64

  /// Everything up to and with the main revision.
  init(through revision: Int64) {
    main = revision + 1
    sub = 0
  }

  init(main: Int64, sub: Int64) {
    self.main = main
    self.sub = sub
  }

  @inline(__always)
  func isAfter(main otherMain: Int64, sub otherSub: Int64) -> Bool {
    otherMain < main || (otherMain == main && otherSub < sub)
  }
}

/// The newest changes, in memory: a skip list of keys in an arena, each key with its versions newest first,
/// all versions also linked in revision order for the flush. Keys fill the arena from its start and versions
/// from its end: a search then touches a few megabytes of keys, not the values between them.
///
/// One writer, any number of readers without locks. A node is complete before the release store that links
/// it, and readers follow links with acquire loads; nothing is ever unlinked or moved. The arena is given
/// back when the last reference goes.
///
/// Safe: because all shared words are atomics, and the plain fields are the writer's alone until the table
/// is immutable (published to the flush thread under the store's lock).
final class Memtable: @unchecked Sendable {
  static let maximumHeight = 12
  /// Room past the size at which a table counts as full, so that ordinary requests never split.
  static let slackBytes = 4 << 20

  /// A change of a `meta` document, with the log index that made it.
  struct MetaChange {
    var index: UInt64
    var name: String
    var value: Bytes?
  }

  let base: UnsafeMutableRawPointer
  let capacity: Int
  /// Bits by hash of the keys in the table: tells most point reads that there is nothing here for them.
  private let filter: UnsafeMutablePointer<Atomic<UInt64>>
  private let filterMask: UInt32
  private let head: UnsafeMutableRawPointer
  /// What filter and head take in an empty table.
  private let emptyBytes: Int
  private let keyBytes: Atomic<Int>
  private let versionBytes = Atomic<Int>(0)
  private let heightInUse = Atomic<Int>(1)
  @exclusivity(unchecked) private var random: UInt64 = 0x9E37_79B9_7F4A_7C15
  /// Where every so many versions begin, in revision order.
  private let marks: UnsafeMutableBufferPointer<ArenaOffset>
  private let markCount = Atomic<Int>(0)
  private static let changesPerMark = 256

  /// Versions in the table.
  @exclusivity(unchecked) private(set) var changes = 0
  /// Log entries that the table accounts for, whether or not they changed anything.
  @exclusivity(unchecked) var entries = 0
  @exclusivity(unchecked) private(set) var firstVersion: ArenaOffset = 0
  @exclusivity(unchecked) private(set) var lastVersion: ArenaOffset = 0
  var metaChanges: [MetaChange] = []
  var metaBytes = 0
  /// What the entries changed about leases.
  let leases = LeaseJournal()
  /// How many such changes there are (the writer's).
  var leaseChanges = 0
  /// The state of the store before the first entry of this table.
  let origin: CheckpointState
  /// Where the term of the entries changes.
  var terms: [(firstIndex: UInt64, term: UInt64)] = []
  /// Compactions among the entries of this table.
  var compactions: [(index: UInt64, revision: Int64)] = []
  /// The state when the table became immutable.
  var end: CheckpointState
  /// The first version not yet in the checkpoint (the flush thread's).
  var flushedTo: ArenaOffset = 0
  /// How many changes of leases are in the checkpoint (the flush thread's).
  var flushedLeaseChanges = 0

  /// An arena for about so many `changes` and at least `capacity` bytes of keys and versions. Fails (nil)
  /// when the kernel has no address space left.
  init?(capacity: Int, changes: Int, origin: CheckpointState) {
    let requested =
      capacity + Memtable.filterBytes(changes: changes)
      + KeyNode.size(height: Memtable.maximumHeight, keyLength: 0)
    let page = 4096
    self.capacity = (requested + page - 1) / page * page
    let memory = mmap(
      nil, self.capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    guard let memory, memory != MAP_FAILED else { return nil }
    // Searches jump about, and large pages make them faster by a quarter; small tables would only waste them.
    if self.capacity >= 32 << 20 { madvise(memory, self.capacity, MADV_HUGEPAGE) }
    base = memory
    self.origin = origin
    end = origin
    filter = base.assumingMemoryBound(to: Atomic<UInt64>.self)
    filterMask = UInt32(8 * Memtable.filterBytes(changes: changes) - 1)
    // The filter comes first, so that offset 0 is free to mean nothing.
    let start = Memtable.filterBytes(changes: changes)
    head = base + start
    emptyBytes = start + KeyNode.size(height: Memtable.maximumHeight, keyLength: 0)
    keyBytes = Atomic(emptyBytes)
    marks = .allocate(capacity: changes / Memtable.changesPerMark + 2)
    marks.initialize(repeating: 0)
  }

  deinit {
    munmap(base, capacity)
    marks.deallocate()
  }

  /// Bytes of keys and versions.
  var used: Int {
    keyBytes.load(ordering: .relaxed) - emptyBytes + versionBytes.load(ordering: .relaxed)
  }
  /// Bytes of the arena that are free.
  var room: Int { capacity - emptyBytes - used }
  var isEmpty: Bool { changes == 0 }

  /// An upper bound of what one version needs.
  static func bytesNeeded(keyLength: Int, valueLength: Int) -> Int {
    KeyNode.size(height: maximumHeight, keyLength: keyLength) + versionSize(valueLength: valueLength)
  }

  /// Sixteen bits a key: about one point read in seventy is told wrongly to look.
  private static func filterBytes(changes: Int) -> Int {
    let wanted = min(max(2 * changes, 64), 1 << 20)
    return 1 << (Int.bitWidth - (wanted - 1).leadingZeroBitCount)
  }

  static func versionSize(valueLength: Int) -> Int {
    (MemoryLayout<MemtableVersion>.size + valueLength + 7) & ~7
  }

  @inline(__always)
  func version(at offset: ArenaOffset) -> VersionPointer {
    (base + Int(offset) * 8).assumingMemoryBound(to: MemtableVersion.self)
  }

  @inline(__always)
  func node(at offset: ArenaOffset) -> KeyNode { KeyNode(address: base + Int(offset) * 8) }

  @inline(__always)
  private func offset(of address: UnsafeMutableRawPointer) -> ArenaOffset {
    ArenaOffset(truncatingIfNeeded: (address - base) / 8)
  }

  private func allocateKey(_ bytes: Int) -> UnsafeMutableRawPointer {
    let start = keyBytes.load(ordering: .relaxed)
    precondition(bytes <= room, "the memtable's arena was not checked for room")
    keyBytes.store(start + bytes, ordering: .relaxed)
    return base + start
  }

  private func allocateVersion(_ bytes: Int) -> UnsafeMutableRawPointer {
    let end = versionBytes.load(ordering: .relaxed) + bytes
    precondition(bytes <= room, "the memtable's arena was not checked for room")
    versionBytes.store(end, ordering: .relaxed)
    return base + (capacity - end)
  }

  // MARK: search

  /// The links at which a key would be inserted, one a level.
  struct Splice {
    var before:
      (
        UnsafeMutableRawPointer, UnsafeMutableRawPointer, UnsafeMutableRawPointer, UnsafeMutableRawPointer,
        UnsafeMutableRawPointer, UnsafeMutableRawPointer, UnsafeMutableRawPointer, UnsafeMutableRawPointer,
        UnsafeMutableRawPointer, UnsafeMutableRawPointer, UnsafeMutableRawPointer, UnsafeMutableRawPointer
      )

    init(head: UnsafeMutableRawPointer) {
      before = (head, head, head, head, head, head, head, head, head, head, head, head)
    }
  }

  /// The first key at or after `key`, and whether it is that key.
  @inline(__always)
  func seek(
    _ key: UnsafeRawBufferPointer, splice: UnsafeMutablePointer<UnsafeMutableRawPointer>? = nil
  ) -> (found: ArenaOffset, isEqual: Bool) {
    let prefix = orderPrefix(key)
    var level = heightInUse.load(ordering: .relaxed) - 1
    var node = KeyNode(address: head)
    var barrier: ArenaOffset = 0
    var barrierIsEqual = false
    while true {
      let next = node.link(level).pointee.load(ordering: .acquiring)
      // A node known to be at or past the key from the level above needs no second look.
      if next != 0 && next != barrier {
        let candidate = self.node(at: next)
        let order = candidate.compare(key, prefix: prefix)
        if order < 0 {
          node = candidate
          continue
        }
        barrier = next
        barrierIsEqual = order == 0
      }
      splice?[level] = node.address
      if level == 0 { return (next, next != 0 && next == barrier && barrierIsEqual) }
      level -= 1
    }
  }

  /// The node of exactly `key`, 0 when there is none.
  @inline(__always)
  func find(_ key: UnsafeRawBufferPointer) -> ArenaOffset {
    let (first, second) = filterBits(key)
    guard filter[first.word].load(ordering: .relaxed) & first.bit != 0,
      filter[second.word].load(ordering: .relaxed) & second.bit != 0
    else { return 0 }
    let position = seek(key)
    return position.isEqual ? position.found : 0
  }

  @inline(__always)
  private func filterBits(
    _ key: UnsafeRawBufferPointer
  ) -> (first: (word: Int, bit: UInt64), second: (word: Int, bit: UInt64)) {
    let hash = checksum_crc32c(0, key.baseAddress, key.count)
    let first = hash & filterMask
    let second = (hash &* 0x9E37_79B1).byteSwapped & filterMask
    return ((Int(first >> 6), 1 << UInt64(first & 63)), (Int(second >> 6), 1 << UInt64(second & 63)))
  }

  /// The first key of the table, 0 when it is empty.
  var firstKey: ArenaOffset { KeyNode(address: head).link(0).pointee.load(ordering: .acquiring) }

  @inline(__always)
  func next(after offset: ArenaOffset) -> ArenaOffset {
    node(at: offset).link(0).pointee.load(ordering: .acquiring)
  }

  /// The newest version of the key at `offset` before `bound`.
  @inline(__always)
  func newest(of offset: ArenaOffset, before bound: Bound) -> VersionPointer? {
    var at = node(at: offset).newest.pointee.load(ordering: .acquiring)
    while at != 0 {
      let candidate = version(at: at)
      if candidate.isBefore(bound) { return candidate }
      at = candidate.pointee.older
    }
    return nil
  }

  /// The newest version of the key at `offset`.
  @inline(__always)
  func newestVersion(of offset: ArenaOffset) -> ArenaOffset {
    node(at: offset).newest.pointee.load(ordering: .acquiring)
  }

  // MARK: revision order

  /// The version after the one at `offset`, 0 when there is none yet. Any thread, also while the table is active:
  /// a version whose revision is visible to reads is complete.
  @inline(__always)
  func following(_ offset: ArenaOffset) -> ArenaOffset {
    followingLink(of: offset).pointee.load(ordering: .acquiring)
  }

  /// The first version of a revision at or after `main`, 0 when there is none yet. Any thread.
  func firstVersion(from main: Int64) -> ArenaOffset {
    // The last mark before `main`, or the first one.
    var low = 0
    var high = markCount.load(ordering: .acquiring)
    if high == 0 { return 0 }
    while high - low > 1 {
      let middle = (low + high) / 2
      if version(at: marks[middle]).pointee.main < main { low = middle } else { high = middle }
    }
    var at = marks[low]
    while at != 0, version(at: at).pointee.main < main { at = following(at) }
    return at
  }

  // Safe: because while the table is active this word is only ever accessed as an atomic, which has the layout of
  // its value.
  @inline(__always)
  private func followingLink(of offset: ArenaOffset) -> UnsafeMutablePointer<Atomic<ArenaOffset>> {
    (base + Int(offset) * 8 + MemoryLayout<MemtableVersion>.offset(of: \.following)!)
      .assumingMemoryBound(to: Atomic<ArenaOffset>.self)
  }

  // MARK: the writer

  /// Adds a version newer than all others. `position` is what `seek` answered for `key` with this splice.
  func insert(
    _ key: UnsafeRawBufferPointer, at position: (found: ArenaOffset, isEqual: Bool),
    splice: UnsafeMutablePointer<UnsafeMutableRawPointer>, value: UnsafeRawBufferPointer,
    fields: MemtableVersion
  ) {
    let memory = allocateVersion(Memtable.versionSize(valueLength: value.count))
    let added = memory.bindMemory(to: MemtableVersion.self, capacity: 1)
    let addedOffset = offset(of: memory)
    added.initialize(to: fields)
    added.pointee.valueLength = UInt32(value.count)
    if value.count > 0 {
      memcpy(memory + MemoryLayout<MemtableVersion>.size, value.baseAddress!, value.count)
    }
    if position.isEqual {
      let newest = node(at: position.found).newest
      added.pointee.older = newest.pointee.load(ordering: .relaxed)
      added.pointee.key = position.found
      newest.pointee.store(addedOffset, ordering: .releasing)
    } else {
      added.pointee.older = 0
      insertKey(key, splice: splice, version: added, versionOffset: addedOffset)
    }
    if lastVersion == 0 {
      firstVersion = addedOffset
      flushedTo = addedOffset
    } else {
      followingLink(of: lastVersion).pointee.store(addedOffset, ordering: .releasing)
    }
    let mark = changes / Memtable.changesPerMark
    if changes % Memtable.changesPerMark == 0 && mark < marks.count {
      marks[mark] = addedOffset
      markCount.store(mark + 1, ordering: .releasing)
    }
    lastVersion = addedOffset
    changes += 1
  }

  private func insertKey(
    _ key: UnsafeRawBufferPointer, splice: UnsafeMutablePointer<UnsafeMutableRawPointer>,
    version: VersionPointer, versionOffset: ArenaOffset
  ) {
    let height = nextHeight()
    let memory = allocateKey(KeyNode.size(height: height, keyLength: key.count))
    let added = KeyNode(address: memory)
    added.initialize(key: key, height: height)
    version.pointee.key = offset(of: memory)
    added.newest.pointee.store(versionOffset, ordering: .relaxed)
    let current = heightInUse.load(ordering: .relaxed)
    if height > current {
      for level in current..<height { splice[level] = head }
      heightInUse.store(height, ordering: .relaxed)
    }
    // Before the links: whoever must see the key sees its bits.
    let (first, second) = filterBits(key)
    filter[first.word].store(filter[first.word].load(ordering: .relaxed) | first.bit, ordering: .relaxed)
    filter[second.word].store(filter[second.word].load(ordering: .relaxed) | second.bit, ordering: .relaxed)
    for level in 0..<height {
      let link = KeyNode(address: splice[level]).link(level)
      added.link(level).pointee.store(link.pointee.load(ordering: .relaxed), ordering: .relaxed)
      link.pointee.store(offset(of: memory), ordering: .releasing)
    }
  }

  /// A quarter of the nodes of one level reach the next.
  private func nextHeight() -> Int {
    random ^= random << 13
    random ^= random >> 7
    random ^= random << 17
    return min(1 + (random | 1 << 62).trailingZeroBitCount / 2, Memtable.maximumHeight)
  }

  /// The revision compacted to once the entry at `index` is applied.
  func compactRevision(at index: UInt64) -> Int64 {
    for compaction in compactions.reversed() where compaction.index <= index { return compaction.revision }
    return origin.compactRevision
  }

  /// The term of the entry at `index`.
  func term(at index: UInt64) -> UInt64 {
    for change in terms.reversed() where change.firstIndex <= index { return change.term }
    return origin.position.term
  }
}

/// A key of the skip list as it lies in the arena: order prefix (8 bytes), key length (4), newest version (4),
/// height (4), one link a level (4 each), then the key.
struct KeyNode {
  let address: UnsafeMutableRawPointer

  @inline(__always)
  static func size(height: Int, keyLength: Int) -> Int { (20 + 4 * height + keyLength + 7) & ~7 }

  @inline(__always)
  var prefix: UInt64 { address.load(as: UInt64.self) }
  @inline(__always)
  var keyLength: Int { Int(address.load(fromByteOffset: 8, as: UInt32.self)) }
  @inline(__always)
  var height: Int { Int(address.load(fromByteOffset: 16, as: UInt32.self)) }

  // Safe: because these words are only ever accessed as atomics after `initialize`, and an atomic has the
  // layout of its value.
  @inline(__always)
  var newest: UnsafeMutablePointer<Atomic<UInt32>> {
    (address + 12).assumingMemoryBound(to: Atomic<UInt32>.self)
  }
  @inline(__always)
  func link(_ level: Int) -> UnsafeMutablePointer<Atomic<UInt32>> {
    (address + 20 + 4 * level).assumingMemoryBound(to: Atomic<UInt32>.self)
  }

  @inline(__always)
  var key: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: address + 20 + 4 * height, count: keyLength)
  }

  func initialize(key: UnsafeRawBufferPointer, height: Int) {
    address.storeBytes(of: orderPrefix(key), as: UInt64.self)
    address.storeBytes(of: UInt32(key.count), toByteOffset: 8, as: UInt32.self)
    address.storeBytes(of: UInt32(height), toByteOffset: 16, as: UInt32.self)
    if key.count > 0 { memcpy(address + 20 + 4 * height, key.baseAddress!, key.count) }
  }

  /// Negative when this key is before `other`, whose order prefix is `otherPrefix`.
  @inline(__always)
  func compare(_ other: UnsafeRawBufferPointer, prefix otherPrefix: UInt64) -> Int {
    let own = prefix
    if own != otherPrefix { return own < otherPrefix ? -1 : 1 }
    let length = keyLength
    let shared = min(length, other.count)
    if shared > 8 {
      let order = memcmp(address + 28 + 4 * height, other.baseAddress! + 8, shared - 8)
      if order != 0 { return Int(order) }
    }
    return length - other.count
  }
}
