import Foundation
import GRPC
import HTTP
import NIOCore
import Proto
import SwiftProtobuf
import Synchronization
import Testing

/// A Watch call of a test's own.
final class WatchClient: Sendable {
  typealias Request = Etcdserverpb_WatchRequest
  typealias Response = Etcdserverpb_WatchResponse

  private struct State {
    var call: ClientCall?
    var waiting: [ByteBuffer] = []
    var status: GRPCStatus?
  }

  private let state = Mutex(State())
  private let loop: any EventLoop

  /// Opens a stream on `server`.
  static func open(_ server: TestServer) async throws -> WatchClient {
    let client = WatchClient(loop: server.eventLoop)
    server.open("/etcdserverpb.Watch/Watch") { call in
      call.onMessage = { message in client.state.withLock { $0.waiting.append(message) } }
      call.onFinish = { status, _ in client.state.withLock { $0.status = status } }
      client.state.withLock { $0.call = call }
    }
    _ = try await client.eventually { $0.call }
    return client
  }

  private init(loop: any EventLoop) { self.loop = loop }

  private func onLoop(_ body: @escaping @Sendable (ClientCall) -> Void) {
    let call = Reference(state.withLock { $0.call })
    loop.execute { if let call = call.value { body(call) } }
  }

  /// Safe: because the call is used on its loop only.
  private struct Reference: @unchecked Sendable {
    let value: ClientCall?
    init(_ value: ClientCall?) { self.value = value }
  }

  func send(_ request: Request) throws {
    let bytes: [UInt8] = try request.serializedBytes()
    send(bytes: bytes)
  }

  func send(bytes: [UInt8]) { onLoop { $0.send(ByteBuffer(bytes: bytes)) } }
  func halfClose() { onLoop { $0.halfClose() } }
  func cancelCall() { onLoop { $0.cancel() } }
  /// Takes no more from the server, whom flow control then holds back.
  func stopReading() { onLoop { $0.pause() } }
  func goOnReading() { onLoop { $0.resume() } }

  func create(
    _ key: String, _ end: String = "", from start: Int64 = 0,
    _ change: (inout Etcdserverpb_WatchCreateRequest) -> Void = { _ in }
  ) throws {
    try send(
      .with {
        $0.createRequest.key = Data(key.utf8)
        $0.createRequest.rangeEnd = Data(end.utf8)
        $0.createRequest.startRevision = start
        change(&$0.createRequest)
      })
  }

  func cancel(_ id: Int64) throws { try send(.with { $0.cancelRequest.watchID = id }) }
  func requestProgress() throws { try send(.with { $0.progressRequest = .init() }) }

  private func eventually<Value>(_ body: (inout sending State) -> sending Value?) async throws -> Value {
    let deadline = ContinuousClock.now + .seconds(120)
    while true {
      if let value = state.withLock({ body(&$0) }) { return value }
      try #require(ContinuousClock.now < deadline, "nothing came")
      try await Task.sleep(for: .milliseconds(1))
    }
  }

  /// The next response.
  func next() async throws -> Response {
    let message: ByteBuffer = try await eventually { $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() }
    return try Response(serializedBytes: [UInt8](message.readableBytesView))
  }

  /// The responses up to so many events, all in one list.
  func events(_ count: Int) async throws -> [Mvccpb_Event] {
    var events: [Mvccpb_Event] = []
    while events.count < count { events += try await next().events }
    return events
  }

  /// How the call ended.
  func status() async throws -> GRPCStatus { try await eventually { $0.status } }
  var receivedCount: Int { state.withLock { $0.waiting.count } }
}
