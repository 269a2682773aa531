/// One pass over a value: makes it canonical, and notes what is wrong.
///
/// It recurses as deep as the value is nested, which parsing limits, and into absent structures, which end.
struct DecodeRun {
  /// Something wrong with a value.
  struct Finding {
    enum Kind {
      /// A field that the structure does not have.
      case unknown
      case message(String)
      /// The same about a number, which the message shows as it was written.
      case number(before: String, number: String, after: String)
    }

    let path: JSONPath
    let kind: Kind
    /// Whether the decoder stops there: a type that reads itself refuses the value. Otherwise it goes on.
    var isStop = false
  }

  let schema: Schema
  private(set) var findings: [Finding] = []
  private var path: [JSONPath.Step] = []
  /// The fields of structures among the path's steps.
  private var fieldNames: [String] = []
  /// The innermost structure.
  private var owner: Int?
  /// Inside values that Kubernetes decodes apart, unknown fields are dropped without a word.
  private var isSilent = false

  init(schema: Schema) { self.schema = schema }

  /// A whole value.
  mutating func document(_ value: JSON, _ shape: Schema.Shape) -> JSON {
    decoded(value, shape, nil) ?? zero(shape)
  }

  // MARK: Structures

  private mutating func structure(_ number: Int, _ object: JSONObject) -> JSON {
    let structure = schema.structures[number]
    let outer = owner
    owner = number
    defer { owner = outer }
    var members: [JSONObject.Member] = []
    members.reserveCapacity(object.count + 4)
    // Both are sorted by name.
    var place = 0
    for field in structure.fields {
      while place < object.count, object[place].key < field.name {
        unknown(object[place].key)
        place += 1
      }
      var value: JSON?
      if place < object.count, object[place].key == field.name {
        value = object[place].value
        place += 1
      }
      if value?.isNull == true { value = nil }
      if let value = member(field, value) { members.append(JSONObject.Member(key: field.name, value: value)) }
    }
    while place < object.count {
      unknown(object[place].key)
      place += 1
    }
    return .object(JSONObject(sorted: members))
  }

  private mutating func unknown(_ key: String) {
    guard !isSilent else { return }
    findings.append(Finding(path: JSONPath(path + [.key(key)]), kind: .unknown))
  }

  /// The canonical value of a field; nil when it is left out.
  private mutating func member(_ field: Schema.Field, _ value: JSON?) -> JSON? {
    var result: JSON?
    if let value {
      path.append(.key(field.name))
      fieldNames.append(field.name)
      result = decoded(value, field.shape, field.typeName)
      path.removeLast()
      fieldNames.removeLast()
    }
    if field.isOptionalPointer { return result ?? (field.omitsEmpty ? nil : .null) }
    guard let result else {
      if field.omitsEmpty, isOmittable(field.shape) { return nil }
      return zero(field.shape)
    }
    guard isEmpty(result) else { return result }
    if field.omitsEmpty, isOmittable(field.shape) { return nil }
    // No elements and none at all are the same.
    switch field.shape {
    case .list, .map: return .null
    default: return result
    }
  }

  /// Whether an empty value of this shape can be left out: structures, and types that write themselves, cannot.
  private func isOmittable(_ shape: Schema.Shape) -> Bool {
    switch shape {
    case .string, .boolean, .int32, .int64, .number, .bytes, .list, .map, .any: true
    case .quantity, .intOrString, .time, .microTime, .duration, .rawObject, .structure: false
    }
  }

  private func isEmpty(_ value: JSON) -> Bool {
    switch value {
    case .null, .boolean(false), .integer(0): true
    case .number(let number): number == 0
    case .string(let text): text.isEmpty
    case .array(let elements): elements.isEmpty
    case .object(let object): object.isEmpty
    case .boolean, .integer: false
    }
  }

  /// What stands for an absent value.
  private mutating func zero(_ shape: Schema.Shape) -> JSON {
    switch shape {
    case .string, .bytes: .string("")
    case .boolean: .boolean(false)
    case .int32, .int64, .number, .intOrString: .integer(0)
    case .quantity: .string("0")
    case .duration: .string("0s")
    case .time, .microTime, .rawObject, .any, .list, .map: .null
    case .structure(let number): structure(number, JSONObject())
    }
  }

  // MARK: Values

  /// The canonical value; nil when there is none, or it has not the shape, which is noted.
  private mutating func decoded(_ value: JSON, _ shape: Schema.Shape, _ typeName: String?) -> JSON? {
    if value.isNull { return nil }
    switch (shape, value) {
    case (.string, .string), (.boolean, .boolean), (.int64, .integer), (.number, .integer), (.rawObject, _):
      return value
    case (.int32, .integer(let number)) where Int32(exactly: number) != nil: return value
    case (.number, .number(let number)): return Int64(exactly: number).map { .integer($0) } ?? value
    case (.structure(let number), .object(let object)): return structure(number, object)
    case (.list(let element, _), .array(let elements)): return list(elements, element, typeName)
    case (.map(let element, _), .object(let object)): return map(object, element, typeName)
    case (.any, _): return any(value, typeName)
    case (.bytes, _): return bytes(value)
    case (.quantity, _), (.intOrString, _), (.time, _), (.microTime, _), (.duration, _):
      return special(value, shape)
    default:
      mismatch(value, shape, typeName)
      return nil
    }
  }

  private mutating func list(_ elements: [JSON], _ shape: Schema.Shape, _ typeName: String?) -> JSON {
    let elementName = typeName?.hasPrefix("[]") == true ? typeName.map { String($0.dropFirst(2)) } : nil
    var result: [JSON] = []
    result.reserveCapacity(elements.count)
    for (index, element) in elements.enumerated() {
      path.append(.index(index))
      result.append(decoded(element, shape, elementName) ?? zero(shape))
      path.removeLast()
    }
    return .array(result)
  }

  private mutating func map(_ object: JSONObject, _ shape: Schema.Shape, _ typeName: String?) -> JSON {
    var elementName: String?
    if let typeName, typeName.hasPrefix("map["), let end = typeName.firstIndex(of: "]") {
      elementName = String(typeName[typeName.index(after: end)...])
    }
    var members: [JSONObject.Member] = []
    members.reserveCapacity(object.count)
    for member in object {
      path.append(.key(member.key))
      members.append(
        JSONObject.Member(key: member.key, value: decoded(member.value, shape, elementName) ?? zero(shape)))
      path.removeLast()
    }
    return .object(JSONObject(sorted: members))
  }

  /// Base64 in its one form; an array of numbers is taken for bytes, too.
  private mutating func bytes(_ value: JSON) -> JSON? {
    switch value {
    case .string(let text):
      do throws(Base64.ParseError) {
        return .string(Base64.encode(try Base64.decode(text)))
      } catch {
        note(.message(error.description))
        return nil
      }
    case .array(let elements):
      let bytes = elements.compactMap { $0.integer.flatMap { UInt8(exactly: $0) } }
      if bytes.count == elements.count { return .string(Base64.encode(bytes)) }
    default: break
    }
    mismatch(value, .bytes, nil)
    return nil
  }

  /// Values whose types read themselves, so that their errors stop the decoder.
  private mutating func special(_ value: JSON, _ shape: Schema.Shape) -> JSON? {
    do {
      switch (shape, value) {
      case (.quantity, _): return .string(try Quantity(decoding: value).canonical)
      case (.intOrString, _):
        guard let number = IntOrString(value) else {
          mismatch(value, .int32, nil, isStop: true)
          return nil
        }
        return number.json
      case (.time, .string(let text)):
        let time = try Timestamp(parsing: text, layout: .seconds)
        return time.isZero ? nil : .string(time.text)
      case (.microTime, .string(let text)):
        let time = try Timestamp(parsing: text, layout: .microseconds)
        return time.isZero ? nil : .string(time.microText)
      case (.duration, .string(let text)): return .string(try GoDuration(parsing: text).text)
      default: mismatch(value, .string, nil, isStop: true)
      }
    } catch {
      note(.message("\(error)"), isStop: true)
    }
    return nil
  }

  // MARK: Schemas of custom resources

  /// Any value; those that are a schema or something simpler are told by the name of their type.
  private mutating func any(_ value: JSON, _ typeName: String?) -> JSON? {
    guard let typeName, let schemaShape = schema.shape(of: "apiextensions/v1.JSONSchemaProps") else {
      return value
    }
    let wasSilent = isSilent
    isSilent = true
    defer { isSilent = wasSilent }
    switch (typeName, value) {
    case ("v1.JSONSchemaPropsOrBool", .boolean), ("v1.JSONSchemaPropsOrStringArray", .array): return value
    case ("v1.JSONSchemaPropsOrArray", .array(let elements)): return list(elements, schemaShape, nil)
    case (_, .object): return decoded(value, schemaShape, nil)
    case ("v1.JSONSchemaPropsOrBool", _):
      note(.message("boolean or JSON schema expected"), isStop: true)
      return nil
    default: return .null
    }
  }

  // MARK: Messages

  private mutating func note(_ kind: Finding.Kind, isStop: Bool = false) {
    findings.append(Finding(path: JSONPath(path), kind: kind, isStop: isStop))
  }

  /// Notes a value of the wrong kind.
  private mutating func mismatch(
    _ value: JSON, _ shape: Schema.Shape, _ typeName: String?, isStop: Bool = false
  ) {
    let after = place(of: typeName ?? goType(shape))
    let before = "json: cannot unmarshal \(JSONKind.name(of: value))"
    switch (shape, value) {
    case (.int32, .integer), (.int32, .number), (.int64, .number):
      note(.number(before: before + " ", number: value.text, after: after), isStop: isStop)
    default: note(.message(before + after), isStop: isStop)
    }
  }

  /// The end of a message: the field, which is named by the structures' fields on the way to it, and its type.
  private func place(of typeName: String) -> String {
    guard let owner else { return " into Go value of type \(typeName)" }
    let structure = schema.structures[owner].name
    let name = structure.utf8.lastIndex(of: UInt8(ascii: ".")).map {
      structure[structure.utf8.index(after: $0)...]
    }
    let field = fieldNames.joined(separator: ".")
    return " into Go struct field \(name ?? structure[...]).\(field) of type \(typeName)"
  }

  /// The type as Go writes it.
  private func goType(_ shape: Schema.Shape) -> String {
    switch shape {
    case .string: "string"
    case .boolean: "bool"
    case .int32: "int32"
    case .int64: "int64"
    case .number: "float64"
    case .bytes: "[]uint8"
    case .quantity: "resource.Quantity"
    case .intOrString: "intstr.IntOrString"
    case .time: "v1.Time"
    case .microTime: "v1.MicroTime"
    case .duration: "v1.Duration"
    case .rawObject: "runtime.RawExtension"
    case .any: "interface {}"
    case .structure(let number): SchemaText.goName(schema.structures[number].name)
    case .list(let element, _): "[]" + goType(element)
    case .map(let element, _): "map[string]" + goType(element)
    }
  }
}
