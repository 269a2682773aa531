import Client
import ClientSupport
import ContainerRuntime
import Objects
import Synchronization
import Testing

@testable import Kubelet

struct NoVolumes: PodVolumes {
  func prepareSandbox(_ pod: JSON, settings: NodeSettings) async throws(ContainerConfigError) {}
  func mounts(
    _ spec: ContainerSpec, of pod: JSON, attempt: UInt32, environment: ContainerEnvironment,
    sources: PodSources, settings: NodeSettings
  ) async throws(ContainerConfigError) -> [Mount] { [] }
  func refresh(_ pod: JSON, sources: PodSources, settings: NodeSettings) async -> [String] { [] }
  func tearDown(podUID: String, settings: NodeSettings) async throws(ContainerConfigError) {}
}

final class ServingTransport: ProbeTransport {
  let serves = Mutex(true)
  func http(
    _ probe: HTTPProbe, host: String, timeout: Duration
  ) async throws(ProbeTransportError) -> (status: Int, body: String) {
    (serves.withLock { $0 } ? 200 : 500, "")
  }
  func connect(host: String, port: Int, timeout: Duration) async throws(ProbeTransportError) {}
  func grpcHealth(
    host: String, port: Int, service: String, timeout: Duration
  ) async throws(ProbeTransportError) -> Bool { true }
}

struct Node: Sendable {
  let server: FakeAPI
  let runtime: FakeRuntime
  let time = VirtualTime()
  let transport = ServingTransport()
  let resources: KubeletResources
  let kubelet: KubeletRunner

  init(
    server: FakeAPI = FakeAPI(), runtime: FakeRuntime = FakeRuntime(images: ["i"]),
    volumes: any PodVolumes = NoVolumes(), options: KubeletOptions = KubeletOptions()
  ) throws {
    self.server = server
    self.runtime = runtime
    resources = try #require(KubeletResources())
    kubelet = try #require(
      KubeletRunner(
        client: APIClient(transport: server, userAgent: "test"), runtime: runtime, volumes: volumes,
        transport: transport, settings: NodeSettings(nodeName: "node-a", addresses: ["192.0.2.1"]),
        time: time, options: options))
  }

  func run(_ body: @escaping @Sendable () async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await kubelet.run() }
      defer { group.cancelAll() }
      try await body()
    }
  }

  /// Lets time pass until a condition holds.
  func passes(_ condition: @escaping @Sendable () -> Bool) async -> Bool {
    await eventually {
      time.advance(by: .milliseconds(200))
      return condition()
    }
  }

  var pod: JSON? { server.object(resources.pods, "n", "p") }
  func put(_ pod: JSON) { server.put(resources.pods, pod) }
  func isRunning() async -> Bool { await passes { pod?["status", "phase"] == "Running" } }

  func reasons() -> Set<String> {
    guard let events = Resource.builtIn(group: "", version: "v1", resource: "events") else { return [] }
    return Set(server.objects(events).compactMap { $0["reason"]?.string })
  }

  /// A user deletes the pod.
  func delete(grace: Int64 = 7) {
    guard var pod else { return }
    pod["metadata", "deletionTimestamp"] = .string(time.now.text)
    pod["metadata", "deletionGracePeriodSeconds"] = .integer(grace)
    server.put(resources.pods, pod)
  }
}
