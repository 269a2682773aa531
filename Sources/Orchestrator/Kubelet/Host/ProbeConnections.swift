import HTTP
public import Kubelet
public import NIOCore
import NIOPosix

/// Reaches the ports of pods over the node's network.
public struct ProbeConnections: ProbeTransport {
  /// So much of an answer is kept.
  private static let bodyBytes = 10 << 10
  private static let redirectsMax = 10
  private let group: any EventLoopGroup

  /// Connections on these event loops.
  public init(on group: any EventLoopGroup) { self.group = group }

  // MARK: HTTP

  /// Sends a request and gives the status and the start of the body. Redirects are followed on the same host; one to
  /// another host counts as an answer (Kubernetes: HTTP probes).
  public func http(
    _ probe: HTTPProbe, host: String, timeout: Duration
  ) async throws(ProbeTransportError) -> (status: Int, body: String) {
    var probe = probe
    let deadline = ContinuousClock.now + timeout
    for _ in 0...Self.redirectsMax {
      let left = deadline - .now
      guard left > .zero else { break }
      let answer = try await get(probe, host: host, timeout: left)
      guard (300..<400).contains(answer.status), let location = answer.location,
        let next = RedirectTarget(location, from: probe, host: host)
      else { return (answer.status, answer.body) }
      guard next.host == host else {
        return (answer.status, "Probe terminated redirects, Response body: \(answer.body)")
      }
      probe.usesTLS = next.usesTLS
      probe.port = next.port
      probe.path = next.path
    }
    throw ProbeTransportError(
      "Get \"\(Self.url(probe, host))\": stopped after \(Self.redirectsMax) redirects")
  }

  private typealias Answer = (status: Int, location: String?, body: String)

  private func get(_ probe: HTTPProbe, host: String, timeout: Duration) async throws(ProbeTransportError)
    -> Answer
  {
    let url = Self.url(probe, host)
    var limits = HTTPClientLimits()
    limits.connectTimeout = TimeAmount(timeout)
    limits.attempts = 1
    var security = HTTPClient.TLS(roots: .system)
    // Pods show certificates of their own.
    security.skipsVerification = true
    security.versions = [.http1]
    do {
      let client = try HTTPClient(
        host: host, port: probe.port, security: probe.usesTLS ? .tls(security) : .plain(.http1),
        limits: limits, on: group)
      defer { client.close() }
      var headers = probe.headers.map { (name: $0.name.lowercased(), value: $0.value) }
      headers.removeAll { $0.value.isEmpty && ["user-agent", "accept"].contains($0.name) }
      let request = HTTPClientRequest(method: "GET", target: probe.path, headers: headers)
      return try await within(timeout) {
        let response = try await client.send(request)
        let location = response.headers.first { $0.name == "location" }?.value
        var body: [UInt8] = []
        while body.count < Self.bodyBytes, let part = try await response.body.next() { body += part }
        return (response.status, location, String(decoding: body.prefix(Self.bodyBytes), as: UTF8.self))
      }
    } catch {
      throw ProbeTransportError("Get \"\(url)\": \(Self.words(error))")
    }
  }

  private static func url(_ probe: HTTPProbe, _ host: String) -> String {
    let name = host.contains(":") ? "[\(host)]" : host
    return "\(probe.usesTLS ? "https" : "http")://\(name):\(probe.port)\(probe.path)"
  }

  // MARK: TCP

  /// Opens a connection and closes it.
  public func connect(host: String, port: Int, timeout: Duration) async throws(ProbeTransportError) {
    do {
      let channel = try await ClientBootstrap(group: group).connectTimeout(TimeAmount(timeout))
        .connect(host: host, port: port).get()
      try? await channel.close()
    } catch {
      throw ProbeTransportError("dial tcp \(host):\(port): \(Self.words(error))")
    }
  }

  // MARK: gRPC

  /// Asks the gRPC health service; true if it says `SERVING`.
  public func grpcHealth(
    host: String, port: Int, service: String, timeout: Duration
  ) async throws(ProbeTransportError) -> Bool {
    var limits = HTTPClientLimits()
    limits.connectTimeout = TimeAmount(timeout)
    limits.attempts = 1
    do {
      let client = try HTTPClient(
        host: host, port: port, security: .plain(.http2), limits: limits, on: group)
      defer { client.close() }
      let request = HTTPClientRequest(
        method: "POST", target: "/grpc.health.v1.Health/Check",
        headers: [
          (name: "content-type", value: "application/grpc"), (name: "te", value: "trailers"),
          (name: "user-agent", value: "kube-probe/1.36"),
        ], body: HealthMessage.request(service: service))
      let (body, status) = try await within(timeout) {
        let response = try await client.send(request)
        var body: [UInt8] = []
        while body.count < Self.bodyBytes, let part = try await response.body.next() { body += part }
        return (body, response.headers.first { $0.name == "grpc-status" }?.value)
      }
      if let serves = HealthMessage.serves(body) { return serves }
      throw ProbeTransportError(
        status == "12"
          ? "this server does not implement the grpc health protocol (grpc.health.v1.Health)"
          : "health rpc probe failed with gRPC status \(status ?? "unknown")")
    } catch let error as ProbeTransportError {
      throw error
    } catch {
      throw ProbeTransportError("failed to connect service \"\(host):\(port)\": \(Self.words(error))")
    }
  }

  // MARK: Errors and time

  /// In the words that users of Kubernetes know.
  private static func words(_ error: any Error) -> String {
    let text = "\(error)"
    if error is TooLate || text.contains("timed out") || text.contains("imeout") {
      return "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
    }
    if text.contains("onnection refused") { return "connect: connection refused" }
    if text.contains("o route to host") { return "connect: no route to host" }
    return text
  }

  private struct TooLate: Error {}

  private func within<Result: Sendable>(
    _ timeout: Duration, _ body: @escaping @Sendable () async throws -> Result
  ) async throws -> Result {
    try await withThrowingTaskGroup(of: Result.self) { tasks in
      tasks.addTask { try await body() }
      tasks.addTask {
        try await Task.sleep(for: timeout)
        throw TooLate()
      }
      defer { tasks.cancelAll() }
      guard let first = try await tasks.next() else { throw TooLate() }
      return first
    }
  }
}

/// Where a redirect leads.
struct RedirectTarget {
  var usesTLS: Bool
  var host: String
  var port: Int
  var path: String

  /// - Parameter location: the header field; nil for what leads nowhere.
  init?(_ location: String, from probe: HTTPProbe, host: String) {
    if location.hasPrefix("/"), !location.hasPrefix("//") {
      (usesTLS, self.host, port, path) = (probe.usesTLS, host, probe.port, location)
      return
    }
    let rest: Substring
    if location.hasPrefix("http://") {
      (usesTLS, rest) = (false, location.dropFirst(7))
    } else if location.hasPrefix("https://") {
      (usesTLS, rest) = (true, location.dropFirst(8))
    } else {
      return nil
    }
    let authority = rest.prefix { $0 != "/" && $0 != "?" }
    let after = rest.dropFirst(authority.count)
    path = after.isEmpty ? "/" : after.hasPrefix("?") ? "/" + after : String(after)
    let parts = authority.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard let name = parts.first, !name.isEmpty else { return nil }
    self.host = String(name)
    port = parts.count > 1 ? Int(parts[1]) ?? 0 : usesTLS ? 443 : 80
  }
}

/// The two messages of grpc.health.v1, in frames of gRPC.
enum HealthMessage {
  /// A question about a service (field 1, a string); the empty one is the server.
  static func request(service: String) -> [UInt8] {
    var message: [UInt8] = []
    let name = Array(service.utf8.prefix(16 << 10))
    if !name.isEmpty {
      message.append(0x0A)
      var length = name.count
      while length > 0x7F {
        message.append(UInt8(length & 0x7F) | 0x80)
        length >>= 7
      }
      message.append(UInt8(length))
      message += name
    }
    return [0] + withUnsafeBytes(of: UInt32(message.count).bigEndian) { Array($0) } + message
  }

  /// Whether the answer (field 1, an enumeration) is `SERVING`; nil if there is none.
  static func serves(_ frame: [UInt8]) -> Bool? {
    guard frame.count >= 5, frame[0] == 0 else { return nil }
    let message = frame.dropFirst(5)
    // All fields but the first are unknown.
    guard message.first == 0x08 else { return message.isEmpty ? false : nil }
    return message.dropFirst().first == 1
  }
}
