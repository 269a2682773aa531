import GRPC
import MVCC
import NIOCore
import NIOPosix
import Proto
import Testing

@testable import WatchAPI

/// Our client against our services.
struct EtcdClientTests {
  @Test func callsEveryMethodItHas() async throws {
    try await TestServer.run { (server) async throws in
      let loop = MultiThreadedEventLoopGroup.singleton.next()
      let connection = try await ClientConnection.connect(to: server.target, on: loop).get()
      /// The client belongs to the connection's loop.
      @Sendable func call<Response: Sendable>(
        _ body: @escaping @Sendable (EtcdClient) -> EventLoopFuture<Response>
      ) async throws -> Response {
        try await loop.flatSubmit { body(EtcdClient(connection, timeout: .seconds(120))) }.get()
      }
      let key = Bytes("key".utf8)
      let put = try await call { $0.put(PutCommand(key: key, value: [1])) }
      #expect(put.revision == 2)
      #expect(put.result == nil)
      let found = try await call { $0.range(RangeQuery(range: KeyRange(start: key))) }
      #expect(found.revision == 2)
      #expect(found.result.keyValues.map(\.value) == [[1]])
      let command = TransactionCommand(
        comparisons: [
          Comparison(range: KeyRange(start: key), relation: .equal, target: .modRevision(2))
        ],
        success: [.put(PutCommand(key: key, value: [2])), .range(RangeQuery(range: KeyRange(start: key)))],
        failure: [])
      let transaction = try await call { $0.transaction(command) }
      #expect(transaction.revision == 3)
      #expect(transaction.result.succeeded)
      var expected = RangeResult()
      expected.count = 1
      expected.keyValues = [
        KeyValue(key: key, value: [2], createRevision: 2, modRevision: 3, version: 2, lease: 0)
      ]
      #expect(transaction.result.results == [.put(previous: nil), .range(expected)])
      var delete = DeleteCommand(range: KeyRange(start: [0], end: .unbounded))
      delete.wantsPrevious = true
      let deleted = try await call { [delete] in $0.delete(delete) }
      #expect(deleted.result.deleted == 1)
      #expect(deleted.result.previous == expected.keyValues)
      #expect(try await call { $0.status() }.version == EtcdVersion.server)

      await #expect(throws: EtcdError.emptyKey.status) {
        _ = try await call { $0.put(PutCommand(key: [], value: [1])) }
      }
      loop.execute { connection.close() }
    }
  }

  @Test func refusesWhatIsNoResponse() {
    for bytes: [UInt8] in [[0x0A, 5], [0x12, 3, 0x08, 1, 1], [0x08, 1]] {
      #expect(throws: MalformedResponse.self) { try KVCodec.decodeRange(ByteBuffer(bytes: bytes)) }
    }
    // An operation's result of no kind.
    #expect(throws: MalformedResponse.self) { try KVCodec.decodeTransaction(ByteBuffer(bytes: [0x1A, 0])) }
  }
}
