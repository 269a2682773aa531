import Glibc
import NIOCore
import Raft
import RaftKV
import Synchronization
import Testing

@testable import Peers

@Suite(.serialized)
struct SnapshotTests {
  private static let content: [UInt8] = {
    var random = SeededGenerator(seed: 5)
    return (0..<400_000).flatMap { _ in withUnsafeBytes(of: random.next()) { Array($0) } }
  }()

  private func description(_ bytes: [UInt8]) -> SnapshotDescription {
    SnapshotDescription(
      snapshot: Snapshot(index: 100, term: 3, membership: Membership(voters: [1, 2], learners: [3])), term: 4,
      contentID: 0xc0ffee, byteCount: Int64(bytes.count))
  }

  private func pair(
    change: (inout TCPTransport.Configuration) -> Void = { _ in },
    sink: @escaping @Sendable (SnapshotDescription) -> MemorySink?
  ) throws -> [TestMember] {
    try TestMember.cluster(
      2, receivers: [RecordingReceiver(), RecordingReceiver(makeSink: sink)], change: change)
  }

  private func send(_ source: MemorySource, _ member: TestMember) -> Box<Bool> {
    let done = Box<Bool>()
    member.transport.sendSnapshot(description(source.bytes), from: source, to: 2) { done.put($0) }
    return done
  }

  @Test func aSnapshotArrives() throws {
    let asked = Box<SnapshotDescription>()
    let members = try pair { description in
      asked.put(description)
      return MemorySink()
    }
    let source = MemorySource(Self.content)
    #expect(try send(source, members[0]).wait())
    #expect(asked.values == [description(Self.content)])
    let sink = try #require(members[1].receiver.state.withLock { $0.sinks.first })
    #expect(sink.bytes == Self.content)
    #expect(sink.state.withLock { $0.finished == 1 && $0.interruptions == 0 })
    #expect(source.closes.withLock { $0 } == 1)
    // The next one is as good, also an empty one.
    #expect(try send(MemorySource([]), members[0]).wait())
    #expect(members[0].transport.statistics[0].sentSnapshots == 2)
  }

  @Test func oneThatWasCutOffIsGoneOnWith() throws {
    let kept = Array(Self.content.prefix(1_000_003))
    let members = try pair { _ in MemorySink(already: kept) }
    let source = MemorySource(Self.content)
    #expect(try send(source, members[0]).wait())
    #expect(source.reads.withLock { $0.first } == 1_000_003)
    #expect(members[1].receiver.state.withLock { $0.sinks[0].bytes } == Self.content)
  }

  @Test func itIsNotSentWhenItIsNotWanted() throws {
    let members = try pair { _ in nil }
    let source = MemorySource(Self.content)
    #expect(try !send(source, members[0]).wait())
    #expect(source.reads.withLock { $0.isEmpty } && source.closes.withLock { $0 } == 1)
  }

  @Test func whatCannotBeKeptFails() throws {
    let members = try pair { _ in MemorySink(failsAt: 700_000) }
    #expect(try !send(MemorySource(Self.content), members[0]).wait())
    let sinks = members[1].receiver.state.withLock { $0.sinks }
    #expect(
      eventually { sinks.allSatisfy { $0.state.withLock { $0.interruptions == 1 && $0.finished == 0 } } })
    #expect(members[1].log.contain("a snapshot cannot be kept"))
  }

  @Test func whatIsNotGoodFails() throws {
    let members = try pair { _ in MemorySink(isGood: false) }
    #expect(try !send(MemorySource(Self.content), members[0]).wait())
  }

  @Test func onlyOneAtATimeIsSentToAMember() throws {
    let members = try pair { _ in MemorySink(pause: 20_000) }
    let first = send(MemorySource(Self.content), members[0])
    let second = MemorySource(Self.content)
    #expect(try !send(second, members[0]).wait())
    #expect(second.closes.withLock { $0 } == 1)
    #expect(try first.wait())
    let nobody = Box<Bool>()
    members[0].transport.sendSnapshot(description([1]), from: MemorySource([1]), to: 99) { nobody.put($0) }
    #expect(try !nobody.wait())
  }

  /// A slow sink holds the sender up, instead of having the snapshot gather in memory.
  @Test func aSlowSinkHoldsTheSenderUp() throws {
    let large = (0..<16).flatMap { _ in Self.content }
    let gate = Box<Bool>()
    final class GatedSink: SnapshotSink {
      let gate: Box<Bool>
      let received = Mutex(0)
      init(_ gate: Box<Bool>) { self.gate = gate }
      var receivedBytes: Int64 { 0 }
      func append(_ bytes: [UInt8]) throws {
        _ = try gate.wait()
        received.withLock { $0 += bytes.count }
      }
      func finish(completion: @escaping @Sendable (Bool) -> Void) { completion(true) }
      func interrupted() {}
    }
    final class GatedReceiver: PeerReceiver {
      let sink: GatedSink
      init(_ gate: Box<Bool>) { sink = GatedSink(gate) }
      func receive(_ messages: [Message]) {}
      func receive(proposals: [[UInt8]], from member: MemberID) {}
      func receive(request: [UInt8], from member: MemberID, answer: @escaping @Sendable ([UInt8]) -> Void) {}
      func beginSnapshot(_ snapshot: SnapshotDescription, from member: MemberID) -> (any SnapshotSink)? {
        sink
      }
      func lost(_ member: MemberID) {}
      func removedFromCluster() {}
      func clusterDocument() -> [UInt8] { [] }
    }
    let sender = try TestMember(1)
    let receiver = GatedReceiver(gate)
    let transport = try TCPTransport(
      TCPTransport.Configuration(listenURLs: ["http://127.0.0.1:0"], advertisedURLs: []),
      logger: LogLines().logger)
    defer { transport.stop() }
    try transport.start(PeerIdentity(clusterID: 77, memberID: 2), receiver: receiver)
    sender.transport.setPeers(
      [PeerAddress(id: 2, urls: ["http://127.0.0.1:\(transport.boundPorts[0])"])], removed: [])
    let source = MemorySource(large)
    let done = Box<Bool>()
    sender.transport.sendSnapshot(description(large), from: source, to: 2) { done.put($0) }
    // It reads on until all buffers between are full, and then no further.
    var before = -1
    #expect(
      eventually {
        let now = source.reads.withLock { $0.count }
        defer { before = now }
        usleep(200_000)
        return now > 0 && now == before
      })
    #expect(source.reads.withLock { $0.last! } < Int64(large.count) - (1 << 20))
    #expect(done.values.isEmpty)
    gate.put(true)
    #expect(try done.wait())
    #expect(receiver.sink.received.withLock { $0 } == large.count)
  }

  @Test func theEndOfTheTransportEndsIt() throws {
    let members = try pair { _ in MemorySink(pause: 5_000) }
    let source = MemorySource(Self.content)
    let done = send(source, members[0])
    #expect(eventually { members[1].receiver.state.withLock { $0.sinks.first?.bytes.isEmpty == false } })
    members[0].transport.stop()
    #expect(done.values.count == 1 && source.closes.withLock { $0 } == 1)
    let sink = members[1].receiver.state.withLock { $0.sinks[0] }
    // It may have had all of it by then.
    #expect(eventually { sink.state.withLock { $0.interruptions + $0.finished == 1 } })
  }

  @Test func theEndOfTheReceiverEndsIt() throws {
    let members = try pair { _ in MemorySink(pause: 5_000) }
    let source = MemorySource(Self.content + Self.content)
    let done = send(source, members[0])
    #expect(eventually { members[1].receiver.state.withLock { $0.sinks.first?.bytes.isEmpty == false } })
    members[1].transport.stop()
    let sink = members[1].receiver.state.withLock { $0.sinks[0] }
    #expect(sink.state.withLock { $0.interruptions + $0.finished == 1 })
    _ = try done.wait()
    #expect(done.values.count == 1 && source.closes.withLock { $0 } == 1)
  }

  /// A proxy that cuts the connection again and again: each attempt goes on where the last one ended.
  @Test func cutsAreSurvivedWhileSomethingArrives() throws {
    let bytes = Self.content
    final class Store: Sendable {
      let bytes = Mutex<[UInt8]>([])
    }
    let store = Store()
    let listener = try RawListener()
    let sender = try TestMember(1)
    sender.transport.setPeers([PeerAddress(id: 2, urls: ["http://127.0.0.1:\(listener.port)"])], removed: [])
    let source = MemorySource(bytes)
    let done = Box<Bool>()
    sender.transport.sendSnapshot(description(bytes), from: source, to: 2) { done.put($0) }
    var cuts = 0
    var others: [RawSocket] = []
    while store.bytes.withLock({ $0.count }) < bytes.count {
      let socket = try listener.accept()
      let hello = try socket.readHello()
      socket.write { HelloAnswer(refusal: nil, clusterID: 77, member: 2).encode(into: &$0) }
      guard hello.role == .snapshot else {
        others.append(socket)
        continue
      }
      var buffer = ByteBuffer()
      var chunks = 0
      connection: while true {
        let read = socket.read()
        if read.isEmpty { break }
        buffer.writeBytes(read)
        while var frame = try Frame.read(&buffer, maximumBodyBytes: 1 << 20) {
          switch frame.kind {
          case .snapshotBegin:
            let have = store.bytes.withLock { Int64($0.count) }
            socket.write { buffer in Frame.append(.snapshotResume, to: &buffer) { $0.put(have) } }
          case .snapshotChunk:
            let offset: Int64 = try frame.body.take()
            store.bytes.withLock { stored in
              #expect(offset == stored.count)
              stored += Array(frame.body.readableBytesView)
            }
            chunks += 1
            if chunks == 2, cuts < 5 {
              cuts += 1
              break connection
            }
          case .snapshotEnd:
            socket.write { buffer in Frame.append(.snapshotDone, to: &buffer) { $0.put(true) } }
            break connection
          default: break
          }
        }
      }
      // The last word must have arrived before the socket goes.
      if store.bytes.withLock({ $0.count }) == bytes.count { #expect(try done.wait()) }
    }
    #expect(try done.wait())
    #expect(cuts == 5)
    #expect(store.bytes.withLock { $0 } == bytes)
  }
}
