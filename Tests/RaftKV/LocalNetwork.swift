import Raft
import Synchronization

@testable import RaftKV

/// A network inside the process: what is sent arrives in order when the virtual machine runs next, unless the link is cut.
final class LocalNetwork: Sendable {
  private struct State {
    var receivers: [MemberID: any PeerReceiver] = [:]
    var addresses: [String: MemberID] = [:]
    var down: Set<MemberID> = []
    var peers: [MemberID: [MemberID]] = [:]
  }

  private let state = Mutex(State())
  private let machine: VirtualMachine

  init(_ machine: VirtualMachine) { self.machine = machine }

  /// The transport of one member, reached at a URL.
  func transport(_ url: String) -> any PeerTransport { Link(network: self, url: url, own: Own()) }

  /// Cuts a member off, or joins it to the others again.
  func cut(_ member: MemberID, _ isCut: Bool) {
    state.withLock { if isCut { $0.down.insert(member) } else { $0.down.remove(member) } }
  }

  func peers(of member: MemberID) -> [MemberID] { state.withLock { $0.peers[member] ?? [] } }

  private func receiver(of member: MemberID, from: MemberID) -> (any PeerReceiver)? {
    state.withLock { state in
      if state.down.contains(member) || state.down.contains(from) { return nil }
      return state.peers[from]?.contains(member) == true ? state.receivers[member] : nil
    }
  }

  private func deliver(
    to member: MemberID, from: MemberID, _ body: @escaping @Sendable (any PeerReceiver) -> Void
  ) {
    machine.later("network") { [self] in
      if let receiver = receiver(of: member, from: from) { body(receiver) }
    }
  }

  private final class Own: Sendable {
    let id = Mutex<MemberID>(0)
  }

  private struct Link: PeerTransport {
    let network: LocalNetwork
    let url: String
    let own: Own

    var id: MemberID { own.id.withLock { $0 } }

    func start(_ identity: PeerIdentity, receiver: any PeerReceiver) throws {
      own.id.withLock { $0 = identity.memberID }
      network.state.withLock {
        $0.receivers[identity.memberID] = receiver
        $0.addresses[url] = identity.memberID
      }
    }

    func setPeers(_ peers: [PeerAddress], removed: [MemberID]) {
      network.state.withLock { $0.peers[id] = peers.map(\.id) }
    }

    func send(_ messages: [Message]) {
      let from = id
      for message in messages {
        network.deliver(to: message.to, from: from) { $0.receive([message]) }
      }
    }

    func forward(_ proposals: [[UInt8]], to leader: MemberID) {
      let from = id
      network.deliver(to: leader, from: from) { $0.receive(proposals: proposals, from: from) }
    }

    func ask(
      _ request: [UInt8], of member: MemberID, milliseconds: Int,
      completion: @escaping @Sendable ([UInt8]?) -> Void
    ) {
      let from = id
      guard network.receiver(of: member, from: from) != nil else { return completion(nil) }
      network.deliver(to: member, from: from) { $0.receive(request: request, from: from) { completion($0) } }
    }

    func clusterDocument(from urls: [String], milliseconds: Int) -> [UInt8]? {
      for url in urls {
        let receiver = network.state.withLock { state in
          state.addresses[url].flatMap { state.receivers[$0] }
        }
        if let document = receiver?.clusterDocument(), !document.isEmpty { return document }
      }
      return nil
    }

    func sendSnapshot(
      _ snapshot: SnapshotDescription, from source: any RaftKV.SnapshotSource, to member: MemberID,
      completion: @escaping @Sendable (Bool) -> Void
    ) {
      let from = id
      network.machine.later("network") {
        defer { source.close() }
        guard let sink = network.receiver(of: member, from: from)?.beginSnapshot(snapshot, from: from) else {
          return completion(false)
        }
        do {
          var offset = sink.receivedBytes
          while offset < snapshot.byteCount {
            let bytes = try source.read(at: offset, maximumBytes: 1000)
            try sink.append(bytes)
            offset += Int64(bytes.count)
          }
          sink.finish(completion: completion)
        } catch {
          sink.interrupted()
          completion(false)
        }
      }
    }

    func activeSince(_ member: MemberID) -> UInt64? {
      network.receiver(of: member, from: id) == nil ? nil : 0
    }

    func stop() {
      let id = id
      network.state.withLock { $0.receivers[id] = nil }
    }
  }
}
