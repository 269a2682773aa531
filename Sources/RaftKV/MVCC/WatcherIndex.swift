/// Something that waits for changes of keys.
public protocol RangeWatcher: AnyObject {
  /// The keys whose changes it waits for; never changes.
  var range: KeyRange { get }
  /// Its place in its group: the index's own.
  var groupSlot: Int { get set }
}

/// Finds the watchers of a key: single keys in a hash table, ranges in a tree of intervals. Watchers of the same
/// range are one group, so that a thousand of them cost one search.
public struct WatcherIndex<Watcher: RangeWatcher> {
  private var keys: [Int: [WatcherGroup<Watcher>]] = [:]
  private var intervals = IntervalTree<Watcher>()
  /// How many watchers there are.
  public private(set) var count = 0

  /// Without watchers.
  public init() {}

  /// Whether nobody waits for anything.
  public var isEmpty: Bool { count == 0 }

  /// Adds a watcher, which must not be in any index.
  public mutating func add(_ watcher: Watcher) {
    let group = group(of: watcher.range) ?? makeGroup(watcher.range)
    watcher.groupSlot = group.watchers.count
    group.watchers.append(watcher)
    count += 1
  }

  /// Takes a watcher out that `add` put in.
  public mutating func remove(_ watcher: Watcher) {
    guard let group = group(of: watcher.range) else {
      preconditionFailure("a watcher that was never added is removed")
    }
    let last = group.watchers.removeLast()
    if last !== watcher {
      precondition(group.watchers[watcher.groupSlot] === watcher, "a watcher of another index is removed")
      last.groupSlot = watcher.groupSlot
      group.watchers[watcher.groupSlot] = last
    }
    count -= 1
    if group.watchers.isEmpty { drop(group) }
  }

  /// Calls `body` with every group of watchers that wait for `key`.
  public func forEachGroup(of key: UnsafeRawBufferPointer, _ body: (WatcherGroup<Watcher>) -> Void) {
    if !keys.isEmpty, let groups = keys[keyHash(key)] {
      for group in groups where group.range.start.withUnsafeBytes({ compareBytes($0, key) == 0 }) {
        body(group)
      }
    }
    intervals.forEach(around: key, body)
  }

  // MARK: groups

  private func group(of range: KeyRange) -> WatcherGroup<Watcher>? {
    guard range.end == .single else { return intervals.find(range) }
    let groups = keys[hash(of: range.start)]
    return groups?.first { $0.range.start == range.start }
  }

  private mutating func makeGroup(_ range: KeyRange) -> WatcherGroup<Watcher> {
    let group = WatcherGroup<Watcher>(range)
    if range.end == .single {
      keys[hash(of: range.start), default: []].append(group)
    } else {
      intervals.insert(group)
    }
    return group
  }

  private mutating func drop(_ group: WatcherGroup<Watcher>) {
    guard group.range.end == .single else { return intervals.remove(group.range) }
    let place = hash(of: group.range.start)
    keys[place]?.removeAll { $0 === group }
    if keys[place]?.isEmpty == true { keys[place] = nil }
  }
}

/// Seeded anew in each process, so that no client can choose keys that collide.
private func keyHash(_ key: UnsafeRawBufferPointer) -> Int {
  var hasher = Hasher()
  hasher.combine(bytes: key)
  return hasher.finalize()
}

private func hash(of key: Bytes) -> Int { key.withUnsafeBytes { keyHash($0) } }

/// The watchers of one range.
public final class WatcherGroup<Watcher: RangeWatcher> {
  /// The keys they wait for.
  public let range: KeyRange
  /// In no particular order.
  public internal(set) var watchers: [Watcher] = []

  init(_ range: KeyRange) { self.range = range }
}

/// Ranges by their start, each subtree with the furthest end in it: a treap, whose priorities come from a
/// generator of its own, so that its depth is logarithmic whatever is added.
struct IntervalTree<Watcher: RangeWatcher> {
  private final class Node {
    let group: WatcherGroup<Watcher>
    let priority: UInt64
    var left: Node?
    var right: Node?
    /// The furthest end of this range and those below.
    var furthest: KeyRange.End

    init(_ group: WatcherGroup<Watcher>, priority: UInt64) {
      self.group = group
      self.priority = priority
      furthest = group.range.end
    }

    func update() {
      furthest = group.range.end
      for child in [left, right] {
        if let child, child.furthest.isBeyond(furthest) { furthest = child.furthest }
      }
    }
  }

  private var root: Node?
  private var random: UInt64 = 0x9E37_79B9_7F4A_7C15

  func find(_ range: KeyRange) -> WatcherGroup<Watcher>? {
    var next = root
    while let node = next {
      let order = Self.order(range, node.group.range)
      if order == 0 { return node.group }
      next = order < 0 ? node.left : node.right
    }
    return nil
  }

  /// Adds a group whose range is not there yet.
  mutating func insert(_ group: WatcherGroup<Watcher>) {
    random ^= random << 13
    random ^= random >> 7
    random ^= random << 17
    root = Self.insert(Node(group, priority: random), into: root)
  }

  mutating func remove(_ range: KeyRange) { root = Self.remove(range, from: root) }

  func forEach(around key: UnsafeRawBufferPointer, _ body: (WatcherGroup<Watcher>) -> Void) {
    if let root { Self.visit(root, key, body) }
  }

  private static func visit(
    _ node: Node, _ key: UnsafeRawBufferPointer, _ body: (WatcherGroup<Watcher>) -> Void
  ) {
    guard node.furthest.isAfter(key) else { return }
    if let left = node.left { visit(left, key, body) }
    guard node.group.range.start.withUnsafeBytes({ compareBytes($0, key) <= 0 }) else { return }
    if node.group.range.end.isAfter(key) { body(node.group) }
    if let right = node.right { visit(right, key, body) }
  }

  private static func insert(_ added: Node, into node: Node?) -> Node {
    guard let node else { return added }
    if order(added.group.range, node.group.range) < 0 {
      let left = insert(added, into: node.left)
      node.left = left
      if left.priority > node.priority { return rotateRight(node, left) }
    } else {
      let right = insert(added, into: node.right)
      node.right = right
      if right.priority > node.priority { return rotateLeft(node, right) }
    }
    node.update()
    return node
  }

  private static func remove(_ range: KeyRange, from node: Node?) -> Node? {
    guard let node else { return nil }
    let order = order(range, node.group.range)
    if order == 0 { return merge(node.left, node.right) }
    if order < 0 {
      node.left = remove(range, from: node.left)
    } else {
      node.right = remove(range, from: node.right)
    }
    node.update()
    return node
  }

  /// Everything in `left` comes before everything in `right`.
  private static func merge(_ left: Node?, _ right: Node?) -> Node? {
    guard let left else { return right }
    guard let right else { return left }
    if left.priority > right.priority {
      left.right = merge(left.right, right)
      left.update()
      return left
    }
    right.left = merge(left, right.left)
    right.update()
    return right
  }

  private static func rotateRight(_ node: Node, _ left: Node) -> Node {
    node.left = left.right
    left.right = node
    node.update()
    left.update()
    return left
  }

  private static func rotateLeft(_ node: Node, _ right: Node) -> Node {
    node.right = right.left
    right.left = node
    node.update()
    right.update()
    return right
  }

  private static func order(_ left: KeyRange, _ right: KeyRange) -> Int {
    let order = left.start.withUnsafeBytes { left in
      right.start.withUnsafeBytes { right in compareBytes(left, right) }
    }
    if order != 0 { return order }
    if left.end == right.end { return 0 }
    return left.end.isBeyond(right.end) ? 1 : -1
  }
}

extension KeyRange.End {
  /// Whether keys may lie between `other` and this end. Not for single keys, which the tree does not hold.
  fileprivate func isBeyond(_ other: KeyRange.End) -> Bool {
    switch (self, other) {
    case (_, .unbounded): false
    case (.unbounded, _): true
    case (.before(let end), .before(let otherEnd)):
      end.withUnsafeBytes { end in otherEnd.withUnsafeBytes { other in compareBytes(end, other) > 0 } }
    case (.single, _), (_, .single): preconditionFailure("a single key among ranges")
    }
  }

  fileprivate func isAfter(_ key: UnsafeRawBufferPointer) -> Bool {
    switch self {
    case .unbounded: true
    case .before(let end): end.withUnsafeBytes { compareBytes($0, key) > 0 }
    case .single: preconditionFailure("a single key among ranges")
    }
  }
}
