/// A document under the operations of a JSON patch.
struct JSONPatchEditor {
  private(set) var document: JSON
  private var copiedBytes = 0
  private var effort = 0

  init(_ document: JSON) { self.document = document }

  /// Carries out an operation; when it throws, the document is spoilt.
  mutating func perform(_ operation: JSONPatch.Operation) throws(PatchError) {
    switch operation.name {
    case "add": try add(operation)
    case "remove": try remove(operation)
    case "replace": try replace(operation)
    case "move": try move(operation)
    case "test": try test(operation)
    case "copy": try copy(operation)
    default: throw .unprocessable("Unexpected kind: \(operation.name)")
    }
    guard effort <= PatchLimits.effort else {
      throw .unprocessable("the operations move too much of the document")
    }
  }

  private mutating func add(_ operation: JSONPatch.Operation) throws(PatchError) {
    guard let path = operation.path else {
      throw .unprocessable("add operation failed to decode path: missing value")
    }
    let value = operation.value ?? .null
    try check(value, fitsAt: path)
    switch alter(path, .add(value)) {
    case .nowhere:
      throw .unprocessable(
        "add operation does not apply: doc is missing path: \"\(path.text)\": missing value")
    case .failed(let reason): throw .unprocessable("error in add for path: '\(path.text)': \(reason)")
    case .done: break
    }
  }

  private mutating func remove(_ operation: JSONPatch.Operation) throws(PatchError) {
    guard let path = operation.path else {
      throw .unprocessable("remove operation failed to decode path: missing value")
    }
    switch alter(path, .remove) {
    case .nowhere:
      throw .unprocessable(
        "remove operation does not apply: doc is missing path: \"\(path.text)\": missing value")
    case .failed(let reason): throw .unprocessable("error in remove for path: '\(path.text)': \(reason)")
    case .done: break
    }
  }

  private mutating func replace(_ operation: JSONPatch.Operation) throws(PatchError) {
    guard let path = operation.path else {
      throw .unprocessable(
        "replace operation failed to decode path: operation missing path field: missing value")
    }
    let value = operation.value ?? .null
    guard !path.text.isEmpty else {
      guard value.object != nil || value.array != nil else {
        throw .unprocessable("replace operation value must be object or array")
      }
      document = value
      return
    }
    try check(value, fitsAt: path)
    switch alter(path, .replace(value)) {
    case .nowhere:
      throw .unprocessable(
        "replace operation does not apply: doc is missing path: \(path.text): missing value")
    case .failed:
      throw .unprocessable(
        "replace operation does not apply: doc is missing key: \(path.text): missing value")
    case .done: break
    }
  }

  private mutating func move(_ operation: JSONPatch.Operation) throws(PatchError) {
    guard let from = operation.from else {
      throw .unprocessable(
        "move operation failed to decode from: operation, missing from field: missing value")
    }
    let value: JSON
    switch alter(from, .remove) {
    case .nowhere:
      throw .unprocessable(
        "move operation does not apply: doc is missing from path: \(from.text): missing value")
    case .failed(let reason): throw .unprocessable("error in move for path: '\(from.key ?? "")': \(reason)")
    case .done(let removed): value = removed
    }
    guard let path = operation.path else {
      throw .unprocessable(
        "move operation failed to decode path: operation missing path field: missing value")
    }
    effort += try check(value, fitsAt: path) / 16
    switch alter(path, .add(value)) {
    case .nowhere:
      throw .unprocessable(
        "move operation does not apply: doc is missing destination path: \(path.text): missing value")
    case .failed(let reason): throw .unprocessable("error in move for path: '\(path.text)': \(reason)")
    case .done: break
    }
  }

  private mutating func copy(_ operation: JSONPatch.Operation) throws(PatchError) {
    guard let from = operation.from else {
      throw .unprocessable(
        "copy operation failed to decode from: operation, missing from field: missing value")
    }
    let value: JSON
    switch find(from) {
    case .nowhere:
      throw .unprocessable(
        "copy operation does not apply: doc is missing from path: \(from.text): missing value")
    case .failed(let reason): throw .unprocessable("error in copy for from: '\(from.text)': \(reason)")
    case .done(let found): value = found
    }
    guard let path = operation.path else {
      throw .unprocessable("copy operation failed to decode path: missing value")
    }
    let (total, overflows) = copiedBytes.addingReportingOverflow(try check(value, fitsAt: path))
    guard !overflows, total <= PatchLimits.copiedBytes else {
      throw .unprocessable(
        "Unable to complete the copy, the accumulated size increase of copy is \(total), exceeding the limit "
          + "\(PatchLimits.copiedBytes)")
    }
    copiedBytes = total
    switch alter(path, .add(value)) {
    case .nowhere:
      throw .unprocessable(
        "copy operation does not apply: doc is missing destination path: \(path.text): missing value")
    case .failed(let reason): throw .unprocessable("error while adding value during copy: \(reason)")
    case .done: break
    }
  }

  private mutating func test(_ operation: JSONPatch.Operation) throws(PatchError) {
    guard let path = operation.path else {
      throw .unprocessable(
        "test operation failed to decode path: operation missing path field: missing value")
    }
    let value: JSON
    if path.text.isEmpty {
      value = document
    } else {
      switch find(path) {
      case .nowhere:
        throw .unprocessable("test operation does not apply: is missing path: \(path.text): missing value")
      case .failed(let reason): throw .unprocessable("error in test for path: '\(path.text)': \(reason)")
      case .done(let found): value = found
      }
    }
    guard value == operation.value ?? .null else {
      throw .unprocessable("testing value \(path.text) failed: test failed")
    }
  }

  /// The size of a value that is to stand at this place; throws where that would make the document too deep.
  @discardableResult
  private func check(_ value: JSON, fitsAt path: JSONPointer) throws(PatchError) -> Int {
    guard let extent = value.extent(), path.steps.count + 1 + extent.depth <= PatchLimits.depth else {
      throw .unprocessable("exceeded max depth")
    }
    return extent.bytes
  }

  // MARK: Reaching a place

  private enum Change {
    case add(JSON)
    case replace(JSON)
    case remove
  }

  private enum Outcome {
    /// There is nothing that could hold the place.
    case nowhere
    /// What holds the place has no such place.
    case failed(String)
    /// With what is there, or was until it was removed; null for nothing.
    case done(JSON)
  }

  private func find(_ path: JSONPointer) -> Outcome {
    guard let key = path.key else { return .nowhere }
    var container = document
    for step in path.steps {
      switch container {
      case .object(let members):
        guard let next = members[step] else { return .nowhere }
        container = next
      case .array(let elements):
        guard let index = try? JSONPointer.index(step, count: elements.count) else { return .nowhere }
        container = elements[index]
      default: return .nowhere
      }
    }
    switch container {
    case .object(let members): return .done(members[key] ?? .null)
    case .array(let elements):
      do {
        return .done(elements[try JSONPointer.index(key, count: elements.count)])
      } catch {
        return .failed(error.text)
      }
    default: return .nowhere
    }
  }

  private mutating func alter(_ path: JSONPointer, _ change: Change) -> Outcome {
    guard let key = path.key else { return .nowhere }
    return Self.alter(&document, steps: path.steps[...], key: key, change: change, effort: &effort)
  }

  private static func alter(
    _ container: inout JSON, steps: ArraySlice<String>, key: String, change: Change, effort: inout Int
  ) -> Outcome {
    // Whole and part are taken apart while the part changes, and not by a switch, which would keep a copy of the whole:
    // else each change would copy all that is around it.
    if var members = container.object {
      container = .null
      defer { container = .object(members) }
      guard let step = steps.first else {
        effort += members.count / 16
        return alter(&members, key: key, change: change)
      }
      guard var part = members[step] else { return .nowhere }
      members[step] = .null
      defer { members[step] = part }
      return alter(&part, steps: steps.dropFirst(), key: key, change: change, effort: &effort)
    }
    if var elements = container.array {
      container = .null
      defer { container = .array(elements) }
      guard let step = steps.first else {
        effort += elements.count / 16
        do {
          return .done(try alter(&elements, key: key, change: change))
        } catch {
          return .failed(error.text)
        }
      }
      guard let index = try? JSONPointer.index(step, count: elements.count) else { return .nowhere }
      var part = elements[index]
      elements[index] = .null
      defer { elements[index] = part }
      return alter(&part, steps: steps.dropFirst(), key: key, change: change, effort: &effort)
    }
    return .nowhere
  }

  private static func alter(_ members: inout JSONObject, key: String, change: Change) -> Outcome {
    switch change {
    case .add(let value), .replace(let value):
      members[key] = value
      return .done(.null)
    case .remove:
      guard let removed = members.removeValue(forKey: key) else {
        return .failed("Unable to remove nonexistent key: \(key): missing value")
      }
      return .done(removed)
    }
  }

  private static func alter(
    _ elements: inout [JSON], key: String, change: Change
  ) throws(JSONPointer.IndexError) -> JSON {
    switch change {
    case .add(let value):
      elements.insert(value, at: try JSONPointer.insertionIndex(key, count: elements.count))
      return .null
    case .replace(let value):
      elements[try JSONPointer.index(key, count: elements.count)] = value
      return .null
    case .remove: return elements.remove(at: try JSONPointer.index(key, count: elements.count))
    }
  }
}
