import NIOCore

/// A request on an HTTP/2 stream and its answer.
///
/// Safe: because it is confined to its connection's loop like every stream.
final class HTTP2Exchange: HTTP2Stream, AnswerSink, @unchecked Sendable {
  private let server: ServerContext
  private let peer: PeerInfo
  private var method = ""
  private var target = ""
  private var headers: [(name: String, value: String)] = []
  private var hasHead = false
  private var body: [UInt8] = []
  private var heldBytes = 0
  private var isRefused = false
  private var writer: AnswerWriter?

  init(server: ServerContext, peer: PeerInfo) {
    self.server = server
    self.peer = peer
    super.init()
  }

  // MARK: the request

  override func receiveHeader(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) {
    // Trailers say nothing that a handler needs.
    guard !hasHead else { return }
    let text = String(decoding: value, as: UTF8.self)
    guard name.first == UInt8(ascii: ":") else {
      headers.append((String(decoding: name, as: UTF8.self), text))
      return
    }
    switch String(decoding: name, as: UTF8.self) {
    case ":method": method = text
    case ":path": target = text
    case ":authority": headers.insert(("host", text), at: 0)
    default: break
    }
  }

  override func receiveHeadersComplete() {
    guard !hasHead else { return }
    hasHead = true
    if target.isEmpty {
      refuse(.text(400, "the request has no path\n"))
    } else if let length = headers.first(where: { $0.name == "content-length" }).flatMap({ Int($0.value) }),
      length > server.limits.bodyBytes
    {
      refuse(server.tooLarge(request(body: [])))
    } else if headers.contains(where: { $0.name == "expect" && $0.value.lowercased() == "100-continue" }) {
      sendContinue()
    }
  }

  override func receiveData(_ bytes: UnsafeRawBufferPointer) {
    consume(bytes.count)
    guard !isRefused else { return }
    heldBytes += bytes.count
    let fits = connection?.addHeldBytes(bytes.count) ?? false
    if body.count + bytes.count > server.limits.bodyBytes {
      refuse(server.tooLarge(request(body: [])))
    } else if !fits {
      refuse(.text(503, "too many bytes of unfinished requests on one connection\n"))
    } else {
      body.append(contentsOf: bytes)
    }
  }

  override func receiveEnd() {
    guard !isRefused, let writer = makeWriter() else { return }
    let request = request(body: body)
    body = []
    giveBack()
    writer.start(request, server.handler)
  }

  override func didClose(_ reason: StreamClosure) {
    giveBack()
    let writer = writer
    self.writer = nil
    writer?.cancel()
  }

  private func request(body: [UInt8]) -> HTTPServerRequest {
    HTTPServerRequest(
      method: method, target: target, headers: headers, body: body, peerCertificates: peer.certificates,
      remoteAddress: peer.address)
  }

  private func refuse(_ response: HTTPServerResponse) {
    isRefused = true
    body = []
    giveBack()
    makeWriter()?.send(response, toHead: method == "HEAD")
  }

  private func makeWriter() -> AnswerWriter? {
    guard let connection, writer == nil else { return nil }
    let made = AnswerWriter(
      sink: self, mailbox: connection.mailbox, coalescedBytes: server.limits.coalescedBytes, live: server.live
    )
    writer = made
    return made
  }

  private func giveBack() {
    _ = connection?.addHeldBytes(-heldBytes)
    heldBytes = 0
  }

  // MARK: the answer

  var takesMore: Bool { isWritable }

  func begin(status: Int, headers: [(name: String, value: String)], length: Int?) {
    var fields = [(name: ":status", value: String(status))]
    for field in headers where !ConnectionFields.contains(field.name) { fields.append(field) }
    if let length, status != 204, status != 304 { fields.append(("content-length", String(length))) }
    let endsHere = method == "HEAD" || length == 0 || status == 204 || status == 304
    sendResponseHeaders(nil, fields, end: endsHere)
  }

  func write(_ bytes: ByteBuffer) { sendData(bytes) }

  func end() { endData() }

  /// The connection flushes by itself, once for all its streams.
  func flush() {}

  func abort() { reset(HTTP2Error.internalError) }

  /// A stream of HTTP/2 can be taken over by extended CONNECT only (RFC 8441), which is not offered.
  func upgrade(headers: [(name: String, value: String)]) -> ByteTunnel? { nil }

  override func didBecomeWritable() { writer?.sinkBecameWritable() }
}

/// Fields that concern one connection, which the server writes itself where the protocol has them (RFC 9113, 8.2.2).
enum ConnectionFields {
  private static let names: Set<String> = [
    "connection", "content-length", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade",
  ]

  static func contains(_ name: String) -> Bool { names.contains(name) }
}
