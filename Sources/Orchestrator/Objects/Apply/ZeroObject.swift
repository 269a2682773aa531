extension Schema {
  /// The object before its creation: the fields that the API writes even where nothing set them. A write that creates
  /// an object is compared with it, so that nobody comes to own such fields by leaving them alone.
  ///
  /// - Parameter isExhaustive: With all times that are null when not set, whether or not they are written then.
  func zeroObject(of shape: Shape, isExhaustive: Bool, depth: Int = 0) -> JSON {
    guard case .structure(let number) = shape, structures.indices.contains(number),
      depth < FieldSet.depthLimit
    else { return .object([:]) }
    var members: [(String, JSON)] = []
    for field in structures[number].fields {
      if let value = zeroValue(of: field, isExhaustive: isExhaustive, depth: depth) {
        members.append((field.name, value))
      }
    }
    return .object(JSONObject(members))
  }

  /// What is written for a field that nothing set; nil for nothing.
  private func zeroValue(of field: Field, isExhaustive: Bool, depth: Int) -> JSON? {
    switch field.shape {
    case .structure where !field.isOptionalPointer:
      return zeroObject(of: field.shape, isExhaustive: isExhaustive, depth: depth + 1)
    case .time where isExhaustive && !field.isOptionalPointer,
      .microTime where isExhaustive && !field.isOptionalPointer:
      return .null
    default: break
    }
    if field.omitsEmpty { return nil }
    if field.isOptionalPointer { return .null }
    return switch field.shape {
    case .string: ""
    case .boolean: false
    case .int32, .int64, .number, .intOrString: 0
    case .quantity: "0"
    case .duration: "0s"
    default: .null
    }
  }

  /// An object without the nulls that the API would not write: those that a client applied, and those that stand for
  /// lists and objects that lost all their parts.
  func withoutNulls(_ value: JSON, shape: Shape) -> JSON {
    replacement(of: value, shape: shape, depth: 0) ?? value
  }

  /// The value without such nulls; nil if it has none.
  private func replacement(of value: JSON, shape: Shape, depth: Int) -> JSON? {
    guard depth < FieldSet.depthLimit else { return nil }
    var isChanged = false
    switch (shape, value) {
    case (.structure(let number), .object(var object)) where structures.indices.contains(number):
      for member in object {
        guard let field = structures[number][member.key] else { continue }
        if member.value.isNull {
          let zero = field.keepsNull ? .null : zeroValue(of: field, isExhaustive: false, depth: depth)
          if zero == .null { continue }
          object[member.key] = zero
          isChanged = true
        } else if let cleaned = replacement(of: member.value, shape: field.shape, depth: depth + 1) {
          object[member.key] = cleaned
          isChanged = true
        }
      }
      return isChanged ? .object(object) : nil
    case (.list(let element, _), .array(var items)) where element.isContainer:
      for place in items.indices {
        guard let cleaned = replacement(of: items[place], shape: element, depth: depth + 1) else { continue }
        items[place] = cleaned
        isChanged = true
      }
      return isChanged ? .array(items) : nil
    case (.map(let element, _), .object(var object)) where element.isContainer:
      for place in object.indices {
        guard let cleaned = replacement(of: object[place].value, shape: element, depth: depth + 1) else {
          continue
        }
        object[place].value = cleaned
        isChanged = true
      }
      return isChanged ? .object(object) : nil
    default: return nil
    }
  }
}

extension Schema.Field {
  /// Whether null is how the field is written when it is not set.
  fileprivate var keepsNull: Bool { (shape == .time || shape == .microTime) && !isOptionalPointer }
}

extension Schema.Shape {
  /// Whether there is something in it that has a shape.
  fileprivate var isContainer: Bool {
    switch self {
    case .structure, .list, .map: true
    default: false
    }
  }
}
