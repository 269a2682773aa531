import GRPC
import HTTP
import NIOCore
import Testing

/// Requests that are not proper gRPC calls, and what gRPC servers answer.
@Suite struct ProtocolTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var path = "/test.Test/Echo"
    var changes: [String: String] = [:]
    var body: [UInt8] = [0, 0, 0, 0, 1, 7]
    var httpStatus = "200"
    var grpcStatus: String?
    var message: String?
    var testDescription: String { name }
  }

  static let cases: [Case] = [
    Case(name: "a proper call", grpcStatus: "0"),
    Case(
      name: "content type with a subtype", changes: ["content-type": "application/grpc+proto"],
      grpcStatus: "0"),
    Case(
      name: "content type with parameters", changes: ["content-type": "application/grpc;x=y"], grpcStatus: "0"
    ),
    Case(
      name: "content type of something like gRPC", changes: ["content-type": "application/grpc-web"],
      httpStatus: "415",
      grpcStatus: "3", message: "invalid gRPC request content-type \"application/grpc-web\""),
    Case(
      name: "GET", changes: [":method": "GET"], httpStatus: "405", grpcStatus: "13",
      message: "Received a HEADERS frame with :method \"GET\" which should be POST"),
    Case(
      name: "malformed timeout", changes: ["grpc-timeout": "5x"], httpStatus: "400", grpcStatus: "13",
      message: "malformed grpc-timeout: \"5x\""),
    Case(
      name: "timeout of no time", path: "/test.Test/Hang", changes: ["grpc-timeout": "0n"], grpcStatus: "4",
      message: "context deadline exceeded"),
    Case(
      name: "unknown encoding", changes: ["grpc-encoding": "snappy"], grpcStatus: "12",
      message: "grpc: Decompressor is not installed for grpc-encoding \"snappy\""),
    Case(name: "identity encoding", changes: ["grpc-encoding": "identity"], grpcStatus: "0"),
    Case(
      name: "compressed flag without encoding", body: [1, 0, 0, 0, 1, 7], grpcStatus: "13",
      message: "grpc: compressed flag set with identity or empty encoding"),
    Case(
      name: "unknown flag", body: [9, 0, 0, 0, 1, 7], grpcStatus: "13",
      message: "grpc: received unexpected payload format 9"),
    Case(name: "truncated message", body: [0, 0, 0, 0, 9, 7], grpcStatus: "13", message: "unexpected EOF"),
    Case(name: "truncated prefix", body: [0, 0], grpcStatus: "13", message: "unexpected EOF"),
    Case(
      name: "length of 4 GiB", body: [0, 255, 255, 255, 255, 7], grpcStatus: "8",
      message: "grpc: received message larger than max (4294967295 vs. 2097152)"),
    Case(
      name: "no message", body: [], grpcStatus: "13",
      message: "cardinality violation: received no request message for a unary call"),
    Case(
      name: "two messages", body: [0, 0, 0, 0, 1, 7, 0, 0, 0, 0, 0], grpcStatus: "13",
      message: "cardinality violation: received multiple request messages for a unary call"),
    Case(
      name: "path without a slash inside", path: "/x", grpcStatus: "12",
      message: "malformed method name: \"/x\""),
    Case(name: "not gRPC", path: "/plain?a=b", changes: ["content-type": "text/plain"], httpStatus: "200"),
    Case(name: "no content type", path: "/plain", changes: ["content-type": ""], httpStatus: "200"),
    Case(name: "failing plain handler", path: "/fail", changes: ["content-type": ""], httpStatus: "500"),
  ]

  @Test(arguments: cases)
  func answers(test: Case) async throws {
    let server = try await TestServer()
    let probe = try await Probe(server)
    let stream = try await probe.open(Probe.call(test.path, test.changes))
    try await probe.send(stream, test.body, end: true)
    await until("the stream closes") { stream.closure != nil }
    #expect(stream.field(":status") == test.httpStatus)
    #expect(stream.field("grpc-status") == test.grpcStatus)
    #expect(stream.field("grpc-message") == test.message)
    // The connection goes on.
    let next = try await probe.open(Probe.call("/test.Test/Echo"))
    try await probe.send(next, [0, 0, 0, 0, 1, 42], end: true)
    await until("the stream closes") { next.closure != nil }
    #expect(next.bytes == [0, 0, 0, 0, 1, 42])
    #expect(next.closure == .ended)
    await probe.close()
    try await server.close()
  }

  @Test func aMessageMayArriveByteByByte() async throws {
    let server = try await TestServer()
    let probe = try await Probe(server)
    let stream = try await probe.open(Probe.call("/test.Test/Echo"))
    let bytes: [UInt8] = [0, 0, 0, 0, 3, 1, 2, 3]
    for (index, byte) in bytes.enumerated() {
      try await probe.send(stream, [byte], end: index == bytes.count - 1)
    }
    await until("the stream closes") { stream.closure != nil }
    #expect(stream.bytes == bytes)
    #expect(stream.field("grpc-status") == "0")
    await probe.close()
    try await server.close()
  }

  @Test func plainRequestsCarryQueryAndBody() async throws {
    let server = try await TestServer()
    let probe = try await Probe(server)
    let stream = try await probe.open(Probe.call("/v3/kv?x=1&y", ["content-type": "application/json"]))
    try await probe.send(stream, Array("body".utf8), end: true)
    await until("the stream closes") { stream.closure != nil }
    #expect(String(decoding: stream.bytes, as: UTF8.self) == "POST /v3/kv [\"x\", \"y\"] body")
    await probe.close()
    try await server.close()
  }

  @Test func plainBodiesAreBounded() async throws {
    var limits = ServerLimits()
    limits.httpBodyBytes = 100
    let server = try await TestServer(limits: limits)
    let probe = try await Probe(server)
    let stream = try await probe.open(Probe.call("/x", ["content-type": ""]))
    try await probe.send(stream, [UInt8](repeating: 1, count: 101), end: false)
    await until("the stream is refused") { stream.field(":status") == "413" }
    await probe.close()
    try await server.stillServes()
    try await server.close()
  }

  @Test func headersBeyondTheLimitResetTheStream() async throws {
    let server = try await TestServer()
    let probe = try await Probe(server)
    let huge = String(repeating: "x", count: 60_000)
    let stream = try await probe.open(Probe.call("/test.Test/Echo", ["a": huge, "b": "y" + huge]))
    await until("the stream closes") { stream.closure != nil }
    #expect(stream.field(":status") == nil)
    await probe.close()
    try await server.stillServes()
    try await server.close()
  }
}
