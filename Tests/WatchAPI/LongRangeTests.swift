import Foundation
import GRPC
import Proto
import SwiftProtobuf
import Testing

@testable import WatchAPI

/// Answers that exceed the budget are measured in one pass and sent in another; streams are sent in chunks.
struct LongRangeTests {
  private static var limits: EtcdLimits {
    var limits = EtcdLimits()
    limits.responseBytes = 20_000
    limits.chunkBytes = 4_000
    return limits
  }

  private func fill(_ server: TestServer, keys: Int) async throws {
    for index in 0..<keys {
      _ = try await server.put(
        .with {
          $0.key = Data("key\(100 + index)".utf8)
          $0.value = Data(repeating: UInt8(truncatingIfNeeded: index), count: (index * 37) % 1500)
        })
    }
  }

  private func all(_ change: (inout Etcdserverpb_RangeRequest) -> Void = { _ in })
    -> Etcdserverpb_RangeRequest
  {
    var request = Etcdserverpb_RangeRequest.with {
      $0.key = Data("key".utf8)
      $0.rangeEnd = Data("kez".utf8)
    }
    change(&request)
    return request
  }

  private static let shapes: [@Sendable (inout Etcdserverpb_RangeRequest) -> Void] = [
    { _ in }, { $0.limit = 50 }, { $0.limit = 1 }, { $0.limit = 80 }, { $0.limit = 20_000 },
    { $0.keysOnly = true }, { $0.countOnly = true }, { $0.revision = 30 }, { $0.serializable = true },
    { $0.rangeEnd = Data() },
    {
      $0.key = Data("key107".utf8); $0.rangeEnd = Data([0])
    },
    {
      $0.key = Data("kex".utf8); $0.rangeEnd = Data("key".utf8)
    }, { $0.sortOrder = .ascend },
  ]

  /// The same answer whether it is small enough to be built at once, sent in chunks, or streamed.
  @Test(arguments: shapes.indices) func sameAnswerHoweverItIsSent(_ shape: Int) async throws {
    let whole = try await TestServer(limits: EtcdLimits())
    let chunked = try await TestServer(limits: Self.limits)
    try await fill(whole, keys: 80)
    try await fill(chunked, keys: 80)
    let request = all(Self.shapes[shape])
    let expected = try await whole.range(request)
    #expect(try await chunked.range(request) == expected)

    let chunks = try await chunked.rangeStream(request)
    var merged = Etcdserverpb_RangeResponse()
    for chunk in chunks {
      merged.kvs += chunk.kvs
      if chunk.hasHeader { merged.header = chunk.header }
      merged.more = merged.more || chunk.more
      merged.count += chunk.count
    }
    #expect(merged == expected)
    #expect(chunks.dropLast().allSatisfy { !$0.hasHeader && $0.count == 0 && !$0.more && !$0.kvs.isEmpty })
    #expect(chunks.last?.hasHeader == true)
    if shape == 0 { #expect(chunks.count > 10) }
    try await whole.close()
    try await chunked.close()
  }

  @Test func streamsRefuseOtherOrders() async throws {
    try await TestServer.run { (server) async throws in
      let sorted = try await server.status {
        _ = try await server.rangeStream(all { $0.sortOrder = .descend })
      }
      #expect(sorted.code == .unimplemented)
      let filtered = try await server.status {
        _ = try await server.rangeStream(all { $0.maxModRevision = 3 })
      }
      #expect(filtered.code == .unimplemented)
      let empty = try await server.status { _ = try await server.rangeStream(.init()) }
      #expect(empty == EtcdError.emptyKey.status)
      let future = try await server.status { _ = try await server.rangeStream(all { $0.revision = 9 }) }
      #expect(future == EtcdError.futureRevision.status)
      let silent = try await server.statusOfSilentStream("/etcdserverpb.KV/RangeStream")
      #expect(silent == EtcdError.missingRequest.status)
    }
  }

  /// Full reader queues delay an answer that has begun; they do not end it.
  @Test func waitsForReadersOnceBegun() async throws {
    try await TestServer.run(Self.limits) { (server) async throws in
      try await fill(server, keys: 80)
      server.node.configure { $0.refusesRead = { [1, 2, 4].contains($0) } }
      #expect(try await server.range(all()).kvs.count == 80)
      #expect(server.node.behaviour.reads > 10)
      let before = server.node.behaviour.reads
      server.node.configure { $0.refusesRead = { [1, 2, 4].contains($0 - before) } }
      #expect(try await server.rangeStream(all()).flatMap(\.kvs).count == 80)
    }
  }

  /// A client that takes nothing costs a bounded number of chunks, and once it is gone nothing reads on.
  @Test(arguments: ["/etcdserverpb.KV/Range", "/etcdserverpb.KV/RangeStream"])
  func readsNoFurtherThanTheClientTakes(_ path: String) async throws {
    try await TestServer.run(Self.limits) { (server) async throws in
      let count = 60
      for index in 0..<count {
        _ = try await server.put(
          .with {
            $0.key = Data("key\(100 + index)".utf8)
            $0.value = Data(repeating: 7, count: 100_000)
          })
      }
      let node = server.node
      // Until nothing more is read: the client's windows are full, or there is no back-pressure.
      try await server.abandon(path, bytes: all().serializedBytes()) {
        let reads = node.behaviour.reads
        try? await Task.sleep(for: .milliseconds(100))
        return reads > 5 && node.behaviour.reads == reads
      }
      #expect(node.behaviour.reads < count / 2)
      #expect(try await server.range(all { $0.keysOnly = true }).kvs.count == count)
      #expect(node.behaviour.reads < count / 2 + 5)
    }
  }
}
