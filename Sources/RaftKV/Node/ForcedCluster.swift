import Raft

/// What makes a member go on alone with all it holds, when the others are lost for good (etcd: `--force-new-cluster`).
///
/// What is not known to be committed is given up, and one configuration entry after another removes the others: entries
/// that no quorum has agreed on, but count as committed.
struct ForcedCluster {
  /// In the place of all entries behind the last committed one.
  var entries: [Entry] = []
  var hardState: HardState

  /// `cluster` is that of the checkpoint, `entries` what the log holds behind it. Fails when an entry cannot be understood.
  init(
    member: UInt64, cluster: Cluster, entries: [Entry], lastTerm: Term, hardState: HardState
  ) throws(StartError) {
    var cluster = cluster
    var lastTerm = lastTerm
    for entry in entries where entry.index <= hardState.commit {
      lastTerm = entry.term
      if entry.kind == .configuration { _ = try cluster.apply(configuration: entry) }
    }
    self.hardState = hardState
    self.hardState.term = max(hardState.term, lastTerm) + 1
    self.hardState.vote = member
    if cluster.membership.isJoint { try add(MembershipChange(steps: []), to: &cluster) }
    if !cluster.membership.voters.contains(member) {
      if cluster.member(member) == nil { throw StartError("the cluster does not know this member yet") }
      try add(.promote(member), to: &cluster)
    }
    for other in cluster.members where other.id != member { try add(.remove(other.id), to: &cluster) }
  }

  private mutating func add(_ request: MembershipRequest, to cluster: inout Cluster) throws(StartError) {
    guard let step = request.change else { return }
    let context = request.document.withUnsafeBytes { Envelope.encode(.membership, requestID: 0, request: $0) }
    try add(MembershipChange(steps: [step], context: context), to: &cluster)
  }

  private mutating func add(_ change: MembershipChange, to cluster: inout Cluster) throws(StartError) {
    hardState.commit += 1
    let entry = Entry(
      term: hardState.term, index: hardState.commit, kind: .configuration, data: change.encoded)
    guard try cluster.apply(configuration: entry) else {
      throw StartError("the other members cannot be removed: \(change.steps)")
    }
    entries.append(entry)
  }
}
