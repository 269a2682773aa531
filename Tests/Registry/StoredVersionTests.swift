import Exchange
import Objects
import Registry
import Testing

struct StoredVersionTests {
  private static let events = "/apis/events.k8s.io/v1/namespaces/g/events"
  private static let coreEvents = "/api/v1/namespaces/g/events"
  private static let first = "/apis/autoscaling/v1/namespaces/g/horizontalpodautoscalers"
  private static let second = "/apis/autoscaling/v2/namespaces/g/horizontalpodautoscalers"

  @Test func `events of both groups are the same`() async {
    let cluster = Cluster()
    let made = await cluster.send(
      "POST", Self.events,
      json: [
        "metadata": ["name": "e"], "eventTime": "2026-01-01T00:00:00.000000Z", "type": "Normal",
        "reason": "Scheduled", "action": "Binding", "note": "n", "reportingController": "c",
        "reportingInstance": "i", "regarding": ["kind": "Pod", "namespace": "g", "name": "p"],
      ])
    #expect(made.code == 201)
    #expect(made["apiVersion"] == "events.k8s.io/v1")
    #expect(made["note"] == "n")
    let core = await cluster.send("GET", Self.coreEvents + "/e")
    #expect(core["apiVersion"] == "v1")
    #expect(core["message"] == "n")
    #expect(core["involvedObject"] == ["kind": "Pod", "namespace": "g", "name": "p"])
    #expect(core["reportingComponent"] == "c")
    #expect(core["note"] == nil)
    let patched = await cluster.send("MERGE", Self.events + "/e", json: ["note": "m"])
    #expect(patched["note"] == "m")
    #expect(patched["metadata", "managedFields"]?.array?.map { $0["apiVersion"] } == ["events.k8s.io/v1"])
    #expect(await cluster.send("GET", Self.coreEvents + "/e")["message"] == "m")
    #expect(await cluster.send("GET", Self.events + "/e") == Answer(code: 200, body: patched.body))
    #expect(await cluster.send("DELETE", Self.events + "/e").code == 200)
    #expect(await cluster.send("GET", Self.coreEvents + "/e").code == 404)
  }

  @Test func `an autoscaler of the first version keeps what only the second can say`() async {
    let cluster = Cluster()
    let memory: JSON = [
      "type": "Resource",
      "resource": ["name": "memory", "target": ["type": "Utilization", "averageUtilization": 50]],
    ]
    func processor(_ percentage: JSON) -> JSON {
      [
        "type": "Resource",
        "resource": ["name": "cpu", "target": ["type": "Utilization", "averageUtilization": percentage]],
      ]
    }
    let made = await cluster.send(
      "POST", Self.second,
      json: [
        "metadata": ["name": "h"],
        "spec": [
          "maxReplicas": 3, "metrics": [memory, processor(80)],
          "scaleTargetRef": ["apiVersion": "apps/v1", "kind": "Deployment", "name": "d"],
        ],
      ])
    #expect(made.code == 201)
    let seen = await cluster.send("GET", Self.first + "/h")
    #expect(seen["spec", "targetCPUUtilizationPercentage"] == 80)
    #expect(seen["spec", "metrics"] == nil)
    let patched = await cluster.send(
      "MERGE", Self.first + "/h", json: ["spec": ["targetCPUUtilizationPercentage": 60]])
    #expect(patched["spec", "targetCPUUtilizationPercentage"] == 60)
    #expect(await cluster.send("GET", Self.second + "/h")["spec", "metrics"] == [memory, processor(60)])
  }
}
