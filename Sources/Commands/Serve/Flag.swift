/// One flag of `raftkv serve`. The command line, the environment and the configuration file share these
/// names, so one table of flags drives all three.
struct Flag: Sendable {
  /// What a value must look like.
  enum Kind: Sendable, Hashable {
    case text
    /// True or false; on the command line the name alone means true.
    case boolean
    /// A whole number, not negative.
    case count
    /// A whole number of either sign.
    case integer
    /// `10s`, `1h30m`; a bare number in a configuration file is nanoseconds, as in etcd.
    case duration
    /// Exactly one of these words.
    case choice([String])
  }

  /// Whether the flag does what it does in etcd.
  enum Support: Sendable, Hashable {
    case supported
    /// Accepted with a warning: leaving it out changes nothing a client could rely on.
    case ignored(because: String)
    /// Only its default is accepted: going on without it would be unsafe or would surprise.
    case unavailable(because: String)
  }

  /// The headings of the help text.
  enum Section: String, Sendable, CaseIterable {
    case member = "Member"
    case clustering = "Clustering"
    case peerTLS = "TLS between members"
    case limits = "Limits"
    case logging = "Logging and metrics"
  }

  var name: String
  var kind: Kind
  /// Written as on the command line.
  var defaultValue: String
  var support: Support
  var section: Section
  var help: String

  /// `listen-client-urls` → `LISTEN_CLIENT_URLS`: what follows the prefix of an environment variable.
  var environmentSuffix: String {
    String(name.uppercased().map { $0 == "-" ? "_" : $0 })
  }

  /// Checks a value against the kind; what it should have been when it does not fit.
  func complaint(about value: String) -> String? {
    switch kind {
    case .text: nil
    case .boolean: Flag.boolean(value) == nil ? "expected true or false" : nil
    case .count: Flag.count(value) == nil ? "expected a whole number" : nil
    case .integer: Flag.integer(value) == nil ? "expected a whole number" : nil
    case .duration: Duration(flag: value) == nil ? "expected a duration such as 5s, 100ms or 1h30m" : nil
    case .choice(let words): words.contains(value) ? nil : "expected \(Flag.alternatives(words))"
    }
  }

  /// Whether two values of this flag mean the same.
  func isSame(_ left: String, _ right: String) -> Bool {
    switch kind {
    case .text, .choice: left == right
    case .boolean: Flag.boolean(left) == Flag.boolean(right)
    case .count, .integer: Flag.integer(left) == Flag.integer(right)
    case .duration: Duration(flag: left) == Duration(flag: right)
    }
  }

  /// The spellings Go's `flag` package accepts for a boolean, which etcd's users may have in their scripts.
  static func boolean(_ text: String) -> Bool? {
    switch text {
    case "1", "t", "T", "true", "TRUE", "True": true
    case "0", "f", "F", "false", "FALSE", "False": false
    default: nil
    }
  }

  static func count(_ text: String) -> UInt64? {
    if text.hasPrefix("0x") || text.hasPrefix("0X") {
      return text.dropFirst(2).first == "+" ? nil : UInt64(text.dropFirst(2), radix: 16)
    }
    return text.first == "+" ? nil : UInt64(text)
  }

  static func integer(_ text: String) -> Int64? {
    if text.hasPrefix("-") {
      return count(String(text.dropFirst())).flatMap { $0 <= UInt64(Int64.max) ? -Int64($0) : nil }
    }
    return count(text).flatMap { Int64(exactly: $0) }
  }

  /// `a`, `a or b`, `a, b or c`.
  static func alternatives(_ words: [String]) -> String {
    guard let last = words.last, words.count > 1 else { return words.first ?? "" }
    return words.dropLast().joined(separator: ", ") + " or " + last
  }
}
