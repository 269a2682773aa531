import Commands
import GRPC
import Logging
import NIOCore
import RaftKV
import Synchronization
import WatchAPI

/// `--join`: adds this member to a running cluster, or finds out that it was added already. Nil when a signal asks to
/// stop meanwhile.
func join(
  _ configuration: ServeConfiguration, on eventLoop: any EventLoop, logger: Logger, signals: ShutdownSignals
) throws -> ClusterJoin.Outcome? {
  let joining = ClusterJoin(
    targets: configuration.joinURLs.map { .hostPort($0.host, $0.port) },
    peerURLs: configuration.advertisePeerURLs.map(\.description), on: eventLoop, logger: logger)
  let outcome = OutcomeBox()
  joining.add().whenComplete { result in outcome.value.withLock { $0 = result } }
  while true {
    if let result = outcome.value.withLock({ $0 }) { return try result.get() }
    if signals.wait(milliseconds: 20) != nil { return nil }
  }
}

private final class OutcomeBox: Sendable {
  let value = Mutex<Result<ClusterJoin.Outcome, any Error>?>(nil)
}

/// Has a member that joined as a learner made a voter, once it has caught up.
final class Promotion: Sendable {
  private static let pause = TimeAmount.seconds(1)

  private struct State {
    /// Why it was refused the last time, so that the same is not logged every second.
    var reason: NodeError?
    var isOver = false
  }

  private let node: Node
  private let eventLoop: any EventLoop
  private let logger: Logger
  private let state = Mutex(State())

  /// Nothing happens before `attempt`.
  init(_ node: Node, on eventLoop: any EventLoop, logger: Logger) {
    self.node = node
    self.eventLoop = eventLoop
    self.logger = logger
  }

  /// Asks, and asks again until it is a voter or never can be.
  func attempt() {
    state.withLock { state in
      // In the lock, so that the node is not used once `stop` has returned.
      if state.isOver { return }
      node.promoteMember(node.memberID) { [weak self] result in
        guard let self else { return }
        self.eventLoop.execute { self.ended(result.map { _ in }) }
      }
    }
  }

  /// Asks no more; the node is left alone when this returns.
  func stop() { state.withLock { $0.isOver = true } }

  private func ended(_ result: Result<Void, NodeError>) {
    switch result {
    case .success:
      logger.info("this member has caught up and is a voter now")
      stop()
    // It was before, or the member is stopping.
    case .failure(.membership(.notLearner)), .failure(.stopped): stop()
    case .failure(.membership(.notFound)):
      logger.warning("this member is no longer part of the cluster, and is not promoted")
      stop()
    case .failure(let reason):
      let isNew = state.withLock { state in
        defer { state.reason = reason }
        return state.reason != reason
      }
      if isNew {
        logger.info("this member is not a voter yet", metadata: ["reason": "\(reason)"])
      }
      eventLoop.scheduleTask(in: Self.pause) { [weak self] in self?.attempt() }
    }
  }
}
