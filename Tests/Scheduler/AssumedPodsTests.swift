import Objects
import Testing

@testable import Scheduler

@Suite struct AssumedPodsTests {
  private static let three = PodFixture("a").requests(["cpu": "3"])
  private static let other = PodFixture("b").requests(["cpu": "3"])

  /// A scheduler that has decided on the pod `a`, of 3 of the node's 4 CPUs.
  private static func decided() -> Bench {
    var bench = Bench(nodes: [NodeFixture("n")])
    bench.add(three)
    #expect(bench.decide() == "a -> n")
    return bench
  }

  @Test func aDecisionCountsAtOnce() {
    var bench = Self.decided()
    #expect(bench.core.assumedCount == 1)
    bench.add(Self.other)
    #expect(bench.decide()?.hasPrefix("b: 0/1 nodes are available: 1 Insufficient cpu.") == true)
  }

  @Test func newsFromBeforeTheBindingChangeNothing() {
    var bench = Self.decided()
    bench.add(Self.three)
    #expect(bench.decide() == nil)
    bench.core.bindingSucceeded(Self.three.reference, now: bench.now)
    bench.add(Self.three)
    bench.add(Self.three.on("n"))
    #expect(bench.core.assumedCount == 0)
    bench.add(Self.three)
    #expect(bench.decide() == nil)
    #expect(bench.core.queueCounts == SchedulerCore.QueueCounts())
  }

  @Test func aSeenPodIsNoLongerAssumed() {
    var bench = Self.decided()
    bench.core.bindingSucceeded(Self.three.reference, now: bench.now)
    bench.add(Self.three.on("n"))
    bench.add(Self.other)
    #expect(bench.decide(after: .seconds(5000))?.hasPrefix("b: ") == true)
    #expect(bench.core.state.capacities[0].requested.milliCPU == 3000)
  }

  @Test func aPodSeenElsewhereMoves() {
    var bench = Self.decided()
    bench.add(NodeFixture("m"))
    bench.add(Self.three.on("m"))
    bench.add(Self.other)
    #expect(bench.decide() == "b -> n")
  }

  @Test func aFailedBindingFreesTheNodeAndBacksOff() {
    var bench = Self.decided()
    bench.add(Self.other)
    #expect(bench.decide()?.hasPrefix("b: ") == true)
    bench.now = .seconds(5)
    bench.core.bindingFailed(Self.three.reference, now: bench.now)
    #expect(bench.core.assumedCount == 0)
    #expect(bench.decide() == "b -> n")
    #expect(bench.decide() == nil)
    #expect(bench.decide(after: .seconds(1))?.hasPrefix("a: ") == true)
  }

  @Test func aFailedBindingOfAPodThatIsGone() {
    var bench = Self.decided()
    bench.remove(Self.three)
    bench.core.bindingFailed(Self.three.reference, now: bench.now)
    #expect(bench.decide(after: .seconds(100)) == nil)
    bench.add(Self.other)
    #expect(bench.decide() == "b -> n")
  }

  @Test func aFailedBindingOfAPodThatIsGoing() {
    var bench = Self.decided()
    bench.add(Self.three.terminating())
    bench.core.bindingFailed(Self.three.reference, now: bench.now)
    #expect(bench.decide(after: .seconds(100)) == nil)
  }

  @Test func aFailedBindingTakesWhatThePodIsNow() {
    var bench = Self.decided()
    bench.add(Self.three.requests(["cpu": "1"]))
    bench.core.bindingFailed(Self.three.reference, now: bench.now)
    bench.add(Self.other)
    #expect(bench.decide() == "b -> n")
    #expect(bench.decide(after: .seconds(1)) == "a -> n")
  }

  @Test func aPodThatIsNeverSeenIsForgotten() {
    var bench = Self.decided()
    bench.add(Self.other)
    #expect(bench.decide()?.hasPrefix("b: ") == true)
    // While the binding is under way it has all the time.
    #expect(bench.decide(after: .seconds(250)) == nil)
    bench.core.bindingSucceeded(Self.three.reference, now: bench.now)
    #expect(bench.decide(after: .seconds(899))?.hasPrefix("b: ") == true)
    #expect(bench.core.assumedCount == 1)
    #expect(bench.decide(after: .seconds(1)) == nil)
    #expect(bench.core.assumedCount == 0)
    #expect(bench.core.queueCounts.backingOff == 1)
    #expect(bench.decide(after: .seconds(10)) == "b -> n")
  }

  @Test func outcomesOfUnknownPodsAreIgnored() {
    var bench = Bench(nodes: [NodeFixture("n")])
    bench.core.bindingFailed(Self.three.reference, now: .zero)
    bench.core.bindingSucceeded(Self.three.reference, now: .zero)
    bench.remove(Self.three)
    bench.core.handle(.nodeRemoved("x"), now: .zero)
    #expect(bench.decide() == nil)
    #expect(bench.core.nextDue() == nil)
  }
}
