import Exchange
import HTTP
import NIOCore
import Synchronization

/// Carries the sessions of exec, attach and port-forward between clients and the runtime's streaming server, byte for byte:
/// which protocol is spoken on them is for the two of them.
final class StreamTunnels: Sendable {
  private let limits: KubeletServerLimits
  private let group: any EventLoopGroup
  private let openCount = Mutex(0)

  init(limits: KubeletServerLimits, group: any EventLoopGroup) {
    self.limits = limits
    self.group = group
  }

  /// How many there are.
  var count: Int { openCount.withLock { $0 } }

  /// Counts a session until it is let go.
  private final class Slot: Sendable {
    private let tunnels: StreamTunnels

    init?(_ tunnels: StreamTunnels) {
      let isFree = tunnels.openCount.withLock { open in
        guard open < tunnels.limits.tunnels else { return false }
        open += 1
        return true
      }
      guard isFree else { return nil }
      self.tunnels = tunnels
    }

    deinit { tunnels.openCount.withLock { $0 -= 1 } }
  }

  /// Passes a request for another protocol on to the runtime's streaming server, and gives its answer.
  /// - Parameter address: such as `http://127.0.0.1:41233/exec/TOKEN`.
  func open(_ request: HTTPServerRequest, to address: String) async throws(StatusError) -> HTTPServerResponse
  {
    guard let name = request.header("upgrade") else { throw .badRequest("Upgrade request required") }
    guard let address = StreamAddress(address) else {
      throw StatusError(
        code: 500, reason: "", message: "the runtime's streaming server has no usable address")
    }
    guard let slot = Slot(self) else { throw .tooManyRequests("too many streams are open") }
    do {
      let client = try HTTPClient(
        host: address.host, port: address.port, security: .plain(.http1), on: group)
      let passedOn = HTTPClientRequest(
        method: request.method, target: address.target, headers: Self.passedOn(request.headers),
        body: request.body, headTimeout: .seconds(30))
      switch try await client.upgrade(passedOn, to: name) {
      case .answered(let answer):
        let bytes = try await answer.body.bytes(limit: limits.refusalBytes)
        return HTTPServerResponse(
          status: answer.status, headers: Self.passedBack(answer.headers), body: .parts([bytes]))
      case .switched(let headers, let runtime):
        let name = headers.first { $0.name == "upgrade" }?.value ?? name
        return .upgrade(to: name, headers: Self.passedBack(headers)) { tunnel in
          await Self.join(tunnel, runtime)
          // Both are held until then: the session's place, and the connection's pool.
          withExtendedLifetime((slot, client)) {}
        }
      }
    } catch {
      throw StatusError(
        code: 502, reason: "", message: "the runtime's streaming server does not answer: \(error)")
    }
  }

  /// Credentials are for this port only.
  private static func passedOn(_ headers: [(name: String, value: String)]) -> [(name: String, value: String)]
  {
    headers.filter {
      !["authorization", "host", "connection", "upgrade", "content-length"].contains($0.name)
    }
  }

  private static func passedBack(_ headers: [(name: String, value: String)]) -> [(
    name: String, value: String
  )] {
    headers.filter {
      !["connection", "upgrade", "content-length", "transfer-encoding", "keep-alive"].contains($0.name)
    }
  }

  /// Moves bytes both ways until the runtime has ended its direction, or either side is gone.
  static func join(_ client: any ByteDuplex, _ runtime: any ByteDuplex) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        if await move(from: client, to: runtime) { runtime.finish() } else { runtime.close() }
      }
      group.addTask {
        _ = await move(from: runtime, to: client)
        // A client need not end its direction before it knows that the session is over.
        client.close()
        runtime.close()
      }
      await group.waitForAll()
    }
  }

  /// Whether it came to its end.
  private static func move(from source: any ByteDuplex, to target: any ByteDuplex) async -> Bool {
    do {
      while let bytes = try await source.read() { try await target.write(bytes) }
      return true
    } catch {
      return false
    }
  }
}

/// Where a streaming server is, and what is asked of it.
struct StreamAddress: Hashable {
  let host: String
  let port: Int
  /// Path and query.
  let target: String

  /// Of `http://HOST:PORT/PATH?QUERY`; nil if it is no such thing.
  init?(_ text: String) {
    guard text.hasPrefix("http://") else { return nil }
    let rest = text.dropFirst(7)
    let slash = rest.firstIndex(of: "/") ?? rest.endIndex
    target = slash == rest.endIndex ? "/" : String(rest[slash...])
    var authority = rest[..<slash]
    if authority.first == "[" {
      guard let end = authority.firstIndex(of: "]") else { return nil }
      host = String(authority[authority.index(after: authority.startIndex)..<end])
      authority = authority[authority.index(after: end)...]
    } else {
      let end = authority.firstIndex(of: ":") ?? authority.endIndex
      host = String(authority[..<end])
      authority = authority[end...]
    }
    guard !host.isEmpty else { return nil }
    if authority.isEmpty {
      port = 80
    } else {
      guard let number = Int(authority.dropFirst()), (1...65_535).contains(number) else { return nil }
      port = number
    }
  }
}
