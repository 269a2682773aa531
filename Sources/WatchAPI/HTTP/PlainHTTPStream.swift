import NIOCore

/// A plain HTTP request on an HTTP/2 stream: collects it whole, has the handler answer, sends the answer.
///
/// Safe: because it is confined to its connection's loop like every stream.
public final class PlainHTTPStream: HTTP2Stream, @unchecked Sendable {
  private let method: String
  private let target: String
  private let headers: [(name: String, value: String)]
  private let bodyLimit: Int
  private let handler: HTTPHandler
  private var body = ByteBuffer()
  private var isRefused = false
  private var heldBytes = 0

  private init(
    method: String, target: String, headers: [(name: String, value: String)], bodyLimit: Int,
    handler: @escaping HTTPHandler
  ) {
    self.method = method
    self.target = target
    self.headers = headers
    self.bodyLimit = bodyLimit
    self.handler = handler
    super.init()
  }

  /// Takes over a stream whose request headers have arrived and turned out to be for `handler`.
  public static func takeOver(
    _ stream: HTTP2Stream, method: String, target: String, headers: [(name: String, value: String)],
    bodyLimit: Int, handler: @escaping HTTPHandler
  ) {
    let plain = PlainHTTPStream(
      method: method, target: target, headers: headers, bodyLimit: bodyLimit, handler: handler)
    stream.connection?.replace(stream, with: plain)
  }

  public override func receiveData(_ bytes: UnsafeRawBufferPointer) {
    consume(bytes.count)
    guard !isRefused else { return }
    if body.readableBytes + bytes.count > bodyLimit {
      refuse(.text(413, "request body too large\n"))
    } else if connection?.addHeldBytes(bytes.count) == false {
      heldBytes += bytes.count
      refuse(.text(503, "too many bytes of unfinished requests on one connection\n"))
    } else {
      heldBytes += bytes.count
      body.writeBytes(bytes)
    }
  }

  private func refuse(_ response: HTTPResponse) {
    isRefused = true
    body = ByteBuffer()
    giveBack()
    answer(response)
  }

  private func giveBack() {
    _ = connection?.addHeldBytes(-heldBytes)
    heldBytes = 0
  }

  public override func didClose(_ reason: StreamClosure) {
    giveBack()
  }

  public override func receiveEnd() {
    guard !isRefused, let connection else { return }
    let request = HTTPRequest(method: method, target: target, headers: headers, body: body)
    body = ByteBuffer()
    giveBack()
    handler(request, connection.eventLoop).hop(to: connection.eventLoop).assumeIsolated().whenComplete {
      result in
      switch result {
      case .success(let response): self.answer(response)
      case .failure: self.answer(.text(500, "internal error\n"))
      }
    }
  }

  private func answer(_ response: HTTPResponse) {
    guard !hasSentHeaders else { return }
    let length = response.body.readableBytes
    let fields =
      [
        (":status", String(response.status)), ("content-type", response.contentType),
        ("content-length", String(length)),
      ] + response.headers
    guard method != "HEAD" && length > 0 else {
      sendResponseHeaders(nil, fields, end: true)
      return
    }
    sendResponseHeaders(nil, fields, end: false)
    sendData(response.body)
    endData()
  }
}
