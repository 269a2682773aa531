import Client
import ClientSupport
import Exchange
import Objects
import Synchronization
import Testing

@testable import NodeMetrics

/// Nodes whose counters go up each time they are asked.
private final class Nodes: Sendable {
  let rounds = Mutex<[String: Int]>([:])

  func text(_ node: JSON) throws -> String {
    let name = node["metadata", "name"]?.string ?? ""
    guard name != "down" else { throw StatusError.unavailable("down") }
    let round = rounds.withLock { rounds in
      rounds[name, default: 0] += 1
      return rounds[name] ?? 0
    }
    let time = 1_700_000_000_000 + round * 10_000
    let pods = ["web", "new"].prefix(round > 1 ? 2 : 1)
    return """
      # TYPE node_cpu_usage_seconds_total counter
      node_cpu_usage_seconds_total \(100 + round * 5) \(time)
      node_memory_working_set_bytes 2.097152e+06 \(time)

      """
        + pods.map { pod in
          """
          container_cpu_usage_seconds_total{container="main",namespace="default",pod="\(pod)"} \(round) \(time)
          container_memory_working_set_bytes{container="main",namespace="default",pod="\(pod)"} 1000 \(time)

          """
        }.joined()
  }
}

struct NodeMetricsTests {
  private let nodes = Nodes()

  private let time = VirtualTime()

  private func metrics() -> NodeMetrics {
    let nodes = nodes
    return NodeMetrics(
      nodes: {
        [
          ["metadata": ["name": "n2", "labels": ["zone": "b"]]], ["metadata": ["name": "n1", "labels": [:]]],
          ["metadata": ["name": "down"]],
        ]
      },
      pods: { namespace in
        let pods: [JSON] = ["web", "new", "gone", "done"].map { name in
          [
            "metadata": ["name": .string(name), "namespace": "default", "labels": ["app": .string(name)]],
            "status": ["phase": name == "done" ? "Succeeded" : "Running"],
          ]
        }
        return namespace.isEmpty || namespace == "default" ? pods : []
      }, time: time
    ) { node in try nodes.text(node) }
  }

  /// Whether the scraper sleeps, and nobody else.
  private func isBetweenRounds(_ pause: Duration) -> Bool {
    time.sleeps.last == pause && time.sleeperCount == 1
  }

  /// Has the first two rounds done.
  private func begin(_ metrics: NodeMetrics) async {
    async let first = metrics.answer(APIRequest(path: "/apis/metrics.k8s.io/v1beta1/nodes"))
    #expect(await eventually { isBetweenRounds(NodeScraper.firstInterval) })
    time.advance(by: NodeScraper.firstInterval)
    #expect(await first?.status == 200)
  }

  private func ask(_ metrics: NodeMetrics, _ path: String, query: [(name: String, value: String)] = [])
    async throws -> (status: Int, body: JSON)
  {
    let request = APIRequest(path: "/apis/metrics.k8s.io" + path, query: query)
    let answer = try #require(await metrics.answer(request))
    return (answer.status, try JSON.parse(try await answer.body.bytes()))
  }

  @Test func `other groups are none of its`() async {
    #expect(await metrics().answer(APIRequest(path: "/apis/apps/v1/deployments")) == nil)
    #expect(await metrics().answer(APIRequest(path: "/api/v1/nodes")) == nil)
  }

  @Test func `nodes have rates between two samples`() async throws {
    let metrics = metrics()
    await begin(metrics)
    let (status, list) = try await ask(metrics, "/v1beta1/nodes")
    #expect(status == 200 && list["kind"] == "NodeMetricsList")
    #expect(list["apiVersion"] == "metrics.k8s.io/v1beta1")
    #expect(list["items"]?.array?.compactMap { $0["metadata", "name"] } == ["n1", "n2"])
    var node = try #require(list["items"]?.array?.last)
    node["metadata", "creationTimestamp"] = nil
    #expect(
      node == [
        "kind": "NodeMetrics", "apiVersion": "metrics.k8s.io/v1beta1",
        "metadata": ["name": "n2", "labels": ["zone": "b"]], "timestamp": "2023-11-14T22:13:40Z",
        "window": "10s", "usage": ["cpu": "500m", "memory": "2Mi"],
      ])
    await metrics.stop()
  }

  @Test func `pods have those of their containers`() async throws {
    let metrics = metrics()
    await begin(metrics)
    let (_, list) = try await ask(metrics, "/v1beta1/namespaces/default/pods")
    // `new` has one sample only, and `gone` none.
    #expect(list["items"]?.array?.compactMap { $0["metadata", "name"] } == ["web"])
    #expect(
      list["items"]?.array?.first?["containers"] == [
        ["name": "main", "usage": ["cpu": "100m", "memory": "1k"]]
      ])
    let (status, pod) = try await ask(metrics, "/v1beta1/namespaces/default/pods/web")
    #expect(status == 200 && pod["kind"] == "PodMetrics" && pod["metadata", "namespace"] == "default")
    #expect(try await ask(metrics, "/v1beta1/namespaces/other/pods").body["items"] == [])
    await metrics.stop()
  }

  @Test(arguments: [
    ("/v1beta1/nodes/down", 404, "nodes.metrics.k8s.io \"down\" not found"),
    ("/v1beta1/namespaces/default/pods/gone", 404, "pods.metrics.k8s.io \"default/gone\" not found"),
    ("/v1beta1/other", 404, "the server could not find the requested resource"),
    ("/v1", 404, "the server could not find the requested resource"),
  ])
  func `what is not there is not found`(path: String, code: Int, message: String) async throws {
    let metrics = metrics()
    await begin(metrics)
    let (status, body) = try await ask(metrics, path)
    #expect(status == code && body["message"]?.string == message)
    await metrics.stop()
  }

  @Test func `lists can be selected from`() async throws {
    let metrics = metrics()
    await begin(metrics)
    func names(_ query: (String, String)...) async throws -> [JSON] {
      let query = query.map { (name: $0.0, value: $0.1) }
      return try await ask(metrics, "/v1beta1/nodes", query: query).body["items"]?.array?
        .compactMap { $0["metadata", "name"] } ?? []
    }
    #expect(try await names(("labelSelector", "zone=b")) == ["n2"])
    #expect(try await names(("labelSelector", "zone!=b")) == ["n1"])
    #expect(try await names(("fieldSelector", "metadata.name=n1")) == ["n1"])
    #expect(
      try await ask(metrics, "/v1beta1/nodes", query: [(name: "labelSelector", value: "=")]).status == 400)
    #expect(
      try await ask(metrics, "/v1beta1/pods", query: [(name: "fieldSelector", value: "spec.x=1")]).status
        == 400)
    #expect(try await ask(metrics, "/v1beta1/pods", query: [(name: "watch", value: "1")]).status == 405)
    await metrics.stop()
  }

  @Test func `discovery says what there is`() async throws {
    let metrics = metrics()
    #expect(try await ask(metrics, "").body["preferredVersion", "groupVersion"] == "metrics.k8s.io/v1beta1")
    let list = try await ask(metrics, "/v1beta1").body
    #expect(list["resources"]?.array?.compactMap { $0["kind"] } == ["NodeMetrics", "PodMetrics"])
    #expect(nodes.rounds.withLock { $0.isEmpty })
  }

  @Test(.timeLimit(.minutes(5)))
  func `nodes are asked while somebody wants to know`() async throws {
    let metrics = metrics()
    await begin(metrics)
    @Sendable func rounds() -> Int { nodes.rounds.withLock { $0["n1"] ?? 0 } }
    // They are asked every 15 s, for three minutes.
    for round in 2..<14 {
      #expect(await eventually { rounds() == round && isBetweenRounds(NodeScraper.interval) })
      time.advance(by: NodeScraper.interval)
    }
    #expect(await eventually { await metrics.scraper.isResting })
    #expect(rounds() == 14)
    // Then from the start.
    await begin(metrics)
    #expect(rounds() == 16)
    await metrics.stop()
  }
}
