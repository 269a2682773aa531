/// Virtual time and everything that waits for it: one thread, one generator, one order of events.
///
/// Safe: because one thread at a time runs a world and all that belongs to it.
final class World: @unchecked Sendable {
  let seed: UInt64
  let options: RunOptions
  private(set) var now: Nanoseconds = 0
  var random: SeededRandom
  private(set) var trace: Trace
  var probes = Probes()
  /// The first violation.
  private(set) var failure: String?
  private(set) var eventCount = 0
  private var events = EventQueue()

  init(seed: UInt64, options: RunOptions, verbosity: Trace.Verbosity) {
    self.seed = seed
    self.options = options
    random = SeededRandom(seed: seed ^ 0x5EED_0000)
    trace = Trace(verbosity)
  }

  /// Lets something happen later.
  func after(_ delay: Nanoseconds, _ body: @escaping @Sendable () -> Void) {
    events.add(at: now + delay, body)
  }

  /// The next thing happens; false when there is none before `end`, which is then the time.
  func runNext(before end: Nanoseconds) -> Bool {
    guard let first = events.firstTime, first < end, let event = events.popFirst() else {
      now = max(now, end)
      return false
    }
    now = event.time
    eventCount += 1
    event.body()
    return true
  }

  /// Something must never happen, and did. Only the first such thing counts.
  func fail(_ text: @autoclosure () -> String) {
    if failure != nil { return }
    let text = text()
    failure = text
    note(.failure, 0) { text }
  }

  func note(
    _ kind: Trace.Kind, _ place: Int, _ first: UInt64 = 0, _ second: UInt64 = 0,
    _ text: () -> String = { "" }
  ) {
    trace.add(at: now, kind, place, (first, second), text)
  }

  /// A line for people that is not part of what happened.
  func tell(_ kind: Trace.Kind, _ place: Int, _ text: String) {
    trace.tell(at: now, kind, place, text)
  }

  /// Lets go of everything that waits, and so of what it refers to.
  func end() { events.removeAll() }
}
