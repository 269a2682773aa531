/// The fields that a write through a resource or subresource cannot change, because the server puts back what was
/// there: nobody comes to own them by it, and it conflicts with nobody over them.
public enum ResetFields: Sendable, Hashable {
  /// A step of a pattern.
  public enum Step: Sendable, Hashable {
    case field(String)
    /// Any one step, such as whichever element of a list.
    case any
  }

  /// None.
  case none
  /// These and all below them, such as `.status` of a main resource.
  case fields(FieldSet)
  /// All but what begins like one of these, such as the resources of containers for `pods/resize`.
  case allBut([[Step]])

  /// The paths of a set that can be changed.
  func removed(from set: FieldSet) -> FieldSet {
    switch self {
    case .none: set
    case .fields(let fields): set.subtractingTrees(of: fields)
    case .allBut(let patterns): Self.matches(in: set, patterns.map { $0[...] })
    }
  }

  private static func matches(in set: FieldSet, _ patterns: [ArraySlice<Step>]) -> FieldSet {
    if patterns.contains(where: \.isEmpty) { return set }
    var nodes: [FieldSet.Node] = []
    for node in set.nodes {
      let further = patterns.filter { pattern in
        switch pattern.first {
        case .any?: true
        case .field(let name)?: node.element == .field(name)
        case nil: false
        }
      }
      guard !further.isEmpty else { continue }
      let children = matches(in: node.children, further.map { $0.dropFirst() })
      if node.isMember || !children.isEmpty {
        nodes.append(FieldSet.Node(element: node.element, isMember: node.isMember, children: children))
      }
    }
    return FieldSet(ordered: nodes)
  }
}
