import GRPC
import HTTP
import NIOCore
import Proto
import RaftKV
import Synchronization

/// etcd API: Maintenance.Snapshot. The file is sent in chunks, each read when the client has taken the one before.
extension MaintenanceService {
  /// When the readers' queue is full, a snapshot under way waits so long before it asks again.
  private static var retry: TimeAmount { .milliseconds(10) }

  /// Unlike other streams, a learner serves this one.
  func snapshot(_ exchange: Exchange, _ message: ByteBuffer) throws(EtcdError) {
    try context.admit(exchange.call, byLearner: true)
    _ = try message.decoded(as: Etcdserverpb_SnapshotRequest.self)
    guard let slot = snapshots.take() else { throw .tooManyRequests }
    let transfer = ChunkTransfer(exchange)
    node.makeSnapshot { result in
      do throws(EtcdError) {
        let content = try SnapshotContent(try result.mapError(EtcdError.init).get(), slot)
        exchange.onLoop { next(transfer, content) }
      } catch {
        exchange.onLoop { transfer.fail(error) }
      }
    }
  }

  private func next(_ transfer: ChunkTransfer, _ content: SnapshotContent) {
    let exchange = transfer.exchange
    transfer.whenWritable {
      exchange.call.reserveSend(SnapshotContent.chunkBytes)
      let accepted = node.read { _ in
        if transfer.isCancelled { return }
        do throws(EtcdError) {
          let chunk = try content.next()
          let message = chunk.encoded()
          exchange.onLoop {
            if transfer.isCancelled { return }
            exchange.call.send(message)
            if chunk.isDigest { transfer.finish() } else { next(transfer, content) }
          }
        } catch {
          exchange.onLoop { transfer.fail(error) }
        }
      }
      if !accepted {
        exchange.call.eventLoop.scheduleTask(in: Self.retry) { next(transfer, content) }
      }
    }
  }
}

/// Bounds how many snapshots there are at a time: each is a file as large as the store.
final class SnapshotSlots: Sendable {
  private let taken = Atomic(0)
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  /// A place that is free again when the slot is let go of; nil when there is none.
  func take() -> Slot? {
    let slot = Slot(self)
    return taken.wrappingAdd(1, ordering: .relaxed).newValue <= limit ? slot : nil
  }

  final class Slot: Sendable {
    private let slots: SnapshotSlots

    fileprivate init(_ slots: SnapshotSlots) { self.slots = slots }
    deinit { slots.taken.wrappingSubtract(1, ordering: .relaxed) }
  }
}

/// etcd API: `SnapshotResponse`. The last one, with nothing remaining, is the SHA-256 of the blobs before it.
struct SnapshotChunk: WireMessage {
  var remainingBytes: UInt64
  var blob: [UInt8]
  var isDigest: Bool

  private static let version = Array(EtcdVersion.storage.utf8)

  var encodedLength: Int {
    WireSize.uint64(2, remainingBytes) + WireSize.bytes(3, blob.count) + WireSize.bytes(4, Self.version.count)
  }

  func encode(to writer: inout WireWriter) {
    writer.uint64(2, remainingBytes)
    writer.bytes(3, blob)
    writer.bytes(4, Self.version)
  }
}
