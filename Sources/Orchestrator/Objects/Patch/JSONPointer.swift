/// A place in a JSON document (RFC 6901), read as leniently as Kubernetes does: whatever stands before the first slash
/// is passed over, and a `~` that begins no escape is itself.
struct JSONPointer: Sendable, Hashable {
  /// As written.
  let text: String
  /// The keys of the objects and arrays around the place, outermost first.
  let steps: [String]
  /// The key inside the last of them; nil for the document itself.
  let key: String?

  init(_ text: String) {
    self.text = text
    var keys = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropFirst()
      .map { Self.unescaped($0) }
    key = keys.popLast()
    steps = keys
  }

  private static func unescaped(_ step: Substring.UTF8View) -> String {
    guard step.contains(UInt8(ascii: "~")) else { return String(Substring(step)) }
    var bytes: [UInt8] = []
    var rest = step[...]
    while let byte = rest.popFirst() {
      switch (byte, rest.first) {
      case (UInt8(ascii: "~"), UInt8(ascii: "0")?):
        bytes.append(UInt8(ascii: "~"))
        rest.removeFirst()
      case (UInt8(ascii: "~"), UInt8(ascii: "1")?):
        bytes.append(UInt8(ascii: "/"))
        rest.removeFirst()
      default: bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Why a key is no place in an array.
  struct IndexError: Error {
    let text: String

    static func outside(_ index: Int) -> IndexError {
      IndexError(text: "Unable to access invalid index: \(index): invalid index referenced")
    }
  }

  /// The element that a key means in an array of this length; negative ones count from the end.
  static func index(_ key: String, count: Int) throws(IndexError) -> Int {
    let index = try number(key)
    guard index < count, index >= -count else { throw .outside(index) }
    return index < 0 ? index + count : index
  }

  /// Where a key inserts in an array of this length: `-` is behind the last, and so is -1.
  static func insertionIndex(_ key: String, count: Int) throws(IndexError) -> Int {
    if key == "-" { return count }
    let index: Int
    do {
      index = try number(key)
    } catch {
      throw IndexError(text: "value was not a proper array index: '\(key)': \(error.text)")
    }
    guard index <= count, index >= -(count + 1) else { throw .outside(index) }
    return index < 0 ? index + count + 1 : index
  }

  private static func number(_ key: String) throws(IndexError) -> Int {
    if let number = Int(key) { return number }
    let digits =
      key.utf8.first == UInt8(ascii: "-") || key.utf8.first == UInt8(ascii: "+")
      ? key.utf8.dropFirst() : key.utf8[...]
    let isNumber =
      !digits.isEmpty && digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    let fault = isNumber ? "value out of range" : "invalid syntax"
    throw IndexError(text: "strconv.Atoi: parsing \(GoFormat.quoted(key)): \(fault)")
  }
}
