extension TypedFields {
  /// The live object with an applied configuration written over it. What the configuration does not mention stays.
  ///
  /// Elements of lists that both have are in the order of the configuration; those that only the live object has keep
  /// their place between the others as far as that order lets them.
  func merge(_ live: JSON, _ applied: JSON, shape: Schema.Shape, depth: Int = 0) throws(TypedValueError)
    -> JSON
  {
    let representative = if case .object = live { live } else { applied }
    switch schema.ownership(of: shape, value: representative, depth: depth) {
    case .whole: return applied
    case .structure(let structure):
      return try merge(members: live, applied, depth: depth) { structure[$0]?.shape ?? .any }
    case .map(let element): return try merge(members: live, applied, depth: depth) { _ in element }
    case .list(let list):
      let (liveItems, appliedItems) = (live.array ?? [], applied.array ?? [])
      // An empty list or null replaces only another: it has no elements to apply.
      if liveItems.isEmpty { return applied }
      if appliedItems.isEmpty { return live }
      return .array(try merge(items: liveItems, appliedItems, list: list, depth: depth))
    }
  }

  private func merge(
    members live: JSON, _ applied: JSON, depth: Int, shape: (String) -> Schema.Shape
  ) throws(TypedValueError) -> JSON {
    guard case .object(var result) = live, !result.isEmpty else { return applied }
    guard case .object(let members) = applied else { return live }
    for member in members {
      guard let old = result[member.key] else {
        result[member.key] = member.value
        continue
      }
      do {
        result[member.key] = try merge(old, member.value, shape: shape(member.key), depth: depth + 1)
      } catch {
        throw error.below(.field(member.key))
      }
    }
    return .object(result)
  }

  private func merge(
    items live: [JSON], _ applied: [JSON], list: ListElements, depth: Int
  ) throws(TypedValueError) -> [JSON] {
    let liveIndex = try list.index(live)
    let appliedIndex = try list.index(applied)
    if let element = appliedIndex.elements.first(where: appliedIndex.isRepeated) {
      throw TypedValueError(message: "duplicate entries for key \(element.text)")
    }

    /// The applied element in this place, over the live one if there is one.
    func merged(_ place: Int) throws(TypedValueError) -> JSON {
      let element = appliedIndex.elements[place]
      guard let livePlace = liveIndex.places[element], !liveIndex.isRepeated(element),
        live[livePlace] != applied[place]
      else { return applied[place] }
      do {
        return try merge(live[livePlace], applied[place], shape: list.shape, depth: depth + 1)
      } catch {
        throw error.below(element)
      }
    }

    var result: [JSON] = []
    result.reserveCapacity(live.count + applied.count)
    var (left, right) = (0, 0)
    // The applied elements that the live list has too: the first one not yet written is the next to wait for.
    let shared = appliedIndex.elements.filter(liveIndex.contains)
    var nextShared = 0
    while left < live.count || right < applied.count {
      let liveElement = left < live.count ? liveIndex.elements[left] : nil
      if let liveElement, right < applied.count {
        if liveElement == appliedIndex.elements[right] {
          result.append(try merged(right))
          left += 1
          right += 1
          nextShared += 1
          continue
        }
        if appliedIndex.contains(liveElement), nextShared < shared.count, shared[nextShared] != liveElement {
          // It has been written before, or comes where the configuration has it.
          left += 1
          continue
        }
      }
      if let liveElement {
        guard let place = appliedIndex.places[liveElement] else {
          result.append(live[left])
          left += 1
          continue
        }
        if place < right { left += 1 }
      }
      if right < applied.count {
        result.append(try merged(right))
        if nextShared < shared.count, shared[nextShared] == appliedIndex.elements[right] { nextShared += 1 }
        right += 1
      }
    }
    return result
  }
}
