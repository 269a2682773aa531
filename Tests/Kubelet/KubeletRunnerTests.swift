import Client
import ClientSupport
import ContainerRuntime
import Objects
import Synchronization
import Testing

@testable import Kubelet

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
