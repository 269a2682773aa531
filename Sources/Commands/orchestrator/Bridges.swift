import APIServer
import Exchange
import Foundation
import HTTP
import Objects
import RemoteAPI
import YAMLObjects

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
}

extension HTTPServerResponse {
  /// An answer of the API server.
  init(_ response: APIResponse) {
    let body: Body =
      switch response.body {
      case .parts(let parts): .parts(parts)
      case .stream(let stream): .stream(OutgoingStream(stream: stream))
      case .upgrade(let run): .upgrade { tunnel in await run(TunnelStream(tunnel)) }
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
