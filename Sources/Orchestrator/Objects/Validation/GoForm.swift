/// Values in the form that Kubernetes' internal structures have when they are written as JSON. Some messages show it: it
/// has the names and the order of the declarations, and shows every field, also those that are not set.
enum GoForm {
  /// A written value.
  indirect enum Value: Hashable {
    /// As it is written.
    case scalar(String)
    case list([Value])
    case members([Member])

    /// A field or an entry.
    struct Member: Hashable {
      let key: String
      let value: Value
    }
  }

  /// What a field is; `GoForm.structures` has one for each field.
  enum Shape {
    case string, boolean, integer, quantity, intOrString
    /// A pointer to a scalar, or a scalar of any kind that is null when absent.
    case pointer
    case quantityPointer
    case scalars
    case map
    /// Quantities by name.
    case quantities
    case structure(String)
    case structurePointer(String)
    case structures(String)
    /// The fields of another structure in this place, read from the value itself or from this member of it.
    case inlined(String, from: String?)
  }

  struct Field {
    let name: String
    let json: String
    let shape: Shape
    /// Whether nothing is written for an empty value.
    let omitsEmpty: Bool
  }

  /// The value, taken as the structure of this name.
  static func value(_ json: JSON, as structure: String) -> Value {
    .members(members(json, of: structure, depth: 0))
  }

  /// A list of structures.
  static func list(_ json: JSON, of structure: String) -> Value {
    guard let elements = json.array else { return .scalar("null") }
    return .list(elements.map { value($0, as: structure) })
  }

  private static func members(_ json: JSON, of structure: String, depth: Int) -> [Value.Member] {
    guard depth < 100, let fields = GoStructures.all[structure] else { return [] }
    var members: [Value.Member] = []
    for field in fields {
      if case .inlined(let other, let source) = field.shape {
        let inlined = source.map { json[$0] ?? .null } ?? json
        members += Self.members(inlined, of: other, depth: depth + 1)
        continue
      }
      let source = json.member(at: field.json)
      if field.omitsEmpty, isEmpty(source, field.shape) { continue }
      members.append(.init(key: field.name, value: value(source, field.shape, depth: depth + 1)))
    }
    return members
  }

  private static func isEmpty(_ value: JSON?, _ shape: Shape) -> Bool {
    switch (value, shape) {
    case (nil, _): true
    case (_, .pointer), (_, .structurePointer): false
    case (.array(let elements)?, _): elements.isEmpty
    case (.object(let object)?, .map): object.isEmpty
    case (.string(let text)?, _): text.isEmpty
    case (.integer(let number)?, _): number == 0
    case (.boolean(let flag)?, _): !flag
    default: false
    }
  }

  private static let null = Value.scalar("null")

  private static func value(_ value: JSON?, _ shape: Shape, depth: Int) -> Value {
    switch shape {
    case .string: return .scalar(MessageText.jsonString(value?.string ?? ""))
    case .boolean: return .scalar(value?.boolean == true ? "true" : "false")
    case .integer, .intOrString: return value.map(scalar) ?? .scalar("0")
    case .quantity: return value.map(quantity) ?? .scalar("\"0\"")
    case .pointer: return value.map(scalar) ?? null
    case .quantityPointer: return value.map(quantity) ?? null
    case .scalars:
      guard let elements = value?.array else { return null }
      return .list(elements.map(scalar))
    case .map:
      guard let object = value?.object else { return null }
      return .members(object.map { .init(key: $0.key, value: scalar($0.value)) })
    case .quantities:
      guard let object = value?.object else { return null }
      return .members(object.map { .init(key: $0.key, value: quantity($0.value)) })
    case .structure(let name): return .members(members(value ?? .null, of: name, depth: depth))
    case .structurePointer(let name):
      guard let value else { return null }
      return .members(members(value, of: name, depth: depth))
    case .structures(let name):
      guard let elements = value?.array else { return null }
      return .list(elements.map { .members(members($0, of: name, depth: depth)) })
    case .inlined: return null
    }
  }

  private static func scalar(_ value: JSON) -> Value { .scalar(MessageText.json(value)) }

  private static func quantity(_ value: JSON) -> Value {
    .scalar(MessageText.jsonString(Quantity(value)?.canonical ?? value.string ?? ""))
  }
}

extension GoForm.Value {
  /// The form without what is empty, for comparisons: Kubernetes takes an empty list and none for the same.
  var comparable: GoForm.Value {
    switch self {
    case .scalar: return self
    case .list(let elements): return elements.isEmpty ? .scalar("null") : .list(elements.map(\.comparable))
    case .members(let members):
      return members.isEmpty
        ? .scalar("null") : .members(members.map { .init(key: $0.key, value: $0.value.comparable) })
    }
  }

  /// The JSON text on one line.
  var compact: String {
    switch self {
    case .scalar(let text): text
    case .list(let elements): "[" + elements.map(\.compact).joined(separator: ",") + "]"
    case .members(let members):
      "{" + members.map { MessageText.jsonString($0.key) + ":" + $0.value.compact }.joined(separator: ",")
        + "}"
    }
  }

  /// The lines of the JSON text, indented by one space a level.
  var lines: [String] {
    var lines = [""]
    write(to: &lines, indentation: "")
    return lines
  }

  private func write(to lines: inout [String], indentation: String) {
    switch self {
    case .scalar(let text): lines[lines.count - 1] += text
    case .list(let elements):
      if elements.isEmpty { return lines[lines.count - 1] += "[]" }
      lines[lines.count - 1] += "["
      for (index, element) in elements.enumerated() {
        lines.append(indentation + " ")
        element.write(to: &lines, indentation: indentation + " ")
        if index < elements.count - 1 { lines[lines.count - 1] += "," }
      }
      lines.append(indentation + "]")
    case .members(let members):
      if members.isEmpty { return lines[lines.count - 1] += "{}" }
      lines[lines.count - 1] += "{"
      for (index, member) in members.enumerated() {
        lines.append(indentation + " " + MessageText.jsonString(member.key) + ": ")
        member.value.write(to: &lines, indentation: indentation + " ")
        if index < members.count - 1 { lines[lines.count - 1] += "," }
      }
      lines.append(indentation + "}")
    }
  }
}
