import GRPC
import HTTP
import NIOCore
import NIOPosix
import Synchronization
import Testing
import WireSupport

/// Waits until `condition` holds; records an issue when it does not within the deadline.
func until(
  _ what: Comment, seconds: Int64 = 300, location: SourceLocation = #_sourceLocation, _ condition: () -> Bool
) async {
  let deadline = ContinuousClock.now + .seconds(seconds)
  while !condition() {
    guard ContinuousClock.now < deadline else {
      Issue.record(what, sourceLocation: location)
      return
    }
    try? await Task.sleep(for: .milliseconds(1))
  }
}

/// What a server saw of its calls.
final class Log: Sendable {
  private let lines = Mutex<[String]>([])
  func add(_ line: String) { lines.withLock { $0.append(line) } }
  var all: [String] { lines.withLock { $0 } }
  func count(_ line: String) -> Int { all.count { $0 == line } }
}

/// A server of small methods, on a port of its own.
struct TestServer {
  let listener: Listener
  let log = Log()

  static let loops = MultiThreadedEventLoopGroup.singleton

  init(limits: ServerLimits = ServerLimits(), loops: any EventLoopGroup = TestServer.loops) async throws {
    listener = try await Listener.bind(
      group: loops, host: "127.0.0.1", port: 0, router: Self.router(log), http: Self.http, limits: limits
    ).get()
  }

  private static let http: HTTPHandler = { request, loop in
    switch request.path {
    case "/refused":
      var response = HTTPResponse.text(405, "refused")
      response.headers = [("allow", "GET")]
      return loop.makeSucceededFuture(response)
    case "/fail": return loop.makeFailedFuture(GRPCStatus(.unknown, ""))
    case "/later":
      return loop.scheduleTask(in: .milliseconds(20)) { HTTPResponse.text(200, "later") }.futureResult
    default:
      return loop.makeSucceededFuture(
        .text(
          200,
          "\(request.method) \(request.path) \(request.query.map { $0.name }) \(String(buffer: request.body))"
        ))
    }
  }

  private static func router(_ log: Log) -> Router {
    var router = Router()
    router.add("/test.Test/Echo", .unary { call, message in call.respond(message) })
    router.add(
      "/test.Test/Offload",
      .unary { call, message in
        call.onCancel = { log.add("cancelled") }
        Task { call.mailbox.post { call.respond(message) } }
      })
    // Fails with the status and message that the request names.
    router.add(
      "/test.Test/Fail",
      .unary { call, message in
        let text = String(buffer: message)
        let code = GRPCStatus.Code(rawValue: Int(text.prefix { $0 != " " }) ?? 2) ?? .unknown
        var trailers = Metadata()
        trailers.add("extra", "trailer")
        call.finish(GRPCStatus(code, String(text.drop { $0 != " " }.dropFirst())), trailers: trailers)
      })
    router.add(
      "/test.Test/Metadata",
      .unary { call, _ in
        var headers = Metadata()
        headers.add("seen-path", call.path)
        call.sendHeaders(headers)
        call.send(ByteBuffer(string: call.metadata["key"] ?? "none"))
        call.finish()
      })
    router.add(
      "/test.Test/Hang",
      .stream { call in
        log.add("hang")
        call.onCancel = { log.add("cancelled") }
      })
    router.add(
      "/test.Test/Bidirectional",
      .stream { call in
        call.onMessage = { call.send($0) }
        call.onHalfClose = { call.finish() }
        call.onCancel = { log.add("cancelled") }
      })
    // Answers with the number of bytes received.
    router.add(
      "/test.Test/Sum",
      .stream { call in
        var sum = 0
        call.onMessage = { sum += $0.readableBytes }
        call.onHalfClose = { call.respond(ByteBuffer(string: String(sum))) }
      })
    // One message of as many bytes as the request says, in parts, as the socket drains.
    router.add("/test.Test/Large", .unary { call, message in sendLarge(call, message, log) })
    // Begins a message and sends fewer, or more, bytes than promised.
    router.add(
      "/test.Test/Short",
      .unary { call, _ in
        call.beginMessage(length: 10)
        call.sendPart(ByteBuffer(string: "123"))
        call.finish()
      })
    router.add(
      "/test.Test/Long",
      .unary { call, _ in
        call.beginMessage(length: 10)
        call.sendPart(ByteBuffer(string: "12345678901"))
        call.finish()
      })
    // Takes a message only when told to by time, so that the client is held back.
    router.add(
      "/test.Test/Slow",
      .stream { call in
        var received = 0
        call.pause()
        call.onMessage = { received += $0.readableBytes }
        call.onHalfClose = { call.respond(ByteBuffer(string: String(received))) }
        log.add("paused")
        call.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(100)) {
          log.add("received \(received)")
          call.resume()
        }
      })
    return router
  }

  private static func sendLarge(_ call: ServerCall, _ message: ByteBuffer, _ log: Log) {
    var left = Int(String(buffer: message)) ?? 0
    let part = ByteBuffer(repeating: 0x61, count: 32 << 10)
    var largest = 0
    func pump() {
      while left > 0 && call.isWritable {
        let count = min(left, part.readableBytes)
        call.sendPart(part.getSlice(at: 0, length: count) ?? part)
        left -= count
        largest = max(largest, call.pendingSendBytes)
      }
      if left == 0 {
        log.add(largest <= 512 << 10 ? "bounded" : "unbounded: \(largest)")
        call.finish()
      }
    }
    call.beginMessage(length: left)
    call.onWritable = pump
    call.onCancel = { log.add("cancelled") }
    pump()
  }

  func connect(limits: ClientLimits = ClientLimits()) async throws -> TestClient {
    TestClient(
      connection: try await ClientConnection.connect(
        to: .hostPort("127.0.0.1", listener.port), on: Self.loops.next(), limits: limits
      ).get())
  }

  func close() async throws {
    try await listener.close(deadline: .now()).get()
  }

  /// Whatever happened before, a new client is served.
  func stillServes(location: SourceLocation = #_sourceLocation) async throws {
    let client = try await connect()
    let answer = try await client.unary("/test.Test/Echo", "still")
    #expect(answer == "still", sourceLocation: location)
    await client.close()
  }
}

/// A connection whose calls are `async`.
struct TestClient: Sendable {
  let connection: ClientConnection

  func unary(
    _ path: String, _ message: String, metadata: Metadata = Metadata(), timeout: TimeAmount? = nil
  ) async throws -> String {
    String(buffer: try await unary(path, ByteBuffer(string: message), metadata: metadata, timeout: timeout))
  }

  func unary(
    _ path: String, _ message: ByteBuffer, metadata: Metadata = Metadata(), timeout: TimeAmount? = nil
  ) async throws -> ByteBuffer {
    let result: Result<ByteBuffer, GRPCStatus> = await withCheckedContinuation { continuation in
      connection.eventLoop.execute {
        connection.unary(path, message, metadata: metadata, timeout: timeout) {
          continuation.resume(returning: $0)
        }
      }
    }
    return try result.get()
  }

  /// The status with which a unary call fails.
  func failure(_ path: String, _ message: String = "", timeout: TimeAmount? = nil) async -> GRPCStatus {
    do {
      _ = try await unary(path, message, timeout: timeout)
      return .ok
    } catch {
      return error as? GRPCStatus ?? GRPCStatus(.unknown, "\(error)")
    }
  }

  /// Opens a streaming call and notes what comes of it.
  func open(_ path: String, timeout: TimeAmount? = nil, pauses: Bool = false) async throws -> TestCall {
    try await connection.eventLoop.submit {
      let call = TestCall(connection.open(path, timeout: timeout))
      if pauses { call.call.pause() }
      return call
    }.get()
  }

  func close() async {
    try? await connection.eventLoop.submit { connection.close(now: true) }.get()
  }
}

/// A streaming call seen from a test's task.
final class TestCall: Sendable {
  private struct Seen {
    var messages: [ByteBuffer] = []
    var status: GRPCStatus?
    var trailers = Metadata()
    var endings = 0
  }
  let call: ClientCall
  private let seen = Mutex(Seen())

  init(_ call: ClientCall) {
    self.call = call
    call.onMessage = { [weak self] message in self?.seen.withLock { $0.messages.append(message) } }
    call.onFinish = { [weak self] status, trailers in
      self?.seen.withLock {
        $0.status = status
        $0.trailers = trailers
        $0.endings += 1
      }
    }
  }

  var messages: [ByteBuffer] { seen.withLock { $0.messages } }
  var texts: [String] { messages.map { String(buffer: $0) } }
  var status: GRPCStatus? { seen.withLock { $0.status } }
  var trailers: Metadata { seen.withLock { $0.trailers } }
  var endings: Int { seen.withLock { $0.endings } }

  /// Runs on the call's loop.
  func on(_ body: @escaping @Sendable (ClientCall) -> Void) async throws {
    let call = call
    guard let loop = call.connection?.eventLoop else { return }
    try await loop.submit { body(call) }.get()
  }
}

extension RawClient {
  /// A client of `server`. With `reads` off nothing is ever read from the socket.
  convenience init(_ server: TestServer, reads: Bool = true) async throws {
    try await self.init(port: server.listener.port, reads: reads, on: TestServer.loops)
  }
}
