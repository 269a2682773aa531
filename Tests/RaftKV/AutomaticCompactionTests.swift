import MVCC
import Synchronization
import Testing

@testable import RaftKV

/// When a member compacts by itself, decision by decision and as a whole on virtual time.
@Suite struct AutomaticCompactionTests {
  private let directory = TestDirectory()

  private static let minute: UInt64 = 60 * 1_000_000_000

  /// What is compacted to in `minutes`, a look a second, when the revision is the second itself.
  private func decisions(
    _ mode: AutomaticCompaction, minutes: UInt64, isLeader: (UInt64) -> Bool = { _ in true },
    isDone: (UInt64) -> Bool = { _ in true }
  ) -> [[Int64]] {
    var compactor = AutomaticCompactor(mode, now: 0, revision: 0)
    var found: [[Int64]] = []
    for second in 1...minutes * 60 {
      let now = second * 1_000_000_000
      guard let target = compactor.look(now: now, revision: Int64(second), isLeader: isLeader(second)) else {
        continue
      }
      found.append([Int64(second), target])
      compactor.ended(target, isDone: isDone(second), now: now)
    }
    return found
  }

  @Test func tenMinutesOfHistory() {
    // Every ten minutes, to the oldest note: ten minutes and one look ago, as in etcd.
    #expect(
      decisions(.periodic(nanoseconds: 10 * Self.minute), minutes: 35) == [
        [600, 0], [1200, 540], [1800, 1140],
      ])
  }

  @Test func aDayOfHistory() {
    // Every hour once the day has passed.
    let found = decisions(.periodic(nanoseconds: 1440 * Self.minute), minutes: 1600)
    #expect(found == [[86_400, 0], [90_000, 3240], [93_600, 6840]])
  }

  @Test func aFailureIsTriedAgainAtTheNextLook() {
    let found = decisions(.periodic(nanoseconds: 10 * Self.minute), minutes: 25, isDone: { $0 != 600 })
    #expect(found == [[600, 0], [660, 0], [1260, 600]])
  }

  @Test func aFollowerTakesNotesOnly() {
    let found = decisions(.periodic(nanoseconds: 10 * Self.minute), minutes: 31, isLeader: { $0 > 1500 })
    #expect(found == [[1560, 900]])
  }

  @Test func revisionsOfHistory() {
    #expect(decisions(.revisions(400), minutes: 21) == [[600, 200], [900, 500], [1200, 800]])
    #expect(decisions(.revisions(400), minutes: 11, isLeader: { $0 > 599 }) == [[600, 200]])
    var compactor = AutomaticCompactor(.revisions(10), now: 0, revision: 0)
    let time: (UInt64) -> UInt64 = { $0 * 5 * Self.minute }
    #expect(compactor.look(now: time(1), revision: 30, isLeader: true) == 20)
    // Nothing before it is known how that ended.
    #expect(compactor.look(now: time(2), revision: 40, isLeader: true) == nil)
    compactor.ended(20, isDone: true, now: time(2))
    #expect(compactor.look(now: time(3), revision: 30, isLeader: true) == nil)
    #expect(compactor.look(now: time(4), revision: 31, isLeader: true) == 21)
    var extreme = AutomaticCompactor(.revisions(.max), now: 0, revision: 0)
    #expect(extreme.look(now: time(1), revision: .max - 1, isLeader: true) == nil)
  }

  private func open(_ machine: VirtualMachine, _ mode: AutomaticCompaction?) throws -> Node {
    var configuration = testConfiguration(directory.path + "/data")
    configuration.heartbeatMilliseconds = 100
    configuration.electionMilliseconds = 1000
    configuration.automaticCompaction = mode
    return try Node(
      configuration, environment: machine.environment(seed: 1), decoder: Request.decoder, logger: quietLogger,
      onFailure: { Issue.record("the member failed: \($0)") })
  }

  @Test func aMemberCompactsByItself() throws {
    let machine = VirtualMachine()
    let node = try open(machine, .periodic(nanoseconds: Self.minute))
    machine.run()
    for number in 0..<5 {
      for _ in 0..<10 { node.put("key-\(number)") { _ in } }
      machine.advance(milliseconds: 20_000)
    }
    // At 60 s to what was there at the start; at 120 s to what was there 60 s before.
    #expect(node.store.compactRevision >= 1)
    machine.advance(milliseconds: 120_000)
    #expect(node.store.compactRevision == 51)
    #expect(node.store.physicalRevision == 51)
    #expect(node.store.removedVersions == 45)
    node.stop()
    // It is compacted after a start, too.
    let again = try open(machine, nil)
    machine.run()
    #expect(again.store.compactRevision == 51)
    again.stop()
  }

  @Test func whoeverWaitsForAPhysicalCompactionIsTold() throws {
    let machine = VirtualMachine()
    let node = try open(machine, nil)
    machine.run()
    for number in 0..<20 { node.put("key", [UInt8(number)]) { _ in } }
    machine.run()
    var pin: ReadPin? = try node.store.pin(15)
    let outcomes = Recorder()
    Request.bytes("18").withUnsafeBytes { bytes in
      node.propose(.compaction, bytes, growth: 0) { result in
        outcomes.add((try? result.get().result.get()) == .compact ? "compacted" : "\(result)")
      }
    }
    machine.run()
    node.whenCompacted(18) { outcomes.add($0.map { "\($0)" } ?? "gone") }
    machine.advance(milliseconds: 1000)
    #expect(outcomes.all == ["compacted"])
    #expect(node.store.physicalRevision == 15)
    withExtendedLifetime(pin) {}
    pin = nil
    machine.advance(milliseconds: 1000)
    #expect(outcomes.all == ["compacted", "gone"])
    #expect(node.store.physicalRevision == 18)
    // Who still waits at the end is told as well.
    node.whenCompacted(1000) { outcomes.add($0.map { "\($0)" } ?? "gone") }
    node.stop()
    #expect(outcomes.all == ["compacted", "gone", "stopped"])
    node.whenCompacted(18) { outcomes.add($0.map { "\($0)" } ?? "gone") }
    #expect(outcomes.all.last == "stopped")
  }
}

private final class Recorder: Sendable {
  private let list = Mutex<[String]>([])
  var all: [String] { list.withLock { $0 } }
  func add(_ text: String) { list.withLock { $0.append(text) } }
}
