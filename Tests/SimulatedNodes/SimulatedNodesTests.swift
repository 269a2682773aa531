import Client
import ClientSupport
import Exchange
import Objects
import Testing

@testable import SimulatedNodes

private struct Simulation: Sendable {
  let server = FakeAPI()
  let time = VirtualTime()
  let resources: SimulationResources
  let nodes: SimulatedNodes

  init(_ options: SimulationOptions) throws {
    let client = APIClient(transport: server, userAgent: "test")
    resources = try #require(SimulationResources())
    nodes = try #require(SimulatedNodes(client: client, options: options, time: time))
  }

  func run(_ body: @escaping @Sendable () async -> Void) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await nodes.run() }
      await body()
      group.cancelAll()
    }
  }

  /// Lets time pass until a condition holds.
  func passes(_ condition: @escaping @Sendable () -> Bool) async -> Bool {
    await eventually {
      time.advance(by: .milliseconds(100))
      return condition()
    }
  }

  func pod(_ name: String) -> JSON? { server.object(resources.pods, "n", name) }

  func put(_ name: String, node: String, policy: String = "Always") {
    server.put(
      resources.pods,
      [
        "metadata": ["name": .string(name), "namespace": "n"],
        "spec": [
          "nodeName": .string(node), "restartPolicy": .string(policy),
          "containers": [["name": "c", "image": "i"]],
        ],
        "status": ["phase": "Pending"],
      ])
  }
}

@Suite struct SimulatedNodesTests {
  @Test func `nodes register and renew their leases`() async throws {
    let simulation = try Simulation(SimulationOptions(nodes: 5))
    let (server, resources) = (simulation.server, simulation.resources)
    await simulation.run {
      #expect(await eventually { server.objects(resources.leases).count == 5 })
      let node = server.object(resources.nodes, "", "node-4")
      #expect(node?["status", "addresses"]?.array?.first?["address"] == "10.240.0.5")
      #expect(node?["status", "capacity", "pods"] == "110")
      let lease = server.object(resources.leases, "kube-node-lease", "node-4")
      #expect(lease?["metadata", "ownerReferences"]?.array?.first?["uid"] == node?["metadata", "uid"])
      #expect(
        await simulation.passes {
          server.objects(resources.leases).allSatisfy {
            $0["spec", "renewTime"]?.string ?? "" >= "2026-01-01T00:00:20"
          }
        })
    }
  }

  @Test func `a node that was given up says again that it is ready`() async throws {
    let simulation = try Simulation(SimulationOptions(nodes: 1))
    let (server, nodes) = (simulation.server, simulation.resources.nodes)
    await simulation.run {
      #expect(await eventually { server.objects(nodes).count == 1 })
      guard var node = server.object(nodes, "", "node-0") else { return }
      node["status", "conditions"] = [["type": "Ready", "status": "Unknown"]]
      server.put(nodes, node)
      #expect(
        await simulation.passes { server.object(nodes, "", "node-0").map(SimulatedNode.isReady) == true })
    }
  }

  @Test func `a node that is deleted stays away`() async throws {
    let simulation = try Simulation(SimulationOptions(nodes: 2))
    let (server, resources) = (simulation.server, simulation.resources)
    await simulation.run {
      #expect(await eventually { server.objects(resources.leases).count == 2 })
      server.remove(resources.nodes, "", "node-0")
      server.remove(resources.leases, "kube-node-lease", "node-0")
      #expect(
        await simulation.passes {
          server.object(resources.leases, "kube-node-lease", "node-1")?["spec", "renewTime"]?.string ?? ""
            >= "2026-01-01T00:01:00"
        })
      #expect(server.objects(resources.nodes).count == 1)
    }
  }

  @Test func `a pod runs with an address of its own and goes when it is deleted`() async throws {
    let simulation = try Simulation(SimulationOptions(nodes: 2))
    await simulation.run {
      simulation.put("a", node: "node-0")
      simulation.put("b", node: "node-1")
      simulation.put("foreign", node: "other")
      #expect(
        await simulation.passes {
          simulation.pod("a")?["status", "phase"] == "Running"
            && simulation.pod("b")?["status", "phase"] == "Running"
        })
      let (a, b) = (simulation.pod("a"), simulation.pod("b"))
      #expect(a?["status", "hostIP"] == "10.240.0.1")
      #expect(a?["status", "podIP"] != b?["status", "podIP"])
      #expect(a?["status", "containerStatuses"]?.array?.first?["ready"] == true)
      #expect(simulation.pod("foreign")?["status"] == ["phase": "Pending"])
      let client = APIClient(transport: simulation.server, userAgent: "test")
      // By now the node may have seen it, and the pod be gone.
      let deleted = try? await client.delete(simulation.resources.pods, namespace: "n", name: "a")
      #expect(deleted?["metadata", "deletionGracePeriodSeconds"] == 30)
      #expect(await simulation.passes { simulation.pod("a") == nil })
      #expect(simulation.pod("b") != nil)
    }
  }

  @Test func `a pod of a job completes`() async throws {
    let simulation = try Simulation(SimulationOptions(nodes: 1))
    await simulation.run {
      simulation.put("a", node: "node-0", policy: "Never")
      #expect(await simulation.passes { simulation.pod("a")?["status", "phase"] == "Succeeded" })
      let state = simulation.pod("a")?["status", "containerStatuses"]?.array?.first?["state"]
      #expect(state?["terminated", "exitCode"] == 0)
      #expect(state?["running"] == nil)
    }
  }
}
