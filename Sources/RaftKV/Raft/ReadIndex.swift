/// Linearizable reads without log entries (Raft dissertation, 6.4): the leader notes its commit index, and answers
/// once a quorum has confirmed by a heartbeat that it still led after the read had come.
///
/// 1. A leader answers no read before it has committed an entry of its own term: it may not know yet what its
///    predecessors committed.
/// 2. All reads that came before a round's heartbeats are confirmed by that one round.
struct PendingReads: Sendable {
  struct Read: Sendable {
    var context: UInt64
    var from: MemberID
  }

  struct Round: Sendable {
    var number: UInt64
    var index: LogIndex
    var reads: [Read]
  }

  /// Without a round yet.
  var waiting: [Read] = []
  /// Under way, oldest first.
  var rounds: [Round] = []
  /// The newest round's number; heartbeats carry it. It never goes back, so that late answers confirm nothing.
  var round: UInt64 = 0
  var count = 0
}

extension Raft {
  /// Asks for an index to read at; `Ready.readStates` answers. A follower asks its leader: if the question or the
  /// answer is lost, or leadership changes, nothing comes back, so the caller needs a deadline and asks again.
  /// A leader that steps down says so in `Ready.abandonedReads`.
  public mutating func readIndex(context: UInt64) throws(ReadIndexError) {
    if role == .leader {
      guard reads.count < configuration.maximumPendingReads else { throw .tooManyReads }
      enqueue(PendingReads.Read(context: context, from: configuration.id))
    } else {
      guard leader != 0 else { throw .noLeader }
      send(.readIndex(context: context), to: leader)
    }
  }

  mutating func handleReadIndex(_ from: MemberID, _ context: UInt64) {
    guard role == .leader, reads.count < configuration.maximumPendingReads else { return }
    enqueue(PendingReads.Read(context: context, from: from))
  }

  private mutating func enqueue(_ read: PendingReads.Read) {
    reads.waiting.append(read)
    reads.count += 1
  }

  /// One round of heartbeats for all reads that wait.
  mutating func startReadRound() {
    guard !reads.waiting.isEmpty, reads.rounds.count < configuration.maximumReadRounds,
      log.term(at: log.committed) == term
    else { return }
    reads.round += 1
    reads.rounds.append(
      PendingReads.Round(number: reads.round, index: log.committed, reads: reads.waiting))
    reads.waiting = []
    broadcastHeartbeat()
    answerReads()
  }

  mutating func answerReads() {
    let own = configuration.id
    let newest = reads.round
    let confirmed = quorumValue { $0.id == own ? newest : $0.round }
    while let round = reads.rounds.first, round.number <= confirmed {
      reads.rounds.removeFirst()
      reads.count -= round.reads.count
      for read in round.reads {
        if read.from == own {
          output.readStates.append(ReadState(context: read.context, index: round.index))
        } else {
          send(.readIndexResponse(context: read.context, index: round.index), to: read.from)
        }
      }
    }
  }

  /// Leadership is gone or new: what waited will not be answered.
  mutating func abandonReads() {
    guard reads.count > 0 else { return }
    let own = configuration.id
    for round in reads.rounds {
      for read in round.reads where read.from == own { output.abandonedReads.append(read.context) }
    }
    for read in reads.waiting where read.from == own { output.abandonedReads.append(read.context) }
    reads.rounds = []
    reads.waiting = []
    reads.count = 0
  }
}
