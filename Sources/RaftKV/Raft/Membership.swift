/// Who belongs to the cluster, and in what capacity. All lists are sorted and without duplicates.
///
/// While `outgoingVoters` is not empty the configuration is *joint* (Raft paper, section 6): elections and commits
/// need a majority of `voters` and a majority of `outgoingVoters`.
public struct Membership: Sendable, Hashable {
  /// Whose majority decides.
  public var voters: [MemberID]
  /// The voters before the change that is under way; empty outside a change.
  public var outgoingVoters: [MemberID]
  /// Members that receive the log and decide nothing.
  public var learners: [MemberID]
  /// Outgoing voters that become learners when the joint configuration is left.
  public var nextLearners: [MemberID]
  /// The leader leaves the joint configuration by itself.
  public var leavesAutomatically: Bool

  /// A configuration outside of any change.
  public init(voters: [MemberID], learners: [MemberID] = []) {
    self.voters = Set(voters).sorted()
    self.learners = Set(learners).subtracting(voters).sorted()
    outgoingVoters = []
    nextLearners = []
    leavesAutomatically = false
  }

  /// Two majorities are needed at present.
  public var isJoint: Bool { !outgoingVoters.isEmpty }

  /// Every member once, sorted.
  public var members: [MemberID] { Set(voters + outgoingVoters + learners + nextLearners).sorted() }

  /// Whether a member is one of `voters` or of `outgoingVoters`.
  public func isVoter(_ member: MemberID) -> Bool {
    voters.contains(member) || outgoingVoters.contains(member)
  }
}
