import CChecksum
import CZstd
import Glibc

/// A snapshot's outer form: a stream of bytes (the records of `SnapshotWriter`) cut into blocks.
///
/// The file's head: magic (8 bytes), format (4), CRC-32C of both (4). Then blocks: kind (4), number from 0 on (4),
/// length of the content (4), length as stored (4), CRC-32C of those and of what is stored (4), then what is stored.
/// The last block, and only that, is the trailer: versions, bytes of keys, of values and of the whole content
/// (8 each), and CRC-32C of the whole content (4). Nothing follows it. Numbers are little-endian.
///
/// So a byte that is wrong, missing or too many anywhere is found: in the head and in blocks by their checksums,
/// a block that is missing, doubled or out of its place by the numbers, a cut at a block's end by the trailer.
enum SnapshotBlocks {
  static let magic: StaticString = "raftkvSN"
  /// A change that older readers would misread needs a new number.
  static let format: UInt32 = 1
  static let headBytes = 16
  static let blockHeadBytes = 20
  /// The most content of a block: a larger one is no block of ours.
  static let blockBytes = 1 << 20
  static let trailerBytes = 36

  enum Kind: UInt32 {
    case plain = 1
    case compressed = 2
    case trailer = 3
  }

  static let damaged = StoreError.corrupt("the snapshot is damaged")

  /// Whether a file's first bytes are those of a snapshot of ours, of any format.
  static func isSnapshot(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.count >= 8 && memcmp(bytes.baseAddress!, magic.utf8Start, 8) == 0
  }
}

/// Cuts a stream of bytes into blocks, compresses and numbers them.
final class SnapshotBlockWriter {
  private let sink: any SnapshotSink
  private let content = UnsafeMutableRawBufferPointer.allocate(
    byteCount: SnapshotBlocks.blockBytes, alignment: 16)
  private var filled = 0
  /// The head of a block and what is stored.
  private let block = UnsafeMutableRawBufferPointer.allocate(
    byteCount: SnapshotBlocks.blockHeadBytes + SnapshotBlocks.blockBytes, alignment: 16)
  private let compressor = ZSTD_createCCtx()
  private var number: UInt32 = 0
  private var summary = SnapshotSummary()

  init(_ sink: any SnapshotSink) throws(StoreError) {
    self.sink = sink
    block.copyBytes(from: UnsafeRawBufferPointer(start: SnapshotBlocks.magic.utf8Start, count: 8))
    store(SnapshotBlocks.format, at: 8)
    store(checksum_crc32c(0, block.baseAddress, 12), at: 12)
    try sink.write(UnsafeRawBufferPointer(rebasing: block[..<SnapshotBlocks.headBytes]))
  }

  deinit {
    content.deallocate()
    block.deallocate()
    ZSTD_freeCCtx(compressor)
  }

  func append(_ bytes: UnsafeRawBufferPointer) throws(StoreError) {
    var position = 0
    while position < bytes.count {
      if filled == content.count { try flush() }
      let count = min(content.count - filled, bytes.count - position)
      memcpy(content.baseAddress! + filled, bytes.baseAddress! + position, count)
      filled += count
      position += count
    }
  }

  private func flush() throws(StoreError) {
    if filled == 0 { return }
    summary.contentBytes += UInt64(filled)
    summary.hash = checksum_crc32c(summary.hash, content.baseAddress, filled)
    let target = block.baseAddress! + SnapshotBlocks.blockHeadBytes
    // No more room than what saves something: what cannot be compressed ends early.
    let produced = ZSTD_compressCCtx(
      compressor, target, filled - filled / 16, content.baseAddress, filled, 1)
    if ZSTD_isError(produced) != 0 {
      memcpy(target, content.baseAddress!, filled)
      try write(.plain, length: filled, stored: filled)
    } else {
      try write(.compressed, length: filled, stored: produced)
    }
    filled = 0
  }

  private func write(_ kind: SnapshotBlocks.Kind, length: Int, stored: Int) throws(StoreError) {
    guard number < .max else { throw .storage("the store is too large for a snapshot") }
    store(kind.rawValue, at: 0)
    store(number, at: 4)
    store(UInt32(length), at: 8)
    store(UInt32(stored), at: 12)
    let base = block.baseAddress!
    let sum = checksum_crc32c(
      checksum_crc32c(0, base, 16), base + SnapshotBlocks.blockHeadBytes, stored)
    store(sum, at: 16)
    try sink.write(UnsafeRawBufferPointer(rebasing: block[..<(SnapshotBlocks.blockHeadBytes + stored)]))
    number += 1
  }

  private func store(_ value: UInt32, at offset: Int) {
    block.storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt32.self)
  }

  /// Writes what is left and the trailer: `totals`, with the content's length and hash filled in, which it returns.
  func finish(_ totals: SnapshotSummary) throws(StoreError) -> SnapshotSummary {
    try flush()
    var totals = totals
    totals.contentBytes = summary.contentBytes
    totals.hash = summary.hash
    let start = SnapshotBlocks.blockHeadBytes
    for (place, total) in [totals.versions, totals.keyBytes, totals.valueBytes, totals.contentBytes]
      .enumerated()
    {
      block.storeBytes(of: total.littleEndian, toByteOffset: start + 8 * place, as: UInt64.self)
    }
    store(totals.hash, at: start + 32)
    try write(.trailer, length: SnapshotBlocks.trailerBytes, stored: SnapshotBlocks.trailerBytes)
    return totals
  }
}

/// Reads the blocks back, one at a time, and checks each before it hands anything on.
final class SnapshotBlockReader {
  private let source: any SnapshotSource
  private let stored = UnsafeMutableRawBufferPointer.allocate(
    byteCount: SnapshotBlocks.blockHeadBytes + SnapshotBlocks.blockBytes, alignment: 16)
  private let memory = UnsafeMutableRawBufferPointer.allocate(
    byteCount: SnapshotBlocks.blockBytes, alignment: 16)
  private let decompressor = ZSTD_createDCtx()
  private var number: UInt32 = 0
  private var contentBytes: UInt64 = 0
  private var hash: UInt32 = 0
  /// The block read last; empty before the first, and after the trailer.
  private(set) var content = UnsafeRawBufferPointer(start: nil, count: 0)
  /// The trailer, once it was read.
  private(set) var trailer: SnapshotSummary?

  /// Reads the head. Fails with `.corrupt` or `.storage`.
  init(_ source: any SnapshotSource) throws(StoreError) {
    self.source = source
    guard try read(SnapshotBlocks.headBytes, at: 0) else {
      throw .corrupt("the snapshot is cut short, or no snapshot of raftkv")
    }
    guard SnapshotBlocks.isSnapshot(UnsafeRawBufferPointer(stored)) else {
      throw .corrupt("this is no snapshot of raftkv")
    }
    guard load(at: 12) == checksum_crc32c(0, stored.baseAddress, 12) else { throw SnapshotBlocks.damaged }
    guard load(at: 8) == SnapshotBlocks.format else {
      throw .storage(
        "the snapshot has format \(load(at: 8)), this version reads format \(SnapshotBlocks.format)")
    }
  }

  deinit {
    stored.deallocate()
    memory.deallocate()
    ZSTD_freeDCtx(decompressor)
  }

  /// Reads the next block into `content`; false after the last, when the trailer is known and agrees with all that
  /// was read. Fails with `.corrupt` or `.storage`.
  func next() throws(StoreError) -> Bool {
    content = UnsafeRawBufferPointer(start: nil, count: 0)
    if trailer != nil { return false }
    guard try read(SnapshotBlocks.blockHeadBytes, at: 0) else {
      throw .corrupt("the snapshot is cut short")
    }
    let length = Int(load(at: 8))
    let storedLength = Int(load(at: 12))
    guard let kind = SnapshotBlocks.Kind(rawValue: load(at: 0)), load(at: 4) == number,
      length > 0, length <= SnapshotBlocks.blockBytes, storedLength <= length
    else { throw SnapshotBlocks.damaged }
    guard try read(storedLength, at: SnapshotBlocks.blockHeadBytes) else {
      throw .corrupt("the snapshot is cut short")
    }
    let base = stored.baseAddress!
    let payload = base + SnapshotBlocks.blockHeadBytes
    guard load(at: 16) == checksum_crc32c(checksum_crc32c(0, base, 16), payload, storedLength) else {
      throw SnapshotBlocks.damaged
    }
    number &+= 1
    switch kind {
    case .plain:
      guard storedLength == length else { throw SnapshotBlocks.damaged }
      content = UnsafeRawBufferPointer(start: payload, count: length)
    case .compressed:
      let produced = ZSTD_decompressDCtx(decompressor, memory.baseAddress, length, payload, storedLength)
      guard produced == length else { throw SnapshotBlocks.damaged }
      content = UnsafeRawBufferPointer(start: memory.baseAddress, count: length)
    case .trailer:
      try readTrailer(length, storedLength)
      return false
    }
    contentBytes += UInt64(length)
    hash = checksum_crc32c(hash, content.baseAddress, length)
    return true
  }

  private func readTrailer(_ length: Int, _ storedLength: Int) throws(StoreError) {
    guard length == SnapshotBlocks.trailerBytes, storedLength == length else { throw SnapshotBlocks.damaged }
    let start = SnapshotBlocks.blockHeadBytes
    func number(_ place: Int) -> UInt64 {
      UInt64(littleEndian: stored.loadUnaligned(fromByteOffset: start + 8 * place, as: UInt64.self))
    }
    var summary = SnapshotSummary()
    summary.versions = number(0)
    summary.keyBytes = number(1)
    summary.valueBytes = number(2)
    summary.contentBytes = number(3)
    summary.hash = load(at: start + 32)
    guard summary.contentBytes == contentBytes, summary.hash == hash else { throw SnapshotBlocks.damaged }
    if try source.read(into: UnsafeMutableRawBufferPointer(rebasing: stored[..<1])) != 0 {
      throw .corrupt("bytes follow the end of the snapshot")
    }
    trailer = summary
  }

  private func load(at offset: Int) -> UInt32 {
    UInt32(littleEndian: stored.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }

  /// False when the source ends before that many bytes.
  private func read(_ count: Int, at offset: Int) throws(StoreError) -> Bool {
    var filled = 0
    while filled < count {
      let read = try source.read(
        into: UnsafeMutableRawBufferPointer(rebasing: stored[(offset + filled)..<(offset + count)]))
      guard read > 0, read <= count - filled else { return false }
      filled += read
    }
    return true
  }
}
