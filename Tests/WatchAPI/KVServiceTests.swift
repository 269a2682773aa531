import Foundation
import GRPC
import MVCC
import Proto
import RaftKV
import SwiftProtobuf
import Testing

@testable import WatchAPI

/// The KV service over sockets and a real store. Answers were compared with those of etcd 3.5.1.
struct KVServiceTests {
  private func put(_ key: String, _ value: String = "v") -> Etcdserverpb_PutRequest {
    .with {
      $0.key = Data(key.utf8)
      $0.value = Data(value.utf8)
    }
  }

  private func range(
    _ key: String, _ end: String = "", _ change: (inout Etcdserverpb_RangeRequest) -> Void = { _ in }
  ) -> Etcdserverpb_RangeRequest {
    var request = Etcdserverpb_RangeRequest()
    request.key = Data(key.utf8)
    request.rangeEnd = Data(end.utf8)
    change(&request)
    return request
  }

  private func keys(_ response: Etcdserverpb_RangeResponse) -> [String] {
    response.kvs.map { String(decoding: $0.key, as: UTF8.self) }
  }

  @Test func putsGetsAndDeletes() async throws {
    try await TestServer.run { (server) async throws in
      let first = try await server.put(put("a", "1"))
      #expect(first.header.clusterID == TestNode.clusterID)
      #expect(first.header.memberID == TestNode.id)
      #expect(first.header.revision == 2)
      #expect(first.header.raftTerm == 4)
      #expect(!first.hasPrevKv)
      var again = put("a", "2")
      again.prevKv = true
      let second = try await server.put(again)
      #expect(second.prevKv.value == Data("1".utf8))
      #expect(second.header.revision == 3)

      let found = try await server.range(range("a"))
      #expect(found.header == second.header)
      #expect(found.count == 1)
      #expect(!found.more)
      let keyValue = try #require(found.kvs.first)
      #expect(keyValue.key == Data("a".utf8))
      #expect(keyValue.value == Data("2".utf8))
      #expect(keyValue.createRevision == 2)
      #expect(keyValue.modRevision == 3)
      #expect(keyValue.version == 2)
      let old = try await server.range(range("a") { $0.revision = 2 })
      #expect(old.kvs.first?.value == Data("1".utf8))
      #expect(old.header.revision == 3)
      #expect(try await server.range(range("b")).count == 0)
      #expect(try await server.range(range("a") { $0.keysOnly = true }).kvs.first?.value == Data())
      let counted = try await server.range(range("a") { $0.countOnly = true })
      #expect(counted.count == 1 && counted.kvs.isEmpty)

      let deleted = try await server.delete(
        .with {
          $0.key = Data("a".utf8)
          $0.prevKv = true
        })
      #expect(deleted.deleted == 1)
      #expect(deleted.prevKvs.first?.value == Data("2".utf8))
      #expect(deleted.header.revision == 4)
      #expect(try await server.delete(.with { $0.key = Data("a".utf8) }).header.revision == 4)
    }
  }

  @Test func ranges() async throws {
    try await TestServer.run { (server) async throws in
      for key in ["b", "a", "d", "c", "e"] { _ = try await server.put(put(key, "value \(key)")) }
      #expect(try await keys(server.range(range("a", "d"))) == ["a", "b", "c"])
      #expect(try await keys(server.range(range("c", "\0"))) == ["c", "d", "e"])
      #expect(try await keys(server.range(range("\0", "\0"))) == ["a", "b", "c", "d", "e"])
      #expect(try await keys(server.range(range("d", "a"))) == [])

      let page = try await server.range(range("a", "e") { $0.limit = 2 })
      #expect(keys(page) == ["a", "b"])
      #expect(page.more)
      #expect(page.count == 4)
      let exact = try await server.range(range("a", "e") { $0.limit = 4 })
      #expect(!exact.more && exact.count == 4)
      let large = try await server.range(range("a", "\0") { $0.limit = 1 << 40 })
      #expect(!large.more && large.count == 5)
      let counted = try await server.range(
        range("a", "\0") {
          $0.countOnly = true
          $0.limit = 1
        })
      #expect(counted.count == 5 && !counted.more && counted.kvs.isEmpty)
      let bare = try await server.range(
        range("a", "\0") {
          $0.keysOnly = true
          $0.limit = 3
        })
      #expect(keys(bare) == ["a", "b", "c"] && bare.kvs.allSatisfy { $0.value.isEmpty } && bare.count == 5)

      let descending = try await server.range(
        range("a", "\0") {
          $0.sortOrder = .descend
          $0.limit = 2
        })
      #expect(keys(descending) == ["e", "d"] && descending.more && descending.count == 5)
      // A target without an order sorts, too.
      #expect(
        try await keys(server.range(range("a", "\0") { $0.sortTarget = .mod })) == ["b", "a", "d", "c", "e"])
      let filtered = try await server.range(range("a", "\0") { $0.minModRevision = 5 })
      #expect(keys(filtered) == ["c", "e"] && filtered.count == 5)
    }
  }

  /// Codes and texts read off etcd 3.5.1, past the checks that `RequestCheckTests` covers.
  @Test func refusals() async throws {
    try await TestServer.run { (server) async throws in
      _ = try await server.put(put("a"))
      func status(_ request: Etcdserverpb_RangeRequest) async throws -> GRPCStatus {
        try await server.status { _ = try await server.range(request) }
      }
      func status(_ request: Etcdserverpb_PutRequest) async throws -> GRPCStatus {
        try await server.status { _ = try await server.put(request) }
      }
      func status(_ request: Etcdserverpb_TxnRequest) async throws -> GRPCStatus {
        try await server.status { _ = try await server.transaction(request) }
      }
      #expect(try await status(range("")) == EtcdError.emptyKey.status)
      #expect(try await status(range("a") { $0.revision = 99 }) == EtcdError.futureRevision.status)
      #expect(try await status(range("a", "b") { $0.revision = 99 }) == EtcdError.futureRevision.status)
      #expect(
        try await status(
          range("a", "b") {
            $0.revision = 99
            $0.sortOrder = .descend
          })
          == EtcdError.futureRevision.status)
      #expect(try await status(put("")) == EtcdError.emptyKey.status)
      #expect(
        try await status(
          .with {
            $0.key = Data("none".utf8)
            $0.ignoreValue = true
          }) == EtcdError.keyNotFound.status)
      #expect(
        try await status(
          .with {
            $0.key = Data("a".utf8)
            $0.lease = 77
          }) == EtcdError.leaseNotFound.status)
      let write = Etcdserverpb_RequestOp.with { $0.requestPut = put("w") }
      let future = Etcdserverpb_RequestOp.with { $0.requestRange = range("a") { $0.revision = 99 } }
      #expect(try await status(.with { $0.success = [write, future] }) == EtcdError.futureRevision.status)
      #expect(try await status(.with { $0.success = [future] }) == EtcdError.futureRevision.status)
      #expect(try await status(.with { $0.success = [write, write] }) == EtcdError.duplicateKey.status)
      #expect(try await server.range(range("w")).count == 0)
      #expect(try await server.range(range("a")).header.revision == 2)

      var malformed = GRPCStatus.ok
      malformed = try await server.status {
        _ = try await server.call("/etcdserverpb.KV/Put", bytes: [0x0A, 5, 1])
      }
      #expect(malformed == GRPCStatus(.internalError, "grpc: error unmarshalling request: unexpected EOF"))
      let unknown = try await server.status {
        _ = try await server.call("/etcdserverpb.KV/Compress", bytes: [])
      }
      #expect(unknown.code == .unimplemented)
    }
  }

  @Test func boundsTheSizeOfWrites() async throws {
    try await TestServer.run { (server) async throws in
      // Key and value with their tags and lengths are ten bytes more than the value.
      var request = put("abc", String(repeating: "x", count: 1_572_864 - 9))
      let bytes: [UInt8] = try request.serializedBytes()
      #expect(bytes.count == 1_572_864)
      _ = try await server.put(request)
      request.value += Data("x".utf8)
      #expect(
        try await server.status { _ = try await server.put(request) }
          == GRPCStatus(.invalidArgument, "etcdserver: request is too large"))
      let read = try await server.range(range("abc"))
      #expect(read.kvs.first?.value.count == 1_572_864 - 9)
    }
  }

  @Test func transactions() async throws {
    try await TestServer.run { (server) async throws in
      _ = try await server.put(put("a", "1"))
      let written = try await server.transaction(
        .with {
          $0.compare = [
            .with {
              $0.key = Data("a".utf8)
              $0.target = .value
              $0.value = Data("1".utf8)
            }
          ]
          $0.success = [
            .with { $0.requestRange = range("a") },
            .with { $0.requestPut = put("b", "2") },
            .with { $0.requestRange = range("a", "z") },
          ]
        })
      #expect(written.succeeded)
      #expect(written.header.revision == 3)
      #expect(written.responses[0].responseRange.header.revision == 2)
      #expect(written.responses[1].responsePut.header.revision == 3)
      #expect(written.responses[2].responseRange.count == 2)

      let proposals = server.node.behaviour.proposals
      let read = try await server.transaction(
        .with {
          $0.compare = [
            .with {
              $0.key = Data("b".utf8)
              $0.target = .version
              $0.version = 7
            }
          ]
          $0.success = [.with { $0.requestPut = put("never") }]
          $0.failure = [.with { $0.requestRange = range("b") }]
        })
      #expect(!read.succeeded)
      #expect(server.node.behaviour.proposals == proposals + 1)

      for end in ["", "z"] {
        let readOnly = try await server.transaction(
          .with { $0.success = [.with { $0.requestRange = range("a", end) }] })
        #expect(readOnly.succeeded)
        #expect(readOnly.header.revision == 3)
        #expect(readOnly.responses[0].responseRange.header.revision == 3)
        #expect(readOnly.responses[0].responseRange.count == (end.isEmpty ? 1 : 2))
      }
      #expect(server.node.behaviour.proposals == proposals + 1)
    }
  }

  @Test func readsAreLinearizableUnlessAskedOtherwise() async throws {
    try await TestServer.run { (server) async throws in
      _ = try await server.put(put("a"))
      server.node.configure { $0.barrierFailure = .noLeader }
      for end in ["", "z"] {
        #expect(
          try await server.status { _ = try await server.range(range("a", end)) } == EtcdError.noLeader.status
        )
        #expect(try await server.range(range("a", end) { $0.serializable = true }).count == 1)
        let read = Etcdserverpb_RequestOp.with { $0.requestRange = range("a", end) }
        let local = Etcdserverpb_RequestOp.with {
          $0.requestRange = range("a", end) { $0.serializable = true }
        }
        #expect(
          try await server.status { _ = try await server.transaction(.with { $0.success = [read, local] }) }
            == EtcdError.noLeader.status)
        #expect(try await server.transaction(.with { $0.success = [local] }).succeeded)
      }
      #expect(
        try await server.status { _ = try await server.rangeStream(range("a", "z")) }
          == EtcdError.noLeader.status)
    }
  }

  @Test func nodeErrorsReachTheClient() async throws {
    try await TestServer.run { (server) async throws in
      server.node.configure { $0.refusal = .noSpace }
      #expect(
        try await server.status { _ = try await server.put(put("a")) }
          == GRPCStatus(.resourceExhausted, "etcdserver: mvcc: database space exceeded"))
      server.node.configure {
        $0.refusal = nil
        $0.refusesRead = { $0 == 0 }
      }
      #expect(
        try await server.status { _ = try await server.range(range("a", "b")) }
          == GRPCStatus(.resourceExhausted, "etcdserver: too many requests"))
      #expect(try await server.range(range("a", "b")).count == 0)
    }
  }

  @Test func clientsMayInsistOnALeader() async throws {
    try await TestServer.run { (server) async throws in
      var metadata = Metadata()
      metadata.add("hasleader", "true")
      let request = range("a") { $0.serializable = true }
      _ = try await server.range(request, metadata: metadata)
      server.node.configure { $0.leader = 0 }
      _ = try await server.range(request)
      let status = try await server.status { _ = try await server.range(request, metadata: metadata) }
      #expect(status == GRPCStatus(.unavailable, "etcdserver: no leader"))
    }
  }

  @Test func learnersServeLocalReadsOnly() async throws {
    try await TestServer.run { (server) async throws in
      server.node.configure { $0.isLearner = true }
      let refused = GRPCStatus(.failedPrecondition, "etcdserver: rpc not supported for learner")
      #expect(try await server.status { _ = try await server.put(put("a")) } == refused)
      #expect(try await server.status { _ = try await server.range(range("a")) } == refused)
      #expect(try await server.status { _ = try await server.rangeStream(range("a")) } == refused)
      #expect(try await server.status { _ = try await server.transaction(.init()) } == refused)
      #expect(try await server.range(range("a") { $0.serializable = true }).count == 0)
    }
  }

  /// The completion of a call that is gone must find nothing to harm.
  @Test func callsMayEndBeforeTheirProposal() async throws {
    try await TestServer.run { (server) async throws in
      server.node.configure { $0.isHeld = true }
      let bytes: [UInt8] = try put("late").serializedBytes()
      let node = server.node
      try await server.abandon("/etcdserverpb.KV/Put", bytes: bytes) { node.heldCount > 0 }
      server.node.release()
      #expect(try await eventually { try await server.range(range("late")).count == 1 })
    }
  }

  private func eventually(_ condition: () async throws -> Bool) async throws -> Bool {
    let deadline = ContinuousClock.now + .seconds(120)
    while ContinuousClock.now < deadline {
      if try await condition() { return true }
      await Task.yield()
    }
    return false
  }
}
