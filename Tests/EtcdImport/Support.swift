import Glibc

/// A file that lasts as long as the value.
final class TemporaryFile: Sendable {
  let path: String

  init(_ bytes: [UInt8] = []) {
    let parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
    var template = Array("\(parent)/import-tests-XXXXXX".utf8CString)
    path = template.withUnsafeMutableBufferPointer { buffer in
      close(mkstemp(buffer.baseAddress!))
      return String(cString: buffer.baseAddress!)
    }
    write(bytes)
  }

  /// Replaces the content.
  func write(_ bytes: [UInt8]) {
    let file = fopen(path, "w")!
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
  }

  deinit { unlink(path) }
}

/// SplitMix64: the same numbers for the same seed, everywhere.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// Messages and rows as etcd writes them.
enum EtcdRows {
  static func varint(_ number: UInt64) -> [UInt8] {
    number < 0x80 ? [UInt8(number)] : [UInt8(truncatingIfNeeded: number) | 0x80] + varint(number >> 7)
  }

  static func message(_ fields: [(number: UInt8, value: UInt64)]) -> [UInt8] {
    fields.filter { $0.value != 0 }.flatMap { [$0.number << 3] + varint($0.value) }
  }

  static func bytes(_ number: UInt8, _ value: [UInt8]) -> [UInt8] {
    value.isEmpty ? [] : [number << 3 | 2] + varint(UInt64(value.count)) + value
  }

  static func keyValue(
    _ key: String, _ value: [UInt8], create: Int64, mod: Int64, version: Int64, lease: Int64 = 0
  ) -> [UInt8] {
    bytes(1, [UInt8](key.utf8))
      + message([(2, UInt64(create)), (3, UInt64(mod)), (4, UInt64(version))])
      + bytes(5, value) + message([(6, UInt64(bitPattern: lease))])
  }

  static func bigEndian(_ number: UInt64) -> [UInt8] { withUnsafeBytes(of: number.bigEndian) { [UInt8]($0) } }

  static func revision(_ main: Int64, _ sub: Int64 = 0, isTombstone: Bool = false) -> [UInt8] {
    bigEndian(UInt64(main)) + [UInt8(ascii: "_")] + bigEndian(UInt64(sub))
      + (isTombstone ? [UInt8(ascii: "t")] : [])
  }
}
