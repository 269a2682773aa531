import Glibc

/// A range of IPv4 or IPv6 addresses, as `10.244.0.0/16`. Pure.
public struct AddressRange: Sendable, Hashable, CustomStringConvertible {
  /// Of the first address: 4 or 16.
  let bytes: [UInt8]
  /// How many bits all addresses share.
  public let length: Int

  /// Whether these are IPv6 addresses.
  public var isIPv6: Bool { bytes.count == 16 }

  /// A range, or one address; nil if the text is neither. What follows the shared bits does not count.
  public init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2, let address = parts.first, var bytes = Self.bytes(String(address)) else {
      return nil
    }
    var length = bytes.count * 8
    if parts.count == 2 {
      guard !parts[1].isEmpty, parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
        let number = Int(parts[1]), number <= length
      else { return nil }
      length = number
    }
    for index in bytes.indices {
      let kept = min(8, max(0, length - index * 8))
      bytes[index] &= UInt8(truncatingIfNeeded: 0xFF00 >> kept)
    }
    self.bytes = bytes
    self.length = length
  }

  private static func bytes(_ text: String) -> [UInt8]? {
    let isIPv6 = text.utf8.contains(UInt8(ascii: ":"))
    var bytes = [UInt8](repeating: 0, count: isIPv6 ? 16 : 4)
    return inet_pton(isIPv6 ? AF_INET6 : AF_INET, text, &bytes) == 1 ? bytes : nil
  }

  /// Whether every address of the other range is in this one.
  public func contains(_ other: AddressRange) -> Bool {
    guard bytes.count == other.bytes.count, length <= other.length else { return false }
    return bytes.indices.allSatisfy { index in
      let kept = min(8, max(0, length - index * 8))
      return other.bytes[index] & UInt8(truncatingIfNeeded: 0xFF00 >> kept) == bytes[index]
    }
  }

  /// Whether there is an address in both.
  public func overlaps(_ other: AddressRange) -> Bool { contains(other) || other.contains(self) }

  /// With the length, also of a single address.
  public var description: String { "\(address)/\(length)" }

  /// The first address.
  public var address: String {
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    guard inet_ntop(isIPv6 ? AF_INET6 : AF_INET, bytes, &text, socklen_t(text.count)) != nil else {
      return ""
    }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
