import Objects
import Testing

@testable import SchedulerLoop

private func service(_ selector: JSON) -> JSON { ["spec": ["selector": selector]] }

private func replicaSet(_ labels: JSON, _ expressions: JSON = []) -> JSON {
  [
    "kind": "ReplicaSet",
    "spec": ["selector": ["matchLabels": labels, "matchExpressions": expressions]],
  ]
}

@Suite struct DefaultSpreadTests {
  private struct Case: Sendable {
    var services: [JSON] = []
    var owner: JSON?
    var selector: JSON?
  }

  private static let cases = [
    Case(),
    Case(services: [service(["a": "2"]), service([:])]),
    Case(
      services: [service(["a": "1"]), service(["b": "2"])], selector: ["matchLabels": ["a": "1", "b": "2"]]),
    Case(
      services: [service(["a": "1"])], owner: replicaSet(["h": "x"]),
      selector: ["matchLabels": ["a": "1", "h": "x"]]),
    Case(
      services: [service(["a": "1"])], owner: replicaSet(["a": "3"]),
      selector: [
        "matchLabels": ["a": "1"],
        "matchExpressions": [["key": "a", "operator": "In", "values": ["3"]]],
      ]),
    Case(
      owner: replicaSet([:], [["key": "k", "operator": "Exists"]]),
      selector: ["matchLabels": [:], "matchExpressions": [["key": "k", "operator": "Exists"]]]),
    Case(
      owner: ["kind": "ReplicationController", "spec": ["selector": ["a": "1"]]],
      selector: ["matchLabels": ["a": "1"]]),
    Case(owner: ["kind": "Job", "spec": ["selector": ["matchLabels": ["a": "1"]]]]),
  ]

  @Test(arguments: cases)
  private func `pods are spread by their services and their owner`(_ test: Case) {
    let pod: JSON = ["metadata": ["labels": ["a": "1", "b": "2"]]]
    #expect(DefaultSpread.selector(pod, services: test.services, owner: test.owner) == test.selector)
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
