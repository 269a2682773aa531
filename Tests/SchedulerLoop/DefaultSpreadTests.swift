import Objects
import Testing

@testable import SchedulerLoop

private func service(_ selector: JSON) -> JSON { ["spec": ["selector": selector]] }

private func pod(_ labels: JSON) -> JSON { ["metadata": ["labels": labels]] }

private func replicaSet(_ labels: JSON, _ expressions: JSON = []) -> JSON {
  [
    "kind": "ReplicaSet",
    "spec": ["selector": ["matchLabels": labels, "matchExpressions": expressions]],
  ]
}

@Suite struct DefaultSpreadTests {
  @Test(arguments: [
    (pod(["a": "1"]), [JSON](), [JSON](), [JSON]()),
    (pod(["a": "1"]), [service(["a": "2"]), service([:])], [], []),
    (
      pod(["a": "1", "b": "2"]), [service(["a": "1"]), service(["b": "2"])], [],
      [["matchLabels": ["a": "1", "b": "2"]]]
    ),
    (
      pod(["a": "1"]), [service(["a": "1"])], [replicaSet(["h": "x"])],
      [["matchLabels": ["a": "1", "h": "x"]]]
    ),
    (
      pod(["a": "1"]), [], [replicaSet([:], [["key": "k", "operator": "Exists"]])],
      [["matchLabels": [:], "matchExpressions": [["key": "k", "operator": "Exists"]]]]
    ),
    (
      pod(["a": "1"]), [], [["kind": "ReplicationController", "spec": ["selector": ["a": "1"]]]],
      [["matchLabels": ["a": "1"]]]
    ),
    (pod(["a": "1"]), [], [["kind": "Job", "spec": ["selector": ["matchLabels": ["a": "1"]]]]], []),
  ])
  func `pods are spread by their services and their owner`(
    pod: JSON, services: [JSON], owner: [JSON], selector: [JSON]
  ) {
    #expect(DefaultSpread.selector(pod, services: services, owner: owner.first) == selector.first)
  }

  @Test func `only a controller with a selector counts as owner`() {
    func owner(_ reference: JSON) -> String? {
      DefaultSpread.owner(of: ["metadata": ["ownerReferences": [reference]]]).map { "\($0.kind)/\($0.name)" }
    }
    let set: JSON = ["apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "s", "controller": true]
    var other = set
    other["controller"] = nil
    var foreign = set
    foreign["apiVersion"] = "example.com/v1"
    #expect(owner(set) == "ReplicaSet/s")
    #expect(owner(other) == nil)
    #expect(owner(foreign) == nil)
  }
}
