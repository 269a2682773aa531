import Foundation
import Raft
import Testing

/// A small generator, so that a seed names a run.
struct TestRandom {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
  mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
}

/// Whole clusters under random delay, loss, duplication, reordering, cuts, slow disks and crashes in the middle of writes.
/// What must never happen is checked after every step. `RAFT_SEED=N` runs that seed alone; `RAFT_SEEDS=N` so many.
struct RandomClusterTests {
  private static let environment = ProcessInfo.processInfo.environment

  static let seeds: [UInt64] = {
    if let seed = environment["RAFT_SEED"].flatMap(UInt64.init) { return [seed] }
    return Array(1...(environment["RAFT_SEEDS"].flatMap(UInt64.init) ?? 50))
  }()

  @Test(arguments: seeds) func cluster(seed: UInt64) throws {
    var run = try RandomRun(seed: seed)
    for _ in 0..<600 where run.failure == nil { try run.step() }
    if run.failure == nil { try run.settle() }
    if let failure = run.failure { Issue.record("RAFT_SEED=\(seed): \(failure)") }
  }
}

/// One seed's run, and what is known to be true of it so far.
struct RandomRun {
  private var cluster = Cluster()
  private var random: TestRandom
  private let changesMembers: Bool
  private let isStormy: Bool
  /// How likely a tick is in a step, and the end of a write, in percent.
  private var clockSpeed: [Int] = []
  private var diskSpeed: [Int] = []
  private var proposals = 0
  private var contexts: UInt64 = 0
  private var steps = 0

  /// The first violation of an invariant.
  private(set) var failure: String?
  private var leaders: [Term: MemberID] = [:]
  /// Entries that some member knew to be committed, in order of index.
  private var committed: [Entry] = []
  /// How far each member's commit index was compared with `committed`.
  private var compared: [MemberID: LogIndex] = [:]
  private var issued: [UInt64: LogIndex] = [:]

  init(seed: UInt64) throws {
    random = TestRandom(seed: seed)
    changesMembers = random.chance(40)
    isStormy = random.chance(60)
    let count = [1, 2, 3, 3, 3, 5, 5][random.below(7)]
    let all = (1...MemberID(count)).map { $0 }
    let learners = count == 5 && random.chance(30) ? [5 as MemberID] : []
    let membership = Membership(voters: all.filter { !learners.contains($0) }, learners: learners)
    cluster.appliesAtOnce = random.chance(50)
    var configuration = Configuration(id: 1)
    configuration.electionTicks = 3 + random.below(8)
    configuration.preVote = random.chance(70)
    configuration.checkQuorum = random.chance(70)
    configuration.maximumInflightMessages = 1 + random.below(8)
    configuration.maximumInflightBytes = 40 + random.below(1_000)
    configuration.maximumMessageBytes = 40 + random.below(300)
    configuration.maximumPendingBytes = 100 + random.below(4_000)
    configuration.maximumApplyingBytes = 40 + random.below(500)
    configuration.maximumOutstandingWrites = 1 + random.below(5)
    configuration.maximumTailEntries = random.below(12)
    configuration.maximumReadRounds = 1 + random.below(3)
    // Members 6 and 7 start without a log and may be added.
    for id in all + (changesMembers ? [6, 7] : []) {
      configuration.id = id
      clockSpeed.append(20 + random.below(20))
      diskSpeed.append(20 + random.below(80))
      cluster.members.append(try TestMember(configuration, membership: membership, seed: random.next()))
    }
  }

  private mutating func fail(_ text: String) {
    if failure == nil { failure = "step \(steps): \(text)" }
  }

  // MARK: What happens

  /// A moment: clocks advance, disks and the network get something done, clients ask, and now and then something breaks.
  mutating func step() throws {
    steps += 1
    for position in cluster.members.indices {
      if random.chance(clockSpeed[position]) { cluster.members[position].raft?.tick() }
      if random.chance(diskSpeed[position]) { persist(position, count: random.chance(50) ? 1 : .max) }
      if random.chance(50) { cluster.reportApplied(position) }
      if random.chance(3) { checkpoint(position) }
      if random.chance(20) { handleSnapshots(position) }
      let isLeader = cluster.members[position].raft?.status.role == .leader
      if isLeader && random.chance(40) { propose(position) }
      if random.chance(isLeader ? 25 : 3) { read(position) }
      if cluster.members[position].raft == nil && random.chance(15) { try restart(position) }
      finish(cluster.members[position].configuration.id)
    }
    try deliverSome()
    if random.chance(isStormy ? 12 : 3) { breakSomething() }
    if !cluster.cut.isEmpty && random.chance(2) { cluster.cut = [] }
    if changesMembers && random.chance(10) {
      for position in cluster.members.indices { change(position) }
    }
    for member in cluster.members { finish(member.configuration.id) }
    if steps % 10 == 0 { checkLogs() }
  }

  private mutating func breakSomething() {
    let position = random.below(cluster.members.count)
    switch random.below(10) {
    case ..<3: crash(position)
    case ..<6: cutLinks()
    case ..<8: cluster.members[position].raft?.campaign()
    case 8: diskSpeed[position] = random.chance(30) ? 2 : 20 + random.below(80)
    default:
      let target = cluster.members[position].configuration.id
      for leader in cluster.members.indices {
        try? cluster.members[leader].raft?.transferLeadership(to: target)
      }
    }
  }

  /// Carries out what the members want, and checks what became visible.
  private mutating func finish(_ id: MemberID) {
    cluster.process(id)
    check(id)
  }

  /// Messages arrive at once, later than others that were sent after them, twice, or never.
  private mutating func deliverSome() throws {
    let batch = cluster.network
    cluster.network = []
    for message in batch {
      let luck = random.below(100)
      if luck < 3 { continue }
      if luck < 40 || luck >= 98 { cluster.network.append(message) }
      if luck < 40 { continue }
      do throws(RaftError) { _ = try cluster.deliver(message) } catch {
        fail("member \(message.to) refused \(Trace.message(message)): \(error)")
      }
      finish(message.to)
    }
  }

  private mutating func persist(_ position: Int, count: Int) {
    cluster.persist(cluster.members[position].configuration.id, count: count)
  }

  private mutating func propose(_ position: Int) {
    var batch: [[UInt8]] = []
    for _ in 0...random.below(4) {
      proposals += 1
      batch.append(Array("p\(proposals)".utf8))
    }
    _ = try? cluster.members[position].raft?.propose(batch)
  }

  private mutating func read(_ position: Int) {
    contexts += 1
    issued[contexts] = LogIndex(committed.count)
    try? cluster.members[position].raft?.readIndex(context: contexts)
  }

  private mutating func checkpoint(_ position: Int) {
    // Nothing is in the checkpoint that was not applied; applied entries are durable here.
    guard cluster.members[position].raft != nil else { return }
    cluster.members[position].takeCheckpoint()
    guard random.chance(50) else { return }
    let covered = cluster.members[position].checkpoint
    let membership = cluster.members[position].checkpointMembership
    cluster.members[position].disk.discard(through: covered, membership: membership)
    let first = cluster.members[position].disk.snapshot.index + 1
    cluster.members[position].raft?.storageDiscarded(below: first)
  }

  private mutating func handleSnapshots(_ position: Int) {
    cluster.sendSnapshots(cluster.members[position].configuration.id)
    for sent in cluster.members[position].snapshotsSent {
      cluster.members[position].raft?.snapshotFinished(
        for: sent.member, index: random.chance(50) ? sent.index : nil)
    }
    cluster.members[position].snapshotsSent = []
  }

  private mutating func crash(_ position: Int) {
    guard cluster.members[position].raft != nil else { return }
    cluster.members[position].crash(writes: random.below(3), parts: random.below(4))
    compared[cluster.members[position].configuration.id] = 0
  }

  private mutating func restart(_ position: Int) throws {
    do { try cluster.members[position].start() } catch {
      fail("member \(cluster.members[position].configuration.id) cannot restart: \(error)")
    }
  }

  private mutating func cutLinks() {
    // One member, mostly a leader, is cut off, or links fail here and there in one direction.
    let leaders = cluster.members.filter { $0.raft?.status.role == .leader }.map(\.configuration.id)
    let alone = leaders.isEmpty ? 1 : leaders[random.below(leaders.count)]
    let isOne = random.chance(60)
    for from in cluster.members.map(\.configuration.id) {
      for to in cluster.members.map(\.configuration.id)
      where isOne ? (from == alone) != (to == alone) : random.chance(20) {
        cluster.cut.insert(.init(from: from, to: to))
      }
    }
  }

  private mutating func change(_ position: Int) {
    var steps: [MembershipChange.Step] = []
    for _ in 0...random.below(3) {
      let member = MemberID(1 + random.below(7))
      guard cluster.position(member) != nil else { continue }
      switch random.below(3) {
      case 0: steps.append(.addVoter(member))
      case 1: steps.append(.addLearner(member))
      default: steps.append(.remove(member))
      }
    }
    if random.chance(30) { steps = [] }
    _ = try? cluster.members[position].raft?.propose(
      MembershipChange(steps: steps, staysJoint: random.chance(20)))
  }

  // MARK: What must be true

  private mutating func check(_ id: MemberID) {
    guard failure == nil, let position = cluster.position(id), let raft = cluster.members[position].raft
    else {
      return
    }
    let status = raft.status
    if status.role == .leader {
      if let other = leaders[status.term], other != id {
        fail("members \(other) and \(id) both lead term \(status.term)")
      } else if leaders.updateValue(id, forKey: status.term) == nil {
        checkCompleteness(raft, status)
      }
    }
    checkCommitted(id, raft, status)
    for state in cluster.members[position].readStates {
      if state.index < issued[state.context] ?? 0 {
        fail("member \(id) reads at \(state.index) what was committed through \(issued[state.context] ?? 0)")
      }
    }
    cluster.members[position].readStates = []
  }

  /// A new leader has every committed entry.
  private mutating func checkCompleteness(_ raft: Raft, _ status: Status) {
    guard status.lastIndex >= LogIndex(committed.count) else {
      return fail(
        "member \(status.id) leads term \(status.term) with \(status.lastIndex) entries, \(committed.count) are committed"
      )
    }
    for entry in raft.entriesInMemory(from: 1) where entry.index <= LogIndex(committed.count) {
      if committed[Int(entry.index) - 1] != entry {
        return fail("member \(status.id) leads term \(status.term) without committed entry \(entry.index)")
      }
    }
  }

  /// Nobody's committed entries differ, and what is new is durable on a majority.
  private mutating func checkCommitted(_ id: MemberID, _ raft: Raft, _ status: Status) {
    guard let position = cluster.position(id) else { return }
    let member = cluster.members[position]
    var index = compared[id] ?? 0
    guard status.committed > index else { return }
    let inMemory = raft.entriesInMemory(from: 1)
    while index < status.committed {
      index += 1
      var entry: Entry?
      if index >= status.firstIndexInMemory {
        entry = inMemory[Int(index - status.firstIndexInMemory)]
      } else if index > member.base, index <= member.appliedIndex {
        entry = member.applied[Int(index - member.base) - 1]
      }
      if let entry, index == LogIndex(committed.count) + 1 {
        committed.append(entry)
        checkDurability(entry, raft.membership)
      } else if index > LogIndex(committed.count) {
        return fail("member \(id) says that \(index) is committed, and nobody has it")
      } else if let entry, committed[Int(index) - 1] != entry {
        return fail(
          "member \(id) holds \(Trace.entry(entry)) as committed, others \(Trace.entry(committed[Int(index) - 1]))"
        )
      }
    }
    compared[id] = status.committed
  }

  private mutating func checkDurability(_ entry: Entry, _ membership: Membership) {
    guard !changesMembers else { return }
    let holders = membership.voters.filter { voter in
      guard let member = cluster.members.first(where: { $0.configuration.id == voter }) else { return false }
      return member.disk.snapshot.index >= entry.index || member.disk.entry(at: entry.index) == entry
    }
    if holders.count <= membership.voters.count / 2 {
      fail("entry \(entry.index) is committed, but durable only on \(holders)")
    }
  }

  /// Log matching, and equal state machines.
  private mutating func checkLogs() {
    guard failure == nil else { return }
    let logs = cluster.members.compactMap { member in member.raft?.entriesInMemory(from: 1) }
    for (number, log) in logs.enumerated() {
      for other in logs[(number + 1)...] { checkMatching(log, other) }
    }
    for member in cluster.members {
      for entry in member.applied where committed[Int(entry.index) - 1] != entry {
        return fail("member \(member.configuration.id) applied \(Trace.entry(entry))")
      }
    }
  }

  private mutating func checkMatching(_ one: [Entry], _ other: [Entry]) {
    guard let firstOne = one.first?.index, let firstOther = other.first?.index else { return }
    var index = min(one[one.count - 1].index, other[other.count - 1].index)
    let first = max(firstOne, firstOther)
    var matched = false
    while index >= first {
      let left = one[Int(index - firstOne)]
      let right = other[Int(index - firstOther)]
      if left.term == right.term { matched = true }
      if matched && left != right { return fail("logs match at \(index + 1) and differ at \(index)") }
      index -= 1
    }
  }

  // MARK: What must become true

  /// With everything repaired, a leader is found and brings a new entry to all members of the cluster.
  mutating func settle() throws {
    cluster.cut = []
    cluster.appliesAtOnce = true
    for position in cluster.members.indices where cluster.members[position].raft == nil {
      try restart(position)
    }
    let goal = Array("the end".utf8)
    var proposedIn: Term = 0
    for _ in 0..<600 {
      guard failure == nil else { return }
      for position in cluster.members.indices {
        cluster.members[position].raft?.tick()
        cluster.reportApplied(position)
        persist(position, count: .max)
        checkpoint(position)
        handleSnapshots(position)
        if let status = cluster.members[position].raft?.status, status.role == .leader,
          status.term != proposedIn,
          (try? cluster.members[position].raft?.propose([goal])) != nil
        {
          proposedIn = status.term
        }
        finish(cluster.members[position].configuration.id)
      }
      for _ in 0..<cluster.network.count {
        let message = cluster.network.removeFirst()
        do throws(RaftError) { _ = try cluster.deliver(message) } catch {
          return fail("member \(message.to) refused \(Trace.message(message)): \(error)")
        }
        finish(message.to)
      }
      if isSettled(goal) { return }
    }
    let state = cluster.members.compactMap { $0.raft }.map {
      "\($0.status)\(Trace.membership($0.membership))"
    }
    .joined(separator: "\n")
    fail("no entry reaches all members\n\(state)")
  }

  private func isSettled(_ goal: [UInt8]) -> Bool {
    guard let place = committed.lastIndex(where: { $0.data == goal }),
      let leader = cluster.members.first(where: { $0.raft?.status.role == .leader })?.raft,
      !leader.membership.isJoint || !leader.membership.leavesAutomatically
    else { return false }
    return leader.membership.members.allSatisfy { id in
      cluster.members.contains { $0.configuration.id == id && $0.appliedIndex > place }
    }
  }
}
