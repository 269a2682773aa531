/// Numbers that are handed out: the addresses of a network, or ports.
public protocol AllocationRange: Sendable {
  /// How many there are.
  var count: Int { get }
  /// How many of the first are for whoever names one; others get one of these only when nothing else is left.
  var reserved: Int { get }
  /// As `RangeAllocation` has it: `10.96.0.0/16`, `30000-32767`.
  var text: String { get }
}

/// The IPv4 addresses of a network but its own and that for broadcasts, for services.
public struct ServiceAddressRange: AllocationRange, Hashable {
  /// How many there can be at most; of a larger network only the first are handed out.
  static let maximumCount = 1 << 20

  /// The network's address.
  let network: UInt32
  /// Of 32 bits.
  let prefixLength: Int

  /// A network such as `10.96.0.0/16`; nil for anything else, for one whose address has bits behind the prefix, and for
  /// one with less than eight addresses.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let address = Self.number(of: String(parts[0])), let length = Int(parts[1]),
      (8...29).contains(length), address & (UInt32.max >> UInt32(length)) == 0
    else { return nil }
    network = address
    prefixLength = length
  }

  private init(network: UInt32, prefixLength: Int) {
    self.network = network
    self.prefixLength = prefixLength
  }

  /// `10.96.0.0/16`.
  public static let standard = ServiceAddressRange(network: 0x0A60_0000, prefixLength: 16)

  /// The family of the addresses, as Services name it.
  public var family: String { "IPv4" }
  /// As `RangeAllocation` has it: `10.96.0.0/16`.
  public var text: String { Self.text(of: network) + "/" + String(prefixLength) }
  /// Without the first and the last, and of a large network no more than `maximumCount`.
  public var count: Int { min(Self.maximumCount, 1 << (32 - prefixLength) - 2) }

  /// A sixteenth, 256 at most; none of a small network.
  public var reserved: Int {
    let size = 1 << (32 - prefixLength)
    return size <= 16 ? 0 : min(256, max(16, size / 16))
  }

  /// The address with this number; the first has 0.
  public func address(_ number: Int) -> String {
    Self.text(of: network &+ 1 &+ UInt32(truncatingIfNeeded: number))
  }

  /// The number of an address; nil if it is none of the range.
  public func number(of address: String) -> Int? {
    guard let value = Self.number(of: address), value > network else { return nil }
    let number = Int(value - network) - 1
    return number < count ? number : nil
  }

  /// Whether a text looks like an address of IPv4 or IPv6.
  static func isAddress(_ text: String) -> Bool {
    text.utf8.contains(UInt8(ascii: ":")) || number(of: text) != nil
  }

  private static func text(of address: UInt32) -> String {
    [24, 16, 8, 0].map { String(address >> UInt32($0) & 0xFF) }.joined(separator: ".")
  }

  private static func number(of text: String) -> UInt32? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var number: UInt32 = 0
    for part in parts {
      guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
        let octet = UInt8(part)
      else { return nil }
      number = number << 8 | UInt32(octet)
    }
    return number
  }
}

/// The ports that nodes open for services.
public struct NodePortRange: AllocationRange, Hashable {
  /// The ports.
  public let ports: ClosedRange<Int>

  /// These ports; nil if some are none.
  public init?(_ ports: ClosedRange<Int>) {
    guard ports.lowerBound > 0, ports.upperBound <= 65_535 else { return nil }
    self.ports = ports
  }

  private init(known ports: ClosedRange<Int>) { self.ports = ports }

  /// 30000 to 32767.
  public static let standard = NodePortRange(known: 30_000...32_767)

  /// How many ports there are.
  public var count: Int { ports.count }
  /// As `RangeAllocation` has it: `30000-32767`.
  public var text: String { "\(ports.lowerBound)-\(ports.upperBound)" }
  /// One in 32, 128 at most; none of a few.
  public var reserved: Int { count <= 16 ? 0 : min(128, max(16, count / 32)) }

  /// The number of a port; nil if it is outside.
  public func number(of port: Int64) -> Int? {
    guard let port = Int(exactly: port), ports.contains(port) else { return nil }
    return port - ports.lowerBound
  }

  /// The port with this number; the first has 0.
  public func port(_ number: Int) -> Int64 { Int64(ports.lowerBound + number) }
}
