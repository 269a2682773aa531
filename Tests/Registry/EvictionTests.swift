import Exchange
import Objects
import Registry
import Testing

struct EvictionTests {
  private static let budgets = "/apis/policy/v1/namespaces/g/poddisruptionbudgets"
  private static let eviction: JSON = ["metadata": ["name": "p"]]
  private static let success = Answer(
    code: 201,
    body: ["kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success", "code": 201])

  private static func cluster(
    isReady: Bool = true, status: JSON?, specification: JSON = [:]
  ) async -> Cluster {
    let cluster = Cluster()
    await cluster.runPod("p", labels: ["app": "a"], isReady: isReady)
    guard let status else { return cluster }
    var budget: JSON = ["metadata": ["name": "b"], "spec": specification]
    budget["spec", "selector"] = ["matchLabels": ["app": "a"]]
    budget["spec", "minAvailable"] = 1
    _ = await cluster.send("POST", budgets, json: budget)
    _ = await cluster.send("MERGE", budgets + "/b/status", json: ["status": status])
    return cluster
  }

  @Test func `without a budget a pod is marked and deleted`() async {
    let cluster = await Self.cluster(status: nil)
    #expect(await cluster.send("POST", pods + "/p/eviction", json: Self.eviction) == Self.success)
    let pod = await cluster.send("GET", pods + "/p")
    #expect(pod["metadata", "deletionGracePeriodSeconds"] == 30)
    #expect(
      pod["status", "conditions"]?.array?.last == [
        "type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI",
        "message": "Eviction API: evicting", "lastProbeTime": .null,
        "lastTransitionTime": "2026-01-01T00:00:00Z",
      ])
  }

  @Test func `a budget that has one left counts the pod`() async {
    let cluster = await Self.cluster(
      status: ["observedGeneration": 1, "disruptionsAllowed": 1, "currentHealthy": 2, "desiredHealthy": 1])
    #expect(
      await cluster.send("POST", pods + "/p/eviction", json: Self.eviction) { $0.dryRun = true }
        == Self.success)
    #expect(await cluster.send("GET", Self.budgets + "/b")["status", "disruptionsAllowed"] == 1)
    #expect(await cluster.send("POST", pods + "/p/eviction", json: Self.eviction) == Self.success)
    let budget = await cluster.send("GET", Self.budgets + "/b")
    #expect(budget["status", "disruptionsAllowed"] == 0)
    #expect(budget["status", "disruptedPods"] == ["p": "2026-01-01T00:00:00Z"])
    #expect(budget["status", "conditions"]?.array?.first?["reason"] == "InsufficientPods")
  }

  @Test(arguments: [
    (
      ["observedGeneration": 1, "disruptionsAllowed": 0, "currentHealthy": 1, "desiredHealthy": 1] as JSON, 0,
      "The disruption budget b needs 1 healthy pods and has 1 currently"
    ),
    (
      ["disruptionsAllowed": 1] as JSON, 10, "The disruption budget b is still being processed by the server."
    ),
  ])
  func `a budget that has none left refuses`(status: JSON, seconds: Int, cause: String) async {
    let cluster = await Self.cluster(status: status)
    var details: JSON = ["causes": [["reason": "DisruptionBudget", "message": .string(cause)]]]
    if seconds > 0 { details["retryAfterSeconds"] = .integer(Int64(seconds)) }
    #expect(
      await cluster.send("POST", pods + "/p/eviction", json: Self.eviction)
        == failure(
          429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.",
          details))
    #expect(await cluster.send("GET", pods + "/p")["metadata", "deletionTimestamp"] == nil)
  }

  @Test func `a pod that is not ready may go if there are enough others`() async {
    let cluster = await Self.cluster(
      isReady: false,
      status: ["observedGeneration": 1, "disruptionsAllowed": 0, "currentHealthy": 1, "desiredHealthy": 1])
    #expect(await cluster.send("POST", pods + "/p/eviction", json: Self.eviction) == Self.success)
    let other = await Self.cluster(
      isReady: false, status: ["observedGeneration": 1],
      specification: ["unhealthyPodEvictionPolicy": "AlwaysAllow"])
    #expect(await other.send("POST", pods + "/p/eviction", json: Self.eviction) == Self.success)
  }

  @Test func `a pod of two budgets is not evicted`() async {
    let cluster = await Self.cluster(status: ["observedGeneration": 1, "disruptionsAllowed": 1])
    _ = await cluster.send(
      "POST", Self.budgets,
      json: ["metadata": ["name": "c"], "spec": ["selector": [:], "maxUnavailable": 1]])
    let answer = await cluster.send("POST", pods + "/p/eviction", json: Self.eviction)
    #expect(answer.code == 500)
    #expect(answer["reason"] == "InternalError")
  }

  @Test func `the options of an eviction are those of the deletion`() async {
    let cluster = await Self.cluster(status: nil)
    var eviction = Self.eviction
    eviction["deleteOptions"] = ["preconditions": ["uid": "other"]]
    #expect(await cluster.send("POST", pods + "/p/eviction", json: eviction).code == 409)
    eviction["deleteOptions"] = ["gracePeriodSeconds": 7]
    #expect(await cluster.send("POST", pods + "/p/eviction", json: eviction) == Self.success)
    #expect(
      await cluster.send("GET", pods + "/p")["metadata", "deletionGracePeriodSeconds"] == 7)
  }

  @Test func `an eviction that does not fit is refused`() async {
    let cluster = Cluster()
    #expect(
      await cluster.send("POST", pods + "/p/eviction", json: Self.eviction)
        == failure(404, "NotFound", #"pods "p" not found"#, ["name": "p", "kind": "pods"]))
    #expect(
      await cluster.send("POST", pods + "/q/eviction", json: Self.eviction)
        == failure(400, "BadRequest", "name in URL does not match name in Eviction object"))
  }
}
