/// A set of paths to fields of an object, as server-side apply keeps one for each manager.
///
/// A path is in the set by itself or not, whatever paths below it are: `.metadata.labels` is another field than
/// `.metadata.labels.app`.
public struct FieldSet: Sendable, Hashable {
  /// A step from here, whether the path that ends with it is in the set, and what is below.
  struct Node: Sendable, Hashable {
    let element: PathElement
    var isMember: Bool
    var children: FieldSet
  }

  /// Sorted, each step once, none without a path in the set.
  private(set) var nodes: [Node]

  /// Paths deeper than this are refused, and objects deeper than this are owned as a whole from there on: what is
  /// walked must not exhaust the stack.
  static let depthLimit = 100

  /// No paths.
  public init() { nodes = [] }

  /// These paths.
  public init(_ paths: [[PathElement]]) {
    nodes = []
    for path in paths { insert(path) }
  }

  /// These paths of field names, such as `FieldSet(named: ["status"], ["metadata", "labels"])`.
  public init(named paths: [String]...) {
    self.init(paths.map { $0.map { .field($0) } })
  }

  /// From nodes in any order, of which some may have the same step.
  init(unordered: [Node]) {
    nodes = unordered
    guard zip(unordered, unordered.dropFirst()).contains(where: { $0.element.order(to: $1.element) >= 0 })
    else {
      return
    }
    nodes = []
    nodes.reserveCapacity(unordered.count)
    for node in unordered.sorted(by: { $0.element < $1.element }) {
      if let last = nodes.last, last.element.order(to: node.element) == 0 {
        nodes[nodes.count - 1].isMember = last.isMember || node.isMember
        nodes[nodes.count - 1].children = last.children.union(node.children)
      } else {
        nodes.append(node)
      }
    }
  }

  /// From nodes that keep what `nodes` promises.
  init(ordered: [Node]) { nodes = ordered }

  /// Whether no path is in the set.
  public var isEmpty: Bool { nodes.isEmpty }

  /// Adds a path; the empty one is not a field.
  public mutating func insert(_ path: [PathElement]) { insert(path[...]) }

  private mutating func insert(_ path: ArraySlice<PathElement>) {
    guard let element = path.first else { return }
    let rest = path.dropFirst()
    let place = self.place(of: element)
    if place == nodes.count || nodes[place].element.order(to: element) != 0 {
      nodes.insert(Node(element: element, isMember: false, children: FieldSet()), at: place)
    }
    if rest.isEmpty {
      nodes[place].isMember = true
    } else {
      nodes[place].children.insert(rest)
    }
  }

  /// Whether a path is in the set.
  public func contains(_ path: [PathElement]) -> Bool {
    var set = self
    for (depth, element) in path.enumerated() {
      guard let node = set[element] else { return false }
      if depth == path.count - 1 { return node.isMember }
      set = node.children
    }
    return false
  }

  /// The node of a step from here.
  subscript(element: PathElement) -> Node? {
    let place = self.place(of: element)
    return place < nodes.count && nodes[place].element.order(to: element) == 0 ? nodes[place] : nil
  }

  /// The paths in the order of Kubernetes' messages: those that end here, then those below.
  public var paths: [[PathElement]] {
    var result: [[PathElement]] = []
    var prefix: [PathElement] = []
    collectPaths(prefix: &prefix, into: &result)
    return result
  }

  private func collectPaths(prefix: inout [PathElement], into result: inout [[PathElement]]) {
    for node in nodes where node.isMember { result.append(prefix + [node.element]) }
    for node in nodes where !node.children.isEmpty {
      prefix.append(node.element)
      node.children.collectPaths(prefix: &prefix, into: &result)
      prefix.removeLast()
    }
  }

  /// A path as messages show it: `.spec.containers[name="a"].image`.
  public static func text(of path: [PathElement]) -> String { path.map(\.text).joined() }

  /// Where a step is, or would be.
  private func place(of element: PathElement) -> Int {
    // Steps mostly come in order.
    guard let last = nodes.last, last.element.order(to: element) >= 0 else { return nodes.count }
    var low = 0
    var high = nodes.count - 1
    while low < high {
      let middle = (low + high) / 2
      if nodes[middle].element.order(to: element) < 0 { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
