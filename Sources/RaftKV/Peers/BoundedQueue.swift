import DequeModule

/// What waits for a connection, with a bound on how much.
struct BoundedQueue<Element> {
  /// Who gives way when all is full.
  enum Overflow {
    /// What waits longest: a newer one says the same better.
    case dropsOldest
    /// What comes last: those that wait are of use only together and in order.
    case dropsNewest
  }

  private var elements = Deque<(element: Element, bytes: Int)>()
  private(set) var byteCount = 0
  var maximumCount: Int
  let maximumBytes: Int
  let overflow: Overflow

  init(maximumCount: Int, maximumBytes: Int, overflow: Overflow) {
    self.maximumCount = maximumCount
    self.maximumBytes = maximumBytes
    self.overflow = overflow
  }

  var count: Int { elements.count }
  var isEmpty: Bool { elements.isEmpty }

  /// Adds an element, which is taken whatever its size when nothing waits. Returns how many were dropped.
  mutating func append(_ element: Element, bytes: Int) -> Int {
    var dropped = 0
    while !elements.isEmpty, elements.count >= maximumCount || byteCount + bytes > maximumBytes {
      if overflow == .dropsNewest { return 1 }
      dropFirst()
      dropped += 1
    }
    elements.append((element, bytes))
    byteCount += bytes
    return dropped
  }

  /// Takes elements off up to about so many bytes: one at least, if there is one.
  mutating func take(maximumBytes: Int) -> [Element] {
    var taken: [Element] = []
    var bytes = 0
    while let first = elements.first, taken.isEmpty || bytes + first.bytes <= maximumBytes {
      bytes += first.bytes
      taken.append(first.element)
      dropFirst()
    }
    return taken
  }

  /// Forgets the oldest beyond so many; returns how many those were.
  mutating func keepNewest(_ count: Int) -> Int {
    let excess = max(0, elements.count - count)
    for _ in 0..<excess { dropFirst() }
    return excess
  }

  private mutating func dropFirst() {
    byteCount -= elements.removeFirst().bytes
  }
}
