internal import GRPC
internal import NIOCore

/// One stream of the Watch service. Belongs to its connection's event loop.
final class WatchStream {
  /// Every answer, after its events.
  var onResponse: ((WatchResponse) -> Void)?
  /// Every event, with the id of its watcher.
  var onEvent: ((_ watchID: Int64, WatchResponse.Event) -> Void)?
  /// The stream is over: the server or the connection ended it. Not called after `close`.
  var onEnd: ((GRPCStatus) -> Void)?

  private let call: ClientCall

  /// - Parameter stampOffset: where in a value its time of sending stands.
  init(_ connection: ClientConnection, stampOffset: Int = 0) {
    call = connection.open("/etcdserverpb.Watch/Watch")
    // Strong, and let go of by `close`, which the owner calls unless the stream has ended.
    call.onMessage = { message in
      let response = WatchResponse(message, stampOffset: stampOffset) { id, event in self.onEvent?(id, event)
      }
      if let response {
        self.onResponse?(response)
      } else {
        self.end(GRPCStatus(.internalError, "the answer is malformed"))
      }
    }
    call.onFinish = { status, _ in self.end(status) }
  }

  func create(_ request: WatchRequest) { call.send(request.message) }
  func cancel(id: Int64) { call.send(WatchRequest.cancel(id: id)) }
  func requestProgress() { call.send(WatchRequest.progress) }

  /// Ends the stream; nothing is called any more.
  func close() {
    onResponse = nil
    onEvent = nil
    onEnd = nil
    call.onMessage = nil
    call.onFinish = nil
    call.cancel()
  }

  private func end(_ status: GRPCStatus) {
    let onEnd = onEnd
    close()
    onEnd?(status)
  }
}
