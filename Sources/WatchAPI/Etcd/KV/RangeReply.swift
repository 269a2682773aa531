import GRPC
import MVCC
import NIOCore

/// The answer to a unary Range: whole, if it fits the budget; otherwise measured, to be read once more and sent
/// in chunks, because a unary message begins with its length.
enum RangeReply: Sendable {
  case whole(ByteBuffer)
  case chunked(ChunkedRange)

  /// Small answers need no second allocation.
  private static let firstCapacity = 512
  /// The longest page whose rest is counted for the pages to come (see `countOfAll`).
  private static let longestPage: Int64 = 10_000

  init(
    _ query: RangeQuery, _ handle: ReadHandle, _ context: CallContext<some ServedNode>, budget: Int
  ) throws(StoreError) {
    let isSingle = query.range.end == .single
    let (revision, current, pin) = try handle.resolve(query.revision, pinned: !isSingle)
    let header = context.header(revision: current)
    var query = query
    query.revision = revision

    guard query.isPlain else {
      self = .whole(RangeResponse(header: header, result: try Self.result(query, handle)).encoded())
      return
    }
    var message = ByteBufferAllocator().buffer(capacity: Self.firstCapacity)
    message.writeHeader(header)
    var pass = RangeScan(query, revision: revision, pin: pin, countsLeftOut: false)
    let length = try pass.measure(handle, into: &message, budget: budget)
    let count = pass.more ? try Self.countOfAll(query, handle) : pass.count
    if length <= budget {
      message.writeTail(more: pass.more, count: count)
      self = .whole(message)
    } else {
      self = .chunked(
        ChunkedRange(
          header: header, scan: RangeScan(query, revision: revision, pin: pin, countsLeftOut: false),
          length: length,
          more: pass.more, count: count))
    }
  }

  /// The answer to a query that needs the whole range before its first key-value, or none.
  static func result(_ query: RangeQuery, _ handle: ReadHandle) throws(StoreError) -> RangeResult {
    guard query.countOnly else { return try handle.range(query) }
    var result = RangeResult()
    result.count = try handle.count(query.range, revision: query.revision)
    return result
  }

  /// How many keys there are when the limit left some out. The store remembers what a page leaves to the next
  /// one, so that reading a range page by page does not count it anew each time.
  private static func countOfAll(_ query: RangeQuery, _ handle: ReadHandle) throws(StoreError) -> Int64 {
    if query.limit > longestPage { return try handle.count(query.range, revision: query.revision) }
    var keys = query
    keys.keysOnly = true
    return try handle.range(keys).count
  }

  /// Answers, on the call's loop.
  func send(_ exchange: Exchange, chunks: ChunkReader<some ServedNode>) {
    switch self {
    case .whole(let message): exchange.respond(message)
    case .chunked(let range): range.send(exchange, chunks)
    }
  }
}

/// A Range answer of a known length whose key-values are read as the client takes them.
struct ChunkedRange: Sendable {
  private let head: ByteBuffer
  private let scan: RangeScan
  private let length: Int
  private let tail: ByteBuffer

  /// - Parameters:
  ///   - length: of the `kvs` fields, in bytes.
  init(header: ResponseHeader, scan: RangeScan, length: Int, more: Bool, count: Int64) {
    var head = ByteBuffer()
    head.writeHeader(header)
    var tail = ByteBuffer()
    tail.writeTail(more: more, count: count)
    self.head = head
    self.scan = scan
    self.length = length
    self.tail = tail
  }

  fileprivate func send(_ exchange: Exchange, _ chunks: ChunkReader<some ServedNode>) {
    exchange.call.beginMessage(length: head.readableBytes + length + tail.readableBytes)
    exchange.call.sendPart(head)
    send(ChunkTransfer(exchange), scan, left: length, chunks)
  }

  private func send(
    _ transfer: ChunkTransfer, _ scan: RangeScan, left: Int, _ chunks: ChunkReader<some ServedNode>
  ) {
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
          send(transfer, scan, left: left, chunks)
        }
      }
    }
  }
}

/// The fields of a `RangeResponse` around its key-values.
extension ByteBuffer {
  mutating func writeHeader(_ header: ResponseHeader) {
    writeFields(count: WireSize.message(1, header)) { $0.message(1, header) }
  }

  mutating func writeTail(more: Bool, count: Int64) {
    writeFields(count: WireSize.bool(3, more) + WireSize.int64(4, count)) { writer in
      writer.bool(3, more)
      writer.int64(4, count)
    }
  }
}
