/// An IP address, for rules about addresses.
struct NetworkAddress: Hashable {
  /// Four bytes or sixteen; an IPv4 address mapped into IPv6 has four.
  let bytes: [UInt8]
  /// Whether it was written as an IPv6 address that maps an IPv4 address.
  let isMapped: Bool
  /// Whether an octet was written with a leading zero.
  let hasLeadingZero: Bool

  static func == (left: Self, right: Self) -> Bool { left.bytes == right.bytes }

  func hash(into hasher: inout Hasher) { hasher.combine(bytes) }

  private init(bytes: [UInt8], isMapped: Bool = false, hasLeadingZero: Bool = false) {
    self.bytes = bytes
    self.isMapped = isMapped
    self.hasLeadingZero = hasLeadingZero
  }

  /// An address in dotted or colon notation, without a zone; nil for anything else.
  init?(_ text: String) {
    if text.utf8.contains(UInt8(ascii: ":")) {
      guard let bytes = Self.colonNotation(text) else { return nil }
      let isMapped = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
      self.init(bytes: isMapped ? Array(bytes[12...]) : bytes, isMapped: isMapped)
    } else {
      guard let octets = Self.dottedNotation(text) else { return nil }
      self.init(bytes: octets.bytes, hasLeadingZero: octets.hasLeadingZero)
    }
  }

  var isIPv6: Bool { bytes.count == 16 }

  var isUnspecified: Bool { bytes.allSatisfy { $0 == 0 } }

  var isLoopback: Bool {
    isIPv6 ? bytes.dropLast().allSatisfy { $0 == 0 } && bytes[15] == 1 : bytes[0] == 127
  }

  var isLinkLocalUnicast: Bool {
    isIPv6 ? bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80 : bytes[0] == 169 && bytes[1] == 254
  }

  var isLinkLocalMulticast: Bool {
    isIPv6
      ? bytes[0] == 0xFF && bytes[1] & 0x0F == 0x02 : bytes[0] == 224 && bytes[1] == 0 && bytes[2] == 0
  }

  /// The address with the bits after the prefix cleared.
  func masked(to prefixLength: Int) -> NetworkAddress {
    var result = bytes
    for index in result.indices {
      let kept = min(8, max(0, prefixLength - index * 8))
      result[index] &= kept == 0 ? 0 : UInt8(truncatingIfNeeded: 0xFF00 >> kept)
    }
    return NetworkAddress(bytes: result)
  }

  /// The canonical text (RFC 5952 for IPv6).
  var text: String {
    guard isIPv6 else { return bytes.map { String($0) }.joined(separator: ".") }
    let groups = stride(from: 0, to: 16, by: 2).map { Int(bytes[$0]) << 8 | Int(bytes[$0 + 1]) }
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

  private static func dottedNotation(_ text: String) -> (bytes: [UInt8], hasLeadingZero: Bool)? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var bytes: [UInt8] = []
    var hasLeadingZero = false
    for part in parts {
      guard !part.isEmpty, part.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let octet = UInt8(part)
      else {
        return nil
      }
      if part.utf8.count > 1, part.hasPrefix("0") { hasLeadingZero = true }
      bytes.append(octet)
    }
    return (bytes, hasLeadingZero)
  }

  private static func colonNotation(_ text: String) -> [UInt8]? {
    let halves = separated(text)
    guard halves.count <= 2 else { return nil }
    var parsed: [[UInt8]] = []
    for (index, half) in halves.enumerated() {
      guard let bytes = groups(half, isLast: index == halves.count - 1) else { return nil }
      parsed.append(bytes)
    }
    if parsed.count == 1 { return parsed[0].count == 16 ? parsed[0] : nil }
    let length = parsed[0].count + parsed[1].count
    // The ellipsis stands for at least one group.
    guard length <= 14 else { return nil }
    return parsed[0] + [UInt8](repeating: 0, count: 16 - length) + parsed[1]
  }

  /// The text before and after each `::`.
  private static func separated(_ text: String) -> [Substring] {
    var halves: [Substring] = []
    var rest = Substring(text)
    while let place = doubleColon(in: rest) {
      halves.append(rest[..<place])
      rest = rest[rest.index(place, offsetBy: 2)...]
    }
    halves.append(rest)
    return halves
  }

  private static func doubleColon(in text: Substring) -> Substring.Index? {
    var index = text.startIndex
    while index < text.endIndex {
      let next = text.index(after: index)
      if text[index] == ":", next < text.endIndex, text[next] == ":" { return index }
      index = next
    }
    return nil
  }

  private static func groups(_ text: Substring, isLast: Bool) -> [UInt8]? {
    if text.isEmpty { return [] }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    var bytes: [UInt8] = []
    for (index, part) in parts.enumerated() {
      if isLast, index == parts.count - 1, part.utf8.contains(UInt8(ascii: ".")) {
        guard let octets = dottedNotation(String(part)) else { return nil }
        bytes += octets.bytes
        continue
      }
      guard (1...4).contains(part.utf8.count), !part.hasPrefix("+"), !part.hasPrefix("-"),
        let group = UInt16(part, radix: 16)
      else { return nil }
      bytes += [UInt8(group >> 8), UInt8(truncatingIfNeeded: group)]
      if bytes.count > 16 { return nil }
    }
    return bytes
  }
}

/// An address and the length of a prefix: `10.0.0.0/8`.
struct NetworkSubnet: Hashable {
  let address: NetworkAddress
  let prefixLength: Int
  /// Whether the length was written with a leading zero.
  let hasLeadingZero: Bool

  init?(_ text: String) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, let address = NetworkAddress(String(parts[0])),
      (1...3).contains(parts[1].utf8.count),
      parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), var length = Int(parts[1])
    else { return nil }
    let bits = address.bytes.count * 8
    if address.isMapped {
      // Written as IPv6: the first 96 bits are the mapping.
      guard length <= 128 else { return nil }
      length = max(0, length - 96)
    }
    guard length <= bits else { return nil }
    self.address = address
    prefixLength = length
    hasLeadingZero = parts[1].utf8.count > 1 && parts[1].hasPrefix("0")
  }

  /// Whether the address is in this subnet.
  func contains(_ other: NetworkAddress) -> Bool {
    address.bytes.count == other.bytes.count
      && other.masked(to: prefixLength) == address.masked(to: prefixLength)
  }
}
