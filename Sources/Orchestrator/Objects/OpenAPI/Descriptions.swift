/// What kinds and fields are for, as `kubectl explain` prints it.
enum Descriptions {
  /// What a structure is, by its name without group and version; nil where nothing is written.
  static func text(of kind: String) -> String? { texts[kind] }

  /// What a field of that structure is for.
  static func text(of field: String, in kind: String) -> String? {
    texts["\(kind).\(field)"] ?? texts["*.\(field)"]
  }

  private static let texts: [String: String] = {
    var texts: [String: String] = [:]
    var kind = ""
    for line in table.split(separator: "\n") {
      guard let colon = line.firstIndex(of: ":") else { continue }
      let text = line[line.index(after: colon)...].drop { $0 == " " }
      let name = line[..<colon].drop { $0 == " " }
      if name.hasPrefix(".") {
        texts[kind + name] = String(text)
      } else {
        kind = String(name)
        if !text.isEmpty { texts[kind] = String(text) }
      }
    }
    return texts
  }()
}
