import Foundation
import MVCC
import NIOCore
import Proto
import RaftKV
import SwiftProtobuf
import Testing

@testable import WatchAPI

/// The hand-written codec against the generated messages.
struct CodecTests {
  private static let rounds = 300

  private func command(_ kind: RequestKind, _ message: some SwiftProtobuf.Message) throws -> Command {
    let bytes: [UInt8] = try message.serializedBytes()
    return try bytes.withUnsafeBytes { try EtcdService.commandDecoder(kind, $0) }
  }

  private func bytes(_ message: some SwiftProtobuf.Message) throws -> [UInt8] {
    try message.serializedBytes()
  }

  @Test func decodesWhatTheGeneratedMessagesEncode() throws {
    let seed = UInt64.random(in: .min ... .max)
    var messages = RandomMessages(seed: seed)
    for _ in 0..<Self.rounds {
      let put = messages.put()
      #expect(try command(.put, put) == .put(PutCommand(put)), "seed \(seed)")
      let delete = messages.delete()
      #expect(try command(.deleteRange, delete) == .delete(DeleteCommand(delete)), "seed \(seed)")
      let transaction = messages.transaction()
      #expect(
        try command(.transaction, transaction) == .transaction(TransactionCommand(transaction)),
        "seed \(seed)")
      let range = messages.range()
      try bytes(range).withUnsafeBytes { bytes in
        let view = try RangeRequestView(bytes)
        #expect(view.query == RangeQuery(range), "seed \(seed)")
        #expect(view.isSerializable == range.serializable, "seed \(seed)")
      }
    }
  }

  @Test func comparisonsByAnUnknownRelation() throws {
    let impossible = Comparison.Target.version(.min)
    for (target, expected) in [(3, .version(0)), (0, impossible), (2, impossible), (9, impossible)]
      as [(Int, Comparison.Target)]
    {
      var transaction = Etcdserverpb_TxnRequest()
      transaction.compare = [
        .with {
          $0.key = Data("k".utf8)
          $0.result = .UNRECOGNIZED(4)
          $0.target = Etcdserverpb_Compare.CompareTarget(rawValue: target) ?? .UNRECOGNIZED(target)
        }
      ]
      let comparison = Comparison(
        range: KeyRange(start: Bytes("k".utf8)), relation: .notEqual, target: expected)
      #expect(
        try command(.transaction, transaction)
          == .transaction(TransactionCommand(comparisons: [comparison], success: [], failure: [])))
    }
  }

  @Test func decodesAlarms() throws {
    var request = Etcdserverpb_AlarmRequest()
    request.action = .activate
    request.memberID = .max
    request.alarm = .corrupt
    #expect(
      try command(.alarm, request)
        == .alarm(AlarmCommand(action: .activate, alarm: Alarm(member: .max, kind: .corrupt))))
    request.alarm = .none
    #expect(throws: WireError.unknownOperation) { try command(.alarm, request) }
    request.alarm = .nospace
    request.action = .get
    #expect(throws: WireError.unknownOperation) { try command(.alarm, request) }
  }

  @Test func encodesRequestsLikeTheGeneratedMessages() throws {
    let seed = UInt64.random(in: .min ... .max)
    var messages = RandomMessages(seed: seed)
    for _ in 0..<Self.rounds {
      let range = messages.range()
      let encoded = KVCodec.encode(RangeQuery(range), serializable: range.serializable)
      #expect(try Bytes(encoded.readableBytesView) == bytes(range), "seed \(seed)")
      let put = messages.put()
      #expect(try Bytes(KVCodec.encode(PutCommand(put)).readableBytesView) == bytes(put), "seed \(seed)")
      let delete = messages.delete()
      #expect(
        try Bytes(KVCodec.encode(DeleteCommand(delete)).readableBytesView) == bytes(delete), "seed \(seed)")
      var transaction = messages.transaction()
      transaction.forgetSerializable()
      #expect(
        try Bytes(KVCodec.encode(TransactionCommand(transaction)).readableBytesView) == bytes(transaction),
        "seed \(seed)")
    }
  }

  @Test func encodesResponsesLikeTheGeneratedMessages() throws {
    let seed = UInt64.random(in: .min ... .max)
    var messages = RandomMessages(seed: seed)
    for _ in 0..<Self.rounds {
      let header = ResponseHeader(
        clusterID: messages.random.next(), memberID: messages.random.next(), revision: messages.int64(),
        term: UInt64(messages.number(1000)))
      let keyValues = (0..<messages.number(4)).map { _ in messages.keyValue() }

      var range = Etcdserverpb_RangeResponse()
      range.header = .init(header)
      range.kvs = keyValues
      range.more = messages.chance()
      range.count = messages.int64()
      var result = RangeResult()
      result.keyValues = keyValues.map(KeyValue.init)
      result.more = range.more
      result.count = range.count
      let encodedRange = RangeResponse(header: header, result: result).encoded()
      #expect(try Bytes(encodedRange.readableBytesView) == bytes(range), "seed \(seed)")
      let decodedRange = try KVCodec.decodeRange(encodedRange)
      #expect(decodedRange.result == result && decodedRange.revision == header.revision, "seed \(seed)")

      var put = Etcdserverpb_PutResponse()
      put.header = .init(header)
      if let first = keyValues.first { put.prevKv = first }
      let encodedPut = PutResponse(header: header, previous: result.keyValues.first).encoded()
      #expect(try Bytes(encodedPut.readableBytesView) == bytes(put), "seed \(seed)")
      #expect(try KVCodec.decodePut(encodedPut).result == result.keyValues.first, "seed \(seed)")

      var delete = Etcdserverpb_DeleteRangeResponse()
      delete.header = .init(header)
      delete.deleted = messages.int64()
      delete.prevKvs = keyValues
      let encodedDelete = DeleteRangeResponse(
        header: header, deleted: delete.deleted, previous: result.keyValues
      ).encoded()
      #expect(try Bytes(encodedDelete.readableBytesView) == bytes(delete), "seed \(seed)")
      #expect(try KVCodec.decodeDelete(encodedDelete).result.previous == result.keyValues, "seed \(seed)")
    }
  }

  /// Read off etcd 3.5: operations before the first change carry the revision before it, and nested
  /// transactions an empty header.
  @Test func numbersTheHeadersInsideTransactions() throws {
    let put = OperationResult.put(previous: nil)
    let nothingDeleted = OperationResult.delete(deleted: 0, previous: [])
    let result = TransactionResult(
      succeeded: true,
      results: [
        .range(RangeResult()), nothingDeleted,
        .transaction(TransactionResult(succeeded: true, results: [put, .range(RangeResult())])),
        .range(RangeResult()), .delete(deleted: 2, previous: []),
      ])
    let encoded = TxnResponse(
      result, header: ResponseHeader(clusterID: 1, memberID: 2, revision: 11, term: 3)
    )
    .encoded()
    let message = try Etcdserverpb_TxnResponse(serializedBytes: Bytes(encoded.readableBytesView))
    #expect(message.header.revision == 11)
    #expect(message.responses[0].responseRange.header.revision == 10)
    #expect(message.responses[1].responseDeleteRange.header.revision == 10)
    #expect(message.responses[2].responseTxn.hasHeader)
    #expect(message.responses[2].responseTxn.header.revision == 0)
    #expect(message.responses[2].responseTxn.responses[0].responsePut.header.revision == 11)
    #expect(message.responses[2].responseTxn.responses[1].responseRange.header.revision == 11)
    #expect(message.responses[3].responseRange.header.revision == 11)
    #expect(message.responses[4].responseDeleteRange.header.revision == 11)
    #expect(try KVCodec.decodeTransaction(encoded).result == result)

    let unchanged = TransactionResult(succeeded: false, results: [.range(RangeResult()), nothingDeleted])
    let response = TxnResponse(unchanged, header: ResponseHeader(revision: 11)).encoded()
    let same = try Etcdserverpb_TxnResponse(serializedBytes: Bytes(response.readableBytesView))
    #expect(same.responses[0].responseRange.header.revision == 11)
    #expect(same.responses[1].responseDeleteRange.header.revision == 11)
  }

  @Test func lengthsOfVarints() {
    for bit in 0..<64 {
      for value in [UInt64(1) << UInt64(bit), (UInt64(1) << UInt64(bit)) - 1] {
        var expected = 1
        while expected < 10, value >> UInt64(7 * expected) > 0 { expected += 1 }
        #expect(WireSize.varint(value) == expected)
      }
    }
    #expect(WireSize.varint(.max) == 10)
  }

  @Test func theLastOfSeveralCounts() throws {
    let put: [UInt8] = [0x0A, 1, 0x61, 0x18, 5, 0x0A, 2, 0x62, 0x63, 0x18, 6]
    #expect(try put.withUnsafeBytes { try PutRequestView($0).command }.key == [0x62, 0x63])
    #expect(try put.withUnsafeBytes { try PutRequestView($0).command }.lease == 6)
    // A RequestOp with a range, then a put.
    let operation: [UInt8] = [0x12, 10, 0x0A, 3, 0x0A, 1, 0x61, 0x12, 3, 0x0A, 1, 0x62]
    let transaction = try operation.withUnsafeBytes { try DecodedTransaction<MVCC.Operation>($0) }
    #expect(transaction.success == [.put(PutCommand(key: [0x62], value: []))])
  }

  @Test(arguments: [
    ([0x0A, 5, 0x61], WireError.truncated),
    ([0x0A], .truncated),
    ([0x08, 5], .wrongWireType(field: 1)),
    ([0x1A, 0], .wrongWireType(field: 3)),
    ([0x02, 0], .illegalTag),
    ([0x0E, 0], .illegalTag),
    ([0x18] + [UInt8](repeating: 0xFF, count: 11), .malformedVarint),
    ([0x18] + [UInt8](repeating: 0xFF, count: 9), .truncated),
    ([0x0A, 1, 0x61, 0x3C], .unmatchedGroup),
    ([0x3B, 0x44], .unmatchedGroup),
    ([0x3B, 0x08, 1], .truncated),
    ([0x39, 1, 2, 3], .truncated),
    ([0x3D, 1, 2, 3], .truncated),
    ([0x0A] + [UInt8](repeating: 0xFF, count: 9) + [1], .truncated),
    ([UInt8](repeating: 0x3B, count: 102), .tooDeep),
  ]) func refusesBadBytes(_ bytes: [UInt8], _ error: WireError) {
    #expect(throws: error) { _ = try bytes.withUnsafeBytes { try PutRequestView($0) } }
  }

  @Test(arguments: [
    [0x0A, 1, 0x61, 0x3B, 0x08, 1, 0x3C],  // a group
    [0x0A, 1, 0x61, 0xA2, 0x06, 1, 0x78],  // bytes
    [0x0A, 1, 0x61, 0x39, 1, 2, 3, 4, 5, 6, 7, 8, 0x3D, 1, 2, 3, 4, 0x38, 1],  // numbers
  ]) func skipsUnknownFields(_ bytes: [UInt8]) throws {
    #expect(
      try bytes.withUnsafeBytes { try PutRequestView($0).command } == PutCommand(key: [0x61], value: []))
  }

  @Test func boundsTheDepthOfTransactions() throws {
    func nested(_ depth: Int) -> [UInt8] {
      var message: [UInt8] = []
      for _ in 1..<depth {
        var buffer = ByteBuffer()
        let inner = WireSize.message(4, message.count)
        buffer.writeFields(count: WireSize.message(2, inner)) { writer in
          writer.message(2, length: inner)
          writer.presentBytes(4, message)
        }
        message = [UInt8](buffer.readableBytesView)
      }
      return message
    }
    _ = try nested(maximumTransactionDepth).withUnsafeBytes { try DecodedTransaction<MVCC.Operation>($0) }
    #expect(throws: WireError.transactionTooDeep) {
      _ = try nested(maximumTransactionDepth + 1).withUnsafeBytes {
        try DecodedTransaction<MVCC.Operation>($0)
      }
    }
  }

  /// Damaged messages and noise: never a crash, and the same verdict as the generated decoder's, but for known
  /// fields of the wrong wire type, which that one takes for unknown ones.
  @Test func agreesWithTheGeneratedDecoderOnDamage() throws {
    let seed = UInt64.random(in: .min ... .max)
    var messages = RandomMessages(seed: seed)
    var options = BinaryDecodingOptions()
    options.messageDepthLimit = 1000
    for round in 0..<3000 {
      var bytes: [UInt8] =
        switch round % 4 {
        case 0: try messages.put().serializedBytes()
        case 1: try messages.range().serializedBytes()
        case 2: try messages.transaction().serializedBytes()
        default: [UInt8](messages.bytes(30))
        }
      for _ in 0..<messages.number(4) where !bytes.isEmpty {
        switch messages.number(4) {
        case 0: bytes.removeLast(messages.number(bytes.count) + 1)
        case 1: bytes[messages.number(bytes.count)] = UInt8(messages.number(256))
        case 2: bytes.insert(UInt8(messages.number(256)), at: messages.number(bytes.count))
        default: bytes.remove(at: messages.number(bytes.count))
        }
      }
      let put = verdict(bytes) { try PutRequestView($0).command }
      let generatedPut = try? Etcdserverpb_PutRequest(serializedBytes: bytes, options: options)
      if put.isClaim { #expect((put.value != nil) == (generatedPut != nil), "seed \(seed): \(bytes)") }
      if let command = put.value, let generatedPut {
        #expect(command == PutCommand(generatedPut), "seed \(seed): \(bytes)")
      }
      let range = verdict(bytes) { try RangeRequestView($0).limit }
      let generatedRange = try? Etcdserverpb_RangeRequest(serializedBytes: bytes, options: options)
      if range.isClaim { #expect((range.value != nil) == (generatedRange != nil), "seed \(seed): \(bytes)") }
      let transaction = verdict(bytes) { try DecodedTransaction<CheckedOperation>($0).compare.count }
      let generated = try? Etcdserverpb_TxnRequest(serializedBytes: bytes, options: options)
      if transaction.isClaim {
        #expect((transaction.value != nil) == (generated != nil), "seed \(seed): \(bytes)")
      }
      _ = verdict(bytes) { try DecodedTransaction<MVCC.Operation>($0).success.count }
      _ = try? KVCodec.decodeRange(ByteBuffer(bytes: bytes))
      _ = try? KVCodec.decodeTransaction(ByteBuffer(bytes: bytes))
    }
  }

  private func verdict<Value>(
    _ bytes: [UInt8], _ decode: (UnsafeRawBufferPointer) throws -> Value
  ) -> (value: Value?, isClaim: Bool) {
    do {
      return (try bytes.withUnsafeBytes(decode), true)
    } catch WireError.wrongWireType {
      return (nil, false)
    } catch {
      return (nil, true)
    }
  }
}

extension Etcdserverpb_TxnRequest {
  /// `RangeQuery` does not say how it is delivered.
  fileprivate mutating func forgetSerializable() {
    func forget(_ operation: inout Etcdserverpb_RequestOp) {
      switch operation.request {
      case .requestRange(var request):
        request.serializable = false
        operation.requestRange = request
      case .requestTxn(var request):
        request.forgetSerializable()
        operation.requestTxn = request
      default: break
      }
    }
    for index in success.indices { forget(&success[index]) }
    for index in failure.indices { forget(&failure[index]) }
  }
}
