import Foundation
import MVCC
import Proto

@testable import WatchAPI

/// The store's vocabulary for generated messages, written down a second time and plainly, to check the codec by.
extension KeyRange {
  init(_ key: Data, _ rangeEnd: Data) {
    self.init(
      start: Bytes(key),
      end: rangeEnd.isEmpty ? .single : rangeEnd == Data([0]) ? .unbounded : .before(Bytes(rangeEnd)))
  }
}

extension RangeQuery {
  init(_ request: Etcdserverpb_RangeRequest) {
    self.init(range: KeyRange(request.key, request.rangeEnd))
    limit = request.limit
    revision = request.revision
    order = [.none, .ascending, .descending][request.sortOrder.rawValue]
    target = [.key, .version, .createRevision, .modRevision, .value][request.sortTarget.rawValue]
    keysOnly = request.keysOnly
    countOnly = request.countOnly
    minModRevision = request.minModRevision
    maxModRevision = request.maxModRevision
    minCreateRevision = request.minCreateRevision
    maxCreateRevision = request.maxCreateRevision
  }
}

extension PutCommand {
  init(_ request: Etcdserverpb_PutRequest) {
    self.init(key: Bytes(request.key), value: Bytes(request.value))
    lease = request.lease
    wantsPrevious = request.prevKv
    ignoreValue = request.ignoreValue
    ignoreLease = request.ignoreLease
  }
}

extension DeleteCommand {
  init(_ request: Etcdserverpb_DeleteRangeRequest) {
    self.init(range: KeyRange(request.key, request.rangeEnd))
    wantsPrevious = request.prevKv
  }
}

extension Comparison {
  init(_ compare: Etcdserverpb_Compare) {
    let target: Target =
      switch compare.target {
      case .version: .version(compare.version)
      case .create: .createRevision(compare.createRevision)
      case .mod: .modRevision(compare.modRevision)
      case .value: .value(Bytes(compare.value))
      case .lease: .lease(compare.lease)
      case .UNRECOGNIZED: fatalError("not made here")
      }
    self.init(
      range: KeyRange(compare.key, compare.rangeEnd),
      relation: [.equal, .greater, .less, .notEqual][compare.result.rawValue], target: target)
  }
}

extension MVCC.Operation {
  init(_ operation: Etcdserverpb_RequestOp) {
    switch operation.request {
    case .requestRange(let request): self = .range(RangeQuery(request))
    case .requestPut(let request): self = .put(PutCommand(request))
    case .requestDeleteRange(let request): self = .delete(DeleteCommand(request))
    case .requestTxn(let request): self = .transaction(TransactionCommand(request))
    case nil: fatalError("not made here")
    }
  }
}

extension TransactionCommand {
  init(_ request: Etcdserverpb_TxnRequest) {
    self.init(
      comparisons: request.compare.map(Comparison.init), success: request.success.map(MVCC.Operation.init),
      failure: request.failure.map(MVCC.Operation.init))
  }
}

extension KeyValue {
  init(_ message: Mvccpb_KeyValue) {
    self.init(
      key: Bytes(message.key), value: Bytes(message.value), createRevision: message.createRevision,
      modRevision: message.modRevision, version: message.version, lease: message.lease)
  }
}
