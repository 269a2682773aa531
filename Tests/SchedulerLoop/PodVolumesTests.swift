import Client
import ClientSupport
import Exchange
import Objects
import Scheduler
import Testing

@testable import SchedulerLoop

private func node(_ name: String) -> JSON {
  [
    "metadata": ["name": .string(name), "labels": ["kubernetes.io/hostname": .string(name)]],
    "status": ["allocatable": ["cpu": "4", "memory": "8Gi", "pods": "110"]],
  ]
}

private func pod(_ name: String, claim: String) -> JSON {
  [
    "metadata": ["name": .string(name), "namespace": "n"],
    "spec": [
      "containers": [["name": "c", "image": "i"]],
      "volumes": [["name": "d", "persistentVolumeClaim": ["claimName": .string(claim)]]],
    ], "status": ["phase": "Pending"],
  ]
}

private func claim(_ name: String, _ storageClass: String) -> JSON {
  [
    "metadata": ["name": .string(name), "namespace": "n"],
    "spec": [
      "accessModes": ["ReadWriteOnce"], "storageClassName": .string(storageClass),
      "resources": ["requests": ["storage": "1Gi"]],
    ], "status": ["phase": "Pending"],
  ]
}

private func storageClass(_ name: String, _ mode: String, provisioner: String = "example.com/disk") -> JSON {
  [
    "metadata": ["name": .string(name)], "provisioner": .string(provisioner),
    "volumeBindingMode": .string(mode),
  ]
}

private func volume(_ name: String, _ storageClass: String, on node: String) -> JSON {
  let term: JSON = [
    "matchExpressions": [
      ["key": "kubernetes.io/hostname", "operator": "In", "values": [.string(node)]]
    ]
  ]
  return [
    "metadata": ["name": .string(name)],
    "spec": [
      "capacity": ["storage": "2Gi"], "accessModes": ["ReadWriteOnce"],
      "storageClassName": .string(storageClass),
      "nodeAffinity": ["required": ["nodeSelectorTerms": [term]]],
    ], "status": ["phase": "Available"],
  ]
}

/// A scheduler at work on pods with claims.
private struct Cluster: Sendable {
  let server = FakeAPI()
  let resources: SchedulerResources
  let time = VirtualTime()

  init(nodes: [String]) throws {
    resources = try #require(SchedulerResources())
    for name in nodes { server.put(resources.nodes, node(name)) }
    server.put(resources.storageClasses, storageClass("late", "WaitForFirstConsumer"))
    server.put(resources.storageClasses, storageClass("now", "Immediate"))
    server.put(
      resources.storageClasses,
      storageClass("hand", "WaitForFirstConsumer", provisioner: "kubernetes.io/no-provisioner"))
  }

  func run(_ body: @escaping @Sendable () async -> Void) async {
    let client = APIClient(transport: server, userAgent: "test")
    let informers = InformerSet(client: client)
    let recorder = EventRecorder(client: client, component: "default-scheduler", time: time)
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await informers.run() }
      let loop = SchedulerLoop(client: client, informers: informers, recorder: recorder, seed: 1, time: time)
      group.addTask { await loop.run() }
      await body()
      group.cancelAll()
    }
  }

  func object(_ resource: Resource, _ name: String) -> JSON? {
    server.object(resource, resource.isNamespaced ? "n" : "", name)
  }

  func nodeName(_ pod: String) -> String? { object(resources.pods, pod)?["spec", "nodeName"]?.string }

  func selectedNode(_ claim: String) -> String? {
    object(resources.claims, claim)?["metadata", "annotations"]?[VolumeAnnotation.selectedNode]?.string
  }

  func problem(_ pod: String) -> String? {
    object(resources.pods, pod)?["status", "conditions"]?.array?
      .first { $0["type"] == "PodScheduled" }?["message"]?.string
  }

  /// What the binder does.
  func bind(_ claim: String, _ volume: String) {
    guard var object = object(resources.claims, claim) else { return }
    object["spec", "volumeName"] = .string(volume)
    object["metadata", "annotations", VolumeAnnotation.bindCompleted] = "yes"
    object["status", "phase"] = "Bound"
    server.put(resources.claims, object)
  }

  /// Whether a condition comes to hold while time passes.
  func eventually(_ condition: @Sendable () -> Bool) async -> Bool {
    await ClientSupport.eventually {
      time.advance(by: .milliseconds(100))
      return condition()
    }
  }
}

@Suite struct PodVolumesTests {
  @Test func `a claim that waits for its pod is sent to the node, and the pod follows its volume`()
    async throws
  {
    let cluster = try Cluster(nodes: ["m"])
    let resources = cluster.resources
    cluster.server.put(resources.claims, claim("data", "late"))
    cluster.server.put(resources.pods, pod("p", claim: "data"))
    await cluster.run {
      #expect(await cluster.eventually { cluster.selectedNode("data") == "m" })
      #expect(cluster.nodeName("p") == nil)
      cluster.server.put(resources.volumes, volume("v", "late", on: "m"))
      cluster.bind("data", "v")
      #expect(await cluster.eventually { cluster.nodeName("p") == "m" })
    }
  }

  @Test func `a pod goes where its volume is`() async throws {
    let cluster = try Cluster(nodes: ["a", "b", "c"])
    let resources = cluster.resources
    cluster.server.put(resources.volumes, volume("v", "late", on: "b"))
    cluster.server.put(resources.claims, claim("data", "late"))
    cluster.bind("data", "v")
    cluster.server.put(resources.pods, pod("p", claim: "data"))
    await cluster.run { #expect(await cluster.eventually { cluster.nodeName("p") == "b" }) }
  }

  @Test func `a volume made by hand is reserved on the node that has it`() async throws {
    let cluster = try Cluster(nodes: ["a", "b", "c"])
    let resources = cluster.resources
    cluster.server.put(resources.volumes, volume("v", "hand", on: "c"))
    cluster.server.put(resources.claims, claim("data", "hand"))
    cluster.server.put(resources.pods, pod("p", claim: "data"))
    await cluster.run {
      #expect(
        await cluster.eventually {
          cluster.object(resources.volumes, "v")?["spec", "claimRef", "name"]?.string == "data"
        })
      cluster.bind("data", "v")
      #expect(await cluster.eventually { cluster.nodeName("p") == "c" })
    }
  }

  @Test func `what stands in the way is said, and the pod goes on when it is gone`() async throws {
    let cluster = try Cluster(nodes: ["a"])
    let resources = cluster.resources
    cluster.server.put(resources.pods, pod("p", claim: "data"))
    await cluster.run {
      #expect(
        await cluster.eventually {
          cluster.problem("p")?.hasPrefix(
            "0/1 nodes are available: persistentvolumeclaim \"data\" not found.") == true
        })
      cluster.server.put(resources.claims, claim("data", "now"))
      #expect(
        await cluster.eventually {
          cluster.problem("p")?.hasPrefix(
            "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.") == true
        })
      cluster.server.put(resources.volumes, volume("v", "now", on: "elsewhere"))
      cluster.bind("data", "v")
      #expect(
        await cluster.eventually {
          cluster.problem("p")?.contains("1 node(s) didn't match PersistentVolume's node affinity") == true
        })
      cluster.server.put(resources.nodes, node("elsewhere"))
      #expect(await cluster.eventually { cluster.nodeName("p") == "elsewhere" })
    }
  }

  @Test func `a claim whose node is gone gets another`() async throws {
    let cluster = try Cluster(nodes: ["a"])
    let resources = cluster.resources
    var waiting = claim("data", "late")
    waiting["metadata", "annotations", VolumeAnnotation.selectedNode] = "gone"
    cluster.server.put(resources.claims, waiting)
    cluster.server.put(resources.pods, pod("p", claim: "data"))
    await cluster.run { #expect(await cluster.eventually { cluster.selectedNode("data") == "a" }) }
  }

  @Test func `a hand-made volume on no node keeps its pod waiting`() async throws {
    let cluster = try Cluster(nodes: ["a"])
    let resources = cluster.resources
    cluster.server.put(resources.claims, claim("data", "hand"))
    cluster.server.put(resources.pods, pod("p", claim: "data"))
    await cluster.run {
      #expect(
        await cluster.eventually {
          cluster.problem("p")?.contains("1 node(s) didn't find available persistent volumes to bind")
            == true
        })
    }
  }
}
