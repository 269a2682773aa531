import ContainerRuntime
import Objects
import Testing

@testable import Kubelet

private func probe(
  _ kind: ProbeSpec.Kind, _ fields: JSONObject = [:], ports: JSON = []
) throws -> ProbeSpec {
  var json: JSON = ["exec": ["command": ["check"]]]
  for member in fields { json[member.key] = member.value }
  if fields["httpGet"] != nil || fields["tcpSocket"] != nil || fields["grpc"] != nil { json["exec"] = nil }
  var container: JSON = ["name": "c", "image": "i", "ports": ports]
  container[kind.field] = json
  let it = pod([container])
  let spec = try #require(it.containerSpec("c"))
  return try #require(ProbeSpec(kind, of: spec))
}

private struct Transport: ProbeTransport {
  var status = 200
  var serves = true

  func http(
    _ probe: HTTPProbe, host: String, timeout: Duration
  ) async throws(ProbeTransportError) -> (status: Int, body: String) {
    (status, "\(host):\(probe.port)\(probe.path)")
  }

  func connect(host: String, port: Int, timeout: Duration) async throws(ProbeTransportError) {
    if port == 1 { throw ProbeTransportError("dial tcp \(host):1: connect: connection refused") }
  }

  func grpcHealth(
    host: String, port: Int, service: String, timeout: Duration
  ) async throws(ProbeTransportError) -> Bool { serves }
}

@Suite struct ProbeTests {
  @Test func `a probe begins after its delay and comes every period`() throws {
    let spec = try probe(.readiness, ["initialDelaySeconds": 5, "periodSeconds": 3])
    var state = ProbeState(spec, containerID: "c.0", startedAt: at(0))
    #expect(state.step(isStarted: true, isEnding: false, now: at(1)) == .wait(.seconds(4)))
    #expect(state.step(isStarted: true, isEnding: false, now: at(5)) == .run)
    _ = state.take(ProbeOutcome(.success), now: at(5))
    #expect(state.step(isStarted: true, isEnding: false, now: at(6)) == .wait(.seconds(2)))
    // The clock was set back.
    #expect(state.step(isStarted: true, isEnding: true, now: at(0)) == .wait(.seconds(5)))
    #expect(state.step(isStarted: true, isEnding: true, now: at(8)) == .run)
  }

  @Test func `thresholds count outcomes in a row`() throws {
    let spec = try probe(.readiness, ["successThreshold": 2, "failureThreshold": 2])
    var state = ProbeState(spec, containerID: "c.0", startedAt: at(0))
    #expect(state.verdict == false)
    var changes: [Bool] = []
    let outcomes: [ProbeOutcome.Result] = [
      .success, .failure, .success, .unknown, .success, .failure, .success, .failure, .failure,
    ]
    for (index, outcome) in outcomes.enumerated() {
      changes.append(state.take(ProbeOutcome(outcome), now: at(Int64(index))))
    }
    #expect(changes == [false, false, false, false, true, false, false, false, true])
    #expect(state.verdict == false)
  }

  @Test func `the others wait for the startup probe, which then ends`() throws {
    let startup = ProbeState(try probe(.startup), containerID: "c.0", startedAt: at(0))
    let liveness = ProbeState(try probe(.liveness), containerID: "c.0", startedAt: at(0))
    #expect(startup.step(isStarted: false, isEnding: false, now: at(0)) == .run)
    #expect(startup.step(isStarted: true, isEnding: false, now: at(0)) == .stop)
    #expect(liveness.step(isStarted: false, isEnding: false, now: at(0)) == .wait(.seconds(10)))
    #expect(liveness.step(isStarted: true, isEnding: false, now: at(0)) == .run)
    #expect(liveness.step(isStarted: true, isEnding: true, now: at(0)) == .stop)
  }

  @Test func `a liveness probe that failed rests until the container is another`() throws {
    var state = ProbeState(
      try probe(.liveness, ["failureThreshold": 1]), containerID: "c.0", startedAt: at(0))
    let outcome = ProbeOutcome(.failure, "no")
    let changed = state.take(outcome, now: at(1))
    #expect(changed)
    #expect(state.verdict == false)
    #expect(state.step(isStarted: true, isEnding: false, now: at(100)) == .stop)
    #expect(state.message(outcome) == "Liveness probe failed: no")
    #expect(state.message(ProbeOutcome(.success)) == nil)
  }

  @Test func `ports are found by name`() throws {
    let ports: JSON = [["name": "web", "containerPort": 8080]]
    let http = try probe(
      .liveness, ["httpGet": ["port": "web", "path": "health", "scheme": "HTTPS"]], ports: ports)
    guard case .http(let request) = http.action else {
      Issue.record("no HTTP")
      return
    }
    #expect((request.port, request.path, request.usesTLS) == (8080, "/health", true))
    #expect(request.headers.map(\.name) == ["User-Agent", "Accept"])
    let it = pod([["name": "c", "image": "i", "livenessProbe": ["tcpSocket": ["port": "none"]]]])
    let spec = try #require(it.containerSpec("c"))
    #expect(ProbeSpec(.liveness, of: spec) == nil)
  }

  @Test func `tries have outcomes`() async throws {
    let runtime = FakeRuntime()
    func run(_ spec: ProbeSpec, _ transport: Transport = Transport()) async -> ProbeOutcome {
      await ProbeRunner(runtime: runtime, transport: transport)
        .run(spec, container: "c.0", address: "10.1.0.2")
    }
    let http = try probe(.liveness, ["httpGet": ["port": 80, "path": "/x"]])
    #expect(await run(http) == ProbeOutcome(.success, "10.1.0.2:80/x"))
    #expect(
      await run(http, Transport(status: 500))
        == ProbeOutcome(.failure, "HTTP probe failed with statuscode: 500"))
    #expect(await run(try probe(.liveness, ["tcpSocket": ["port": 80]])) == ProbeOutcome(.success))
    #expect(
      await run(try probe(.liveness, ["tcpSocket": ["port": 1, "host": "h"]]))
        == ProbeOutcome(.failure, "dial tcp h:1: connect: connection refused"))
    let grpc = try probe(.liveness, ["grpc": ["port": 9]])
    #expect(await run(grpc) == ProbeOutcome(.success))
    #expect(await run(grpc, Transport(serves: false)).result == .failure)
    let exec = try probe(.liveness)
    runtime.execAnswer = .success(ExecResult(standardOutput: Array("bad".utf8), exitCode: 1))
    #expect(await run(exec) == ProbeOutcome(.failure, "bad"))
    runtime.execAnswer = .failure(RuntimeError(.deadlineExceeded, "1s"))
    #expect(await run(exec) == ProbeOutcome(.failure, "command timed out: 1s"))
    runtime.execAnswer = .failure(RuntimeError(.unavailable, "away"))
    #expect(await run(exec) == ProbeOutcome(.unknown, "away"))
  }
}
