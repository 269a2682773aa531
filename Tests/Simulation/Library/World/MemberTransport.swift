import Raft
import RaftKV

/// One process' way to its peers over the simulated network.
///
/// Safe: because one thread at a time runs a world.
final class MemberTransport: PeerTransport, @unchecked Sendable {
  let network: Network
  let machine: Machine
  /// Who uses it.
  var process: Process?
  private(set) var identity: PeerIdentity?
  private var receiver: (any PeerReceiver)?
  /// Never iterated.
  private var peers: [MemberID: Machine] = [:]
  /// Members that have called and are not known yet: answers find their way to them. The oldest first.
  private var strangers: [(member: MemberID, machine: Machine)] = []
  private var removed: Set<MemberID> = []

  /// As many as the real transport remembers.
  private static let maximumStrangers = 8

  private var world: World { network.world }

  init(_ network: Network, _ machine: Machine) {
    self.network = network
    self.machine = machine
  }

  /// The process is gone.
  func close() {
    receiver = nil
    process = nil
    peers = [:]
    strangers = []
  }

  private func machine(of member: MemberID) -> Machine? {
    peers[member] ?? strangers.first { $0.member == member }?.machine
  }

  // MARK: PeerTransport

  func start(_ identity: PeerIdentity, receiver: any PeerReceiver) throws {
    self.identity = identity
    self.receiver = receiver
  }

  func setPeers(_ peers: [PeerAddress], removed: [MemberID]) {
    self.peers = [:]
    for peer in peers {
      if peer.id == identity?.memberID { world.fail("m\(machine.number) is given itself as a peer") }
      for url in peer.urls {
        if let machine = network.machine(at: url) { self.peers[peer.id] = machine }
      }
    }
    self.removed = Set(removed)
    strangers.removeAll { self.peers[$0.member] != nil || self.removed.contains($0.member) }
  }

  func send(_ messages: [Message]) {
    // Runs of messages for the same member travel together.
    var start = 0
    while start < messages.count {
      let target = messages[start].to
      var end = start
      while end < messages.count, messages[end].to == target { end += 1 }
      let batch = Array(messages[start..<end])
      start = end
      guard let machine = machine(of: target) else {
        world.probes.count(.messageToStranger)
        continue
      }
      machine.cluster.oracle.sent(batch, by: self.machine)
      carry(to: machine, as: target, mayDouble: true) { [world] transport, receiver in
        transport.machine.cluster.oracle.received(batch, by: transport.machine)
        world.note(.message, transport.machine.number, batch[0].term, UInt64(batch.count)) {
          "\(batch.map(describe).joined(separator: "; "))"
        }
        receiver.receive(batch)
      }
    }
  }

  func forward(_ proposals: [[UInt8]], to leader: MemberID) {
    guard let machine = machine(of: leader), let sender = identity?.memberID else { return }
    world.probes.count(.proposalForwarded)
    carry(to: machine, as: leader, mayDouble: false) { [world] transport, receiver in
      world.note(.forward, transport.machine.number, UInt64(proposals.count))
      receiver.receive(proposals: proposals, from: sender)
    }
  }

  func ask(
    _ request: [UInt8], of member: MemberID, milliseconds: Int,
    completion: @escaping @Sendable ([UInt8]?) -> Void
  ) {
    let question = Question(completion)
    process?.after(.milliseconds(max(1, milliseconds))) { question.answer(nil) }
    guard let machine = machine(of: member), let sender = identity?.memberID, let asker = process else {
      return
    }
    let own = self.machine
    carry(to: machine, as: member, mayDouble: false) { [network, world] transport, receiver in
      world.note(.ask, transport.machine.number, UInt64(request.count))
      let answering = transport.machine
      receiver.receive(request: request, from: sender) { answer in
        network.carry(from: answering, to: own, mayDouble: false) { process in
          if process === asker { question.answer(answer) }
        }
      }
    }
  }

  func clusterDocument(from urls: [String], milliseconds: Int) -> [UInt8]? {
    for url in urls {
      guard let machine = network.machine(at: url), machine !== self.machine, machine.isRunning,
        !machine.isPaused, !network.isCut(from: self.machine, to: machine),
        !network.isCut(from: machine, to: self.machine), !world.random.chance(network.lossPercent),
        let receiver = machine.process?.transport.receiver
      else { continue }
      return receiver.clusterDocument()
    }
    return nil
  }

  func sendSnapshot(
    _ snapshot: SnapshotDescription, from source: any SnapshotSource, to member: MemberID,
    completion: @escaping @Sendable (Bool) -> Void
  ) {
    guard let sender = process, let own = identity?.memberID, let machine = machine(of: member) else {
      source.close()
      completion(false)
      return
    }
    SnapshotTransfer(
      snapshot, source, from: sender, as: own, to: machine, as: member, network, completion: completion
    ).begin()
  }

  func activeSince(_ member: MemberID) -> UInt64? {
    guard let other = machine(of: member), let since = network.connectedSince(machine, other) else {
      return nil
    }
    return machine.clock.reading(at: since)
  }

  func stop() {
    receiver = nil
    peers = [:]
  }

  // MARK: arriving

  /// Carries something to a member; what runs at its address then may be another, which refuses it.
  private func carry(
    to machine: Machine, as target: MemberID, mayDouble: Bool,
    _ arrive: @escaping @Sendable (MemberTransport, any PeerReceiver) -> Void
  ) {
    guard let identity, let sender = process else { return }
    network.carry(from: self.machine, to: machine, mayDouble: mayDouble) { process in
      guard let receiver = process.transport.admit(identity, as: target, from: sender) else { return }
      arrive(process.transport, receiver)
    }
  }

  /// The receiver for what comes from a member, if it is let in: it must be of the same cluster and mean this member,
  /// and one that was removed is told so.
  func admit(_ sender: PeerIdentity, as target: MemberID, from process: Process) -> (any PeerReceiver)? {
    guard let identity, let receiver, sender.clusterID == identity.clusterID, target == identity.memberID
    else { return nil }
    guard removed.contains(sender.memberID) else {
      if machine(of: sender.memberID) == nil {
        if strangers.count == Self.maximumStrangers { strangers.removeFirst() }
        strangers.append((sender.memberID, process.machine))
      }
      return receiver
    }
    world.probes.count(.removedMemberTold)
    process.after(world.random.delay(network.delay)) {
      process.wasTold = true
      process.transport.receiver?.removedFromCluster()
    }
    return nil
  }

  /// A machine is not reached any more.
  func lost(_ other: Machine) {
    guard let receiver else { return }
    for member in peers.keys.sorted() where peers[member] === other { receiver.lost(member) }
  }
}

/// Tells an answer once.
///
/// Safe: because one thread at a time runs a world.
private final class Question: @unchecked Sendable {
  private var completion: (@Sendable ([UInt8]?) -> Void)?

  init(_ completion: @escaping @Sendable ([UInt8]?) -> Void) { self.completion = completion }

  func answer(_ bytes: [UInt8]?) {
    let completion = completion
    self.completion = nil
    completion?(bytes)
  }
}

/// A message as a line of the trace.
private func describe(_ message: Message) -> String {
  let head = "\(message.from % 1000)→\(message.to % 1000) t\(message.term) "
  switch message.body {
  case .append(let index, let term, let commit, let entries):
    return head + "append after \(index)/\(term) commit \(commit) entries \(entries.count)"
  default: return head + "\(message.body)"
  }
}
