public import GRPC
public import Logging
public import NIOCore
public import RaftKV

/// Adds a member to a running cluster over the etcd API, as a learner, before it starts.
///
/// A member that was added already, because its answer was lost or an operator did so, is found again by its peer URLs.
public struct ClusterJoin: Sendable {
  /// Where clients reach the cluster; each is asked in turn.
  public var targets: [ClientConnection.Target]
  /// Where the cluster reaches the new member.
  public var peerURLs: [String]
  /// How long each call may take.
  public var callTimeout = TimeAmount.seconds(10)
  /// What fails for a reason that may pass (no leader, another member that is joining, nobody listening) is tried
  /// again, for so long in all.
  public var patience = TimeAmount.seconds(60)
  /// The pause before that.
  public var pause = TimeAmount.seconds(1)

  private let eventLoop: any EventLoop
  private let logger: Logger

  /// A member that is reached at `peerURLs`, and has not been started.
  public init(
    targets: [ClientConnection.Target], peerURLs: [String], on eventLoop: any EventLoop, logger: Logger
  ) {
    self.targets = targets
    self.peerURLs = peerURLs
    self.eventLoop = eventLoop
    self.logger = logger
  }

  /// Who the member is, and all members, itself among them.
  public typealias Outcome = (member: Member, members: [Member])

  /// Adds the member. Fails with a `StartError` that says what to do.
  public func add() -> EventLoopFuture<Outcome> {
    attempt(0, until: .now() + patience)
  }

  /// One attempt by one target, and after a failure that may pass by the next.
  private func attempt(_ number: Int, until deadline: NIODeadline) -> EventLoopFuture<Outcome> {
    guard !targets.isEmpty else { return eventLoop.makeFailedFuture(StartError("--join names no URL")) }
    let target = targets[number % targets.count]
    return add(by: target).flatMapError { error in
      guard let reason = Self.passingReason(of: error), NIODeadline.now() + pause < deadline else {
        return eventLoop.makeFailedFuture(startError(error, target))
      }
      if number < targets.count {
        logger.info(
          "the cluster does not take this member yet",
          metadata: ["endpoint": "\(target)", "reason": "\(reason)"])
      }
      // The next target at once; a pause when all were asked.
      let isRoundOver = (number + 1) % targets.count == 0
      return eventLoop.scheduleTask(in: isRoundOver ? pause : .zero) {}.futureResult.flatMap {
        attempt(number + 1, until: deadline)
      }
    }
  }

  private func add(by target: ClientConnection.Target) -> EventLoopFuture<Outcome> {
    ClientConnection.connect(to: target, on: eventLoop).flatMap { connection in
      let client = EtcdClient(connection, timeout: callTimeout)
      let added = client.memberList().flatMap { members -> EventLoopFuture<Outcome> in
        do throws(StartError) {
          if let known = try known(in: members) {
            logger.info(
              "the cluster knows this member already", metadata: ["member": "\(Self.hex(known.id))"])
            return eventLoop.makeSucceededFuture((known, members))
          }
        } catch {
          return eventLoop.makeFailedFuture(error)
        }
        return client.memberAdd(peerURLs: peerURLs, isLearner: true).map { answer in
          logger.info(
            "added to the cluster as a learner", metadata: ["member": "\(Self.hex(answer.member.id))"])
          return (answer.member, answer.members)
        }
      }
      added.whenComplete { _ in connection.close() }
      return added
    }
  }

  /// The member in the list that is reached where this one is, unless it has been started.
  func known(in members: [Member]) throws(StartError) -> Member? {
    let own = Set(peerURLs)
    guard let known = members.first(where: { !own.isDisjoint(with: $0.peerURLs) }) else { return nil }
    guard known.name.isEmpty, Set(known.peerURLs) == own else {
      throw StartError(
        "--join: the cluster has a member \(Self.hex(known.id)) (\(known.name)) at "
          + "\(known.peerURLs.joined(separator: ",")) already. If this was it and its data is gone, remove it with "
          + "etcdctl member remove \(Self.hex(known.id)) and start again; else give --initial-advertise-peer-urls "
          + "of its own")
    }
    return known
  }

  /// Why it may go better later; nil when it will not.
  static func passingReason(of error: any Error) -> String? {
    guard let status = error as? GRPCStatus else { return nil }
    switch status.code {
    case .unavailable, .deadlineExceeded, .cancelled, .resourceExhausted: return status.message
    case .failedPrecondition, .unknown:
      let passing: [EtcdError] = [.tooManyLearners, .notEnoughStarted, .notSupportedForLearner]
      return passing.contains { $0.status == status } ? status.message : nil
    default: return nil
    }
  }

  private func startError(_ error: any Error, _ target: ClientConnection.Target) -> StartError {
    switch error {
    case let error as StartError: error
    case let status as GRPCStatus:
      StartError("--join: \(target) does not add this member: \(status.message)")
    default: StartError("--join: \(target) does not add this member: \(error)")
    }
  }

  private static func hex(_ id: UInt64) -> String { String(id, radix: 16) }
}
