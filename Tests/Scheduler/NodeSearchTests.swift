import Objects
import Testing

@testable import Scheduler

@Suite struct NodeSearchTests {
  @Test(arguments: [
    (0, 0, 0), (0, 50, 50), (0, 100, 100), (0, 101, 100), (0, 250, 120), (0, 1000, 420), (0, 5000, 500),
    (0, 6000, 300), (0, 20000, 1000), (10, 1000, 100), (10, 5000, 500), (100, 5000, 5000), (7, 99, 99),
  ]) func enough(_ percentage: Int, _ nodes: Int, _ expected: Int) {
    #expect(NodeSearch(percentage: Int64(percentage)).enough(nodeCount: nodes) == expected)
  }

  @Test func theNextSearchStartsWhereTheLastEnded() {
    var bench = Bench(nodes: (0..<200).map { NodeFixture("n\($0)") })
    bench.add((0..<4).map { PodFixture("p\($0)") })
    var seen: [Int] = []
    for _ in 0..<4 {
      _ = bench.decide()
      guard case .bind(let binding) = bench.last else { continue }
      #expect(binding.evaluatedNodes == 100)
      seen.append(Int(binding.node.dropFirst()) ?? -1)
    }
    // The halves of the cluster in turns.
    #expect(seen.map { $0 < 100 } == [true, false, true, false])
  }

  @Test func zonesTakeTurns() {
    var state = ClusterState()
    for name in ["a1", "a2", "a3", "b1", "c1", "c2"] {
      state.setNode(NodeFixture(name).zone(String(name.prefix(1))).info)
    }
    func order() -> [String] { state.orderedSlots().map { state.nodes[$0].name } }
    #expect(order() == ["a1", "b1", "c1", "a2", "c2", "a3"])
    state.removeNode("a1")
    state.addPod(PodFixture("p").info, node: "unknown")
    #expect(order() == ["a2", "b1", "c1", "a3", "c2"])
    state.setNode(NodeFixture("c1").zone("d").info)
    #expect(order() == ["a2", "b1", "c1", "c2", "a3"])
  }

  @Test func podsThatNameNodesAreTriedOnThoseOnly() {
    var bench = Bench(nodes: (0..<300).map { NodeFixture("n\($0)") })
    bench.add(
      PodFixture("p").requiredNodeTerms([
        "matchFields": [["key": "metadata.name", "operator": "In", "values": ["n123"]]]
      ]))
    #expect(bench.decide() == "p -> n123")
    guard case .bind(let binding) = bench.last else { return }
    #expect(binding.evaluatedNodes == 1)
  }
}
