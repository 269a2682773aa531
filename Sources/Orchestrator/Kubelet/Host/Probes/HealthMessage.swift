/// The two messages of the gRPC health protocol (grpc.health.v1), each of which has one field. Pure.
enum HealthMessage {
  /// What a service says of itself.
  enum Status: Sendable, Hashable, CustomStringConvertible {
    case unknown
    case serving
    case notServing
    case serviceUnknown
    case other(UInt64)

    init(_ number: UInt64) {
      switch number {
      case 0: self = .unknown
      case 1: self = .serving
      case 2: self = .notServing
      case 3: self = .serviceUnknown
      default: self = .other(number)
      }
    }

    /// The name in the protocol.
    var description: String {
      switch self {
      case .unknown: "UNKNOWN"
      case .serving: "SERVING"
      case .notServing: "NOT_SERVING"
      case .serviceUnknown: "SERVICE_UNKNOWN"
      case .other(let number): "\(number)"
      }
    }
  }

  /// A `HealthCheckRequest`.
  static func request(service: String) -> [UInt8] {
    guard !service.isEmpty else { return [] }
    var bytes: [UInt8] = [0x0A]
    var count = service.utf8.count
    while count > 0x7F {
      bytes.append(UInt8(count & 0x7F) | 0x80)
      count >>= 7
    }
    bytes.append(UInt8(count))
    return bytes + Array(service.utf8)
  }

  /// The status of a `HealthCheckResponse`; nil if these bytes are none.
  static func status(of bytes: [UInt8]) -> Status? {
    var rest = bytes[...]
    var status = Status.unknown
    while !rest.isEmpty {
      guard let tag = number(&rest) else { return nil }
      switch tag & 7 {
      case 0:
        guard let value = number(&rest) else { return nil }
        if tag >> 3 == 1 { status = Status(value) }
      case 1:
        guard rest.count >= 8 else { return nil }
        rest = rest.dropFirst(8)
      case 2:
        guard let count = number(&rest), count <= UInt64(rest.count) else { return nil }
        rest = rest.dropFirst(Int(count))
      case 5:
        guard rest.count >= 4 else { return nil }
        rest = rest.dropFirst(4)
      default: return nil
      }
    }
    return status
  }

  private static func number(_ bytes: inout ArraySlice<UInt8>) -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      guard let byte = bytes.popFirst() else { return nil }
      value |= UInt64(byte & 0x7F) << shift
      if byte & 0x80 == 0 { return value }
    }
    return nil
  }
}
