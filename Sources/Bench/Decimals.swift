/// Numbers as text for people, without a formatter's locale.
enum Decimals {
  /// `value` with exactly `places` digits after the point.
  static func fixed(_ value: Double, _ places: Int) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
    var scale = 1
    for _ in 0..<places { scale *= 10 }
    // Split before scaling, so that large values do not overflow the scaled integer.
    var whole = Int(abs(value))
    var part = Int(((abs(value) - Double(whole)) * Double(scale)).rounded())
    if part == scale {
      whole += 1
      part = 0
    }
    let sign = value < 0 && (whole > 0 || part > 0) ? "-" : ""
    guard places > 0 else { return sign + String(whole) }
    let digits = String(part)
    return sign + String(whole) + "." + String(repeating: "0", count: places - digits.count) + digits
  }

  /// A whole number with commas between the thousands.
  static func grouped(_ value: Int) -> String {
    var text = ""
    for (place, digit) in String(value.magnitude).reversed().enumerated() {
      if place > 0, place.isMultiple(of: 3) { text.append(",") }
      text.append(digit)
    }
    return (value < 0 ? "-" : "") + String(text.reversed())
  }

  /// A latency in milliseconds, with as many digits as it is exact to.
  static func milliseconds(_ value: Double) -> String {
    fixed(value, value < 10 ? 3 : value < 100 ? 2 : 1) + " ms"
  }

  /// Bytes in the largest fitting unit.
  static func bytes(_ value: Int) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"]
    var rest = Double(value)
    var unit = 0
    while abs(rest) >= 1024, unit < units.count - 1 {
      rest /= 1024
      unit += 1
    }
    return fixed(rest, unit == 0 ? 0 : 1) + " " + units[unit]
  }

  /// Seconds as h:mm:ss or m:ss.
  static func clock(_ seconds: Double) -> String {
    let whole = Int(min(max(seconds, 0), 1e9).rounded())
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let (hours, minutes) = (whole / 3600, whole / 60 % 60)
    return hours > 0 ? "\(hours):\(two(minutes)):\(two(whole % 60))" : "\(minutes):\(two(whole % 60))"
  }
}
