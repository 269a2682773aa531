import Glibc
import NIOCore
import Raft
import RaftKV
import Testing

@testable import Peers

/// Peers that do not do their part.
@Suite(.serialized)
struct FaultTests {
  private func impatient(_ configuration: inout TCPTransport.Configuration) {
    configuration.limits.pingInterval = .milliseconds(30)
    configuration.limits.silence = .milliseconds(300)
  }

  /// Reads frames off a socket until a heartbeat of at least this round came.
  private func awaitHeartbeat(_ round: UInt64, on socket: RawSocket) throws {
    var buffer = ByteBuffer()
    while true {
      while var frame = try Frame.read(&buffer, maximumBodyBytes: 1 << 20) {
        guard frame.kind == .message else { continue }
        if case .heartbeat(_, let number) = try MessageCodec.decode(&frame.body).body, number >= round {
          return
        }
      }
      let bytes = socket.read()
      if bytes.isEmpty { throw NoValue() }
      buffer.writeBytes(bytes)
    }
  }

  @Test func heartbeatsPassBlockedEntries() throws {
    let listener = try RawListener()
    let member = try TestMember(1) { configuration in
      // The peer never reads its entries; that must not end the connections here.
      configuration.limits.silence = .minutes(10)
    }
    member.transport.setPeers([PeerAddress(id: 2, urls: ["http://127.0.0.1:\(listener.port)"])], removed: [])
    let sockets = try listener.accept([.urgent, .bulk], as: 2)
    #expect(eventually { member.transport.activeSince(2) != nil })
    for index in 1...10 as ClosedRange<UInt64> {
      member.transport.send([
        .append(from: 1, to: 2, index: index, bytes: 20 << 20), .heartbeat(from: 1, to: 2, round: index),
      ])
      try awaitHeartbeat(index, on: sockets[.urgent]!)
    }
    // 200 MB do not wait here: what is beyond the bound was dropped.
    #expect(eventually { member.transport.statistics[0].sendFailures >= 5 })
    #expect(member.transport.statistics[0].sentMessages < 16)
  }

  @Test func onePeerThatFallsSilentIsLost() throws {
    let listener = try RawListener()
    let member = try TestMember(1, change: impatient)
    member.transport.setPeers([PeerAddress(id: 2, urls: ["http://127.0.0.1:\(listener.port)"])], removed: [])
    let sockets = try listener.accept([.urgent, .bulk], as: 2)
    #expect(eventually { member.transport.activeSince(2) != nil })
    // It reads everything and says nothing: both connections end, and the loss is told once.
    #expect(sockets[.urgent]!.isClosedByPeer() && sockets[.bulk]!.isClosedByPeer())
    #expect(eventually { member.transport.activeSince(2) == nil && member.receiver.lost == [2] })
    #expect(member.log.contain("the connection to a member ended", "nothing was heard"))
    // It is dialled again, and again, as long as it says nothing.
    var isBack = false
    for _ in 0..<100 where !isBack {
      let again = try listener.accept([.urgent], as: 2)
      isBack = eventually(within: 0.3) { member.transport.activeSince(2) != nil }
      withExtendedLifetime(again) {}
    }
    #expect(isBack)
  }

  @Test func aSilentDiallerIsClosed() throws {
    let member = try TestMember(1, change: impatient)
    let socket = try RawSocket(port: member.port)
    socket.write { Hello(role: .urgent, clusterID: 77, sender: 2, receiver: 1, urls: []).encode(into: &$0) }
    #expect(try socket.readAnswer().refusal == nil)
    #expect(socket.isClosedByPeer())
    #expect(eventually { member.log.contain("connection ended", "member=2", "nothing was heard") })
  }

  @Test func peersThatPingStayConnected() throws {
    let members = try TestMember.cluster(2, change: impatient)
    let since = members.map { $0.transport.activeSince($0.id == 1 ? 2 : 1) }
    #expect(
      eventually {
        members.allSatisfy { $0.transport.statistics[0].roundTripCounts.reduce(0, +) > 30 }
      })
    #expect(members.allSatisfy { $0.transport.statistics[0].roundTripNanoseconds != nil })
    // On a machine that is so busy that pings are late, connections may come and go, but they do come.
    if members.allSatisfy({ $0.transport.statistics[0].disconnections == 0 }) {
      #expect(since == members.map { $0.transport.activeSince($0.id == 1 ? 2 : 1) })
    }
  }

  @Test func aNewerConnectionReplacesAHalfOpenOne() throws {
    let member = try TestMember(1)
    let hello = Hello(role: .urgent, clusterID: 77, sender: 2, receiver: 1, urls: [])
    let old = try RawSocket(port: member.port)
    old.write { hello.encode(into: &$0) }
    _ = try old.readAnswer()
    let new = try RawSocket(port: member.port)
    new.write { hello.encode(into: &$0) }
    #expect(try new.readAnswer().refusal == nil)
    #expect(old.isClosedByPeer())
    new.write { buffer in
      Frame.append(.message, to: &buffer) {
        MessageCodec.encode(.heartbeat(from: 2, to: 1, round: 8), into: &$0)
      }
    }
    #expect(eventually { member.receiver.rounds == [8] })
  }

  @Test func oldMessagesThatAreReplayedAreOnlyDelivered() throws {
    let member = try TestMember(1)
    let socket = try RawSocket(port: member.port)
    socket.write { Hello(role: .bulk, clusterID: 77, sender: 2, receiver: 1, urls: []).encode(into: &$0) }
    _ = try socket.readAnswer()
    for _ in 0..<3 {
      socket.write { buffer in
        Frame.append(.message, to: &buffer) {
          MessageCodec.encode(.append(from: 2, to: 1, index: 4, bytes: 10), into: &$0)
        }
      }
    }
    #expect(eventually { member.receiver.indexes == [4, 4, 4] })
  }

  /// Connections that end as soon as they are made: the peer is dialled at a bounded pace, and used once it stays.
  @Test func flappingConnectionsAreBorne() throws {
    let listener = try RawListener()
    let member = try TestMember(1)
    member.transport.setPeers([PeerAddress(id: 2, urls: ["http://127.0.0.1:\(listener.port)"])], removed: [])
    for _ in 0..<20 { _ = try listener.accept([.urgent, .bulk], as: 2) }
    let sockets = try listener.accept([.urgent, .bulk], as: 2)
    var round: UInt64 = 0
    #expect(
      eventually {
        round += 1
        member.transport.send([.heartbeat(from: 1, to: 2, round: round)])
        return member.transport.activeSince(2) != nil
      })
    try awaitHeartbeat(1, on: sockets[.urgent]!)
    #expect(member.receiver.lost.allSatisfy { $0 == 2 })
  }

  @Test func tooManyConnectionsAreTurnedAway() throws {
    let member = try TestMember(1) { $0.limits.acceptedConnections = 4 }
    let sockets = try (0..<4).map { _ in try RawSocket(port: member.port) }
    let fifth = try RawSocket(port: member.port)
    #expect(fifth.isClosedByPeer())
    let hello = Hello(role: .urgent, clusterID: 77, sender: 2, receiver: 1, urls: [])
    for socket in sockets.prefix(1) {
      socket.write { hello.encode(into: &$0) }
      #expect(try socket.readAnswer().refusal == nil)
    }
  }

  @Test func whatWaitsForADeadPeerIsBounded() throws {
    let member = try TestMember(1)
    member.transport.setPeers([PeerAddress(id: 2, urls: ["http://127.0.0.1:1"])], removed: [])
    #expect(eventually { member.receiver.lost == [2] })
    for round in 1...1000 as ClosedRange<UInt64> {
      member.transport.send([
        .heartbeat(from: 1, to: 2, round: round), .append(from: 1, to: 2, index: round, bytes: 10),
      ])
    }
    #expect(
      eventually {
        member.transport.statistics[0].sendFailures >= 1000 + 1000
          - UInt64(PeerLimits().urgentQueueMessagesWhenDown)
      })
  }
}
