import GRPC
import MVCC
import RaftKV
import Testing

@testable import WatchAPI

/// Clients compare these texts and codes byte for byte (etcd API: rpctypes).
struct EtcdErrorTests {
  private static let catalogue: [(EtcdError, GRPCStatus.Code, String)] = [
    (.emptyKey, .invalidArgument, "etcdserver: key is not provided"),
    (.keyNotFound, .invalidArgument, "etcdserver: key not found"),
    (.valueProvided, .invalidArgument, "etcdserver: value is provided"),
    (.leaseProvided, .invalidArgument, "etcdserver: lease is provided"),
    (.tooManyOperations, .invalidArgument, "etcdserver: too many operations in txn request"),
    (.duplicateKey, .invalidArgument, "etcdserver: duplicate key given in txn request"),
    (.invalidSortOption, .invalidArgument, "etcdserver: invalid sort option"),
    (.requestTooLarge, .invalidArgument, "etcdserver: request is too large"),
    (EtcdError(StoreError.compacted), .outOfRange, "etcdserver: mvcc: required revision has been compacted"),
    (
      EtcdError(StoreError.futureRevision), .outOfRange,
      "etcdserver: mvcc: required revision is a future revision"
    ),
    (EtcdError(StoreError.noSpace), .resourceExhausted, "etcdserver: mvcc: database space exceeded"),
    (EtcdError(StoreError.keyNotFound), .invalidArgument, "etcdserver: key not found"),
    (EtcdError(StoreError.leaseNotFound), .notFound, "etcdserver: requested lease not found"),
    (
      EtcdError(NodeError.store(.compacted)), .outOfRange,
      "etcdserver: mvcc: required revision has been compacted"
    ),
    (EtcdError(NodeError.noLeader), .unavailable, "etcdserver: no leader"),
    (EtcdError(NodeError.tooManyRequests), .resourceExhausted, "etcdserver: too many requests"),
    (EtcdError(NodeError.requestTooLarge), .invalidArgument, "etcdserver: request is too large"),
    (EtcdError(NodeError.noSpace), .resourceExhausted, "etcdserver: mvcc: database space exceeded"),
    (EtcdError(NodeError.stopped), .unavailable, "etcdserver: server stopped"),
    (EtcdError(NodeError.timeout), .unavailable, "etcdserver: request timed out"),
    (.notSupportedForLearner, .failedPrecondition, "etcdserver: rpc not supported for learner"),
    (.malformed(.truncated), .internalError, "grpc: error unmarshalling request: unexpected EOF"),
  ]

  @Test(arguments: catalogue.indices) func matchesEtcd(_ index: Int) {
    let (error, code, message) = Self.catalogue[index]
    #expect(error.status == GRPCStatus(code, message))
  }

  @Test func namesDamage() {
    #expect(EtcdError(StoreError.corrupt("row 7")).status.code == .dataLoss)
    #expect(EtcdError(StoreError.corrupt("row 7")).message.hasSuffix("row 7"))
    #expect(EtcdError(StoreError.storage("EIO")).status.code == .internalError)
  }
}
