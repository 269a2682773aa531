import NIOCore
import Raft
import RaftKV
import Testing

@testable import Peers

/// Whoever is not a peer is refused with a log line, and nothing changes.
@Suite(.serialized)
struct RefusalTests {
  @Test func anotherClusterIsRefused() throws {
    let member = try TestMember(1, clusterID: 77)
    let stranger = try TestMember(2, clusterID: 78)
    stranger.transport.setPeers([member.address], removed: [])
    member.transport.setPeers([stranger.address], removed: [])
    stranger.transport.send([.heartbeat(from: 2, to: 1, round: 1)])
    #expect(eventually { member.log.contain("refused a connection", "cluster 4e, not 4d") })
    #expect(eventually { stranger.log.contain("cannot be reached", "it belongs to another cluster") })
    #expect(member.receiver.messages.isEmpty && member.transport.activeSince(2) == nil)
    #expect(stranger.receiver.removals == 0)
  }

  @Test func anotherReceiverIsRefused() throws {
    let member = try TestMember(1)
    let other = try TestMember(2)
    other.transport.setPeers([PeerAddress(id: 3, urls: [member.url])], removed: [])
    #expect(eventually { member.log.contain("refused a connection", "looking for member 3, not 1") })
    #expect(other.transport.activeSince(3) == nil)
  }

  @Test func oneWithTheSameIdIsRefused() throws {
    let member = try TestMember(1)
    let socket = try RawSocket(port: member.port)
    socket.write { Hello(role: .urgent, clusterID: 77, sender: 1, receiver: 1, urls: []).encode(into: &$0) }
    #expect(try socket.readAnswer().refusal == .sender)
    #expect(socket.isClosedByPeer())
  }

  @Test func aRemovedMemberIsToldSo() throws {
    let members = try TestMember.cluster(3)
    members[0].transport.setPeers([members[0].address, members[1].address], removed: [3])
    #expect(eventually { members[2].receiver.removals == 1 })
    #expect(members[0].log.contain("refused a connection", "the cluster has removed it", "member=3"))
    #expect(
      members[0].transport.activeSince(3) == nil && members[0].transport.statistics.map(\.member) == [2])
    members[0].transport.send([.heartbeat(from: 1, to: 3, round: 1)])
    // Members that did not hear of it yet go on, and it is told only once.
    members[1].transport.setPeers([members[0].address, members[1].address], removed: [3])
    #expect(eventually { members[1].log.contain("the cluster has removed it", "member=3") })
    #expect(members[2].receiver.removals == 1 && members[2].receiver.rounds.isEmpty)
    #expect(members[0].isConnected(to: members[1]))
  }

  @Test func anotherVersionIsToldWhy() throws {
    let member = try TestMember(1)
    let socket = try RawSocket(port: member.port)
    socket.write { buffer in
      Hello(role: .urgent, clusterID: 77, sender: 2, receiver: 1, urls: []).encode(into: &buffer)
      buffer.setInteger(9 as UInt16, at: 6, endianness: .little)
    }
    #expect(try socket.readAnswer().refusal == .version)
    #expect(socket.isClosedByPeer())
    #expect(eventually { member.log.contain("refused a connection", "it speaks version 9") })
  }

  @Test(arguments: [
    (Array("GET /version HTTP/1.1\r\nHost: a\r\n\r\n".utf8), "it speaks HTTP"),
    ([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00], "it speaks TLS"),
    ([UInt8](repeating: 0xff, count: 100_000), "it speaks something else"),
  ])
  func otherProtocolsAreRefused(_ bytes: [UInt8], _ reason: String) throws {
    let member = try TestMember(1)
    let socket = try RawSocket(port: member.port)
    socket.write(bytes)
    #expect(socket.isClosedByPeer())
    #expect(eventually { member.log.contain("refused a connection", reason) })
    try expectWorks(member)
  }

  @Test func whoSaysNothingIsClosed() throws {
    let member = try TestMember(1) { configuration in
      configuration.limits.connectTimeout = .milliseconds(100)
      configuration.limits.pingInterval = .milliseconds(20)
    }
    let socket = try RawSocket(port: member.port)
    #expect(socket.isClosedByPeer())
    let half = try RawSocket(port: member.port)
    half.write(Array("rkpe".utf8))
    #expect(half.isClosedByPeer())
    try expectWorks(member)
  }

  @Test func brokenFramesEndTheConnection() throws {
    let member = try TestMember(1)
    var good = ByteBuffer()
    Frame.append(.message, to: &good) { MessageCodec.encode(.heartbeat(from: 2, to: 1, round: 1), into: &$0) }
    let frame = Array(good.readableBytesView)
    var flipped = frame
    flipped[20] ^= 1
    var foreign = ByteBuffer()
    Frame.append(.message, to: &foreign) {
      MessageCodec.encode(.heartbeat(from: 3, to: 1, round: 9), into: &$0)
    }
    var misdirected = ByteBuffer()
    Frame.append(.message, to: &misdirected) {
      MessageCodec.encode(.heartbeat(from: 2, to: 4, round: 9), into: &$0)
    }
    let bad: [([UInt8], String)] = [
      (flipped, "a checksum does not match"),
      ([0xff, 0xff, 0xff, 0xff] + frame, "4294967295 bytes are announced"),
      (Array(foreign.readableBytesView), "a message of member 3"),
      (Array(misdirected.readableBytesView), "for 4"),
    ]
    for (index, (bytes, reason)) in bad.enumerated() {
      let socket = try RawSocket(port: member.port)
      socket.write { Hello(role: .urgent, clusterID: 77, sender: 2, receiver: 1, urls: []).encode(into: &$0) }
      #expect(try socket.readAnswer().refusal == nil)
      socket.write(frame + bytes)
      #expect(socket.isClosedByPeer())
      #expect(eventually { member.log.contain("connection ended", "member=2", reason) })
      // What came whole before counts; nothing else does.
      #expect(eventually { member.receiver.rounds == Array(repeating: 1, count: index + 1) })
    }
    try expectWorks(member)
  }

  @Test func oneThatDiesMidFrameLeavesNothing() throws {
    let member = try TestMember(1)
    var socket: RawSocket? = try RawSocket(port: member.port)
    socket!.write { Hello(role: .bulk, clusterID: 77, sender: 2, receiver: 1, urls: []).encode(into: &$0) }
    _ = try socket!.readAnswer()
    var buffer = ByteBuffer()
    Frame.append(.message, to: &buffer) {
      MessageCodec.encode(.append(from: 2, to: 1, index: 1, bytes: 100_000), into: &$0)
    }
    socket!.write(Array(buffer.readableBytesView.prefix(50_000)))
    socket = nil
    try expectWorks(member)
    #expect(member.receiver.indexes.isEmpty)
  }

  @Test func repeatedRefusalsAreLoggedOnce() throws {
    let member = try TestMember(1)
    for _ in 0..<50 {
      let socket = try RawSocket(port: member.port)
      socket.write(Array("GET / HTTP/1.1\r\n\r\n".utf8))
      #expect(socket.isClosedByPeer())
    }
    #expect(member.log.all.count { $0.contains("it speaks HTTP") } == 1)
  }

  /// A peer still gets through.
  private func expectWorks(_ member: TestMember) throws {
    let peer = try TestMember(90)
    peer.transport.setPeers([member.address], removed: [])
    peer.transport.send([.heartbeat(from: 90, to: member.id, round: 4711)])
    #expect(eventually { member.receiver.rounds.contains(4711) })
  }
}
