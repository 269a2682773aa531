import MVCC

extension TxnResponse {
  /// - Parameters:
  ///   - header: with the store's revision after the transaction.
  init(_ result: TransactionResult, header: ResponseHeader) {
    // What the operations before the first change saw was one revision less.
    var revision = result.changesAnything ? header.revision - 1 : header.revision
    self.init(result, header: header, revision: &revision, after: header.revision)
  }

  private init(
    _ result: TransactionResult, header: ResponseHeader, revision: inout Int64, after: Int64
  ) {
    var responses: [ResponseOp] = []
    responses.reserveCapacity(result.results.count)
    for operation in result.results {
      switch operation {
      case .range(let result):
        responses.append(.range(RangeResponse(header: ResponseHeader(revision: revision), result: result)))
      case .put(let previous):
        revision = after
        responses.append(.put(PutResponse(header: ResponseHeader(revision: revision), previous: previous)))
      case .delete(let deleted, let previous):
        if deleted > 0 { revision = after }
        responses.append(
          .delete(
            DeleteRangeResponse(
              header: ResponseHeader(revision: revision), deleted: deleted, previous: previous)))
      case .transaction(let nested):
        // etcd leaves a nested header empty.
        responses.append(
          .transaction(
            TxnResponse(nested, header: ResponseHeader(), revision: &revision, after: after)))
      }
    }
    self.init(header: header, succeeded: result.succeeded, responses: responses)
  }
}

extension TransactionResult {
  fileprivate var changesAnything: Bool {
    results.contains { result in
      switch result {
      case .range: false
      case .put: true
      case .delete(let deleted, _): deleted > 0
      case .transaction(let nested): nested.changesAnything
      }
    }
  }
}
