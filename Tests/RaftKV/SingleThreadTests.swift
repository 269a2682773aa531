import MVCC
import Synchronization
import Testing

@testable import RaftKV

/// A whole member in one thread on virtual time.
struct SingleThreadTests {
  private let directory = TestDirectory()

  private func open(
    _ machine: VirtualMachine, _ configuration: NodeConfiguration, seed: UInt64 = 1
  ) throws -> Node {
    try Node(
      configuration, environment: machine.environment(seed: seed), decoder: Request.decoder,
      logger: quietLogger,
      onFailure: { Issue.record("the member failed: \($0)") })
  }

  private func configuration(_ name: String = "data") -> NodeConfiguration {
    var configuration = testConfiguration(directory.path + "/" + name)
    configuration.heartbeatMilliseconds = 100
    configuration.electionMilliseconds = 1000
    return configuration
  }

  /// What became of requests, in order.
  private final class Answers: Sendable {
    private let list = Mutex<[String]>([])
    var all: [String] { list.withLock { $0 } }

    func proposal(_ name: String) -> @Sendable (Result<Outcome, NodeError>) -> Void {
      { result in
        let text =
          switch result {
          case .success(let outcome): "\(outcome.revision)"
          case .failure(let error): "\(error)"
          }
        self.list.withLock { $0.append("\(name): \(text)") }
      }
    }

    func read(_ name: String) -> @Sendable (NodeError?) -> Void {
      { error in self.list.withLock { $0.append("\(name): \(error.map { "\($0)" } ?? "go")") } }
    }
  }

  @Test func requestsBeforeALeaderWait() throws {
    let machine = VirtualMachine()
    let node = try open(machine, configuration())
    let answers = Answers()
    node.readBarrier(completion: answers.read("read"))
    node.put("a", completion: answers.proposal("a"))
    #expect(node.status.leader == 0 && answers.all == [])
    machine.run()
    #expect(node.status.leader == node.memberID)
    #expect(Set(answers.all) == ["read: go", "a: 2"])
    node.stop()
  }

  @Test func theSameInputsGiveTheSameRun() throws {
    func run(_ name: String) throws -> (trace: [String], answers: [String], status: NodeStatus) {
      let machine = VirtualMachine()
      var configuration = configuration(name)
      configuration.store.memtableChanges = 40
      configuration.limits.idleFlushMilliseconds = 1000
      let node = try open(machine, configuration)
      let answers = Answers()
      var generator = SplitMix(state: 99)
      for step in 0..<300 {
        switch generator.next() % 6 {
        case 0: node.readBarrier(completion: answers.read("\(step)"))
        case 1: machine.advance(milliseconds: generator.next() % 700)
        case 2:
          Request.bytes("key-5").withUnsafeBytes {
            node.propose(.deleteRange, $0, growth: 0, completion: answers.proposal("\(step)"))
          }
        case 3:
          _ = node.read { handle in
            let count = (try? handle.count(KeyRange(start: [0], end: .unbounded), revision: 0)) ?? -1
            answers.read("\(step): \(count)")(nil)
          }
        default: node.put("key-\(generator.next() % 10)", completion: answers.proposal("\(step)"))
        }
        if generator.next() % 3 == 0 { machine.run() }
      }
      machine.run()
      let status = node.status
      node.stop()
      return (machine.trace, answers.all, status)
    }
    let (first, second) = (try run("first"), try run("second"))
    #expect(first.trace == second.trace)
    #expect(first.answers == second.answers)
    #expect(first.status == second.status)
    #expect(first.answers.count > 200 && !first.answers.contains { $0.hasSuffix("timeout") })
    #expect(Set(first.trace).isSuperset(of: ["raft", "log", "apply", "flush", "reader-0"]))
  }

  @Test func tooManyRequestsAreRefused() throws {
    let machine = VirtualMachine()
    var configuration = configuration()
    configuration.limits.pendingProposals = 10
    configuration.limits.pendingReads = 5
    configuration.limits.pendingReaderWork = 3
    let node = try open(machine, configuration)
    machine.run()
    let answers = Answers()
    for number in 0..<12 { node.put("\(number)", completion: answers.proposal("put")) }
    for _ in 0..<7 { node.readBarrier(completion: answers.read("read")) }
    #expect(
      answers.all == [
        "put: tooManyRequests", "put: tooManyRequests", "read: tooManyRequests", "read: tooManyRequests",
      ])
    let accepted = (0..<6).filter { _ in node.read { _ in } }
    #expect(accepted.count == 3)
    machine.run()
    #expect(answers.all.count == 19)
    #expect(answers.all.filter { $0.hasSuffix("tooManyRequests") }.count == 4)
    // What was under way no longer counts.
    node.put("again", completion: answers.proposal("again"))
    machine.run()
    #expect(answers.all.last == "again: 12")
    #expect(node.read { _ in })
    node.stop()
  }

  @Test func tooManyBytesAreRefused() throws {
    let machine = VirtualMachine()
    var configuration = configuration()
    configuration.limits.pendingProposalBytes = 3000
    let node = try open(machine, configuration)
    machine.run()
    let answers = Answers()
    for _ in 0..<3 {
      node.put("a", [UInt8](repeating: 0, count: 1200), completion: answers.proposal("put"))
    }
    #expect(answers.all == ["put: tooManyRequests"])
    machine.run()
    #expect(node.metrics.proposalBytesPending.load(ordering: .relaxed) == 0)
    node.stop()
  }

  @Test func anIdleMemtableIsCheckpointed() throws {
    let machine = VirtualMachine()
    var configuration = configuration()
    configuration.limits.idleFlushMilliseconds = 5000
    let node = try open(machine, configuration)
    machine.run()
    node.put("a") { _ in }
    machine.run()
    let applied = node.status.appliedIndex
    machine.advance(milliseconds: 3000)
    node.put("b") { _ in }
    machine.run()
    machine.advance(milliseconds: 4800)
    #expect(node.store.flushed.index < applied)
    machine.advance(milliseconds: 400)
    #expect(node.store.flushed.index == applied + 1)
    // Nothing is left to do.
    let before = machine.trace.filter { $0 == "flush" }.count
    let checkpoints = node.metrics.checkpoint.snapshot.buckets.reduce(0, +)
    machine.advance(milliseconds: 20_000)
    #expect(node.metrics.checkpoint.snapshot.buckets.reduce(0, +) == checkpoints)
    #expect(machine.trace.filter { $0 == "flush" }.count > before, "it still looks")
    node.stop()
  }

  @Test func anEntryWithoutRoomWaitsBesideTheThread() throws {
    let machine = VirtualMachine()
    var configuration = configuration()
    configuration.store.memtableChanges = 5
    let node = try open(machine, configuration)
    machine.run()
    let answers = Answers()
    // One batch fills many memtables before the flush has its turn.
    for number in 0..<100 { node.put("\(number)", completion: answers.proposal("\(number)")) }
    machine.run()
    #expect(answers.all == (0..<100).map { "\($0): \($0 + 2)" })
    node.stop()
  }

  @Test func aMemberRestartsInTheSameThread() throws {
    let machine = VirtualMachine()
    for round in 0..<3 as Range<UInt64> {
      let node = try open(machine, configuration(), seed: round << 32)
      let answers = Answers()
      node.put("a", completion: answers.proposal("a"))
      machine.run()
      #expect(answers.all == ["a: \(round + 2)"])
      node.stop()
    }
  }

  @Test func aStageHandlesWhatWasAcceptedBeforeItsStop() {
    let machine = VirtualMachine()
    let handled = Mutex<[[Int]]>([])
    let stage = Stage<Int>(executor: machine.environment(seed: 1).makeExecutor("stage"), capacity: 2)
    stage.attach { batch in
      handled.withLock { $0.append(batch) }
      if batch == [1, 2, 4] { stage.submit(7) }
    }
    #expect(stage.offer(1))
    // A tick is left out while anything waits.
    stage.nudge(9)
    #expect(stage.offer(2))
    #expect(!stage.offer(3))
    stage.submit(4)
    stage.stop()
    // What a handler gives its own stage comes too late by then.
    #expect(handled.withLock { $0 } == [[1, 2, 4]])
    #expect(!stage.offer(5))
    stage.submit(6)
    stage.stop()
    #expect(handled.withLock { $0 } == [[1, 2, 4]])
  }
}
