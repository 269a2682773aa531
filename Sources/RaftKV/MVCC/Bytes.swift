import Glibc

/// Order of two byte strings as etcd defines it: byte by byte, a prefix before what it begins.
@inline(__always)
func compareBytes(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Int {
  let shared = min(left.count, right.count)
  if shared > 0 {
    let order = memcmp(left.baseAddress!, right.baseAddress!, shared)
    if order != 0 { return Int(order) }
  }
  return left.count - right.count
}

/// The first eight bytes as a number that orders as they do (short strings are padded with zeros, so equal
/// numbers still need a full comparison).
@inline(__always)
func orderPrefix(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
  if bytes.count >= 8 { return UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)) }
  var prefix: UInt64 = 0
  for index in 0..<bytes.count { prefix |= UInt64(bytes[index]) << UInt64(56 - 8 * index) }
  return prefix
}

extension Array where Element == UInt8 {
  /// `withUnsafeBytes` with the module's error type.
  @inline(__always)
  func withRawBytes<Result>(
    _ body: (UnsafeRawBufferPointer) throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    try withUnsafeBufferPointer { (buffer) throws(StoreError) -> Result in
      try body(UnsafeRawBufferPointer(buffer))
    }
  }
}

/// Writes the variable-length numbers and checksummed rows of the checkpoint into memory the caller owns.
struct ByteWriter {
  let base: UnsafeMutableRawPointer
  var count = 0

  @inline(__always)
  mutating func append(byte: UInt8) {
    base.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
    count += 1
  }

  /// Seven bits a byte, the lowest first; at most ten bytes.
  @inline(__always)
  mutating func append(varint number: UInt64) {
    var rest = number
    while rest >= 0x80 {
      append(byte: UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(byte: UInt8(rest))
  }

  /// The same in at least two bytes.
  @inline(__always)
  mutating func append(varintOfTwo number: UInt64) {
    if number < 0x80 {
      append(byte: UInt8(truncatingIfNeeded: number) | 0x80)
      append(byte: 0)
    } else {
      append(varint: number)
    }
  }

  /// A revision in 4 bytes, or 8 when `wide`.
  @inline(__always)
  mutating func append(revision: Int64, wide: Bool) {
    if wide {
      base.storeBytes(of: revision.littleEndian, toByteOffset: count, as: Int64.self)
      count += 8
    } else {
      base.storeBytes(
        of: UInt32(truncatingIfNeeded: revision).littleEndian, toByteOffset: count, as: UInt32.self)
      count += 4
    }
  }

  @inline(__always)
  mutating func append(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count > 0 else { return }
    memcpy(base + count, bytes.baseAddress!, bytes.count)
    count += bytes.count
  }
}

/// Reads what `ByteWriter` wrote; running over the end or past the range of a number sets `failed`.
struct ByteReader {
  let bytes: UnsafeRawBufferPointer
  var position = 0
  var failed = false

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  @inline(__always)
  mutating func byte() -> UInt8 {
    guard position < bytes.count else {
      failed = true
      return 0
    }
    position += 1
    return bytes[position - 1]
  }

  @inline(__always)
  mutating func varint() -> UInt64 {
    var number: UInt64 = 0
    var shift: UInt64 = 0
    while shift < 64 {
      let next = byte()
      number |= UInt64(next & 0x7F) << shift
      if next < 0x80 { return number }
      shift += 7
    }
    failed = true
    return 0
  }

  @inline(__always)
  mutating func revision(wide: Bool) -> Int64 {
    let length = wide ? 8 : 4
    guard bytes.count - position >= length else {
      failed = true
      return 0
    }
    defer { position += length }
    if wide {
      let revision = Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: Int64.self))
      if revision < 0 { failed = true }
      return revision
    }
    return Int64(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self)))
  }

  /// A varint that must fit a non-negative `Int64`.
  @inline(__always)
  mutating func signed() -> Int64 {
    let number = varint()
    guard number <= UInt64(Int64.max) else {
      failed = true
      return 0
    }
    return Int64(number)
  }
}
