import Foundation
import GRPC
import HTTP
import MVCC
import NIOCore
import Proto
import SwiftProtobuf
import Synchronization
import Testing

@testable import RaftKV
@testable import WatchAPI

/// The Lease service over a real store, with time that passes when the test says so.
struct LeaseServiceTests {
  private static let maximum: Int64 = 9_000_000_000

  @Test func grantAndRevoke() async throws {
    try await TestServer.run { (server) async throws in
      let granted = try await server.grant(7, 60)
      #expect(granted.id == 7 && granted.ttl == 60 && granted.error.isEmpty)
      #expect(granted.header.revision == 1)
      #expect(granted.header.memberID == TestNode.id)
      for key in ["b", "a"] { _ = try await server.putLeased(key, 7) }
      _ = try await server.putLeased("free", 0)
      let revoked = try await server.revoke(7)
      #expect(revoked.header.revision == 5)
      let left = try await server.range(.with { ($0.key, $0.rangeEnd) = (Data([0]), Data([0])) })
      #expect(left.kvs.map(\.key) == [Data("free".utf8)])
      #expect(left.header.revision == 5)
      #expect(try await server.status { _ = try await server.revoke(7) } == EtcdError.leaseNotFound.status)
    }
  }

  @Test func anIDIsChosen() async throws {
    try await TestServer.run { (server) async throws in
      let first = try await server.grant(0, 60)
      let second = try await server.grant(0, 60)
      #expect(first.id > 0 && second.id > 0 && first.id != second.id)
    }
  }

  /// What etcd 3.5.1 answers to such grants.
  @Test(
    arguments: [
      (1, 0, 2, nil), (1, 1, 2, nil), (1, -1, 2, nil), (1, .min, 2, nil), (1, 3, 3, nil),
      (1, maximum, maximum, nil), (-1, 5, 5, nil), (.min, 5, 5, nil), (.max, 5, 5, nil),
      (1, maximum + 1, 0, (.outOfRange, "etcdserver: too large lease TTL")),
      (1, .max, 0, (.outOfRange, "etcdserver: too large lease TTL")),
      (99, 5, 0, (.failedPrecondition, "etcdserver: lease already exists")),
      (99, .max, 0, (.outOfRange, "etcdserver: too large lease TTL")),
    ] as [(Int64, Int64, Int64, (GRPCStatus.Code, String)?)])
  func grants(id: Int64, seconds: Int64, granted: Int64, error: (GRPCStatus.Code, String)?) async throws {
    try await TestServer.run { (server) async throws in
      _ = try await server.grant(99, 60)
      if let error {
        let status = try await server.status { _ = try await server.grant(id, seconds) }
        #expect(status.code == error.0 && status.message == error.1)
      } else {
        let response = try await server.grant(id, seconds)
        #expect(response.id == id && response.ttl == granted)
        let time = try await server.timeToLive(id)
        #expect(time.id == id && time.ttl == granted && time.grantedTtl == granted)
      }
    }
  }

  @Test func aGrantWithoutSpaceIsRefused() async throws {
    try await TestServer.run { (server) async throws in
      _ = try await server.grant(3, 60)
      _ = try await server.alarm(
        .with { ($0.action, $0.memberID, $0.alarm) = (.activate, TestNode.id, .nospace) })
      #expect(try await server.status { _ = try await server.grant(5, 60) } == EtcdError.noSpace.status)
      _ = try await server.revoke(3)
    }
  }

  @Test func timeToLive() async throws {
    try await TestServer.run { (server) async throws in
      _ = try await server.grant(7, 60)
      for key in ["b", "c", "a"] { _ = try await server.putLeased(key, 7) }
      // Moved to another lease, put without one, and deleted.
      _ = try await server.grant(8, 60)
      _ = try await server.putLeased("b", 8)
      _ = try await server.putLeased("c", 0)
      server.node.advance(seconds: 10)
      let time = try await server.timeToLive(7, keys: true)
      #expect(time.ttl == 50 && time.grantedTtl == 60 && time.keys == [Data("a".utf8)])
      #expect(time.header.revision == 6)
      #expect(try await server.timeToLive(7).keys == [])
      #expect(try await server.timeToLive(8, keys: true).keys == [Data("b".utf8)])
      for missing in [0, 6, -1, .max] as [Int64] {
        let time = try await server.timeToLive(missing, keys: true)
        #expect(time.id == missing && time.ttl == -1 && time.grantedTtl == 0 && time.keys == [])
        #expect(time.header.revision == 6)
      }
    }
  }

  @Test func theFirstToEndIsListedFirst() async throws {
    try await TestServer.run { (server) async throws in
      #expect(try await server.leases() == [])
      for (id, seconds) in [(1, 50), (2, 10), (3, 30)] as [(Int64, Int64)] {
        _ = try await server.grant(id, seconds)
      }
      #expect(try await server.leases() == [2, 3, 1])
      #expect(try await server.keepAlive([2]) == [Renewal(2, 10)])
      server.node.advance(seconds: 10)
      #expect(try await eventually { try await server.leases() == [3, 1] })
    }
  }

  // MARK: keep-alives

  @Test func keepAlivesComeInOrder() async throws {
    try await TestServer.run { (server) async throws in
      for id in 1...3 as ClosedRange<Int64> { _ = try await server.grant(id, 10 * id) }
      let asked: [Int64] = [3, 1, 77, 1, 0, 2, -9, 3]
      let answers = try await server.keepAlive(asked)
      #expect(answers == asked.map { Renewal($0, (1...3).contains($0) ? 10 * $0 : 0) })
      server.node.advance(seconds: 9)
      #expect(try await server.keepAlive([1]) == [Renewal(1, 10)])
      server.node.advance(seconds: 9)
      #expect(try await server.timeToLive(1).ttl == 1)
    }
  }

  @Test func aLeaseThatIsOverIsGoneBeforeTheAnswer() async throws {
    try await TestServer.run { (server) async throws in
      _ = try await server.grant(1, 10)
      _ = try await server.putLeased("a", 1)
      server.node.passUnnoticed(seconds: 10)
      #expect(try await server.keepAlive([1]) == [Renewal(1, 0)])
      #expect(server.node.store.lease(1) == nil)
      #expect(server.node.store.currentRevision == 3)
    }
  }

  /// More than are read ahead, from a client that takes no answer before it has sent all.
  @Test func manyKeepAlivesAreTakenInBatches() async throws {
    var limits = EtcdLimits()
    limits.keepAlives = 16
    try await TestServer.run(limits) { (server) async throws in
      _ = try await server.grant(1, 10)
      let asked = (0..<5000).map { Int64($0 % 2) }
      #expect(try await server.keepAlive(asked) == asked.map { Renewal($0, $0 * 10) })
      let batches = server.node.behaviour.keepAlives
      #expect(batches.max()! <= 16)
      #expect(batches.reduce(0, +) == asked.count)
    }
  }

  @Test func aStreamEndsWithTheLeader() async throws {
    try await TestServer.run { (server) async throws in
      _ = try await server.grant(1, 10)
      server.node.lead(false)
      #expect(try await server.status { _ = try await server.keepAlive([1]) } == EtcdError.noLeader.status)
      #expect(try await server.status { _ = try await server.timeToLive(1) } == EtcdError.noLeader.status)
      // Which leases there are, any member knows.
      #expect(try await server.leases() == [1])
      server.node.configure { $0.barrierFailure = .timeout }
      #expect(try await server.status { _ = try await server.keepAlive([1]) } == EtcdError.timeout.status)
    }
  }

  @Test func aStreamWithoutRequestsEnds() async throws {
    try await TestServer.run { (server) async throws in
      #expect(try await server.statusOfSilentStream("/etcdserverpb.Lease/LeaseKeepAlive") == .ok)
      let malformed = try await server.status {
        _ = try await server.keepAlive(messages: [ByteBuffer(bytes: [0x0A, 0xFF])])
      }
      #expect(malformed.code == .internalError)
      #expect(malformed.message.hasPrefix("grpc: error unmarshalling request"))
    }
  }

  @Test func learnersServeNoLeases() async throws {
    try await TestServer.run { (server) async throws in
      server.node.configure { $0.isLearner = true }
      let expected = EtcdError.notSupportedForLearner.status
      #expect(try await server.status { _ = try await server.grant(1, 10) } == expected)
      #expect(try await server.status { _ = try await server.revoke(1) } == expected)
      #expect(try await server.status { _ = try await server.timeToLive(1) } == expected)
      #expect(try await server.status { _ = try await server.leases() } == expected)
      #expect(try await server.status { _ = try await server.keepAlive([1]) } == expected)
    }
  }

  @Test func metrics() async throws {
    try await TestServer.run { (server) async throws in
      for id in 1...3 as ClosedRange<Int64> { _ = try await server.grant(id, 10) }
      _ = try await server.revoke(2)
      _ = try await server.keepAlive([3, 3, 4])
      server.node.advance(seconds: 10)
      #expect(try await eventually { try await server.leases() == [] })
      let text = try await server.get("/metrics").text
      for line in [
        "etcd_debugging_lease_granted_total 3", "etcd_debugging_lease_revoked_total 3",
        "etcd_debugging_lease_renewed_total 2", "etcd_debugging_server_lease_expired_total 2",
        "etcd_debugging_lease_ttl_total_bucket{le=\"8\"} 0",
        "etcd_debugging_lease_ttl_total_bucket{le=\"16\"} 3", "etcd_debugging_lease_ttl_total_sum 30",
      ] {
        #expect(text.contains(line + "\n"), "\(line)")
      }
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

/// A lease and the TTL that a keep-alive was answered.
struct Renewal: Equatable, Sendable {
  var lease: Int64
  var seconds: Int64

  init(_ lease: Int64, _ seconds: Int64) {
    self.lease = lease
    self.seconds = seconds
  }
}

extension TestServer {
  func grant(_ id: Int64, _ seconds: Int64) async throws -> Etcdserverpb_LeaseGrantResponse {
    try await call(
      "Lease/LeaseGrant", Etcdserverpb_LeaseGrantRequest.with { ($0.id, $0.ttl) = (id, seconds) },
      Etcdserverpb_LeaseGrantResponse.self)
  }

  func revoke(_ id: Int64) async throws -> Etcdserverpb_LeaseRevokeResponse {
    try await call(
      "Lease/LeaseRevoke", Etcdserverpb_LeaseRevokeRequest.with { $0.id = id },
      Etcdserverpb_LeaseRevokeResponse.self)
  }

  func timeToLive(_ id: Int64, keys: Bool = false) async throws -> Etcdserverpb_LeaseTimeToLiveResponse {
    try await call(
      "Lease/LeaseTimeToLive", Etcdserverpb_LeaseTimeToLiveRequest.with { ($0.id, $0.keys) = (id, keys) },
      Etcdserverpb_LeaseTimeToLiveResponse.self)
  }

  func leases() async throws -> [Int64] {
    try await call(
      "Lease/LeaseLeases", Etcdserverpb_LeaseLeasesRequest(), Etcdserverpb_LeaseLeasesResponse.self
    ).leases.map(\.id)
  }

  func putLeased(_ key: String, _ lease: Int64) async throws -> Etcdserverpb_PutResponse {
    try await put(.with { ($0.key, $0.value, $0.lease) = (Data(key.utf8), Data([1]), lease) })
  }

  /// Keep-alives of one stream, all sent before an answer is looked at.
  func keepAlive(_ leases: [Int64]) async throws -> [Renewal] {
    try await keepAlive(
      messages: leases.map { lease in
        let bytes: [UInt8] = try Etcdserverpb_LeaseKeepAliveRequest.with { $0.id = lease }.serializedBytes()
        return ByteBuffer(bytes: bytes)
      })
  }

  func keepAlive(messages: [ByteBuffer]) async throws -> [Renewal] {
    let (answers, continuation) = AsyncThrowingStream<ByteBuffer, any Error>.makeStream()
    open("/etcdserverpb.Lease/LeaseKeepAlive") { call in
      call.onMessage = { continuation.yield($0) }
      call.onFinish = { status, _ in
        if status.code == .ok { continuation.finish() } else { continuation.finish(throwing: status) }
      }
      for message in messages { call.send(message) }
      call.halfClose()
    }
    var renewals: [Renewal] = []
    for try await answer in answers {
      let response = try Etcdserverpb_LeaseKeepAliveResponse(
        serializedBytes: [UInt8](answer.readableBytesView))
      #expect(response.header.clusterID == TestNode.clusterID && response.header.revision > 0)
      renewals.append(Renewal(response.id, response.ttl))
    }
    return renewals
  }
}
