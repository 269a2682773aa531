import Checksum
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

/// Maintenance.Snapshot: the file that the member makes, as a client gets it.
struct SnapshotServiceTests {
  private static let path = "/etcdserverpb.Maintenance/Snapshot"

  private func snapshot(_ server: TestServer) async throws -> [Etcdserverpb_SnapshotResponse] {
    let promise = server.eventLoop.makePromise(of: [ByteBuffer].self)
    server.open(Self.path) { call in
      var messages: [ByteBuffer] = []
      call.onMessage = { messages.append($0) }
      call.onFinish = { status, _ in
        if status.code == .ok { promise.succeed(messages) } else { promise.fail(status) }
      }
      call.send(ByteBuffer())
      call.halfClose()
    }
    return try await promise.futureResult.get().map {
      try Etcdserverpb_SnapshotResponse(serializedBytes: [UInt8]($0.readableBytesView))
    }
  }

  private func isGone(_ server: TestServer) -> Bool {
    server.node.behaviour.snapshotPaths.allSatisfy { !FileManager.default.fileExists(atPath: $0) }
  }

  /// etcdctl appends the blobs, and looks for the digest 32 bytes past a multiple of 512.
  @Test(arguments: [1, 511, 512, 513, 65_536, 65_537, 300_000])
  func theContentAndItsDigest(_ count: Int) async throws {
    try await TestServer.run { (server) async throws in
      let content = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
      server.node.configure { $0.snapshot = content }
      let responses = try await snapshot(server)
      var file: [UInt8] = []
      let total = (count + 511) / 512 * 512
      for response in responses.dropLast() {
        file += response.blob
        #expect(response.blob.count <= SnapshotContent.chunkBytes)
        #expect(response.remainingBytes == UInt64(total - file.count))
        #expect(response.version == EtcdVersion.storage)
      }
      #expect(file.count == total)
      #expect(file.prefix(count) == content[...] && file.dropFirst(count).allSatisfy { $0 == 0 })
      var hash = SHA256()
      hash.add(file)
      let last = try #require(responses.last)
      #expect([UInt8](last.blob) == hash.digest && last.remainingBytes == 0)
      #expect(isGone(server))
    }
  }

  @Test func aLearnerServesIt() async throws {
    try await TestServer.run { (server) async throws in
      server.node.configure {
        $0.snapshot = [1]
        $0.isLearner = true
      }
      #expect(try await snapshot(server).count == 2)
    }
  }

  @Test func failures() async throws {
    try await TestServer.run { (server) async throws in
      server.node.configure { $0.snapshotFailure = .noSpace }
      #expect(try await server.status { _ = try await snapshot(server) } == EtcdError.noSpace.status)
      server.node.configure {
        $0.snapshotFailure = nil
        $0.leader = 0
        $0.snapshot = [1]
      }
      #expect(try await snapshot(server).count == 2)
    }
  }

  /// A client that does not read holds up nobody and costs no memory; when it goes, so does the file.
  @Test func aClientThatDoesNotReadAndGoes() async throws {
    try await TestServer.run { (server) async throws in
      server.node.configure { $0.snapshot = [UInt8](repeating: 7, count: 64 << 20) }
      try await server.abandon(Self.path, bytes: []) {
        // It was made and is being sent: its name is gone already.
        server.node.behaviour.snapshotPaths.count == 1 && server.node.behaviour.reads > 1 && isGone(server)
      }
      // Far fewer chunks were read than there are.
      #expect(server.node.behaviour.reads < 512)
      _ = try await server.range(.with { $0.key = Data([1]) })
    }
  }

  @Test func thereIsABound() async throws {
    var limits = EtcdLimits()
    limits.snapshots = 0
    try await TestServer.run(limits) { (server) async throws in
      #expect(try await server.status { _ = try await snapshot(server) } == EtcdError.tooManyRequests.status)
    }
    // A place is free again afterwards.
    limits.snapshots = 1
    try await TestServer.run(limits) { (server) async throws in
      server.node.configure { $0.snapshot = [1] }
      for _ in 0..<3 {
        let deadline = ContinuousClock.now + .seconds(120)
        while true {
          do {
            #expect(try await snapshot(server).count == 2)
            break
          } catch let status as GRPCStatus where status == EtcdError.tooManyRequests.status {
            // The last one's place is given back when its content is let go of, a moment after its end.
            try #require(ContinuousClock.now < deadline)
          }
        }
      }
    }
  }
}
