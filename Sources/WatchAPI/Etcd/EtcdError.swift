public import GRPC
import MVCC
import RaftKV

/// The errors of the etcd API. Clients match them by the exact text and the gRPC code (etcd API: rpctypes).
public struct EtcdError: Error, Sendable, Hashable {
  /// What goes over the wire.
  public let status: GRPCStatus

  init(_ code: GRPCStatus.Code, _ message: String) {
    status = GRPCStatus(code, message)
  }

  /// Its text.
  public var message: String { status.message }

  // MARK: requests that are wrong in themselves

  static let emptyKey = EtcdError(.invalidArgument, "etcdserver: key is not provided")
  static let keyNotFound = EtcdError(.invalidArgument, "etcdserver: key not found")
  static let valueProvided = EtcdError(.invalidArgument, "etcdserver: value is provided")
  static let leaseProvided = EtcdError(.invalidArgument, "etcdserver: lease is provided")
  static let tooManyOperations = EtcdError(
    .invalidArgument, "etcdserver: too many operations in txn request")
  static let duplicateKey = EtcdError(.invalidArgument, "etcdserver: duplicate key given in txn request")
  static let invalidSortOption = EtcdError(.invalidArgument, "etcdserver: invalid sort option")
  static let requestTooLarge = EtcdError(.invalidArgument, "etcdserver: request is too large")

  /// etcd has no limit below the request's; the text is ours.
  static func keyTooLarge(limit: Int) -> EtcdError {
    EtcdError(.invalidArgument, "etcdserver: key is larger than \(limit) bytes")
  }

  /// The message's bytes are no such message (grpc-go's text and code).
  static func malformed(_ error: WireError) -> EtcdError {
    // Every level of nesting is at least one operation.
    if error == .transactionTooDeep { return .tooManyOperations }
    return EtcdError(.internalError, "grpc: error unmarshalling request: \(error)")
  }

  /// A call that ended before its request came.
  static let missingRequest = EtcdError(.internalError, "grpc: the call ended without a request")

  /// etcd 3.7 leaves these to the unary call.
  static let streamedSort = EtcdError(
    .unimplemented, "etcdserver: RangeStream does not support custom sort orders")
  static let streamedFilter = EtcdError(
    .unimplemented, "etcdserver: RangeStream does not support revision filters")

  // MARK: the store's state

  /// The store answered another command than the one proposed: nothing true can be said.
  static let mismatchedResult = EtcdError(.internalError, "etcdserver: mismatched result")

  static let compacted = EtcdError(
    .outOfRange, "etcdserver: mvcc: required revision has been compacted")
  static let futureRevision = EtcdError(
    .outOfRange, "etcdserver: mvcc: required revision is a future revision")
  static let noSpace = EtcdError(.resourceExhausted, "etcdserver: mvcc: database space exceeded")
  static let leaseNotFound = EtcdError(.notFound, "etcdserver: requested lease not found")
  static let leaseExists = EtcdError(.failedPrecondition, "etcdserver: lease already exists")
  static let leaseTimeTooLong = EtcdError(.outOfRange, "etcdserver: too large lease TTL")
  static let corrupt = EtcdError(.dataLoss, "etcdserver: corrupt cluster")

  // MARK: the cluster's state

  static let noLeader = EtcdError(.unavailable, "etcdserver: no leader")
  static let stopped = EtcdError(.unavailable, "etcdserver: server stopped")
  static let timeout = EtcdError(.unavailable, "etcdserver: request timed out")
  static let tooManyRequests = EtcdError(.resourceExhausted, "etcdserver: too many requests")
  static let notSupportedForLearner = EtcdError(
    .failedPrecondition, "etcdserver: rpc not supported for learner")
  static let leaderFailure = EtcdError(
    .unavailable, "etcdserver: request timed out, possibly due to previous leader failure")
  static let leaderChanged = EtcdError(.unavailable, "etcdserver: leader changed")
  static let notLeader = EtcdError(.failedPrecondition, "etcdserver: not leader")
  static let unhealthy = EtcdError(.unavailable, "etcdserver: unhealthy cluster")
  static let badTransferee = EtcdError(.failedPrecondition, "etcdserver: bad leader transferee")
  static let transferTimeout = EtcdError(
    .unavailable, "etcdserver: request timed out, leader transfer took too long")
  static let memberExists = EtcdError(.failedPrecondition, "etcdserver: member ID already exist")
  static let peerURLExists = EtcdError(.failedPrecondition, "etcdserver: Peer URLs already exists")
  /// With the code that etcd gives, though its own list of errors has another.
  static let notEnoughStarted = EtcdError(
    .unknown, "etcdserver: re-configuration failed due to not enough started members")
  static let badMemberURLs = EtcdError(.invalidArgument, "etcdserver: given member URLs are invalid")
  static let memberNotLearner = EtcdError(
    .failedPrecondition, "etcdserver: can only promote a learner member")
  static let learnerNotReady = EtcdError(
    .failedPrecondition, "etcdserver: can only promote a learner member which is in sync with leader")
  static let tooManyLearners = EtcdError(
    .failedPrecondition, "etcdserver: too many learner members in cluster")
  /// etcd ends the process in some of these cases; the text is ours.
  static let impossibleChange = EtcdError(
    .failedPrecondition, "etcdserver: this change of the members is not possible")
  static let memberNotFound = EtcdError(.notFound, "etcdserver: member not found")
}

extension EtcdError {
  init(_ error: StoreError) {
    switch error {
    case .compacted: self = .compacted
    case .futureRevision: self = .futureRevision
    case .noSpace: self = .noSpace
    case .keyNotFound: self = .keyNotFound
    case .leaseNotFound: self = .leaseNotFound
    case .leaseExists: self = .leaseExists
    case .leaseTimeTooLong: self = .leaseTimeTooLong
    case .corrupt(let detail): self.init(.dataLoss, "etcdserver: corrupt store: \(detail)")
    case .storage(let detail): self.init(.internalError, "etcdserver: storage failure: \(detail)")
    }
  }

  init(_ error: NodeError) {
    switch error {
    case .store(let error): self.init(error)
    case .noLeader: self = .noLeader
    case .tooManyRequests: self = .tooManyRequests
    case .requestTooLarge: self = .requestTooLarge
    case .noSpace: self = .noSpace
    case .stopped: self = .stopped
    case .timeout: self = .timeout
    case .leaderFailure: self = .leaderFailure
    case .leaderChanged: self = .leaderChanged
    case .notLeader: self = .notLeader
    case .unhealthy: self = .unhealthy
    case .badTransferee: self = .badTransferee
    case .transferTimeout: self = .transferTimeout
    case .membership(let error): self.init(error)
    }
  }

  init(_ error: MembershipError) {
    switch error {
    case .idExists: self = .memberExists
    case .peerURLExists: self = .peerURLExists
    case .notEnoughStarted: self = .notEnoughStarted
    case .notFound: self = .memberNotFound
    case .notLearner: self = .memberNotLearner
    case .learnerNotReady: self = .learnerNotReady
    case .tooManyLearners: self = .tooManyLearners
    case .impossible: self = .impossibleChange
    }
  }
}
