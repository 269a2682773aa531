import Objects
import Testing

@testable import Scheduler

@Suite struct NodeFilterTests {
  private static let selection = "node(s) didn't match Pod's node affinity/selector"

  struct AffinityCase: CustomTestStringConvertible {
    let name: String
    let pod: PodFixture
    let matches: Bool
    var testDescription: String { name }

    init(_ name: String, _ pod: PodFixture, _ matches: Bool) {
      self.name = name
      self.pod = pod
      self.matches = matches
    }

    /// A single expression on the label `rank`, which is 7 on the node, or on another.
    static func expression(_ operation: String, _ values: [String], key: String = "rank", _ matches: Bool)
      -> AffinityCase
    {
      let expression: JSON = [
        "key": .string(key), "operator": .string(operation), "values": .array(values.map { .string($0) }),
      ]
      return AffinityCase(
        "\(key) \(operation) \(values)",
        PodFixture("a").requiredNodeTerms(["matchExpressions": [expression]]), matches)
    }
  }

  static let affinityCases: [AffinityCase] = [
    .expression("In", ["6", "7"], true),
    .expression("In", ["6"], false),
    .expression("In", [], false),
    .expression("In", ["7"], key: "absent", false),
    .expression("NotIn", ["6"], true),
    .expression("NotIn", ["7"], false),
    .expression("NotIn", ["7"], key: "absent", true),
    .expression("Exists", [], true),
    .expression("Exists", [], key: "absent", false),
    .expression("DoesNotExist", [], false),
    .expression("DoesNotExist", [], key: "absent", true),
    .expression("Gt", ["6"], true),
    .expression("Gt", ["7"], false),
    .expression("Gt", ["six"], false),
    .expression("Gt", ["1", "2"], false),
    .expression("Gt", ["1"], key: "absent", false),
    .expression("Gt", ["1"], key: "disk", false),
    .expression("Lt", ["8"], true),
    .expression("Lt", ["7"], false),
    .expression("Like", ["7"], false),
    AffinityCase("selector", PodFixture("a").nodeSelector(["rank": "7", "disk": "ssd"]), true),
    AffinityCase(
      "selector, one label differs", PodFixture("a").nodeSelector(["rank": "7", "disk": "hdd"]), false),
    AffinityCase("no terms", PodFixture("a").requiredNodeTerms(), false),
    AffinityCase("an empty term", PodFixture("a").requiredNodeTerms([:]), false),
    AffinityCase(
      "one term of two",
      PodFixture("a").requiredNodeTerms(
        ["matchExpressions": [["key": "absent", "operator": "Exists"]]],
        ["matchExpressions": [["key": "disk", "operator": "Exists"]]]), true),
    AffinityCase(
      "both expressions of a term",
      PodFixture("a").requiredNodeTerms([
        "matchExpressions": [
          ["key": "absent", "operator": "Exists"], ["key": "disk", "operator": "Exists"],
        ]
      ]), false),
    AffinityCase(
      "selector and term",
      PodFixture("a").nodeSelector(["rank": "8"])
        .requiredNodeTerms(["matchExpressions": [["key": "disk", "operator": "Exists"]]]), false),
    AffinityCase(
      "by name",
      PodFixture("a").requiredNodeTerms(
        ["matchFields": [["key": "metadata.name", "operator": "In", "values": ["n", "m"]]]]), true),
    AffinityCase(
      "by name, not this",
      PodFixture("a").requiredNodeTerms(
        ["matchFields": [["key": "metadata.name", "operator": "NotIn", "values": ["n"]]]]), false),
  ]

  @Test(arguments: affinityCases) func nodeAffinity(_ test: AffinityCase) {
    let node = NodeFixture("n").label("rank", "7").label("disk", "ssd")
    #expect(verdicts(test.pod, nodes: [node]) == ["n": test.matches ? "ok" : Self.selection])
  }

  struct TaintCase: CustomTestStringConvertible {
    let name: String
    var effect = "NoSchedule"
    var value = "v"
    let toleration: JSON?
    let isTolerated: Bool
    var testDescription: String { name }
  }

  static let taintCases: [TaintCase] = [
    TaintCase(name: "none", toleration: nil, isTolerated: false),
    TaintCase(name: "none, evicting", effect: "NoExecute", toleration: nil, isTolerated: false),
    TaintCase(name: "none, soft", effect: "PreferNoSchedule", toleration: nil, isTolerated: true),
    TaintCase(
      name: "equal", toleration: ["key": "k", "value": "v", "effect": "NoSchedule"], isTolerated: true),
    TaintCase(
      name: "other value", toleration: ["key": "k", "operator": "Equal", "value": "w"], isTolerated: false),
    TaintCase(name: "other key", toleration: ["key": "l", "operator": "Exists"], isTolerated: false),
    TaintCase(name: "any value", toleration: ["key": "k", "operator": "Exists"], isTolerated: true),
    TaintCase(name: "any key", toleration: ["operator": "Exists"], isTolerated: true),
    TaintCase(
      name: "other effect", toleration: ["key": "k", "operator": "Exists", "effect": "NoExecute"],
      isTolerated: false),
    TaintCase(
      name: "unknown effect", toleration: ["operator": "Exists", "effect": "Never"], isTolerated: false),
    TaintCase(
      name: "unknown operator", toleration: ["key": "k", "operator": "Is", "value": "v"], isTolerated: false),
    TaintCase(
      name: "greater", value: "9", toleration: ["key": "k", "operator": "Gt", "value": "8"], isTolerated: true
    ),
    TaintCase(
      name: "not less", value: "9", toleration: ["key": "k", "operator": "Lt", "value": "8"],
      isTolerated: false),
    TaintCase(
      name: "no number", toleration: ["key": "k", "operator": "Gt", "value": "8"], isTolerated: false),
  ]

  @Test(arguments: taintCases) func taints(_ test: TaintCase) {
    let node = NodeFixture("n").taint("k", test.value, test.effect)
    let pod = PodFixture("a").tolerations(.array(test.toleration.map { [$0] } ?? []))
    #expect(
      verdicts(pod, nodes: [node]) == ["n": test.isTolerated ? "ok" : "node(s) had untolerated taint(s)"])
  }

  @Test func everyTaintNeedsItsToleration() {
    let node = NodeFixture("n").taint("k").taint("l")
    let pod = PodFixture("a").tolerations([["key": "k", "operator": "Exists"]])
    #expect(verdicts(pod, nodes: [node]) == ["n": "node(s) had untolerated taint(s)"])
  }

  @Test func cordonedNodes() {
    let node = NodeFixture("n").cordoned().taint("node.kubernetes.io/unschedulable")
    #expect(verdicts(PodFixture("a"), nodes: [node]) == ["n": "node(s) were unschedulable"])
    let pod = PodFixture("a").tolerations([["key": "node.kubernetes.io/unschedulable", "operator": "Exists"]])
    #expect(verdicts(pod, nodes: [node]) == ["n": "ok"])
  }

  struct PortCase: CustomTestStringConvertible {
    let used: PodFixture
    let wanted: PodFixture
    let isFree: Bool
    var testDescription: String { "\(used.info.hostPorts) \(wanted.info.hostPorts)" }
  }

  static let portCases: [PortCase] = [
    PortCase(used: PodFixture("u").hostPort(80), wanted: PodFixture("w").hostPort(80), isFree: false),
    PortCase(used: PodFixture("u").hostPort(80), wanted: PodFixture("w").hostPort(81), isFree: true),
    PortCase(
      used: PodFixture("u").hostPort(80), wanted: PodFixture("w").hostPort(80, protocol: "UDP"), isFree: true),
    PortCase(
      used: PodFixture("u").hostPort(80, address: "10.0.0.1"),
      wanted: PodFixture("w").hostPort(80, address: "10.0.0.2"), isFree: true),
    PortCase(
      used: PodFixture("u").hostPort(80, address: "10.0.0.1"),
      wanted: PodFixture("w").hostPort(80, address: "10.0.0.1"), isFree: false),
    PortCase(
      used: PodFixture("u").hostPort(80, address: "10.0.0.1"), wanted: PodFixture("w").hostPort(80),
      isFree: false),
    PortCase(
      used: PodFixture("u").hostPort(80, address: "0.0.0.0"),
      wanted: PodFixture("w").hostPort(80, address: "10.0.0.1"), isFree: false),
    PortCase(used: PodFixture("u"), wanted: PodFixture("w").hostPort(80), isFree: true),
    PortCase(used: PodFixture("u").hostPort(80), wanted: PodFixture("w"), isFree: true),
    PortCase(
      used: PodFixture("u").setting(
        [["restartPolicy": "Always", "ports": [["hostPort": 80, "protocol": "TCP"]]]], "spec",
        "initContainers"),
      wanted: PodFixture("w").hostPort(80), isFree: false),
    PortCase(
      used: PodFixture("u").setting([["ports": [["hostPort": 80]]]], "spec", "initContainers"),
      wanted: PodFixture("w").hostPort(80), isFree: true),
  ]

  @Test(arguments: portCases) func hostPorts(_ test: PortCase) {
    let expected = test.isFree ? "ok" : "node(s) didn't have free ports for the requested pod ports"
    #expect(verdicts(test.wanted, nodes: [NodeFixture("n")], pods: [test.used.on("n")]) == ["n": expected])
  }

  struct ResourceCase: CustomTestStringConvertible {
    let requests: [String: String]
    var used: [String: String] = [:]
    let verdict: String
    var isUnresolvable = false
    var testDescription: String { "\(requests) beside \(used)" }
  }

  static let resourceCases: [ResourceCase] = [
    ResourceCase(requests: ["cpu": "4", "memory": "8Gi"], verdict: "ok"),
    ResourceCase(requests: ["cpu": "4001m"], verdict: "Insufficient cpu", isUnresolvable: true),
    ResourceCase(requests: ["cpu": "3"], used: ["cpu": "1001m"], verdict: "Insufficient cpu"),
    ResourceCase(requests: ["cpu": "0"], used: ["cpu": "9"], verdict: "ok"),
    ResourceCase(
      requests: ["cpu": "2", "memory": "5Gi"], used: ["cpu": "3", "memory": "4Gi"],
      verdict: "Insufficient cpu, Insufficient memory"),
    ResourceCase(
      requests: ["ephemeral-storage": "1"], verdict: "Insufficient ephemeral-storage", isUnresolvable: true),
    ResourceCase(requests: ["example.com/gpu": "2"], verdict: "ok"),
    ResourceCase(
      requests: ["example.com/gpu": "1"], used: ["example.com/gpu": "2"],
      verdict: "Insufficient example.com/gpu"),
    ResourceCase(
      requests: ["example.com/fpga": "1", "example.com/gpu": "3"],
      verdict: "Insufficient example.com/fpga, Insufficient example.com/gpu", isUnresolvable: true),
  ]

  @Test(arguments: resourceCases) func resources(_ test: ResourceCase) {
    let node = NodeFixture("n").allocatable("example.com/gpu", "2")
    let used = PodFixture("u").requests(test.used).on("n")
    let pod = PodFixture("a").requests(test.requests)
    #expect(verdicts(pod, nodes: [node], pods: [used]) == ["n": test.verdict])
    var state = ClusterState()
    state.setNode(node.info)
    state.addPod(used.info, node: "n")
    let rejection = NodeResourcesFit.rejection(of: pod.info, slot: 0, state: state)
    #expect((rejection?.isUnresolvable ?? false) == test.isUnresolvable)
  }

  @Test func theNumberOfPodsIsBounded() {
    let node = NodeFixture("n", cpu: "1", pods: "1")
    let used = PodFixture("u").on("n")
    #expect(verdicts(PodFixture("a"), nodes: [node]) == ["n": "ok"])
    #expect(verdicts(PodFixture("a"), nodes: [node], pods: [used]) == ["n": "Too many pods"])
    #expect(
      verdicts(PodFixture("a").requests(["cpu": "2"]), nodes: [node], pods: [used])
        == ["n": "Too many pods, Insufficient cpu"])
  }

  @Test func moreExtendedResourcesThanReasonsHaveBits() {
    let names = (100..<200).map { "example.com/r\($0)" }
    let pod = PodFixture("a").requests(Dictionary(uniqueKeysWithValues: names.map { ($0, "1") }))
    let verdict = verdicts(pod, nodes: [NodeFixture("n")])["n"] ?? ""
    #expect(verdict.hasPrefix("Insufficient example.com/r100, ") && verdict.hasSuffix("example.com/r199"))
  }
}
