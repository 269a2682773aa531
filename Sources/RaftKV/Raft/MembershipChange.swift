/// A change of the members, as a configuration entry of the log carries it.
public struct MembershipChange: Sendable, Hashable {
  /// What happens to one member.
  public enum Step: Sendable, Hashable {
    /// It becomes a voter, whatever it was.
    case addVoter(MemberID)
    /// It becomes a learner, whatever it was.
    case addLearner(MemberID)
    /// It belongs to the cluster no more.
    case remove(MemberID)
  }

  /// Made all together, in this order. None: the joint configuration is left.
  public var steps: [Step]
  /// The joint configuration is entered, and left only by a later change without steps. Otherwise it is entered
  /// when more than one voter changes, and the leader leaves it by itself.
  public var staysJoint: Bool
  /// Bytes of the application that travel with the change.
  public var context: [UInt8]

  /// More steps than this are refused.
  public static let maximumSteps = 64

  /// A change.
  public init(steps: [Step], staysJoint: Bool = false, context: [UInt8] = []) {
    self.steps = steps
    self.staysJoint = staysJoint
    self.context = context
  }

  /// The bytes of a configuration entry: version 1, a flag, the number of steps, per step its kind and the member
  /// in little-endian order, then the context.
  public var encoded: [UInt8] {
    var bytes: [UInt8] = [1, staysJoint ? 1 : 0, UInt8(min(steps.count, Self.maximumSteps))]
    for step in steps.prefix(Self.maximumSteps) {
      let (kind, member): (UInt8, MemberID) =
        switch step {
        case .addVoter(let member): (1, member)
        case .addLearner(let member): (2, member)
        case .remove(let member): (3, member)
        }
      bytes.append(kind)
      for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: member >> UInt64(8 * shift))) }
    }
    return bytes + context
  }

  /// The change that these bytes encode; nil when they are not a change.
  public init?(decoding bytes: [UInt8]) {
    guard bytes.count >= 3, bytes[0] == 1, bytes[1] <= 1, bytes[2] <= Self.maximumSteps,
      bytes.count >= 3 + 9 * Int(bytes[2])
    else { return nil }
    steps = []
    for number in 0..<Int(bytes[2]) {
      let start = 3 + 9 * number
      var member: MemberID = 0
      for shift in 0..<8 { member |= MemberID(bytes[start + 1 + shift]) << UInt64(8 * shift) }
      switch bytes[start] {
      case 1: steps.append(.addVoter(member))
      case 2: steps.append(.addLearner(member))
      case 3: steps.append(.remove(member))
      default: return nil
      }
    }
    staysJoint = bytes[1] == 1
    context = Array(bytes[(3 + 9 * Int(bytes[2]))...])
  }
}

extension Membership {
  /// The members after a change; nil when the change is not possible: inside of a joint configuration only leaving it
  /// is, outside of one leaving it is not, and there must always be a voter.
  public func applying(_ change: MembershipChange) -> Membership? {
    var result = self
    if isJoint {
      guard change.steps.isEmpty else { return nil }
      result.outgoingVoters = []
      result.learners = Set(learners + nextLearners).subtracting(voters).sorted()
      result.nextLearners = []
      result.leavesAutomatically = false
      return result
    }
    guard !change.steps.isEmpty, change.steps.count <= MembershipChange.maximumSteps else { return nil }
    for step in change.steps {
      switch step {
      case .addVoter(let member):
        guard member != 0 else { return nil }
        result.learners.removeAll { $0 == member }
        result.voters = Set(result.voters + [member]).sorted()
      case .addLearner(let member):
        guard member != 0 else { return nil }
        result.voters.removeAll { $0 == member }
        result.learners = Set(result.learners + [member]).sorted()
      case .remove(let member):
        result.voters.removeAll { $0 == member }
        result.learners.removeAll { $0 == member }
      }
    }
    guard !result.voters.isEmpty else { return nil }
    guard change.staysJoint || Set(voters).symmetricDifference(result.voters).count > 1 else { return result }
    result.outgoingVoters = voters
    result.leavesAutomatically = !change.staysJoint
    result.nextLearners = result.learners.filter { voters.contains($0) }
    result.learners.removeAll { voters.contains($0) }
    return result
  }
}

extension Raft {
  /// No change is proposed before everything up to here is committed; who judges one must know what is applied up to
  /// here.
  public var lastChangeIndex: LogIndex { pendingChangeIndex }

  /// Makes the membership changes among entries that became committed; whether there were any.
  mutating func takeEffect(from first: LogIndex, through last: LogIndex) -> Bool {
    guard log.hasConfiguration(from: first, through: last) else { return false }
    var isChanged = false
    var index = first
    while index <= last {
      if log.kind(at: index) == .configuration,
        let change = MembershipChange(decoding: log.entry(at: index).data),
        let changed = membership.applying(change)
      {
        install(changed)
        isChanged = true
      }
      index += 1
    }
    return isChanged
  }

  /// Follows a new list of members; what is known of those that stay is kept.
  mutating func install(_ newMembership: Membership) {
    membership = newMembership
    output.membership = newMembership
    let old = progress
    progress = newMembership.members.map { member in
      var entry: Progress
      if let known = old.first(where: { $0.id == member }) {
        entry = known
      } else {
        entry = Progress(id: member)
        entry.reset(last: log.lastIndex)
        entry.isActive = true
      }
      entry.isVoter = newMembership.voters.contains(member)
      entry.isOutgoingVoter = newMembership.outgoingVoters.contains(member)
      return entry
    }
    if !newMembership.voters.contains(transferee) { transferee = 0 }
  }
}
