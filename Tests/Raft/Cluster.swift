import Raft

/// What a member's disk holds. Writes reach it in order; a crash loses those that did not.
struct Disk {
  var hardState = HardState()
  /// The entry before the log, and the members as of it.
  var snapshot: Snapshot
  var entries: [Entry] = []
  var pending: [StorageWrite] = []
  /// Damage took entries from its end.
  var lacksEntries = false

  init(membership: Membership) { snapshot = Snapshot(index: 0, term: 0, membership: membership) }

  var lastIndex: LogIndex { snapshot.index + LogIndex(entries.count) }

  func entry(at index: LogIndex) -> Entry? {
    guard index > snapshot.index, index <= lastIndex else { return nil }
    return entries[Int(index - snapshot.index) - 1]
  }

  func term(at index: LogIndex) -> Term? {
    index == snapshot.index ? snapshot.term : entry(at: index)?.term
  }

  mutating func perform(_ write: StorageWrite) { _ = perform(write, parts: .max) }

  /// Only the first `parts` of a write, as a crash in its middle would leave it; whether its snapshot was among them.
  mutating func perform(_ write: StorageWrite, parts: Int) -> Bool {
    var left = parts
    if let state = write.hardState {
      guard left > 0 else { return false }
      left -= 1
      hardState = state
    }
    if let installed = write.snapshot {
      guard left > 0 else { return false }
      left -= 1
      snapshot = installed
      entries = []
    }
    for entry in write.entries {
      guard left > 0 else { break }
      left -= 1
      precondition(entry.index > snapshot.index && entry.index <= lastIndex + 1, "a gap in the log on disk")
      entries.removeSubrange(Int(entry.index - snapshot.index - 1)...)
      entries.append(entry)
    }
    return write.snapshot != nil
  }

  /// Drops entries that a checkpoint at `index` covers.
  mutating func discard(through index: LogIndex, membership: Membership) {
    guard index > snapshot.index, let term = term(at: index) else { return }
    entries.removeFirst(Int(index - snapshot.index))
    snapshot = Snapshot(index: index, term: term, membership: membership)
  }
}

/// A member with its disk and its state machine, which is the list of what it applied.
struct TestMember {
  let configuration: Configuration
  let seed: UInt64
  var raft: Raft?
  var disk: Disk
  /// Entries applied after `base`, and the members as of the last of them.
  var base: LogIndex = 0
  var applied: [Entry] = []
  var membership: Membership
  /// Where the state machine restarts after a crash.
  var checkpoint: LogIndex
  var checkpointMembership: Membership
  var checkpointEntries: [Entry] = []
  var holdsDisk = false
  var readStates: [ReadState] = []
  var abandonedReads: [UInt64] = []
  /// Work for `applied(through:)` that was not reported yet.
  var unreported: LogIndex = 0
  var snapshotsNeeded: [MemberID] = []
  /// Sent, and the end not reported.
  var snapshotsSent: [(member: MemberID, index: LogIndex)] = []

  var appliedIndex: LogIndex { base + LogIndex(applied.count) }

  init(_ configuration: Configuration, membership: Membership, seed: UInt64) throws {
    self.configuration = configuration
    self.seed = seed
    self.membership = membership
    disk = Disk(membership: membership)
    checkpoint = 0
    checkpointMembership = membership
    try start()
  }

  mutating func start() throws {
    var restored = RestoredState(
      membership: checkpointMembership, hardState: disk.hardState, precedingIndex: disk.snapshot.index,
      precedingTerm: disk.snapshot.term, entries: disk.entries, applied: checkpoint)
    restored.lacksEntries = disk.lacksEntries
    raft = try Raft(configuration, restored: restored, seed: seed)
  }

  /// Damage takes the entries from `index` on; they must be behind the checkpoint. While the member is down.
  mutating func damage(from index: LogIndex) {
    guard index > max(checkpoint, disk.snapshot.index), index <= disk.lastIndex else { return }
    disk.entries.removeSubrange(Int(index - disk.snapshot.index - 1)...)
    disk.hardState.commit = min(disk.hardState.commit, index - 1)
    disk.lacksEntries = true
  }

  /// The state machine's state is saved as it is now.
  mutating func takeCheckpoint() {
    checkpoint = appliedIndex
    checkpointMembership = membership
    checkpointEntries = applied
  }

  mutating func apply(_ entry: Entry) {
    precondition(entry.index == appliedIndex + 1, "applied out of order")
    applied.append(entry)
    if entry.kind == .configuration, let change = MembershipChange(decoding: entry.data) {
      membership = membership.applying(change) ?? membership
    }
  }

  /// Loses what was not durable: of the pending writes the first `writes` survive, and some parts of the next.
  mutating func crash(writes: Int = 0, parts: Int = 0) {
    raft = nil
    for (number, write) in disk.pending.prefix(writes < .max ? writes + 1 : .max).enumerated() {
      if disk.perform(write, parts: number < writes ? .max : parts) { install(write) }
    }
    disk.pending = []
    applied = checkpointEntries
    membership = checkpointMembership
    readStates = []
    unreported = 0
    snapshotsNeeded = []
    snapshotsSent = []
  }

  /// A snapshot's write replaces the state machine too; its content is the leader's, known by its index here.
  mutating func install(_ write: StorageWrite) {
    guard let snapshot = write.snapshot else { return }
    base = snapshot.index
    applied = []
    membership = snapshot.membership
    takeCheckpoint()
  }
}

/// Members, and a network that keeps every message until it is told what to do with it.
struct Cluster {
  struct Link: Hashable {
    var from: MemberID
    var to: MemberID
  }

  var members: [TestMember] = []
  var network: [Message] = []
  var cut: Set<Link> = []
  /// Called with every `Ready` before it is carried out.
  var observe: (MemberID, Ready) -> Void = { _, _ in }
  /// Applied entries are reported to the core at once.
  var appliesAtOnce = true

  func position(_ id: MemberID) -> Int? { members.firstIndex { $0.configuration.id == id } }

  /// Carries out all a member wants done, but for its writes, which stay pending.
  mutating func process(_ id: MemberID) {
    guard let position = position(id) else { return }
    while let ready = members[position].raft?.takeReady() {
      observe(id, ready)
      if let write = ready.write {
        members[position].disk.pending.append(write)
      }
      network += ready.messages
      for entry in ready.committed { members[position].apply(entry) }
      if let last = ready.committed.last {
        members[position].unreported = last.index
        if appliesAtOnce { reportApplied(position) }
      }
      if ready.isRecovered { members[position].disk.lacksEntries = false }
      members[position].readStates += ready.readStates
      members[position].abandonedReads += ready.abandonedReads
      for request in ready.logReads { answer(request, position) }
      members[position].snapshotsNeeded += ready.snapshotsNeeded
    }
  }

  mutating func reportApplied(_ position: Int) {
    let index = members[position].unreported
    guard index > 0 else { return }
    members[position].unreported = 0
    members[position].raft?.applied(through: index)
  }

  private mutating func answer(_ request: LogRead, _ position: Int) {
    let disk = members[position].disk
    guard let previousTerm = disk.term(at: request.from - 1), request.through <= disk.lastIndex else {
      members[position].raft?.refuse(request.member)
      return
    }
    var entries: [Entry] = []
    var bytes = 0
    var index = request.from
    while index <= request.through, let entry = disk.entry(at: index),
      entries.isEmpty || bytes + entry.size <= request.maximumBytes
    {
      entries.append(entry)
      bytes += entry.size
      index += 1
    }
    members[position].raft?.supply(entries, previousTerm: previousTerm, for: request.member)
  }

  /// Makes up to `count` pending writes of a member durable; the core is told of all at once.
  mutating func persist(_ id: MemberID, count: Int = .max) {
    guard let position = position(id) else { return }
    let amount = min(count, members[position].disk.pending.count)
    guard amount > 0 else { return }
    let writes = members[position].disk.pending.prefix(amount)
    members[position].disk.pending.removeFirst(amount)
    for write in writes {
      members[position].disk.perform(write)
      members[position].install(write)
    }
    if let last = writes.last { members[position].raft?.persisted(through: last.number) }
  }

  /// Hands a message to its member; false when the link is cut or the member is down.
  mutating func deliver(_ message: Message) throws(RaftError) -> Bool {
    guard !cut.contains(Link(from: message.from, to: message.to)), let position = position(message.to),
      members[position].raft != nil
    else { return false }
    try members[position].raft?.step(message)
    return true
  }

  /// Sends the leader's checkpoint to the members it named; they take it at once.
  mutating func sendSnapshots(_ id: MemberID) {
    guard let position = position(id), let status = members[position].raft?.status else { return }
    let targets = members[position].snapshotsNeeded
    members[position].snapshotsNeeded = []
    guard status.role == .leader else { return }
    let source = members[position]
    for target in targets {
      guard let term = source.disk.term(at: source.checkpoint) else {
        members[position].raft?.snapshotFinished(for: target, index: nil)
        continue
      }
      let snapshot = Snapshot(index: source.checkpoint, term: term, membership: source.checkpointMembership)
      network.append(Message(from: id, to: target, term: status.term, body: .snapshot(snapshot)))
      members[position].snapshotsSent.append((target, snapshot.index))
    }
  }
}
