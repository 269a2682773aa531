/// The members of a JSON object, sorted by the bytes of their keys: two objects with the same members are equal and
/// are written alike, in whatever order they came.
public struct JSONObject: Sendable, Hashable {
  /// A member.
  public struct Member: Sendable, Hashable {
    /// Its name.
    public let key: String
    /// What is under that name.
    public var value: JSON
  }

  private var members: [Member]

  /// No members.
  public init() { members = [] }

  /// The members in this order or any other; of equal keys the last counts.
  public init(_ elements: some Sequence<(String, JSON)>) {
    members = []
    members.reserveCapacity(elements.underestimatedCount)
    for (key, value) in elements { self[key] = value }
  }

  /// These members, which are sorted by key, each key once.
  init(sorted members: [Member]) { self.members = members }

  /// A member's value; writing nil removes it.
  public subscript(key: String) -> JSON? {
    get {
      let place = self.place(of: key)
      // Not a conditional expression: its nil would be JSON's null.
      guard place < members.count, members[place].key == key else { return nil }
      return members[place].value
    }
    set {
      let place = self.place(of: key)
      let isThere = place < members.count && members[place].key == key
      switch (newValue, isThere) {
      case (let value?, true): members[place].value = value
      case (let value?, false): members.insert(Member(key: key, value: value), at: place)
      case (nil, true): members.remove(at: place)
      case (nil, false): break
      }
    }
  }

  /// Removes a member, and says what it was.
  @discardableResult
  public mutating func removeValue(forKey key: String) -> JSON? {
    let place = self.place(of: key)
    guard place < members.count, members[place].key == key else { return nil }
    return members.remove(at: place).value
  }

  /// Where the key is, or would be.
  private func place(of key: String) -> Int {
    // Members mostly come in order.
    guard let last = members.last, !(last.key < key) else { return members.count }
    var low = 0
    var high = members.count - 1
    while low < high {
      let middle = (low + high) / 2
      if members[middle].key < key { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

extension JSONObject: RandomAccessCollection, MutableCollection {
  /// The place of the first member.
  public var startIndex: Int { 0 }
  /// The place behind the last member.
  public var endIndex: Int { members.count }

  /// The members, sorted by key. Only a member's value can be changed.
  public subscript(position: Int) -> Member {
    get { members[position] }
    set {
      precondition(newValue.key == members[position].key, "a member keeps its key")
      members[position] = newValue
    }
  }

  /// The keys, sorted.
  public var keys: some Sequence<String> { members.lazy.map(\.key) }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  /// The members of a literal; of equal keys the last counts.
  public init(dictionaryLiteral elements: (String, JSON)...) { self.init(elements) }
}
