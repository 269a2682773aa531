import GRPC
import HTTP
import NIOCore
import NIOPosix
import Synchronization

/// An HTTP/2 client below gRPC: any headers, any bytes.
final class Probe: Sendable {
  typealias Fields = [(name: String, value: String)]

  private let channel: any Channel
  private let connection: NIOLoopBound<HTTP2Connection>
  private static let nothing = HeaderBlock([])

  init(_ server: TestServer) async throws {
    let delegate = Silent()
    let bootstrap = ClientBootstrap(group: TestServer.loops).channelInitializer { channel in
      channel.eventLoop.makeCompletedFuture {
        try channel.pipeline.syncOperations.addHandler(
          HTTP2Connection(role: .client, limits: ConnectionLimits(), channel: channel, delegate: delegate))
      }
    }
    let channel = try await bootstrap.connect(host: "127.0.0.1", port: server.listener.port).get()
    self.channel = channel
    connection = try await channel.eventLoop.submit {
      NIOLoopBound(
        try channel.pipeline.syncOperations.handler(type: HTTP2Connection.self), eventLoop: channel.eventLoop)
    }.get()
  }

  private final class Silent: HTTP2ConnectionDelegate, Sendable {
    func makeStream(on connection: HTTP2Connection) -> HTTP2Stream { HTTP2Stream() }
    func connectionReady(_ connection: HTTP2Connection) {}
    func connectionGoingAway(_ connection: HTTP2Connection) {}
    func connectionClosed(_ connection: HTTP2Connection, reason: String) {}
  }

  /// The headers of a proper call, some of them replaced or added.
  static func call(_ path: String, _ changes: [String: String] = [:]) -> Fields {
    var changes = changes
    var fields: Fields = [
      (":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "test"),
      ("content-type", "application/grpc"), ("te", "trailers"),
    ]
    for index in fields.indices {
      if let value = changes.removeValue(forKey: fields[index].name) { fields[index].value = value }
    }
    return fields.filter { !$0.value.isEmpty } + changes.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  func open(_ fields: Fields) async throws -> ProbeStream {
    try await channel.eventLoop.submit { [connection] in
      let stream = ProbeStream()
      guard connection.value.open(stream, Self.nothing, fields) else { throw GRPCStatus(.unavailable, "") }
      return stream
    }.get()
  }

  func send(_ stream: ProbeStream, _ bytes: [UInt8], end: Bool) async throws {
    try await channel.eventLoop.submit {
      stream.sendData(ByteBuffer(bytes: bytes))
      if end { stream.endData() }
    }.get()
  }

  func close() async {
    try? await channel.close()
  }
}

/// What came back on one stream.
///
/// Safe: because what other threads read is behind a lock.
final class ProbeStream: HTTP2Stream, @unchecked Sendable {
  private struct Seen {
    var fields: [String: String] = [:]
    var bytes: [UInt8] = []
    var closure: StreamClosure?
  }
  private let seen = Mutex(Seen())

  func field(_ name: String) -> String? { seen.withLock { $0.fields[name] } }
  var bytes: [UInt8] { seen.withLock { $0.bytes } }
  var closure: StreamClosure? { seen.withLock { $0.closure } }

  override func receiveHeader(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) {
    let name = String(decoding: name, as: UTF8.self)
    let value = String(decoding: value, as: UTF8.self)
    seen.withLock { $0.fields[name] = value }
  }

  override func receiveData(_ bytes: UnsafeRawBufferPointer) {
    consume(bytes.count)
    let copy = Array(bytes)
    seen.withLock { $0.bytes += copy }
  }

  override func didClose(_ reason: StreamClosure) {
    seen.withLock { $0.closure = reason }
  }
}
