/// What will happen, by time; what happens at the same time, in the order in which it was decided.
struct EventQueue {
  struct Event {
    var time: Nanoseconds
    var number: UInt64
    var body: @Sendable () -> Void

    func isBefore(_ other: Event) -> Bool { (time, number) < (other.time, other.number) }
  }

  /// A binary heap.
  private var events: [Event] = []
  private var nextNumber: UInt64 = 0

  /// When the next thing happens.
  var firstTime: Nanoseconds? { events.first?.time }

  mutating func add(at time: Nanoseconds, _ body: @escaping @Sendable () -> Void) {
    events.append(Event(time: time, number: nextNumber, body: body))
    nextNumber += 1
    var place = events.count - 1
    while place > 0 {
      let parent = (place - 1) / 2
      guard events[place].isBefore(events[parent]) else { break }
      events.swapAt(place, parent)
      place = parent
    }
  }

  mutating func popFirst() -> Event? {
    guard !events.isEmpty else { return nil }
    events.swapAt(0, events.count - 1)
    let first = events.removeLast()
    var place = 0
    while true {
      var least = place
      for child in (2 * place + 1)...(2 * place + 2) where child < events.count {
        if events[child].isBefore(events[least]) { least = child }
      }
      if least == place { return first }
      events.swapAt(place, least)
      place = least
    }
  }

  mutating func removeAll() { events = [] }
}
