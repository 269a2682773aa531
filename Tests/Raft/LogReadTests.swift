import Raft
import Testing

/// Entries that storage reads back for members that lag, while everything else goes on.
struct LogReadTests {
  /// What is read back for a member may arrive when the member's late answers show that it has more already: the next
  /// entries are asked for then, or it would wait for them for ever.
  @Test func aReadThatIsOvertakenIsReplaced() throws {
    let restored = RestoredState(
      membership: Membership(voters: [1, 2]), hardState: HardState(term: 1, vote: 1, commit: 10),
      precedingIndex: 10, precedingTerm: 1, applied: 10, firstStoredIndex: 1)
    var configuration = Configuration(id: 1)
    configuration.preVote = false
    var raft = try Raft(configuration, restored: restored, seed: 1)

    var sent: [Message] = []
    func settle() -> [LogRead] {
      var reads: [LogRead] = []
      while let ready = raft.takeReady() {
        sent += ready.messages
        reads += ready.logReads
        if let write = ready.write { raft.persisted(through: write.number) }
      }
      return reads
    }
    func answer(_ body: Message.Body) throws -> [LogRead] {
      try raft.step(Message(from: 2, to: 1, term: 2, body: body))
      return settle()
    }
    raft.campaign()
    _ = settle()
    _ = try answer(.voteResponse(granted: true, commit: 10, commitTerm: 1))
    #expect(raft.status.role == .leader)

    let first = try answer(.appendRejected(previousIndex: 10, hintIndex: 2, hintTerm: 1))
    #expect(first.map(\.from) == [3])
    let second = try answer(.appendResponse(index: 5))
    #expect(second.map(\.from) == [6])
    let third = try answer(.appendResponse(index: 8))
    #expect(third.map(\.from) == [9])

    sent = []
    for index in [3, 6, 9] as [LogIndex] {
      raft.supply([Entry(term: 1, index: index, data: [1])], previousTerm: 1, for: 2)
      _ = settle()
    }
    let previous = sent.compactMap { message -> LogIndex? in
      guard case .append(let previousIndex, _, _, let entries) = message.body, !entries.isEmpty else {
        return nil
      }
      return previousIndex
    }
    #expect(previous.first == 8)
  }
}
