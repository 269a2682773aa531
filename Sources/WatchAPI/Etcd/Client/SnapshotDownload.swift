import Checksum
import Foundation
import GRPC
public import NIOCore
import Proto

extension EtcdClient {
  /// What of a snapshot came in all.
  public struct ReceivedSnapshot: Sendable, Hashable {
    /// Bytes, with the digest at the end.
    public var byteCount: Int64
    /// The version of the member's storage, as it says; empty before etcd 3.6.
    public var version: String
  }

  /// etcd API: Maintenance.Snapshot. Hands each piece to `write` as it comes, on the event loop, and compares the
  /// SHA-256 at the end with what came before it.
  ///
  /// The future fails with `GRPCStatus`, `MalformedResponse`, or what `write` throws, which ends the call.
  public func snapshot(
    write: @escaping (UnsafeRawBufferPointer) throws -> Void
  ) -> EventLoopFuture<ReceivedSnapshot> {
    let promise = connection.eventLoop.makePromise(of: ReceivedSnapshot.self)
    let call = connection.open("/etcdserverpb.Maintenance/Snapshot", timeout: timeout)
    var check = SnapshotCheck()
    var failure: (any Error)?
    call.onMessage = { message in
      guard failure == nil else { return }
      do {
        let response = try message.decoded(as: Etcdserverpb_SnapshotResponse.self)
        try response.blob.withUnsafeBytes { blob in
          check.add(blob)
          try write(blob)
        }
        if !response.version.isEmpty { check.received.version = response.version }
      } catch {
        failure = error
        call.cancel()
      }
    }
    call.onFinish = { status, _ in
      promise.completeWith(
        Result {
          if let failure { throw failure }
          if status.code != .ok { throw status }
          return try check.end()
        })
    }
    call.send(ByteBuffer())
    call.halfClose()
    return promise.futureResult
  }
}

/// Holds what comes against the digest that ends it.
private struct SnapshotCheck {
  /// etcd fills the content up to whole sectors, so that a length shows whether the digest is there.
  private static let sectorBytes: Int64 = 512

  var received = EtcdClient.ReceivedSnapshot(byteCount: 0, version: "")
  private var hash = SHA256()
  /// The last bytes so far: they may be the digest.
  private var tail: [UInt8] = []

  mutating func add(_ bytes: UnsafeRawBufferPointer) {
    received.byteCount += Int64(bytes.count)
    tail += bytes
    let surplus = tail.count - SHA256.digestBytes
    if surplus > 0 {
      tail.withUnsafeBytes { hash.add(UnsafeRawBufferPointer(rebasing: $0[..<surplus])) }
      tail.removeFirst(surplus)
    }
  }

  func end() throws(MalformedResponse) -> EtcdClient.ReceivedSnapshot {
    guard received.byteCount % Self.sectorBytes == SHA256.digestBytes else {
      throw MalformedResponse(reason: "sha256 checksum not found [bytes: \(received.byteCount)]")
    }
    guard hash.digest == tail else {
      throw MalformedResponse(reason: "the snapshot's sha256 is not that of what was received")
    }
    return received
  }
}
