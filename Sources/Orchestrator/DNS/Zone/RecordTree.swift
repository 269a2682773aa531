/// Names and their records. A name also exists if only names below it have records, as RFC 8020 wants it.
struct RecordTree: Sendable {
  /// What is known of a name.
  struct Node: Sendable {
    var records: [RecordType: RecordSet] = [:]
    /// Reasons for this name to exist: records, names right below it, and what else holds it.
    var reasons = 0
  }

  private var nodes: [DNSName: Node] = [:]

  /// How many names exist.
  var count: Int { nodes.count }

  /// What is known of a name in lower case; nil if it does not exist.
  subscript(name: DNSName) -> Node? { nodes[name] }

  /// Adds a reason for a record.
  mutating func add(_ data: RecordData, _ type: RecordType, to name: DNSName) {
    hold(name)
    nodes[name]?.records[type, default: RecordSet()].add(data)
  }

  /// Takes back a reason for a record that was added.
  mutating func remove(_ data: RecordData, _ type: RecordType, from name: DNSName) {
    nodes[name]?.records[type]?.remove(data)
    if nodes[name]?.records[type]?.isEmpty == true { nodes[name]?.records[type] = nil }
    release(name)
  }

  /// Adds a reason for a name to exist.
  mutating func hold(_ name: DNSName) {
    var name = name
    while true {
      let isNew = nodes[name] == nil
      nodes[name, default: Node()].reasons += 1
      guard isNew, let parent = name.parent else { return }
      name = parent
    }
  }

  /// Takes back a reason for a name to exist.
  mutating func release(_ name: DNSName) {
    var name = name
    while var node = nodes[name] {
      node.reasons -= 1
      guard node.reasons == 0 else {
        nodes[name]?.reasons = node.reasons
        return
      }
      nodes[name] = nil
      guard let parent = name.parent else { return }
      name = parent
    }
  }
}
