/// How server-side apply sees a value: as one field that has an owner as a whole, or as parts that have their own.
enum Ownership {
  /// One field: a scalar, or an atomic structure, list or map.
  case whole
  /// The members of a structure.
  case structure(Schema.Structure)
  /// The members of a map, all of one shape.
  case map(Schema.Shape)
  /// The elements of a list.
  case list(ListElements)
}

/// The elements of a list that are told apart by their value, or by the values of some of their fields.
struct ListElements {
  let shape: Schema.Shape
  /// The fields, with what they are taken to be when absent; nil for a set of scalars.
  let keys: [(name: String, defaultValue: JSON?)]?
}

/// An object that is not as its schema says, so that its fields cannot be told apart.
struct TypedValueError: Error, Sendable, Hashable {
  var path: [FieldSet.PathElement] = []
  let message: String

  /// The path, if there is one, and what is wrong there.
  var description: String { path.isEmpty ? message : "\(FieldSet.text(of: path)): \(message)" }

  func below(_ element: FieldSet.PathElement) -> TypedValueError {
    TypedValueError(path: [element] + path, message: message)
  }
}

extension Schema {
  /// How a value of this shape is owned, so many steps below the root.
  func ownership(of shape: Shape, value: JSON, depth: Int) -> Ownership {
    guard depth < FieldSet.depthLimit else { return .whole }
    switch shape {
    case .structure(let number):
      guard structures.indices.contains(number), !structures[number].isAtomic else { return .whole }
      return .structure(structures[number])
    case .map(let element, isAtomic: false): return .map(element)
    case .list(let element, .set): return .list(ListElements(shape: element, keys: nil))
    case .list(let element, .map(keys: let names)):
      return .list(ListElements(shape: element, keys: names.map { ($0, defaultValue(of: $0, in: element)) }))
    case .rawObject:
      // What is embedded has no schema: its objects have parts, its lists are wholes.
      if case .object = value { return .map(.rawObject) } else { return .whole }
    default: return .whole
    }
  }

  private func defaultValue(of field: String, in element: Shape) -> JSON? {
    guard case .structure(let number) = element, structures.indices.contains(number) else { return nil }
    return structures[number][field]?.defaultValue
  }
}

extension ListElements {
  /// What tells this element from the others.
  func pathElement(of item: JSON) throws(TypedValueError) -> FieldSet.PathElement {
    guard let keys else {
      switch item {
      case .object:
        throw TypedValueError(message: "associative list without keys has an element that's a map type")
      case .array: throw TypedValueError(message: "not supported: associative list with lists as elements")
      case .null:
        throw TypedValueError(message: "associative list without keys has an element that's an explicit null")
      default: return .set(item)
      }
    }
    guard case .object(let object) = item else {
      throw TypedValueError(
        message: item.isNull
          ? "associative list with keys may not have a null element"
          : "associative list with keys may not have non-map elements")
    }
    var fields: [FieldSet.KeyField] = []
    fields.reserveCapacity(keys.count)
    for key in keys {
      guard let value = object[key.name] ?? key.defaultValue else {
        throw TypedValueError(
          message:
            "associative list with keys has an element that omits key field \(GoFormat.quoted(key.name))"
            + " (and doesn't have default value)")
      }
      fields.append(FieldSet.KeyField(name: key.name, value: value))
    }
    return .keyed(fields)
  }

  /// All elements of a list, by what tells them apart.
  func index(_ items: [JSON]) throws(TypedValueError) -> ListIndex {
    var index = ListIndex()
    index.elements.reserveCapacity(items.count)
    index.places.reserveCapacity(items.count)
    for (place, item) in items.enumerated() {
      let element: FieldSet.PathElement
      do {
        element = try pathElement(of: item)
      } catch {
        throw TypedValueError(message: "element \(place): \(error.message)")
      }
      index.elements.append(element)
      if let previous = index.places.updateValue(place, forKey: element) {
        index.duplicates[element, default: [previous]].append(place)
      }
    }
    return index
  }
}

/// Where the elements of a list are.
struct ListIndex {
  /// What each one in turn is told apart by.
  var elements: [FieldSet.PathElement] = []
  /// The last place of each.
  var places: [FieldSet.PathElement: Int] = [:]
  /// All places of those that are there more than once.
  var duplicates: [FieldSet.PathElement: [Int]] = [:]

  func contains(_ element: FieldSet.PathElement) -> Bool { places[element] != nil }

  /// Whether it is there more than once.
  func isRepeated(_ element: FieldSet.PathElement) -> Bool {
    !duplicates.isEmpty && duplicates[element] != nil
  }

  /// All of the items that this one stands for, in order.
  func repeated(_ element: FieldSet.PathElement, of items: [JSON]) -> [JSON] {
    (duplicates[element] ?? []).map { items[$0] }
  }
}
