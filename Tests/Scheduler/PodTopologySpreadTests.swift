import Objects
import Testing

@testable import Scheduler

@Suite struct PodTopologySpreadTests {
  private static let skewed = "node(s) didn't match pod topology spread constraints"
  private static let unlabelled =
    "node(s) didn't match pod topology spread constraints (missing required label)"
  private static let host = "kubernetes.io/hostname"
  private static let web = PodFixture("web").labels(["app": "web"])

  private static func pods(_ nodes: String...) -> [PodFixture] {
    nodes.enumerated().map { web.uid("\($0)").on($1) }
  }

  private static let nodes = [
    NodeFixture("a1").zone("a"), NodeFixture("a2").zone("a"), NodeFixture("b1").zone("b"),
    NodeFixture("none"),
  ]

  struct Case: CustomTestStringConvertible {
    let name: String
    let pod: PodFixture
    var pods: [PodFixture] = []
    var nodes = PodTopologySpreadTests.nodes
    /// Of the nodes in their order.
    let verdicts: [String]
    var testDescription: String { name }
  }

  static let cases: [Case] = [
    Case(name: "no pods", pod: web.spread(constraint("web")), verdicts: ["ok", "ok", "ok", unlabelled]),
    Case(
      name: "one in zone a", pod: web.spread(constraint("web")), pods: pods("a1"),
      verdicts: [skewed, skewed, "ok", unlabelled]),
    Case(
      name: "one in each zone", pod: web.spread(constraint("web")), pods: pods("a1", "b1"),
      verdicts: ["ok", "ok", "ok", unlabelled]),
    Case(
      name: "more skew allowed", pod: web.spread(constraint("web", skew: 2)), pods: pods("a1"),
      verdicts: ["ok", "ok", "ok", unlabelled]),
    Case(
      name: "a preference only", pod: web.spread(constraint("web", when: "ScheduleAnyway")), pods: pods("a1"),
      verdicts: ["ok", "ok", "ok", "ok"]),
    Case(
      name: "the pod itself does not match", pod: web.spread(constraint("db")),
      pods: [PodFixture("db").labels(["app": "db"]).on("a1")], verdicts: ["ok", "ok", "ok", unlabelled]),
    Case(
      name: "other namespaces do not count", pod: web.spread(constraint("web")),
      pods: [PodFixture("web", namespace: "other").labels(["app": "web"]).on("a1")],
      verdicts: ["ok", "ok", "ok", unlabelled]),
    Case(
      name: "terminating pods do not count", pod: web.spread(constraint("web")),
      pods: pods("a1").map { $0.terminating() }, verdicts: ["ok", "ok", "ok", unlabelled]),
    Case(
      name: "pods on nodes without the label do not count", pod: web.spread(constraint("web")),
      pods: pods("none"),
      verdicts: ["ok", "ok", "ok", unlabelled]),
    Case(
      name: "an absent selector matches nothing",
      pod: web.spread(["topologyKey": .string(host), "maxSkew": 1, "whenUnsatisfiable": "DoNotSchedule"]),
      pods: pods("a1", "a1"), verdicts: ["ok", "ok", "ok", "ok"]),
    Case(
      name: "two constraints", pod: web.spread(constraint("web"), constraint("web", host)),
      pods: pods("a1", "b1", "b1"),
      verdicts: [skewed, "ok", skewed, unlabelled]),
    Case(
      name: "with two keys, nodes that lack one do not count",
      pod: web.spread(constraint("web", host), constraint("web")),
      pods: pods("a1", "a2", "b1"), verdicts: [skewed, skewed, "ok", unlabelled]),
    Case(
      name: "fewer domains than wanted", pod: web.spread(constraint("web", and: ["minDomains": 3])),
      pods: pods("a1", "b1"),
      verdicts: [skewed, skewed, skewed, unlabelled]),
    Case(
      name: "as many domains as wanted", pod: web.spread(constraint("web", and: ["minDomains": 2])),
      pods: pods("a1", "b1"),
      verdicts: ["ok", "ok", "ok", unlabelled]),
    Case(
      name: "matchLabelKeys",
      pod: web.labels(["app": "web", "hash": "2"])
        .spread(constraint("web", and: ["matchLabelKeys": ["hash"]])),
      pods: pods("a1").map { $0.labels(["app": "web", "hash": "1"]) },
      verdicts: ["ok", "ok", "ok", unlabelled]),
    Case(
      name: "nodes that the selector rules out do not count",
      pod: web.nodeSelector(["disk": "ssd"]).spread(constraint("web")), pods: pods("a"),
      nodes: [NodeFixture("a").zone("a").label("disk", "ssd"), NodeFixture("b").zone("b")],
      verdicts: ["ok", "node(s) didn't match Pod's node affinity/selector"]),
    Case(
      name: "unless the constraint ignores that",
      pod: web.nodeSelector(["disk": "ssd"]).spread(constraint("web", and: ["nodeAffinityPolicy": "Ignore"])),
      pods: pods("a"), nodes: [NodeFixture("a").zone("a").label("disk", "ssd"), NodeFixture("b").zone("b")],
      verdicts: [skewed, "node(s) didn't match Pod's node affinity/selector"]),
    Case(
      name: "tainted nodes count", pod: web.spread(constraint("web")), pods: pods("a"),
      nodes: [NodeFixture("a").zone("a"), NodeFixture("b").zone("b").taint("k")],
      verdicts: [skewed, "node(s) had untolerated taint(s)"]),
    Case(
      name: "unless the constraint honors taints",
      pod: web.spread(constraint("web", and: ["nodeTaintsPolicy": "Honor"])), pods: pods("a"),
      nodes: [NodeFixture("a").zone("a"), NodeFixture("b").zone("b").taint("k")],
      verdicts: ["ok", "node(s) had untolerated taint(s)"]),
    Case(
      name: "pods on nodes that do not count do not count",
      pod: web.spread(constraint("web", and: ["nodeTaintsPolicy": "Honor"])), pods: pods("a"),
      nodes: [
        NodeFixture("a").zone("a").taint("k"), NodeFixture("a2").zone("a"), NodeFixture("b").zone("b"),
      ],
      verdicts: ["node(s) had untolerated taint(s)", "ok", "ok"]),
  ]

  @Test(arguments: cases) func filter(_ test: Case) {
    let found = verdicts(test.pod, nodes: test.nodes, pods: test.pods)
    #expect(test.nodes.map { found[$0.info.name] } == test.verdicts)
  }

  /// Spread by itself, over three zones: 100 for the emptiest, less the more crowded.
  @Test func preference() {
    let nodes = [NodeFixture("a").zone("a"), NodeFixture("b").zone("b"), NodeFixture("c").zone("c")]
    func idle(_ pod: PodFixture) -> PodFixture {
      pod.containers([["resources": ["requests": ["cpu": "0", "memory": "0"]]]])
    }
    let pod = idle(Self.web.spread(constraint("web", when: "ScheduleAnyway")))
    let none = scores(pod, nodes: nodes)
    #expect(Set(none.values).count == 1)
    let found = scores(pod, nodes: nodes, pods: Self.pods("a", "a", "b").map(idle))
    // By the logarithm of three domains and two, 1.609: a counts 3, b 2, c nothing.
    let plain = (none["c"] ?? 0) - 2 * 100
    #expect(found["a"] == plain + 2 * 0)
    #expect(found["b"] == plain + 2 * 33)
    #expect(found["c"] == plain + 2 * 100)
  }

  @Test func preferenceForHosts() {
    let nodes = [NodeFixture("a"), NodeFixture("b").cordoned()]
    let pod = Self.web.spread(constraint("web", Self.host, when: "ScheduleAnyway"))
    let found = scores(pod, nodes: nodes, pods: Self.pods("a"))
    #expect(found["b"]! > found["a"]!)
  }

  @Test func nodesWithoutTheLabelGetNothing() {
    let nodes = [NodeFixture("a").zone("a"), NodeFixture("none")]
    let found = scores(Self.web.spread(constraint("web", when: "ScheduleAnyway")), nodes: nodes)
    #expect(found["a"]! - found["none"]! == 200)
  }

  @Test func podsOfAWorkloadAreSpreadByDefault() {
    let nodes = [NodeFixture("a").zone("a"), NodeFixture("b").zone("b"), NodeFixture("none")]
    let selector: JSON = ["matchLabels": ["app": "web"]]
    let pod = PodInfo(Self.web.json, defaultSpreadSelector: selector)!
    #expect(pod.spreadConstraints.map(\.topologyKey) == [Self.host, "topology.kubernetes.io/zone"])
    let found = scores(pod, nodes: nodes, pods: Self.pods("a"))
    #expect(found["b"]! > found["a"]!)
    // Nodes without a zone are not left out.
    #expect(found["none"]! > found["a"]!)
    let own = PodInfo(Self.web.spread(constraint("web")).json, defaultSpreadSelector: selector)!
    #expect(own.spreadConstraints.count == 1)
    #expect(!own.hasDefaultSpread)
  }
}
