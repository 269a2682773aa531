import GRPC
import HTTP
import NIOCore
import NIOPosix
import Proto
import RaftKV
import SwiftProtobuf

@testable import WatchAPI

/// The services on a socket, and a client's connection to it.
final class TestServer: Sendable {
  let node: TestNode
  let surface: EtcdSurface<TestNode>
  private let listener: Listener
  private let connection: ClientConnection

  private static let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)

  init(limits: EtcdLimits = EtcdLimits(), node limitsOfNode: NodeLimits = NodeLimits()) async throws {
    node = try TestNode(limits: limitsOfNode)
    surface = try EtcdSurface(node: node, group: Self.group, limits: limits, metrics: MetricsRegistry())
    var router = Router()
    surface.register(in: &router)
    listener = try await Listener.bind(
      group: Self.group, host: "127.0.0.1", port: 0, router: router, http: surface.http
    ).get()
    connection = try await ClientConnection.connect(
      to: .hostPort("127.0.0.1", listener.port), on: Self.group.next()
    ).get()
  }

  var target: ClientConnection.Target { .hostPort("127.0.0.1", listener.port) }

  func close() async throws {
    connection.eventLoop.execute { [connection] in connection.close(now: true) }
    try await listener.close(deadline: .now() + .seconds(5)).get()
    node.stop()
  }

  /// Runs `body` against a server of its own.
  static func run(
    _ limits: EtcdLimits = EtcdLimits(), node: NodeLimits = NodeLimits(),
    _ body: (TestServer) async throws -> Void
  ) async throws {
    let server = try await TestServer(limits: limits, node: node)
    do {
      try await body(server)
    } catch {
      try await server.close()
      throw error
    }
    try await server.close()
  }

  // MARK: calls

  /// A unary call with bytes; what the server refuses is thrown as `GRPCStatus`.
  func call(_ path: String, bytes: [UInt8], metadata: Metadata = Metadata()) async throws -> [UInt8] {
    let promise = connection.eventLoop.makePromise(of: ByteBuffer.self)
    connection.eventLoop.execute { [connection] in
      connection.unary(path, ByteBuffer(bytes: bytes), metadata: metadata, timeout: .seconds(120)) { result in
        promise.completeWith(result.mapError { $0 as any Error })
      }
    }
    return [UInt8](try await promise.futureResult.get().readableBytesView)
  }

  func call<Request: Message, Response: Message>(
    _ path: String, _ request: Request, _: Response.Type, metadata: Metadata = Metadata()
  ) async throws -> Response {
    try Response(
      serializedBytes: await call(
        "/etcdserverpb." + path, bytes: request.serializedBytes(), metadata: metadata))
  }

  func range(
    _ request: Etcdserverpb_RangeRequest, metadata: Metadata = Metadata()
  ) async throws -> Etcdserverpb_RangeResponse {
    try await call("KV/Range", request, Etcdserverpb_RangeResponse.self, metadata: metadata)
  }

  func put(_ request: Etcdserverpb_PutRequest) async throws -> Etcdserverpb_PutResponse {
    try await call("KV/Put", request, Etcdserverpb_PutResponse.self)
  }

  func delete(_ request: Etcdserverpb_DeleteRangeRequest) async throws -> Etcdserverpb_DeleteRangeResponse {
    try await call("KV/DeleteRange", request, Etcdserverpb_DeleteRangeResponse.self)
  }

  func transaction(_ request: Etcdserverpb_TxnRequest) async throws -> Etcdserverpb_TxnResponse {
    try await call("KV/Txn", request, Etcdserverpb_TxnResponse.self)
  }

  func alarm(_ request: Etcdserverpb_AlarmRequest) async throws -> Etcdserverpb_AlarmResponse {
    try await call("Maintenance/Alarm", request, Etcdserverpb_AlarmResponse.self)
  }

  /// All messages of a RangeStream, each as it came.
  func rangeStream(_ request: Etcdserverpb_RangeRequest) async throws -> [Etcdserverpb_RangeResponse] {
    let bytes: [UInt8] = try request.serializedBytes()
    let promise = connection.eventLoop.makePromise(of: [ByteBuffer].self)
    connection.eventLoop.execute { [connection] in
      let call = connection.open("/etcdserverpb.KV/RangeStream", timeout: .seconds(120))
      var messages: [ByteBuffer] = []
      call.onMessage = { messages.append($0) }
      call.onFinish = { status, _ in
        if status.code == .ok { promise.succeed(messages) } else { promise.fail(status) }
      }
      call.send(ByteBuffer(bytes: bytes))
      call.halfClose()
    }
    return try await promise.futureResult.get().map {
      try Etcdserverpb_RangeStreamResponse(serializedBytes: [UInt8]($0.readableBytesView)).rangeResponse
    }
  }

  /// Where the calls of `open` live.
  var eventLoop: any EventLoop { connection.eventLoop }

  /// Opens a call for the test to drive, on the connection's loop.
  func open(
    _ path: String, metadata: Metadata = Metadata(), _ body: @escaping @Sendable (ClientCall) -> Void
  ) {
    connection.eventLoop.execute { [connection] in body(connection.open(path, metadata: metadata)) }
  }

  func cancel(_ call: ClientCall) { connection.eventLoop.execute { call.cancel() } }

  /// How a streaming call ends that sends nothing.
  func statusOfSilentStream(_ path: String, metadata: Metadata = Metadata()) async throws -> GRPCStatus {
    let promise = connection.eventLoop.makePromise(of: GRPCStatus.self)
    open(path, metadata: metadata) { call in
      call.onFinish = { status, _ in promise.succeed(status) }
      call.halfClose()
    }
    return try await promise.futureResult.get()
  }

  /// Starts a call whose answers are not taken, and cancels it once `condition` holds.
  func abandon(_ path: String, bytes: [UInt8], when condition: @escaping @Sendable () async -> Bool)
    async throws
  {
    let promise = connection.eventLoop.makePromise(of: Void.self)
    open(path) { call in
      call.onFinish = { _, _ in promise.succeed(()) }
      // Flow control then holds the server back.
      call.pause()
      call.send(ByteBuffer(bytes: bytes))
      call.halfClose()
      Task {
        let deadline = ContinuousClock.now + .seconds(120)
        while !(await condition()), ContinuousClock.now < deadline {
          try? await Task.sleep(for: .milliseconds(1))
        }
        self.cancel(call)
      }
    }
    try await promise.futureResult.get()
  }

  /// The status that a call ends with.
  func status(_ body: () async throws -> Void) async throws -> GRPCStatus {
    do {
      try await body()
      return .ok
    } catch let status as GRPCStatus {
      return status
    }
  }

  func get(_ target: String, method: String = "GET") async throws -> (status: Int, text: String, type: String)
  {
    let response = try await response(target, method: method)
    return (response.status, String(buffer: response.body), response.contentType)
  }

  func response(_ target: String, method: String) async throws -> HTTPResponse {
    try await surface.http(HTTPRequest(method: method, target: target), connection.eventLoop).get()
  }
}
