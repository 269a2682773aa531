extension TypedFields {
  /// The merged object without what the applying manager owned before and applies no more, unless somebody owns it.
  ///
  /// - Parameters:
  ///   - last: What the manager owned.
  ///   - managed: What all managers own, this one by its new configuration.
  func prune(_ merged: JSON, shape: Schema.Shape, last: FieldSet, managed: FieldSet) throws(TypedValueError)
    -> JSON
  {
    if last.subtracting(managed).isEmpty { return merged }
    return try prune(merged, shape: shape, last: last, managed: managed, fate: Fate(), depth: 0)
  }

  /// What is known of a value by those above it.
  private struct Fate {
    /// Nothing above it did the manager own.
    var isUntouched = true
    /// Nothing above it goes.
    var isKept = true

    /// What is known of a part.
    func part(wasOwned: Bool, isManaged: Bool) -> Fate {
      let isUntouched = self.isUntouched && !wasOwned
      return Fate(isUntouched: isUntouched, isKept: isKept && (isUntouched || isManaged))
    }
  }

  private func prune(
    _ value: JSON, shape: Schema.Shape, last: FieldSet, managed: FieldSet, fate: Fate, depth: Int
  ) throws(TypedValueError) -> JSON {
    if last.isEmpty { return value }
    switch schema.ownership(of: shape, value: value, depth: depth) {
    case .whole: return value
    case .structure(let structure):
      return try prune(members: value, last: last, managed: managed, fate: fate, depth: depth) { name in
        if let field = structure[name] { (field.shape, true) } else { (Schema.Shape.any, false) }
      }
    case .map(let element):
      return try prune(members: value, last: last, managed: managed, fate: fate, depth: depth) { _ in
        (element, false)
      }
    case .list(let list):
      guard case .array(let items) = value, !items.isEmpty else { return value }
      let index = try list.index(items)
      var result: [JSON] = []
      result.reserveCapacity(items.count)
      for (element, item) in zip(index.elements, items) {
        guard let node = last[element] else {
          result.append(item)
          continue
        }
        let others = managed[element]
        let part = fate.part(wasOwned: node.isMember, isManaged: others?.isMember ?? false)
        if node.isMember, !part.isKept { continue }
        do {
          let rest = try prune(
            item, shape: list.shape, last: node.children, managed: others?.children ?? FieldSet(), fate: part,
            depth: depth + 1)
          result.append(list.withKeys(of: item, rest))
        } catch {
          throw error.below(element)
        }
      }
      // A list that lost all is there no more, but not gone as a field: null says so until the end.
      return result.isEmpty ? .null : .array(result)
    }
  }

  private func prune(
    members value: JSON, last: FieldSet, managed: FieldSet, fate: Fate, depth: Int,
    field: (String) -> (shape: Schema.Shape, isDeclared: Bool)
  ) throws(TypedValueError) -> JSON {
    guard case .object(var object) = value, !object.isEmpty else { return value }
    for node in last.nodes {
      guard case .field(let name) = node.element, let old = object[name] else { continue }
      let (shape, isDeclared) = field(name)
      let others = managed[node.element]
      // Whoever owns a part of a declared field owns the field so far as to keep it.
      let wasOwned = node.isMember || isDeclared
      let part = fate.part(
        wasOwned: wasOwned,
        isManaged: others.map { $0.isMember || (isDeclared && !$0.children.isEmpty) } ?? false)
      if wasOwned, !part.isKept {
        object[name] = nil
        continue
      }
      do {
        object[name] = try prune(
          old, shape: shape, last: node.children, managed: others?.children ?? FieldSet(), fate: part,
          depth: depth + 1)
      } catch {
        throw error.below(node.element)
      }
    }
    return object.isEmpty ? .null : .object(object)
  }
}

extension ListElements {
  /// What is left of an element, with the fields that tell it apart: whoever keeps the element keeps them.
  fileprivate func withKeys(of item: JSON, _ rest: JSON) -> JSON {
    var rest = rest
    for key in keys ?? [] where rest[key.name] == nil {
      if let value = item[key.name] { rest[key.name] = value }
    }
    return rest
  }
}
