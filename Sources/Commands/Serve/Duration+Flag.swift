extension Duration {
  /// Reads a duration as Go writes them, which is how etcd's flags are written: `300ms`, `5s`, `1h30m`, `1.5h`, `0`.
  /// Nil when the text is something else, negative, or longer than 290 years.
  init?(flag text: String) {
    if text == "0" {
      self = .zero
      return
    }
    var rest = Substring(text)
    var nanoseconds = 0.0
    guard !rest.isEmpty else { return nil }
    while !rest.isEmpty {
      let number = rest.prefix { $0.isASCII && $0.isNumber || $0 == "." }
      let unit = rest.dropFirst(number.count).prefix { !($0.isASCII && $0.isNumber || $0 == ".") }
      guard number.contains(where: { $0 != "." }),
        let value = Double(number.contains(".") ? "0\(number)0" : "\(number)"),
        let scale = Self.nanosecondsOfUnit[String(unit)]
      else { return nil }
      nanoseconds += value * scale
      rest = rest.dropFirst(number.count + unit.count)
    }
    guard nanoseconds < 9.2e18 else { return nil }
    self = .nanoseconds(Int64(nanoseconds.rounded()))
  }

  private static let nanosecondsOfUnit: [String: Double] = [
    "ns": 1, "us": 1e3, "µs": 1e3, "μs": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9, "h": 3600e9,
  ]
}
