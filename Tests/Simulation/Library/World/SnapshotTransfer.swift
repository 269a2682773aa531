import Raft
import RaftKV

/// A state on its way from one member to another, chunk by chunk; it may be cut off at any of them.
///
/// Safe: because one thread at a time runs a world.
final class SnapshotTransfer: @unchecked Sendable {
  private let snapshot: SnapshotDescription
  private let source: any SnapshotSource
  private let sender: Process
  private let senderID: MemberID
  private let target: Machine
  private let targetID: MemberID
  private let network: Network
  private var completion: (@Sendable (Bool) -> Void)?
  private var receiver: Process?
  private var sink: (any SnapshotSink)?
  private var offset: Int64 = 0

  private var world: World { network.world }

  init(
    _ snapshot: SnapshotDescription, _ source: any SnapshotSource, from sender: Process,
    as senderID: MemberID,
    to target: Machine, as targetID: MemberID, _ network: Network,
    completion: @escaping @Sendable (Bool) -> Void
  ) {
    self.snapshot = snapshot
    self.source = source
    self.sender = sender
    self.senderID = senderID
    self.target = target
    self.targetID = targetID
    self.network = network
    self.completion = completion
  }

  func begin() {
    world.note(.snapshot, sender.machine.number, snapshot.snapshot.index, UInt64(target.number)) {
      "sends \(snapshot.byteCount) bytes through \(snapshot.snapshot.index) to m\(target.number)"
    }
    world.probes.count(.snapshotSent)
    sender.machine.cluster.snapshotsUnderWay += 1
    later { [self] in
      guard isPossible(), let process = target.process, let identity = sender.transport.identity,
        let receiver = process.transport.admit(identity, as: targetID, from: sender),
        let sink = receiver.beginSnapshot(snapshot, from: senderID)
      else { return end(false) }
      self.receiver = process
      self.sink = sink
      offset = sink.receivedBytes
      if offset > 0 { world.probes.count(.snapshotResumed) }
      sendNext()
    }
  }

  private func sendNext() {
    guard isPossible(), !world.random.chance(world.options.snapshotCutPercent) else { return cutOff() }
    do {
      if offset == snapshot.byteCount { return finish() }
      let bytes = try source.read(at: offset, maximumBytes: world.options.snapshotChunkBytes)
      if bytes.isEmpty { return cutOff() }
      later { [self] in
        guard isPossible() else { return cutOff() }
        do {
          try sink?.append(bytes)
        } catch {
          return cutOff()
        }
        offset += Int64(bytes.count)
        sendNext()
      }
    } catch {
      world.note(.snapshot, sender.machine.number) { "cannot be read: \(error)" }
      cutOff()
    }
  }

  private func finish() {
    watchReceiver()
    sink?.finish { [self] isGood in
      world.note(.snapshot, target.number, isGood ? 1 : 0) { isGood ? "installed" : "refused" }
      if isGood { world.probes.count(.snapshotInstalled) }
      sink = nil
      later { [self] in end(isGood) }
    }
  }

  /// A receiver that goes while it verifies says nothing more.
  private func watchReceiver() {
    world.after(.milliseconds(500)) { [self] in
      if completion == nil { return }
      if let receiver, !receiver.isAlive { end(false) } else { watchReceiver() }
    }
  }

  private func later(_ body: @escaping @Sendable () -> Void) {
    world.after(world.random.delay(network.delay)) { [self] in
      if sender.isAlive, sender.machine.isPaused {
        sender.after(0, body)
      } else if let receiver, receiver.isAlive, target.isPaused {
        receiver.after(0, body)
      } else {
        body()
      }
    }
  }

  private func isPossible() -> Bool {
    guard sender.isAlive, target.isRunning, receiver == nil || target.process === receiver else {
      return false
    }
    return !network.isCut(from: sender.machine, to: target)
      && !network.isCut(from: target, to: sender.machine)
  }

  private func cutOff() {
    if let receiver, receiver.isAlive { sink?.interrupted() }
    sink = nil
    end(false)
  }

  private func end(_ isDone: Bool) {
    guard let completion else { return }
    self.completion = nil
    sender.machine.cluster.snapshotsUnderWay -= 1
    sink = nil
    if !sender.isAlive { return }
    source.close()
    completion(isDone)
  }
}
