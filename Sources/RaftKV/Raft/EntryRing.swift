/// A queue of entries that grows at one end and shrinks at both, without moving what stays.
struct EntryRing: Sendable {
  private var slots: [Entry] = []
  private var head = 0
  private(set) var count = 0

  private static let vacant = Entry(term: 0, index: 0)

  private func slot(_ offset: Int) -> Int { (head + offset) & (slots.count - 1) }

  subscript(offset: Int) -> Entry {
    precondition(offset >= 0 && offset < count, "entry outside of the log")
    return slots[slot(offset)]
  }

  /// The term of an entry, without touching its payload's reference count.
  func term(_ offset: Int) -> Term {
    precondition(offset >= 0 && offset < count, "entry outside of the log")
    return slots[slot(offset)].term
  }

  func size(_ offset: Int) -> Int {
    precondition(offset >= 0 && offset < count, "entry outside of the log")
    return slots[slot(offset)].size
  }

  func kind(_ offset: Int) -> Entry.Kind {
    precondition(offset >= 0 && offset < count, "entry outside of the log")
    return slots[slot(offset)].kind
  }

  mutating func append(_ entry: Entry) {
    if count == slots.count { grow() }
    slots[slot(count)] = entry
    count += 1
  }

  mutating func removeFirst(_ amount: Int) {
    precondition(amount >= 0 && amount <= count, "more entries than there are")
    for offset in 0..<amount { slots[slot(offset)] = Self.vacant }
    count -= amount
    head = count == 0 ? 0 : slot(amount)
  }

  mutating func removeLast(_ amount: Int) {
    precondition(amount >= 0 && amount <= count, "more entries than there are")
    for offset in (count - amount)..<count { slots[slot(offset)] = Self.vacant }
    count -= amount
  }

  func copy(_ range: Range<Int>) -> [Entry] {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "entries outside of the log")
    guard !range.isEmpty else { return [] }
    let start = slot(range.lowerBound)
    let end = start + range.count
    if end <= slots.count { return Array(slots[start..<end]) }
    var result: [Entry] = []
    result.reserveCapacity(range.count)
    result.append(contentsOf: slots[start...])
    result.append(contentsOf: slots[..<(end - slots.count)])
    return result
  }

  private mutating func grow() {
    let capacity = max(64, slots.count * 2)
    var larger = count == 0 ? [] : copy(0..<count)
    larger.reserveCapacity(capacity)
    larger.append(contentsOf: repeatElement(Self.vacant, count: capacity - count))
    slots = larger
    head = 0
  }
}
