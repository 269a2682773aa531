/// Whether what clients saw of one register can be explained by one order of their requests (Wing and Gong's search,
/// with Lowe's memory of what was tried).
package struct RegisterHistory {
  /// What a client asked for. Values are numbers, 0 is "nothing there".
  package enum Request: Sendable, Hashable {
    case read
    case write(UInt64)
    /// Write the second if the register holds the first.
    case replace(UInt64, UInt64)
  }

  /// What a client was told.
  package enum Answer: Sendable, Hashable {
    /// A read's value; of a replacement that was not made, what the register held.
    case value(UInt64)
    /// A write, or a replacement that was made.
    case done
    /// Nothing: it happened some time after it was asked for, or never.
    case unknown
  }

  package enum Verdict: Sendable, Hashable {
    case linearizable
    case notLinearizable
    /// There are too many orders to try.
    case undecided
  }

  private struct Operation {
    var request: Request
    var answer: Answer
    var invoked: Int
    /// `Int.max` when nothing was answered.
    var answered: Int
  }

  private var operations: [Operation] = []

  package init() {}

  package var count: Int { operations.count }

  /// `invoked` and `answered` are moments on one clock that never shows the same twice.
  package mutating func add(_ request: Request, _ answer: Answer, invoked: Int, answered: Int) {
    // What changed nothing and was not answered says nothing.
    if answer == .unknown, request == .read { return }
    operations.append(
      Operation(
        request: request, answer: answer, invoked: invoked, answered: answer == .unknown ? .max : answered))
  }

  /// What the register holds after an operation; nil when it cannot have been answered so.
  private static func step(_ operation: Operation, _ value: UInt64) -> UInt64? {
    switch (operation.request, operation.answer) {
    case (.read, .value(let seen)): seen == value ? value : nil
    case (.write(let new), .done), (.write(let new), .unknown): new
    case (.replace(let old, let new), .done): old == value ? new : nil
    case (.replace(let old, _), .value(let seen)): old != value && seen == value ? value : nil
    case (.replace(let old, let new), .unknown): old == value ? new : value
    default: nil
    }
  }

  private struct Tried: Hashable {
    var done: [UInt64]
    var value: UInt64
  }

  /// A call or an answer in the list of moments; 0 is the list's head.
  private struct Moment {
    var operation: Int
    var isCall: Bool
    var previous: Int
    var next: Int
    /// Of a call: its answer.
    var answer: Int
  }

  package func check(maximumSteps: Int = 200_000) -> Verdict {
    var moments = makeList()
    var done = [UInt64](repeating: 0, count: operations.count / 64 + 1)
    var value: UInt64 = 0
    var tried: Set<Tried> = []
    var path: [(moment: Int, value: UInt64)] = []
    var steps = 0
    var place = moments[0].next
    while place != 0 {
      steps += 1
      if steps > maximumSteps { return .undecided }
      let number = moments[place].operation
      if moments[place].isCall {
        var next = moments[place].next
        if let new = Self.step(operations[number], value) {
          done[number / 64] |= 1 << UInt64(number % 64)
          if tried.insert(Tried(done: done, value: new)).inserted {
            path.append((place, value))
            value = new
            Self.take(place, &moments)
            next = moments[0].next
          } else {
            done[number / 64] &= ~(1 << UInt64(number % 64))
          }
        }
        place = next
      } else if operations[number].answer == .unknown {
        // Only what was never answered is left, and need not have happened.
        return .linearizable
      } else {
        guard let last = path.popLast() else { return .notLinearizable }
        let number = moments[last.moment].operation
        done[number / 64] &= ~(1 << UInt64(number % 64))
        value = last.value
        Self.putBack(last.moment, &moments)
        place = moments[last.moment].next
      }
    }
    return .linearizable
  }

  private func makeList() -> [Moment] {
    var order: [(time: Int, isCall: Bool, operation: Int)] = []
    for (number, operation) in operations.enumerated() {
      order.append((operation.invoked, true, number))
      order.append((operation.answered, false, number))
    }
    order.sort { ($0.time, $0.operation) < ($1.time, $1.operation) }
    var moments = [Moment(operation: -1, isCall: false, previous: 0, next: 0, answer: 0)]
    var calls = [Int](repeating: 0, count: operations.count)
    for item in order {
      let place = moments.count
      moments.append(
        Moment(operation: item.operation, isCall: item.isCall, previous: place - 1, next: 0, answer: 0))
      moments[place - 1].next = place
      if item.isCall {
        calls[item.operation] = place
      } else {
        moments[calls[item.operation]].answer = place
      }
    }
    return moments
  }

  private static func take(_ call: Int, _ moments: inout [Moment]) {
    for place in [call, moments[call].answer] {
      moments[moments[place].previous].next = moments[place].next
      if moments[place].next != 0 { moments[moments[place].next].previous = moments[place].previous }
    }
  }

  private static func putBack(_ call: Int, _ moments: inout [Moment]) {
    for place in [moments[call].answer, call] {
      moments[moments[place].previous].next = place
      if moments[place].next != 0 { moments[moments[place].next].previous = place }
    }
  }
}
