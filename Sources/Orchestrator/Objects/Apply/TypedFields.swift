/// The fields of an object that has a schema.
struct TypedFields {
  let schema: Schema

  /// The fields that an applied configuration sets: its scalars and atomic parts, the elements of its lists and maps,
  /// and objects that are empty.
  func set(of value: JSON, shape: Schema.Shape) throws(TypedValueError) -> FieldSet {
    try fields(of: value, shape: shape, depth: 0).parts
  }

  private func fields(
    of value: JSON, shape: Schema.Shape, depth: Int
  ) throws(TypedValueError) -> (isWhole: Bool, parts: FieldSet) {
    switch schema.ownership(of: shape, value: value, depth: depth) {
    case .whole: return (true, FieldSet())
    case .structure(let structure):
      return (false, try members(of: value, depth: depth) { structure[$0]?.shape })
    case .map(let element):
      // Whoever sets a member of a map owns its place in it.
      return (false, try members(of: value, depth: depth, areDeclared: false) { _ in element })
    case .list(let list):
      guard case .array(let items) = value else { return (false, FieldSet()) }
      let index = try list.index(items)
      var nodes: [FieldSet.Node] = []
      nodes.reserveCapacity(items.count)
      for (element, item) in zip(index.elements, items) {
        // Elements that cannot be told apart have one owner together.
        let parts =
          try index.isRepeated(element)
          ? FieldSet() : fields(of: item, shape: list.shape, depth: depth + 1, below: element).parts
        nodes.append(FieldSet.Node(element: element, isMember: true, children: parts))
      }
      return (false, FieldSet(unordered: nodes))
    }
  }

  private func members(
    of value: JSON, depth: Int, areDeclared: Bool = true, shape: (String) -> Schema.Shape?
  ) throws(TypedValueError) -> FieldSet {
    guard case .object(let object) = value else { return FieldSet() }
    var nodes: [FieldSet.Node] = []
    nodes.reserveCapacity(object.count)
    for member in object {
      let element = FieldSet.PathElement.field(member.key)
      let declared = shape(member.key)
      let found = try fields(of: member.value, shape: declared ?? .any, depth: depth + 1, below: element)
      let isMember =
        found.isWhole || declared == nil || !areDeclared || member.value.isNull
        || member.value.object?.isEmpty == true
      if isMember || !found.parts.isEmpty {
        nodes.append(FieldSet.Node(element: element, isMember: isMember, children: found.parts))
      }
    }
    return FieldSet(unordered: nodes)
  }

  private func fields(
    of value: JSON, shape: Schema.Shape, depth: Int, below element: FieldSet.PathElement
  ) throws(TypedValueError) -> (isWhole: Bool, parts: FieldSet) {
    do {
      return try fields(of: value, shape: shape, depth: depth)
    } catch {
      throw error.below(element)
    }
  }

  /// Every path below a value, with and without parts: what appears when the value does.
  func everyPath(below value: JSON, shape: Schema.Shape, depth: Int) throws(TypedValueError) -> FieldSet {
    var nodes: [FieldSet.Node] = []
    func add(_ element: FieldSet.PathElement, _ value: JSON, _ shape: Schema.Shape) throws(TypedValueError) {
      do {
        let parts = try everyPath(below: value, shape: shape, depth: depth + 1)
        nodes.append(FieldSet.Node(element: element, isMember: true, children: parts))
      } catch {
        throw error.below(element)
      }
    }
    switch schema.ownership(of: shape, value: value, depth: depth) {
    case .whole: return FieldSet()
    case .structure(let structure):
      guard case .object(let object) = value else { return FieldSet() }
      for member in object {
        try add(.field(member.key), member.value, structure[member.key]?.shape ?? .any)
      }
    case .map(let element):
      guard case .object(let object) = value else { return FieldSet() }
      for member in object { try add(.field(member.key), member.value, element) }
    case .list(let list):
      guard case .array(let items) = value else { return FieldSet() }
      let index = try list.index(items)
      for (element, item) in zip(index.elements, items) {
        if index.isRepeated(element) {
          nodes.append(FieldSet.Node(element: element, isMember: true, children: FieldSet()))
        } else {
          try add(element, item, list.shape)
        }
      }
    }
    return FieldSet(unordered: nodes)
  }

  /// A manager's set as the schema would have it now: parts of what is owned as a whole become the whole. Sets come
  /// from clients and from earlier schemas.
  func reconciled(_ set: FieldSet, shape: Schema.Shape, depth: Int = 0) -> FieldSet {
    func adjusted(_ node: FieldSet.Node, _ shape: Schema.Shape) -> FieldSet.Node {
      if node.children.isEmpty { return node }
      if isAtomicContainer(shape) {
        return FieldSet.Node(element: node.element, isMember: true, children: FieldSet())
      }
      let children = reconciled(node.children, shape: shape, depth: depth + 1)
      return FieldSet.Node(element: node.element, isMember: node.isMember, children: children)
    }
    switch schema.ownership(of: shape, value: .object([:]), depth: depth) {
    case .whole: return set
    case .structure(let structure):
      return FieldSet(
        ordered: set.nodes.map { node in
          guard case .field(let name) = node.element, let field = structure[name] else { return node }
          return adjusted(node, field.shape)
        })
    case .map(let element):
      return FieldSet(ordered: set.nodes.map { adjusted($0, element) })
    case .list(let list):
      return FieldSet(ordered: set.nodes.map { adjusted($0, list.shape) })
    }
  }

  private func isAtomicContainer(_ shape: Schema.Shape) -> Bool {
    switch shape {
    case .structure(let number):
      schema.structures.indices.contains(number) && schema.structures[number].isAtomic
    case .list(_, .atomic), .map(_, isAtomic: true): true
    default: false
    }
  }
}
