import Objects
import Testing

@testable import Scheduler

@Suite struct InterPodAffinityTests {
  private static let affinity = "node(s) didn't match pod affinity rules"
  private static let antiAffinity = "node(s) didn't match pod anti-affinity rules"
  private static let existing = "node(s) didn't satisfy existing pods anti-affinity rules"
  private static let host = "kubernetes.io/hostname"

  /// Two nodes in zone a, one in zone b, one without a zone.
  private static let nodes = [
    NodeFixture("a1").zone("a"), NodeFixture("a2").zone("a"), NodeFixture("b1").zone("b"),
    NodeFixture("none"),
  ]

  private static let web = PodFixture("web").labels(["app": "web"])
  private static let db = PodFixture("db").labels(["app": "db"])

  struct Case: CustomTestStringConvertible {
    let name: String
    let pod: PodFixture
    var pods: [PodFixture] = []
    var namespaces: [String: [String: String]] = [:]
    /// Of the nodes a1, a2, b1 and the one without a zone.
    let verdicts: [String]
    var testDescription: String { name }
  }

  static let cases: [Case] = [
    Case(
      name: "affinity to a zone", pod: web.affinity(term("db")), pods: [db.on("a1")],
      verdicts: ["ok", "ok", affinity, affinity]),
    Case(
      name: "affinity to a host", pod: web.affinity(term("db", host)), pods: [db.on("a1")],
      verdicts: ["ok", affinity, affinity, affinity]),
    Case(
      name: "affinity to nobody", pod: web.affinity(term("db")),
      verdicts: [affinity, affinity, affinity, affinity]),
    Case(
      name: "the first of its kind", pod: web.affinity(term("web")), verdicts: ["ok", "ok", "ok", affinity]),
    Case(
      name: "the second of its kind", pod: web.affinity(term("web")), pods: [web.uid("1").on("b1")],
      verdicts: [affinity, affinity, "ok", affinity]),
    Case(
      name: "the first, as its kind is in another namespace", pod: web.affinity(term("web")),
      pods: [PodFixture("web", namespace: "other").labels(["app": "web"]).on("b1")],
      verdicts: ["ok", "ok", "ok", affinity]),
    Case(
      name: "a pod must match all terms", pod: web.affinity(term("db"), term("sql", host)),
      pods: [db.labels(["app": "db", "kind": "sql"]).on("a1")],
      verdicts: [affinity, affinity, affinity, affinity]),
    Case(
      name: "two terms",
      pod: web.affinity(
        term("db"), ["labelSelector": ["matchLabels": ["kind": "sql"]], "topologyKey": .string(host)]),
      pods: [db.labels(["app": "db", "kind": "sql"]).on("a1")],
      verdicts: ["ok", affinity, affinity, affinity]),
    Case(
      name: "anti-affinity in a zone", pod: web.antiAffinity(term("db")), pods: [db.on("a1")],
      verdicts: [antiAffinity, antiAffinity, "ok", "ok"]),
    Case(
      name: "anti-affinity on a host", pod: web.antiAffinity(term("web", host)),
      pods: [web.uid("1").on("a1")],
      verdicts: [antiAffinity, "ok", "ok", "ok"]),
    Case(
      name: "either term of an anti-affinity", pod: web.antiAffinity(term("db", host), term("mq")),
      pods: [db.on("a1"), PodFixture("mq").labels(["app": "mq"]).on("b1")],
      verdicts: [antiAffinity, "ok", antiAffinity, "ok"]),
    Case(
      name: "the anti-affinity of a pod that is there", pod: web,
      pods: [db.antiAffinity(term("web")).on("a2")],
      verdicts: [existing, existing, "ok", "ok"]),
    Case(
      name: "that of a pod in another namespace", pod: web,
      pods: [PodFixture("db", namespace: "other").antiAffinity(term("web")).on("a2")],
      verdicts: ["ok", "ok", "ok", "ok"]),
    Case(
      name: "that of a pod on a node without the topology", pod: web,
      pods: [db.antiAffinity(term("web")).on("none")],
      verdicts: ["ok", "ok", "ok", "ok"]),
    Case(
      name: "that of a pod on a node that is gone", pod: web, pods: [db.antiAffinity(term("web")).on("gone")],
      verdicts: ["ok", "ok", "ok", "ok"]),
    Case(
      name: "named namespaces", pod: web.antiAffinity(term("db", host, ["namespaces": ["other"]])),
      pods: [db.on("a1"), PodFixture("db", namespace: "other").labels(["app": "db"]).on("a2")],
      verdicts: ["ok", antiAffinity, "ok", "ok"]),
    Case(
      name: "namespaces by label",
      pod: web.antiAffinity(
        term("db", host, ["namespaceSelector": ["matchLabels": ["team": "x"]]])),
      pods: [db.on("a1"), PodFixture("db", namespace: "other").labels(["app": "db"]).on("a2")],
      namespaces: ["default": ["team": "y"], "other": ["team": "x"]],
      verdicts: ["ok", antiAffinity, "ok", "ok"]),
    Case(
      name: "every namespace", pod: web.antiAffinity(term("db", host, ["namespaceSelector": [:]])),
      pods: [db.on("a1"), PodFixture("db", namespace: "other").labels(["app": "db"]).on("a2")],
      verdicts: [antiAffinity, antiAffinity, "ok", "ok"]),
    Case(
      name: "an absent selector matches nothing", pod: web.antiAffinity(["topologyKey": .string(host)]),
      pods: [db.on("a1")], verdicts: ["ok", "ok", "ok", "ok"]),
    Case(
      name: "an empty selector matches everything",
      pod: web.antiAffinity(["topologyKey": .string(host), "labelSelector": [:]]), pods: [db.on("a1")],
      verdicts: [antiAffinity, "ok", "ok", "ok"]),
    Case(
      name: "matchLabelKeys",
      pod: web.labels(["app": "web", "hash": "2"])
        .antiAffinity(term("web", host, ["matchLabelKeys": ["hash", "absent"]])),
      pods: [
        web.uid("1").labels(["app": "web", "hash": "1"]).on("a1"),
        web.uid("2").labels(["app": "web", "hash": "2"]).on("a2"),
      ], verdicts: ["ok", antiAffinity, "ok", "ok"]),
    Case(
      name: "mismatchLabelKeys",
      pod: web.labels(["app": "web", "tenant": "2"])
        .antiAffinity(term("web", host, ["mismatchLabelKeys": ["tenant"]])),
      pods: [
        web.uid("1").labels(["app": "web", "tenant": "1"]).on("a1"),
        web.uid("2").labels(["app": "web", "tenant": "2"]).on("a2"),
      ], verdicts: [antiAffinity, "ok", "ok", "ok"]),
  ]

  @Test(arguments: cases) func filter(_ test: Case) {
    let found = verdicts(test.pod, nodes: Self.nodes, pods: test.pods, namespaces: test.namespaces)
    #expect(["a1", "a2", "b1", "none"].map { found[$0] } == test.verdicts)
  }

  struct ScoreCase: CustomTestStringConvertible {
    let name: String
    let pod: PodFixture
    let pods: [PodFixture]
    /// How much more than b1 the nodes a1 and a2 get, already weighted.
    let advantage: [Int64]
    var testDescription: String { name }
  }

  static let scoreCases: [ScoreCase] = [
    ScoreCase(name: "nothing preferred", pod: web, pods: [db.on("a1")], advantage: [0, 0]),
    ScoreCase(
      name: "preferred affinity", pod: web.preferring(10, term("db")), pods: [db.on("a1")],
      advantage: [200, 200]),
    ScoreCase(
      name: "preferred anti-affinity", pod: web.preferring(-10, term("db", host)), pods: [db.on("a1")],
      advantage: [-200, 0]),
    ScoreCase(
      name: "twice as much on one host", pod: web.preferring(10, term("db", host)),
      pods: [db.on("a1"), db.uid("2").on("a1"), db.uid("3").on("a2")], advantage: [200, 100]),
    ScoreCase(
      name: "the pod is preferred by one that is there", pod: web,
      pods: [db.preferring(5, term("web")).on("a1")],
      advantage: [200, 200]),
    ScoreCase(
      name: "the pod is shunned by one that is there", pod: web,
      pods: [db.preferring(-5, term("web", host)).on("a2")],
      advantage: [0, -200]),
    ScoreCase(
      name: "the pod satisfies what one that is there demands", pod: web,
      pods: [db.affinity(term("web")).on("a1")],
      advantage: [200, 200]),
  ]

  @Test(arguments: scoreCases) func score(_ test: ScoreCase) {
    // The pods ask for nothing, but are assumed to need something where they are: that is taken off again.
    let idle = PodFixture("idle").requests(["cpu": "0", "memory": "0"])
    func withoutRequests(_ pod: PodFixture) -> PodFixture {
      pod.containers(idle.json["spec", "containers"] ?? [])
    }
    let found = scores(
      withoutRequests(test.pod), nodes: Array(Self.nodes.prefix(3)), pods: test.pods.map(withoutRequests))
    #expect(["a1", "a2"].map { (found[$0] ?? 0) - (found["b1"] ?? 0) } == test.advantage)
  }
}
