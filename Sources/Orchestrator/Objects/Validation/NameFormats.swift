/// The formats of names. Each function says what is wrong with a value, nothing when it is right.
enum NameFormats {
  static let labelLengthMaximum = 63
  static let subdomainLengthMaximum = 253

  /// A label of DNS (RFC 1123): `my-name`.
  static func dns1123Label(_ value: String) -> [String] {
    var problems: [String] = []
    if value.utf8.count > labelLengthMaximum { problems.append(tooLong(labelLengthMaximum)) }
    if !isLabel(value.utf8) {
      problems.append(
        isSubdomain(value)
          ? "must not contain dots"
          : pattern(
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start"
              + " and end with an alphanumeric character", labelPattern, "my-name", "123-abc"))
    }
    return problems
  }

  /// A subdomain of DNS (RFC 1123): `example.com`.
  static func dns1123Subdomain(_ value: String) -> [String] {
    var problems: [String] = []
    if value.utf8.count > subdomainLengthMaximum { problems.append(tooLong(subdomainLengthMaximum)) }
    if !isSubdomain(value) {
      problems.append(
        pattern(
          "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must"
            + " start and end with an alphanumeric character", subdomainPattern, "example.com"))
    }
    return problems
  }

  /// A subdomain whose labels may contain underscores, as search domains do.
  static func dns1123SubdomainWithUnderscore(_ value: String) -> [String] {
    var problems: [String] = []
    if value.utf8.count > subdomainLengthMaximum { problems.append(tooLong(subdomainLengthMaximum)) }
    let isValid = value.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { part in
      let label = part.hasPrefix("_") ? part.dropFirst() : part
      return isDelimited(label.utf8, ends: isLowerAlphanumeric) {
        isLowerAlphanumeric($0) || $0 == dash || $0 == underscore
      }
    }
    if !isValid {
      let label = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
      problems.append(
        pattern(
          "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and"
            + " must start and end with an alphanumeric character", label + "(\\." + label + ")*",
          "example.com"))
    }
    return problems
  }

  /// A label of DNS that starts with a letter (RFC 1035), as services need it.
  static func dns1035Label(_ value: String) -> [String] {
    var problems: [String] = []
    if value.utf8.count > labelLengthMaximum { problems.append(tooLong(labelLengthMaximum)) }
    let startsWithLetter = value.utf8.first.map { (0x61...0x7A).contains($0) } ?? false
    if !startsWithLetter || !isLabel(value.utf8) {
      problems.append(
        pattern(
          "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic"
            + " character, and end with an alphanumeric character", "[a-z]([-a-z0-9]*[a-z0-9])?", "my-name",
          "abc-123"))
    }
    return problems
  }

  /// `*.` and a subdomain.
  static func wildcardSubdomain(_ value: String) -> [String] {
    var problems: [String] = []
    if value.utf8.count > subdomainLengthMaximum { problems.append(tooLong(subdomainLengthMaximum)) }
    if !value.hasPrefix("*.") || !isSubdomain(String(value.dropFirst(2))) {
      problems.append(
        pattern(
          "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist"
            + " of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
          "\\*\\." + subdomainPattern, "*.example.com"))
    }
    return problems
  }

  /// A qualified name, which is what label keys are: `example.com/name` or `name`.
  static func qualifiedName(_ value: String) -> [String] {
    let message =
      "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
    let namePattern = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
    let problem = pattern(message, namePattern, "MyName", "my.name", "123-abc")
    var problems: [String] = []
    let parts = value.split(separator: "/", omittingEmptySubsequences: false)
    let name: Substring
    switch parts.count {
    case 1: name = parts[0]
    case 2:
      name = parts[1]
      if parts[0].isEmpty {
        problems.append("prefix part must be non-empty")
      } else {
        problems += dns1123Subdomain(String(parts[0])).map { "prefix part " + $0 }
      }
    default:
      return [
        "a valid label key " + problem
          + " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
      ]
    }
    if name.isEmpty {
      problems.append("name part must be non-empty")
    } else if name.utf8.count > labelLengthMaximum {
      problems.append("name part " + tooLong(labelLengthMaximum))
    }
    if !isQualifiedPart(name.utf8) { problems.append("name part " + problem) }
    return problems
  }

  /// The value of a label.
  static func labelValue(_ value: String) -> [String] {
    var problems: [String] = []
    if value.utf8.count > labelLengthMaximum { problems.append(tooLong(labelLengthMaximum)) }
    if !value.isEmpty, !isQualifiedPart(value.utf8) {
      problems.append(
        pattern(
          "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must"
            + " start and end with an alphanumeric character", "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?",
          "MyValue", "my_value", "12345"))
    }
    return problems
  }

  /// An identifier of C.
  static func cIdentifier(_ value: String) -> [String] {
    let bytes = value.utf8
    let isValid =
      bytes.first.map { isLetter($0) || $0 == underscore } ?? false
      && bytes.allSatisfy { isAlphanumeric($0) || $0 == underscore }
    guard !isValid else { return [] }
    return [
      pattern(
        "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric"
          + " characters or '_'", "[A-Za-z_][A-Za-z0-9_]*", "my_name", "MY_NAME", "MyName")
    ]
  }

  /// What may stand as one segment of a path.
  static func pathSegment(_ value: String) -> [String] {
    if value == "." || value == ".." { return ["may not be '\(value)'"] }
    return ["/", "%"].filter { value.contains($0) }.map { "may not contain '\($0)'" }
  }

  /// A name with a dot and something on both sides: `example.com`, also `example.com.`.
  static func fullyQualifiedDomainName(_ value: String) -> (value: String, problem: String)? {
    let name = value.hasSuffix(".") ? String(value.dropLast()) : value
    let problems = dns1123Subdomain(name)
    if !problems.isEmpty { return (name, problems.joined(separator: ",")) }
    let labels = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    if labels.count < 2 { return (name, "should be a domain with at least two segments separated by dots") }
    for label in labels {
      let problems = dns1123Label(label)
      if !problems.isEmpty { return (label, problems.joined(separator: ",")) }
    }
    return nil
  }

  /// `must be no more than 63 characters`.
  static func tooLong(_ maximum: Int) -> String { "must be no more than \(maximum) characters" }

  /// A message about a pattern, with examples.
  static func pattern(_ message: String, _ pattern: String, _ examples: String...) -> String {
    guard !examples.isEmpty else { return message + " (regex used for validation is '" + pattern + "')" }
    let shown = examples.map { "'" + $0 + "', " }.joined(separator: " or ")
    return message + " (e.g. " + shown + "regex used for validation is '" + pattern + "')"
  }

  static let labelPattern = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
  static let subdomainPattern = labelPattern + "(\\." + labelPattern + ")*"

  static func isSubdomain(_ value: String) -> Bool {
    value.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { isLabel($0.utf8) }
  }

  private static let dash = UInt8(ascii: "-")
  private static let underscore = UInt8(ascii: "_")

  private static func isLabel(_ bytes: some BidirectionalCollection<UInt8>) -> Bool {
    isDelimited(bytes, ends: isLowerAlphanumeric) { isLowerAlphanumeric($0) || $0 == dash }
  }

  private static func isQualifiedPart(_ bytes: some BidirectionalCollection<UInt8>) -> Bool {
    isDelimited(bytes, ends: isAlphanumeric) {
      isAlphanumeric($0) || $0 == dash || $0 == underscore || $0 == UInt8(ascii: ".")
    }
  }

  private static func isDelimited(
    _ bytes: some BidirectionalCollection<UInt8>, ends: (UInt8) -> Bool, inside: (UInt8) -> Bool
  ) -> Bool {
    guard let first = bytes.first, let last = bytes.last else { return false }
    return ends(first) && ends(last) && bytes.allSatisfy(inside)
  }

  private static func isLowerAlphanumeric(_ byte: UInt8) -> Bool {
    (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
  }

  static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) }

  static func isAlphanumeric(_ byte: UInt8) -> Bool { isLetter(byte) || (0x30...0x39).contains(byte) }
}

/// What the names of a kind must be.
enum NameRule {
  case subdomain, label, dns1035Label, pathSegment, ipAddress, crdName, apiServiceName

  /// What is wrong with a name, or with the beginning of a generated one, which may end in a dash.
  func problems(_ name: String, isPrefix: Bool = false) -> [String] {
    var checked = name
    if isPrefix, name.utf8.count > 1, name.hasSuffix("-") { checked = String(name.dropLast(2)) + "a" }
    return switch self {
    case .subdomain: NameFormats.dns1123Subdomain(checked)
    case .label: NameFormats.dns1123Label(checked)
    case .dns1035Label: NameFormats.dns1035Label(checked)
    case .pathSegment, .crdName, .apiServiceName: NameFormats.pathSegment(name)
    case .ipAddress: ValueFormats.canonicalAddress(name).map { [$0] } ?? []
    }
  }
}
