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

/// How a client reaches a server.
enum Way: String, CaseIterable, Sendable {
  case http1TLS
  case http2TLS
  case http1Plain
  case http2Plain

  var isSecure: Bool { self == .http1TLS || self == .http2TLS }
  var version: HTTPClient.Version { self == .http1TLS || self == .http1Plain ? .http1 : .http2 }
}

/// A body that its maker feeds, and that says when it was cancelled.
final class FedStream: ResponseStream {
  private struct State {
    var pieces: [[UInt8]] = []
    var isEnded = false
    var pulls = 0
    var cancels = 0
    var waiter: CheckedContinuation<Void, Never>?
  }
  private let state = Mutex(State())
  /// Comes again and again, as often as it is pulled.
  private let endless: [UInt8]?

  init(endless: [UInt8]? = nil) { self.endless = endless }

  var pulls: Int { state.withLock { $0.pulls } }
  var isCancelled: Bool { state.withLock { $0.cancels > 0 } }

  func feed(_ text: String) { change { $0.pieces.append(Array(text.utf8)) } }
  func end() { change { $0.isEnded = true } }
  func cancel() {
    change {
      $0.cancels += 1
      $0.isEnded = true
    }
  }

  private func change(_ body: (inout State) -> Void) {
    let waiter = state.withLock { state in
      body(&state)
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.resume()
  }

  func next() async throws -> [UInt8]? {
    while true {
      let (piece, isEnded) = state.withLock { state -> ([UInt8]?, Bool) in
        if !state.pieces.isEmpty { return (state.pieces.removeFirst(), false) }
        guard !state.isEnded else { return (nil, true) }
        state.pulls += 1
        return (endless, false)
      }
      if let piece { return piece }
      if isEnded { return nil }
      await withCheckedContinuation { continuation in
        let mustWait = state.withLock { state in
          guard state.pieces.isEmpty, !state.isEnded else { return false }
          state.waiter = continuation
          return true
        }
        if !mustWait { continuation.resume() }
      }
    }
  }
}

struct Broken: Error {}

/// Gives one piece and breaks.
struct BrokenStream: ResponseStream {
  private let isBegun = Flag()
  func next() async throws -> [UInt8]? {
    guard isBegun.set() else { throw Broken() }
    return Array("part".utf8)
  }
  func cancel() {}
}

final class Flag: Sendable {
  private let value = Mutex(false)
  /// True the first time.
  func set() -> Bool {
    value.withLock { value in
      defer { value = true }
      return !value
    }
  }
  var isSet: Bool { value.withLock { $0 } }
}

/// Answers what the tests ask.
final class TestHandler: HTTPExchangeHandler {
  private let streams = Mutex<[FedStream]>([])
  let sawTaskCancelled = Flag()
  let isWaiting = Flag()

  /// The streams that were asked for, in order.
  var all: [FedStream] { streams.withLock { $0 } }

  func handle(_ request: HTTPServerRequest) async -> HTTPServerResponse {
    let path = request.target.prefix { $0 != "?" }
    let argument = Int(request.target.drop { $0 != "?" }.dropFirst()) ?? 0
    switch path {
    case "/echo":
      return HTTPServerResponse(
        status: 201,
        headers: [
          ("x-method", request.method), ("x-target", request.target),
          ("x-host", request.header("host") ?? ""),
          ("x-certificates", String(request.peerCertificates.count)), ("connection", "x-method"),
          ("x-bad", "a\r\nb: c"), ("content-length", "7"),
        ], body: .parts([Array("<".utf8), request.body, [], Array(">".utf8)]))
    case "/large":
      return HTTPServerResponse(
        status: 200, body: .parts((0..<argument).map { [UInt8](repeating: UInt8($0 & 255), count: 1 << 20) }))
    case "/fed", "/endless":
      let stream = FedStream(endless: path == "/endless" ? [UInt8](repeating: 0x61, count: 1 << 10) : nil)
      streams.withLock { $0.append(stream) }
      return HTTPServerResponse(status: 200, headers: [("content-type", "text/x")], body: .stream(stream))
    case "/broken": return HTTPServerResponse(status: 200, body: .stream(BrokenStream()))
    case "/wait":
      _ = isWaiting.set()
      // Until the client goes away.
      while !Task.isCancelled { try? await Task.sleep(for: .milliseconds(1)) }
      _ = sawTaskCancelled.set()
      return .text(200, "late")
    case "/status": return HTTPServerResponse(status: argument, body: .parts([Array("body".utf8)]))
    case "/certificate":
      return HTTPServerResponse(status: 200, body: .parts(request.peerCertificates.prefix(1).map { $0 }))
    default: return .text(404, "no such thing\n")
    }
  }
}

/// A server and what speaks to it.
struct TestSite: Sendable {
  static let loops = MultiThreadedEventLoopGroup.singleton

  let server: HTTPServer
  let handler: TestHandler
  let way: Way

  init(
    _ way: Way, limits: HTTPServerLimits = HTTPServerLimits(),
    identity: TLSIdentity = TestCertificates.serverIdentity
  ) async throws {
    self.way = way
    handler = TestHandler()
    server = try await HTTPServer.start(
      on: Self.loops, host: "127.0.0.1", port: 0, identity: way.isSecure ? identity : nil, limits: limits,
      handler: handler,
      tooLarge: { HTTPServerResponse.text(413, "too much for \($0.target)") })
  }

  func client(
    limits: HTTPClientLimits = HTTPClientLimits(), host: String = "127.0.0.1",
    _ change: (inout HTTPClient.TLS) -> Void = { _ in }
  ) throws -> HTTPClient {
    var tls = HTTPClient.TLS(roots: .pem(Array(TestCertificates.authority.utf8)))
    tls.versions = way.version == .http2 ? [.http2, .http1] : [.http1]
    change(&tls)
    return try HTTPClient(
      host: host, port: server.port, security: way.isSecure ? .tls(tls) : .plain(way.version), limits: limits,
      on: Self.loops)
  }

  func stop() async { await server.stop(grace: .seconds(5)) }
}

extension HTTPClient {
  func get(_ target: String) async throws -> (status: Int, text: String) {
    let response = try await send(HTTPClientRequest(method: "GET", target: target))
    return (response.status, String(decoding: try await response.body.bytes(limit: 1 << 30), as: UTF8.self))
  }
}

extension RawClient {
  /// A client of the server at `port`.
  convenience init(port: Int) async throws { try await self.init(port: port, on: TestSite.loops) }

  func write(_ text: String) { send(Array(text.utf8)) }

  /// Waits until the server has closed its side.
  func closed(location: SourceLocation = #_sourceLocation) async {
    await until("the server closes", location: location) { isClosed }
    await close()
  }
}
