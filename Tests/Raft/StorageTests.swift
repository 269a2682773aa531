import Raft
import Testing

extension Raft {
  struct NothingReady: Error {}

  /// The next `Ready`, which must be there.
  fileprivate mutating func ready() throws -> Ready {
    guard let ready = takeReady() else { throw NothingReady() }
    return ready
  }

  /// The next `Ready`'s write, which must be there.
  fileprivate mutating func write() throws -> StorageWrite {
    guard let write = try ready().write else { throw NothingReady() }
    return write
  }

  fileprivate mutating func isIdle() -> Bool { takeReady() == nil }
}

/// What the core believes about storage, at the edges that scripts cannot reach.
struct StorageTests {
  private func follower(_ adjust: (inout Configuration) -> Void = { _ in }) throws -> Raft {
    var configuration = Configuration(id: 1)
    configuration.preVote = false
    configuration.checkQuorum = false
    adjust(&configuration)
    return try Raft(
      configuration, restored: RestoredState(membership: Membership(voters: [1, 2, 3])), seed: 1)
  }

  private func append(
    from: MemberID, term: Term, after: (term: Term, index: LogIndex), commit: LogIndex = 0, _ terms: Term...
  ) -> Message {
    let entries = terms.enumerated().map { offset, entryTerm in
      Entry(term: entryTerm, index: after.index + 1 + LogIndex(offset), data: [UInt8(entryTerm)])
    }
    return Message(
      from: from, to: 1, term: term,
      body: .append(previousIndex: after.index, previousTerm: after.term, commit: commit, entries: entries))
  }

  @Test func aWriteDoesNotVouchForEntriesThatCameBackAfterItsOwnWereReplaced() throws {
    var raft = try follower()
    try raft.step(append(from: 2, term: 2, after: (0, 0), 2))
    let first = try raft.write()
    try raft.step(append(from: 3, term: 3, after: (0, 0), 3))
    let second = try raft.write()
    try raft.step(append(from: 2, term: 4, after: (0, 0), 2))
    let third = try raft.write()
    #expect([first, second, third].map { $0.entries.map(\.term) } == [[2], [3], [2]])

    raft.persisted(through: first.number)
    #expect(raft.status.stable == 0)
    let isIdle = raft.isIdle()
    #expect(isIdle, "the second write would still take the entry away")
    raft.persisted(through: second.number)
    #expect(raft.status.stable == 0)
    raft.persisted(through: third.number)
    #expect(raft.status.stable == 1)
    let messages = try raft.ready().messages
    #expect(messages == [Message(from: 1, to: 2, term: 4, body: .appendResponse(index: 1))])
  }

  @Test func nothingIsCommittedBeyondWhatAMessageShowedToBeEqual() throws {
    var raft = try follower()
    try raft.step(append(from: 2, term: 1, after: (0, 0), 1, 1, 1))
    // The leader of term 2 has another entry 3, which this message does not bring yet.
    try raft.step(append(from: 3, term: 2, after: (1, 1), commit: 3, 1))
    #expect(raft.status.committed == 2)
    #expect(raft.status.lastIndex == 3)
  }

  @Test func acknowledgementsOfOneWriteAreOne() throws {
    var raft = try follower()
    try raft.step(append(from: 2, term: 1, after: (0, 0), 1))
    try raft.step(append(from: 2, term: 1, after: (1, 1), 1))
    try raft.step(append(from: 2, term: 1, after: (0, 0), 1))
    let write = try raft.write()
    raft.persisted(through: write.number)
    let messages = try raft.ready().messages
    #expect(messages.map(\.body) == [.appendResponse(index: 2)])
  }

  @Test func aVoteIsNotSentBeforeItIsDurable() throws {
    var raft = try follower()
    try raft.step(
      Message(
        from: 2, to: 1, term: 5, body: .requestVote(lastIndex: 0, lastTerm: 0, isTransfer: false)))
    let ready = try raft.ready()
    #expect(ready.messages.isEmpty)
    #expect(ready.write?.hardState == HardState(term: 5, vote: 2, commit: 0))
    let write = try #require(ready.write)
    raft.persisted(through: write.number)
    let sent = try raft.ready().messages.map(\.body)
    #expect(sent == [.voteResponse(granted: true, commit: 0, commitTerm: 0)])
  }

  @Test func aWriteEndsAtAConfigurationEntryAndTheNextKnowsThatItIsCommitted() throws {
    var raft = try follower()
    let change = MembershipChange(steps: [.addLearner(4)]).encoded
    let entries = [
      Entry(term: 1, index: 1), Entry(term: 1, index: 2, kind: .configuration, data: change),
      Entry(term: 1, index: 3, data: [1]), Entry(term: 1, index: 4, kind: .configuration, data: change),
      Entry(term: 1, index: 5, data: [2]),
    ]
    try raft.step(
      Message(
        from: 2, to: 1, term: 1,
        body: .append(previousIndex: 0, previousTerm: 0, commit: 4, entries: entries)))
    var writes: [StorageWrite] = []
    while let ready = raft.takeReady() { writes += ready.write.map { [$0] } ?? [] }
    #expect(writes.map { $0.entries.map(\.index) } == [[1, 2], [3, 4], [5]])
    #expect(writes.map { $0.hardState?.commit } == [0, 2, 4])
    raft.persisted(through: writes[1].number)
    let early = try raft.ready().messages
    #expect(early.isEmpty, "entry 5 is acknowledged with the others")
    raft.persisted(through: writes[2].number)
    let sent = try raft.ready().messages.map(\.body)
    #expect(sent == [.appendResponse(index: 5)])
  }

  @Test func committedEntriesWaitForTheirOwnDiskAndForTheBoundOnApplying() throws {
    var raft = try follower { $0.maximumApplyingBytes = 40 }
    try raft.step(append(from: 2, term: 1, after: (0, 0), commit: 3, 1, 1, 1))
    let ready = try raft.ready()
    #expect(ready.committed.isEmpty)
    let write = try #require(ready.write)
    raft.persisted(through: write.number)
    let applying = [try raft.ready(), try raft.ready()].map { $0.committed.map(\.index) }
    #expect(applying == [[1], [2]], "33 of 40 bytes are used by one, so that another comes")
    let isIdle = raft.isIdle()
    #expect(isIdle)
    raft.applied(through: 2)
    let last = try raft.ready().committed.map(\.index)
    #expect(last == [3])
  }

  @Test func aFollowerThatIsFarBehindInApplyingTakesNoMore() throws {
    var raft = try follower { $0.maximumPendingBytes = 50 }
    try raft.step(append(from: 2, term: 1, after: (0, 0), commit: 2, 1, 1))
    while let ready = raft.takeReady() {
      if let write = ready.write { raft.persisted(through: write.number) }
    }
    try raft.step(append(from: 2, term: 1, after: (1, 2), commit: 2, 1))
    #expect(raft.status.lastIndex == 2)
    raft.applied(through: 2)
    try raft.step(append(from: 2, term: 1, after: (1, 2), commit: 2, 1))
    #expect(raft.status.lastIndex == 3)
  }

  @Test(arguments: [
    RestoredState(membership: Membership(voters: [1]), hardState: HardState(term: 1, vote: 1, commit: 1)),
    RestoredState(membership: Membership(voters: [1]), applied: 1),
    RestoredState(
      membership: Membership(voters: [1]), hardState: HardState(term: 1), entries: [Entry(term: 2, index: 1)]),
    RestoredState(
      membership: Membership(voters: [1]), hardState: HardState(term: 1), entries: [Entry(term: 1, index: 2)]),
    RestoredState(
      membership: Membership(voters: [1]), hardState: HardState(term: 2),
      entries: [Entry(term: 2, index: 1), Entry(term: 1, index: 2)]),
    RestoredState(
      membership: Membership(voters: [1]), hardState: HardState(term: 1), precedingIndex: 5, precedingTerm: 1),
  ])
  func aStateThatCannotBeIsRefused(_ state: RestoredState) {
    #expect { try Raft(Configuration(id: 1), restored: state, seed: 1) } throws: { error in
      guard case .invalidRestoredState? = error as? RaftError else { return false }
      return true
    }
  }

  @Test func aTailWithinItsBoundsStaysInMemory() throws {
    var configuration = Configuration(id: 1)
    configuration.maximumTailEntries = 10
    configuration.maximumTailBytes = 200
    var raft = try Raft(configuration, restored: RestoredState(membership: Membership(voters: [1])), seed: 1)
    func drain() {
      while let ready = raft.takeReady() {
        if let last = ready.committed.last { raft.applied(through: last.index) }
        if let write = ready.write { raft.persisted(through: write.number) }
      }
    }
    drain()
    for round in 0..<200 {
      _ = try raft.propose((0...(round % 7)).map { _ in [1] })
      drain()
    }
    #expect(raft.status.lastIndex - raft.status.firstIndexInMemory + 1 == 6, "33 bytes each")
    #expect(raft.status.applied == raft.status.lastIndex)
  }
}
