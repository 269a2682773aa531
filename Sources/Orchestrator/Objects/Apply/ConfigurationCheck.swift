extension TypedFields {
  /// What in an applied configuration is not as the schema says, in the API server's words; nil if nothing.
  func complaint(about configuration: JSON, shape: Schema.Shape) -> String? {
    var errors: [TypedValueError] = []
    var path: [FieldSet.PathElement] = []
    check(configuration, shape: shape, path: &path, errors: &errors)
    guard let first = errors.first else { return nil }
    if errors.count == 1 { return first.description }
    return "errors:\n" + errors.map { "  " + $0.description }.joined(separator: "\n")
  }

  private func check(
    _ value: JSON, shape: Schema.Shape, path: inout [FieldSet.PathElement], errors: inout [TypedValueError]
  ) {
    guard path.count < FieldSet.depthLimit else {
      errors.append(TypedValueError(path: path, message: "exceeded max depth"))
      return
    }
    if value.isNull { return }
    switch shape {
    case .structure(let number):
      guard case .object(let object) = value else { return complain("map", value, path, &errors) }
      guard schema.structures.indices.contains(number) else { return }
      let structure = schema.structures[number]
      for member in object {
        path.append(.field(member.key))
        if let field = structure[member.key] {
          check(member.value, shape: field.shape, path: &path, errors: &errors)
        } else {
          errors.append(TypedValueError(path: path, message: "field not declared in schema"))
        }
        path.removeLast()
      }
    case .map(let element, _):
      guard case .object(let object) = value else { return complain("map", value, path, &errors) }
      for member in object {
        path.append(.field(member.key))
        check(member.value, shape: element, path: &path, errors: &errors)
        path.removeLast()
      }
    case .list(let element, let kind):
      guard case .array(let items) = value else { return complain("list", value, path, &errors) }
      check(items, of: element, kind: kind, shape: shape, path: &path, errors: &errors)
    case .rawObject:
      guard case .object = value else { return complain("map", value, path, &errors) }
    case .any: break
    default:
      if let message = complaint(aboutScalar: value, shape: shape) {
        errors.append(TypedValueError(path: path, message: message))
      }
    }
  }

  private func check(
    _ items: [JSON], of element: Schema.Shape, kind: Schema.ListKind, shape: Schema.Shape,
    path: inout [FieldSet.PathElement], errors: inout [TypedValueError]
  ) {
    guard case .list(let list) = schema.ownership(of: shape, value: .array(items), depth: path.count) else {
      for (place, item) in items.enumerated() {
        path.append(.index(place))
        check(item, shape: element, path: &path, errors: &errors)
        path.removeLast()
      }
      return
    }
    var seen: Set<FieldSet.PathElement> = []
    for (place, item) in items.enumerated() {
      let step: FieldSet.PathElement
      do {
        step = try list.pathElement(of: item)
      } catch {
        errors.append(TypedValueError(path: path, message: "element \(place): \(error.message)"))
        return
      }
      if !seen.insert(step).inserted {
        errors.append(TypedValueError(path: path, message: "duplicate entries for key \(step.text)"))
      }
      path.append(step)
      check(item, shape: element, path: &path, errors: &errors)
      path.removeLast()
    }
  }

  private func complain(
    _ kind: String, _ value: JSON, _ path: [FieldSet.PathElement], _ errors: inout [TypedValueError]
  ) {
    errors.append(TypedValueError(path: path, message: "expected \(kind), got &{\(GoFormat.plain(value))}"))
  }

  private func complaint(aboutScalar value: JSON, shape: Schema.Shape) -> String? {
    switch (shape, value) {
    case (.string, .string), (.bytes, .string), (.time, .string), (.microTime, .string), (.duration, .string),
      (.boolean, .boolean),
      (.int32, .integer), (.int64, .integer), (.number, .integer),
      (.int32, .number), (.int64, .number), (.number, .number):
      nil
    case (.intOrString, .string), (.intOrString, .integer), (.intOrString, .number), (.intOrString, .boolean),
      (.quantity, .string), (.quantity, .integer), (.quantity, .number), (.quantity, .boolean):
      nil
    case (.intOrString, _), (.quantity, _): "expected any scalar, got &{\(GoFormat.plain(value))}"
    case (.int32, _), (.int64, _), (.number, _):
      "expected numeric (int or float), got \(value.isNull ? "<nil>" : GoFormat.type(of: value))"
    case (.boolean, _): "expected boolean, got &{\(GoFormat.plain(value))}"
    default: "expected string, got &value.valueUnstructured{Value:\(GoFormat.source(value))}"
    }
  }
}
