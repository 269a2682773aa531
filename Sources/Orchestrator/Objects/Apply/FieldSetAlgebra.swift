extension FieldSet {
  /// The paths that are in either.
  public func union(_ other: FieldSet) -> FieldSet {
    if isEmpty { return other }
    if other.isEmpty { return self }
    var result: [Node] = []
    result.reserveCapacity(nodes.count + other.nodes.count)
    var (left, right) = (0, 0)
    while left < nodes.count, right < other.nodes.count {
      let (one, another) = (nodes[left], other.nodes[right])
      let order = one.element.order(to: another.element)
      if order < 0 {
        result.append(one)
      } else if order > 0 {
        result.append(another)
      } else {
        result.append(
          Node(
            element: one.element, isMember: one.isMember || another.isMember,
            children: one.children.union(another.children)))
      }
      if order <= 0 { left += 1 }
      if order >= 0 { right += 1 }
    }
    result.append(contentsOf: nodes[left...])
    result.append(contentsOf: other.nodes[right...])
    return FieldSet(ordered: result)
  }

  /// The union of many, without copying the large ones again and again.
  static func union(of sets: [FieldSet]) -> FieldSet {
    var level = sets
    while level.count > 1 {
      level = stride(from: 0, to: level.count, by: 2).map { place in
        place + 1 < level.count ? level[place].union(level[place + 1]) : level[place]
      }
    }
    return level.first ?? FieldSet()
  }

  /// The paths that are in both.
  public func intersection(_ other: FieldSet) -> FieldSet {
    var result: [Node] = []
    forEachNode(with: other) { node, match in
      guard let match else { return }
      let common = Node(
        element: node.element, isMember: node.isMember && match.isMember,
        children: node.children.intersection(match.children))
      if common.isMember || !common.children.isEmpty { result.append(common) }
    }
    return FieldSet(ordered: result)
  }

  /// The paths that are not in the other.
  public func subtracting(_ other: FieldSet) -> FieldSet { subtracting(other, isRecursive: false) }

  /// The paths that are not in the other nor below a path that is.
  public func subtractingTrees(of other: FieldSet) -> FieldSet { subtracting(other, isRecursive: true) }

  private func subtracting(_ other: FieldSet, isRecursive: Bool) -> FieldSet {
    if isEmpty || other.isEmpty { return self }
    var result: [Node] = []
    forEachNode(with: other) { node, match in
      guard let match else {
        result.append(node)
        return
      }
      if isRecursive, match.isMember { return }
      let rest = Node(
        element: node.element, isMember: node.isMember && !match.isMember,
        children: node.children.subtracting(match.children, isRecursive: isRecursive))
      if rest.isMember || !rest.children.isEmpty { result.append(rest) }
    }
    return FieldSet(ordered: result)
  }

  /// The paths below which there are none.
  public var leaves: FieldSet {
    FieldSet(
      ordered: nodes.map { node in
        Node(element: node.element, isMember: node.children.isEmpty, children: node.children.leaves)
      })
  }

  /// Each node here with the one of the same step there, if there is one.
  private func forEachNode(with other: FieldSet, _ body: (Node, Node?) -> Void) {
    // Many managers may own little each of a large object.
    if nodes.count < other.nodes.count / 16 {
      for node in nodes { body(node, other[node.element]) }
      return
    }
    var place = 0
    for node in nodes {
      var order = -1
      while place < other.nodes.count {
        order = other.nodes[place].element.order(to: node.element)
        if order >= 0 { break }
        place += 1
      }
      body(node, order == 0 ? other.nodes[place] : nil)
    }
  }
}
