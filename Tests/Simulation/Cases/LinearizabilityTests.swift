import Simulation
import Testing

/// The checker itself: what it must accept, and what it must reject.
struct LinearizabilityTests {
  private typealias Request = RegisterHistory.Request
  private typealias Answer = RegisterHistory.Answer

  private func verdict(_ operations: [(Request, Answer, Int, Int)]) -> RegisterHistory.Verdict {
    var history = RegisterHistory()
    for (request, answer, invoked, answered) in operations {
      history.add(request, answer, invoked: invoked, answered: answered)
    }
    return history.check()
  }

  @Test func nothingIsLinearizable() { #expect(verdict([]) == .linearizable) }

  @Test func oneAfterTheOther() {
    #expect(
      verdict([
        (.read, .value(0), 1, 2), (.write(1), .done, 3, 4), (.read, .value(1), 5, 6),
        (.replace(1, 2), .done, 7, 8), (.replace(1, 3), .value(2), 9, 10), (.read, .value(2), 11, 12),
      ]) == .linearizable)
  }

  @Test func aStaleReadIsRejected() {
    #expect(verdict([(.write(1), .done, 1, 2), (.read, .value(0), 3, 4)]) == .notLinearizable)
  }

  @Test func aReadDuringAWriteMaySeeEither() {
    #expect(verdict([(.write(1), .done, 1, 4), (.read, .value(0), 2, 3)]) == .linearizable)
    #expect(verdict([(.write(1), .done, 1, 4), (.read, .value(1), 2, 3)]) == .linearizable)
  }

  @Test func readsDuringAWriteDoNotGoBack() {
    #expect(
      verdict([(.write(1), .done, 1, 10), (.read, .value(1), 2, 3), (.read, .value(0), 4, 5)])
        == .notLinearizable)
  }

  @Test func aLostWriteIsRejected() {
    #expect(
      verdict([(.write(1), .done, 1, 2), (.write(2), .done, 3, 4), (.read, .value(1), 5, 6)])
        == .notLinearizable)
  }

  @Test func aWriteWithoutAnswerMayHappenLateOrNever() {
    #expect(
      verdict([(.write(1), .unknown, 1, 2), (.read, .value(0), 3, 4), (.read, .value(1), 5, 6)])
        == .linearizable)
    #expect(verdict([(.write(1), .unknown, 1, 2), (.read, .value(0), 3, 4)]) == .linearizable)
    #expect(
      verdict([(.write(1), .unknown, 1, 2), (.read, .value(1), 3, 4), (.read, .value(0), 5, 6)])
        == .notLinearizable)
  }

  @Test func aValueThatNobodyWroteIsRejected() {
    #expect(verdict([(.write(1), .done, 1, 2), (.read, .value(7), 3, 4)]) == .notLinearizable)
  }

  @Test func onlyOneOfTwoReplacementsIsMade() {
    #expect(
      verdict([(.replace(0, 1), .done, 1, 4), (.replace(0, 2), .done, 2, 3)]) == .notLinearizable)
    #expect(
      verdict([(.replace(0, 1), .done, 1, 4), (.replace(0, 2), .value(1), 2, 3)]) == .linearizable)
    #expect(
      verdict([(.replace(0, 1), .done, 1, 2), (.replace(0, 2), .value(0), 3, 4)]) == .notLinearizable)
  }

  @Test func aReplacementWithoutAnswerMayHaveBeenMade() {
    #expect(verdict([(.replace(0, 1), .unknown, 1, 2), (.read, .value(1), 3, 4)]) == .linearizable)
    #expect(verdict([(.replace(5, 1), .unknown, 1, 2), (.read, .value(1), 3, 4)]) == .notLinearizable)
  }

  @Test func manyAtOnceNeedOneOrder() {
    var operations: [(Request, Answer, Int, Int)] = []
    for number in 0..<8 { operations.append((.write(UInt64(number + 1)), .done, number, 100 + number)) }
    operations.append((.read, .value(3), 200, 201))
    operations.append((.read, .value(3), 202, 203))
    #expect(verdict(operations) == .linearizable)
    operations.append((.read, .value(4), 204, 205))
    #expect(verdict(operations) == .notLinearizable)
  }

  @Test func tooManyOrdersAreUndecided() {
    var history = RegisterHistory()
    for number in 0..<20 {
      history.add(.write(UInt64(number + 1)), .done, invoked: number, answered: 100 + number)
    }
    history.add(.read, .value(99), invoked: 200, answered: 201)
    #expect(history.check(maximumSteps: 1000) == .undecided)
  }
}
