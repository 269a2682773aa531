extension JSON {
  /// How deep objects and arrays may be nested.
  ///
  /// Whatever handles a value afterwards (comparing, patching, freeing it) recurses through it, so the limit is what is
  /// safe on a thread with a stack of 512 KiB. Real objects, even the schemas of custom resources, stay far below it.
  public static let maximumDepth = 128

  /// What a parser accepts and reports.
  public struct ParseOptions: Sendable {
    /// How deep objects and arrays may be nested; never more than `JSON.maximumDepth`.
    public var maximumDepth: Int
    /// What is skipped; it is not looked at whether that is well formed.
    public var omission: JSONOmission

    /// The usual options, a lower depth, or less of the document.
    public init(maximumDepth: Int = JSON.maximumDepth, omitting omission: JSONOmission = .nothing) {
      self.maximumDepth = min(maximumDepth, JSON.maximumDepth)
      self.omission = omission
    }
  }

  /// The value that these UTF-8 bytes are.
  ///
  /// Of members with the same key the last counts; bytes that are not UTF-8 and lone surrogates become U+FFFD.
  /// - Throws: `JSONError` for anything that is not exactly one JSON value.
  public static func parse(_ bytes: [UInt8], options: ParseOptions = ParseOptions()) throws(JSONError) -> JSON
  {
    var parser = JSONParser(bytes, maximumDepth: options.maximumDepth, omitting: options.omission)
    return try parser.document()
  }

  /// The value that this text is; see `parse(_:options:)` for bytes.
  public static func parse(
    _ text: String, options: ParseOptions = ParseOptions()
  ) throws(JSONError) -> JSON {
    try parse(Array(text.utf8), options: options)
  }
}

/// A cursor over UTF-8 bytes that reads JSON values.
struct JSONParser {
  let bytes: [UInt8]
  var position = 0
  private let maximumDepth: Int
  private var depth = 0
  /// Keys that an object has more than once. While a container is read, the paths of those inside are relative to it.
  private(set) var duplicates: [JSONPath] = []
  /// What is skipped of the value at the cursor.
  private var omission: JSONOmission

  init(
    _ bytes: [UInt8], maximumDepth: Int = JSON.maximumDepth, omitting omission: JSONOmission = .nothing
  ) {
    self.bytes = bytes
    self.maximumDepth = maximumDepth
    self.omission = omission
  }

  /// The one value that all the bytes are.
  mutating func document() throws(JSONError) -> JSON {
    let value = try value()
    skipBlanks()
    guard position == bytes.count else { throw invalidCharacter("after top-level value") }
    return value
  }

  /// The value at or after the cursor, which then stands behind it.
  mutating func value() throws(JSONError) -> JSON {
    skipBlanks()
    guard position < bytes.count else { throw .unexpectedEnd(at: position) }
    switch bytes[position] {
    case UInt8(ascii: "{"): return try object()
    case UInt8(ascii: "["): return try array()
    case UInt8(ascii: "\""):
      position += 1
      return .string(try string())
    case UInt8(ascii: "t"): return try literal("true", .boolean(true))
    case UInt8(ascii: "f"): return try literal("false", .boolean(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    default: throw invalidCharacter("looking for beginning of value")
    }
  }

  mutating func skipBlanks() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x0A, 0x0D, 0x09: position += 1
      default: return
      }
    }
  }

  /// Whether this byte comes next after blanks; then the cursor stands behind it.
  mutating func skip(_ byte: UInt8) -> Bool {
    skipBlanks()
    guard position < bytes.count, bytes[position] == byte else { return false }
    position += 1
    return true
  }

  private func invalidCharacter(_ place: String) -> JSONError {
    .invalidCharacter(in: bytes, at: position, place)
  }

  private mutating func literal(_ text: String, _ value: JSON) throws(JSONError) -> JSON {
    for expected in text.utf8 {
      guard position < bytes.count, bytes[position] == expected else {
        let character = Character(Unicode.Scalar(expected))
        throw invalidCharacter("in literal \(text) (expecting '\(character)')")
      }
      position += 1
    }
    return value
  }

  // MARK: Containers

  private mutating func enter() throws(JSONError) {
    depth += 1
    guard depth <= maximumDepth else { throw JSONError("exceeded max depth", offset: position) }
    position += 1
  }

  private mutating func array() throws(JSONError) -> JSON {
    try enter()
    defer { depth -= 1 }
    var elements: [JSON] = []
    if skip(UInt8(ascii: "]")) { return .array(elements) }
    while true {
      let known = duplicates.count
      elements.append(try value())
      relate(.index(elements.count - 1), from: known)
      if skip(UInt8(ascii: ",")) { continue }
      if skip(UInt8(ascii: "]")) { return .array(elements) }
      throw invalidCharacter("after array element")
    }
  }

  private mutating func object() throws(JSONError) -> JSON {
    try enter()
    defer { depth -= 1 }
    var members: [JSONObject.Member] = []
    var isSorted = true
    if skip(UInt8(ascii: "}")) { return .object(JSONObject(sorted: members)) }
    let omitted = omission
    defer { omission = omitted }
    while true {
      let key = try memberKey()
      if !omitted.isNothing { omission = omitted[key] }
      if omission.isEverything {
        try skipValue()
      } else {
        let known = duplicates.count
        let value = try value()
        relate(.key(key), from: known)
        if isSorted, let last = members.last, !(last.key < key) { isSorted = false }
        members.append(JSONObject.Member(key: key, value: value))
      }
      if skip(UInt8(ascii: ",")) { continue }
      if skip(UInt8(ascii: "}")) { break }
      throw invalidCharacter("after object key:value pair")
    }
    return .object(isSorted ? JSONObject(sorted: members) : sorted(members))
  }

  /// Goes behind the value at or after the cursor.
  private mutating func skipValue() throws(JSONError) {
    skipBlanks()
    let start = position
    guard let end = bytes.withUnsafeBufferPointer({ JSON.endOfValue($0, from: start) }), end > start else {
      throw .unexpectedEnd(at: bytes.count)
    }
    position = end
  }

  /// The key of an object's next member; the cursor then stands behind the colon.
  mutating func memberKey() throws(JSONError) -> String {
    guard skip(UInt8(ascii: "\"")) else {
      throw invalidCharacter("looking for beginning of object key string")
    }
    let key = try string()
    guard skip(UInt8(ascii: ":")) else { throw invalidCharacter("after object key") }
    return key
  }

  /// An object of members in any order, in which keys may occur again.
  private mutating func sorted(_ members: [JSONObject.Member]) -> JSONObject {
    let sorted = members.sorted { $0.key < $1.key }
    if zip(sorted, sorted.dropFirst()).allSatisfy({ $0.key != $1.key }) { return JSONObject(sorted: sorted) }
    var last: [String: Int] = [:]
    var repeated: Set<String> = []
    for (place, member) in members.enumerated() where last.updateValue(place, forKey: member.key) != nil {
      if repeated.insert(member.key).inserted { duplicates.append(JSONPath([.key(member.key)])) }
    }
    let places = last.values.sorted { members[$0].key < members[$1].key }
    return JSONObject(sorted: places.map { members[$0] })
  }

  /// Makes the paths found since relative to the container that this step leads into it from.
  private mutating func relate(_ step: JSONPath.Step, from first: Int) {
    for place in first..<duplicates.count { duplicates[place].steps.insert(step, at: 0) }
  }

  // MARK: Strings

  /// The rest of a string whose opening quote is behind the cursor.
  mutating func string() throws(JSONError) -> String {
    let start = position
    var isASCII = true
    while position < bytes.count {
      let byte = bytes[position]
      if byte == UInt8(ascii: "\"") {
        let text = bytes[start..<position]
        position += 1
        return isASCII ? String(decoding: text, as: UTF8.self) : UTF8Repair.string(text)
      }
      if byte == UInt8(ascii: "\\") { return try escapedString(from: start) }
      guard byte >= 0x20 else { throw invalidCharacter("in string") }
      if byte >= 0x80 { isASCII = false }
      position += 1
    }
    throw .unexpectedEnd(at: position)
  }

  /// The same for a string with escape sequences: the cursor stands on the first.
  private mutating func escapedString(from start: Int) throws(JSONError) -> String {
    var text = Array(bytes[start..<position])
    while position < bytes.count {
      let byte = bytes[position]
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        return UTF8Repair.string(text)
      case UInt8(ascii: "\\"): try escape(into: &text)
      case 0..<0x20: throw invalidCharacter("in string")
      default:
        text.append(byte)
        position += 1
      }
    }
    throw .unexpectedEnd(at: position)
  }

  private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
    guard position + 1 < bytes.count else { throw .unexpectedEnd(at: position) }
    let byte: UInt8
    switch bytes[position + 1] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): byte = bytes[position + 1]
    case UInt8(ascii: "b"): byte = 0x08
    case UInt8(ascii: "f"): byte = 0x0C
    case UInt8(ascii: "n"): byte = 0x0A
    case UInt8(ascii: "r"): byte = 0x0D
    case UInt8(ascii: "t"): byte = 0x09
    case UInt8(ascii: "u"): return try unicodeEscape(into: &text)
    default: throw invalidEscape(length: 2)
    }
    text.append(byte)
    position += 2
  }

  private func invalidEscape(length: Int) -> JSONError {
    let sequence = UTF8Repair.string(bytes[position..<min(position + length, bytes.count)])
    return JSONError("invalid escape sequence \(GoFormat.quoted(sequence)) in string", offset: position)
  }

  private mutating func unicodeEscape(into text: inout [UInt8]) throws(JSONError) {
    guard position + 6 <= bytes.count else { throw .unexpectedEnd(at: position) }
    guard let unit = hexadecimal(at: position + 2) else { throw invalidEscape(length: 6) }
    position += 6
    var scalar = Unicode.Scalar(unit)
    if unit & 0xFC00 == 0xD800, position + 6 <= bytes.count, bytes[position] == UInt8(ascii: "\\"),
      bytes[position + 1] == UInt8(ascii: "u"), let low = hexadecimal(at: position + 2),
      low & 0xFC00 == 0xDC00
    {
      scalar = Unicode.Scalar(0x10000 + (UInt32(unit & 0x3FF) << 10 | UInt32(low & 0x3FF)))
      position += 6
    }
    text += UTF8.encode(scalar ?? "\u{FFFD}") ?? UTF8.encodedReplacementCharacter
  }

  private func hexadecimal(at offset: Int) -> UInt16? {
    var value: UInt16 = 0
    for byte in bytes[offset..<offset + 4] {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else { return nil }
      value = value << 4 | UInt16(digit)
    }
    return value
  }

  // MARK: Numbers

  private mutating func number() throws(JSONError) -> JSON {
    let start = position
    var isInteger = true
    let isNegative = bytes[position] == UInt8(ascii: "-")
    if isNegative { position += 1 }
    if position < bytes.count, bytes[position] == UInt8(ascii: "0") { position += 1 } else { try digits() }
    if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
      isInteger = false
      position += 1
      try digits()
    }
    if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
      isInteger = false
      position += 1
      if position < bytes.count, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-")
      {
        position += 1
      }
      try digits()
    }
    if isInteger, let integer = integer(start + (isNegative ? 1 : 0)..<position, isNegative: isNegative) {
      return .integer(integer)
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    guard let number = Double(text), number.isFinite else {
      throw JSONError("json: cannot unmarshal number \(text) into Go value of type float64", offset: start)
    }
    return .number(number)
  }

  /// At least one digit.
  private mutating func digits() throws(JSONError) {
    let start = position
    while position < bytes.count, bytes[position] &- UInt8(ascii: "0") < 10 { position += 1 }
    guard position > start else { throw invalidCharacter("in numeric literal") }
  }

  /// The integer of these digits, if it fits.
  private func integer(_ digits: Range<Int>, isNegative: Bool) -> Int64? {
    // Summed up as a negative number, of which there is one more.
    var value: Int64 = 0
    for place in digits {
      let digit = Int64(bytes[place] &- UInt8(ascii: "0"))
      let (product, overflows) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflowsToo) = product.subtractingReportingOverflow(digit)
      if overflows || overflowsToo { return nil }
      value = sum
    }
    if isNegative { return value }
    return value == .min ? nil : -value
  }
}
