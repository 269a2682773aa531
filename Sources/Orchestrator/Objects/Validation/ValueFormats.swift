/// The formats of values other than names. Each function says what is wrong with a value, nothing when it is right.
enum ValueFormats {
  static func portNumber(_ value: Int64) -> String? {
    (1...65_535).contains(value) ? nil : inclusiveRange(1, 65_535)
  }

  static func inclusiveRange(_ low: Int64, _ high: Int64) -> String {
    "must be between \(low) and \(high), inclusive"
  }

  /// A user or group.
  static func userNumber(_ value: Int64) -> String? {
    (0...0xFFFF_FFFF).contains(value) ? nil : inclusiveRange(0, 0xFFFF_FFFF)
  }

  /// The name of a port (RFC 6335, lower case).
  static func portName(_ value: String) -> [String] {
    var problems: [String] = []
    let bytes = value.utf8
    if bytes.count > 15 { problems.append(NameFormats.tooLong(15)) }
    let isLower = { (byte: UInt8) in (0x61...0x7A).contains(byte) }
    if value.isEmpty
      || !bytes.allSatisfy({ isLower($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") })
    {
      problems.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    }
    if !bytes.contains(where: isLower) { problems.append("must contain at least one letter (a-z)") }
    if value.contains("--") { problems.append("must not contain consecutive hyphens") }
    if value.hasPrefix("-") || value.hasSuffix("-") { problems.append("must not begin or end with a hyphen") }
    return problems
  }

  static func percent(_ value: String) -> String? {
    let digits = value.utf8.dropLast()
    if value.hasSuffix("%"), !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) { return nil }
    return NameFormats.pattern(
      "a valid percent string must be a numeric string followed by an ending '%'", "[0-9]+%", "1%", "93%")
  }

  static func httpHeaderName(_ value: String) -> String? {
    if !value.isEmpty, value.utf8.allSatisfy({ NameFormats.isAlphanumeric($0) || $0 == UInt8(ascii: "-") }) {
      return nil
    }
    return NameFormats.pattern(
      "a valid HTTP header must consist of alphanumeric characters or '-'", "[-A-Za-z0-9]+", "X-Header-Name")
  }

  /// The name of an environment variable: any printable ASCII but `=`.
  static func environmentVariableName(_ value: String) -> [String] {
    if value.isEmpty { return ["environment variable name must be non-empty"] }
    guard value.utf8.allSatisfy({ (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "=") }) else {
      return [
        "a valid environment variable name must consist only of printable ASCII characters other than '='"
      ]
    }
    return []
  }

  /// A key of a config map or secret.
  static func configKey(_ value: String) -> [String] {
    var problems: [String] = []
    if value.utf8.count > NameFormats.subdomainLengthMaximum {
      problems.append(NameFormats.tooLong(NameFormats.subdomainLengthMaximum))
    }
    let isValid = value.utf8.allSatisfy {
      NameFormats.isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
        || $0 == UInt8(ascii: ".")
    }
    if value.isEmpty || !isValid {
      problems.append(
        NameFormats.pattern(
          "a valid config key must consist of alphanumeric characters, '-', '_' or '.'", "[-._a-zA-Z0-9]+",
          "key.name", "KEY_NAME", "key-name"))
    }
    if value == "." {
      problems.append("must not be '.'")
    } else if value == ".." {
      problems.append("must not be '..'")
    } else if value.hasPrefix("..") {
      problems.append("must not start with '..'")
    }
    return problems
  }

  /// A decimal number within 64 bits, as `Lt` and `Gt` compare.
  static func decimalInteger(_ value: String) -> [String] {
    let digits = value.hasPrefix("-") ? value.dropFirst() : Substring(value)
    let isValid =
      !digits.isEmpty && digits.utf8.allSatisfy { (0x30...0x39).contains($0) }
      && (digits == "0" && value == "0" || !digits.hasPrefix("0"))
    return isValid ? [] : ["must be a valid decimal integer in canonical form"]
  }

  static func isAbsolutePath(_ path: String) -> Bool { path.hasPrefix("/") }

  static func hasBackstep(_ path: String) -> Bool {
    path.split(separator: "/", omittingEmptySubsequences: false).contains("..")
  }

  static let addressProblem = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
  static let subnetProblem = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"

  /// An address as old fields take it: leading zeros and mapped addresses are tolerated.
  static func address(_ value: String) -> String? {
    NetworkAddress(value) == nil ? addressProblem : nil
  }

  /// A subnet as old fields take it.
  static func subnet(_ value: String) -> String? {
    NetworkSubnet(value) == nil ? subnetProblem : nil
  }

  /// An address in the one form that newer fields take.
  static func canonicalAddress(_ value: String) -> String? {
    guard let address = NetworkAddress(value) else { return addressProblem }
    if address.isMapped { return "must not be an IPv4-mapped IPv6 address" }
    if address.hasLeadingZero { return "must not have leading 0s" }
    return value == address.text ? nil : "must be in canonical form (\(MessageText.quoted(address.text)))"
  }

  /// A subnet in the one form that newer fields take.
  static func canonicalSubnet(_ value: String) -> String? {
    guard let subnet = NetworkSubnet(value) else { return subnetProblem }
    if subnet.address.hasLeadingZero || subnet.hasLeadingZero {
      return "must not have leading 0s in IP or prefix length"
    }
    if subnet.address.isMapped { return "must not have an IPv4-mapped IPv6 address" }
    if subnet.address.masked(to: subnet.prefixLength) != subnet.address {
      return "must not have bits set beyond the prefix length"
    }
    let canonical = subnet.address.text + "/" + String(subnet.prefixLength)
    return value == canonical ? nil : "must be in canonical form (\(MessageText.quoted(canonical)))"
  }
}

extension Checker {
  mutating func address(_ value: String, _ path: FieldPath, tolerated: [String] = []) {
    if !tolerated.contains(value), let problem = ValueFormats.address(value) { invalid(path, value, problem) }
  }

  mutating func subnet(_ value: String, _ path: FieldPath, tolerated: [String] = []) {
    if !tolerated.contains(value), let problem = ValueFormats.subnet(value) { invalid(path, value, problem) }
  }

  /// A relative path without `..`.
  mutating func localPath(_ value: String, _ path: FieldPath) {
    if ValueFormats.isAbsolutePath(value) { invalid(path, value, "must be a relative path") }
    noBacksteps(value, path)
  }

  mutating func noBacksteps(_ value: String, _ path: FieldPath) {
    if ValueFormats.hasBackstep(value) { invalid(path, value, "must not contain '..'") }
  }

  /// A relative path that does not begin like the files that the kubelet keeps for itself.
  mutating func localUnreservedPath(_ value: String, _ path: FieldPath) {
    localPath(value, path)
    if value.hasPrefix(".."), !value.hasPrefix("../") { invalid(path, value, "must not start with '..'") }
  }

  mutating func fileMode(_ value: Int64?, _ path: FieldPath) {
    guard let value, !(0...0o777).contains(value) else { return }
    invalid(path, value, "must be a number between 0 and 0777 (octal), both inclusive")
  }

  /// A name such as `acme.io/foo`.
  mutating func domainPrefixedPath(_ value: String, _ path: FieldPath) {
    if value.isEmpty { return required(path) }
    let parts = value.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
      return invalid(path, value, "must be a domain-prefixed path (such as \"acme.io/foo\")")
    }
    invalid(path, parts[0], NameFormats.dns1123Subdomain(parts[0]))
    let others = "/-._~%!$&'()*+,;=:".utf8
    if !parts[1].utf8.allSatisfy({ NameFormats.isAlphanumeric($0) || others.contains($0) }) {
      invalid(path, parts[1], NameFormats.pattern("Invalid path", "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+"))
    }
  }
}
