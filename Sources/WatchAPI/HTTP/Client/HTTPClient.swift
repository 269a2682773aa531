public import NIOCore
import NIOSSL

/// Calls one server: over HTTP/2 with many calls on a connection, or over HTTP/1.1 with one at a time, as the server
/// chooses (ALPN). Connections are made when they are needed and made again when they are lost.
public final class HTTPClient: Sendable {
  /// A version of HTTP.
  public enum Version: Sendable, Hashable {
    /// HTTP/1.1.
    case http1
    /// HTTP/2.
    case http2
  }

  /// How connections are secured.
  public enum Security: Sendable {
    /// Not at all; HTTP/2 is spoken by prior knowledge.
    case plain(Version)
    /// By TLS.
    case tls(TLS)
  }

  /// Whom to trust, and as whom to speak.
  public struct TLS: Sendable {
    /// Authorities that the server's certificate must lead to.
    public var roots: TLSRoots
    /// What this side shows a server that asks.
    public var identity: TLSIdentity?
    /// The name that the server's certificate must be for; nil for the host or address that is called.
    public var serverName: String?
    /// Whether any server will do.
    public var skipsVerification = false
    /// What is offered to the server, best first.
    public var versions: [Version] = [.http2, .http1]

    /// Trust in `roots`.
    public init(roots: TLSRoots, identity: TLSIdentity? = nil, serverName: String? = nil) {
      self.roots = roots
      self.identity = identity
      self.serverName = serverName
    }
  }

  private let pool: ConnectionPool
  private let dialler: Dialler
  private let limits: HTTPClientLimits
  private let authority: String
  private let scheme: String

  /// A client; nothing is connected before the first call.
  /// - Throws: `TLSConfigurationError`.
  public init(
    host: String, port: Int, security: Security, limits: HTTPClientLimits = HTTPClientLimits(),
    on group: any EventLoopGroup
  ) throws {
    let isDefaultPort: Bool
    let made: Dialler.Security
    switch security {
    case .plain(let version):
      scheme = "http"
      isDefaultPort = port == 80
      made = .plain(version)
    case .tls(let tls):
      scheme = "https"
      isDefaultPort = port == 443
      var upgrades = tls
      upgrades.versions = [.http1]
      let usual = try Self.makeContext(tls)
      made = .tls(
        usual, upgrades: tls.versions == [.http1] ? usual : try Self.makeContext(upgrades),
        serverName: Self.serverName(tls.serverName ?? host))
    }
    dialler = Dialler(
      host: host, port: port, security: made, connectTimeout: limits.connectTimeout, group: group)
    let name = host.contains(":") ? "[\(host)]" : host
    authority = isDefaultPort ? name : "\(name):\(port)"
    self.limits = limits
    pool = ConnectionPool(dialler: dialler, limits: limits)
  }

  deinit { pool.close() }

  /// Sends a request; done when the head of the answer has come. Cancelling the task ends the call.
  /// - Throws: `HTTPClientError`, or `CancellationError`.
  public func send(_ request: HTTPClientRequest) async throws -> HTTPClientResponse {
    let prepared = try PreparedRequest(request, scheme: scheme, authority: authority)
    let exchange = ClientExchange()
    return try await inTime(request, exchange) {
      let (status, headers) = try await call(prepared, exchange)
      return HTTPClientResponse(status: status, headers: headers, body: HTTPClientBody(exchange))
    }
  }

  /// Asks for another protocol (RFC 9110, 7.8) on a connection of its own, over HTTP/1.1; done when the head of the
  /// answer has come. Cancelling the task ends the call.
  /// - Parameter name: the protocol's, such as `SPDY/3.1`.
  /// - Throws: `HTTPClientError`, or `CancellationError`.
  public func upgrade(_ request: HTTPClientRequest, to name: String) async throws -> HTTPClientUpgrade {
    let prepared = try PreparedRequest(request, scheme: scheme, authority: authority, upgrade: name)
    let exchange = ClientExchange()
    return try await inTime(request, exchange) {
      do {
        try await pool.upgradeLink(for: exchange).start(prepared, exchange)
        let (status, headers) = try await exchange.head()
        if let tunnel = exchange.takeTunnel() { return .switched(headers: headers, tunnel: tunnel) }
        return .answered(
          HTTPClientResponse(status: status, headers: headers, body: HTTPClientBody(exchange)))
      } catch let failure as RepeatableFailure {
        throw failure.reason
      }
    }
  }

  private func inTime<Answer: Sendable>(
    _ request: HTTPClientRequest, _ exchange: ClientExchange, _ body: () async throws -> Answer
  ) async throws -> Answer {
    let timer = request.headTimeout.map { amount in
      dialler.group.any().scheduleTask(in: amount) { [address = dialler.address] in
        exchange.drop(HTTPClientError.timedOut("no answer from \(address)"))
      }
    }
    defer { timer?.cancel() }
    return try await withTaskCancellationHandler {
      try await body()
    } onCancel: {
      exchange.drop(CancellationError())
    }
  }

  private func call(_ request: PreparedRequest, _ exchange: ClientExchange) async throws
    -> ClientExchange.Head
  {
    var attempt = 1
    while true {
      do {
        try await pool.link(for: exchange).start(request, exchange)
        return try await exchange.head()
      } catch let failure as RepeatableFailure {
        guard attempt < limits.attempts else { throw failure.reason }
        attempt += 1
        try exchange.restart()
      }
    }
  }

  /// Closes all connections; calls under way fail, and so do later ones.
  public func close() { pool.close() }

  private static func makeContext(_ tls: TLS) throws -> NIOSSLContext {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.minimumTLSVersion = .tlsv12
    configuration.trustRoots = try tls.roots.loaded()
    if let identity = tls.identity {
      let (chain, key) = try identity.loaded()
      configuration.certificateChain = chain.map { .certificate($0) }
      configuration.privateKey = .privateKey(key)
    }
    if tls.skipsVerification { configuration.certificateVerification = .none }
    configuration.applicationProtocols = tls.versions.map { $0 == .http2 ? "h2" : "http/1.1" }
    do {
      return try NIOSSLContext(configuration: configuration)
    } catch {
      throw TLSConfigurationError(reason: "the client's certificate and private key do not fit")
    }
  }

  /// An address is no name to be sent (RFC 6066, section 3); NIO then checks the certificate for the address called.
  private static func serverName(_ name: String) -> String? {
    (try? SocketAddress(ipAddress: name, port: 0)) == nil ? name : nil
  }
}

/// A request that can be sent as it is.
struct PreparedRequest: Sendable {
  let method: String
  let target: String
  let scheme: String
  let authority: String
  /// Without the fields that each protocol writes by itself, and with `content-length` where there is, or ought to be, a
  /// body.
  let headers: [(name: String, value: String)]
  let body: [UInt8]

  /// Whether the server is asked to take up another protocol.
  let asksForUpgrade: Bool

  /// Whether making the call twice does no harm (RFC 9110, 9.2.1).
  var isSafe: Bool { method == "GET" || method == "HEAD" || method == "OPTIONS" }

  /// - Parameter upgrade: the protocol that is asked for, if any.
  init(
    _ request: HTTPClientRequest, scheme: String, authority: String, upgrade: String? = nil
  ) throws(HTTPClientError) {
    guard !request.method.isEmpty, request.method.utf8.allSatisfy(Self.isMethodByte) else {
      throw .invalidRequest("the method \(request.method.debugDescription)")
    }
    guard request.target.hasPrefix("/"), request.target.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      throw .invalidRequest("the target \(request.target.debugDescription)")
    }
    var fields: [(name: String, value: String)] = []
    for field in request.headers where field.name != "host" && !ConnectionFields.contains(field.name) {
      guard !field.name.hasPrefix(":"), HeaderBlock.isValid(name: field.name, value: field.value) else {
        throw .invalidRequest("the header field \(field.name.debugDescription)")
      }
      fields.append(field)
    }
    if !request.body.isEmpty || ["POST", "PUT", "PATCH"].contains(request.method) {
      fields.append(("content-length", String(request.body.count)))
    }
    if let upgrade {
      guard !upgrade.isEmpty, HeaderBlock.isValid(name: "upgrade", value: upgrade) else {
        throw .invalidRequest("the protocol \(upgrade.debugDescription)")
      }
      fields += [("connection", "Upgrade"), ("upgrade", upgrade)]
    }
    asksForUpgrade = upgrade != nil
    method = request.method
    target = request.target
    self.scheme = scheme
    self.authority = authority
    headers = fields
    body = request.body
  }

  private static func isMethodByte(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) || byte == UInt8(ascii: "-")
  }
}
