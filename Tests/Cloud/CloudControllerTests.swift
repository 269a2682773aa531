import Client
import ClientSupport
import Cloud
import Exchange
import Objects
import Testing

private func node(_ name: String, _ ip: String, ready: String = "True", range: String = "") -> JSON {
  var node: JSON = [
    "metadata": ["name": .string(name)],
    "spec": [
      "taints": [
        [
          "key": "node.cloudprovider.kubernetes.io/uninitialized", "value": "true", "effect": "NoSchedule",
        ]
      ]
    ],
    "status": [
      "conditions": [["type": "Ready", "status": .string(ready)]],
      "addresses": [
        ["type": "InternalIP", "address": .string(ip)], ["type": "Hostname", "address": .string(name)],
      ],
    ],
  ]
  if !range.isEmpty {
    node["spec", "podCIDR"] = .string(range)
    node["spec", "podCIDRs"] = [.string(range)]
  }
  return node
}

private func service(_ name: String, port: Int64, type: String = "LoadBalancer") -> JSON {
  [
    "metadata": ["name": .string(name), "namespace": "n"],
    "spec": ["type": .string(type), "ports": [["port": .integer(port), "protocol": "TCP"]]],
  ]
}

/// The controllers at work against a server in memory.
private struct Cluster: Sendable {
  let server = FakeAPI()
  let nodes: Resource
  let services: Resource
  let events: Resource

  init() throws {
    nodes = try #require(Resource.builtIn(group: "", version: "v1", resource: "nodes"))
    services = try #require(Resource.builtIn(group: "", version: "v1", resource: "services"))
    events = try #require(Resource.builtIn(group: "", version: "v1", resource: "events"))
  }

  func run(_ provider: (InformerSet) -> any CloudProvider, _ body: @escaping @Sendable () async -> Void) async
  {
    let client = APIClient(transport: server, userAgent: "test")
    let informers = InformerSet(client: client)
    let controller = CloudController(client: client, informers: informers, provider: provider(informers))
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await controller.run() }
      await body()
      group.cancelAll()
    }
  }

  func node(_ name: String) -> JSON? { server.object(nodes, "", name) }
  func service(_ name: String) -> JSON? { server.object(services, "n", name) }

  func addresses(_ service: String) -> [String] {
    (self.service(service)?["status", "loadBalancer", "ingress"]?.array ?? []).compactMap {
      $0["ip"]?.string ?? $0["hostname"]?.string
    }
  }

  func message(_ reason: String, _ name: String) -> String? {
    server.objects(events).first {
      $0["reason"]?.string == reason && $0["involvedObject", "name"]?.string == name
    }?["message"]?.string
  }

  func delete(_ service: String) async {
    let client = APIClient(transport: server, userAgent: "test")
    _ = try? await client.delete(services, namespace: "n", name: service)
  }
}

@Suite struct CloudControllerTests {
  @Test
  func `bare machines become nodes, and services get their addresses`() async throws {
    let cluster = try Cluster()
    cluster.server.put(cluster.nodes, node("a", "10.0.0.1", range: "10.1.0.0/24"))
    cluster.server.put(cluster.nodes, node("b", "10.0.0.2", range: "10.1.1.0/24"))
    cluster.server.put(cluster.services, service("web", port: 80))
    await cluster.run({ BareMachineProvider(informers: $0) }) {
      #expect(
        await eventually {
          ["a", "b"].allSatisfy { name in
            let node = cluster.node(name)
            return node?["spec", "providerID"]?.string == "bare://\(name)" && node?["spec", "taints"] == nil
              && node?["status", "conditions"]?.array?.contains {
                $0["type"] == "NetworkUnavailable" && $0["status"] == "False"
              } == true
          }
        })
      #expect(await eventually { cluster.addresses("web") == ["10.0.0.1", "10.0.0.2"] })
      #expect(await eventually { cluster.message("EnsuredLoadBalancer", "web") == "Ensured load balancer" })
      #expect(
        cluster.service("web")?["metadata", "finalizers"]
          == ["service.kubernetes.io/load-balancer-cleanup"])

      cluster.server.put(cluster.services, service("rival", port: 80))
      #expect(
        await eventually {
          cluster.message("SyncLoadBalancerFailed", "rival")
            == "Error syncing load balancer: failed to ensure load balancer: "
            + "port 80/TCP of 10.0.0.1 is taken by service n/web"
        })
      #expect(cluster.addresses("rival") == [])
      cluster.server.put(cluster.services, service("other", port: 81))
      #expect(await eventually { cluster.addresses("other") == ["10.0.0.1", "10.0.0.2"] })

      // The rival gets what the first one leaves.
      await cluster.delete("web")
      #expect(await eventually { cluster.service("web") == nil })
      #expect(await eventually { cluster.addresses("rival") == ["10.0.0.1", "10.0.0.2"] })

      // A node that is not ready serves nobody.
      if var down = cluster.node("a") {
        down["status", "conditions"] = [["type": "Ready", "status": "Unknown"]]
        cluster.server.put(cluster.nodes, down)
      }
      #expect(
        await eventually { ["rival", "other"].allSatisfy { cluster.addresses($0) == ["10.0.0.2"] } })

      // A service that becomes another type loses its addresses.
      if var changed = cluster.service("other") {
        changed["spec", "type"] = "ClusterIP"
        cluster.server.put(cluster.services, changed)
      }
      #expect(
        await eventually {
          cluster.addresses("other") == [] && cluster.service("other")?["metadata", "finalizers"] == nil
        })
    }
  }

  @Test
  func `a recorded cloud is driven through the same interface`() async throws {
    let machine: JSON = [
      "providerID": "recorded://i-1",
      "addresses": [
        ["type": "InternalIP", "address": "10.0.0.1"], ["type": "ExternalIP", "address": "192.0.2.1"],
      ], "instanceType": "large", "zone": "r1-a", "region": "r1",
    ]
    let provider = RecordedProvider([
      "provider": "recorded",
      "calls": [
        ["call": "instances.metadata a", "error": "rate limited", "retryAfterMilliseconds": 1],
        ["call": "instances.metadata a", "answer": machine],
        ["call": "instances.metadata gone", "error": "instance not found"],
        ["call": "instances.metadata off", "error": "instance not found"],
        ["call": "instances.exists gone", "answer": false], ["call": "instances.exists off", "answer": true],
        ["call": "instances.isShutDown off", "answer": true],
        ["call": "routes.list", "answer": [["node": "old", "destination": "10.1.7.0/24"]]],
        ["call": "routes.list", "answer": [["node": "a", "destination": "10.1.0.0/24"]]],
        ["call": "routes.delete old 10.1.7.0/24", "answer": true],
        ["call": "routes.create a 10.1.0.0/24", "answer": true],
        ["call": "loadBalancers.ensure web []", "answer": []],
        ["call": "loadBalancers.ensure web [a]", "error": "quota", "retryAfterMilliseconds": 1],
        ["call": "loadBalancers.ensure web [a]", "answer": [["hostname": "lb.example.com"]]],
        ["call": "loadBalancers.delete web", "answer": true],
      ],
    ])
    let cluster = try Cluster()
    cluster.server.put(cluster.nodes, node("a", "10.0.0.1", range: "10.1.0.0/24"))
    cluster.server.put(cluster.nodes, node("gone", "10.0.0.2", ready: "Unknown"))
    cluster.server.put(cluster.nodes, node("off", "10.0.0.3", ready: "Unknown"))
    cluster.server.put(cluster.services, service("web", port: 80))
    await cluster.run({ _ in provider }) {
      #expect(await eventually { cluster.addresses("web") == ["lb.example.com"] })
      #expect(await eventually { cluster.node("gone") == nil })
      #expect(
        await eventually {
          cluster.node("off")?["spec", "taints"]?.array?.contains {
            $0["key"] == "node.cloudprovider.kubernetes.io/shutdown"
          } == true
        })
      #expect(
        await eventually {
          let labels = cluster.node("a")?["metadata", "labels"]
          return labels?["topology.kubernetes.io/zone"] == "r1-a"
            && labels?["node.kubernetes.io/instance-type"] == "large"
            && cluster.node("a")?["status", "conditions"]?.array?.contains {
              $0["type"] == "NetworkUnavailable" && $0["status"] == "False"
            } == true
        })
      let addresses = (cluster.node("a")?["status", "addresses"]?.array ?? []).compactMap {
        $0["address"]?.string
      }
      #expect(addresses.sorted() == ["10.0.0.1", "192.0.2.1", "a"])
      await cluster.delete("web")
      #expect(await eventually { cluster.service("web") == nil })
    }
    #expect(provider.strangers == [])
    for call in ["routes.create a 10.1.0.0/24", "routes.delete old 10.1.7.0/24"] {
      #expect(provider.calls.filter { $0 == call }.count == 1)
    }
    // More than once if the controller looks before it sees what it has written.
    #expect(provider.calls.contains("loadBalancers.delete web"))
  }
}
