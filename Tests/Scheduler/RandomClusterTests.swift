import Objects
import Testing

@testable import Scheduler

/// Long random histories of a small cluster: whatever happens, what the scheduler keeps up to date change by change is
/// what it would compute afresh, and no pod waits that could be placed.
@Suite struct RandomClusterTests {
  private static let zone = "topology.kubernetes.io/zone"
  private static let host = "kubernetes.io/hostname"

  /// The cluster as an API server would know it, and the scheduler under test.
  private struct World {
    var random: SeededGenerator
    var bench: Bench
    var nodes: [String: NodeFixture] = [:]
    var pending: [String: PodFixture] = [:]
    /// By name, with their nodes: seen there, or assumed.
    var placed: [String: (pod: PodFixture, node: String)] = [:]
    /// The names of placed pods whose binding is under way or not seen yet.
    var assumed: Set<String> = []
    var namespaces: [String: Labels] = [:]
    var number = 0

    init(seed: UInt64) {
      random = SeededGenerator(seed: seed)
      var configuration = SchedulerCore.Configuration()
      configuration.assumedMaximum = nil
      bench = Bench(configuration, seed: seed)
    }

    mutating func chance(_ percent: Int) -> Bool { random.below(100) < percent }
    mutating func one(of list: [String]) -> String { list[random.below(list.count)] }

    mutating func step() {
      switch random.below(20) {
      case 0, 1: changeNode()
      case 2 where chance(40): removeNode()
      case 3, 4, 5, 6: addPod()
      case 7, 8: removePod()
      case 9: changePlacedPod()
      case 10: changeNamespace()
      case 11, 12: finishBinding()
      case 13: bench.now += .milliseconds(Int64(random.below(5000)))
      default: decide()
      }
    }

    mutating func changeNode() {
      let name = "n\(random.below(8))"
      var node = NodeFixture(name, cpu: one(of: ["1", "2", "4"]), pods: one(of: ["2", "5", "20"]))
      if chance(80) { node = node.zone(one(of: ["a", "b", "c"])) }
      if chance(30) { node = node.label("disk", one(of: ["ssd", "hdd"])) }
      if chance(25) { node = node.taint("k", "", one(of: ["NoSchedule", "NoExecute", "PreferNoSchedule"])) }
      if chance(10) { node = node.cordoned() }
      if chance(20) { node = node.allocatable("example.com/gpu", "2") }
      if chance(20) {
        node = node.setting(
          [["names": [.string(one(of: ["app:latest", "web:1"]))], "sizeBytes": 5]], "status", "images")
      }
      nodes[name] = node
      bench.add(node)
    }

    mutating func removeNode() {
      let name = "n\(random.below(8))"
      nodes[name] = nil
      bench.core.handle(.nodeRemoved(name), now: bench.now)
    }

    mutating func someTerm() -> JSON {
      var more: JSON = [:]
      if chance(20) { more["namespaceSelector"] = ["matchLabels": ["team": "x"]] }
      if chance(10) { more["namespaces"] = ["two"] }
      return term(one(of: ["web", "db", "mq"]), one(of: [zone, host, "disk"]), more)
    }

    mutating func somePod() -> PodFixture {
      number += 1
      var pod = PodFixture("p\(number)", namespace: one(of: ["one", "one", "two"]))
        .labels(["app": one(of: ["web", "db", "mq"])])
      if chance(70) { pod = pod.requests(["cpu": one(of: ["100m", "500m", "1", "2"]), "memory": "1Gi"]) }
      if chance(10) { pod = pod.requests(["example.com/gpu": "1"]) }
      if chance(10) { pod = pod.hostPort(Int64(80 + random.below(2))) }
      if chance(10) { pod = pod.nodeSelector(["disk": "ssd"]) }
      if chance(15) { pod = pod.affinity(someTerm()) }
      if chance(20) { pod = pod.antiAffinity(someTerm()) }
      if chance(15) { pod = pod.preferring(Int64(random.below(200)) - 100, someTerm()) }
      if chance(20) { pod = pod.tolerations([["operator": "Exists"]]) }
      if chance(25) {
        var more: JSON = [:]
        if chance(50) { more["nodeTaintsPolicy"] = "Honor" }
        if chance(20) { more["nodeAffinityPolicy"] = "Ignore" }
        if chance(20) { more["minDomains"] = 3 }
        let first = constraint(
          one(of: ["web", "db"]), one(of: [zone, host]), skew: 1 + Int64(random.below(2)),
          when: one(of: ["DoNotSchedule", "DoNotSchedule", "ScheduleAnyway"]), and: more)
        pod = chance(30) ? pod.spread(first, constraint("web", host, skew: 2)) : pod.spread(first)
      }
      return pod
    }

    mutating func addPod() {
      let pod = somePod()
      let name = pod.info.reference.name
      if chance(10) {
        // Bound by someone else, perhaps to a node that is not there.
        let node = "n\(random.below(9))"
        placed[name] = (pod, node)
        bench.add(pod.on(node))
      } else {
        pending[name] = pod
        bench.add(pod)
      }
    }

    mutating func removePod() {
      let names = (Array(pending.keys) + Array(placed.keys)).sorted()
      guard !names.isEmpty else { return }
      let name = one(of: names)
      let pod = pending.removeValue(forKey: name) ?? placed.removeValue(forKey: name)?.pod
      assumed.remove(name)
      guard let pod else { return }
      if chance(50) { bench.remove(pod) } else { bench.add(pod.on("n1").phase("Failed")) }
    }

    mutating func changePlacedPod() {
      let names = placed.keys.filter { !assumed.contains($0) }.sorted()
      guard !names.isEmpty else { return }
      let name = one(of: names)
      guard let (old, node) = placed[name] else { return }
      var pod = old
      if chance(50) { pod = pod.labels(["app": one(of: ["web", "db", "mq"])]) }
      if chance(50) { pod = pod.terminating() }
      if chance(30) { pod = pod.requests(["cpu": one(of: ["100m", "2"])]) }
      placed[name] = (pod, node)
      bench.add(pod.on(node))
    }

    mutating func changeNamespace() {
      let name = one(of: ["one", "two"])
      let labels = Labels(chance(50) ? ["team": "x"] : [:])
      namespaces[name] = labels
      bench.core.handle(.namespace(name, labels), now: bench.now)
    }

    mutating func finishBinding() {
      guard !assumed.isEmpty else { return }
      let name = one(of: assumed.sorted())
      guard let (pod, node) = placed[name] else { return }
      assumed.remove(name)
      if chance(20) {
        placed[name] = nil
        pending[name] = pod
        bench.core.bindingFailed(pod.reference, now: bench.now)
      } else {
        if chance(50) { bench.core.bindingSucceeded(pod.reference, now: bench.now) }
        bench.add(pod.on(node))
      }
    }

    mutating func decide() {
      _ = bench.decide()
      guard case .bind(let binding) = bench.last else { return }
      guard let pod = pending.removeValue(forKey: binding.pod.name) else { return }
      placed[binding.pod.name] = (pod, binding.node)
      assumed.insert(binding.pod.name)
    }

    /// The state computed afresh.
    func freshState() -> ClusterState {
      var state = ClusterState()
      state.namespaces = namespaces
      for node in nodes.values { state.setNode(node.info) }
      for (pod, node) in placed.values { state.addPod(pod.on(node).info, node: node) }
      return state
    }

    func naive() -> NaiveFilters {
      NaiveFilters(
        nodes: nodes.values.map(\.info),
        pods: placed.values.compactMap { pod, node in nodes[node].map { (pod.info, $0.info) } },
        namespaces: namespaces)
    }
  }

  @Test(arguments: 1...8 as ClosedRange<UInt64>) func history(_ seed: UInt64) {
    var world = World(seed: seed)
    for _ in 0..<8 { world.changeNode() }
    for step in 0..<600 {
      world.step()
      let core = world.bench.core
      #expect(core.nodeCount == world.nodes.count)
      let counts = core.queueCounts
      let waiting = counts.active + counts.backingOff + counts.unschedulable + counts.gated
      #expect(waiting == world.pending.count, "seed \(seed), step \(step)")
      #expect(core.assumedCount == world.assumed.count, "seed \(seed), step \(step)")
      guard step % 10 == 0 else { continue }
      let keys = [Self.zone, Self.host, "disk"]
      guard core.state.summary(topologyKeys: keys) == world.freshState().summary(topologyKeys: keys) else {
        Issue.record("the state is not what it should be: seed \(seed), step \(step)")
        return
      }
      guard checkPending(world, seed: seed, step: step) else { return }
    }
    #expect(world.placed.count > 10)
  }

  /// Whether every pod in the queue is judged as its definition says, and none that waits for an event could be placed.
  private func checkPending(_ world: World, seed: UInt64, step: Int) -> Bool {
    var state = world.bench.core.state
    let naive = world.naive()
    for (name, pod) in world.pending.sorted(by: { $0.key < $1.key }) {
      let info = pod.info
      let isWaiting = world.bench.core.queue[info.identity]?.place == .unschedulable
      let cycle = SchedulingCycle(pod: info, state: &state)
      for node in naive.nodes {
        guard let slot = state.slot(of: node.name) else { continue }
        let rejection = cycle.rejection(slot: slot, state: state)
        if rejection == nil, isWaiting {
          Issue.record("\(name) waits although \(node.name) could take it: seed \(seed), step \(step)")
          return false
        }
        let isOfOthers =
          rejection.map { $0.plugin == .podTopologySpread || $0.plugin == .interPodAffinity } ?? true
        guard isOfOthers else { continue }
        let verdict = rejection?.texts(for: info).first
        guard verdict == naive.verdict(info, node) else {
          Issue.record(
            """
            \(name) on \(node.name): \(verdict ?? "ok") instead of \(naive.verdict(info, node) ?? "ok"): \
            seed \(seed), step \(step)
            """)
          return false
        }
      }
    }
    return true
  }
}
