/// A JSON text that was sent, parsed, together with what only the text tells: its order and its repeated keys.
public struct JSONDocument: Sendable {
  /// The text; nil for a value that never was one.
  let bytes: [UInt8]?
  /// What the text says; of members with the same key the last.
  public let value: JSON
  /// Where a key occurs again.
  let duplicates: [JSONPath]

  /// Parses a text.
  /// - Throws: `JSONError` for anything that is not exactly one JSON value.
  public init(_ bytes: [UInt8], options: JSON.ParseOptions = JSON.ParseOptions()) throws(JSONError) {
    var parser = JSONParser(bytes, maximumDepth: options.maximumDepth)
    value = try parser.document()
    duplicates = parser.duplicates
    self.bytes = bytes
  }

  /// A value that was made otherwise, such as by a patch.
  public init(_ value: JSON) {
    self.value = value
    bytes = nil
    duplicates = []
  }

  /// A message for each key that occurs again, such as `duplicate field "spec.x"`; the order is that of the text.
  public var duplicateFields: [String] {
    let offsets = offsets(of: duplicates.map { JSONLocator.Target(path: $0, isRepetition: true) })
    return duplicates.indices.sorted { (offsets[$0]?.key ?? 0) < (offsets[$1]?.key ?? 0) }
      .map { "duplicate field \(GoFormat.quoted(duplicates[$0].description))" }
  }

  /// Where the targets' keys and values start in the text; nil for those that are not in it.
  func offsets(of targets: [JSONLocator.Target]) -> [JSONLocator.Place?] {
    guard let bytes, !targets.isEmpty else { return Array(repeating: nil, count: targets.count) }
    return JSONLocator.places(of: targets, in: bytes)
  }

  /// The number that starts here, as it was written.
  func number(at offset: Int) -> String? {
    guard let bytes, offset < bytes.count else { return nil }
    let number = bytes[offset...].prefix { "+-.eE0123456789".utf8.contains($0) }
    return String(decoding: number, as: UTF8.self)
  }
}
