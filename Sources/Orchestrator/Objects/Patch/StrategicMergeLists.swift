/// How a strategic merge patch merges lists, and in which order what comes of it stands.
extension StrategicMergePatch {
  /// A list under a patch.
  struct MergedList {
    var elements: [JSON]
    /// The order that the elements had in the object: what `$setElementOrder` sorts those by that it does not name.
    var order: [JSON]
  }

  /// A list of the object under the list of a patch; with `isRemoval`, under a list of scalars to remove.
  func merged(
    _ original: [JSON], with patch: [JSON], field: Field, isRemoval: Bool
  ) throws(PatchError) -> MergedList {
    guard field.strategy.merges || isRemoval else { return MergedList(elements: patch, order: original) }
    guard !original.isEmpty || !patch.isEmpty else { return MergedList(elements: original, order: original) }
    guard try Self.holdsObjects([original, patch]) == true else {
      if isRemoval {
        let removed = Set(patch)
        return MergedList(elements: original.filter { !removed.contains($0) }, order: original)
      }
      var seen: Set<JSON> = []
      let all = (original + patch).filter { seen.insert($0).inserted }
      let elements = try Self.arranged(
        all, by: patch, then: original, key: field.mergeKey, holdsObjects: false)
      return MergedList(elements: elements, order: original)
    }
    guard !field.mergeKey.isEmpty else {
      throw PatchError(.invalidPatch, "cannot merge lists without merge key for struct")
    }

    let split = try obeying(original, patch, key: field.mergeKey)
    if split.replaces {
      let elements = try Self.arranged(
        split.additions, by: [], then: split.additions, key: field.mergeKey, holdsObjects: true)
      return MergedList(elements: elements, order: split.kept)
    }
    let rest = split.kept
    var kept = rest
    var places = Self.places(kept, key: field.mergeKey)
    for addition in split.additions {
      guard let key = addition[field.mergeKey] else { throw .noMergeKey(field.mergeKey, in: addition) }
      guard let place = places[key] else {
        places[key] = kept.count
        kept.append(addition)
        continue
      }
      kept[place] = .object(
        try merged(kept[place].object ?? [:], with: addition.object ?? [:], shape: field.elementShape))
    }
    let elements = try Self.arranged(
      kept, by: split.additions, then: rest, key: field.mergeKey, holdsObjects: true)
    // In Kubernetes, new elements take the memory of removed ones, and so count as if they had been in the object,
    // behind all others, when `$setElementOrder` looks there. Clients see the order that comes of it.
    let removed = original.count - rest.count
    return MergedList(elements: elements, order: rest + kept[rest.count...].prefix(removed))
  }

  /// Splits the elements of a patch into those that are merged and those with a `$patch`, and obeys the latter.
  private func obeying(
    _ original: [JSON], _ patch: [JSON], key: String
  ) throws(PatchError) -> (kept: [JSON], additions: [JSON], replaces: Bool) {
    var additions: [JSON] = []
    var deleted: Set<JSON> = []
    var replaces = false
    for element in patch {
      switch element[PatchDirective.marker] {
      case nil: additions.append(element)
      case PatchDirective.delete?:
        guard let value = element[key] else { throw .noMergeKey(key, in: element) }
        deleted.insert(value)
      case PatchDirective.replace?: replaces = true
      case PatchDirective.merge?:
        throw PatchError(.invalidPatch, "merging lists cannot yet be specified in the patch")
      case let directive?: throw .unknownDirective(directive, in: element.object ?? [:])
      }
    }
    guard !deleted.isEmpty else { return (original, additions, replaces) }
    let kept = original.filter { element in element[key].map { !deleted.contains($0) } ?? true }
    return (kept, additions, replaces)
  }

  /// The list of the object, under that of the patch, in the order of `$setElementOrder`; nil if there is neither.
  func reordered(
    _ original: JSON?, with patch: JSON?, by order: [JSON], field name: String, shape: Schema.Shape?
  ) throws(PatchError) -> [JSON]? {
    let current = try Self.list(original)
    let changes = try Self.list(patch)
    guard case .structure? = shape, let field = declaredField(name, of: shape) else {
      throw noField(name, in: shape)
    }
    guard case .list? = field.shape else {
      throw PatchError(.invalidPatch, "expected slice or array type, but got: struct")
    }
    try Self.check(changes ?? [], follows: order, key: field.mergeKey)

    let list: MergedList
    switch (current, changes) {
    case (nil, nil): return nil
    case (let current?, nil): list = MergedList(elements: current, order: current)
    case (nil, let changes?):
      list = MergedList(elements: changes.compactMap { Self.added($0, droppingNulls: false) }, order: [])
    case (let current?, let changes?):
      list = try merged(current, with: changes, field: field, isRemoval: false)
    }
    guard let holdsObjects = try Self.holdsObjects([current ?? [], changes ?? []]) else {
      throw PatchError(.invalidPatch, "no elements in any of the given slices")
    }
    return try Self.arranged(
      list.elements, by: order, then: list.order, key: field.mergeKey, holdsObjects: holdsObjects)
  }

  private func noField(_ name: String, in shape: Schema.Shape?) -> PatchError {
    guard case .structure(let number)? = shape, schema.structures.indices.contains(number) else {
      return PatchError(
        .invalidPatch, "merging an object in json but data type is not struct, instead is: map")
    }
    let structure = schema.structures[number].name.split(separator: ".").last ?? ""
    return PatchError(
      .invalidPatch,
      "unable to find api field in struct \(structure) for the json field \(GoFormat.quoted(name))")
  }

  /// Refuses an element that `$setElementOrder` does not name, or names in another order. Those to delete may be
  /// anywhere, those with another `$patch` before the last that is named.
  private static func check(_ patch: [JSON], follows order: [JSON], key: String) throws(PatchError) {
    guard !patch.isEmpty, !order.isEmpty else { return }
    var next = order.startIndex
    for element in patch {
      if !key.isEmpty {
        guard element.object != nil else { throw .type(of: element, isNot: "map[string]interface {}") }
      }
      var isFound: Bool
      if let directive = element[PatchDirective.marker] {
        isFound = next < order.endIndex || (directive == PatchDirective.delete && !key.isEmpty)
      } else {
        isFound = false
        while !isFound, next < order.endIndex {
          isFound = try identity(of: element, key: key) == identity(of: order[next], key: key)
          next += 1
        }
      }
      guard isFound else {
        throw PatchError(
          .invalidPatch,
          "The order in patch list:\n\(GoFormat.plain(.array(patch)))\n doesn't match "
            + "\(PatchDirective.setElementOrder) list:\n\(GoFormat.plain(.array(order)))\n")
      }
    }
  }

  // MARK: Order

  /// The elements in their order: those that `first` has too in its order, all others in the order of `second`. Where
  /// the two meet, the order of `second` decides if it has both, else the former come first.
  private static func arranged(
    _ elements: [JSON], by first: [JSON], then second: [JSON], key: String, holdsObjects: Bool
  ) throws(PatchError) -> [JSON] {
    let firstPlaces = try places(checking: first, key: key, holdsObjects: holdsObjects)
    let secondPlaces = try places(checking: second, key: key, holdsObjects: holdsObjects)
    var named: [Placed] = []
    var others: [Placed] = []
    for element in elements {
      let identity = try identity(of: element, key: key, holdsObjects: holdsObjects)
      if let place = firstPlaces[identity] {
        named.append(Placed(element: element, place: place, liveOrder: secondPlaces[identity]))
      } else {
        let place = secondPlaces[identity]
        others.append(Placed(element: element, place: place, liveOrder: place))
      }
    }
    named = sorted(named)
    others = sorted(others)

    var result: [JSON] = []
    result.reserveCapacity(elements.count)
    var next = others.startIndex
    for element in named {
      while next < others.endIndex, let other = others[next].liveOrder, let own = element.liveOrder,
        other < own
      {
        result.append(others[next].element)
        next += 1
      }
      result.append(element.element)
    }
    result += others[next...].lazy.map(\.element)
    return result
  }

  private struct Placed {
    let element: JSON
    /// In the list that it is sorted by.
    let place: Int?
    /// In the list of the object.
    let liveOrder: Int?
  }

  /// By place, else as they come; those without one are in front, the last of them first, as in Kubernetes.
  private static func sorted(_ elements: [Placed]) -> [Placed] {
    var placed: [(place: Int, offset: Int)] = []
    var others: [Placed] = []
    for (offset, element) in elements.enumerated() {
      if let place = element.place { placed.append((place, offset)) } else { others.append(element) }
    }
    placed.sort { ($0.place, $0.offset) < ($1.place, $1.offset) }
    return others.reversed() + placed.map { elements[$0.offset] }
  }

  /// Where each key is first.
  private static func places(_ list: [JSON], key: String) -> [JSON: Int] {
    var places: [JSON: Int] = [:]
    places.reserveCapacity(list.count)
    for (place, element) in list.enumerated() {
      if let identity = element[key], places[identity] == nil { places[identity] = place }
    }
    return places
  }

  private static func places(
    checking list: [JSON], key: String, holdsObjects: Bool
  ) throws(PatchError) -> [JSON: Int] {
    var places: [JSON: Int] = [:]
    places.reserveCapacity(list.count)
    for (place, element) in list.enumerated() {
      let identity = try identity(of: element, key: key, holdsObjects: holdsObjects)
      if places[identity] == nil { places[identity] = place }
    }
    return places
  }

  /// What tells an element from others: the value of its merge key, or itself if there is no key.
  private static func identity(
    of element: JSON, key: String, holdsObjects: Bool = false
  ) throws(PatchError) -> JSON {
    guard !key.isEmpty || holdsObjects else { return element }
    guard let members = element.object else { throw .type(of: element, isNot: "map[string]interface {}") }
    guard let identity = members[key] else { throw .noMergeKey(key, in: element) }
    return identity
  }

  // MARK: Types

  private static func list(_ value: JSON?) throws(PatchError) -> [JSON]? {
    guard let value else { return nil }
    guard let list = value.array else { throw .type(of: value, isNot: "[]interface {}") }
    return list
  }

  /// Whether the elements are objects; nil if there are none. Throws unless all are of one type.
  static func holdsObjects(_ lists: [[JSON]]) throws(PatchError) -> Bool? {
    var first: JSON?
    for element in lists.joined() {
      guard let first else {
        if element.array != nil { throw .unprocessable("lists of lists are not supported") }
        first = element
        continue
      }
      guard hasSameType(first, element) else {
        throw PatchError(.invalidPatch, "list element types are not identical: \(GoFormat.plain(lists))")
      }
    }
    return first.map { $0.object != nil }
  }

  private static func hasSameType(_ one: JSON, _ other: JSON) -> Bool {
    switch (one, other) {
    case (.null, .null), (.boolean, .boolean), (.integer, .integer), (.number, .number), (.string, .string),
      (.array, .array), (.object, .object):
      true
    default: false
    }
  }
}
