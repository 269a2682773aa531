import Foundation
import GRPC
import HTTP
import NIOCore
import Proto
import SwiftProtobuf
import Synchronization
import Testing

@testable import RaftKV
@testable import WatchAPI

/// Clients that insist on a leader (etcd API: metadata `hasleader`).
struct LeaderMonitorTests {
  private static let metadata: Metadata = {
    var metadata = Metadata()
    metadata.add("hasleader", "true")
    return metadata
  }()

  private func run(_ body: (TestServer) async throws -> Void) async throws {
    var limits = EtcdLimits()
    limits.electionTimeout = .milliseconds(5)
    try await TestServer.run(limits, body)
  }

  @Test func callsAreRefusedWithoutALeader() async throws {
    try await run { (server) async throws in
      server.node.configure { $0.leader = 0 }
      let request = Etcdserverpb_RangeRequest.with { ($0.key, $0.serializable) = (Data([1]), true) }
      #expect(
        try await server.status { _ = try await server.range(request, metadata: Self.metadata) }
          == GRPCStatus(.unavailable, "etcdserver: no leader"))
      _ = try await server.range(request)
    }
  }

  @Test(arguments: ["Watch/Watch", "Lease/LeaseKeepAlive"])
  func streamsEndWhenTheLeaderIsLost(_ path: String) async throws {
    try await run { (server) async throws in
      let ended = server.eventLoop.makePromise(of: GRPCStatus.self)
      let other = Mutex<GRPCStatus?>(nil)
      let began = server.eventLoop.makePromise(of: Void.self)
      server.open("/etcdserverpb." + path, metadata: Self.metadata) { call in
        call.onFinish = { status, _ in ended.succeed(status) }
      }
      // One that does not insist goes on.
      server.open("/etcdserverpb." + path) { call in
        call.onFinish = { status, _ in other.withLock { $0 = status } }
        began.succeed(())
      }
      try await began.futureResult.get()
      // Calls of one connection are taken in order: both streams are there.
      _ = try await server.range(.with { $0.key = Data([1]) })
      server.node.configure { $0.leader = 0 }
      #expect(try await ended.futureResult.get() == GRPCStatus(.unavailable, "etcdserver: no leader"))
      #expect(other.withLock { $0 } == nil)
      #expect(
        try await server.statusOfSilentStream("/etcdserverpb." + path, metadata: Self.metadata)
          == EtcdError.noLeader.status)
    }
  }
}
