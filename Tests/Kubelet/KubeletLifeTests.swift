import Client
import ClientSupport
import ContainerRuntime
import Exchange
import Objects
import Synchronization
import Testing

@testable import Kubelet

@Suite struct KubeletLifeTests {
  @Test func `one look takes a pod from nothing to running`() async throws {
    let node = try Node()
    node.put(
      pod([["name": "c", "image": "i"]], inits: [["name": "side", "image": "i", "restartPolicy": "Always"]]))
    try await node.run {
      // No time passes: neither a retry nor the list of the runtime has a part in it.
      #expect(await eventually { node.pod?["status", "phase"] == "Running" })
      #expect(
        node.runtime.calls == [
          "runSandbox p.0", "create side.0", "start side-0", "create c.0", "start c-0",
        ])
    }
  }

  @Test func `many pods start next to each other`() async throws {
    let node = try Node(runtime: FakeRuntime())
    node.runtime.hang("pull")
    for index in 0..<20 {
      node.put(pod(metadata: ["name": .string("p\(index)"), "uid": .string("u\(index)")]))
    }
    try await node.run {
      // All have their sandboxes though each of them waits for its image.
      #expect(await node.passes { node.runtime.calls.count { $0.hasPrefix("runSandbox") } == 20 })
      node.runtime.hang("pull", false)
      #expect(
        await node.passes {
          node.server.objects(node.resources.pods).allSatisfy { $0["status", "phase"] == "Running" }
        })
    }
  }

  @Test func `containers are kept running while the API server is away`() async throws {
    let node = try Node()
    node.put(pod())
    try await node.run {
      #expect(await node.isRunning())
      node.server.intercept { request in
        if request.method == "PATCH" { throw StatusErrorOfTest() }
        return nil
      }
      node.runtime.end("c-0", exitCode: 1)
      #expect(await node.passes { node.runtime.calls.contains("start c-1") })
      node.server.intercept(nil)
      #expect(
        await node.passes {
          node.pod?["status", "containerStatuses"]?.array?.first?["restartCount"] == 1
        })
    }
  }

  @Test func `an ended pod whose status cannot be written is not deleted`() async throws {
    let node = try Node()
    node.put(pod(policy: "Never"))
    try await node.run {
      #expect(await node.isRunning())
      node.server.intercept { request in
        if request.method == "PATCH", request.path.hasSuffix("/pods/p/status") { throw StatusErrorOfTest() }
        return nil
      }
      node.runtime.end("c-0", exitCode: 0)
      #expect(await node.passes { node.runtime.calls.contains("stopSandbox sandbox-u-0") })
      node.server.intercept(nil)
      #expect(await node.passes { node.pod?["status", "phase"] == "Succeeded" })
      #expect(!node.server.requestLines.contains("DELETE /api/v1/namespaces/n/pods/p"))
    }
  }

  @Test func `a second deletion shortens the grace period`() async throws {
    let node = try Node()
    node.put(pod())
    try await node.run {
      #expect(await node.isRunning())
      node.runtime.hang("stop")
      node.delete(grace: 600)
      #expect(await node.passes { node.reasons().contains("Killing") })
      node.delete(grace: 1)
      #expect(await node.passes { node.runtime.calls.contains("stop c-0 1") })
      #expect(await node.passes { node.pod == nil })
    }
  }

  @Test func `a hook that does not end is given up when the pod goes`() async throws {
    let node = try Node()
    node.runtime.hang("exec")
    node.put(
      pod([["name": "c", "image": "i", "lifecycle": ["postStart": ["exec": ["command": ["wait"]]]]]]))
    try await node.run {
      #expect(await node.passes { node.runtime.calls.contains("start c-0") })
      node.delete()
      #expect(await node.passes { node.pod == nil })
      #expect(node.runtime.calls.contains("stop c-0 7"))
    }
  }

  @Test func `a pull is given up when the pod goes`() async throws {
    let node = try Node(runtime: FakeRuntime())
    node.runtime.hang("pull")
    node.put(pod())
    try await node.run {
      #expect(await node.passes { node.reasons().contains("Pulling") })
      node.delete()
      #expect(await node.passes { node.pod == nil })
    }
  }

  @Test func `a pod that is taken away by force is stopped at once`() async throws {
    let node = try Node()
    node.put(pod())
    try await node.run {
      #expect(await node.isRunning())
      node.runtime.hang("stop")
      node.delete(grace: 600)
      #expect(await node.passes { node.reasons().contains("Killing") })
      node.server.remove(node.resources.pods, "n", "p")
      #expect(await node.passes { node.runtime.calls.contains("removeSandbox sandbox-u-0") })
      #expect(node.runtime.calls.contains("stop c-0 2"))
    }
  }

  @Test func `a pod with the name of one that was taken away is another pod`() async throws {
    let node = try Node()
    node.put(pod())
    try await node.run {
      #expect(await node.isRunning())
      node.server.remove(node.resources.pods, "n", "p")
      node.put(pod(metadata: ["uid": "u2"]))
      #expect(await node.passes { node.runtime.calls.contains("removeSandbox sandbox-u-0") })
      #expect(await node.isRunning())
      #expect(node.runtime.calls.contains("stop c-0 30"))
      #expect(!node.runtime.calls.contains("removeSandbox sandbox-u2-0"))
    }
  }

  @Test func `a node that was deleted registers again, and its pods go on`() async throws {
    let node = try Node()
    node.put(pod())
    try await node.run {
      #expect(await node.isRunning())
      let uid = node.server.object(node.resources.nodes, "", "node-a")?["metadata", "uid"]
      node.server.remove(node.resources.nodes, "", "node-a")
      // The garbage collector takes what belonged to it.
      node.server.remove(node.resources.leases, "kube-node-lease", "node-a")
      #expect(
        await node.passes {
          guard let node = node.server.object(node.resources.nodes, "", "node-a") else { return false }
          return node["metadata", "uid"] != uid && node["status", "conditions"] != nil
        })
      #expect(node.runtime.calls.filter { $0.hasPrefix("stop") } == [])
    }
  }

  @Test func `containers that cannot be started are tried again later, and do not pile up`() async throws {
    let node = try Node()
    node.runtime.fail("start", RuntimeError(.unknown, "no such command"))
    node.put(pod())
    try await node.run {
      #expect(await node.passes { node.runtime.calls.contains("create c.3") })
      #expect(node.runtime.state.withLock { $0.containers.count } <= 2)
      #expect(
        await node.passes {
          node.pod?["status", "containerStatuses"]?.array?.first?["state", "waiting"]
            == ["reason": "RunContainerError", "message": "no such command"]
        })
    }
  }

  @Test func `a runtime that comes back is asked again at once`() async throws {
    let node = try Node()
    node.runtime.fail("listSandboxes", RuntimeError(.unavailable, "away"))
    node.put(pod())
    try await node.run {
      // By now the next try would come after a minute.
      #expect(
        await node.passes { node.kubelet.podKeys.failures(of: ObjectKey(namespace: "n", name: "p")) > 9 })
      node.runtime.fail("listSandboxes", nil)
      await node.kubelet.relistOnce()
      // No time passes.
      #expect(await eventually { node.runtime.calls.contains("start c-0") })
    }
  }

  @Test func `what containers need is read while the sandbox is made, and once for all of them`() async throws
  {
    let node = try Node()
    node.server.put(
      node.resources.configMaps, ["metadata": ["name": "m", "namespace": "n"], "data": ["k": "v"]])
    let env: JSON = [["name": "A", "valueFrom": ["configMapKeyRef": ["name": "m", "key": "k"]]]]
    node.put(pod(["a", "b", "c"].map { ["name": .string($0), "image": "i", "env": env] }))
    try await node.run {
      #expect(await eventually { node.pod?["status", "phase"] == "Running" })
      #expect(await eventually { node.runtime.calls.contains("start c-0") })
      let reads = node.server.requestLines.filter { $0 == "GET /api/v1/namespaces/n/configmaps/m" }
      #expect(reads.count == 1)
      #expect(node.runtime.config("c-0")?.environment.first == EnvironmentVariable("A", "v"))
    }
  }
}

/// The server does not answer.
struct StatusErrorOfTest: Error {}
