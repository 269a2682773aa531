import GRPC
import HTTP
import NIOCore
import SwiftProtobuf
import Synchronization
import Testing

@testable import ContainerRuntime

struct CRIClientTests {
  private static let version = Handler.answer { (_: Runtime_V1_VersionRequest) in
    Runtime_V1_VersionResponse.with {
      $0.version = "0.1.0"
      $0.runtimeName = "fake"
      $0.runtimeVersion = "1.2.3"
      $0.runtimeApiVersion = "v1"
    }
  }

  /// Handlers that hold their calls until they are let go.
  private final class Gate: Sendable {
    private let held = Mutex<[ServerCall]>([])
    var count: Int { held.withLock { $0.count } }

    func handler(_ log: FakeRuntime.Log) -> Handler {
      .unary { [self] call, _ in
        call.onCancel = { log.add("cancelled") }
        held.withLock { $0.append(call) }
      }
    }

    /// Answers the calls held with an empty message.
    func letGo() {
      let calls = held.withLock { held in
        defer { held = [] }
        return held
      }
      for call in calls { call.mailbox.post { call.respond(ByteBuffer()) } }
    }
  }

  @Test func `a runtime says who it is`() async throws {
    let runtime = try await FakeRuntime(["RuntimeService/Version": Self.version])
    let version = try await runtime.client().version()
    #expect(version == RuntimeVersion(name: "fake", version: "1.2.3", apiVersion: "v1"))
  }

  @Test(
    arguments: [
      (GRPCStatus.Code.notFound, RuntimeError.Code.notFound), (.alreadyExists, .alreadyExists),
      (.unavailable, .unavailable), (.deadlineExceeded, .deadlineExceeded), (.unimplemented, .unimplemented),
      (.invalidArgument, .invalidArgument), (.failedPrecondition, .failedPrecondition),
      (.resourceExhausted, .resourceExhausted), (.permissionDenied, .permissionDenied),
      (.unauthenticated, .permissionDenied), (.unknown, .unknown), (.internalError, .unknown),
      (.dataLoss, .unknown),
    ])
  func `errors keep their kind and text`(_ code: GRPCStatus.Code, _ expected: RuntimeError.Code) async throws
  {
    let runtime = try await FakeRuntime(["RuntimeService/StartContainer": .refuse(code, "no container \"x\"")]
    )
    let client = runtime.client()
    let error = await failure { try await client.startContainer("x") }
    #expect(error == RuntimeError(expected, "no container \"x\""))
  }

  @Test func `a runtime that is still starting counts as unavailable`() async throws {
    let text = "server is not initialized yet"
    let runtime = try await FakeRuntime(["RuntimeService/Version": .refuse(.unknown, text)])
    let client = runtime.client()
    let error = await failure { _ = try await client.version() }
    #expect(error == RuntimeError(.unavailable, text))
  }

  @Test func `a call that the runtime lacks is unimplemented`() async throws {
    let runtime = try await FakeRuntime(["RuntimeService/Version": Self.version])
    let client = runtime.client()
    let error = await failure { _ = try await client.runtimeConfig() }
    #expect(error?.code == .unimplemented)
  }

  @Test func `an answer that is no message is an error`() async throws {
    let runtime = try await FakeRuntime([
      "RuntimeService/Version": .unary { call, _ in call.respond(ByteBuffer(bytes: [0x0A, 0xFF])) }
    ])
    let client = runtime.client()
    let error = await failure { _ = try await client.version() }
    #expect(error?.code == .unknown)
  }

  @Test func `an answer without what was asked for is an error`() async throws {
    let empty = Handler.unary { call, _ in call.respond(ByteBuffer()) }
    let runtime = try await FakeRuntime([
      "RuntimeService/RunPodSandbox": empty, "RuntimeService/CreateContainer": empty,
      "RuntimeService/ContainerStatus": empty, "RuntimeService/PodSandboxStatus": empty,
      "RuntimeService/ContainerStats": empty, "ImageService/PullImage": empty,
    ])
    let client = runtime.client()
    let sandbox = PodSandboxConfig(metadata: PodSandboxMetadata(name: "a", uid: "b", namespace: "c"))
    let container = ContainerConfig(metadata: ContainerMetadata(name: "a"), image: ImageReference("i"))
    let calls: [() async throws -> Void] = [
      { _ = try await client.runPodSandbox(sandbox, runtimeHandler: "") },
      {
        _ = try await client.createContainer(container, in: "s", sandboxConfig: sandbox)
      },
      { _ = try await client.containerStatus("x") },
      { _ = try await client.podSandboxStatus("x") },
      { _ = try await client.containerStats("x") },
      {
        _ = try await client.pullImage(ImageReference("i"), credentials: nil, sandboxConfig: nil)
      },
    ]
    for call in calls {
      let error = await failure(call)
      #expect(error?.code == .unknown)
    }
  }

  @Test func `an image that is not present is nil`() async throws {
    let runtime = try await FakeRuntime([
      "ImageService/ImageStatus": .answer { (_: Runtime_V1_ImageStatusRequest) in
        Runtime_V1_ImageStatusResponse()
      }
    ])
    #expect(try await runtime.client().imageStatus(ImageReference("x")) == nil)
  }

  @Test func `what is gone is stopped and removed`() async throws {
    let absent = Handler.refuse(.notFound, "no such thing")
    let runtime = try await FakeRuntime([
      "RuntimeService/StopPodSandbox": absent, "RuntimeService/RemovePodSandbox": absent,
      "RuntimeService/StopContainer": absent, "RuntimeService/RemoveContainer": absent,
      "ImageService/RemoveImage": absent,
    ])
    let client = runtime.client()
    try await client.stopPodSandbox("x")
    try await client.removePodSandbox("x")
    try await client.stopContainer("x", gracePeriod: .zero)
    try await client.removeContainer("x")
    try await client.removeImage(ImageReference("x"))
  }

  @Test func `what cannot be stopped is an error`() async throws {
    let runtime = try await FakeRuntime(["RuntimeService/StopContainer": .refuse(.unknown, "it clings")])
    let client = runtime.client()
    let error = await failure { try await client.stopContainer("x", gracePeriod: .zero) }
    #expect(error == RuntimeError(.unknown, "it clings"))
  }

  // MARK: Time

  @Test func `a runtime that does not answer runs into the deadline`() async throws {
    let gate = Gate()
    let log = FakeRuntime.Log()
    let runtime = try await FakeRuntime(log: log, ["RuntimeService/Version": gate.handler(log)])
    let client = runtime.client { $0.quickTimeout = .milliseconds(50) }
    let error = await failure { _ = try await client.version() }
    #expect(error?.code == .deadlineExceeded)
  }

  @Test func `the deadline covers the wait for a turn`() async throws {
    let gate = Gate()
    let log = FakeRuntime.Log()
    let runtime = try await FakeRuntime(log: log, ["RuntimeService/StopContainer": gate.handler(log)])
    let client = runtime.client {
      $0.longCalls = 1
      $0.allowance = .milliseconds(50)
    }
    let first = Task { try await client.stopContainer("a", gracePeriod: .seconds(300)) }
    await eventually("the first call is under way") { gate.count == 1 }
    let error = await failure {
      try await client.stopContainer("b", gracePeriod: .zero)
    }
    #expect(error?.code == .deadlineExceeded)
    gate.letGo()
    try await first.value
  }

  @Test func `a task that is cancelled gives its call up`() async throws {
    let gate = Gate()
    let log = FakeRuntime.Log()
    let runtime = try await FakeRuntime(log: log, ["RuntimeService/Version": gate.handler(log)])
    let client = runtime.client()
    let task = Task { await failure { _ = try await client.version() } }
    await eventually("the call is under way") { gate.count == 1 }
    task.cancel()
    #expect(await task.value?.code == .cancelled)
    await eventually("the runtime hears of it") { log.all == ["cancelled"] }
  }

  @Test func `a task that is cancelled before it calls does not call`() async throws {
    let log = FakeRuntime.Log()
    let gate = Gate()
    let runtime = try await FakeRuntime(log: log, ["RuntimeService/Version": gate.handler(log)])
    let client = runtime.client()
    let task = Task {
      await eventually("it is cancelled") { Task.isCancelled }
      return await failure { _ = try await client.version() }
    }
    task.cancel()
    #expect(await task.value?.code == .cancelled)
    #expect(gate.count == 0)
  }

  @Test func `a grace period beyond all measure is only long`() async throws {
    let log = FakeRuntime.Log()
    let runtime = try await FakeRuntime(
      log: log,
      [
        "RuntimeService/StopContainer": .answer { (request: Runtime_V1_StopContainerRequest) in
          log.add("\(request.timeout)")
          return Runtime_V1_StopContainerResponse()
        }
      ])
    let client = runtime.client()
    try await client.stopContainer("a", gracePeriod: .seconds(Int64.max))
    try await client.stopContainer("a", gracePeriod: .milliseconds(1_500))
    try await client.stopContainer("a", gracePeriod: .seconds(-5))
    #expect(log.all == ["\(Int64.max)", "2", "0"])
  }

  // MARK: Bounds

  @Test func `calls beyond the bound wait for their turn`() async throws {
    let gate = Gate()
    let log = FakeRuntime.Log()
    let runtime = try await FakeRuntime(log: log, ["RuntimeService/StartContainer": gate.handler(log)])
    let client = runtime.client { $0.longCalls = 2 }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<20 { group.addTask { try await client.startContainer("\(number)") } }
      for _ in 0..<10 {
        await eventually("two more are under way") { gate.count == 2 }
        gate.letGo()
      }
      try await group.waitForAll()
    }
    #expect(log.all.isEmpty)
  }

  @Test func `a call that finds no place to wait fails at once`() async throws {
    let gate = Gate()
    let log = FakeRuntime.Log()
    let runtime = try await FakeRuntime(log: log, ["RuntimeService/StartContainer": gate.handler(log)])
    let client = runtime.client {
      $0.longCalls = 1
      $0.waitingCalls = 0
    }
    let first = Task { try await client.startContainer("a") }
    await eventually("the first is under way") { gate.count == 1 }
    let error = await failure { try await client.startContainer("b") }
    #expect(error?.code == .resourceExhausted)
    gate.letGo()
    try await first.value
    let second = Task { try await client.startContainer("c") }
    await eventually("its turn is free again") { gate.count == 1 }
    gate.letGo()
    try await second.value
  }

  @Test func `long calls do not keep quick ones from their turn`() async throws {
    let gate = Gate()
    let log = FakeRuntime.Log()
    let runtime = try await FakeRuntime(
      log: log,
      ["RuntimeService/StartContainer": gate.handler(log), "RuntimeService/Version": Self.version])
    let client = runtime.client { $0.longCalls = 1 }
    let long = Task { try await client.startContainer("a") }
    await eventually("the long call is under way") { gate.count == 1 }
    #expect(try await client.version().name == "fake")
    gate.letGo()
    try await long.value
  }

  // MARK: A runtime that goes and comes

  @Test func `a runtime that is not there is unavailable, and named`() async throws {
    let place = try FakeRuntime.Place()
    let client = FakeRuntime.client(place)
    let error = await failure { _ = try await client.version() }
    #expect(error?.code == .unavailable)
    #expect(error?.message.contains(place.socket) == true)
  }

  @Test func `a call under way when the runtime dies is unavailable`() async throws {
    let gate = Gate()
    let log = FakeRuntime.Log()
    let runtime = try await FakeRuntime(log: log, ["RuntimeService/Version": gate.handler(log)])
    let client = runtime.client()
    let task = Task { await failure { _ = try await client.version() } }
    await eventually("the call is under way") { gate.count == 1 }
    try await runtime.kill()
    #expect(await task.value?.code == .unavailable)
  }

  @Test func `a runtime that comes back is used again`() async throws {
    let place = try FakeRuntime.Place()
    let client = FakeRuntime.client(place)
    for _ in 0..<3 {
      let runtime = try await FakeRuntime(at: place, ["RuntimeService/Version": Self.version])
      await eventually("calls succeed") { (try? await client.version())?.name == "fake" }
      try await runtime.kill()
      let error = await failure { _ = try await client.version() }
      #expect(error?.code == .unavailable)
    }
  }

  @Test func `a client that is closed takes no calls`() async throws {
    let gate = Gate()
    let log = FakeRuntime.Log()
    let runtime = try await FakeRuntime(log: log, ["RuntimeService/Version": gate.handler(log)])
    let client = runtime.client()
    let task = Task { await failure { _ = try await client.version() } }
    await eventually("the call is under way") { gate.count == 1 }
    client.close()
    #expect(await task.value?.code == .cancelled)
    let error = await failure { _ = try await client.version() }
    #expect(error == RuntimeError(.cancelled, "the client was closed"))
  }

  // MARK: Texts and numbers

  @Test(
    arguments: [
      ("unix:///run/containerd/containerd.sock", "/run/containerd/containerd.sock"),
      ("unix:/run/x", "/run/x"), ("/run/x", "/run/x"), ("", ""),
    ])
  func `an endpoint is a path`(_ endpoint: String, _ path: String) {
    #expect(CRIClient.path(ofEndpoint: endpoint) == path)
  }

  @Test(
    arguments: [
      ("SIGABRT", 1), ("SIGTERM", 23), ("SIGKILL", 13), ("SIGXFSZ", 34), ("SIGRTMIN", 35), ("SIGRTMIN+1", 36),
      ("SIGRTMIN+15", 50), ("SIGRTMAX-14", 51), ("SIGRTMAX-1", 64), ("SIGRTMAX", 65), ("SIGRTMIN+16", 0),
      ("SIGRTMAX-0", 0), ("TERM", 0), ("", 0), ("SIGRTMIN+x", 0), ("SIGRTMAX-99999999999999999999", 0),
    ])
  func `signals have CRI's numbers`(_ name: String, _ number: Int32) {
    #expect(StopSignal.number(name) == number)
  }
}
