import NIOCore
import Raft
import RaftKV
import Testing

@testable import Peers

struct CodecTests {
  @Test(arguments: 0..<200 as Range<UInt64>)
  func messagesComeBackAsTheyWere(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<20 {
      let message = Message.random(using: &random)
      var buffer = ByteBuffer()
      MessageCodec.encode(message, into: &buffer)
      #expect(try MessageCodec.decode(&buffer) == message)
      #expect(buffer.readableBytes == 0)
    }
  }

  @Test func everyTruncationIsAnError() {
    var random = SeededGenerator(seed: 7)
    for kind in 0..<14 {
      var whole = ByteBuffer()
      MessageCodec.encode(.random(kind: kind, using: &random), into: &whole)
      for count in 0..<whole.readableBytes {
        var part = whole.getSlice(at: 0, length: count)!
        #expect(throws: WireError.self) { try MessageCodec.decode(&part) }
      }
    }
  }

  @Test func bytesBehindAMessageAreAnError() {
    var random = SeededGenerator(seed: 8)
    for kind in 0..<14 {
      var buffer = ByteBuffer()
      MessageCodec.encode(.random(kind: kind, using: &random), into: &buffer)
      buffer.writeBytes([0])
      #expect(throws: WireError.self) { try MessageCodec.decode(&buffer) }
    }
  }

  /// Whatever the bytes are, they give a message or an error; and a message that was read is written the same way.
  @Test func anyBytesAreSafe() throws {
    var random = SeededGenerator(seed: 9)
    var understood = 0
    for round in 0..<20_000 {
      var buffer = ByteBuffer()
      MessageCodec.encode(.random(kind: round % 14, using: &random), into: &buffer)
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let at = Int.random(in: 0..<buffer.readableBytes, using: &random)
        buffer.setInteger(UInt8.random(in: .min ... .max, using: &random), at: at)
      }
      let bytes = buffer
      guard let message = try? MessageCodec.decode(&buffer) else { continue }
      understood += 1
      var again = ByteBuffer()
      MessageCodec.encode(message, into: &again)
      #expect(again == bytes)
    }
    #expect(understood > 1000 && understood < 20_000)
  }

  @Test func absurdCountsAreRefusedBeforeRoomIsMade() {
    var buffer = ByteBuffer()
    MessageCodec.encode(
      Message(
        from: 1, to: 2, term: 3,
        body: .append(previousIndex: 1, previousTerm: 1, commit: 1, entries: [])), into: &buffer)
    buffer.setInteger(UInt32.max, at: buffer.writerIndex - 4)
    #expect(throws: WireError.truncated) { try MessageCodec.decode(&buffer) }
  }

  @Test func aMembershipOutOfOrderIsRefused() {
    var buffer = ByteBuffer()
    let snapshot = Snapshot(index: 5, term: 2, membership: Membership(voters: [1, 2]))
    MessageCodec.encode(Message(from: 1, to: 2, term: 3, body: .snapshot(snapshot)), into: &buffer)
    // The first voter stands behind kind, from, to, term, index, term and the count.
    buffer.setInteger(9 as UInt64, at: 1 + 24 + 16 + 4, endianness: .little)
    #expect(throws: WireError.malformed("a list of members is not in order")) {
      try MessageCodec.decode(&buffer)
    }
  }
}

struct FrameTests {
  private func sample() -> ByteBuffer {
    var buffer = ByteBuffer()
    Frame.append(.ask, to: &buffer) { $0.writeBytes(Array(0..<40)) }
    return buffer
  }

  @Test func framesComeBackAsTheyWere() throws {
    var buffer = ByteBuffer(repeating: 0, count: 3)
    buffer.moveReaderIndex(forwardBy: 3)
    Frame.append(.message, to: &buffer) { $0.writeString("one") }
    Frame.append(.alive, to: &buffer)
    Frame.append(.document, to: &buffer) { $0.writeString("three") }
    var read: [(FrameKind, String)] = []
    while let frame = try Frame.read(&buffer, maximumBodyBytes: 100) {
      read.append((frame.kind, String(buffer: frame.body)))
    }
    #expect(read.map(\.0) == [.message, .alive, .document])
    #expect(read.map(\.1) == ["one", "", "three"])
  }

  @Test func aFrameThatIsNotAllThereIsAwaited() throws {
    let whole = sample()
    for count in 0..<whole.readableBytes {
      var part = whole.getSlice(at: 0, length: count)!
      #expect(try Frame.read(&part, maximumBodyBytes: 100) == nil)
      #expect(part.readableBytes == count)
    }
  }

  @Test func everyFlippedBitIsFound() {
    let whole = sample()
    for bit in 0..<whole.readableBytes * 8 {
      var flipped = whole
      flipped.setInteger(whole.getInteger(at: bit / 8, as: UInt8.self)! ^ (1 << UInt8(bit % 8)), at: bit / 8)
      // A length that became larger is only found when so many bytes are there, or at the bound.
      flipped.writeRepeatingByte(0, count: 1 << 8)
      #expect(throws: WireError.self) { try Frame.read(&flipped, maximumBodyBytes: 200) }
    }
  }

  @Test func alengthBeyondTheBoundIsRefusedAtOnce() {
    var buffer = ByteBuffer()
    buffer.put(UInt32.max)
    #expect(throws: WireError.tooLong(Int(UInt32.max))) { try Frame.read(&buffer, maximumBodyBytes: 1 << 20) }
  }
}

struct HelloTests {
  private let hello = Hello(
    role: .bulk, clusterID: 0xfeed, sender: 11, receiver: 12, urls: ["http://a:2380", "https://[::1]:1"])

  @Test func greetingsComeBackAsTheyWere() throws {
    var buffer = ByteBuffer(string: "before")
    buffer.moveReaderIndex(forwardBy: 6)
    hello.encode(into: &buffer)
    let answers = [
      HelloAnswer(refusal: nil, clusterID: 5, member: 6),
      HelloAnswer(refusal: .removed, clusterID: 7, member: 8),
    ]
    for answer in answers { answer.encode(into: &buffer) }
    #expect(try Hello.read(&buffer) == hello)
    for answer in answers { #expect(try HelloAnswer.read(&buffer) == answer) }
    #expect(buffer.readableBytes == 0)
  }

  @Test func everyFlippedBitIsFound() {
    var whole = ByteBuffer()
    hello.encode(into: &whole)
    for bit in 0..<whole.readableBytes * 8 {
      var flipped = whole
      flipped.setInteger(whole.getInteger(at: bit / 8, as: UInt8.self)! ^ (1 << UInt8(bit % 8)), at: bit / 8)
      flipped.writeRepeatingByte(0, count: 1 << 16)
      #expect(throws: WireError.self) { try Hello.read(&flipped) }
    }
  }

  @Test func everyTruncationIsAwaited() throws {
    var whole = ByteBuffer()
    hello.encode(into: &whole)
    for count in 0..<whole.readableBytes {
      var part = whole.getSlice(at: 0, length: count)!
      #expect(try Hello.read(&part) == nil)
    }
  }

  @Test(arguments: [
    ("GET / HTTP/1.1\r\n", "HTTP"), ("PRI * HTTP/2.0\r\n", "HTTP"), ("hello world", "something else"),
    ("rkpeex", "something else"),
  ])
  func otherProtocolsAreNamed(_ text: String, _ name: String) {
    var buffer = ByteBuffer(string: text)
    #expect(throws: WireError.foreignProtocol(name)) { try Hello.read(&buffer) }
  }

  @Test func tlsIsNamed() {
    var buffer = ByteBuffer(bytes: [0x16, 3, 1, 2, 0, 1, 0, 1])
    #expect(throws: WireError.foreignProtocol("TLS (this URL begins with http://)")) {
      try Hello.read(&buffer)
    }
  }

  @Test func anotherVersionIsNamed() {
    var buffer = ByteBuffer()
    hello.encode(into: &buffer)
    buffer.setInteger(77 as UInt16, at: 6, endianness: .little)
    #expect(throws: WireError.version(77)) { try Hello.read(&buffer) }
  }
}

struct SnapshotFrameTests {
  @Test func descriptionsComeBackAsTheyWere() throws {
    var random = SeededGenerator(seed: 3)
    let description = SnapshotDescription(
      snapshot: .random(using: &random), term: 9, contentID: 0xabcdef, byteCount: 1 << 40)
    var buffer = ByteBuffer()
    SnapshotFrames.encode(description, into: &buffer)
    let whole = buffer
    #expect(try SnapshotFrames.decode(&buffer) == description)
    for count in 0..<whole.readableBytes {
      var part = whole.getSlice(at: 0, length: count)!
      #expect(throws: WireError.self) { try SnapshotFrames.decode(&part) }
    }
  }
}
