import NIOCore
import Raft
import RaftKV

/// The accepting side of one connection: checks its greeting, and hands what comes to the receiver.
///
/// Safe: because only the connection's event loop touches the mutable state.
final class IncomingConnection: PeerConnectionDelegate, @unchecked Sendable {
  private let core: TransportCore
  private let snapshots: SnapshotExecutors
  private var hello: Hello?
  private var messages: [Message] = []
  private var outstandingAnswers = 0
  private var snapshot: SnapshotReceiver?

  init(core: TransportCore, snapshots: SnapshotExecutors) {
    self.core = core
    self.snapshots = snapshots
  }

  func connection(_ connection: PeerConnection, greetedBy hello: Hello) {
    let identity = core.identity
    let refusal = core.refusal(of: hello)
    let answer = HelloAnswer(
      refusal: refusal, clusterID: identity?.clusterID ?? 0, member: identity?.memberID ?? 0)
    if let refusal {
      core.log.warning(
        "refused a connection",
        [
          "address": connection.remoteAddress.hostPart, "member": hexadecimal(hello.sender),
          "reason": Self.reason(refusal, hello, identity),
        ])
      return connection.answer(answer)
    }
    self.hello = hello
    if hello.role == .document {
      connection.answer(answer)
      let document = core.receiver?.clusterDocument() ?? []
      connection.send(.document) { $0.writeBytes(document) }
      return connection.closeAfterWriting("the document was sent")
    }
    connection.counters = core.take(connection, hello)
    switch hello.role {
    case .bulk: connection.allowFrames(bytes: core.limits.bulkFrameBytes)
    case .snapshot:
      snapshot = SnapshotReceiver(connection, from: hello.sender, core: core, executor: snapshots.sinks)
    case .urgent, .document: break
    }
    connection.answer(answer)
  }

  /// What the log says of a refusal.
  private static func reason(_ refusal: Refusal, _ hello: Hello, _ identity: PeerIdentity?) -> String {
    switch refusal {
    case .cluster:
      "it belongs to cluster \(hexadecimal(hello.clusterID)), not \(hexadecimal(identity?.clusterID ?? 0))"
    case .receiver:
      "it is looking for member \(hexadecimal(hello.receiver)), not \(hexadecimal(identity?.memberID ?? 0))"
    case .sender: "it says that it is this member"
    case .removed: "the cluster has removed it"
    case .busy: "this member is stopping"
    case .malformed, .version, .certificateName: "its greeting breaks the rules"
    }
  }

  func connection(_ connection: PeerConnection, received frame: Frame) throws(WireError) {
    guard let hello else { throw .malformed("a frame came before the greeting was accepted") }
    if let snapshot { return try snapshot.received(frame) }
    var body = frame.body
    switch (frame.kind, hello.role) {
    case (.message, .urgent), (.message, .bulk):
      let message = try MessageCodec.decode(&body)
      guard message.from == hello.sender, message.to == hello.receiver else {
        throw .malformed("a message of member \(hexadecimal(message.from)) for \(hexadecimal(message.to))")
      }
      messages.append(message)
    case (.proposals, .bulk):
      let count = try body.takeCount(minimumBytes: 4)
      var proposals: [[UInt8]] = []
      proposals.reserveCapacity(count)
      for _ in 0..<count { proposals.append(try body.takeCounted()) }
      try body.expectEnd()
      deliver(connection)
      connection.counters?.update { $0.receivedMessages += 1 }
      core.receiver?.receive(proposals: proposals, from: hello.sender)
    case (.ask, .urgent):
      let number: UInt64 = try body.take()
      ask(Array(body.readableBytesView), number, connection, hello)
    default: throw .unknown("on this connection a frame of kind", frame.kind.rawValue)
    }
  }

  private func ask(_ request: [UInt8], _ number: UInt64, _ connection: PeerConnection, _ hello: Hello) {
    guard request.count <= core.limits.askBytes, outstandingAnswers < core.limits.outstandingAnswers else {
      return
    }
    outstandingAnswers += 1
    core.receiver?.receive(request: request, from: hello.sender) { answer in
      connection.onEventLoop { connection in
        self.outstandingAnswers -= 1
        guard answer.count <= self.core.limits.askBytes else { return }
        connection.send(.answer) { body in
          body.put(number)
          body.writeBytes(answer)
        }
      }
    }
  }

  func connectionReadComplete(_ connection: PeerConnection) { deliver(connection) }

  /// Hands over what one reading brought, as one batch.
  private func deliver(_ connection: PeerConnection) {
    guard !messages.isEmpty else { return }
    let batch = messages
    messages.removeAll(keepingCapacity: batch.count <= 256)
    connection.counters?.update { $0.receivedMessages += UInt64(batch.count) }
    core.receiver?.receive(batch)
  }

  func connection(_ connection: PeerConnection, closed reason: String) {
    deliver(connection)
    core.ended(connection)
    guard let hello else {
      core.log.warning(
        "refused a connection", ["address": connection.remoteAddress.hostPart, "reason": reason])
      return
    }
    core.release(connection, hello)
    snapshot?.ended(reason)
    if hello.role == .urgent {
      core.log.info(
        "a member's connection ended", ["member": hexadecimal(hello.sender), "reason": reason])
    }
  }
}

extension String {
  /// `host` of `host:port`: who comes again comes from another port.
  fileprivate var hostPart: String { lastIndex(of: ":").map { String(self[..<$0]) } ?? self }
}
