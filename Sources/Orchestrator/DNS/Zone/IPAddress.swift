/// An IP address.
public enum IPAddress: Sendable, Hashable {
  /// Four bytes, the first one highest.
  case v4(UInt32)
  /// Sixteen bytes, in two halves.
  case v6(UInt64, UInt64)

  /// An address in dotted or colon notation, without a zone; nil for anything else.
  public init?(_ text: some StringProtocol) {
    if text.utf8.contains(UInt8(ascii: ":")) {
      guard text.utf8.count <= 45, let halves = Self.colons(String(text)) else { return nil }
      self = .v6(halves.0, halves.1)
    } else {
      guard text.utf8.count <= 15, let number = Self.dots(String(text)[...]) else { return nil }
      self = .v4(number)
    }
  }

  /// The bytes of an address: 4 or 16; nil for others.
  init?(bytes: some Collection<UInt8>) {
    func number(_ bytes: some Sequence<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
    switch bytes.count {
    case 4: self = .v4(UInt32(truncatingIfNeeded: number(bytes)))
    case 16: self = .v6(number(bytes.prefix(8)), number(bytes.dropFirst(8)))
    default: return nil
    }
  }

  /// Its bytes: 4 or 16.
  public var bytes: [UInt8] {
    func bytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
      stride(from: Number.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> $0) }
    }
    return switch self {
    case .v4(let number): bytes(number)
    case .v6(let high, let low): bytes(high) + bytes(low)
    }
  }

  /// The type of record that holds it.
  public var recordType: RecordType { if case .v4 = self { .a } else { .aaaa } }

  /// Whether it stands for any address of a machine.
  public var isUnspecified: Bool { self == .v4(0) || self == .v6(0, 0) }

  /// Whether it means the machine itself.
  public var isLoopback: Bool {
    if case .v4(let number) = self { number >> 24 == 127 } else { self == .v6(0, 1) }
  }

  /// The name under which the address's own name is found (RFC 1035, RFC 3596).
  public var reverseName: DNSName {
    var wire: [UInt8] = []
    func append(_ text: String) {
      wire.append(UInt8(text.utf8.count))
      wire += text.utf8
    }
    switch self {
    case .v4:
      for byte in bytes.reversed() { append(String(byte)) }
      append("in-addr")
    case .v6:
      for byte in bytes.reversed() {
        append(String(byte & 15, radix: 16))
        append(String(byte >> 4, radix: 16))
      }
      append("ip6")
    }
    append("arpa")
    return DNSName(trusted: wire + [0])
  }

  private static func dots(_ text: Substring) -> UInt32? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var number: UInt32 = 0
    for part in parts {
      guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
        part.utf8.count == 1 || !part.hasPrefix("0"), let byte = UInt8(part)
      else { return nil }
      number = number << 8 | UInt32(byte)
    }
    return number
  }

  private static func colons(_ text: String) -> (UInt64, UInt64)? {
    var parts = text.split(separator: ":", omittingEmptySubsequences: false)
    // A single colon begins or ends nothing; `::` at an end leaves two empty parts there, and one of them says it.
    if text.hasPrefix(":"), !text.hasPrefix("::") { return nil }
    if text.hasSuffix(":"), !text.hasSuffix("::") { return nil }
    if text.hasPrefix("::") { parts.removeFirst() }
    if text.hasSuffix("::") { parts.removeLast() }
    var groups: [UInt16] = []
    var gap: Int?
    for (place, part) in parts.enumerated() {
      if part.isEmpty {
        guard gap == nil else { return nil }
        gap = groups.count
      } else if place == parts.count - 1, part.contains(".") {
        guard let number = dots(part) else { return nil }
        groups += [UInt16(number >> 16), UInt16(truncatingIfNeeded: number)]
      } else {
        guard part.utf8.count <= 4, !part.hasPrefix("+"), !part.hasPrefix("-"),
          let group = UInt16(part, radix: 16)
        else { return nil }
        groups.append(group)
      }
    }
    if let gap {
      guard groups.count < 8 else { return nil }
      groups.insert(contentsOf: [UInt16](repeating: 0, count: 8 - groups.count), at: gap)
    }
    guard groups.count == 8 else { return nil }
    let halves = [groups[..<4], groups[4...]].map { $0.reduce(UInt64(0)) { $0 << 16 | UInt64($1) } }
    return (halves[0], halves[1])
  }
}

extension IPAddress: CustomStringConvertible {
  /// The canonical text (RFC 5952 for IPv6).
  public var description: String {
    let bytes = bytes
    guard bytes.count == 16 else { return bytes.map { String($0) }.joined(separator: ".") }
    let groups = stride(from: 0, to: 16, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
    var longest = 0..<0
    var start = 0
    while start < 8 {
      var end = start
      while end < 8, groups[end] == 0 { end += 1 }
      if end - start > max(1, longest.count) { longest = start..<end }
      start = max(end, start + 1)
    }
    let texts = groups.map { String($0, radix: 16) }
    guard !longest.isEmpty else { return texts.joined(separator: ":") }
    return texts[..<longest.lowerBound].joined(separator: ":") + "::"
      + texts[longest.upperBound...].joined(separator: ":")
  }
}

/// All addresses with the same first bits: `10.96.0.0/16`.
public struct IPRange: Sendable, Hashable, CustomStringConvertible {
  /// Its first address.
  public let first: IPAddress
  /// How many bits its addresses share.
  public let prefixLength: Int

  /// A range in CIDR notation; nil for anything else.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let address = IPAddress(parts[0]), (1...3).contains(parts[1].utf8.count),
      parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let length = Int(parts[1]),
      length <= address.bytes.count * 8
    else { return nil }
    first = Self.masked(address, length)
    prefixLength = length
  }

  /// Whether an address is in the range.
  public func contains(_ address: IPAddress) -> Bool { Self.masked(address, prefixLength) == first }

  private static func masked(_ address: IPAddress, _ length: Int) -> IPAddress {
    switch address {
    case .v4(let number): .v4(number & ~(length >= 32 ? 0 : .max >> length))
    case .v6(let high, let low):
      .v6(
        high & ~(length >= 64 ? 0 : .max >> length),
        low & ~(length >= 128 ? 0 : length <= 64 ? .max : .max >> (length - 64)))
    }
  }

  /// CIDR notation.
  public var description: String { "\(first)/\(prefixLength)" }
}
