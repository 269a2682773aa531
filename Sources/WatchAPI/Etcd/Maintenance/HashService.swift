import GRPC
import MVCC
import NIOCore
import Proto
import RaftKV

/// etcd API: Maintenance.Hash and Maintenance.HashKV. Both hash what the log made of the store, not how this member
/// keeps it, so members agree.
extension MaintenanceService {
  func hash(_ exchange: Exchange, _ message: ByteBuffer) throws(EtcdError) {
    try context.admit(exchange.call)
    _ = try message.decoded(as: Etcdserverpb_HashRequest.self)
    try hashContent(exchange, revision: 0) { content in
      var response = Etcdserverpb_HashResponse()
      response.header = .init(context.header(revision: node.store.currentRevision))
      response.hash = content.value
      return response.encodedBuffer()
    }
  }

  func hashKV(_ exchange: Exchange, _ message: ByteBuffer) throws(EtcdError) {
    try context.admit(exchange.call)
    let request = try message.decoded(as: Etcdserverpb_HashKVRequest.self)
    try hashContent(exchange, revision: request.revision) { content in
      var response = Etcdserverpb_HashKVResponse()
      response.header = .init(context.header(revision: node.store.currentRevision))
      response.hash = content.value
      response.compactRevision = content.compactRevision
      response.hashRevision = content.revision
      return response.encodedBuffer()
    }
  }

  private func hashContent(
    _ exchange: Exchange, revision: Int64, response: @escaping @Sendable (ContentHash) -> ByteBuffer
  ) throws(EtcdError) {
    let content: ContentHash
    do throws(StoreError) {
      content = try ContentHash(node.store, revision: revision)
    } catch {
      throw EtcdError(error)
    }
    goOn(ChunkTransfer(exchange), content, response)
  }

  /// One step on a reader thread, then the next: lists come in between.
  private func goOn(
    _ transfer: ChunkTransfer, _ content: ContentHash,
    _ response: @escaping @Sendable (ContentHash) -> ByteBuffer
  ) {
    let exchange = transfer.exchange
    let isAccepted = node.read { handle in
      if transfer.isCancelled { return }
      var content = content
      do throws(StoreError) {
        let isDone = try content.step(handle)
        exchange.onLoop { [content] in
          if isDone { transfer.respond(response(content)) } else { goOn(transfer, content, response) }
        }
      } catch {
        exchange.onLoop { transfer.fail(EtcdError(error)) }
      }
    }
    if !isAccepted { exchange.onLoop { transfer.fail(.tooManyRequests) } }
  }
}
