/// Majorities: of the voters, and while a membership change is under way of the outgoing voters too.
extension Raft {
  enum VoteResult { case pending, won, lost }

  /// The largest value that a quorum has reached.
  func quorumValue(_ value: (Progress) -> UInt64) -> UInt64 {
    let incoming = majorityValue(\.isVoter, value)
    return membership.isJoint ? min(incoming, majorityValue(\.isOutgoingVoter, value)) : incoming
  }

  private func majorityValue(_ belongs: (Progress) -> Bool, _ value: (Progress) -> UInt64) -> UInt64 {
    var best: UInt64 = 0
    for candidate in progress where belongs(candidate) {
      let reached = value(candidate)
      guard reached > best else { continue }
      var voters = 0
      var supporters = 0
      for other in progress where belongs(other) {
        voters += 1
        if value(other) >= reached { supporters += 1 }
      }
      if supporters > voters / 2 { best = reached }
    }
    return best
  }

  /// Whether a quorum satisfies a condition.
  func quorum(_ condition: (Progress) -> Bool) -> Bool {
    quorumValue { condition($0) ? 1 : 0 } == 1
  }

  func voteResult() -> VoteResult {
    if quorum({ $0.vote == true }) { return .won }
    return quorum({ $0.vote != false }) ? .pending : .lost
  }
}
