import NIOCore
import Testing

@testable import GRPC

@Suite struct MessageReaderTests {
  private func read(_ chunks: [[UInt8]], limit: Int = 1_000) throws -> ([[UInt8]], ended: Bool) {
    var reader = MessageReader(limit: limit)
    var messages: [[UInt8]] = []
    for chunk in chunks {
      try chunk.withUnsafeBytes { bytes in
        var rest = bytes
        while let message = try reader.next(&rest, ByteBufferAllocator()) {
          messages.append(Array(message.readableBytesView))
        }
        #expect(rest.isEmpty)
      }
    }
    return (messages, reader.isBetweenMessages)
  }

  private func frame(_ message: [UInt8], flag: UInt8 = 0) -> [UInt8] {
    [flag, 0, 0, UInt8(message.count >> 8), UInt8(message.count & 255)] + message
  }

  @Test func findsMessagesHoweverTheBytesAreCut() throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SplitMix(seed)
    for _ in 0..<300 {
      let messages = (0..<Int.random(in: 0..<6, using: &random)).map { _ in
        (0..<Int.random(in: 0..<40, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      }
      var bytes = messages.flatMap { frame($0) }[...]
      var chunks: [[UInt8]] = []
      while !bytes.isEmpty {
        let count = min(Int.random(in: 0..<20, using: &random), bytes.count)
        chunks.append(Array(bytes.prefix(count)))
        bytes = bytes.dropFirst(count)
      }
      let result = try read(chunks)
      #expect(result.0 == messages, "seed \(seed)")
      #expect(result.ended, "seed \(seed)")
    }
  }

  @Test func knowsAnUnfinishedMessage() throws {
    for count in 1..<8 {
      let result = try read([Array(frame([1, 2, 3]).prefix(count))])
      #expect(result.0.isEmpty)
      #expect(!result.ended)
    }
  }

  @Test func refusesWhatGRPCForbids() {
    #expect(throws: GRPCStatus(.resourceExhausted, "grpc: received message larger than max (11 vs. 10)")) {
      try read([[0, 0, 0, 0, 11]], limit: 10)
    }
    #expect(
      throws: GRPCStatus(.resourceExhausted, "grpc: received message larger than max (4294967295 vs. 10)")
    ) {
      try read([[0, 255], [255, 255, 255]], limit: 10)
    }
    #expect(throws: GRPCStatus(.internalError, "grpc: compressed flag set with identity or empty encoding")) {
      try read([frame([1], flag: 1)])
    }
    #expect(throws: GRPCStatus(.internalError, "grpc: received unexpected payload format 2")) {
      try read([frame([1], flag: 2)])
    }
  }

  @Test func aLengthAloneClaimsLittleMemory() throws {
    var reader = MessageReader(limit: 1 << 30)
    let message = try [UInt8]([0, 0x3F, 255, 255, 255]).withUnsafeBytes { bytes in
      var rest = bytes
      return try reader.next(&rest, ByteBufferAllocator())
    }
    #expect(message == nil)
    #expect(reader.partialBytes == 0)
    #expect(reader.allocatedBytes <= 1 << 16)
  }
}

struct SplitMix: RandomNumberGenerator {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}
