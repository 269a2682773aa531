/// The type of a record or question. Types that have no name here are carried by their number.
public struct RecordType: Sendable, Hashable, CustomStringConvertible {
  /// The number that IANA gave.
  public let number: UInt16

  /// The type of this number.
  public init(_ number: UInt16) { self.number = number }

  /// An IPv4 address.
  public static let a = RecordType(1)
  /// A name server.
  public static let ns = RecordType(2)
  /// The name that an alias stands for.
  public static let cname = RecordType(5)
  /// What governs a zone.
  public static let soa = RecordType(6)
  /// The name of an address.
  public static let ptr = RecordType(12)
  /// A mail server.
  public static let mx = RecordType(15)
  /// Text.
  public static let txt = RecordType(16)
  /// An IPv6 address.
  public static let aaaa = RecordType(28)
  /// Where a service is.
  public static let srv = RecordType(33)
  /// What a message's sender understands (EDNS, RFC 6891).
  public static let opt = RecordType(41)
  /// The changes of a zone.
  static let ixfr = RecordType(251)
  /// A whole zone.
  static let axfr = RecordType(252)
  /// Any type, of the server's choice (RFC 8482).
  public static let any = RecordType(255)

  private static let names: [UInt16: String] = [
    1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 15: "MX", 16: "TXT", 28: "AAAA", 33: "SRV", 41: "OPT",
    255: "ANY",
  ]

  /// Such as `AAAA`, or `TYPE64` (RFC 3597).
  public var description: String { Self.names[number] ?? "TYPE\(number)" }

  /// Whether a record of this type holds one name only, which may be compressed (RFC 3597).
  var holdsOneName: Bool { [2, 3, 4, 5, 7, 8, 9, 12].contains(number) }
}

/// What came of a question. Codes that have no name here are carried by their number.
public struct ResponseCode: Sendable, Hashable, CustomStringConvertible {
  /// The number that IANA gave; above 15 only with EDNS.
  public let number: UInt16

  /// The code of this number.
  public init(_ number: UInt16) { self.number = number }

  /// The name exists; it may have no records of the type.
  public static let noError = ResponseCode(0)
  /// The question cannot be understood.
  public static let formatError = ResponseCode(1)
  /// The server cannot tell.
  public static let serverFailure = ResponseCode(2)
  /// The name does not exist (NXDOMAIN).
  public static let nameError = ResponseCode(3)
  /// The server does not do this.
  public static let notImplemented = ResponseCode(4)
  /// The server does not want to.
  public static let refused = ResponseCode(5)
  /// The version of EDNS is unknown.
  public static let badVersion = ResponseCode(16)

  private static let names: [UInt16: String] = [
    0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED", 16: "BADVERS",
  ]

  /// Such as `NXDOMAIN`.
  public var description: String { Self.names[number] ?? "RCODE\(number)" }
}
