import Exchange
import HTTP
import NIOCore
import NIOPosix
import Objects
import Registry
import Synchronization
import Testing

@testable import NodeLinks

let loops = MultiThreadedEventLoopGroup.singleton

/// Answers as a kubelet, or as what runs in a pod, and notes what it was asked.
final class FakeKubelet: HTTPExchangeHandler {
  private let seen = Mutex<[HTTPServerRequest]>([])

  /// The requests, in order.
  var requests: [HTTPServerRequest] { seen.withLock { $0 } }

  func handle(_ request: HTTPServerRequest) async -> HTTPServerResponse {
    seen.withLock { $0.append(request) }
    let path = String(request.target.prefix { $0 != "?" })
    if let name = request.header("upgrade") {
      if path.hasSuffix("/refused") { return .text(403, "unable to upgrade: no such protocol\n") }
      return .upgrade(to: name, headers: [("x-stream-protocol-version", "v4.channel.k8s.io")]) { tunnel in
        while var bytes = try? await tunnel.read() {
          let text = bytes.readString(length: bytes.readableBytes) ?? ""
          guard (try? await tunnel.write(ByteBuffer(string: "<\(text)>"))) != nil else { break }
        }
      }
    }
    switch path {
    case "/containerLogs/default/web/main":
      return HTTPServerResponse(
        status: 200, headers: [("content-type", "text/plain")], body: .parts([Array("line\n".utf8)]))
    case "/containerLogs/default/web/waiting":
      return .text(400, "container \"waiting\" is waiting to start\n")
    case "/moved":
      return HTTPServerResponse(status: 302, headers: [("location", "/elsewhere?a=b")])
    default:
      return HTTPServerResponse(
        status: 200, headers: [("content-type", "text/x"), ("x-from", "backend")],
        body: .parts([Array("\(request.method) \(request.target) ".utf8), request.body]))
    }
  }
}

/// A cluster of one node, which is this machine.
struct TestCluster: ObjectSource {
  let kubelet = FakeKubelet()
  let backend = FakeKubelet()
  let kubeletServer: HTTPServer
  let backendServer: HTTPServer
  let gateway: NodeGateway

  init() async throws {
    kubeletServer = try await HTTPServer.start(
      on: loops, host: "127.0.0.1", port: 0,
      identity: TLSIdentity(
        certificateChain: Array(TestIdentity.certificate.utf8), privateKey: Array(TestIdentity.key.utf8)),
      handler: kubelet)
    backendServer = try await HTTPServer.start(on: loops, host: "127.0.0.1", port: 0, handler: backend)
    let identity = TLSIdentity(
      certificateChain: Array(TestIdentity.certificate.utf8), privateKey: Array(TestIdentity.key.utf8))
    gateway = NodeGateway(NodeGateway.Settings(identity: identity, choose: { _ in 0 }), on: loops)
  }

  func stop() async {
    await kubeletServer.stop()
    await backendServer.stop()
  }

  var pod: JSON {
    [
      "metadata": ["namespace": "default", "name": "web"],
      "spec": ["nodeName": "n1", "containers": [["name": "main", "ports": [["containerPort": 80]]]]],
      "status": ["podIP": "127.0.0.1"],
    ]
  }
  var service: JSON {
    [
      "metadata": ["namespace": "default", "name": "web"],
      "spec": ["ports": [["name": "http", "port": 80], ["name": "other", "port": 81]]],
    ]
  }
  var node: JSON {
    [
      "metadata": ["name": "n1"],
      "status": [
        "addresses": [
          ["type": "Hostname", "address": "nowhere.invalid"], ["type": "InternalIP", "address": "127.0.0.1"],
        ],
        "daemonEndpoints": ["kubeletEndpoint": ["Port": .integer(Int64(kubeletServer.port))]],
      ],
    ]
  }
  var slice: JSON {
    [
      "metadata": ["namespace": "default", "labels": ["kubernetes.io/service-name": "web"]],
      "ports": [["name": "http", "port": .integer(Int64(backendServer.port))]],
      "endpoints": [
        ["addresses": ["192.0.2.1"], "conditions": ["ready": false]], ["addresses": ["127.0.0.1"]],
      ],
    ]
  }

  func get(_ resource: Resource, namespace: String, name: String) async throws(StatusError) -> JSON? {
    resource.resource == "nodes" && name == "n1" ? node : nil
  }

  func list(_ resource: Resource, namespace: String?) async throws(StatusError) -> [JSON] {
    resource.resource == "endpointslices" && namespace == "default" ? [slice] : []
  }

  /// What the gateway answers to a request for a path of the API.
  func ask(
    _ path: String, _ query: [(name: String, value: String)] = [], method: String = "GET",
    headers: [(name: String, value: String)] = [], body: String = ""
  ) async throws -> APIResponse {
    let parts = path.split(separator: "/").map(String.init)
    let isNode = parts[2] == "nodes"
    let named = Array(parts.dropFirst(isNode ? 2 : 4))
    let resource = try #require(Resource.builtIn(group: "", version: "v1", resource: named[0]))
    let target = Target(
      resource, subresource: named[2], namespace: isNode ? "" : parts[3], name: named[1])
    let object = isNode ? node : named[0] == "pods" ? pod : service
    let request = APIRequest(
      method: method, path: path, query: query, headers: headers, body: Array(body.utf8),
      remoteAddress: "192.0.2.7:4000")
    return try await gateway.connect(target, object: object, request: request, objects: self)
  }
}

extension APIResponse {
  func text() async throws -> String { String(decoding: try await body.bytes(limit: 1 << 20), as: UTF8.self) }
}

/// One end of a pipe in memory; what one side writes the other reads.
final class Pipe: DuplexStream {
  private struct Way {
    var pieces: [[UInt8]] = []
    var isEnded = false
    var waiter: CheckedContinuation<Void, Never>?
  }
  private final class Ways: Sendable {
    let value = Mutex([Way(), Way()])
  }
  private let ways: Ways
  private let index: Int

  private init(_ ways: Ways, _ index: Int) {
    self.ways = ways
    self.index = index
  }

  static func pair() -> (Pipe, Pipe) {
    let ways = Ways()
    return (Pipe(ways, 0), Pipe(ways, 1))
  }

  private func change(_ index: Int, _ body: (inout Way) -> Void) {
    let waiter = ways.value.withLock { ways in
      body(&ways[index])
      defer { ways[index].waiter = nil }
      return ways[index].waiter
    }
    waiter?.resume()
  }

  func read() async throws -> [UInt8]? {
    while true {
      let (piece, isEnded) = ways.value.withLock { ways -> ([UInt8]?, Bool) in
        ways[index].pieces.isEmpty ? (nil, ways[index].isEnded) : (ways[index].pieces.removeFirst(), false)
      }
      if piece != nil || isEnded { return piece }
      await withCheckedContinuation { continuation in
        let mustWait = ways.value.withLock { ways in
          guard ways[index].pieces.isEmpty, !ways[index].isEnded else { return false }
          ways[index].waiter = continuation
          return true
        }
        if !mustWait { continuation.resume() }
      }
    }
  }

  func write(_ bytes: [UInt8]) async throws { change(1 - index) { $0.pieces.append(bytes) } }
  func finish() { change(1 - index) { $0.isEnded = true } }
  func close() {
    change(index) { $0.isEnded = true }
    change(1 - index) { $0.isEnded = true }
  }
}
