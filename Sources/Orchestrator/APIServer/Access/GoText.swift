import Objects

/// Texts as Go's `%q` writes them, which Kubernetes uses in what people read.
enum GoText {
  /// A quoted string.
  static func quoted(_ text: String) -> String { GoFormat.quoted(text) }

  /// A list of quoted strings: `["a" "b"]`.
  static func quoted(_ texts: [String]) -> String { "[" + texts.map(quoted).joined(separator: " ") + "]" }

  /// Several errors as one: a single one as it is, several in brackets, none twice.
  static func aggregate(_ errors: [String]) -> String {
    var seen: Set<String> = []
    let texts = errors.filter { seen.insert($0).inserted }
    return texts.count == 1 ? texts[0] : "[" + texts.joined(separator: ", ") + "]"
  }
}

extension JSON {
  /// The strings of an array member; empty if there is none.
  func strings(_ key: String) -> [String] { self[key]?.array?.compactMap(\.string) ?? [] }

  /// The text of a member; empty if there is none.
  func text(_ path: String...) -> String {
    var value = self
    for key in path {
      guard let next = value[key] else { return "" }
      value = next
    }
    return value.string ?? ""
  }

  /// An array of strings.
  static func strings(_ texts: [String]) -> JSON { .array(texts.map(JSON.string)) }
}
