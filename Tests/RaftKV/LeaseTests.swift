import MVCC
import Synchronization
import Testing

@testable import RaftKV

/// Leases of a whole member in one thread, on virtual time.
struct LeaseTests {
  private let directory = TestDirectory()

  /// Puts whose value's first byte is the lease.
  private static let decoder: CommandDecoder = { kind, bytes in
    guard case .put(var put) = try Request.decoder(kind, bytes) else {
      return try Request.decoder(kind, bytes)
    }
    put.lease = Int64(put.value.first ?? 0)
    return .put(put)
  }

  private func open(
    _ machine: VirtualMachine, _ change: (inout NodeConfiguration) -> Void = { _ in }
  ) throws -> Node {
    var configuration = testConfiguration(directory.path + "/data")
    configuration.heartbeatMilliseconds = 100
    configuration.electionMilliseconds = 1000
    change(&configuration)
    let node = try Node(
      configuration, environment: machine.environment(seed: 3), decoder: Self.decoder, logger: quietLogger,
      onFailure: { Issue.record("the member failed: \($0)") })
    machine.run()
    return node
  }

  private func result<Value: Sendable>(
    _ machine: VirtualMachine, _ start: (@escaping @Sendable (Value) -> Void) -> Void
  ) throws -> Value {
    let slot = Slot<Value>()
    start { value in slot.value.withLock { $0 = value } }
    machine.run()
    return try #require(slot.value.withLock { $0 })
  }

  private final class Slot<Value: Sendable>: Sendable {
    let value = Mutex<Value?>(nil)
  }

  private func grant(_ node: Node, _ machine: VirtualMachine, _ id: Int64, _ seconds: Int64) throws -> Lease?
  {
    let outcome: Result<Outcome, NodeError> = try result(machine) {
      node.grantLease(id: id, seconds: seconds, completion: $0)
    }
    guard case .success(.lease(.granted(let lease))) = try outcome.get().result else { return nil }
    return lease
  }

  private func keepAlive(_ node: Node, _ machine: VirtualMachine, _ ids: [Int64]) throws -> Result<
    [Int64], NodeError
  > {
    try result(machine) { node.keepAlive(ids, completion: $0) }
  }

  private func put(_ node: Node, _ machine: VirtualMachine, _ key: String, lease: UInt8 = 0) throws -> Outcome
  {
    let outcome: Result<Outcome, NodeError> = try result(machine) { node.put(key, [lease], completion: $0) }
    return try outcome.get()
  }

  private func count(_ node: Node, _ machine: VirtualMachine) throws -> Int64 {
    try result(machine) { done in
      _ = node.read { handle in
        done(
          (try? handle.count(KeyRange(start: [0], end: .unbounded), revision: node.store.currentRevision))
            ?? -1)
      }
    }
  }

  private func time(
    _ node: Node, _ machine: VirtualMachine, _ lease: Int64
  ) throws -> (granted: Int64, left: Int64)? {
    try result(machine) { node.leaseTime(lease, completion: $0) }.get()
  }

  @Test func aLeaseTakesItsKeysWithIt() throws {
    let machine = VirtualMachine()
    let node = try open(machine)
    #expect(try grant(node, machine, 7, 10)?.seconds == 10)
    #expect(try grant(node, machine, 7, 10) == nil)
    for key in ["b", "a", "c"] { _ = try put(node, machine, key, lease: 7) }
    _ = try put(node, machine, "free")
    #expect(try put(node, machine, "a", lease: 8).result == .failure(.leaseNotFound))
    let before = node.store.currentRevision
    machine.advance(milliseconds: 9800)
    #expect(node.store.lease(7) != nil)
    #expect(try time(node, machine, 7)! == (10, 0))
    machine.advance(milliseconds: 400)
    #expect(node.store.lease(7) == nil)
    #expect(try time(node, machine, 7) == nil)
    #expect(node.store.currentRevision == before + 1)
    #expect(try count(node, machine) == 1)
    #expect(node.metrics.leasesExpired.load(ordering: .relaxed) == 1)
    node.stop()
  }

  @Test func aKeepAliveKeepsIt() throws {
    let machine = VirtualMachine()
    let node = try open(machine)
    // One and a half election timeouts at least.
    let lease = try #require(try grant(node, machine, 0, 0))
    #expect(lease.id > 0 && lease.seconds == 2)
    for _ in 0..<10 {
      machine.advance(milliseconds: 1500)
      #expect(try keepAlive(node, machine, [lease.id, 99]) == .success([2, 0]))
    }
    machine.advance(milliseconds: 2200)
    #expect(try keepAlive(node, machine, [lease.id]) == .success([0]))
    #expect(node.leaseIDs == [])
    node.stop()
  }

  @Test func aRestartGrantsTheWholeTimeAnew() throws {
    let machine = VirtualMachine()
    var node = try open(machine)
    _ = try grant(node, machine, 7, 10)
    _ = try put(node, machine, "a", lease: 7)
    machine.advance(milliseconds: 8000)
    node.stop()
    node = try open(machine)
    machine.advance(milliseconds: 9500)
    #expect(node.store.lease(7) != nil)
    machine.advance(milliseconds: 1000)
    #expect(node.store.lease(7) == nil)
    #expect(try count(node, machine) == 0)
    node.stop()
  }

  @Test func checkpointsLimitThat() throws {
    let machine = VirtualMachine()
    func open() throws -> Node { try self.open(machine) { $0.limits.leaseCheckpointSeconds = 10 } }
    var node = try open()
    _ = try grant(node, machine, 7, 60)
    machine.advance(milliseconds: 35_000)
    node.stop()
    node = try open()
    // Noted at 30 seconds.
    #expect(try time(node, machine, 7)! == (60, 30))
    // A renewal takes that back, durably.
    #expect(try keepAlive(node, machine, [7]) == .success([60]))
    #expect(node.store.lease(7)?.remainingSeconds == 0)
    node.stop()
    node = try open()
    #expect(try time(node, machine, 7)! == (60, 60))
    machine.advance(milliseconds: 59_500)
    #expect(node.store.lease(7) != nil)
    machine.advance(milliseconds: 1000)
    #expect(node.store.lease(7) == nil)
    node.stop()
  }

  /// What a renewal must have in the log is not there when the log is torn right behind the checkpoint.
  @Test func replayedCheckpointsAreTakenBackToo() throws {
    let machine = VirtualMachine()
    func open(_ path: String) throws -> Node {
      try self.open(machine) {
        $0.limits.leaseCheckpointSeconds = 10
        $0.limits.idleFlushMilliseconds = 1_000_000
        $0.dataDirectory = path
      }
    }
    let node = try open(directory.path + "/first")
    _ = try grant(node, machine, 7, 60)
    machine.advance(milliseconds: 15_000)
    // As after a crash: nothing but the log.
    try TestDirectory.copy(directory.path + "/first", to: directory.path + "/second")
    let other = try open(directory.path + "/second")
    #expect(try keepAlive(other, machine, [7]) == .success([60]))
    #expect(other.store.lease(7)?.remainingSeconds == 0)
    other.stop()
    node.stop()
  }

  /// The log of a crashed member says that a renewal is in it, but not yet that it is committed.
  @Test func aRenewalRightBeforeACrashCounts() throws {
    let machine = VirtualMachine()
    func open(_ path: String) throws -> Node {
      try self.open(machine) {
        $0.limits.leaseCheckpointSeconds = 10
        $0.limits.idleFlushMilliseconds = 1_000_000
        $0.dataDirectory = path
      }
    }
    let node = try open(directory.path + "/first")
    _ = try grant(node, machine, 7, 60)
    machine.advance(milliseconds: 45_000)
    #expect(try keepAlive(node, machine, [7]) == .success([60]))
    try TestDirectory.copy(directory.path + "/first", to: directory.path + "/second")
    let other = try open(directory.path + "/second")
    #expect(try time(other, machine, 7)! == (60, 60))
    other.stop()
    node.stop()
  }

  @Test func manyEndTogetherWhileWritesGoOn() throws {
    let machine = VirtualMachine()
    let node = try open(machine) {
      $0.store.memtableChanges = 700
      $0.limits.leaseExpiriesPerEntry = 50
    }
    let leases = 2000
    for id in 1...leases {
      node.grantLease(id: Int64(id), seconds: 20) { _ in }
      if id <= 200 { node.put("leased-\(id)", [UInt8(id)]) { _ in } }
    }
    machine.run()
    #expect(node.store.leases.count == leases)
    #expect(try count(node, machine) == 200)
    var puts = 0
    let before = node.store.currentRevision
    while !node.store.leases.isEmpty && puts < 5000 {
      _ = try put(node, machine, "free")
      puts += 1
      machine.advance(milliseconds: 100)
    }
    // They were over at one time, and gone at the next few ticks.
    #expect(puts < 250)
    #expect(try count(node, machine) == 1)
    #expect(node.store.currentRevision == before + Int64(puts) + 200)
    #expect(node.metrics.leasesExpired.load(ordering: .relaxed) == UInt64(leases))
    node.stop()
  }

  /// What is asked often must not become deeper each time.
  @Test func lookingAtTheClockLeavesNothingBehind() throws {
    let machine = VirtualMachine()
    let node = try open(machine)
    for _ in 0..<300_000 { node.leases.poll() }
    _ = try grant(node, machine, 7, 2)
    machine.advance(milliseconds: 3000)
    #expect(node.store.leases == [])
    node.stop()
  }

  @Test(arguments: [
    LeaseCommand.grant(id: .min, seconds: -5), .grant(id: 9, seconds: .max), .revoke(id: -1), .expire([]),
    .expire([LeaseReference(id: .max, grantIndex: .max), LeaseReference(id: -7, grantIndex: 0)]),
    .checkpoint([LeaseCheckpoint(lease: LeaseReference(id: 3, grantIndex: 4), remainingSeconds: 5)]),
  ]) func aCommandComesBackFromTheLog(command: LeaseCommand) throws {
    let data = command.document.withUnsafeBytes {
      Envelope.encode(.lease, requestID: 5, lease: command.leaseOfEnvelope, request: $0)
    }
    let envelope = try #require(Envelope(data))
    #expect(LeaseCommand(document: data[envelope.requestOffset...], lease: envelope.lease) == command)
    #expect(LeaseCommand(document: (command.document + [0x80])[...], lease: 1) == nil)
    #expect(LeaseCommand(document: [], lease: 1) == nil)
    #expect(LeaseCommand(document: [9], lease: 1) == nil)
  }
}
