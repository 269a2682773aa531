import GRPC
import HTTP
import MVCC
import NIOCore
import RaftKV

/// One call under way: answers it and counts the answer. Used on the call's event loop, but for `onLoop`.
struct Exchange: Sendable {
  let call: ServerCall
  let metrics: MethodMetrics

  /// Ends a unary call with its response.
  func respond(_ message: ByteBuffer) {
    metrics.handled(.ok)
    call.respond(message)
  }

  /// Ends a streamed response, all of whose messages were sent.
  func finish() {
    metrics.handled(.ok)
    call.finish()
  }

  func fail(_ error: EtcdError) {
    metrics.handled(error.status.code)
    call.finish(error.status)
  }

  /// Goes on at the call's event loop: from the apply thread, where a proposal ends, or from a reader thread.
  func onLoop(_ work: @escaping @Sendable () -> Void) {
    call.mailbox.post(work)
  }
}

/// What holds for every call: leadership that the client insists on, and the header of the answers.
struct CallContext<Node: ServedNode>: Sendable {
  let node: Node
  let leadership: LeaderMonitor<Node>

  /// The metadata by which a client refuses to be served by a member that has lost the cluster (etcd API:
  /// `WithRequireLeader`).
  private static var hasLeader: String { "hasleader" }

  /// The member's own view, for one call. A learner serves only what says that it is served `byLearner` (etcd API:
  /// Status, Snapshot, and Range if it is serializable).
  @discardableResult
  func admit(_ call: ServerCall, byLearner: Bool = false) throws(EtcdError) -> NodeStatus {
    let status = node.status
    if status.isLearner && !byLearner { throw .notSupportedForLearner }
    if status.leader == 0, requiresLeader(call) { throw .noLeader }
    return status
  }

  private func requiresLeader(_ call: ServerCall) -> Bool { call.metadata[Self.hasLeader] == "true" }

  /// Calls `lost`, on any thread, when there has been no leader for long, if the client of this stream insists on one.
  /// What is returned is to be given to `forget` when the stream ends.
  func watchLeader(_ call: ServerCall, lost: @escaping @Sendable () -> Void) -> LeaderMonitor<Node>.ID? {
    requiresLeader(call) ? leadership.add(lost) : nil
  }

  func forget(_ id: LeaderMonitor<Node>.ID?) {
    if let id { leadership.remove(id) }
  }

  /// - Parameter revision: 0 where no key-values are involved.
  func header(revision: Int64) -> ResponseHeader {
    let status = node.status
    return ResponseHeader(
      clusterID: status.clusterID, memberID: status.memberID, revision: revision, term: status.term)
  }

  /// Proposes a request as it came in, and answers once it is applied.
  ///
  /// - Parameters:
  ///   - growth: how many bytes the store may grow by; 0 lets the request through when space has run out.
  ///   - response: encodes the answer; nil when the result is another command's.
  func propose(
    _ kind: RequestKind, _ bytes: UnsafeRawBufferPointer, growth: Int, _ exchange: Exchange,
    response: @escaping @Sendable (CommandResult, ResponseHeader) -> ByteBuffer?
  ) {
    node.propose(kind, bytes, growth: growth, completion: answer(exchange, response))
  }

  /// What answers a call once what was proposed for it is applied, or is not to be.
  func answer(
    _ exchange: Exchange, _ response: @escaping @Sendable (CommandResult, ResponseHeader) -> ByteBuffer?
  ) -> @Sendable (Result<Outcome, NodeError>) -> Void {
    { result in
      exchange.onLoop {
        do throws(EtcdError) {
          let outcome = try result.mapError(EtcdError.init).get()
          let result = try outcome.result.mapError(EtcdError.init).get()
          guard let message = response(result, header(revision: outcome.revision)) else {
            throw EtcdError.mismatchedResult
          }
          exchange.respond(message)
        } catch {
          exchange.fail(error)
        }
      }
    }
  }
}
