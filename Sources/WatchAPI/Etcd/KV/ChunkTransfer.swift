import GRPC
import HTTP
import MVCC
import NIOCore
import RaftKV
import Synchronization

/// An answer that takes long: sent chunk by chunk as the client takes it, or waited for. Used on the call's loop.
struct ChunkTransfer: Sendable {
  private final class Flag: Sendable {
    let isSet = Atomic<Bool>(false)
  }

  let exchange: Exchange
  private let cancelled = Flag()

  init(_ exchange: Exchange) {
    self.exchange = exchange
    exchange.call.onCancel = { [cancelled, weak call = exchange.call, metrics = exchange.metrics] in
      cancelled.isSet.store(true, ordering: .relaxed)
      metrics.handled(.cancelled)
      call?.onWritable = nil
    }
  }

  /// The client is gone: nothing is worth reading any more. Any thread may ask.
  var isCancelled: Bool { cancelled.isSet.load(ordering: .relaxed) }

  /// Goes on once the stream takes more bytes; never, when the call ends before.
  func whenWritable(_ work: @escaping @Sendable () -> Void) {
    if isCancelled { return }
    let call = exchange.call
    if call.isWritable { return work() }
    call.onWritable = { [weak call] in
      guard let call, call.isWritable else { return }
      call.onWritable = nil
      work()
    }
  }

  func finish() {
    if isCancelled { return }
    exchange.call.onCancel = nil
    exchange.finish()
  }

  /// Ends a unary call with its response.
  func respond(_ message: ByteBuffer) {
    if isCancelled { return }
    exchange.call.onCancel = nil
    exchange.respond(message)
  }

  func fail(_ error: EtcdError) {
    if isCancelled { return }
    exchange.call.onCancel = nil
    exchange.fail(error)
  }
}

/// Reads the chunks of long answers on the reader threads.
struct ChunkReader<Node: ServedNode>: Sendable {
  let node: Node
  /// A chunk ends before it would exceed this, but holds at least one key-value.
  let chunkBytes: Int
  /// What a chunk counts for while it is read: more than `chunkBytes`, for its one key-value may be larger.
  let reservedBytes: Int

  /// When the readers' queue is full, an answer under way waits so long before it asks again.
  private static var retry: TimeAmount { .milliseconds(10) }

  /// Reads the next chunk, and goes on with it and with the rest of the scan at the call's loop.
  func read(
    _ transfer: ChunkTransfer, _ scan: RangeScan,
    _ body: @escaping @Sendable (_ chunk: ByteBuffer, _ scan: RangeScan, _ isLast: Bool) -> Void
  ) {
    let exchange = transfer.exchange
    exchange.call.reserveSend(reservedBytes)
    let accepted = node.read { handle in
      if transfer.isCancelled { return }
      var scan = scan
      // At once as large as it gets, instead of growing by copies.
      var chunk = ByteBufferAllocator().buffer(capacity: chunkBytes)
      do throws(StoreError) {
        let isLast = try scan.collect(handle, into: &chunk, budget: chunkBytes)
        exchange.onLoop { [chunk, scan] in body(chunk, scan, isLast) }
      } catch {
        exchange.onLoop { transfer.fail(EtcdError(error)) }
      }
    }
    if !accepted {
      exchange.call.eventLoop.scheduleTask(in: Self.retry) { read(transfer, scan, body) }
    }
  }
}
