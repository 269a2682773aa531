import Objects
import Testing

@testable import Scheduler

@Suite struct NodeScoreTests {
  /// What every node gets for its taints if there are none.
  private static let untainted: Int64 = 300

  struct ResourceCase: CustomTestStringConvertible {
    let name: String
    var requests = ["cpu": "1", "memory": "2Gi"]
    var used: [String: String] = ["cpu": "0", "memory": "0"]
    /// Least allocated, and balanced allocation.
    let scores: (Int64, Int64)
    var testDescription: String { name }
  }

  static let resourceCases: [ResourceCase] = [
    ResourceCase(name: "a quarter of an empty node", scores: (75, 75)),
    ResourceCase(name: "all of it", requests: ["cpu": "4", "memory": "8Gi"], scores: (0, 75)),
    ResourceCase(name: "half used before", used: ["cpu": "2", "memory": "4Gi"], scores: (25, 75)),
    // Shares of a half and none: deviation 0.25.
    ResourceCase(name: "CPU alone", requests: ["cpu": "2", "memory": "0"], scores: (75, 62)),
    // It evens out what was uneven: 75 before, 100 after.
    ResourceCase(
      name: "what balances", requests: ["cpu": "2", "memory": "0"], used: ["cpu": "0", "memory": "4Gi"],
      scores: (50, 87)),
    // Nothing asked for: 100m and 200Mi are assumed, balance does not matter.
    ResourceCase(name: "nothing", requests: [:], scores: (97, 0)),
  ]

  @Test(arguments: resourceCases) func resources(_ test: ResourceCase) {
    let used = PodFixture("u").requests(test.used).on("n")
    let found = scores(PodFixture("a").requests(test.requests), nodes: [NodeFixture("n")], pods: [used])
    #expect(found["n"] == Self.untainted + test.scores.0 + test.scores.1)
  }

  @Test func softTaints() {
    let nodes = [
      NodeFixture("none"), NodeFixture("one").taint("k", "", "PreferNoSchedule"),
      NodeFixture("two").taint("k", "", "PreferNoSchedule").taint("l", "", "PreferNoSchedule"),
    ]
    let pod = PodFixture("a").requests(["cpu": "0", "memory": "0"])
    #expect(scores(pod, nodes: nodes) == ["none": 400, "one": 250, "two": 100])
    let tolerant = pod.tolerations([["key": "k", "operator": "Exists"]])
    #expect(scores(tolerant, nodes: nodes) == ["none": 400, "one": 400, "two": 100])
  }

  @Test func preferredNodeAffinity() {
    let nodes = [
      NodeFixture("both").label("disk", "ssd").label("rank", "1"), NodeFixture("ssd").label("disk", "ssd"),
      NodeFixture("neither"),
    ]
    let pod = PodFixture("a").requests(["cpu": "0", "memory": "0"]).setting(
      [
        [
          "weight": 30,
          "preference": ["matchExpressions": [["key": "disk", "operator": "In", "values": ["ssd"]]]],
        ],
        ["weight": 10, "preference": ["matchExpressions": [["key": "rank", "operator": "Exists"]]]],
        ["weight": 100, "preference": [:]],
      ], "spec", "affinity", "nodeAffinity", "preferredDuringSchedulingIgnoredDuringExecution")
    #expect(scores(pod, nodes: nodes) == ["both": 600, "ssd": 550, "neither": 400])
  }

  @Test func images() {
    func having(_ node: NodeFixture, _ image: String, _ megabytes: Int64) -> NodeFixture {
      node.setting([["names": [.string(image)], "sizeBytes": .integer(megabytes << 20)]], "status", "images")
    }
    let nodes = [
      having(NodeFixture("has"), "app:latest", 1000), having(NodeFixture("small"), "app:latest", 40),
      having(NodeFixture("other"), "web:1", 1000), NodeFixture("none"),
    ]
    let pod = PodFixture("a").containers([
      ["image": "app", "resources": ["requests": ["cpu": "0", "memory": "0"]]]
    ])
    // Half of the nodes have it: half its size counts, 500 of 23 to 1000.
    #expect(scores(pod, nodes: nodes) == ["has": 448, "small": 400, "other": 400, "none": 400])
  }

  @Test func imageNamesMeanATag() {
    #expect(PodInfo.fullImageName("app") == "app:latest")
    #expect(PodInfo.fullImageName("registry:5000/app") == "registry:5000/app:latest")
    #expect(PodInfo.fullImageName("registry:5000/app:1") == "registry:5000/app:1")
    #expect(PodInfo.fullImageName("app@sha256:00") == "app@sha256:00")
  }

  @Test func equalsAreChosenByChance() {
    func chosen(seed: UInt64) -> [String] {
      var bench = Bench(seed: seed, nodes: (0..<4).map { NodeFixture("n\($0)", cpu: "64", memory: "640Gi") })
      return (0..<40).map { number in
        let pod = PodFixture("p\(number)").requests(["cpu": "0", "memory": "0"])
        bench.add(pod)
        let decision = bench.decide() ?? ""
        return String(decision.split(separator: " ").last ?? "")
      }
    }
    #expect(chosen(seed: 1) == chosen(seed: 1))
    #expect(chosen(seed: 1) != chosen(seed: 2))
    #expect(Set(chosen(seed: 1)) == ["n0", "n1", "n2", "n3"])
  }
}
