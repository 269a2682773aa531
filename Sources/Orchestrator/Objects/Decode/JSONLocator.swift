/// Finds where in a JSON text some of its values stand.
///
/// Members are sorted by key once parsed, but errors are reported in the order of the text; as they are rare, their
/// places are looked up when there are any.
struct JSONLocator {
  /// What to find.
  struct Target {
    let path: JSONPath
    /// The second member of that key, not the first.
    var isRepetition = false
  }

  /// Where it is.
  struct Place {
    /// The start of its key, or of itself in an array.
    let key: Int
    /// The start of the value.
    let value: Int
  }

  /// A step that some target takes, and those after it.
  private final class Node {
    var children: [JSONPath.Step: Node] = [:]
    var first: [Int] = []
    var second: [Int] = []
  }

  private var parser: JSONParser
  private var places: [Place?]

  /// The places of the targets in a text that is known to be JSON; nil for those that are not there.
  static func places(of targets: [Target], in bytes: [UInt8]) -> [Place?] {
    let root = Node()
    for (number, target) in targets.enumerated() {
      var node = root
      for step in target.path.steps {
        let child = node.children[step] ?? Node()
        node.children[step] = child
        node = child
      }
      if target.isRepetition { node.second.append(number) } else { node.first.append(number) }
    }
    var locator = JSONLocator(parser: JSONParser(bytes), places: Array(repeating: nil, count: targets.count))
    try? locator.walk(root)
    return locator.places
  }

  /// Reads the value at the cursor and notes the places of the node's children in it.
  private mutating func walk(_ node: Node) throws(JSONError) {
    if node.children.isEmpty {
      _ = try parser.value()
    } else if parser.skip(UInt8(ascii: "{")) {
      try walkObject(node)
    } else if parser.skip(UInt8(ascii: "[")) {
      try walkArray(node)
    } else {
      _ = try parser.value()
    }
  }

  private mutating func walkObject(_ node: Node) throws(JSONError) {
    if parser.skip(UInt8(ascii: "}")) { return }
    var seen: Set<String> = []
    repeat {
      parser.skipBlanks()
      let start = parser.position
      let key = try parser.memberKey()
      parser.skipBlanks()
      let isFirst = seen.insert(key).inserted
      guard let child = node.children[.key(key)] else {
        _ = try parser.value()
        continue
      }
      note(isFirst ? child.first : child.second, Place(key: start, value: parser.position))
      try walk(child)
    } while parser.skip(UInt8(ascii: ","))
    _ = parser.skip(UInt8(ascii: "}"))
  }

  private mutating func walkArray(_ node: Node) throws(JSONError) {
    if parser.skip(UInt8(ascii: "]")) { return }
    var index = 0
    repeat {
      parser.skipBlanks()
      let start = parser.position
      if let child = node.children[.index(index)] {
        note(child.first, Place(key: start, value: start))
        try walk(child)
      } else {
        _ = try parser.value()
      }
      index += 1
    } while parser.skip(UInt8(ascii: ","))
    _ = parser.skip(UInt8(ascii: "]"))
  }

  private mutating func note(_ targets: [Int], _ place: Place) {
    for target in targets where places[target] == nil { places[target] = place }
  }
}
