import GRPC
import HTTP
public import Kubelet
public import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Probes from this machine, over connections of their own: what a kept connection says of a server may be old.
public struct ProbeConnections: ProbeTransport {
  /// So many requests a probe makes at most when it is sent from one place to the next.
  static let redirectLimit = 10
  /// The largest answer of a health service that is read.
  private static let healthBytes = 64 * 1024

  private let group: any EventLoopGroup
  /// Nil on a machine without usable TLS.
  private let tls: NIOSSLContext?

  /// Probes that run on these event loops.
  public init(on group: any EventLoopGroup) {
    self.group = group
    var configuration = TLSConfiguration.makeClientConfiguration()
    // A probe asks whether a container serves, not who it is.
    configuration.certificateVerification = .none
    tls = try? NIOSSLContext(configuration: configuration)
  }

  // MARK: HTTP

  /// Sends a request, and follows redirects within the host.
  public func http(
    _ probe: HTTPProbe, host: String, timeout: Duration
  ) async throws(ProbeTransportError) -> (status: Int, body: String) {
    let deadline = NIODeadline.now() + TimeAmount(timeout)
    let first = ProbeURL(usesTLS: probe.usesTLS, host: host, port: probe.port, path: probe.path)
    var (url, requests) = (first, 0)
    while true {
      let answer = try await ask(url, probe.headers, deadline)
      requests += 1
      guard [301, 302, 303, 307, 308].contains(answer.status), let location = answer.location,
        let next = url.following(location), next.host == first.host
      else { return (answer.status, answer.body) }
      guard requests < Self.redirectLimit else {
        throw ProbeTransportError("Get \"\(next)\": stopped after \(Self.redirectLimit) redirects")
      }
      url = next
    }
  }

  private func ask(
    _ url: ProbeURL, _ headers: [HTTPProbe.Header], _ deadline: NIODeadline
  ) async throws(ProbeTransportError) -> ProbeAnswer {
    do {
      return try await on(group.next(), until: deadline) { loop, answer in
        connect(url.host, url.port, until: deadline, for: answer) { channel in
          if url.usesTLS {
            guard let tls else { throw ProbeTransportError("this machine has no usable TLS") }
            let isAddress = (try? SocketAddress(ipAddress: url.host, port: 0)) != nil
            try channel.pipeline.syncOperations.addHandler(
              NIOSSLClientHandler(context: tls, serverHostname: isAddress ? nil : url.host))
          }
          try channel.pipeline.syncOperations.addHTTPClientHandlers(leftOverBytesStrategy: .dropBytes)
          try channel.pipeline.syncOperations.addHandler(
            HTTPProbeExchange(
              Self.head(url, headers), bodyLimit: ProbeRunner.outputLimit, answer: answer))
        }
      }
    } catch {
      throw ProbeTransportError("Get \"\(url)\": \(Self.text(error, url))")
    }
  }

  static func head(_ url: ProbeURL, _ headers: [HTTPProbe.Header]) -> HTTPRequestHead {
    var fields = HTTPHeaders()
    for header in headers where !header.name.isEmpty {
      switch header.name.lowercased() {
      case "connection", "content-length", "transfer-encoding": continue
      // An empty one asks for none.
      case "accept", "user-agent": if header.value.isEmpty { continue }
      default: break
      }
      fields.add(name: header.name, value: header.value)
    }
    if fields["host"].isEmpty { fields.add(name: "Host", value: url.authority) }
    fields.add(name: "Connection", value: "close")
    return HTTPRequestHead(version: .http1_1, method: .GET, uri: url.target, headers: fields)
  }

  private static func text(_ error: any Error, _ url: ProbeURL) -> String {
    switch error {
    case ProbeFailure.timeout:
      "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
    case ProbeFailure.cancelled: "context canceled"
    case ProbeFailure.ended: "EOF"
    case ProbeFailure.dial(let reason):
      ConnectionText.dialling(url.host, url.port, reason)
        + (ConnectionText.isTimeout(reason) ? " (Client.Timeout exceeded while awaiting headers)" : "")
    case let error as ProbeTransportError: error.message
    default: ConnectionText.reading(error)
    }
  }

  // MARK: TCP

  /// Opens a connection and closes it.
  public func connect(
    host: String, port: Int, timeout: Duration
  ) async throws(ProbeTransportError) {
    let deadline = NIODeadline.now() + TimeAmount(timeout)
    do {
      try await on(group.next(), until: deadline) { loop, done in
        connect(host, port, until: deadline, for: done) { _ in
        } whenOpen: {
          done.succeed(())
        }
      }
    } catch ProbeFailure.dial(let reason) {
      throw ProbeTransportError(ConnectionText.dialling(host, port, reason))
    } catch ProbeFailure.cancelled {
      throw ProbeTransportError("dial tcp \(ProbeURL.authority(host, port)): operation was canceled")
    } catch {
      throw ProbeTransportError("dial tcp \(ProbeURL.authority(host, port)): i/o timeout")
    }
  }

  // MARK: gRPC

  /// Asks the gRPC health service.
  public func grpcHealth(
    host: String, port: Int, service: String, timeout: Duration
  ) async throws(ProbeTransportError) -> Bool {
    let deadline = NIODeadline.now() + TimeAmount(timeout)
    let address = ProbeURL.authority(host, port)
    do {
      let status = try await on(group.next(), until: deadline) { loop, answer in
        check(.hostPort(host, port), service, loop, until: deadline, answer)
      }
      if status == .serving { return true }
      if status == .notServing { return false }
      throw ProbeTransportError("service unhealthy (responded with \"\(status)\")")
    } catch let error as ProbeTransportError {
      throw error
    } catch let status as GRPCStatus {
      throw ProbeTransportError(Self.text(status, address, timeout))
    } catch ProbeFailure.dial {
      throw ProbeTransportError(
        "timeout: failed to connect service \"\(address)\" within \(timeout.probeText): "
          + "context deadline exceeded")
    } catch ProbeFailure.cancelled {
      throw ProbeTransportError("error: health rpc failed: context canceled")
    } catch {
      throw ProbeTransportError("timeout: health rpc did not complete within \(timeout.probeText)")
    }
  }

  private func check(
    _ target: ClientConnection.Target, _ service: String, _ loop: any EventLoop,
    until deadline: NIODeadline, _ answer: EventLoopPromise<HealthMessage.Status>
  ) {
    var limits = GRPCClientLimits()
    limits.messageBytes = Self.healthBytes
    limits.connectTimeout = max(.nanoseconds(1), deadline - .now())
    ClientConnection.connect(to: target, on: loop, limits: limits).assumeIsolated().whenComplete {
      result in
      switch result {
      case .failure(let error):
        answer.fail(deadline <= .now() ? ProbeFailure.dial(error) : error)
      case .success(let connection):
        answer.futureResult.whenComplete { _ in loop.execute { connection.close(now: true) } }
        let message = ByteBuffer(bytes: HealthMessage.request(service: service))
        connection.unary("/grpc.health.v1.Health/Check", message) { result in
          switch result {
          case .failure(let status): answer.fail(status)
          case .success(let bytes):
            if let status = HealthMessage.status(of: Array(bytes.readableBytesView)) {
              answer.succeed(status)
            } else {
              answer.fail(GRPCStatus(.internalError, "the answer is no HealthCheckResponse"))
            }
          }
        }
      }
    }
  }

  private static func text(_ status: GRPCStatus, _ address: String, _ timeout: Duration) -> String {
    switch status.code {
    case .unimplemented:
      "error: this server does not implement the grpc health protocol (grpc.health.v1.Health): "
        + status.message
    case .deadlineExceeded: "timeout: health rpc did not complete within \(timeout.probeText)"
    case .unavailable:
      "error: failed to connect service \"\(address)\": \(status.message)"
    default: "error: health rpc failed: rpc error: code = \(status.code) desc = \(status.message)"
    }
  }

  // MARK: connections

  /// Runs something on a loop that keeps a promise, until a time, or until the task is cancelled.
  private func on<Value: Sendable>(
    _ loop: any EventLoop, until deadline: NIODeadline,
    _ body: @escaping @Sendable (any EventLoop, EventLoopPromise<Value>) -> Void
  ) async throws -> Value {
    let promise = loop.makePromise(of: Value.self)
    return try await withTaskCancellationHandler {
      loop.execute {
        let timer = loop.scheduleTask(deadline: deadline) { promise.fail(ProbeFailure.timeout) }
        promise.futureResult.whenComplete { _ in timer.cancel() }
        body(loop, promise)
      }
      return try await promise.futureResult.get()
    } onCancel: {
      promise.fail(ProbeFailure.cancelled)
    }
  }

  /// Opens a connection that is closed when `promise` is kept.
  private func connect<Value: Sendable>(
    _ host: String, _ port: Int, until deadline: NIODeadline, for promise: EventLoopPromise<Value>,
    prepare: @escaping @Sendable (any Channel) throws -> Void,
    whenOpen: @escaping @Sendable () -> Void = {}
  ) {
    let loop = promise.futureResult.eventLoop
    let bootstrap = ClientBootstrap(group: loop)
      .connectTimeout(max(.nanoseconds(1), deadline - .now()))
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try prepare(channel) }
      }
    let connecting =
      if let address = try? SocketAddress(ipAddress: host, port: port) {
        bootstrap.connect(to: address)
      } else {
        bootstrap.connect(host: host, port: port)
      }
    connecting.whenComplete { result in
      switch result {
      case .failure(let error): promise.fail(error is ProbeTransportError ? error : ProbeFailure.dial(error))
      case .success(let channel):
        promise.futureResult.whenComplete { _ in channel.close(promise: nil) }
        whenOpen()
      }
    }
  }
}

/// The bounds of the gRPC module, whose name the API client's has too.
private typealias GRPCClientLimits = HTTP.ClientLimits

extension Duration {
  /// As Go writes it: `1s`, `1m30s`, `500ms`.
  var probeText: String {
    let (seconds, attoseconds) = components
    guard attoseconds == 0 else { return "\(seconds * 1000 + attoseconds / 1_000_000_000_000_000)ms" }
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60)
    if hours > 0 { return "\(hours)h\(minutes)m\(rest)s" }
    return minutes > 0 ? "\(minutes)m\(rest)s" : "\(rest)s"
  }
}
