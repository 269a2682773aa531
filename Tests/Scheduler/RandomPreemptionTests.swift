import Objects
import Testing

@testable import Scheduler

/// Random full clusters: victims are few enough and enough.
@Suite struct RandomPreemptionTests {
  @Test(arguments: 1...40 as ClosedRange<UInt64>) func victims(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var bench = Bench(seed: seed)
    let nodes = (0..<4).map { NodeFixture("n\($0)").zone("z\($0 % 2)") }
    for node in nodes { bench.add(node) }
    var placed: [String: PodFixture] = [:]
    for number in 0..<24 {
      var pod = PodFixture("p\(number)").priority(Int64(random.below(6)))
        .labels(["app": ["web", "db"][random.below(2)]]).requests([
          "cpu": ["500m", "1", "2"][random.below(3)]
        ])
      if random.below(6) == 0 { pod = pod.hostPort(80) }
      if random.below(4) == 0 { pod = pod.antiAffinity(term("web", "kubernetes.io/hostname")) }
      pod = pod.on("n\(random.below(4))")
      placed[pod.info.reference.name] = pod
      bench.add(pod)
    }
    var pod = PodFixture("incoming").priority(4).labels(["app": "web"]).requests(["cpu": "2"])
    if random.below(3) == 0 { pod = pod.antiAffinity(term("db", "topology.kubernetes.io/zone")) }
    if random.below(3) == 0 { pod = pod.spread(constraint("web", skew: 2)) }
    bench.add(pod)
    _ = bench.decide()

    /// What the node says when these pods are there.
    func verdict(_ node: String, _ pods: [String: PodFixture]) -> String? {
      verdicts(pod, nodes: nodes, pods: Array(pods.values))[node]
    }
    guard let failure = bench.failure else { return }
    guard case .node(let node) = failure.nomination else {
      // Then no node takes it even if all lesser pods of that node are gone.
      for node in nodes.map(\.info.name) {
        let betters = placed.filter { $0.value.info.nodeName != node || $0.value.info.priority >= 4 }
        #expect(verdict(node, betters) != "ok", "seed \(seed), \(node)")
      }
      return
    }
    #expect(!failure.victims.isEmpty)
    var left = placed
    for victim in failure.victims {
      let gone = left.removeValue(forKey: victim.name)?.info
      #expect(gone?.nodeName == node && (gone?.priority ?? 9) < 4, "seed \(seed)")
    }
    #expect(verdict(node, left) == "ok", "seed \(seed)")
    for victim in failure.victims {
      var more = left
      more[victim.name] = placed[victim.name]
      #expect(verdict(node, more) != "ok", "seed \(seed): \(victim.name) need not go")
    }
    // Their leaving is what wakes the pod.
    bench.now = .seconds(30)
    for victim in failure.victims { bench.core.handle(.podRemoved(victim), now: bench.now) }
    #expect(bench.decide() == "incoming -> \(node)", "seed \(seed)")
  }
}
