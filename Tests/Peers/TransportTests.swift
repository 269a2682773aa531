import NIOCore
import Raft
import RaftKV
import Synchronization
import Testing

@testable import Peers

@Suite(.serialized)
struct TransportTests {
  @Test func eachKindOfMessageArrivesInOrder() throws {
    let members = try TestMember.cluster(3)
    for batch in 0..<50 as Range<UInt64> {
      members[0].transport.send(
        (1...10 as ClosedRange<UInt64>).flatMap { number in
          [2, 3].flatMap { to in
            [
              Message.append(from: 1, to: to, index: batch * 10 + number, bytes: 1000),
              .heartbeat(from: 1, to: to, round: batch * 10 + number),
            ]
          }
        })
    }
    for member in members[1...] {
      #expect(eventually { member.receiver.messages.count == 1000 })
      #expect(member.receiver.indexes == Array(1...500) && member.receiver.rounds == Array(1...500))
      #expect(member.receiver.messages.allSatisfy { $0.to == member.id && $0.from == 1 })
    }
    let statistics = members[0].transport.statistics
    #expect(statistics.map(\.member) == [2, 3])
    #expect(statistics.allSatisfy { $0.isActive && $0.sentMessages == 1000 && $0.sendFailures == 0 })
    #expect(statistics.allSatisfy { $0.sentBytes > 500 * 1000 })
    let received = try #require(members[1].transport.statistics.first)
    #expect(received.member == 1 && received.receivedMessages == 1000 && received.receivedBytes > 500 * 1000)
  }

  @Test func largeEntriesArriveWhole() throws {
    let members = try TestMember.cluster(2)
    for (index, bytes) in [(1, 20 << 20), (2, 64 << 20)] as [(LogIndex, Int)] {
      let message = Message.append(from: 1, to: 2, index: index, bytes: bytes)
      members[0].transport.send([message])
      #expect(eventually { members[1].receiver.messages.count == Int(index) })
      let isTheSame = members[1].receiver.messages.last == message
      #expect(isTheSame)
    }
  }

  @Test func proposalsReachTheLeader() throws {
    let members = try TestMember.cluster(2)
    let proposals = (0..<300).map { [UInt8](repeating: UInt8($0 % 256), count: $0) }
    members[1].transport.forward(Array(proposals[..<200]), to: 1)
    members[1].transport.forward(Array(proposals[200...]), to: 1)
    #expect(eventually { members[0].receiver.proposals.count == 300 })
    #expect(members[0].receiver.proposals == proposals)
    #expect(members[0].receiver.state.withLock { $0.proposals.allSatisfy { $0.from == 2 } })
  }

  @Test func questionsAreAnswered() throws {
    let members = try TestMember.cluster(2)
    let answers = Box<[UInt8]?>()
    for number in 0..<100 as Range<UInt8> {
      members[0].transport.ask([number, 7], of: 2, milliseconds: 60_000) { answers.put($0) }
    }
    #expect(eventually { answers.values.count == 100 })
    #expect(Set(answers.values) == Set((0..<100 as Range<UInt8>).map { [7, $0, 1] }))
  }

  @Test func questionsEndWithoutAnAnswer() throws {
    let members = try TestMember.cluster(
      2, receivers: [RecordingReceiver(), RecordingReceiver(answers: false)])
    let unknown = Box<[UInt8]?>()
    members[0].transport.ask([1], of: 99, milliseconds: 60_000) { unknown.put($0) }
    #expect(try unknown.wait() == nil)
    let late = Box<[UInt8]?>()
    members[0].transport.ask([1], of: 2, milliseconds: 20) { late.put($0) }
    #expect(try late.wait() == nil)
    let large = Box<[UInt8]?>()
    members[0].transport.ask([UInt8](repeating: 0, count: 2 << 20), of: 2, milliseconds: 60_000) {
      large.put($0)
    }
    #expect(try large.wait() == nil)
    // The end of the connection ends what waits on it, long before its time.
    let cut = Box<[UInt8]?>()
    members[0].transport.ask([1], of: 2, milliseconds: 600_000) { cut.put($0) }
    let stopped = Box<[UInt8]?>()
    members[1].transport.ask([1], of: 1, milliseconds: 600_000) { stopped.put($0) }
    members[1].transport.stop()
    #expect(try cut.wait() == nil)
    _ = try stopped.wait()
    #expect(stopped.values.count == 1 && cut.values.count == 1)
  }

  @Test func theDocumentIsToldToWhoeverAsks() throws {
    let member = try TestMember(1)
    let newcomer = try TCPTransport(
      TCPTransport.Configuration(listenURLs: ["http://127.0.0.1:0"], advertisedURLs: []),
      logger: LogLines().logger)
    defer { newcomer.stop() }
    let closed = try RawListener()
    let urls = ["nonsense", "http://127.0.0.1:\(closed.port)", "http://127.0.0.1:1", member.url]
    #expect(newcomer.clusterDocument(from: urls, milliseconds: 4000) == Array("the document".utf8))
    #expect(newcomer.clusterDocument(from: ["http://127.0.0.1:1"], milliseconds: 4000) == nil)
    #expect(newcomer.clusterDocument(from: [], milliseconds: 4000) == nil)
    #expect(newcomer.boundPorts.isEmpty)
  }

  @Test func aMemberThatComesBackIsFoundAgain() throws {
    let first = try TestMember(1)
    var second: TestMember? = try TestMember(2)
    let address = second!.address
    first.transport.setPeers([first.address, address], removed: [])
    #expect(eventually { first.transport.activeSince(2) != nil })
    second!.transport.stop()
    second = nil
    #expect(eventually { first.receiver.lost == [2] && first.transport.activeSince(2) == nil })
    let port = try PeerURL(address.urls[0]).port
    let again = try TestMember(2, port: port)
    #expect(eventually { first.transport.activeSince(2) != nil })
    #expect(
      eventually {
        first.transport.send([
          .append(from: 1, to: 2, index: 9, bytes: 10), .heartbeat(from: 1, to: 2, round: 3),
        ])
        return again.receiver.indexes.contains(9) && again.receiver.rounds.contains(3)
      })
    #expect(first.transport.statistics[0].disconnections == 1)
  }

  @Test func eachURLIsTriedInTurn() throws {
    let first = try TestMember(1)
    let second = try TestMember(2)
    let urls = ["http://127.0.0.1:1", "http://no-such-host.invalid:2380", second.url]
    first.transport.setPeers([PeerAddress(id: 2, urls: urls)], removed: [])
    #expect(eventually { first.transport.activeSince(2) != nil })
    // Another address takes effect without the old one having failed.
    let third = try TestMember(3)
    first.transport.setPeers(
      [PeerAddress(id: 2, urls: urls), PeerAddress(id: 3, urls: ["http://127.0.0.1:1"])], removed: [])
    #expect(eventually { first.receiver.lost.contains(3) })
    first.transport.setPeers([PeerAddress(id: 2, urls: urls), third.address], removed: [])
    #expect(eventually { first.transport.activeSince(3) != nil })
    #expect(first.receiver.lost == [3])
  }

  @Test func aMemberThatIsNotKnownYetIsAnswered() throws {
    let old = try TestMember(1)
    let leader = try TestMember(2)
    leader.transport.setPeers([old.address], removed: [])
    leader.transport.send([.heartbeat(from: 2, to: 1, round: 5)])
    #expect(eventually { old.receiver.rounds == [5] })
    #expect(old.transport.activeSince(2) == nil)

    // One that says where it is reached is answered there.
    let listener = try RawListener()
    let socket = try RawSocket(port: old.port)
    socket.write {
      Hello(
        role: .urgent, clusterID: 77, sender: 4, receiver: 1, urls: ["http://127.0.0.1:\(listener.port)"]
      ).encode(into: &$0)
    }
    #expect(try socket.readAnswer().refusal == nil)
    let answering = try #require(try listener.accept([.urgent], as: 4)[.urgent])
    #expect(
      eventually {
        old.transport.send([.heartbeat(from: 1, to: 4, round: 6)])
        return old.transport.activeSince(4) != nil
      })
    #expect(!answering.read().isEmpty)
  }

  @Test func aPortInUseIsNamed() throws {
    let member = try TestMember(1)
    let error = #expect(throws: StartError.self) { try TestMember(2, port: member.port) }
    #expect(error?.description == "cannot listen for peers on \(member.url): address already in use")
  }

  @Test func nothingComesAfterTheStop() throws {
    let members = try TestMember.cluster(2)
    let addresses = members.map(\.address)
    for round in 1...1000 as ClosedRange<UInt64> {
      members[0].transport.send([.heartbeat(from: 1, to: 2, round: round)])
    }
    members[1].transport.stop()
    let count = members[1].receiver.messages.count
    members[0].transport.send([.heartbeat(from: 1, to: 2, round: 1)])
    members[1].transport.send([.heartbeat(from: 2, to: 1, round: 1)])
    members[1].transport.setPeers(addresses, removed: [])
    let answer = Box<[UInt8]?>()
    members[1].transport.ask([1], of: 1, milliseconds: 60_000) { answer.put($0) }
    #expect(try answer.wait() == nil)
    members[1].transport.stop()
    #expect(members[1].receiver.messages.count == count)
  }
}
