/// How a strategic merge patch comes from two states of an object, as kubectl makes them.
extension StrategicMergePatch {
  /// The patch that makes the modified object out of the original one; an empty object where they are equal.
  ///
  /// A patch can neither set null nor repeat a scalar in a list that merges. Throws `.badRequest` for objects that
  /// are too deep, `.unprocessable` and `.invalidPatch` for lists that merge but whose elements have different types
  /// or lack the merge key.
  public func difference(
    from original: JSON, to modified: JSON, shape: Schema.Shape
  ) throws(PatchError) -> JSON {
    guard !original.isTooDeep, !modified.isTooDeep else {
      throw PatchError(.badRequest, "exceeded max depth")
    }
    return .object(
      try difference(
        from: original.object ?? [:], to: modified.object ?? [:], shape: shape, retainsKeys: false))
  }

  private func difference(
    from original: JSONObject, to modified: JSONObject, shape: Schema.Shape?, retainsKeys: Bool
  ) throws(PatchError) -> JSONObject {
    var directives: [(String, JSON)] = []
    var changes: [(String, JSON)] = []
    for member in modified {
      guard let current = original[member.key] else {
        changes.append((member.key, member.value))
        continue
      }
      guard current != member.value else { continue }
      let field = field(member.key, of: shape)
      switch (current, member.value) {
      case (.object(let current), .object(let target)) where !field.strategy.replaces:
        let inner = try difference(
          from: current, to: target, shape: field.shape, retainsKeys: field.strategy.retainsKeys)
        if !inner.isEmpty { changes.append((member.key, .object(inner))) }
      case (.array(let current), .array(let target)) where field.strategy.merges:
        let lists = try difference(from: current, to: target, field: field)
        if !lists.changes.isEmpty { changes.append((member.key, .array(lists.changes))) }
        if !lists.removals.isEmpty {
          directives.append(
            ("\(PatchDirective.deleteFromPrimitiveList)/\(member.key)", .array(lists.removals)))
        }
        if !lists.order.isEmpty {
          directives.append(("\(PatchDirective.setElementOrder)/\(member.key)", .array(lists.order)))
        }
      default: changes.append((member.key, member.value))
      }
    }
    for member in original where modified[member.key] == nil { changes.append((member.key, .null)) }
    if retainsKeys, !(changes.isEmpty && directives.isEmpty) {
      let retained = modified.filter { !$0.value.isNull }.map { JSON.string($0.key) }
      if !retained.isEmpty { directives.append((PatchDirective.retainKeys, .array(retained))) }
    }
    return JSONObject((directives + changes).sorted { $0.0 < $1.0 })
  }

  /// What a patch says of a list.
  private struct ListDifference {
    /// Elements to add, to merge and to delete.
    var changes: [JSON] = []
    /// Scalars to remove.
    var removals: [JSON] = []
    /// What `$setElementOrder` says; empty if there is no need.
    var order: [JSON] = []
  }

  private func difference(
    from original: [JSON], to modified: [JSON], field: Field
  ) throws(PatchError) -> ListDifference {
    guard !original.isEmpty else { return ListDifference(changes: modified) }
    guard try Self.holdsObjects([original, modified]) == true else {
      let before = Set(original)
      let after = Set(modified)
      return ListDifference(
        changes: modified.filter { !before.contains($0) }, removals: original.filter { !after.contains($0) },
        order: modified)
    }
    let key = field.mergeKey
    guard !key.isEmpty else {
      throw PatchError(.invalidPatch, "cannot merge lists without merge key for struct")
    }
    let before = try Self.elements(original, by: key)
    let after = try Self.elements(modified, by: key)
    guard before.count == original.count, after.count == modified.count else {
      // Elements with the same key cannot be told apart.
      return ListDifference(changes: [[PatchDirective.marker: PatchDirective.replace]] + modified)
    }

    var difference = ListDifference()
    for element in modified {
      guard let identity = element[key] else { throw .noMergeKey(key, in: element) }
      guard let current = before[identity] else {
        difference.changes.append(element)
        continue
      }
      var inner = try self.difference(
        from: current, to: element.object ?? [:], shape: field.elementShape,
        retainsKeys: field.strategy.retainsKeys)
      guard !inner.isEmpty else { continue }
      inner[key] = identity
      difference.changes.append(.object(inner))
    }
    for element in original {
      guard let identity = element[key], after[identity] == nil else { continue }
      difference.changes.append([key: identity, PatchDirective.marker: PatchDirective.delete])
    }
    if !difference.changes.isEmpty || original.map({ $0[key] }) != modified.map({ $0[key] }) {
      difference.order = modified.map { [key: $0[key] ?? .null] }
    }
    return difference
  }

  private static func elements(_ list: [JSON], by key: String) throws(PatchError) -> [JSON: JSONObject] {
    var elements: [JSON: JSONObject] = [:]
    elements.reserveCapacity(list.count)
    for element in list {
      guard let members = element.object, let identity = members[key] else {
        throw .noMergeKey(key, in: element)
      }
      elements[identity] = members
    }
    return elements
  }
}
