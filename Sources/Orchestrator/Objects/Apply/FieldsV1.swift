/// What is wrong with a `FieldsV1`.
public enum FieldSetError: Error, Sendable, Hashable {
  /// A key that is no step of a path.
  case invalidPathElement(String)
  /// A value that is no object.
  case notAnObject
  /// Too many steps.
  case tooDeep
}

/// `FieldsV1` (Kubernetes API: `ManagedFieldsEntry`): an object for each step, and in it the further steps. A path
/// that is in the set while others below it are too is marked by the member `.`.
extension FieldSet {
  /// The set that a `FieldsV1` describes. Steps of unknown form are left out.
  public init(fieldsV1 json: JSON) throws(FieldSetError) {
    self = try Self.decoded(json, depth: 0).set
  }

  private static func decoded(_ json: JSON, depth: Int) throws(FieldSetError) -> (
    set: FieldSet, isMember: Bool
  ) {
    guard depth <= depthLimit else { throw .tooDeep }
    if json.isNull { return (FieldSet(), true) }
    guard case .object(let object) = json else { throw .notAnObject }
    var nodes: [Node] = []
    nodes.reserveCapacity(object.count)
    var isMember = false
    for member in object {
      if member.key == "." {
        isMember = true
        continue
      }
      guard let element = try PathElement.parsed(member.key) else { continue }
      let below = try decoded(member.value, depth: depth + 1)
      nodes.append(Node(element: element, isMember: below.isMember, children: below.set))
    }
    return (FieldSet(unordered: nodes), isMember || nodes.isEmpty)
  }

  /// The set as `FieldsV1`.
  public var fieldsV1: JSON { fieldsV1(isMember: false) }

  private func fieldsV1(isMember: Bool) -> JSON {
    if isEmpty { return .object([:]) }
    var members: [(String, JSON)] = []
    members.reserveCapacity(nodes.count + 1)
    if isMember { members.append((".", .object([:]))) }
    for node in nodes {
      members.append((node.element.serialized, node.children.fieldsV1(isMember: node.isMember)))
    }
    // Numbers in keys are ordered by value here and by text in an object: sort once instead of at each insertion.
    if zip(members, members.dropFirst()).contains(where: { $0.0 > $1.0 }) { members.sort { $0.0 < $1.0 } }
    return .object(JSONObject(members))
  }

  /// The set as the text of a `FieldsV1`, its steps in the order of Kubernetes.
  public var fieldsV1Text: String {
    var text = ""
    write(isMember: false, to: &text)
    return text
  }

  private func write(isMember: Bool, to text: inout String) {
    text += "{"
    var isFirst = true
    if isMember, !isEmpty {
      text += "\".\":{}"
      isFirst = false
    }
    for node in nodes {
      if !isFirst { text += "," }
      isFirst = false
      text += JSON.string(node.element.serialized).text + ":"
      node.children.write(isMember: node.isMember, to: &text)
    }
    text += "}"
  }
}
