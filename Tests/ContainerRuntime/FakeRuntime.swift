import ContainerRuntime
import Foundation
import GRPC
import HTTP
import NIOCore
import NIOPosix
import SwiftProtobuf
import Synchronization
import Testing

/// Waits until `condition` holds; records an issue when it does not within the deadline.
func eventually(
  _ what: Comment, seconds: Int64 = 300, location: SourceLocation = #_sourceLocation,
  _ condition: () async -> Bool
) async {
  let deadline = ContinuousClock.now + .seconds(seconds)
  while await !condition() {
    guard ContinuousClock.now < deadline else {
      Issue.record(what, sourceLocation: location)
      return
    }
    try? await Task.sleep(for: .milliseconds(2))
  }
}

/// A runtime in this process, behind a unix socket: it answers what a test tells it to.
final class FakeRuntime: Sendable {
  static let loops = MultiThreadedEventLoopGroup.singleton

  /// Where a fake can listen. Socket paths are short.
  final class Place: Sendable {
    let folder: String
    var socket: String { folder + "/s" }

    init() throws {
      folder =
        FileManager.default.temporaryDirectory.path + "/cri-"
        + String(UInt32.random(in: 0 ... .max), radix: 36)
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }
  }

  let place: Place
  private let listener: Listener
  /// What happened, in the words of the handlers.
  let log: Log

  final class Log: Sendable {
    private let lines = Mutex<[String]>([])
    func add(_ line: String) { lines.withLock { $0.append(line) } }
    var all: [String] { lines.withLock { $0 } }
  }

  /// - Parameter methods: by `RuntimeService/Version` and so on.
  init(at place: Place? = nil, log: Log = Log(), _ methods: [String: Handler]) async throws {
    self.place = try place ?? Place()
    self.log = log
    var router = Router()
    for (name, handler) in methods { router.add("/runtime.v1." + name, handler) }
    listener = try await Listener.bind(
      group: Self.loops, unixSocket: self.place.socket, replacing: true, router: router,
      http: { _, loop in loop.makeSucceededFuture(.text(404, "")) }
    ).get()
  }

  /// Closes everything at once, as a killed process does.
  func kill() async throws { try await listener.close(deadline: .now()).get() }

  func client(_ change: (inout RuntimeClientLimits) -> Void = { _ in }) -> CRIClient {
    Self.client(place, change)
  }

  static func client(_ place: Place, _ change: (inout RuntimeClientLimits) -> Void = { _ in }) -> CRIClient {
    var limits = RuntimeClientLimits()
    limits.quickTimeout = .seconds(300)
    change(&limits)
    return CRIClient(socket: "unix://" + place.socket, on: loops.next(), limits: limits)
  }
}

extension Handler {
  /// Answers each request, or refuses it.
  static func answer<Request: Message, Reply: Message>(
    _ body: @escaping @Sendable (Request) throws -> Reply
  ) -> Handler {
    .unary { call, bytes in
      do {
        let reply = try body(Request(serializedBytes: Array(bytes.readableBytesView)))
        let answer: [UInt8] = try reply.serializedBytes()
        call.respond(ByteBuffer(bytes: answer))
      } catch let status as GRPCStatus {
        call.finish(status)
      } catch {
        call.finish(GRPCStatus(.internalError, "\(error)"))
      }
    }
  }

  /// Refuses each request.
  static func refuse(_ code: GRPCStatus.Code, _ message: String) -> Handler {
    .unary { call, _ in call.finish(GRPCStatus(code, message)) }
  }
}

/// What a call failed with; records an issue if it did not fail.
func failure(
  location: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async -> RuntimeError? {
  do {
    try await body()
    Issue.record("the call did not fail", sourceLocation: location)
    return nil
  } catch {
    return error as? RuntimeError
  }
}
