/// What keys and values of labels must look like.
public enum LabelSyntax {
  /// What is wrong with a key, in Kubernetes' wording; nothing if it is right: a name of at most 63 letters, digits,
  /// `-`, `_` and `.`, in front of it, if at all, a DNS subdomain and a slash. Annotations and finalizers have such
  /// names too.
  public static func problems(ofKey key: String) -> [String] {
    let parts = key.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2, let name = parts.last else {
      return [
        "a valid label key \(nameProblem) with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
      ]
    }
    var problems: [String] = []
    if parts.count == 2 {
      let prefix = parts[0]
      if prefix.isEmpty {
        problems.append("prefix part must be non-empty")
      } else {
        if prefix.utf8.count > 253 { problems.append("prefix part \(tooLong(253))") }
        if !isSubdomain(prefix) { problems.append("prefix part \(subdomainProblem)") }
      }
    }
    if name.isEmpty {
      problems.append("name part must be non-empty")
    } else if name.utf8.count > 63 {
      problems.append("name part \(tooLong(63))")
    }
    if !isName(name.utf8) { problems.append("name part \(nameProblem)") }
    return problems
  }

  /// What is wrong with a value; nothing if it is right: empty, or like the name in a key.
  public static func problems(ofValue value: String) -> [String] {
    var problems: [String] = []
    if value.utf8.count > 63 { problems.append(tooLong(63)) }
    if !value.isEmpty, !isName(value.utf8) { problems.append(valueProblem) }
    return problems
  }

  private static let nameProblem =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
    + "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    + "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
  private static let valueProblem =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    + "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    + "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
  private static let subdomainProblem =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
    + "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    + #"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"#

  private static func tooLong(_ bytes: Int) -> String { "must be no more than \(bytes) bytes" }

  private static func isName(_ bytes: Substring.UTF8View) -> Bool {
    guard let first = bytes.first, let last = bytes.last, isAlphanumeric(first), isAlphanumeric(last) else {
      return false
    }
    return bytes.allSatisfy { isAlphanumeric($0) || "-_.".utf8.contains($0) }
  }

  private static func isName(_ bytes: String.UTF8View) -> Bool { isName(bytes[...]) }

  private static func isSubdomain(_ text: Substring) -> Bool {
    text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
      guard let first = label.first, let last = label.last else { return false }
      return isLowercaseAlphanumeric(first) && isLowercaseAlphanumeric(last)
        && label.allSatisfy { isLowercaseAlphanumeric($0) || $0 == UInt8(ascii: "-") }
    }
  }

  private static func isLowercaseAlphanumeric(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
      || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    isLowercaseAlphanumeric(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
  }
}
