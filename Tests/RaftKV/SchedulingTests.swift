import Synchronization
import Testing

@testable import RaftKV

@Suite struct WorkerPoolTests {
  /// Work runs whether it comes from outside or from the pool itself, and a seat's `stop` waits for all of it.
  @Test func everySeatFinishesItsWorkBeforeItStops() {
    let pool = WorkerPool(seats: 3)
    let seats = (0..<3).map { pool.executor(seat: $0) }
    final class Count: Sendable { let value = Atomic(0) }
    let count = Count()
    for round in 0..<3000 {
      let (first, second) = (seats[round % 3], seats[(round + 1) % 3])
      first.execute {
        count.value.wrappingAdd(1, ordering: .relaxed)
        second.execute { count.value.wrappingAdd(1, ordering: .relaxed) }
      }
    }
    // What a seat's own work gave another seat counts too, so the last round is waited for first.
    while count.value.load(ordering: .relaxed) < 6000 {}
    for seat in seats { seat.stop() }
    #expect(count.value.load(ordering: .relaxed) == 6000)
  }
}

@Suite struct GatheringTests {
  /// Whether each of these batches, one after another, waits.
  private func waits(_ entries: [Int]) -> [Bool] {
    var gathering = Gathering()
    return entries.map { gathering.shouldWait(entries: $0) }
  }

  @Test func aSmallBatchWaitsAsLongAsMoreArrives() {
    #expect(waits([1, 20, 40, Gathering.enoughEntries, 1]) == [true, true, true, false, true])
  }

  @Test func aPauseThatBroughtNothingEndsTheWaitingForAWhile() {
    let without = Gathering.syncsWithoutWaiting
    #expect(
      waits(Array(repeating: 1, count: without + 2)) == [true] + Array(repeating: false, count: without) + [
        true
      ])
  }

  @Test func noBatchWaitsForEver() {
    let most = Gathering.maximumPauses
    #expect(waits(Array(1...most + 1)) == Array(repeating: true, count: most) + [false])
  }
}
