import APIServer
import Exchange
import Foundation
import HTTP
import Objects

extension APIRequest {
  /// A request as it came over a socket.
  init(_ request: HTTPServerRequest) {
    let parts = request.target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let path = parts.first.map(String.init) ?? "/"
    self.init(
      method: request.method, path: path.removingPercentEncoding ?? path,
      query: parts.count > 1 ? Self.query(String(parts[1])) : [], headers: request.headers,
      body: request.body,
      credentials: request.peerCertificates.isEmpty ? .none : .certificates(request.peerCertificates),
      remoteAddress: request.remoteAddress)
  }

  private static func query(_ text: String) -> [(name: String, value: String)] {
    text.split(separator: "&").map { part in
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      func decoded(_ text: Substring) -> String {
        let spaced = text.replacingOccurrences(of: "+", with: " ")
        return spaced.removingPercentEncoding ?? spaced
      }
      return (name: decoded(pair[0]), value: pair.count > 1 ? decoded(pair[1]) : "")
    }
  }

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

extension HTTPServerResponse {
  /// An answer of the API server.
  init(_ response: APIResponse) {
    let body: Body =
      switch response.body {
      case .parts(let parts): .parts(parts)
      case .stream(let stream): .stream(OutgoingStream(stream: stream))
      }
    self.init(status: response.status, headers: response.headers, body: body)
  }

  /// A request was refused before the API server saw it.
  init(_ error: StatusError) {
    self.init(
      APIResponse(
        status: error.code, contentType: "application/json",
        bytes: error.status.serialized() + [UInt8(ascii: "\n")]))
  }
}

private struct OutgoingStream: ResponseStream {
  let stream: any BodyStream

  func next() async throws -> [UInt8]? { try await stream.next() }
  func cancel() { stream.cancel() }
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

/// The way to an API server in another process.
struct RemoteTransport: APITransport {
  let client: HTTPClient
  let token: String?

  func send(_ request: APIRequest) async throws -> APIResponse {
    var headers = request.headers
    if let token { headers.append((name: "authorization", value: "Bearer " + token)) }
    let response = try await client.send(
      HTTPClientRequest(
        method: request.method, target: request.target, headers: headers, body: request.body))
    return APIResponse(
      status: response.status, headers: response.headers,
      body: .stream(IncomingStream(stream: response.body)))
  }
}

/// YAML bodies by way of a library.
struct YAMLBodies: YAMLCoding {
  func read(_ bytes: [UInt8]) throws(YAMLError) -> JSON {
    do throws(YAML.Failure) {
      return try YAML.json(bytes)
    } catch {
      throw YAMLError(error.description)
    }
  }

  func write(_ value: JSON) -> [UInt8] { YAML.bytes(value) }
}
