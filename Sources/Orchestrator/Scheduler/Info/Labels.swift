public import Objects

/// The labels of an object, sorted by key. There are few of them, so that looking through them beats hashing, and they
/// are compared and hashed as a whole.
public struct Labels: Sendable, Hashable {
  /// A label.
  public struct Pair: Sendable, Hashable {
    /// The label's key.
    public let key: String
    /// The label's value, often empty.
    public let value: String
  }

  /// The labels, sorted by key.
  public let pairs: [Pair]

  /// The labels of a dictionary.
  public init(_ labels: [String: String] = [:]) {
    pairs = labels.sorted { $0.key < $1.key }.map { Pair(key: $0.key, value: $0.value) }
  }

  /// The labels of a JSON object; values that are no strings are left out.
  public init(json: JSON?) {
    pairs = (json?.object ?? [:]).compactMap { member in
      member.value.string.map { Pair(key: member.key, value: $0) }
    }
  }

  /// Whether there are none.
  public var isEmpty: Bool { pairs.isEmpty }

  /// The value of a label; nil when there is none of that key.
  public subscript(key: String) -> String? {
    if pairs.count <= 8 {
      for pair in pairs where pair.key == key { return pair.value }
      return nil
    }
    var low = 0
    var high = pairs.count
    while low < high {
      let middle = (low + high) / 2
      if pairs[middle].key < key { low = middle + 1 } else { high = middle }
    }
    return low < pairs.count && pairs[low].key == key ? pairs[low].value : nil
  }
}
