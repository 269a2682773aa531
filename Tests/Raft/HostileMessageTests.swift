import Raft
import Testing

/// Peers are not trusted to keep to the protocol: whatever they say, a member refuses it or lives with it.
struct HostileMessageTests {
  @Test(arguments: 1...40 as ClosedRange<UInt64>) func noMessageStopsAMember(seed: UInt64) throws {
    var random = TestRandom(seed: seed)
    var configuration = Configuration(id: 1)
    configuration.maximumTailEntries = random.below(4)
    configuration.maximumPendingReads = 20
    configuration.preVote = random.chance(50)
    configuration.checkQuorum = random.chance(50)
    var member = try TestMember(configuration, membership: Membership(voters: [1, 2, 3]), seed: seed)
    var refused = 0
    for _ in 0..<3_000 {
      var raft = try #require(member.raft)
      let status = raft.status
      do throws(RaftError) {
        switch random.below(12) {
        case 0: raft.tick()
        case 1: raft.campaign()
        case 2: _ = try? raft.propose([[1]])
        case 3: _ = try? raft.propose(MembershipChange(steps: [.addLearner(MemberID(random.below(5)))]))
        case 4: try? raft.readIndex(context: random.next())
        case 5 where status.role == .candidate || status.role == .preCandidate:
          // Let it lead now and then.
          let isPre = status.role == .preCandidate
          try raft.step(
            Message(
              from: 2, to: 1, term: status.term + (isPre ? 1 : 0),
              body: isPre
                ? .preVoteResponse(granted: true, commit: 0, commitTerm: 0)
                : .voteResponse(granted: true, commit: 0, commitTerm: 0)))
        default: try raft.step(Self.message(&random, near: status))
        }
      } catch { refused += 1 }
      while let ready = raft.takeReady() {
        if let write = ready.write {
          member.disk.perform(write)
          raft.persisted(through: write.number)
        }
        if let last = ready.committed.last { raft.applied(through: last.index) }
        for read in ready.logReads {
          switch random.below(3) {
          case 0: raft.refuse(read.member)
          case 1: raft.supply([Entry(term: 1, index: read.from)], previousTerm: 1, for: read.member)
          default: break
          }
        }
        for member in ready.snapshotsNeeded {
          raft.snapshotFinished(for: member, index: random.chance(50) ? LogIndex(random.below(50)) : nil)
        }
      }
      member.raft = raft
    }
    #expect(refused > 0)
  }

  private static func message(_ random: inout TestRandom, near status: Status) -> Message {
    func number(_ value: UInt64) -> UInt64 {
      switch random.below(20) {
      case 0: .max - UInt64(random.below(3))
      case 1: 1 << 62
      case 2: 0
      case 3...12: value
      default: value &+ UInt64(random.below(6)) &- 3
      }
    }
    let index = number(status.lastIndex)
    let other = number(status.committed)
    // Terms mostly stay, so that the member does not end up in a term that no message reaches.
    let term = random.chance(97) ? status.term : number(status.term)
    let membership = Membership(
      voters: random.chance(10) ? [] : [1, 2, 3], learners: random.chance(10) ? [0] : [])
    let body: Message.Body
    switch random.below(14) {
    case 0: body = .preVote(lastIndex: index, lastTerm: number(term))
    case 1: body = .preVoteResponse(granted: random.chance(50), commit: index, commitTerm: number(term))
    case 2: body = .requestVote(lastIndex: index, lastTerm: number(term), isTransfer: random.chance(50))
    case 3: body = .voteResponse(granted: random.chance(50), commit: other, commitTerm: number(term))
    case 4, 5:
      var entries: [Entry] = []
      for place in 0..<random.below(4) {
        entries.append(
          Entry(
            term: random.chance(90) ? term : number(term),
            index: random.chance(90) ? index &+ UInt64(place) &+ 1 : number(index),
            kind: random.chance(20) ? .configuration : .normal, data: [UInt8(random.below(256))]))
      }
      body = .append(previousIndex: index, previousTerm: number(term), commit: other, entries: entries)
    case 6: body = .appendResponse(index: index)
    case 7: body = .appendRejected(previousIndex: index, hintIndex: other, hintTerm: number(term))
    case 8: body = .heartbeat(commit: other, round: number(2))
    case 14: body = .entriesLost(lastIndex: number(3))
    case 9: body = .heartbeatResponse(round: number(2))
    case 10: body = .readIndex(context: random.next())
    case 11: body = .readIndexResponse(context: random.next(), index: index)
    case 12: body = .snapshot(Snapshot(index: index, term: number(term), membership: membership))
    default: body = .timeoutNow
    }
    return Message(
      from: random.chance(95) ? MemberID(2 + random.below(2)) : MemberID(random.below(9)),
      to: random.chance(97) ? 1 : 2, term: term, body: body)
  }

  @Test func messagesForOthersAndFromNobodyAreRefused() throws {
    var raft = try Raft(
      Configuration(id: 1), restored: RestoredState(membership: Membership(voters: [1, 2])), seed: 1)
    #expect(throws: RaftError.wrongRecipient) {
      try raft.step(Message(from: 2, to: 3, term: 1, body: .timeoutNow))
    }
    for (from, term) in [(0, 1), (1, 1), (2, 0), (2, 1 << 62)] as [(MemberID, Term)] {
      #expect(throws: RaftError.malformedMessage) {
        try raft.step(Message(from: from, to: 1, term: term, body: .timeoutNow))
      }
    }
    let ready = raft.takeReady()
    #expect(ready == nil)
  }

  @Test func aLeaderThatClaimsMoreThanWasAcknowledgedIsRefused() throws {
    var raft = try Raft(
      Configuration(id: 1), restored: RestoredState(membership: Membership(voters: [1, 2])), seed: 1)
    #expect(throws: RaftError.lostEntries(through: 4)) {
      try raft.step(Message(from: 2, to: 1, term: 1, body: .heartbeat(commit: 4, round: 0)))
    }
  }
}
