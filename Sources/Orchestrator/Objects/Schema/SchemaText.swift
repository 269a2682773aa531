/// The text form in which the built-in kinds are kept, and its reader.
///
/// A text has lines, whose words are parted by blanks:
/// - `@core/v1` begins a package, `=Pod` a structure of it; `=Pod!` one that has one owner as a whole.
/// - Each other line is a field of that structure: its name, its shape, its number in protobuf, then its properties:
///   letters in one word (`!` written although empty, `*` a pointer, `R` required, `S` a set, `A` an atomic map,
///   `p` and `k` the patch strategies merge and retainKeys), `m=` the keys of a list, `K=` the merge key, `D=` the
///   default in JSON.
/// - A shape is a letter (see `scalar`), `{Name}` for a structure, or a shape behind `[` (a list) or `%` (a map). A
///   name behind `:` is the declared one of the innermost scalar, behind `~` of the whole. Names of other packages are
///   full.
/// - After `@enumerations` come the values of named strings: a full name, then the values with `|` between.
/// - After `@resources` come the resources: group (`-` for none), version, plural, kind, scope (`N` or `C`), short
///   names, categories, verbs (`*` for all); and below each its subresources: `/name`, kind, verbs.
struct SchemaText {
  private(set) var structures: [Schema.Structure] = []
  private(set) var resources: [Resource] = []

  // Bytes and ranges of them, not characters: the text is read whenever a program starts.
  private let bytes: [UInt8]
  private var numbers: [String: Int] = [:]
  private var enumerations: [String: [String]] = [:]

  /// Reads a text. A line that has not this form is a mistake of whoever made it.
  init(_ text: String) {
    bytes = Array(text.utf8)
    let lines = Self.split(bytes, 0..<bytes.count, at: UInt8(ascii: "\n"))
    let packages = lines.indices.filter { bytes[lines[$0].lowerBound] == UInt8(ascii: "@") }
    guard packages.count >= 2, let enumerations = packages.dropLast().last, let resources = packages.last
    else {
      preconditionFailure("a schema has enumerations and resources")
    }
    readNumbers(lines[..<enumerations])
    readEnumerations(lines[(enumerations + 1)..<resources])
    readStructures(lines[..<enumerations])
    readResources(lines[(resources + 1)...])
  }

  private static func split(_ bytes: [UInt8], _ range: Range<Int>, at separator: UInt8) -> [Range<Int>] {
    var parts: [Range<Int>] = []
    var start = range.lowerBound
    var place = start
    while place < range.upperBound {
      if bytes[place] == separator {
        parts.append(start..<place)
        start = place + 1
      }
      place += 1
    }
    if start < range.upperBound { parts.append(start..<range.upperBound) }
    return parts
  }

  private func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

  private func texts(_ range: Range<Int>, at separator: Character) -> [String] {
    Self.split(bytes, range, at: separator.asciiValue ?? 0).map(text)
  }

  private mutating func readNumbers(_ lines: ArraySlice<Range<Int>>) {
    var package = ""
    numbers.reserveCapacity(1000)
    for line in lines {
      let first = bytes[line.lowerBound]
      if first == UInt8(ascii: "@") { package = text(line.dropFirst()) + "." }
      if first == UInt8(ascii: "=") { numbers[package + name(of: line)] = numbers.count }
    }
  }

  /// The name in a line that begins a structure.
  private func name(of line: Range<Int>) -> String {
    text(isAtomic(line) ? line.dropFirst().dropLast() : line.dropFirst())
  }

  private func isAtomic(_ line: Range<Int>) -> Bool { bytes[line.upperBound - 1] == UInt8(ascii: "!") }

  private mutating func readEnumerations(_ lines: ArraySlice<Range<Int>>) {
    for line in lines {
      guard let name = Self.split(bytes, line, at: UInt8(ascii: " ")).first else { continue }
      enumerations[text(name)] = texts(name.upperBound + 1..<line.upperBound, at: "|")
    }
  }

  private mutating func readStructures(_ lines: ArraySlice<Range<Int>>) {
    structures.reserveCapacity(numbers.count)
    var package = ""
    var fields: [Schema.Field] = []
    for (place, line) in zip(lines.indices, lines) {
      switch bytes[line.lowerBound] {
      case UInt8(ascii: "@"): package = text(line.dropFirst()) + "."
      case UInt8(ascii: "="):
        let start = place + 1
        var end = start
        while end < lines.endIndex, !isHeader(lines[end]) { end += 1 }
        fields.removeAll(keepingCapacity: true)
        for line in lines[start..<end] { fields.append(field(line, package)) }
        structures.append(
          Schema.Structure(name: package + name(of: line), fields: Array(fields), isAtomic: isAtomic(line)))
      default: break
      }
    }
  }

  private func isHeader(_ line: Range<Int>) -> Bool {
    let first = bytes[line.lowerBound]
    return first == UInt8(ascii: "@") || first == UInt8(ascii: "=")
  }

  // MARK: Fields

  private func field(_ line: Range<Int>, _ package: String) -> Schema.Field {
    let words = Self.split(bytes, line, at: UInt8(ascii: " "))
    var field = Schema.Field(name: text(words[0]), shape: .any)
    var listKind = Schema.ListKind.atomic
    var isAtomicMap = false
    for digit in bytes[words[2]] {
      field.protobufNumber = field.protobufNumber * 10 + Int(digit - UInt8(ascii: "0"))
    }
    for word in words.dropFirst(3) {
      guard word.count > 1, bytes[word.lowerBound + 1] == UInt8(ascii: "=") else {
        for letter in bytes[word] { Self.set(letter, &field, &listKind, &isAtomicMap) }
        continue
      }
      let value = word.dropFirst(2)
      switch bytes[word.lowerBound] {
      case UInt8(ascii: "m"): listKind = .map(keys: texts(value, at: ","))
      case UInt8(ascii: "K"): field.mergeKey = text(value)
      default: field.defaultValue = try? JSON.parse(Array(bytes[value]))
      }
    }
    var place = words[1].lowerBound
    field.shape = shape(&place, package, listKind, isAtomicMap)
    guard place < words[1].upperBound else { return field }
    let name = full(place + 1..<words[1].upperBound, package)
    field.typeName = Self.goName(name)
    if bytes[place] == UInt8(ascii: ":") {
      field.enumeration = enumerations[name] ?? []
      field.typeName = prefix(words[1]) + Self.goName(name)
    }
    return field
  }

  private static func set(
    _ letter: UInt8, _ field: inout Schema.Field, _ listKind: inout Schema.ListKind, _ isAtomicMap: inout Bool
  ) {
    switch letter {
    case UInt8(ascii: "!"): field.omitsEmpty = false
    case UInt8(ascii: "*"): field.isOptionalPointer = true
    case UInt8(ascii: "R"): field.isRequired = true
    case UInt8(ascii: "S"): listKind = .set
    case UInt8(ascii: "A"): isAtomicMap = true
    case UInt8(ascii: "p"): field.patchStrategy.merges = true
    case UInt8(ascii: "k"): field.patchStrategy.retainsKeys = true
    case UInt8(ascii: "r"): field.patchStrategy.replaces = true
    default: preconditionFailure("a field has no property \(letter)")
    }
  }

  /// The shape whose code starts here; the place moves behind it.
  private func shape(
    _ place: inout Int, _ package: String, _ listKind: Schema.ListKind, _ isAtomicMap: Bool
  ) -> Schema.Shape {
    let letter = bytes[place]
    place += 1
    switch letter {
    case UInt8(ascii: "["): return .list(shape(&place, package, .atomic, false), listKind)
    case UInt8(ascii: "%"): return .map(shape(&place, package, .atomic, false), isAtomic: isAtomicMap)
    case UInt8(ascii: "{"):
      let start = place
      while bytes[place] != UInt8(ascii: "}") { place += 1 }
      let name = full(start..<place, package)
      guard let number = numbers[name] else { preconditionFailure("no structure \(name)") }
      place += 1
      return .structure(number)
    default: return Self.scalar(letter)
    }
  }

  private static func scalar(_ letter: UInt8) -> Schema.Shape {
    switch letter {
    case UInt8(ascii: "s"): .string
    case UInt8(ascii: "b"): .boolean
    case UInt8(ascii: "i"): .int32
    case UInt8(ascii: "l"): .int64
    case UInt8(ascii: "f"): .number
    case UInt8(ascii: "y"): .bytes
    case UInt8(ascii: "q"): .quantity
    case UInt8(ascii: "x"): .intOrString
    case UInt8(ascii: "t"): .time
    case UInt8(ascii: "u"): .microTime
    case UInt8(ascii: "d"): .duration
    case UInt8(ascii: "r"): .rawObject
    case UInt8(ascii: "a"): .any
    default: preconditionFailure("no shape \(letter)")
    }
  }

  /// A name with its package; `types.UID` has none.
  private func full(_ name: Range<Int>, _ package: String) -> String {
    let isFull = bytes[name].contains { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: ".") }
    return isFull ? text(name) : package + text(name)
  }

  /// What Go writes before the name of the innermost type.
  private func prefix(_ code: Range<Int>) -> String {
    var prefix = ""
    for letter in bytes[code] {
      switch letter {
      case UInt8(ascii: "["): prefix += "[]"
      case UInt8(ascii: "%"): prefix += "map[string]"
      default: return prefix
      }
    }
    return prefix
  }

  /// `core/v1.Pod` as Go writes it: `v1.Pod`.
  static func goName(_ name: String) -> String {
    guard let slash = name.utf8.firstIndex(of: UInt8(ascii: "/")) else { return name }
    return String(name[name.utf8.index(after: slash)...])
  }

  // MARK: Resources

  private mutating func readResources(_ lines: ArraySlice<Range<Int>>) {
    for line in lines {
      let words = texts(line, at: " ")
      if bytes[line.lowerBound] == UInt8(ascii: "/"), var resource = resources.popLast() {
        resource.add(subresource(words, of: resource))
        resources.append(resource)
      } else {
        resources.append(
          Resource(
            group: words[0] == "-" ? "" : words[0], version: words[1], resource: words[2], kind: words[3],
            isNamespaced: words[4] == "N", shortNames: Self.list(words[5]), categories: Self.list(words[6]),
            verbs: Self.verbs(words[7]), subresources: []))
      }
    }
  }

  private func subresource(_ words: [String], of resource: Resource) -> Resource.Subresource {
    var (group, version, kind) = (resource.group, resource.version, words[1])
    // That of another group is written `group/version.Kind`.
    if let slash = kind.firstIndex(of: "/"), let point = kind.lastIndex(of: ".") {
      group = String(kind[..<slash])
      version = String(kind[kind.index(after: slash)..<point])
      kind = String(kind[kind.index(after: point)...])
    }
    return Resource.Subresource(
      name: String(words[0].dropFirst()), group: group, version: version, kind: kind,
      verbs: Self.verbs(words[2]))
  }

  private static func list(_ word: String) -> [String] {
    word == "-" ? [] : word.split(separator: ",").map(String.init)
  }

  private static func verbs(_ word: String) -> [String] {
    word == "*"
      ? ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"] : list(word)
  }
}
