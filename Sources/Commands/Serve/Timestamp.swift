import FoundationEssentials
import Glibc

/// A moment as logs show it: UTC with microseconds.
struct Timestamp: Hashable, Sendable {
  var seconds: Int
  var microseconds: Int

  static func now() -> Timestamp {
    let microseconds = Int((Date().timeIntervalSince1970 * 1e6).rounded(.down))
    return Timestamp(seconds: microseconds / 1_000_000, microseconds: microseconds % 1_000_000)
  }

  /// `2026-01-31T23:59:59.000123Z` (RFC 3339).
  var text: String {
    var time = seconds
    var parts = tm()
    gmtime_r(&time, &parts)
    let date =
      "\(Self.padded(Int(parts.tm_year) + 1900, 4))-\(Self.padded(Int(parts.tm_mon) + 1, 2))-\(Self.padded(Int(parts.tm_mday), 2))"
    let clock =
      "\(Self.padded(Int(parts.tm_hour), 2)):\(Self.padded(Int(parts.tm_min), 2)):\(Self.padded(Int(parts.tm_sec), 2))"
    return "\(date)T\(clock).\(Self.padded(microseconds, 6))Z"
  }

  private static func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
