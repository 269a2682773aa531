import NIOCore

/// What is wrong with bytes that a peer sent. The connection on which they came is closed.
enum WireError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The other side speaks something else; what, as far as its first bytes tell.
  case foreignProtocol(String)
  /// The other side's version of this protocol.
  case version(UInt16)
  /// The certificate of the other side has a name that is not allowed.
  case certificateName
  /// A checksum does not match what it covers.
  case checksum
  /// More is announced than is allowed here, in bytes.
  case tooLong(Int)
  /// Something ends before all of it is there.
  case truncated
  /// A number that stands for nothing here.
  case unknown(String, UInt8)
  /// Well framed, and against the rules; which.
  case malformed(String)

  var description: String {
    switch self {
    case .foreignProtocol(let name): "it speaks \(name), not this protocol"
    case .version(let version): "it speaks version \(version) of this protocol, not \(Hello.version)"
    case .certificateName: "its certificate has another common name than the one that is allowed"
    case .checksum: "a checksum does not match"
    case .tooLong(let byteCount): "\(byteCount) bytes are announced, which is more than is allowed"
    case .truncated: "a message ends too early"
    case .unknown(let what, let number): "\(what) \(number) is not known"
    case .malformed(let rule): rule
    }
  }
}

/// Checked reading: every number is little-endian, and nothing is taken that is not there.
extension ByteBuffer {
  mutating func take<Number: FixedWidthInteger>(
    _ type: Number.Type = Number.self
  ) throws(WireError) -> Number {
    guard let number = readInteger(endianness: .little, as: Number.self) else { throw .truncated }
    return number
  }

  /// A byte that is 0 or 1.
  mutating func takeFlag() throws(WireError) -> Bool {
    switch try take(UInt8.self) {
    case 0: false
    case 1: true
    default: throw .malformed("a flag is neither set nor clear")
    }
  }

  /// Bytes behind their 32-bit length.
  mutating func takeCounted() throws(WireError) -> [UInt8] {
    let count = Int(try take(UInt32.self))
    guard count <= readableBytes, let bytes = readBytes(length: count) else { throw .truncated }
    return bytes
  }

  /// How many elements follow, each of at least `minimumBytes`: never more than there is room for.
  mutating func takeCount(minimumBytes: Int) throws(WireError) -> Int {
    let count = Int(try take(UInt32.self))
    guard count <= readableBytes / minimumBytes else { throw .truncated }
    return count
  }

  /// Nothing may follow.
  func expectEnd() throws(WireError) {
    guard readableBytes == 0 else { throw .malformed("bytes follow the end of a message") }
  }

  mutating func put<Number: FixedWidthInteger>(_ number: Number) {
    writeInteger(number, endianness: .little)
  }

  mutating func put(_ flag: Bool) { put(flag ? 1 : 0 as UInt8) }

  mutating func putCounted(_ bytes: [UInt8]) {
    put(UInt32(bytes.count))
    writeBytes(bytes)
  }
}
