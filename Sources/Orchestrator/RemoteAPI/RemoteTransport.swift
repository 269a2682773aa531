public import Exchange
import Foundation
import HTTP
public import NIOCore

/// The way to an API server in another process.
public struct RemoteTransport: APITransport {
  private let client: HTTPClient
  private let token: String?

  /// To the server that a kubeconfig names; nothing is connected before the first request.
  /// - Throws: for an address that is no `https` URL, and certificates that cannot be used.
  public init(_ kubeconfig: Kubeconfig, on group: any EventLoopGroup) throws(KubeconfigError) {
    guard let url = URL(string: kubeconfig.server), let host = url.host, url.scheme == "https" else {
      throw KubeconfigError("\(kubeconfig.server) is no https URL")
    }
    var security = HTTPClient.TLS(roots: kubeconfig.certificateAuthority.map { .pem($0) } ?? .system)
    if let chain = kubeconfig.clientCertificate, let key = kubeconfig.clientKey {
      security.identity = TLSIdentity(certificateChain: chain, privateKey: key)
    }
    security.skipsVerification = kubeconfig.skipsVerification
    do {
      client = try HTTPClient(host: host, port: url.port ?? 443, security: .tls(security), on: group)
    } catch {
      throw KubeconfigError("the certificates of the kubeconfig cannot be used: \(error)")
    }
    token = kubeconfig.token
  }

  /// Sends a request.
  /// - Throws: what kept it from being answered.
  public func send(_ request: APIRequest) async throws -> APIResponse {
    var headers = request.headers
    if let token { headers.append((name: "authorization", value: "Bearer " + token)) }
    let outgoing = HTTPClientRequest(
      method: request.method, target: request.target, headers: headers, body: request.body)
    let response: HTTPClientResponse
    if let name = request.header("upgrade") {
      switch try await client.upgrade(outgoing, to: name) {
      case .switched(let headers, let tunnel):
        return APIResponse(
          status: 101, headers: headers,
          body: .upgrade { await Relay.run(TunnelStream(tunnel), $0) })
      case .answered(let answer): response = answer
      }
    } else {
      response = try await client.send(outgoing)
    }
    return APIResponse(
      status: response.status, headers: response.headers,
      body: .stream(IncomingStream(stream: response.body)))
  }
}

private struct IncomingStream: BodyStream {
  let stream: HTTPClientBody

  /// A reader whose task is cancelled gets the end, as it does from a server in this process.
  func next() async throws -> [UInt8]? {
    do {
      return try await stream.next()
    } catch is CancellationError {
      return nil
    }
  }
  func cancel() { stream.cancel() }
}

extension APIRequest {
  /// The path with its query, encoded.
  var target: String {
    func encoded(_ text: String) -> String {
      text.addingPercentEncoding(withAllowedCharacters: Self.plain) ?? text
    }
    let path =
      path.addingPercentEncoding(withAllowedCharacters: Self.plain.union(CharacterSet(charactersIn: "/:")))
      ?? path
    if query.isEmpty { return path }
    return path + "?" + query.map { encoded($0.name) + "=" + encoded($0.value) }.joined(separator: "&")
  }

  private static let plain = CharacterSet(
    charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")
}
