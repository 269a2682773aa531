/// The chosen settings, with the table's defaults for the rest. Values have the kind that their flag demands:
/// every source checks that when it reads them.
struct Values {
  var settings: [String: Setting]

  /// The value given, unless it is empty, which means the default.
  func given(_ name: String) -> String? {
    settings[name].flatMap { $0.value.isEmpty ? nil : $0.value }
  }

  func text(_ name: String) -> String {
    settings[name]?.value ?? FlagTable.byName[name]?.defaultValue ?? ""
  }

  func label(_ name: String) -> String { settings[name]?.label ?? "--\(name)" }

  func boolean(_ name: String) -> Bool { Flag.boolean(text(name)) ?? false }

  func integer(_ name: String) -> Int64 { Flag.integer(text(name)) ?? 0 }

  func count(_ name: String) -> UInt64 { Flag.count(text(name)) ?? 0 }

  func duration(_ name: String) -> Duration { Duration(flag: text(name)) ?? .zero }

  func count(_ name: String, in range: ClosedRange<UInt64>) throws(ConfigurationError) -> UInt64 {
    let value = count(name)
    guard range.contains(value) else {
      throw ConfigurationError(
        .value, "\(label(name)) must be between \(range.lowerBound) and \(range.upperBound), not \(value)")
    }
    return value
  }

  func urls(
    _ name: String, toBind: Bool, withTLS: Bool = false
  ) throws(ConfigurationError) -> [NetworkURL] {
    let text =
      given(name) ?? (name == "advertise-client-urls" ? "" : FlagTable.byName[name]?.defaultValue ?? "")
    let urls = try naming(name) { () throws(ConfigurationError) in
      try NetworkURL.parseList(text, withTLS: withTLS)
    }
    if toBind, let url = urls.first(where: { !$0.canBeBound }) {
      throw ConfigurationError(.value, "\(label(name)): expected IP in URL for binding (\(url))")
    }
    return urls
  }

  /// Puts the name of the setting before an error of its value.
  func naming<T>(
    _ name: String, _ body: () throws(ConfigurationError) -> T
  ) throws(ConfigurationError) -> T {
    do {
      return try body()
    } catch {
      throw ConfigurationError(error.kind, "\(label(name)): \(error.description)")
    }
  }
}
