/// JSON merge patches (RFC 7386).
public enum MergePatch {
  /// The document under a merge patch: its members are set, null ones removed, objects merged.
  ///
  /// Throws `.badRequest` where the patch is no object, or too deep.
  public static func apply(_ patch: JSON, to document: JSON) throws(PatchError) -> JSON {
    guard !patch.isNull else { throw PatchError(.badRequest, "Invalid JSON Patch") }
    guard let members = patch.object else {
      throw PatchError(
        .badRequest,
        "error decoding patch: json: cannot unmarshal \(GoFormat.kind(of: patch)) into Go value of type "
          + "map[string]interface {}")
    }
    guard !patch.isTooDeep else { throw PatchError(.badRequest, "error decoding patch: exceeded max depth") }
    return .object(merged(document.object ?? [:], with: members))
  }

  /// The patch that makes the modified document out of the original one; an empty object where they are equal.
  ///
  /// A merge patch can neither set null nor tell a whole that is no object: nulls in the modified document come out as
  /// removed, and what is no object counts as an empty one.
  public static func difference(from original: JSON, to modified: JSON) -> JSON {
    .object(difference(from: original.object ?? [:], to: modified.object ?? [:]))
  }

  private static func merged(_ document: JSONObject, with patch: JSONObject) -> JSONObject {
    document.merging(patch) { current, value in
      switch (current, value) {
      case (_, .null): nil
      case (.object(let current)?, .object(let value)): .object(merged(current, with: value))
      // Kubernetes' library takes this one as it is, with its nulls.
      case (.object?, _): value
      default: withoutNullMembers(value)
      }
    }
  }

  /// The value without null members; null elements stay.
  private static func withoutNullMembers(_ value: JSON) -> JSON {
    switch value {
    case .object(let members):
      .object(
        JSONObject(
          members.lazy.filter { !$0.value.isNull }.map { ($0.key, withoutNullMembers($0.value)) }))
    case .array(let elements): .array(elements.map { withoutNullMembers($0) })
    default: value
    }
  }

  private static func difference(from original: JSONObject, to modified: JSONObject) -> JSONObject {
    original.merging(modified, rest: .null) { current, value in
      switch (current, value) {
      case (.object(let current)?, .object(let value)):
        let inner = difference(from: current, to: value)
        guard !inner.isEmpty else { return nil }
        return .object(inner)
      case (let current?, let value) where current == value: return nil
      default: return value
      }
    }
  }
}

extension JSONObject {
  /// The members of both in one pass: for each change, what `combine` makes of the present member, if there is one, and
  /// the change; nil is no member. The members that nothing changes stay, or become `rest`.
  func merging<Failure: Error>(
    _ changes: JSONObject, rest: JSON? = nil, combine: (JSON?, JSON) throws(Failure) -> JSON?
  ) throws(Failure) -> JSONObject {
    var merged: [(String, JSON)] = []
    merged.reserveCapacity(count + changes.count)
    var place = startIndex
    for change in changes {
      while place < endIndex, self[place].key < change.key {
        merged.append((self[place].key, rest ?? self[place].value))
        place += 1
      }
      var current: JSON?
      if place < endIndex, self[place].key == change.key {
        current = self[place].value
        place += 1
      }
      if let value = try combine(current, change.value) { merged.append((change.key, value)) }
    }
    while place < endIndex {
      merged.append((self[place].key, rest ?? self[place].value))
      place += 1
    }
    return JSONObject(merged)
  }
}
