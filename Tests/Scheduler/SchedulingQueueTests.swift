import Objects
import Testing

@testable import Scheduler

@Suite struct SchedulingQueueTests {
  private static let large = ["cpu": "5"]

  private static func milliseconds(_ number: Int64) -> Duration { .milliseconds(number) }

  /// A scheduler whose only node, of 4 CPUs, cannot take the pod `p`.
  private static func stuck(_ configuration: SchedulerCore.Configuration = .init()) -> Bench {
    var bench = Bench(configuration, nodes: [NodeFixture("n")])
    bench.add(PodFixture("p").requests(large))
    _ = bench.decide()
    return bench
  }

  @Test func priorityThenTimeThenArrival() {
    var bench = Bench(nodes: [NodeFixture("n")])
    bench.now = .seconds(2)
    bench.add(PodFixture("late"))
    bench.now = .seconds(1)
    bench.add(PodFixture("early1"))
    bench.add(PodFixture("early2"))
    bench.add(PodFixture("important").priority(7))
    bench.add(PodFixture("negligible").priority(-7))
    bench.now = .seconds(3)
    let order = (0..<6).map { _ in bench.decide() }
    #expect(
      order == [
        "important -> n", "early1 -> n", "early2 -> n", "late -> n", "negligible -> n", nil,
      ])
  }

  @Test func aPodThatNoNodeTakesIsNotTriedAgainByItself() {
    var bench = Self.stuck()
    #expect(bench.core.queueCounts.unschedulable == 1)
    #expect(bench.decide(after: .seconds(100)) == nil)
    #expect(bench.core.nextDue() == .seconds(300))
    #expect(bench.decide(after: .seconds(199)) == nil)
    #expect(bench.decide(after: .seconds(1))?.hasPrefix("p: 0/1 nodes") == true)
    #expect(bench.core.nextDue() == .seconds(600))
  }

  @Test func theBackOffDoublesUpToItsMaximum() {
    var bench = Bench(nodes: [NodeFixture("n", cpu: "4")])
    bench.add(PodFixture("p").requests(Self.large))
    var waits: [Duration] = []
    var size = 6
    for _ in 0..<6 {
      let start = bench.now
      _ = bench.decide()
      // Large enough in one way, but the pod does not fit for another.
      bench.add(NodeFixture("m\(size)", cpu: "\(size)").cordoned())
      bench.add(NodeFixture("m\(size)", cpu: "\(size)", memory: "0").taint("k"))
      size += 1
      guard let due = bench.core.nextDue() else { break }
      waits.append(due - start)
      bench.now = due
    }
    #expect(waits == [1, 2, 4, 8, 10, 10].map { .seconds($0) })
  }

  @Test func anEventAfterTheBackOffActivatesAtOnce() {
    var bench = Self.stuck()
    bench.now = Self.milliseconds(1000)
    bench.add(NodeFixture("m", cpu: "8"))
    #expect(bench.core.queueCounts.active == 1)
    #expect(bench.decide() == "p -> m")
  }

  @Test func anEventDuringTheBackOffWaitsForItsEnd() {
    var bench = Self.stuck()
    bench.now = Self.milliseconds(400)
    bench.add(NodeFixture("m", cpu: "8"))
    #expect(bench.core.queueCounts.backingOff == 1)
    #expect(bench.core.nextDue() == .seconds(1))
    #expect(bench.decide(after: Self.milliseconds(599)) == nil)
    #expect(bench.decide(after: Self.milliseconds(1)) == "p -> m")
  }

  @Test func anIdleSchedulerMayTryEarly() {
    var configuration = SchedulerCore.Configuration()
    configuration.triesEarlyWhenIdle = true
    var bench = Self.stuck(configuration)
    bench.now = Self.milliseconds(400)
    #expect(bench.decide() == nil)
    bench.add(NodeFixture("m", cpu: "8"))
    bench.add(PodFixture("other"))
    #expect(bench.decide()?.hasPrefix("other -> ") == true)
    #expect(bench.decide() == "p -> m")
  }

  @Test func schedulingGatesHoldAPodBack() {
    var bench = Bench(nodes: [NodeFixture("n")])
    bench.add(PodFixture("p").gates("example.com/a", "example.com/b"))
    #expect(bench.core.queueCounts.gated == 1)
    bench.add(NodeFixture("m"))
    #expect(bench.decide(after: .seconds(1000)) == nil)
    bench.add(PodFixture("p").gates("example.com/b"))
    #expect(bench.decide() == nil)
    bench.add(PodFixture("p").requests(["cpu": "1"]))
    #expect(bench.decide()?.hasPrefix("p -> ") == true)
    #expect(bench.core.queueCounts.gated == 0)
  }

  @Test func aPodsOwnChangeMayHelpIt() {
    var bench = Self.stuck()
    bench.now = .seconds(1)
    // Its status does not.
    bench.add(
      PodFixture("p").requests(Self.large).setting(
        [["type": "PodScheduled", "status": "False"]], "status", "conditions"))
    #expect(bench.decide() == nil)
    bench.add(PodFixture("p").requests(["cpu": "4"]))
    #expect(bench.decide() == "p -> n")
  }

  @Test func aHigherPriorityMovesAPodForward() {
    var bench = Bench(nodes: [NodeFixture("n")])
    bench.add([PodFixture("a"), PodFixture("b")])
    bench.add(PodFixture("b").priority(1))
    #expect([bench.decide(), bench.decide(), bench.decide()] == ["b -> n", "a -> n", nil])
  }

  @Test func podsThatAreNotOursAreLeftAlone() {
    var bench = Bench(nodes: [NodeFixture("n")])
    bench.add(PodFixture("other").setting("theirs", "spec", "schedulerName"))
    bench.add(PodFixture("going").terminating())
    bench.add(PodFixture("done").phase("Succeeded"))
    bench.add(PodFixture("there").on("n"))
    #expect(bench.decide() == nil)
    #expect(bench.core.queueCounts == SchedulerCore.QueueCounts())
  }

  @Test func podsThatGoAreTriedNoMore() {
    var bench = Bench(nodes: [NodeFixture("n")])
    bench.add([PodFixture("a"), PodFixture("b"), PodFixture("c"), PodFixture("d")])
    bench.remove(PodFixture("a"))
    bench.add(PodFixture("b").terminating())
    bench.core.handle(.podRemoved(PodReference(namespace: "default", name: "c", uid: "")), now: bench.now)
    // Deleted and made again, the first deletion unseen.
    bench.add(PodFixture("d").uid("second").requests(Self.large))
    #expect(bench.decide()?.hasPrefix("d: 0/1") == true)
    #expect(bench.failure?.pod.uid == "second")
    #expect(bench.decide() == nil)
  }

  @Test func withoutNodesPodsWaitForTheFirst() {
    var bench = Bench()
    bench.add(PodFixture("p"))
    #expect(bench.decide() == "p: no nodes available to schedule pods")
    #expect(bench.decide(after: .seconds(2)) == nil)
    bench.add(PodFixture("q").on("unknown"))
    #expect(bench.decide() == nil)
    bench.add(NodeFixture("n"))
    #expect(bench.decide() == "p -> n")
  }

  @Test func podsThatChangeOftenDoNotFillTheQueue() {
    var bench = Bench(nodes: [NodeFixture("n")])
    for number in 0..<1000 { bench.add(PodFixture("p").priority(Int64(number))) }
    #expect(bench.core.queue.entryCount <= 2 * 1 + 64)
    #expect(bench.decide() == "p -> n")
    #expect(bench.decide() == nil)
  }

  // MARK: Events that wake

  struct WakeCase: CustomTestStringConvertible {
    let name: String
    var nodes = [NodeFixture("n").zone("a")]
    var pods: [PodFixture] = []
    let pod: PodFixture
    let event: SchedulerEvent
    let wakes: Bool
    var testDescription: String { name }
  }

  private static func node(_ node: NodeFixture) -> SchedulerEvent { .node(node.info) }
  private static func pod(_ pod: PodFixture) -> SchedulerEvent { .pod(pod.info) }
  private static func gone(_ pod: PodFixture) -> SchedulerEvent { .podRemoved(pod.reference) }

  private static let plain = NodeFixture("n").zone("a")
  private static let used = PodFixture("used").requests(["cpu": "3"]).on("n")
  private static let small = PodFixture("small").requests(["cpu": "1"]).on("n")
  private static let three = PodFixture("p").requests(["cpu": "3"])
  private static let ssd = PodFixture("p").nodeSelector(["disk": "ssd"])
  private static let web = PodFixture("p").labels(["app": "web"])
  private static let db = PodFixture("db").labels(["app": "db"])
  private static let otherWeb = PodFixture("other").labels(["app": "web"])

  static let wakeCases: [WakeCase] = [
    // Resources.
    WakeCase(name: "resources: a pod leaves", pods: [used], pod: three, event: gone(used), wakes: true),
    WakeCase(
      name: "resources: a pod ends", pods: [used], pod: three, event: pod(used.phase("Succeeded")),
      wakes: true),
    WakeCase(
      name: "resources: too little is freed", pods: [used, small], pod: three, event: gone(small),
      wakes: false),
    WakeCase(
      name: "resources: a pod is made smaller", pods: [used], pod: three,
      event: pod(PodFixture("used").requests(["cpu": "1"]).on("n")), wakes: true),
    WakeCase(
      name: "resources: a pod is labelled", pods: [used], pod: three, event: pod(used.labels(["x": "y"])),
      wakes: false),
    WakeCase(
      name: "resources: a pod comes", pods: [used], pod: three, event: pod(PodFixture("q").on("n")),
      wakes: false),
    WakeCase(
      name: "resources: a large node", pods: [used], pod: three, event: node(NodeFixture("m")), wakes: true),
    WakeCase(
      name: "resources: a small node", pods: [used], pod: three, event: node(NodeFixture("m", cpu: "2")),
      wakes: false),
    WakeCase(
      name: "resources: a node grows", pods: [used], pod: three, event: node(NodeFixture("n", cpu: "6")),
      wakes: true),
    WakeCase(
      name: "resources: a node grows too little", pods: [used], pod: three,
      event: node(NodeFixture("n", cpu: "5")),
      wakes: false),
    WakeCase(
      name: "resources: a node is labelled", pods: [used], pod: three,
      event: node(plain.label("disk", "ssd")),
      wakes: false),
    WakeCase(
      name: "resources: a node that does not matter reports", nodes: [plain, NodeFixture("m").taint("k")],
      pods: [used], pod: three, event: node(NodeFixture("m").taint("k").label("x", "y")), wakes: false),
    WakeCase(
      name: "resources: a node takes more pods", nodes: [NodeFixture("n", pods: "1")], pods: [small],
      pod: three,
      event: node(NodeFixture("n", pods: "2")), wakes: true),
    // Node affinity.
    WakeCase(
      name: "affinity: the label comes", pod: ssd, event: node(plain.label("disk", "ssd")), wakes: true),
    WakeCase(
      name: "affinity: another label", pod: ssd, event: node(plain.label("disk", "hdd")), wakes: false),
    WakeCase(
      name: "affinity: a node with it", pod: ssd, event: node(NodeFixture("m").label("disk", "ssd")),
      wakes: true),
    WakeCase(name: "affinity: a node without", pod: ssd, event: node(NodeFixture("m")), wakes: false),
    WakeCase(name: "affinity: a pod leaves", pods: [used], pod: ssd, event: gone(used), wakes: false),
    // Taints.
    WakeCase(
      name: "taints: it goes", nodes: [plain.taint("k")], pod: PodFixture("p"), event: node(plain),
      wakes: true),
    WakeCase(
      name: "taints: another stays", nodes: [plain.taint("k")], pod: PodFixture("p"),
      event: node(plain.taint("l")),
      wakes: false),
    WakeCase(
      name: "taints: a node without", nodes: [plain.taint("k")], pod: PodFixture("p"),
      event: node(NodeFixture("m")),
      wakes: true),
    WakeCase(
      name: "taints: the pod tolerates", nodes: [plain.taint("k")], pod: PodFixture("p"),
      event: pod(PodFixture("p").tolerations([["operator": "Exists"]])), wakes: true),
    // Cordons.
    WakeCase(
      name: "cordon: lifted", nodes: [plain.cordoned()], pod: PodFixture("p"), event: node(plain), wakes: true
    ),
    WakeCase(
      name: "cordon: labelled", nodes: [plain.cordoned()], pod: PodFixture("p"),
      event: node(plain.cordoned().label("x", "y")), wakes: false),
    // Ports.
    WakeCase(
      name: "ports: freed", pods: [PodFixture("u").hostPort(80).on("n")], pod: PodFixture("p").hostPort(80),
      event: gone(PodFixture("u")), wakes: true),
    WakeCase(
      name: "ports: others freed",
      pods: [PodFixture("u").hostPort(80).on("n"), PodFixture("v").hostPort(81).on("n")],
      pod: PodFixture("p").hostPort(80), event: gone(PodFixture("v")), wakes: false),
    WakeCase(
      name: "ports: a node", pods: [PodFixture("u").hostPort(80).on("n")], pod: PodFixture("p").hostPort(80),
      event: node(NodeFixture("m")), wakes: true),
    // Affinity between pods.
    WakeCase(
      name: "pod affinity: the pod comes", pod: web.affinity(term("db")), event: pod(db.on("n")), wakes: true),
    WakeCase(
      name: "pod affinity: another comes", pod: web.affinity(term("db")), event: pod(otherWeb.on("n")),
      wakes: false),
    WakeCase(
      name: "pod affinity: a pod becomes such", pods: [otherWeb.on("n")], pod: web.affinity(term("db")),
      event: pod(otherWeb.labels(["app": "db"]).on("n")), wakes: true),
    WakeCase(
      name: "pod anti-affinity: the pod leaves", pods: [db.on("n")], pod: web.antiAffinity(term("db")),
      event: gone(db),
      wakes: true),
    WakeCase(
      name: "pod anti-affinity: another leaves", pods: [db.on("n"), used], pod: web.antiAffinity(term("db")),
      event: gone(used), wakes: false),
    WakeCase(
      name: "pod anti-affinity: the pod that shuns leaves", pods: [db.antiAffinity(term("web")).on("n")],
      pod: web,
      event: gone(db), wakes: true),
    WakeCase(
      name: "pod anti-affinity: the node moves", nodes: [plain, NodeFixture("m").zone("a").cordoned()],
      pods: [db.on("m")], pod: web.antiAffinity(term("db")),
      event: node(NodeFixture("n").zone("b")), wakes: true),
    WakeCase(
      name: "pod affinity: a namespace is labelled",
      pod: web.affinity(
        term("db", "topology.kubernetes.io/zone", ["namespaceSelector": ["matchLabels": ["x": "y"]]])),
      event: .namespace("other", Labels(["x": "y"])), wakes: true),
    WakeCase(
      name: "pod affinity: the last of the pod's kind leaves",
      nodes: [plain, NodeFixture("m").zone("b").cordoned()],
      pods: [otherWeb.on("m")], pod: web.affinity(term("web")), event: gone(otherWeb), wakes: true),
    WakeCase(
      name: "pod affinity: its kind's node goes", nodes: [plain, NodeFixture("m").zone("b").cordoned()],
      pods: [otherWeb.on("m")], pod: web.affinity(term("web")), event: .nodeRemoved("m"), wakes: true),
    // Spreading.
    WakeCase(
      name: "spread: a matching pod comes", nodes: [plain, NodeFixture("m").zone("b").taint("k")],
      pods: [otherWeb.on("n")], pod: web.spread(constraint("web")),
      event: pod(otherWeb.uid("2").setting("other2", "metadata", "name").on("m")), wakes: true),
    WakeCase(
      name: "spread: a matching pod leaves", nodes: [plain, NodeFixture("m").zone("b").taint("k")],
      pods: [otherWeb.on("n")], pod: web.spread(constraint("web")), event: gone(otherWeb), wakes: true),
    WakeCase(
      name: "spread: a matching pod terminates", nodes: [plain, NodeFixture("m").zone("b").taint("k")],
      pods: [otherWeb.on("n")], pod: web.spread(constraint("web")),
      event: pod(otherWeb.on("n").terminating()),
      wakes: true),
    WakeCase(
      name: "spread: another pod comes", nodes: [plain, NodeFixture("m").zone("b").cordoned()],
      pods: [otherWeb.on("n")], pod: web.spread(constraint("web"), constraint("web", "rack")),
      event: pod(db.on("m")), wakes: false),
    WakeCase(
      name: "spread: a domain goes", nodes: [plain, NodeFixture("m").zone("b").taint("k")],
      pods: [otherWeb.on("n")], pod: web.spread(constraint("web")), event: .nodeRemoved("m"), wakes: true),
  ]

  @Test(arguments: wakeCases) func wake(_ test: WakeCase) {
    var bench = Bench(nodes: test.nodes)
    bench.add(test.pods)
    bench.add(test.pod)
    #expect(bench.decide()?.hasPrefix("p: 0/\(test.nodes.count) nodes are available") == true)
    bench.now = .seconds(20)
    bench.core.handle(test.event, now: bench.now)
    #expect(bench.core.queueCounts.active == (test.wakes ? 1 : 0))
    #expect(bench.core.queueCounts.unschedulable == (test.wakes ? 0 : 1))
  }
}
