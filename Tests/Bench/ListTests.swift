import NIOCore
import Testing

@testable import Bench

@Suite struct ListTests {
  private func framed(_ message: ByteBuffer) -> [UInt8] {
    let length = UInt32(message.readableBytes)
    return [0] + (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * $0)) }
      + Array(message.readableBytesView)
  }

  private func page(_ keys: [String], revision: Int64 = 9, more: Bool = false) -> ProtobufMessage {
    .make { page in
      page.add(1, .make { $0.add(3, revision) })
      for key in keys {
        page.add(
          2,
          .make {
            $0.add(1, key)
            $0.add(3, 8 as Int64)
            $0.add(4, 2 as Int64)
            $0.add(5, String(repeating: "v", count: 200))
          })
      }
      page.add(3, more)
      page.add(4, Int64(keys.count))
    }
  }

  @Test(
    "key-values are counted however the bytes are cut", arguments: [1, 2, 3, 7, 100, 10_000], [false, true])
  func scans(chunk: Int, isStreamed: Bool) {
    let pages = [page(["a", "b"]), page([]), page(["c"])]
    let messages = isStreamed ? pages.map { inner in .make { $0.add(1, inner) } } : [page(["a", "b", "c"])]
    let bytes = messages.flatMap { framed($0.buffer) }
    var scanner = ListScanner(isStreamed: isStreamed)
    for start in stride(from: 0, to: bytes.count, by: chunk) {
      #expect(scanner.isComplete == (start == 0) || chunk < 100 || isStreamed)
      Array(bytes[start..<min(start + chunk, bytes.count)]).withUnsafeBytes { scanner.scan($0) }
    }
    #expect(scanner.isComplete)
    #expect(scanner.keyValues == 3)
    #expect(scanner.messages == messages.count)
  }

  @Test func aCutListIsNotComplete() {
    let bytes = framed(page(["a", "b"]).buffer)
    for length in 1..<bytes.count {
      var scanner = ListScanner(isStreamed: false)
      Array(bytes[..<length]).withUnsafeBytes { scanner.scan($0) }
      #expect(!scanner.isComplete)
    }
  }

  @Test func lengthsThatReachTooFarAreMalformed() {
    for bytes in [
      [0, 0, 0, 0, 3, 0x12, 0xFF, 0x01], [0, 0, 0, 0, 1, 0x12], [1, 0, 0, 0, 0], [0, 0, 0, 0, 2, 9, 1],
    ] {
      var scanner = ListScanner(isStreamed: false)
      bytes.map { UInt8($0) }.withUnsafeBytes { scanner.scan($0) }
      #expect(scanner.isMalformed, "\(bytes)")
      #expect(!scanner.isComplete)
    }
  }

  @Test func aPageTellsWhereTheNextBegins() throws {
    let found = try #require(ListPage(page(["a", "bc"], revision: 41, more: true).buffer))
    #expect(found.revision == 41)
    #expect(found.keyValues == 2)
    #expect(found.hasMore)
    #expect(found.modRevision == 8)
    #expect(found.version == 2)
    #expect(found.next.map { Array($0.readableBytesView) } == Array("bc".utf8) + [0])
    #expect(ListPage(ByteBuffer())?.next == nil)
  }

  @Test func requestsHoldWhatIsAsked() throws {
    var request = ListRequest(
      start: ByteBuffer(string: "a"), end: ByteBuffer(string: "b"), limit: 500, revision: 7)
    (request.isSerializable, request.isKeysOnly, request.isCountOnly) = (true, true, true)
    let fields = try ProtobufFields(request.message)
    #expect(fields.numbers == [1, 2, 3, 4, 7, 8, 9])
    #expect(fields.varint(3) == 500)
    #expect(fields.varint(4) == 7)
  }
}
