/// Strategic merge patches: merge patches that know, from the schema, which lists to merge and by which key, and that
/// take directives.
///
/// - `$patch: replace` in an object puts the rest of it in the place of the object that is there; in a list, the other
///   elements in the place of the list. `$patch: delete` empties an object; in an element of a list it removes the
///   elements with the same key.
/// - `$retainKeys: [names]` removes all other members first.
/// - `$setElementOrder/field: [keys]` orders a list.
/// - `$deleteFromPrimitiveList/field: [values]` removes scalars.
///
/// What the schema does not describe merges like a merge patch: objects are merged, lists replaced. As in Kubernetes,
/// directives count only where there is something to merge with: in what is new, objects with a `$patch` are dropped
/// and the other directives are fields that no type has.
public struct StrategicMergePatch: Sendable {
  let schema: Schema

  /// Patches of objects that this schema describes.
  public init(schema: Schema) { self.schema = schema }

  /// The object, of this shape, under a patch.
  ///
  /// Throws `.badRequest` where the patch or a directive does not have the right form, `.unprocessable` for lists in
  /// lists that merge, `.invalidPatch` where it does not fit the object, such as a missing merge key.
  public func apply(_ patch: JSON, to object: JSON, shape: Schema.Shape) throws(PatchError) -> JSON {
    guard !patch.isNull else { return object }
    guard let members = patch.object else {
      throw PatchError(
        .badRequest,
        "json: cannot unmarshal \(GoFormat.kind(of: patch)) into Go value of type map[string]interface {}")
    }
    guard !patch.isTooDeep else { throw PatchError(.badRequest, "exceeded max depth") }
    return .object(try merged(object.object ?? [:], with: members, shape: shape))
  }

  // MARK: Objects

  func merged(
    _ original: JSONObject, with patch: JSONObject, shape: Schema.Shape?
  ) throws(PatchError) -> JSONObject {
    if let directive = patch[PatchDirective.marker] {
      switch directive {
      case PatchDirective.replace:
        var replacement = patch
        replacement.removeValue(forKey: PatchDirective.marker)
        return replacement
      case PatchDirective.delete: return [:]
      default: throw .unknownDirective(directive, in: patch)
      }
    }

    var result = try retaining(patch, of: original)
    var settled: Set<String> = [PatchDirective.retainKeys]
    for member in patch where member.key.hasPrefix(PatchDirective.setElementOrder) {
      settled.insert(member.key)
      guard let order = member.value.array else { throw .type(of: member.value, isNot: "[]interface {}") }
      guard let field = PatchDirective.field(of: member.key, under: PatchDirective.setElementOrder) else {
        throw PatchError(.badRequest, "invalid patch format of setElementOrder list")
      }
      let list = try reordered(result[field], with: patch[field], by: order, field: field, shape: shape)
      guard let list else { continue }
      result[field] = .array(list)
      settled.insert(field)
    }

    var changes: [Change] = []
    changes.reserveCapacity(patch.count)
    var removesScalars = false
    for member in patch where !settled.contains(member.key) {
      guard member.key.hasPrefix(PatchDirective.deleteFromPrimitiveList) else {
        changes.append(Change(key: member.key, value: member.value, isRemoval: false))
        continue
      }
      guard let field = PatchDirective.field(of: member.key, under: PatchDirective.deleteFromPrimitiveList)
      else {
        throw PatchError(.badRequest, "invalid patch format of primitive list")
      }
      changes.append(Change(key: field, value: member.value, isRemoval: true))
      removesScalars = true
    }
    if removesScalars { changes.sort { ($0.key, $0.isRemoval ? 0 : 1) < ($1.key, $1.isRemoval ? 0 : 1) } }
    return try result.merging(changes) { (current, change) throws(PatchError) -> JSON? in
      try merged(current, with: change, shape: shape)
    }
  }

  /// What a member of a patch does to a member of an object.
  struct Change {
    let key: String
    let value: JSON
    /// Whether the value lists scalars to remove.
    let isRemoval: Bool
  }

  private func merged(_ current: JSON?, with change: Change, shape: Schema.Shape?) throws(PatchError) -> JSON?
  {
    if change.value.isNull { return nil }
    switch (current, change.value) {
    case (.object(let original)?, .object(let patch)):
      let field = field(change.key, of: shape)
      if field.strategy.replaces { return change.value }
      return .object(try merged(original, with: patch, shape: field.shape))
    case (.array(let original)?, .array(let patch)):
      let list = try merged(
        original, with: patch, field: field(change.key, of: shape), isRemoval: change.isRemoval)
      return .array(list.elements)
    // Of the same scalar type, even a list of removals counts as the new value.
    case (.string?, .string), (.boolean?, .boolean), (.integer?, .integer), (.number?, .number):
      return change.value
    default: return change.isRemoval ? current : Self.added(change.value, droppingNulls: true)
    }
  }

  /// The object without the members that `$retainKeys` does not name.
  private func retaining(_ patch: JSONObject, of original: JSONObject) throws(PatchError) -> JSONObject {
    guard let retained = patch[PatchDirective.retainKeys] else { return original }
    guard let names = retained.array else { throw .retainKeys }
    var keys: Set<String> = []
    for name in names {
      switch name {
      case .string(let name): keys.insert(name)
      case .array, .object: throw .retainKeys
      default: break
      }
    }
    for member in patch where !member.value.isNull && !keys.contains(member.key) {
      guard
        member.key == PatchDirective.retainKeys || member.key.hasPrefix(PatchDirective.setElementOrder)
          || member.key.hasPrefix(PatchDirective.deleteFromPrimitiveList)
      else { throw .retainKeys }
    }
    return JSONObject(original.lazy.filter { keys.contains($0.key) }.map { ($0.key, $0.value) })
  }

  /// What becomes of a value with nothing to merge with: objects that carry a `$patch` are no part of it, and neither
  /// are null members, unless they are to stay.
  static func added(_ value: JSON, droppingNulls: Bool) -> JSON? {
    switch value {
    case .object(let members):
      if let directive = members[PatchDirective.marker], !(droppingNulls && directive.isNull) { return nil }
      var kept: [(String, JSON)] = []
      kept.reserveCapacity(members.count)
      for member in members where !(droppingNulls && member.value.isNull) {
        if let value = added(member.value, droppingNulls: droppingNulls) { kept.append((member.key, value)) }
      }
      return .object(JSONObject(kept))
    case .array(let elements): return .array(elements.compactMap { added($0, droppingNulls: droppingNulls) })
    default: return value
    }
  }

  // MARK: Schema

  /// What the schema says of a field.
  struct Field {
    var shape: Schema.Shape?
    var strategy = Schema.PatchStrategy()
    /// Empty for none.
    var mergeKey = ""

    var elementShape: Schema.Shape? {
      if case .list(let element, _)? = shape { element } else { nil }
    }
  }

  /// A member of a value of this shape; without a shape when nothing is known of it.
  func field(_ name: String, of shape: Schema.Shape?) -> Field { declaredField(name, of: shape) ?? Field() }

  /// Nil where this shape is no structure or has no such field.
  func declaredField(_ name: String, of shape: Schema.Shape?) -> Field? {
    switch shape {
    case .structure(let number)?:
      guard schema.structures.indices.contains(number), let field = schema.structures[number][name] else {
        return nil
      }
      return Field(shape: field.shape, strategy: field.patchStrategy, mergeKey: field.mergeKey ?? "")
    case .map(let element, _)?: return Field(shape: element)
    default: return nil
    }
  }
}

/// The members of a strategic merge patch that are not fields.
enum PatchDirective {
  static let marker = "$patch"
  static let retainKeys = "$retainKeys"
  static let setElementOrder = "$setElementOrder"
  static let deleteFromPrimitiveList = "$deleteFromPrimitiveList"

  static let replace: JSON = "replace"
  static let delete: JSON = "delete"
  static let merge: JSON = "merge"

  /// The field that `directive/field` speaks of.
  static func field(of key: String, under directive: String) -> String? {
    let rest = key.utf8.dropFirst(directive.utf8.count)
    return rest.first == UInt8(ascii: "/") ? String(Substring(rest.dropFirst())) : nil
  }
}

extension PatchError {
  fileprivate static var retainKeys: PatchError {
    PatchError(.badRequest, "invalid patch format of retainKeys")
  }

  static func unknownDirective(_ directive: JSON, in patch: JSONObject) -> PatchError {
    PatchError(
      .invalidPatch,
      "unknown patch type: \(GoFormat.asString(directive)) in map: \(GoFormat.plain(.object(patch)))")
  }

  static func type(of value: JSON, isNot expected: String) -> PatchError {
    PatchError(.invalidPatch, "expected a \(expected), but received a \(GoFormat.type(of: value))")
  }

  static func noMergeKey(_ key: String, in element: JSON) -> PatchError {
    PatchError(.invalidPatch, "map: \(GoFormat.plain(element)) does not contain declared merge key: \(key)")
  }
}

extension JSONObject {
  /// As `merging` with an object, but the changes may name a key several times; they must be sorted by key.
  fileprivate func merging(
    _ changes: [StrategicMergePatch.Change],
    combine: (JSON?, StrategicMergePatch.Change) throws(PatchError) -> JSON?
  ) throws(PatchError) -> JSONObject {
    var merged: [(String, JSON)] = []
    merged.reserveCapacity(count + changes.count)
    var place = startIndex
    var next = changes.startIndex
    while next < changes.endIndex {
      let key = changes[next].key
      while place < endIndex, self[place].key < key {
        merged.append((self[place].key, self[place].value))
        place += 1
      }
      var value: JSON?
      if place < endIndex, self[place].key == key {
        value = self[place].value
        place += 1
      }
      while next < changes.endIndex, changes[next].key == key {
        value = try combine(value, changes[next])
        next += 1
      }
      if let value { merged.append((key, value)) }
    }
    while place < endIndex {
      merged.append((self[place].key, self[place].value))
      place += 1
    }
    return JSONObject(merged)
  }
}
