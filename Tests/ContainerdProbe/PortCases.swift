import Client
import ContainerRuntime
import Exchange
import HTTP
import KubeletServer
import NIOCore
import NIOPosix
import Objects

/// What the kubelet's own port makes of a runtime.
let portCases: [Case] = [
  ("the kubelet's port follows a log through its rotation to its end", followedLog),
  ("the kubelet's port carries exec, attach and port-forward", sessions),
  ("the kubelet's port tells what containers use", metrics),
]

/// A kubelet that looks after one pod.
private struct OnePod: NodeAgent {
  let pod: JSON

  init(_ config: PodSandboxConfig, container: String, id: String) {
    pod = [
      "metadata": [
        "name": .string(config.metadata.name), "namespace": .string(config.metadata.namespace),
        "uid": .string(config.metadata.uid),
      ],
      "spec": ["containers": [["name": .string(container)]]],
      "status": [
        "containerStatuses": [
          [
            "name": .string(container), "containerID": .string("containerd://" + id),
            "state": ["running": ["startedAt": "2026-01-01T00:00:00Z"]],
          ]
        ]
      ],
    ]
  }

  func pods() async -> [JSON] { [pod] }
  func nodeUsage() async -> NodeUsage {
    NodeUsageReader(nodeFolder: "/", imageFolder: "/").read(now: SystemTime().now)
  }
  func configuration() async -> JSON { [:] }
  func problem() async -> String? { nil }
}

private struct Anybody: KubeletAccess {
  func user(certificates: [[UInt8]], token: String?) async -> UserInfo? { .anonymous }
  func allows(_ user: UserInfo, _ permission: NodePermission) async throws(StatusError) -> Bool { true }
}

/// Has a port for the time of `body`.
private func withPort(
  _ stage: Stage, _ agent: OnePod, _ body: (HTTPClient) async throws -> Void
) async throws {
  let server = try await KubeletServer.start(
    host: "127.0.0.1", port: 0, identity: nil, nodeName: "n", agent: agent, runtime: stage.runtime,
    access: Anybody(), on: MultiThreadedEventLoopGroup.singleton)
  let client = try HTTPClient(
    host: "127.0.0.1", port: server.port, security: .plain(.http1), on: MultiThreadedEventLoopGroup.singleton)
  do {
    try await body(client)
  } catch {
    await server.stop()
    throw error
  }
  await server.stop()
}

private func text(_ client: HTTPClient, _ target: String) async throws -> String {
  let answer = try await client.send(HTTPClientRequest(method: "GET", target: target))
  let text = String(decoding: try await answer.body.bytes(limit: 1 << 20), as: UTF8.self)
  try expect("\(target): \(text)", answer.status, 200)
  return text
}

private func followedLog(_ stage: Stage) async throws {
  let script =
    "echo one; echo two >&2; until [ -e /go ]; do sleep 0.1; done; echo three; until [ -e /end ]; do sleep 0.1; done"
  let (_, id, config) = try await stage.run(stage.config("main", shell: script))
  let log = try await stage.runtime.containerStatus(id).logPath
  try await eventually("two lines are there") { contents(log).split(separator: "\n").count == 2 }
  try await withPort(stage, OnePod(config, container: "main", id: id)) { client in
    let path = "/containerLogs/default/pod/main"
    try expect("errors", try await text(client, path + "?stream=Stderr"), "two\n")
    try expect("tail", try await text(client, path + "?tailLines=1&limitBytes=2"), "tw")
    let answer = try await client.send(HTTPClientRequest(method: "GET", target: path + "?follow=true"))
    var all = ""
    while all != "one\ntwo\n", let piece = try await answer.body.next() {
      all += String(decoding: piece, as: UTF8.self)
    }
    rename(log, log + ".20260101-000000")
    try await stage.runtime.reopenContainerLog(id)
    _ = try await stage.shell(id, "touch /go")
    try await eventually("the new log has a line") { contents(log).contains("three") }
    _ = try await stage.shell(id, "touch /end")
    while let piece = try await answer.body.next() { all += String(decoding: piece, as: UTF8.self) }
    try expect("followed", all, "one\ntwo\nthree\n")
  }
}

/// What a WebSocket gives on a channel until it ends, or `enough` has come.
private func receive(_ socket: WebSocket, channel: UInt8, until enough: (String) -> Bool = { _ in false })
  async throws
  -> String
{
  var text = ""
  while !enough(text), let message = try await socket.receive() {
    guard case .binary(var bytes) = message, bytes.readInteger(as: UInt8.self) == channel else { continue }
    text += String(buffer: bytes)
  }
  return text
}

private func open(_ client: HTTPClient, _ target: String, _ name: String) async throws -> WebSocket {
  let request = HTTPClientRequest(
    method: "GET", target: target,
    headers: WebSocketHandshake.request(protocols: [name], key: [UInt8](repeating: 7, count: 16)))
  switch try await client.upgrade(request, to: "websocket") {
  case .switched(_, let tunnel): return WebSocket(tunnel, .client)
  case .answered(let answer):
    let text = String(decoding: try await answer.body.bytes(limit: 1 << 16), as: UTF8.self)
    throw Mismatch("\(target): \(answer.status) \(text)")
  }
}

private func sessions(_ stage: Stage) async throws {
  let (sandbox, id, config) = try await stage.run(
    stage.config("main", shell: "while true; do echo tick; sleep 0.2; done"))
  let web = try await stage.runtime.createContainer(
    stage.config("web", Stage.web), in: sandbox, sandboxConfig: config)
  try await stage.runtime.startContainer(web)
  try await withPort(stage, OnePod(config, container: "main", id: id)) { client in
    let exec = try await open(
      client,
      "/exec/default/pod/main?input=1&output=1&error=1&command=sh&command=-c&command=read+a%3B+echo+got+%24a",
      "v4.channel.k8s.io")
    try await exec.send(ByteBuffer(bytes: [0] + Array("it\n".utf8)))
    try expect("exec", try await receive(exec, channel: 1), "got it\n")

    let attach = try await open(client, "/attach/default/pod/main?output=1", "v4.channel.k8s.io")
    let ticks = try await receive(attach, channel: 1) { $0.contains("tick\n") }
    try expect("attach: \(ticks)", ticks.contains("tick\n"))
    await attach.close()

    try await eventually("the page comes through") {
      let forward = try await open(client, "/portForward/default/pod?port=8080", "v4.channel.k8s.io")
      try await forward.send(ByteBuffer(bytes: [0] + Array("GET / HTTP/1.0\r\n\r\n".utf8)))
      let page = try await receive(forward, channel: 0) { $0.contains("It works.") }
      await forward.close()
      return page.contains("It works.")
    }
    try await eventually("all sessions are over") {
      try await text(client, "/metrics").contains("kubelet_streams 0\n")
    }
  }
}

private func metrics(_ stage: Stage) async throws {
  let (_, id, config) = try await stage.run(stage.config("main", shell: "while true; do sleep 0.1; done"))
  try await withPort(stage, OnePod(config, container: "main", id: id)) { client in
    try await eventually("the container's processor time is told") {
      let all = try await text(client, "/metrics/resource")
      return all.contains(
        "container_cpu_usage_seconds_total{container=\"main\",namespace=\"default\",pod=\"pod\"} ")
        && all.contains("container_memory_working_set_bytes{container=\"main\"")
        && all.contains("node_cpu_usage")
        && all.contains("pod_memory_working_set_bytes{namespace=\"default\",pod=\"pod\"}")
        && all.contains("\nresource_scrape_error 0\n")
    }
    let summary = try JSON.parse(Array(try await text(client, "/stats/summary").utf8))
    try expect("pods", summary["pods"]?.array?.count, 1)
    try expect("cpu", summary["pods"]?.array?.first?["cpu", "usageCoreNanoSeconds"]?.integer ?? 0 > 0)
    try expect("network", summary["pods"]?.array?.first?["network", "name"]?.string, "eth0")
    let running = try JSON.parse(Array(try await text(client, "/runningpods/").utf8))
    try expect("running", running["items"]?.array?.first?["metadata", "name"]?.string, "pod")
  }
}
