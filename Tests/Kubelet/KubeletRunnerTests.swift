import Client
import ClientSupport
import ContainerRuntime
import Objects
import Synchronization
import Testing

@testable import Kubelet

private struct NoVolumes: PodVolumes {
  func prepareSandbox(_ pod: JSON, settings: NodeSettings) async throws(ContainerConfigError) {}
  func mounts(
    _ spec: ContainerSpec, of pod: JSON, attempt: UInt32, environment: ContainerEnvironment,
    sources: PodSources, settings: NodeSettings
  ) async throws(ContainerConfigError) -> [Mount] { [] }
  func tearDown(podUID: String, settings: NodeSettings) async throws(ContainerConfigError) {}
}

private final class Transport: ProbeTransport {
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

private struct Node: Sendable {
  let server: FakeAPI
  let runtime: FakeRuntime
  let time = VirtualTime()
  let transport = Transport()
  let resources: KubeletResources
  let kubelet: KubeletRunner

  init(server: FakeAPI = FakeAPI(), runtime: FakeRuntime = FakeRuntime(images: ["i"])) throws {
    self.server = server
    self.runtime = runtime
    resources = try #require(KubeletResources())
    kubelet = try #require(
      KubeletRunner(
        client: APIClient(transport: server, userAgent: "test"), runtime: runtime, volumes: NoVolumes(),
        transport: transport, settings: NodeSettings(nodeName: "node-a", addresses: ["192.0.2.1"]),
        time: time))
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
  func delete() {
    guard var pod else { return }
    pod["metadata", "deletionTimestamp"] = .string(time.now.text)
    pod["metadata", "deletionGracePeriodSeconds"] = 7
    server.put(resources.pods, pod)
  }
}

@Suite struct KubeletRunnerTests {
  @Test func `a plain pod comes to run and goes when it is deleted`() async throws {
    let node = try Node()
    node.put(pod())
    try await node.run {
      #expect(await node.isRunning())
      let status = node.pod?["status"]
      #expect(status?["podIP"] == "10.1.0.2")
      #expect(status?["hostIP"] == "192.0.2.1")
      #expect(status?["containerStatuses"]?.array?.first?["ready"] == true)
      #expect(node.runtime.calls == ["runSandbox p.0", "create c.0", "start c-0"])
      #expect(await node.passes { node.reasons().isSuperset(of: ["Pulled", "Created", "Started"]) })
      node.delete()
      #expect(await node.passes { node.pod == nil })
      #expect(
        node.runtime.calls.dropFirst(3) == [
          "stop c-0 7", "stopSandbox sandbox-u-0", "removeSandbox sandbox-u-0",
        ])
      #expect(await node.passes { node.reasons().contains("Killing") })
    }
  }

  @Test func `the node registers, renews its lease and says when its runtime is away`() async throws {
    let node = try Node()
    let (server, resources) = (node.server, node.resources)
    try await node.run {
      let ready: @Sendable () -> String? = {
        let conditions = server.object(resources.nodes, "", "node-a")?["status", "conditions"]?.array
        return conditions?.first { $0["type"] == "Ready" }?["status"]?.string
      }
      #expect(await node.passes { ready() == "True" })
      #expect(
        await node.passes {
          server.object(resources.leases, "kube-node-lease", "node-a")?["spec", "renewTime"]?.string ?? ""
            >= "2026-01-01T00:00:20"
        })
      node.runtime.fail("listStatus", RuntimeError(.unavailable, "gone"))
      #expect(await node.passes { ready() == "False" })
    }
  }

  @Test func `a container that crashes starts again, later each time`() async throws {
    let node = try Node()
    node.put(pod())
    try await node.run {
      #expect(await node.isRunning())
      node.runtime.end("c-0", exitCode: 1)
      #expect(await node.passes { node.runtime.calls.contains("start c-1") })
      node.runtime.end("c-1", exitCode: 1)
      #expect(
        await node.passes {
          let state = node.pod?["status", "containerStatuses"]?.array?.first
          return state?["state", "waiting", "reason"] == "CrashLoopBackOff"
        })
      #expect(await node.passes { node.runtime.calls.contains("start c-2") })
      #expect(
        await node.passes {
          node.pod?["status", "containerStatuses"]?.array?.first?["restartCount"] == 2
        })
    }
  }

  @Test func `a kubelet that comes back finds its pods running`() async throws {
    let first = try Node()
    first.put(pod())
    try await first.run { #expect(await first.isRunning()) }
    let calls = first.runtime.calls
    let second = try Node(server: first.server, runtime: first.runtime)
    try await second.run {
      // It does something for another pod, and nothing for the first.
      let other = pod(metadata: ["name": "q", "uid": "u2"])
      second.put(other)
      #expect(
        await second.passes {
          second.server.object(second.resources.pods, "n", "q")?["status", "phase"] == "Running"
        })
      #expect(
        second.runtime.calls.dropFirst(calls.count).allSatisfy {
          $0.hasPrefix("runSandbox q") || !$0.hasPrefix("run")
        })
      #expect(second.runtime.calls.filter { $0.hasPrefix("stop") } == [])
    }
  }

  @Test func `what belongs to no pod any more is removed`() async throws {
    let first = try Node()
    first.put(pod())
    try await first.run { #expect(await first.isRunning()) }
    first.server.remove(first.resources.pods, "n", "p")
    let second = try Node(server: first.server, runtime: first.runtime)
    try await second.run {
      #expect(await second.passes { second.runtime.calls.contains("removeSandbox sandbox-u-0") })
      #expect(second.runtime.calls.contains("stop c-0 30"))
    }
  }

  @Test func `an image that does not come is asked for again later`() async throws {
    let node = try Node(runtime: FakeRuntime())
    node.runtime.fail("pull", RuntimeError(.notFound, "no such image"))
    node.put(pod())
    try await node.run {
      let reason: @Sendable () -> String? = {
        node.pod?["status", "containerStatuses"]?.array?.first?["state", "waiting", "reason"]?.string
      }
      #expect(await node.passes { reason() == "ErrImagePull" || reason() == "ImagePullBackOff" })
      #expect(await node.passes { reason() == "ImagePullBackOff" })
      node.runtime.fail("pull", nil)
      #expect(await node.isRunning())
      #expect(
        await node.passes { node.reasons().isSuperset(of: ["Pulling", "Failed", "BackOff", "Pulled"]) })
    }
  }

  @Test func `a config map that comes late is waited for`() async throws {
    let node = try Node()
    let env: JSON = [["name": "A", "valueFrom": ["configMapKeyRef": ["name": "m", "key": "k"]]]]
    node.put(pod([["name": "c", "image": "i", "env": env]]))
    try await node.run {
      #expect(
        await node.passes {
          node.pod?["status", "containerStatuses"]?.array?.first?["state", "waiting"]
            == ["reason": "CreateContainerConfigError", "message": "configmap \"m\" not found"]
        })
      node.server.put(
        node.resources.configMaps, ["metadata": ["name": "m", "namespace": "n"], "data": ["k": "v"]])
      #expect(await node.isRunning())
      #expect(node.runtime.config("c-0")?.environment.first == EnvironmentVariable("A", "v"))
    }
  }

  @Test func `a liveness probe restarts its container`() async throws {
    let node = try Node()
    let probe: JSON = ["httpGet": ["port": 80], "periodSeconds": 1, "failureThreshold": 2]
    node.put(pod([["name": "c", "image": "i", "livenessProbe": probe]]))
    try await node.run {
      #expect(await node.isRunning())
      node.transport.serves.withLock { $0 = false }
      #expect(await node.passes { node.runtime.calls.contains("stop c-0 30") })
      node.transport.serves.withLock { $0 = true }
      #expect(await node.passes { node.runtime.calls.contains("start c-1") })
      #expect(await node.passes { node.reasons().isSuperset(of: ["Unhealthy", "Killing"]) })
    }
  }

  @Test func `a container that cannot start does not keep the others from it`() async throws {
    let node = try Node()
    node.put(
      pod([["name": "bad", "image": "none", "imagePullPolicy": "Never"], ["name": "c", "image": "i"]]))
    try await node.run {
      #expect(await node.passes { node.runtime.calls.contains("start c-0") })
      #expect(
        await node.passes {
          node.pod?["status", "containerStatuses"]?.array?.first?["state", "waiting", "reason"]
            == "ErrImageNeverPull"
        })
    }
  }
}
