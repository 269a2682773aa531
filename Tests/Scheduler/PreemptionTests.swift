import Objects
import Testing

@testable import Scheduler

@Suite struct PreemptionTests {
  private static func pod(_ name: String, _ priority: Int64, cpu: String) -> PodFixture {
    PodFixture(name).priority(priority).requests(["cpu": cpu])
  }

  /// What the pod `p` of priority 10 and 3 CPUs makes of this: the node, and its victims.
  private static func outcome(
    nodes: [NodeFixture], pods: [PodFixture], budgets: [JSON] = [],
    pod: PodFixture = pod("p", 10, cpu: "3")
  ) -> (node: String?, victims: [String]) {
    var bench = Bench(nodes: nodes)
    bench.core.handle(.disruptionBudgets(budgets.map { DisruptionBudget($0) }), now: .zero)
    bench.add(pods)
    bench.add(pod)
    let before = bench.core.state.summary(topologyKeys: [])
    _ = bench.decide()
    var after = bench.core.state.summary(topologyKeys: [])
    for name in after.nodes.keys { after.nodes[name]?.forgetNominations() }
    #expect(after == before)
    guard let failure = bench.failure, case .node(let node) = failure.nomination else { return (nil, []) }
    return (node, failure.victims.map(\.name))
  }

  @Test func onlyAsManyAsNeededGo() {
    let found = Self.outcome(
      nodes: [NodeFixture("n")],
      pods: [
        Self.pod("a", 1, cpu: "1").on("n"), Self.pod("b", 2, cpu: "1").on("n"),
        Self.pod("c", 3, cpu: "2").on("n"),
      ])
    #expect(found.node == "n")
    // Back come those that leave 3 CPUs free, the most important first: c does not fit, b does, a then no more.
    #expect(found.victims == ["c", "a"])
  }

  @Test func equalsAndBettersStay() {
    let found = Self.outcome(
      nodes: [NodeFixture("n")],
      pods: [Self.pod("a", 10, cpu: "2").on("n"), Self.pod("b", 1, cpu: "1").on("n")])
    #expect(found.node == nil)
  }

  struct ChoiceCase: CustomTestStringConvertible {
    let name: String
    let pods: [PodFixture]
    var budgets: [JSON] = []
    let victims: [String]
    var testDescription: String { name }
  }

  /// Each on a node of its own, or on those with the same letter.
  static let choiceCases: [ChoiceCase] = [
    ChoiceCase(
      name: "the least important", pods: [pod("a", 5, cpu: "4").on("x"), pod("b", 3, cpu: "4").on("y")],
      victims: ["b"]),
    ChoiceCase(
      name: "the least important of the most important",
      pods: [
        pod("a", 5, cpu: "2").on("x"), pod("a2", 1, cpu: "2").on("x"), pod("b", 4, cpu: "2").on("y"),
        pod("b2", 4, cpu: "2").on("y"),
      ], victims: ["b", "b2"]),
    ChoiceCase(
      name: "the fewest",
      pods: [
        pod("a", 5, cpu: "2").on("x"), pod("a2", 5, cpu: "2").on("x"), pod("b", 5, cpu: "4").on("y"),
      ], victims: ["b"]),
    ChoiceCase(
      name: "the youngest",
      pods: [
        pod("a", 5, cpu: "4").started("2026-01-01T00:00:01Z").on("x"),
        pod("b", 5, cpu: "4").started("2026-01-01T00:00:02Z").on("y"),
      ], victims: ["b"]),
    ChoiceCase(
      name: "those without a broken budget",
      pods: [
        pod("a", 5, cpu: "4").on("x"), pod("b", 3, cpu: "4").labels(["app": "b"]).on("y"),
      ],
      budgets: [
        [
          "metadata": ["namespace": "default"], "spec": ["selector": ["matchLabels": ["app": "b"]]],
          "status": ["disruptionsAllowed": 0],
        ]
      ], victims: ["a"]),
    ChoiceCase(
      name: "a budget of another namespace",
      pods: [
        pod("a", 5, cpu: "4").on("x"), pod("b", 3, cpu: "4").labels(["app": "b"]).on("y"),
      ],
      budgets: [
        [
          "metadata": ["namespace": "other"], "spec": ["selector": ["matchLabels": ["app": "b"]]],
          "status": ["disruptionsAllowed": 0],
        ]
      ], victims: ["b"]),
    ChoiceCase(
      name: "a disruption already counted",
      pods: [
        pod("a", 5, cpu: "4").on("x"), pod("b", 3, cpu: "4").labels(["app": "b"]).on("y"),
      ],
      budgets: [
        [
          "metadata": ["namespace": "default"], "spec": ["selector": ["matchLabels": ["app": "b"]]],
          "status": ["disruptionsAllowed": 0, "disruptedPods": ["b": "2026-01-01T00:00:00Z"]],
        ]
      ], victims: ["b"]),
  ]

  @Test(arguments: choiceCases) func choice(_ test: ChoiceCase) {
    let found = Self.outcome(
      nodes: [NodeFixture("x"), NodeFixture("y")], pods: test.pods, budgets: test.budgets)
    #expect(found.victims == test.victims)
  }

  @Test func podsInABudgetAreSparedFirst() {
    // Either is enough; the less important one is in a budget with nothing to give.
    let found = Self.outcome(
      nodes: [NodeFixture("n")],
      pods: [Self.pod("a", 2, cpu: "2").on("n"), Self.pod("b", 1, cpu: "2").labels(["app": "b"]).on("n")],
      budgets: [
        [
          "metadata": ["namespace": "default"], "spec": ["selector": ["matchLabels": ["app": "b"]]],
          "status": ["disruptionsAllowed": 0],
        ]
      ], pod: Self.pod("p", 10, cpu: "2"))
    #expect(found.victims == ["a"])
  }

  @Test func portsAndAffinityCanBeMadeRoomFor() {
    let ports = Self.outcome(
      nodes: [NodeFixture("n")], pods: [PodFixture("u").hostPort(80).on("n")],
      pod: PodFixture("p").priority(1).hostPort(80))
    #expect(ports.victims == ["u"])
    let zone = NodeFixture("n").zone("a")
    let own = Self.outcome(
      nodes: [zone], pods: [PodFixture("u").labels(["app": "db"]).on("n"), PodFixture("v").on("n")],
      pod: PodFixture("p").priority(1).antiAffinity(term("db")))
    #expect(own.victims == ["u"])
    let theirs = Self.outcome(
      nodes: [zone], pods: [PodFixture("u").antiAffinity(term("web")).on("n"), PodFixture("v").on("n")],
      pod: PodFixture("p").priority(1).labels(["app": "web"]))
    #expect(theirs.victims == ["u"])
    let spread = Self.outcome(
      nodes: [zone, NodeFixture("m").zone("b").taint("k")],
      pods: [PodFixture("u").labels(["app": "web"]).on("n"), PodFixture("v").on("n")],
      pod: PodFixture("p").priority(1).labels(["app": "web"]).spread(constraint("web")))
    #expect(spread.victims == ["u"])
  }

  @Test func theWholeStory() {
    var bench = Bench(nodes: [NodeFixture("n")])
    let low = Self.pod("low", 1, cpu: "3").on("n")
    let important = Self.pod("p", 10, cpu: "3")
    bench.add(low)
    bench.add(important)
    #expect(bench.decide() == "p: 0/1 nodes are available: 1 Insufficient cpu.")
    #expect(bench.failure?.nomination == .node("n"))
    #expect(bench.failure?.victims == [low.reference])
    // While the victim leaves, a third pod does not get its room.
    bench.now = .seconds(1)
    bench.add(important.nominated("n"))
    let preempted: JSON = [["type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler"]]
    bench.add(low.terminating().setting(preempted, "status", "conditions"))
    #expect(bench.decide() == nil)
    bench.add(Self.pod("third", 5, cpu: "2"))
    #expect(
      bench.decide() == "third: 0/1 nodes are available: 1 Insufficient cpu. preemption: "
        + "0/1 nodes are available: 1 Insufficient cpu.")
    bench.now = .seconds(2)
    bench.remove(low)
    #expect(bench.decide() == "p -> n")
    #expect(bench.core.state.hasNominations == false)
  }

  @Test func podsThatAreGoingAnyhowAreNotToBeDeleted() {
    let found = Self.outcome(
      nodes: [NodeFixture("n")],
      pods: [Self.pod("a", 1, cpu: "2").terminating().on("n"), Self.pod("b", 1, cpu: "2").on("n")])
    #expect(found.node == "n")
    #expect(found.victims == ["b"])
  }

  @Test func aPodWaitsForItsVictims() {
    var bench = Bench(nodes: [NodeFixture("n")])
    let low = Self.pod("low", 1, cpu: "3").terminating().setting(
      [["type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler"]], "status",
      "conditions")
    bench.add(low.on("n"))
    bench.add(Self.pod("p", 10, cpu: "3").nominated("n"))
    #expect(
      bench.decide() == "p: 0/1 nodes are available: 1 Insufficient cpu. preemption: "
        + "not eligible due to a terminating pod on the nominated node.")
    #expect(bench.failure?.nomination == .unchanged)
  }

  @Test func aUselessNominationIsCleared() {
    var bench = Bench(nodes: [NodeFixture("n")])
    bench.add(Self.pod("high", 20, cpu: "3").on("n"))
    bench.add(Self.pod("p", 10, cpu: "3").nominated("n"))
    #expect(bench.decide()?.hasPrefix("p: 0/1 nodes are available: 1 Insufficient cpu.") == true)
    #expect(bench.failure?.nomination == .cleared)
    #expect(bench.core.state.hasNominations == false)
  }

  @Test func nominationsOfLesserPodsGiveWay() {
    var bench = Bench(nodes: [NodeFixture("n")])
    bench.add(Self.pod("low", 1, cpu: "4").on("n"))
    bench.add(Self.pod("middle", 5, cpu: "3"))
    #expect(bench.decide()?.hasPrefix("middle: ") == true)
    #expect(bench.failure?.nomination == .node("n"))
    bench.add(Self.pod("p", 10, cpu: "3"))
    #expect(bench.decide()?.hasPrefix("p: ") == true)
    #expect(bench.failure?.nomination == .node("n"))
    #expect(bench.failure?.clearedNominations.map(\.name) == ["middle"])
  }

  @Test func theNominatedNodeIsTriedFirst() {
    var bench = Bench(nodes: [NodeFixture("a"), NodeFixture("b"), NodeFixture("c")])
    bench.add(Self.pod("used", 0, cpu: "2").on("c"))
    bench.add(Self.pod("p", 10, cpu: "1").nominated("c"))
    #expect(bench.decide() == "p -> c")
  }
}
