/// The fields in which two versions of an object differ.
struct FieldComparison {
  var added = FieldSet()
  var modified = FieldSet()
  var removed = FieldSet()

  /// What the new version set.
  var set: FieldSet { modified.union(added) }

  /// Without the fields that a write of this kind cannot change.
  func excluding(_ fields: ResetFields) -> FieldComparison {
    FieldComparison(
      added: fields.removed(from: added), modified: fields.removed(from: modified),
      removed: fields.removed(from: removed))
  }
}

extension TypedFields {
  /// What differs between two versions of an object.
  func compare(_ old: JSON, _ new: JSON, shape: Schema.Shape) throws(TypedValueError) -> FieldComparison {
    try difference(old, new, shape: shape, depth: 0).parts
  }

  /// Whether the value as a whole was modified, and what was in its parts.
  private func difference(
    _ old: JSON, _ new: JSON, shape: Schema.Shape, depth: Int
  ) throws(TypedValueError) -> (isModified: Bool, parts: FieldComparison) {
    let representative = if case .object = old { old } else { new }
    switch schema.ownership(of: shape, value: representative, depth: depth) {
    case .whole: return (!old.isSame(as: new), FieldComparison())
    case .structure(let structure):
      return try difference(old.object, new.object, old, new, depth: depth) { structure[$0]?.shape ?? .any }
    case .map(let element):
      return try difference(old.object, new.object, old, new, depth: depth) { _ in element }
    case .list(let list):
      let (oldItems, newItems) = (old.array ?? [], new.array ?? [])
      // Empty ones and null have no parts by which they could differ.
      if oldItems.isEmpty, newItems.isEmpty { return (!old.isSame(as: new), FieldComparison()) }
      return (false, try difference(oldItems, newItems, list: list, depth: depth))
    }
  }

  private func difference(
    _ oldMembers: JSONObject?, _ newMembers: JSONObject?, _ old: JSON, _ new: JSON, depth: Int,
    shape: (String) -> Schema.Shape
  ) throws(TypedValueError) -> (isModified: Bool, parts: FieldComparison) {
    let (oldMembers, newMembers) = (oldMembers ?? [:], newMembers ?? [:])
    if oldMembers.isEmpty, newMembers.isEmpty { return (!old.isSame(as: new), FieldComparison()) }
    var nodes = ComparisonNodes()
    var (left, right) = (0, 0)
    while left < oldMembers.count || right < newMembers.count {
      let oldKey = left < oldMembers.count ? oldMembers[left].key : nil
      let newKey = right < newMembers.count ? newMembers[right].key : nil
      if let key = oldKey, key == newKey {
        try add(
          .field(key), oldMembers[left].value, newMembers[right].value, shape: shape(key), depth: depth,
          to: &nodes)
        left += 1
        right += 1
      } else if let key = oldKey, newKey.map({ key < $0 }) ?? true {
        try add(.field(key), oldMembers[left].value, nil, shape: shape(key), depth: depth, to: &nodes)
        left += 1
      } else if let key = newKey {
        try add(.field(key), nil, newMembers[right].value, shape: shape(key), depth: depth, to: &nodes)
        right += 1
      }
    }
    return (false, nodes.comparison)
  }

  private func difference(
    _ old: [JSON], _ new: [JSON], list: ListElements, depth: Int
  ) throws(TypedValueError) -> FieldComparison {
    let oldIndex = try list.index(old)
    let newIndex = try list.index(new)
    var nodes = ComparisonNodes()
    for (place, element) in oldIndex.elements.enumerated() where oldIndex.places[element] == place {
      let other = newIndex.places[element].map { new[$0] }
      switch (oldIndex.isRepeated(element), newIndex.isRepeated(element)) {
      // Most elements stay what they were.
      case (false, false) where other == old[place]: break
      case (false, false): try add(element, old[place], other, shape: list.shape, depth: depth, to: &nodes)
      case (true, true):
        // What cannot be told apart is compared as one field.
        let (before, after) = (oldIndex.repeated(element, of: old), newIndex.repeated(element, of: new))
        if !JSON.array(before).isSame(as: .array(after)) { nodes.modified.append(.leaf(element)) }
      case (true, false):
        try add(element, nil, other, shape: list.shape, depth: depth, to: &nodes)
        nodes.removed.append(.leaf(element))
      case (false, true):
        try add(element, old[place], nil, shape: list.shape, depth: depth, to: &nodes)
        nodes.added.append(.leaf(element))
      }
    }
    for (place, element) in newIndex.elements.enumerated()
    where newIndex.places[element] == place && !oldIndex.contains(element) {
      if newIndex.isRepeated(element) {
        nodes.added.append(.leaf(element))
      } else {
        try add(element, nil, new[place], shape: list.shape, depth: depth, to: &nodes)
      }
    }
    return nodes.comparison
  }

  /// Adds what differs at a step between what was there and what is.
  private func add(
    _ element: FieldSet.PathElement, _ old: JSON?, _ new: JSON?, shape: Schema.Shape, depth: Int,
    to nodes: inout ComparisonNodes
  ) throws(TypedValueError) {
    do {
      switch (old, new) {
      case (let old?, let new?):
        let (isModified, parts) = try difference(old, new, shape: shape, depth: depth + 1)
        nodes.added.append(element, isMember: false, parts.added)
        nodes.modified.append(element, isMember: isModified, parts.modified)
        nodes.removed.append(element, isMember: false, parts.removed)
      case (let old?, nil):
        let parts = try everyPath(below: old, shape: shape, depth: depth + 1)
        nodes.removed.append(element, isMember: true, parts)
      case (nil, let new?):
        let parts = try everyPath(below: new, shape: shape, depth: depth + 1)
        nodes.added.append(element, isMember: true, parts)
      case (nil, nil): break
      }
    } catch {
      throw error.below(element)
    }
  }
}

/// The nodes of a comparison while it is made.
private struct ComparisonNodes {
  var added: [FieldSet.Node] = []
  var modified: [FieldSet.Node] = []
  var removed: [FieldSet.Node] = []

  var comparison: FieldComparison {
    FieldComparison(
      added: FieldSet(unordered: added), modified: FieldSet(unordered: modified),
      removed: FieldSet(unordered: removed))
  }
}

extension [FieldSet.Node] {
  fileprivate mutating func append(_ element: FieldSet.PathElement, isMember: Bool, _ children: FieldSet) {
    guard isMember || !children.isEmpty else { return }
    append(FieldSet.Node(element: element, isMember: isMember, children: children))
  }
}

extension FieldSet.Node {
  fileprivate static func leaf(_ element: FieldSet.PathElement) -> FieldSet.Node {
    FieldSet.Node(element: element, isMember: true, children: FieldSet())
  }
}
