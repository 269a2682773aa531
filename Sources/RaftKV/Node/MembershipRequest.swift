import Raft

/// A change of the members, as somebody asks for it (etcd API: service Cluster).
enum MembershipRequest: Sendable, Hashable {
  /// The id is chosen by who asks.
  case add(id: UInt64, peerURLs: [String], isLearner: Bool)
  case remove(UInt64)
  case update(UInt64, peerURLs: [String])
  case promote(UInt64)

  /// Which member it is about.
  var memberID: UInt64 {
    switch self {
    case .add(let id, _, _), .remove(let id), .update(let id, _), .promote(let id): id
    }
  }

  /// What changes for Raft; nil when only addresses do.
  var change: MembershipChange.Step? {
    switch self {
    case .add(let id, _, let isLearner): isLearner ? .addLearner(id) : .addVoter(id)
    case .remove(let id): .remove(id)
    case .promote(let id): .addVoter(id)
    case .update: nil
    }
  }

  /// Part of the log's format: never renumber.
  var document: [UInt8] {
    var writer = DocumentWriter()
    switch self {
    case .add(let id, let peerURLs, let isLearner):
      writer.varint(1)
      writer.varint(id)
      writer.strings(peerURLs)
      writer.varint(isLearner ? 1 : 0)
    case .remove(let id):
      writer.varint(2)
      writer.varint(id)
    case .update(let id, let peerURLs):
      writer.varint(3)
      writer.varint(id)
      writer.strings(peerURLs)
    case .promote(let id):
      writer.varint(4)
      writer.varint(id)
    }
    return writer.bytes
  }

  /// Nil when the bytes are no such document.
  init?(document: ArraySlice<UInt8>) {
    var reader = DocumentReader(document)
    guard let kind = reader.varint(), let id = reader.varint() else { return nil }
    switch kind {
    case 1:
      guard let peerURLs = reader.strings(), let isLearner = reader.varint() else { return nil }
      self = .add(id: id, peerURLs: peerURLs, isLearner: isLearner != 0)
    case 2: self = .remove(id)
    case 3:
      guard let peerURLs = reader.strings() else { return nil }
      self = .update(id, peerURLs: peerURLs)
    case 4: self = .promote(id)
    default: return nil
    }
  }
}

/// What the leader knows when it judges a change of the members.
struct MembershipView {
  /// As of what is applied, with every change that was ever committed.
  var cluster: Cluster
  var leader: UInt64
  /// How far each member's log is known to reach; the leader's own too.
  var match: [UInt64: UInt64]
  /// Members whose link works now.
  var connected: Set<UInt64>
  /// Members whose link has worked for a while (etcd: `HealthInterval`, 5 s).
  var settled: Set<UInt64>
  /// etcd: `--strict-reconfig-check`.
  var isStrict: Bool
  /// etcd: `--max-learners`.
  var maximumLearners: Int
}

extension MembershipView {
  /// The most voting members that a cluster may have (Raft's majorities are counted each time).
  static let maximumVoters = 7
  /// How much of the leader's log a learner must have to be promoted, in percent (etcd: `readyPercentThreshold`).
  static let readyPercent: UInt64 = 90

  private var voters: [Member] { cluster.members.filter { !$0.isLearner } }

  /// Why the change must not be made now; nil when it may.
  func refusal(of request: MembershipRequest) -> NodeError? {
    switch request {
    case .add(let id, let peerURLs, let isLearner): refusalOfAdd(id, peerURLs, isLearner)
    case .remove(let id): refusalOfRemoval(id)
    case .update(let id, let peerURLs): refusalOfUpdate(id, peerURLs)
    case .promote(let id): refusalOfPromotion(id)
    }
  }

  private func refusalOfAdd(_ id: UInt64, _ peerURLs: [String], _ isLearner: Bool) -> NodeError? {
    if cluster.removed.contains(id) || cluster.member(id) != nil { return .membership(.idExists) }
    if isTaken(peerURLs, exceptBy: nil) { return .membership(.peerURLExists) }
    if isLearner {
      let learners = cluster.members.count { $0.isLearner }
      return learners >= maximumLearners ? .membership(.tooManyLearners) : nil
    }
    return refusalOfVoter(besides: nil)
  }

  private func isTaken(_ peerURLs: [String], exceptBy id: UInt64?) -> Bool {
    cluster.members.contains { member in
      member.id != id && member.peerURLs.contains { peerURLs.contains($0) }
    }
  }

  /// One voter more must not cost the quorum: it may take long to start, or never do.
  private func refusalOfVoter(besides learner: UInt64?) -> NodeError? {
    if voters.count >= Self.maximumVoters { return .membership(.impossible) }
    guard isStrict else { return nil }
    let started = voters.count { $0.hasStarted } + (learner == nil ? 0 : 1)
    let size = voters.count + 1
    // One member may become two, although it stands still until the second has started.
    if !(started == 1 && size == 2), started < size / 2 + 1 { return .membership(.notEnoughStarted) }
    return voters.allSatisfy { $0.id == leader || settled.contains($0.id) } ? nil : .unhealthy
  }

  private func refusalOfRemoval(_ id: UInt64) -> NodeError? {
    guard let member = cluster.member(id) else { return .membership(.notFound) }
    if member.isLearner { return nil }
    let rest = voters.filter { $0.id != id }
    if rest.isEmpty { return .membership(.notEnoughStarted) }
    guard isStrict else { return nil }
    let quorum = rest.count / 2 + 1
    if rest.count(where: \.hasStarted) < quorum { return .membership(.notEnoughStarted) }
    // Who is gone already decides nothing.
    if id != leader, !connected.contains(id) { return nil }
    let working = rest.count { $0.id == leader || settled.contains($0.id) }
    return working < quorum ? .unhealthy : nil
  }

  private func refusalOfUpdate(_ id: UInt64, _ peerURLs: [String]) -> NodeError? {
    if cluster.member(id) == nil { return .membership(.notFound) }
    return isTaken(peerURLs, exceptBy: id) ? .membership(.peerURLExists) : nil
  }

  private func refusalOfPromotion(_ id: UInt64) -> NodeError? {
    guard let member = cluster.member(id) else { return .membership(.notFound) }
    guard member.isLearner else { return .membership(.notLearner) }
    let mine = match[leader] ?? 0
    guard member.hasStarted, (match[id] ?? 0) >= mine / 100 * Self.readyPercent else {
      return .membership(.learnerNotReady)
    }
    return refusalOfVoter(besides: id)
  }
}
