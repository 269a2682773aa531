import Client
import ClientSupport
import Exchange
import Objects
import Scheduler
import Testing

@testable import SchedulerLoop

private func node(_ name: String, cpu: String = "4") -> JSON {
  [
    "metadata": ["name": .string(name), "labels": ["kubernetes.io/hostname": .string(name)]],
    "status": ["allocatable": ["cpu": .string(cpu), "memory": "8Gi", "pods": "110"]],
  ]
}

private func pod(_ name: String, cpu: String = "1", priority: Int64 = 0) -> JSON {
  [
    "metadata": ["name": .string(name), "namespace": "n"],
    "spec": [
      "priority": .integer(priority),
      "containers": [["name": "c", "image": "i", "resources": ["requests": ["cpu": .string(cpu)]]]],
    ],
    "status": ["phase": "Pending"],
  ]
}

/// A scheduler at work against a server in memory.
private struct Cluster: Sendable {
  let server = FakeAPI()
  let resources: SchedulerResources
  let events: Resource
  let time = VirtualTime()

  init() throws {
    resources = try #require(SchedulerResources())
    events = try #require(Resource.builtIn(group: "", version: "v1", resource: "events"))
  }

  func run(_ body: @escaping @Sendable () async -> Void) async {
    let client = APIClient(transport: server, userAgent: "test")
    let informers = InformerSet(client: client)
    let recorder = EventRecorder(client: client, component: "default-scheduler", time: time)
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await informers.run() }
      group.addTask { await recorder.run() }
      let loop = SchedulerLoop(client: client, informers: informers, recorder: recorder, seed: 1, time: time)
      group.addTask { await loop.run() }
      await body()
      group.cancelAll()
    }
  }

  func nodeName(_ pod: String) -> String? {
    server.object(resources.pods, "n", pod)?["spec", "nodeName"]?.string
  }

  func event(_ reason: String, _ pod: String) -> String? {
    server.objects(events).first {
      $0["reason"]?.string == reason && $0["involvedObject", "name"]?.string == pod
    }?["message"]?.string
  }
}

@Suite struct SchedulerLoopTests {
  @Test func `pods are bound to nodes as they come`() async throws {
    let cluster = try Cluster()
    cluster.server.put(cluster.resources.nodes, node("m"))
    cluster.server.put(cluster.resources.pods, pod("early"))
    await cluster.run {
      #expect(await eventually { cluster.nodeName("early") == "m" })
      cluster.server.put(cluster.resources.pods, pod("late"))
      #expect(await eventually { cluster.nodeName("late") == "m" })
      #expect(await eventually { cluster.event("Scheduled", "late") != nil })
      #expect(cluster.event("Scheduled", "late") == "Successfully assigned n/late to m")
    }
  }

  @Test func `a thousand pods are spread over the nodes`() async throws {
    let cluster = try Cluster()
    for number in 0..<20 { cluster.server.put(cluster.resources.nodes, node("m\(number)", cpu: "64")) }
    for number in 0..<1000 { cluster.server.put(cluster.resources.pods, pod("p\(number)", cpu: "100m")) }
    await cluster.run {
      let pods = cluster.resources.pods
      #expect(
        await eventually {
          cluster.server.objects(pods).allSatisfy { $0["spec", "nodeName"]?.string != nil }
        })
    }
    var counts: [String: Int] = [:]
    for pod in cluster.server.objects(cluster.resources.pods) {
      counts[pod["spec", "nodeName"]?.string ?? "", default: 0] += 1
    }
    #expect(counts.count == 20)
    #expect(counts.values.allSatisfy { $0 <= 110 })
  }

  @Test func `a pod that no node takes says so and goes to the node that comes`() async throws {
    let cluster = try Cluster()
    cluster.server.put(cluster.resources.nodes, node("small"))
    cluster.server.put(cluster.resources.pods, pod("p", cpu: "6"))
    let message =
      "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: "
      + "1 Preemption is not helpful for scheduling."
    await cluster.run {
      #expect(await eventually { cluster.event("FailedScheduling", "p") != nil })
      #expect(cluster.event("FailedScheduling", "p") == message)
      let pods = cluster.resources.pods
      #expect(
        await eventually { cluster.server.object(pods, "n", "p")?["status", "conditions"] != nil })
      #expect(
        cluster.server.object(pods, "n", "p")?["status", "conditions"] == [
          [
            "type": "PodScheduled", "status": "False", "reason": "Unschedulable",
            "message": .string(message), "lastTransitionTime": "2026-01-01T00:00:00Z",
          ]
        ])
      cluster.server.put(cluster.resources.nodes, node("large", cpu: "8"))
      #expect(
        await eventually {
          cluster.time.advance(by: .seconds(1))
          return cluster.nodeName("p") == "large"
        })
    }
  }

  @Test func `a binding that fails is tried again`() async throws {
    let cluster = try Cluster()
    cluster.server.put(cluster.resources.nodes, node("m"))
    cluster.server.put(cluster.resources.pods, pod("p"))
    cluster.server.intercept { request in
      guard request.path.hasSuffix("/binding") else { return nil }
      throw StatusError.internalError("no")
    }
    await cluster.run {
      #expect(await eventually { cluster.event("FailedScheduling", "p") != nil })
      cluster.server.intercept(nil)
      #expect(
        await eventually {
          cluster.time.advance(by: .seconds(1))
          return cluster.nodeName("p") == "m"
        })
    }
  }

  @Test func `a pod of higher priority makes room`() async throws {
    let cluster = try Cluster()
    var low = pod("low", cpu: "3")
    low["spec", "nodeName"] = "m"
    cluster.server.put(cluster.resources.nodes, node("m"))
    cluster.server.put(cluster.resources.pods, low)
    cluster.server.put(cluster.resources.pods, pod("high", cpu: "3", priority: 10))
    await cluster.run {
      let (server, pods) = (cluster.server, cluster.resources.pods)
      #expect(
        await eventually { server.object(pods, "n", "low")?["metadata", "deletionTimestamp"] != nil })
      #expect(
        server.object(pods, "n", "low")?["status", "conditions"]?.array?.first?["reason"]
          == "PreemptionByScheduler")
      #expect(server.object(pods, "n", "high")?["status", "nominatedNodeName"] == "m")
      server.remove(pods, "n", "low")
      #expect(
        await eventually {
          cluster.time.advance(by: .seconds(1))
          return cluster.nodeName("high") == "m"
        })
    }
  }
}
