import GRPC
import MVCC
import NIOCore
import Proto
import RaftKV

/// etcd API: KV.Compact.
extension KVService {
  func compact(_ exchange: Exchange, _ message: ByteBuffer) throws(EtcdError) {
    try context.admit(exchange.call)
    let request = try message.withRequest { (bytes) throws(EtcdError) in
      try decoded { () throws(WireError) in try CompactionRequestView(bytes) }
    }
    // A client that gives up waiting is answered no more.
    let transfer = ChunkTransfer(exchange)
    message.withUnsafeReadableBytes { bytes in
      node.propose(.compaction, bytes, growth: 0) { result in
        guard request.isPhysical, case .success(let outcome) = result, case .success = outcome.result else {
          return exchange.onLoop { answer(transfer, result) }
        }
        node.whenCompacted(request.revision) { error in
          exchange.onLoop {
            if let error { return transfer.fail(EtcdError(error)) }
            answer(transfer, result)
          }
        }
      }
    }
  }

  private func answer(_ transfer: ChunkTransfer, _ result: Result<Outcome, NodeError>) {
    do throws(EtcdError) {
      let outcome = try result.mapError(EtcdError.init).get()
      guard case .compact = try outcome.result.mapError(EtcdError.init).get() else {
        throw .mismatchedResult
      }
      var response = Etcdserverpb_CompactionResponse()
      response.header = .init(context.header(revision: outcome.revision))
      transfer.respond(response.encodedBuffer())
    } catch {
      transfer.fail(error)
    }
  }
}

/// A `CompactionRequest`.
struct CompactionRequestView {
  var revision: Int64 = 0
  var isPhysical = false

  init(_ bytes: UnsafeRawBufferPointer) throws(WireError) {
    var reader = WireReader(bytes)
    while let tag = try reader.nextTag() {
      switch tag.field {
      case 1: revision = try reader.int64(tag)
      case 2: isPhysical = try reader.bool(tag)
      default: try reader.skip(tag)
      }
    }
  }
}
