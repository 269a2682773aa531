import GRPC
import MVCC
import NIOCore

/// The answer to a unary Range: whole, if it fits the budget; otherwise measured, to be read once more and sent
/// in chunks, because a unary message begins with its length.
struct RangeReply: Sendable {
  /// The message, or its first bytes: the header, and all key-values when they fit.
  private var head: ByteBuffer
  /// The `kvs` fields still to be read and sent: a walk over them, and their length.
  private var rest: (scan: RangeScan, length: Int)?
  /// `more` and `count`.
  private var tail: ByteBuffer

  init(
    _ query: RangeQuery, _ handle: ReadHandle, _ context: CallContext, budget: Int
  ) throws(StoreError) {
    let (revision, current) = try handle.resolve(query.revision)
    let header = context.header(revision: current)
    var pinned = query
    pinned.revision = revision
    tail = ByteBuffer()

    guard query.isPlain else {
      let result =
        query.countOnly
        ? try Self.count(pinned.range, revision, handle) : try handle.range(pinned)
      head = RangeResponse(header: header, result: result).encoded()
      return
    }
    head = Self.header(header)
    var pass = RangeScan(query, revision: revision, countsLeftOut: true)
    var keyValues = ByteBuffer()
    let length = try pass.measure(handle, into: &keyValues, budget: budget)
    if length <= budget {
      head.writeBuffer(&keyValues)
    } else {
      rest = (RangeScan(query, revision: revision, countsLeftOut: false), length)
    }
    tail = Self.tail(more: pass.more, count: pass.count)
  }

  static func header(_ header: ResponseHeader) -> ByteBuffer {
    var buffer = ByteBuffer()
    buffer.writeFields(count: WireSize.message(1, header)) { $0.message(1, header) }
    return buffer
  }

  static func tail(more: Bool, count: Int64) -> ByteBuffer {
    var buffer = ByteBuffer()
    buffer.writeFields(count: WireSize.bool(3, more) + WireSize.int64(4, count)) { writer in
      writer.bool(3, more)
      writer.int64(4, count)
    }
    return buffer
  }

  static func count(_ range: KeyRange, _ revision: Int64, _ handle: ReadHandle) throws(StoreError)
    -> RangeResult
  {
    var result = RangeResult()
    result.count = try handle.count(range, revision: revision)
    return result
  }

  /// The message; only when it was made without a budget.
  var whole: ByteBuffer {
    precondition(rest == nil)
    var message = head
    message.writeImmutableBuffer(tail)
    return message
  }

  /// Answers, on the call's loop.
  func send(_ exchange: Exchange, chunks: ChunkReader) {
    guard let rest else { return exchange.respond(whole) }
    exchange.call.beginMessage(length: head.readableBytes + rest.length + tail.readableBytes)
    exchange.call.sendPart(head)
    let transfer = ChunkTransfer(exchange)
    sendRest(transfer, rest.scan, rest.length, chunks)
  }

  private func sendRest(_ transfer: ChunkTransfer, _ scan: RangeScan, _ left: Int, _ chunks: ChunkReader) {
    transfer.whenWritable {
      chunks.read(transfer, scan) { chunk, scan, isLast in
        let left = left - chunk.readableBytes
        // What was promised and what was read are the same history; if they differ, the store is broken, and
        // the client must not take the message for whole.
        guard left >= 0, isLast == (left == 0) else { return transfer.fail(.corrupt) }
        transfer.exchange.call.sendPart(chunk)
        if isLast {
          transfer.exchange.call.sendPart(tail)
          transfer.finish()
        } else {
          sendRest(transfer, scan, left, chunks)
        }
      }
    }
  }
}
