import MVCC
import Raft
import Synchronization
import Testing
import WAL

@testable import RaftKV

/// Whole clusters in one thread on virtual time, with a network that loses nothing but what is cut off.
struct ClusterTests {
  private let directory = TestDirectory()
  private let machine = VirtualMachine()

  private final class Cell<Value: Sendable>: Sendable {
    private let content = Mutex<Value?>(nil)
    var value: Value? { content.withLock { $0 } }
    func set(_ value: Value) { content.withLock { $0 = value } }
  }

  private final class TestCluster {
    let machine: VirtualMachine
    let network: LocalNetwork
    let directory: String
    var nodes: [String: Node] = [:]
    let failures = TestMember.Failures()
    var seed: UInt64 = 1
    var change: (inout NodeConfiguration) -> Void = { _ in }

    init(_ machine: VirtualMachine, _ directory: String) {
      self.machine = machine
      self.directory = directory
      network = LocalNetwork(machine)
    }

    static func url(_ name: String) -> String { "http://\(name):2380" }

    /// With `sharedName` all members go by it, as by the default of `--name`.
    func start(_ name: String, of names: [String], joins: Bool = false, sharedName: String? = nil) throws {
      var configuration = testConfiguration(directory + "/" + name)
      configuration.name = sharedName ?? name
      configuration.peerURLs = [Self.url(name)]
      configuration.clientURLs = ["http://\(name):2379"]
      configuration.initialCluster = names.map { (sharedName ?? $0, [Self.url($0)]) }
      configuration.joinsExistingCluster = joins
      configuration.heartbeatMilliseconds = 100
      configuration.electionMilliseconds = 1000
      change(&configuration)
      seed += 0x1_0001_0001_0001
      var environment = machine.environment(seed: seed)
      environment.transport = network.transport(Self.url(name))
      let failures = failures
      nodes[name] = try Node(
        configuration, environment: environment, decoder: Request.decoder, logger: quietLogger,
        onFailure: { failures.add("\(name): \($0)") })
    }

    func stop(_ name: String) {
      nodes[name]?.stop()
      nodes[name] = nil
    }

    func stopAll() { for name in nodes.keys.sorted() { stop(name) } }

    func node(_ name: String) throws -> Node { try #require(nodes[name]) }

    /// The name of the member that all of the others follow, once there is one.
    func leader(among names: [String]) throws -> String {
      for _ in 0..<300 {
        machine.advance(milliseconds: 100)
        let leaders = Set(names.compactMap { nodes[$0]?.status.leader })
        if leaders.count == 1, let leader = leaders.first, leader != 0,
          let name = names.first(where: { nodes[$0]?.memberID == leader })
        {
          return name
        }
      }
      throw NoAnswer()
    }

    func run<Value: Sendable>(_ body: (@escaping @Sendable (Value) -> Void) -> Void) throws -> Value {
      let cell = Cell<Value>()
      body { cell.set($0) }
      for _ in 0..<200 where cell.value == nil { machine.advance(milliseconds: 100) }
      return try #require(cell.value)
    }

    func put(_ key: String, at name: String) throws -> Result<Outcome, NodeError> {
      let node = try node(name)
      return try run { done in node.put(key, completion: done) }
    }

    func barrier(_ name: String) throws -> NodeError? {
      let node = try node(name)
      let cell: Cell<NodeError?> = Cell()
      node.readBarrier { cell.set($0) }
      for _ in 0..<200 where cell.value == nil { machine.advance(milliseconds: 100) }
      return try #require(cell.value)
    }

    func count(_ name: String) throws -> Int64 {
      let node = try node(name)
      return try run { done in
        _ = node.read { done((try? $0.count(KeyRange(start: [0], end: .unbounded), revision: 0)) ?? -1) }
      }
    }

    func member(_ change: (@escaping Node.MembershipCompletion) -> Void) throws -> Result<Member?, NodeError>
    {
      try run { done in change { done($0.map(\.member)) } }
    }
  }

  private static let three = ["a", "b", "c"]

  private func cluster(_ change: @escaping (inout NodeConfiguration) -> Void = { _ in }) throws -> TestCluster
  {
    let cluster = TestCluster(machine, directory.path)
    cluster.change = change
    for name in Self.three { try cluster.start(name, of: Self.three) }
    return cluster
  }

  @Test func everyMemberTakesWritesAndReads() throws {
    let cluster = try cluster()
    _ = try cluster.leader(among: Self.three)
    for (number, name) in Self.three.enumerated() {
      #expect(try cluster.put("key-\(number)", at: name).isApplied)
    }
    for name in Self.three {
      #expect(try cluster.barrier(name) == nil)
      #expect(try cluster.count(name) == 3)
      let members = try cluster.node(name).members
      #expect(members.map(\.name).sorted() == Self.three && members.allSatisfy(\.hasStarted))
    }
    cluster.stopAll()
    #expect(cluster.failures.all == [])
  }

  @Test func anotherLeadsWhenTheLeaderIsCutOff() throws {
    let cluster = try cluster()
    let first = try cluster.leader(among: Self.three)
    #expect(try cluster.put("before", at: first).isApplied)
    cluster.network.cut(try cluster.node(first).memberID, true)
    let others = Self.three.filter { $0 != first }
    // The old leader may be known for a while: what is sent to it is answered late, or not.
    machine.advance(milliseconds: 5000)
    let second = try cluster.leader(among: others)
    #expect(second != first)
    for name in others { #expect(try cluster.put("after-\(name)", at: name).isApplied) }
    #expect(try cluster.barrier(first) == .timeout)
    cluster.network.cut(try cluster.node(first).memberID, false)
    _ = try cluster.leader(among: Self.three)
    #expect(try cluster.barrier(first) == nil)
    #expect(try cluster.count(first) == 3)
    cluster.stopAll()
    #expect(cluster.failures.all == [])
  }

  @Test func membersRestart() throws {
    let cluster = try cluster()
    let leader = try cluster.leader(among: Self.three)
    for number in 0..<50 { #expect(try cluster.put("\(number)", at: leader).isApplied) }
    for name in Self.three {
      cluster.stop(name)
      try cluster.start(name, of: Self.three)
      _ = try cluster.leader(among: Self.three)
      #expect(try cluster.put("again-\(name)", at: name).isApplied)
    }
    for name in Self.three {
      #expect(try cluster.barrier(name) == nil)
      #expect(try cluster.count(name) == 53)
    }
    cluster.stopAll()
    #expect(cluster.failures.all == [])
  }

  @Test func aClusterGrowsAndShrinks() throws {
    let cluster = TestCluster(machine, directory.path)
    try cluster.start("a", of: ["a"])
    _ = try cluster.leader(among: ["a"])
    for number in 0..<20 { #expect(try cluster.put("\(number)", at: "a").isApplied) }
    var names = ["a"]
    for name in ["b", "c"] {
      let any = try cluster.node(names[names.count - 1])
      let added = try cluster.member {
        any.addMember(peerURLs: [TestCluster.url(name)], isLearner: true, completion: $0)
      }
      let id = try #require(try added.get()).id
      let early = try cluster.member { any.promoteMember(id, completion: $0) }
      #expect(early.failure == .membership(.learnerNotReady))
      names.append(name)
      try cluster.start(name, of: names, joins: true)
      #expect(try cluster.node(name).memberID == id)
      machine.advance(milliseconds: 10_000)
      #expect(try cluster.node(name).status.isLearner)
      let promoted = try cluster.member { any.promoteMember(id, completion: $0) }
      #expect(try promoted.get()?.isLearner == false)
      machine.advance(milliseconds: 3000)
      #expect(try !cluster.node(name).status.isLearner)
      #expect(try cluster.put("at-\(name)", at: name).isApplied)
    }
    for name in names { #expect(try cluster.barrier(name) == nil && cluster.count(name) == 22) }
    let leader = try cluster.leader(among: names)
    let other = try #require(names.first { $0 != leader })
    let leaderNode = try cluster.node(leader)
    let again = try cluster.member {
      leaderNode.addMember(peerURLs: [TestCluster.url("b")], isLearner: false, completion: $0)
    }
    #expect(again.failure == .membership(.peerURLExists))
    // The leader removes itself, asked by another.
    let otherNode = try cluster.node(other)
    #expect(try cluster.member { otherNode.removeMember(leaderNode.memberID, completion: $0) }.isSuccess)
    machine.advance(milliseconds: 5000)
    #expect(cluster.failures.all.map { String($0.prefix(1)) } == [leader])
    cluster.stop(leader)
    let rest = names.filter { $0 != leader }
    _ = try cluster.leader(among: rest)
    #expect(try cluster.put("two are left", at: rest[0]).isApplied)
    #expect(throws: StartError.self) { try cluster.start(leader, of: names) }
    cluster.stopAll()
  }

  @Test func whoJoinsIsKnownByItsURLsWhateverItsName() throws {
    let cluster = TestCluster(machine, directory.path)
    try cluster.start("a", of: ["a"], sharedName: "default")
    _ = try cluster.leader(among: ["a"])
    let first = try cluster.node("a")
    let added = try cluster.member {
      first.addMember(peerURLs: [TestCluster.url("b")], isLearner: true, completion: $0)
    }
    let id = try #require(try added.get()).id
    try cluster.start("b", of: ["a", "b"], joins: true, sharedName: "default")
    #expect(try cluster.node("b").memberID == id)
    cluster.stopAll()
    #expect(cluster.failures.all == [])
  }

  @Test func leadershipIsHandedOver() throws {
    let cluster = try cluster()
    let first = try cluster.leader(among: Self.three)
    let node = try cluster.node(first)
    let target = try #require(Self.three.first { $0 != first })
    let targetID = try cluster.node(target).memberID
    let unknown: NodeError? = try cluster.run { done in node.moveLeader(to: 12345, completion: { done($0) }) }
    #expect(unknown == .badTransferee)
    let targetNode = try cluster.node(target)
    let elsewhere: NodeError? = try cluster.run { done in
      targetNode.moveLeader(to: targetID, completion: { done($0) })
    }
    #expect(elsewhere == .notLeader)
    // A write at the same time is not lost.
    let written = Cell<Result<Outcome, NodeError>>()
    let moved = Cell<NodeError?>()
    node.moveLeader(to: targetID) { moved.set($0) }
    node.put("meanwhile") { written.set($0) }
    // What the leader decided on as such is: the next one has given leases more time.
    let decided = Cell<Result<Outcome, NodeError>>()
    node.submit(.lease, LeaseCommand.expire([]).document, leaderTerm: node.status.term, isBounded: false) {
      decided.set($0)
    }
    machine.advance(milliseconds: 2000)
    #expect(moved.value == .some(nil))
    guard case .failure(.notLeader) = decided.value else {
      Issue.record("a decision of the former leader came to \(String(describing: decided.value))")
      return
    }
    #expect(written.value?.isApplied == true)
    #expect(try cluster.leader(among: Self.three) == target)
    cluster.stopAll()
    #expect(cluster.failures.all == [])
  }

  @Test func whoMissedTooMuchGetsASnapshot() throws {
    let cluster = try cluster { configuration in
      configuration.limits.logTailMemoryBytes = 2000
      configuration.limits.logTailBytes = 0
      configuration.limits.logSegmentBytes = 4096
      configuration.store.memtableChanges = 20
    }
    let leader = try cluster.leader(among: Self.three)
    let late = try #require(Self.three.first { $0 != leader })
    #expect(try cluster.put("before", at: late).isApplied)
    for round in 0..<3 {
      // It is away, or only cut off: then its store is exchanged while it runs.
      let isDown = round != 1
      if isDown { cluster.stop(late) } else { cluster.network.cut(try cluster.node(late).memberID, true) }
      for number in 0..<200 { #expect(try cluster.put("\(round)-\(number)", at: leader).isApplied) }
      if isDown {
        try cluster.start(late, of: Self.three)
      } else {
        cluster.network.cut(try cluster.node(late).memberID, false)
      }
      machine.advance(milliseconds: 20_000)
      #expect(try cluster.barrier(late) == nil)
      #expect(try cluster.count(late) == cluster.count(leader))
      #expect(try cluster.put("after \(round)", at: late).isApplied)
    }
    let revisions = try Self.three.map { try cluster.node($0).store.currentRevision }
    #expect(revisions == [605, 605, 605])
    cluster.stop(late)
    try cluster.start(late, of: Self.three)
    #expect(try cluster.barrier(late) == nil)
    #expect(try cluster.count(late) == 1 + 3 * 201)
    cluster.stopAll()
    #expect(cluster.failures.all == [])
  }

  @Test func entriesComeFromTheLogsFiles() throws {
    let cluster = try cluster { configuration in
      configuration.limits.logTailMemoryBytes = 2000
      configuration.limits.logSegmentBytes = 4096
      configuration.store.memtableChanges = 20
    }
    let leader = try cluster.leader(among: Self.three)
    let late = try #require(Self.three.first { $0 != leader })
    cluster.stop(late)
    for number in 0..<200 { #expect(try cluster.put("\(number)", at: leader).isApplied) }
    try cluster.start(late, of: Self.three)
    machine.advance(milliseconds: 20_000)
    #expect(try cluster.count(late) == 200)
    // None was sent: the folder for them is not even there.
    #expect((try? PosixFileSystem().list(directory.path + "/" + leader + "/snapshots")) == nil)
    cluster.stopAll()
    #expect(cluster.failures.all == [])
  }

  @Test func damageIsHealedByTheOthers() throws {
    let cluster = try cluster()
    let leader = try cluster.leader(among: Self.three)
    let hurt = try #require(Self.three.first { $0 != leader })
    for number in 0..<50 { #expect(try cluster.put("key-\(number)", at: leader).isApplied) }
    machine.advance(milliseconds: 2000)
    let path = directory.path + "/" + hurt
    // As after a crash: the log's tail is not in the checkpoint.
    try TestDirectory.copy(path, to: path + "-crashed")
    cluster.stop(hurt)
    TestDirectory.remove(path)
    try TestDirectory.copy(path + "-crashed", to: path)
    let segment = try #require(
      try PosixFileSystem().list(path + "/wal").filter { $0.hasSuffix(".wal") }.min())
    let file = try PosixFileSystem().open(path + "/wal/" + segment, .readWrite)
    var bytes = try TestDirectory.read(path + "/wal/" + segment)
    let place = try #require(bytes.indices.first { bytes[$0...].starts(with: Array("key-30".utf8)) })
    bytes[place] ^= 1
    try file.write(bytes.span.bytes.extracting(place..<(place + 1)), at: place)
    try cluster.start(hurt, of: Self.three)
    machine.advance(milliseconds: 10_000)
    #expect(try cluster.barrier(hurt) == nil)
    #expect(try cluster.count(hurt) == 50)
    // It votes again: without the third there is a leader.
    let gone = try cluster.leader(among: Self.three)
    if gone != hurt { cluster.stop(gone) }
    let rest = Self.three.filter { $0 != gone || gone == hurt }
    _ = try cluster.leader(among: rest)
    #expect(try cluster.put("after", at: hurt).isApplied)
    cluster.stopAll()
    #expect(cluster.failures.all == [])
  }

  @Test func oneGoesOnAloneWhenTheOthersAreLost() throws {
    let cluster = try cluster()
    let leader = try cluster.leader(among: Self.three)
    for number in 0..<10 { #expect(try cluster.put("\(number)", at: leader).isApplied) }
    let survivor = try #require(Self.three.first { $0 != leader })
    #expect(try cluster.barrier(survivor) == nil)
    let id = try cluster.node(survivor).memberID
    cluster.stopAll()
    cluster.change = { $0.forcesNewCluster = true }
    try cluster.start(survivor, of: Self.three)
    _ = try cluster.leader(among: [survivor])
    #expect(try cluster.put("alone", at: survivor).isApplied)
    #expect(try cluster.node(survivor).members.map(\.id) == [id])
    cluster.stop(survivor)
    // Without the flag it stays so, and it may grow again.
    cluster.change = { _ in }
    try cluster.start(survivor, of: Self.three)
    _ = try cluster.leader(among: [survivor])
    #expect(try cluster.count(survivor) == 11)
    let node = try cluster.node(survivor)
    let added = try cluster.member {
      node.addMember(peerURLs: [TestCluster.url("d")], isLearner: false, completion: $0)
    }
    #expect(added.isSuccess)
    try cluster.start("d", of: [survivor, "d"], joins: true)
    machine.advance(milliseconds: 5000)
    #expect(try cluster.put("two", at: "d").isApplied)
    cluster.stopAll()
    #expect(cluster.failures.all == [])
  }

  @Test func leasesAreKeptThroughAnyMember() throws {
    let cluster = try cluster()
    let leader = try cluster.leader(among: Self.three)
    let follower = try #require(Self.three.first { $0 != leader })
    let node = try cluster.node(follower)
    let granted: Result<Outcome, NodeError> = try cluster.run { done in
      node.grantLease(id: 7, seconds: 10, completion: done)
    }
    #expect(granted.isApplied)
    for _ in 0..<5 {
      machine.advance(milliseconds: 6000)
      let kept: Result<[Int64], NodeError> = try cluster.run { done in
        node.keepAlive([7, 8], completion: done)
      }
      #expect(try kept.get() == [10, 0])
    }
    // A new leader gives it all its time again.
    cluster.stop(leader)
    let rest = Self.three.filter { $0 != leader }
    let kept: Result<[Int64], NodeError> = try cluster.run { done in node.keepAlive([7], completion: done) }
    #expect(try kept.get() == [10])
    _ = try cluster.leader(among: rest)
    machine.advance(milliseconds: 8000)
    #expect(node.leaseIDs == [7])
    machine.advance(milliseconds: 6000)
    #expect(node.leaseIDs == [])
    cluster.stopAll()
    #expect(cluster.failures.all == [])
  }
}

extension Result where Failure == NodeError {
  fileprivate var failure: NodeError? {
    guard case .failure(let error) = self else { return nil }
    return error
  }

  fileprivate var isSuccess: Bool { failure == nil }
}
