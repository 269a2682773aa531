import GRPC
import HTTP
import MVCC
import NIOCore
import RaftKV

/// The keep-alives of one stream (etcd API: Lease.LeaseKeepAlive). What comes in while a batch is under way is the next
/// batch; answers go out in the order of the requests. Lives as long as its call.
///
/// Safe: because its state is used on the call's event loop only.
final class KeepAliveStream<Node: ServedNode>: @unchecked Sendable {
  private let exchange: Exchange
  private let context: CallContext<Node>
  private let capacity: Int
  /// Leases to renew, in order.
  private var waiting: [Int64] = []
  private var isBusy = false
  /// The client will send no more.
  private var isEnding = false
  private var isOver = false
  private var leaderWatch: LeaderMonitor<Node>.ID?

  /// At most `capacity` requests are read ahead of their answers.
  init(exchange: Exchange, context: CallContext<Node>, capacity: Int) {
    self.exchange = exchange
    self.context = context
    self.capacity = max(1, capacity)
  }

  /// Takes the call's messages from now on.
  func begin() {
    let call = exchange.call
    call.onMessage = { self.receive($0) }
    call.onHalfClose = {
      self.isEnding = true
      self.goOn()
    }
    call.onCancel = { [exchange] in
      self.isOver = true
      self.context.forget(self.leaderWatch)
      exchange.metrics.handled(.cancelled)
      exchange.call.onWritable = nil
    }
    leaderWatch = context.watchLeader(call) { [weak self] in
      guard let self else { return }
      self.exchange.onLoop { self.fail(.noLeader) }
    }
  }

  private func receive(_ message: ByteBuffer) {
    do throws(EtcdError) {
      waiting.append(
        try message.withRequest { (bytes) throws(EtcdError) -> Int64 in
          try decoded { () throws(WireError) in try LeaseKeepAliveRequestView(bytes).id }
        })
    } catch {
      return fail(error)
    }
    if waiting.count >= capacity { exchange.call.pause() }
    goOn()
  }

  /// Renews what waits, unless a batch is under way or the client does not take its answers.
  private func goOn() {
    let call = exchange.call
    if isBusy || isOver { return }
    if waiting.isEmpty {
      if isEnding { end { exchange.finish() } }
      return
    }
    guard call.isWritable else {
      call.onWritable = {
        call.onWritable = nil
        self.goOn()
      }
      return
    }
    let leases = waiting
    waiting = []
    isBusy = true
    // From before the renewals: a client that sees a lease renewed at a revision knows that it lived then.
    let header = context.header(revision: context.node.store.currentRevision)
    context.node.keepAlive(leases) { result in
      self.exchange.onLoop { self.answer(leases, header, result) }
    }
    call.resume()
  }

  private func answer(_ leases: [Int64], _ header: ResponseHeader, _ result: Result<[Int64], NodeError>) {
    if isOver { return }
    isBusy = false
    switch result {
    case .failure(let error): fail(EtcdError(error))
    case .success(let times):
      for (lease, seconds) in zip(leases, times) {
        exchange.call.send(LeaseKeepAliveResponse(header: header, id: lease, seconds: seconds).encoded())
      }
      goOn()
    }
  }

  private func fail(_ error: EtcdError) {
    if !isOver { end { exchange.fail(error) } }
  }

  private func end(_ finish: () -> Void) {
    isOver = true
    context.forget(leaderWatch)
    exchange.call.onCancel = nil
    finish()
  }
}

/// A `LeaseKeepAliveRequest`.
struct LeaseKeepAliveRequestView {
  var id: Int64 = 0

  init(_ bytes: UnsafeRawBufferPointer) throws(WireError) {
    var reader = WireReader(bytes)
    while let tag = try reader.nextTag() {
      switch tag.field {
      case 1: id = try reader.int64(tag)
      default: try reader.skip(tag)
      }
    }
  }
}

/// etcd API: `LeaseKeepAliveResponse`.
struct LeaseKeepAliveResponse: WireMessage {
  var header: ResponseHeader
  var id: Int64
  /// 0 for a lease that is gone.
  var seconds: Int64

  var encodedLength: Int {
    WireSize.message(1, header) + WireSize.int64(2, id) + WireSize.int64(3, seconds)
  }

  func encode(to writer: inout WireWriter) {
    writer.message(1, header)
    writer.int64(2, id)
    writer.int64(3, seconds)
  }
}
