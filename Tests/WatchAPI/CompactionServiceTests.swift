import Foundation
import GRPC
import NIOCore
import Proto
import SwiftProtobuf
import Testing

@testable import MVCC
@testable import RaftKV
@testable import WatchAPI

/// Compact, Hash, HashKV and Defragment over a real store.
struct CompactionServiceTests {
  private func compact(
    _ server: TestServer, _ revision: Int64, physical: Bool = false
  ) async throws -> Etcdserverpb_CompactionResponse {
    try await server.call(
      "KV/Compact",
      Etcdserverpb_CompactionRequest.with {
        $0.revision = revision
        $0.physical = physical
      }, Etcdserverpb_CompactionResponse.self)
  }

  private func hashKV(_ server: TestServer, _ revision: Int64) async throws -> Etcdserverpb_HashKVResponse {
    try await server.call(
      "Maintenance/HashKV", Etcdserverpb_HashKVRequest.with { $0.revision = revision },
      Etcdserverpb_HashKVResponse.self)
  }

  private static let compacted = GRPCStatus(
    .outOfRange, "etcdserver: mvcc: required revision has been compacted")
  private static let future = GRPCStatus(
    .outOfRange, "etcdserver: mvcc: required revision is a future revision")

  private func fill(_ server: TestServer) async throws {
    for number in 0..<6 as Range<UInt8> {
      _ = try await server.put(
        .with {
          $0.key = Data([number % 2])
          $0.value = Data([number])
        })
    }
  }

  @Test func theAnswersOfEtcd() async throws {
    try await TestServer.run { (server) async throws in
      try await fill(server)
      let cases: [(Int64, GRPCStatus)] = [
        (-1, Self.compacted), (8, Self.future), (0, .ok), (0, Self.compacted), (3, .ok), (3, Self.compacted),
        (2, Self.compacted), (.max, Self.future), (.min, Self.compacted), (7, .ok), (7, Self.compacted),
      ]
      for physical in [false, true] {
        for (revision, expected) in cases where !physical || expected != .ok {
          let status = try await server.status {
            let response = try await compact(server, revision, physical: physical)
            #expect(response.header.revision == 7)
            #expect(response.header.clusterID == TestNode.clusterID)
          }
          #expect(status == expected, "compact \(revision), physical: \(physical)")
        }
      }
      for (revision, expected) in [(6, Self.compacted), (7, .ok), (8, Self.future)] as [(Int64, GRPCStatus)] {
        let status = try await server.status {
          _ = try await server.range(
            .with {
              $0.key = Data([1])
              $0.revision = revision
            })
        }
        #expect(status == expected)
      }
    }
  }

  @Test func aPhysicalOneIsAnsweredWhenTheRowsAreGone() async throws {
    try await TestServer.run { (server) async throws in
      try await fill(server)
      _ = try await compact(server, 7, physical: true)
      #expect(server.node.store.physicalRevision == 7)
      #expect(server.node.store.removedVersions == 4)
    }
  }

  @Test func aListGoesOnWhenItsRevisionIsCompacted() async throws {
    try await TestServer.run { (server) async throws in
      try await fill(server)
      let handle = try server.node.store.makeReadHandle()
      var query = RangeQuery(range: KeyRange(start: [0], end: .unbounded))
      query.revision = 4
      let (revision, _, pin) = try handle.resolve(4, pinned: true)
      var scan: RangeScan? = RangeScan(query, revision: revision, pin: pin, countsLeftOut: true)
      var chunk = ByteBuffer()
      #expect(try scan!.collect(handle, into: &chunk, budget: 1) == false)
      _ = try await compact(server, 7)
      let status = try await server.status {
        _ = try await server.range(
          .with {
            $0.key = Data([0]); $0.revision = 4
          })
      }
      #expect(status == Self.compacted)
      #expect(try scan!.collect(handle, into: &chunk, budget: 1000))
      #expect(scan!.count == 2)
    }
  }

  @Test func hashes() async throws {
    try await TestServer.run { (server) async throws in
      let empty = try await hashKV(server, 0)
      #expect(empty.compactRevision == -1 && empty.hashRevision == 1 && empty.header.revision == 1)
      try await fill(server)
      let all = try await hashKV(server, 0)
      #expect(all.hashRevision == 7 && all.hash != empty.hash)
      #expect(try await hashKV(server, 7).hash == all.hash)
      #expect(try await hashKV(server, 5).hash != all.hash)
      let whole = try await server.call(
        "Maintenance/Hash", Etcdserverpb_HashRequest(), Etcdserverpb_HashResponse.self)
      #expect(whole.hash == all.hash && whole.header.revision == 7)
      _ = try await compact(server, 5)
      let compacted = try await hashKV(server, 0)
      #expect(compacted.compactRevision == 5 && compacted.hash != all.hash)
      #expect(try await hashKV(server, 5).hashRevision == 5)
      #expect(try await server.status { _ = try await hashKV(server, 4) } == Self.compacted)
      #expect(try await server.status { _ = try await hashKV(server, 8) } == Self.future)
      // The readers' queue is full: it says so.
      server.node.configure { $0.refusesRead = { _ in true } }
      #expect(
        try await server.status { _ = try await hashKV(server, 0) }
          == GRPCStatus(.resourceExhausted, "etcdserver: too many requests"))
    }
  }

  @Test func defragmentOnlyAsks() async throws {
    try await TestServer.run { (server) async throws in
      let response = try await server.call(
        "Maintenance/Defragment", Etcdserverpb_DefragmentRequest(), Etcdserverpb_DefragmentResponse.self)
      #expect(!response.hasHeader)
      #expect(server.node.behaviour.reclaims == 1)
    }
  }
}
