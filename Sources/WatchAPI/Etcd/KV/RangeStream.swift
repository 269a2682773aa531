import GRPC
import MVCC
import NIOCore

/// etcd API: RangeStream. Chunks of key-values at one revision, each read when the client has taken the one
/// before; the last carries the header, `more` and `count`, so that all merge to what Range answers.
struct RangeStream<Node: ServedNode>: Sendable {
  let exchange: Exchange
  let context: CallContext<Node>
  let chunks: ChunkReader<Node>

  /// Pins the revision and reads the first chunk, on a reader thread.
  func begin(_ query: RangeQuery, _ handle: ReadHandle) throws(StoreError) {
    let (revision, current, pin) = try handle.resolve(query.revision, pinned: true)
    if query.countOnly {
      var query = query
      query.revision = revision
      let result = try RangeReply.result(query, handle)
      let response = RangeResponse(header: context.header(revision: current), result: result).encoded()
      exchange.onLoop {
        send(response)
        exchange.finish()
      }
      return
    }
    var scan = RangeScan(query, revision: revision, pin: pin, countsLeftOut: true)
    var chunk = ByteBuffer()
    let isLast = try scan.collect(handle, into: &chunk, budget: chunks.chunkBytes)
    exchange.onLoop { [chunk, scan] in
      let transfer = ChunkTransfer(exchange)
      if isLast {
        end(transfer, chunk, scan, current: current)
      } else {
        send(chunk)
        next(transfer, scan, current: current)
      }
    }
  }

  private func next(_ transfer: ChunkTransfer, _ scan: RangeScan, current: Int64) {
    transfer.whenWritable {
      chunks.read(transfer, scan) { chunk, scan, isLast in
        if isLast {
          end(transfer, chunk, scan, current: current)
        } else {
          send(chunk)
          next(transfer, scan, current: current)
        }
      }
    }
  }

  private func end(_ transfer: ChunkTransfer, _ chunk: ByteBuffer, _ scan: RangeScan, current: Int64) {
    var last = ByteBuffer()
    last.writeHeader(context.header(revision: current))
    last.writeTail(more: scan.more, count: scan.count)
    send(chunk, last)
    transfer.finish()
  }

  /// Sends one `RangeStreamResponse`, the bytes of whose `range_response` are given in two parts.
  private func send(_ first: ByteBuffer, _ second: ByteBuffer = ByteBuffer()) {
    let length = first.readableBytes + second.readableBytes
    var prefix = ByteBuffer()
    prefix.writeFields(count: WireSize.message(1, length) - length) { $0.message(1, length: length) }
    let call = exchange.call
    call.beginMessage(length: prefix.readableBytes + length)
    call.sendPart(prefix)
    if first.readableBytes > 0 { call.sendPart(first) }
    if second.readableBytes > 0 { call.sendPart(second) }
  }
}
