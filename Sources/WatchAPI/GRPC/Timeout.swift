import NIOCore

/// The `grpc-timeout` field: up to eight digits and a unit (gRPC over HTTP/2: Timeout).
enum Timeout {
  /// The time in a field; nil when it is malformed. Longer than some 290 years counts as that.
  static func parse(_ bytes: UnsafeBufferPointer<UInt8>) -> TimeAmount? {
    guard bytes.count >= 2, bytes.count <= 9, let unit = bytes.last else { return nil }
    var number: Int64 = 0
    for byte in bytes.dropLast() {
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
      number = number * 10 + Int64(byte - UInt8(ascii: "0"))
    }
    let nanoseconds: Int64
    switch unit {
    case UInt8(ascii: "H"): nanoseconds = 3_600_000_000_000
    case UInt8(ascii: "M"): nanoseconds = 60_000_000_000
    case UInt8(ascii: "S"): nanoseconds = 1_000_000_000
    case UInt8(ascii: "m"): nanoseconds = 1_000_000
    case UInt8(ascii: "u"): nanoseconds = 1_000
    case UInt8(ascii: "n"): nanoseconds = 1
    default: return nil
    }
    let (product, overflows) = number.multipliedReportingOverflow(by: nanoseconds)
    return .nanoseconds(overflows ? .max : product)
  }

  /// `now` and `timeout` later; the end of time when that is too far.
  static func deadline(after timeout: TimeAmount, from now: NIODeadline = .now()) -> NIODeadline {
    let room = NIODeadline.distantFuture.uptimeNanoseconds - now.uptimeNanoseconds
    return timeout.nanoseconds > 0 && UInt64(timeout.nanoseconds) >= room ? .distantFuture : now + timeout
  }

  /// The field for a time, rounded up to the finest unit that fits.
  static func format(_ timeout: TimeAmount) -> String {
    let nanoseconds = max(timeout.nanoseconds, 0)
    let units: [(Int64, String)] = [
      (1, "n"), (1_000, "u"), (1_000_000, "m"), (1_000_000_000, "S"), (60_000_000_000, "M"),
    ]
    for (unit, name) in units {
      let number = nanoseconds / unit + (nanoseconds % unit == 0 ? 0 : 1)
      if number < 100_000_000 { return "\(number)\(name)" }
    }
    return "\(min(nanoseconds / 3_600_000_000_000 + 1, 99_999_999))H"
  }
}
