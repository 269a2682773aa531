import NIOCore
import Testing

@testable import Bench

@Suite struct EtcdMessageTests {
  private func message(_ fields: (UInt8, [UInt8])...) -> ByteBuffer {
    var buffer = ByteBuffer()
    for (number, bytes) in fields {
      EtcdMessage.writeField(number, length: bytes.count, into: &buffer)
      buffer.writeBytes(bytes)
    }
    return buffer
  }

  @Test(arguments: [0, 1, 127, 128, 16383, 16384, UInt64(UInt32.max), UInt64.max])
  func varintLengthsAgree(value: UInt64) {
    var buffer = ByteBuffer()
    EtcdMessage.writeVarint(value, into: &buffer)
    #expect(buffer.readableBytes == EtcdMessage.varintLength(value))
  }

  @Test func countsKeyValuesOfARange() {
    var range = message((1, [8, 1]), (2, [1, 2, 3]), (2, []))
    range.writeBytes([4 << 3, 2])
    #expect(EtcdMessage.keyValues(inRange: range) == 2)
    #expect(EtcdMessage.keyValues(inRange: ByteBuffer()) == 0)
  }

  @Test func countsKeyValuesOfATransaction() {
    let range = message((2, [1]), (2, [2]), (2, [3]))
    let response = message((1, Array(range.readableBytesView)))
    let put = message((2, []))
    let transaction = message(
      (1, [8, 1]), (3, Array(response.readableBytesView)), (3, Array(put.readableBytesView)))
    #expect(EtcdMessage.keyValues(inTransaction: transaction) == 3)
  }

  @Test func findsTheVersion() {
    #expect(EtcdMessage.version(inStatus: message((1, [8, 1]), (2, Array("3.5.1".utf8)))) == "3.5.1")
    #expect(EtcdMessage.version(inStatus: ByteBuffer()) == nil)
  }

  @Test("malformed answers are told apart from empty ones")
  func refusesMalformed() {
    let whole = message((1, [8, 1]), (2, [1, 2, 3]))
    for length in 1..<whole.readableBytes where length != 4 {
      let part = whole.getSlice(at: 0, length: length)!
      #expect(EtcdMessage.keyValues(inRange: part) == nil, "cut at \(length)")
    }
    #expect(
      EtcdMessage.keyValues(inRange: ByteBuffer(bytes: [0x12] + [UInt8](repeating: 0xFF, count: 12))) == nil)
    #expect(EtcdMessage.keyValues(inRange: ByteBuffer(bytes: [0x13])) == nil)
  }
}
