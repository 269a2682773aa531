import Objects
import Testing

@testable import Scheduler

@Suite struct FailureMessageTests {
  private static let unhelpful = "Preemption is not helpful for scheduling"

  struct Case: CustomTestStringConvertible {
    let name: String
    let pod: PodFixture
    let nodes: [NodeFixture]
    var pods: [PodFixture] = []
    let message: String
    var testDescription: String { name }
  }

  private static func byName(_ names: JSON...) -> JSON {
    ["matchFields": .array(names.map { ["key": "metadata.name", "operator": "In", "values": [$0]] })]
  }

  static let cases: [Case] = [
    Case(
      name: "a taint and too little CPU", pod: PodFixture("p").requests(["cpu": "3"]),
      nodes: [NodeFixture("a").taint("k"), NodeFixture("b"), NodeFixture("c")],
      pods: [PodFixture("b").requests(["cpu": "2"]).on("b"), PodFixture("c").requests(["cpu": "2"]).on("c")],
      message: "0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient cpu. preemption: "
        + "0/3 nodes are available: 1 \(unhelpful), 2 No preemption victims found for incoming pod."),
    Case(
      name: "more than any node has", pod: PodFixture("p").requests(["cpu": "30", "memory": "1Ti"]),
      nodes: [NodeFixture("a"), NodeFixture("b", memory: "2Ti")],
      message: "0/2 nodes are available: 1 Insufficient memory, 2 Insufficient cpu. preemption: "
        + "0/2 nodes are available: 2 \(unhelpful)."),
    Case(
      name: "numbers are sorted as text", pod: PodFixture("p").nodeSelector(["x": "y"]),
      nodes: [NodeFixture("z0").cordoned(), NodeFixture("z1").cordoned()]
        + (0..<10).map { NodeFixture("n\($0)") },
      message: "0/12 nodes are available: 10 node(s) didn't match Pod's node affinity/selector, "
        + "2 node(s) were unschedulable. preemption: 0/12 nodes are available: 12 \(unhelpful)."),
    Case(
      name: "a pod for one node", pod: PodFixture("p").requests(["cpu": "30"]).requiredNodeTerms(byName("a")),
      nodes: [NodeFixture("a"), NodeFixture("b"), NodeFixture("c")],
      message:
        "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't satisfy plugin(s) [NodeAffinity]. "
        + "preemption: 0/3 nodes are available: 3 \(unhelpful)."),
    Case(
      name: "a pod for a node that is not", pod: PodFixture("p").requiredNodeTerms(byName("x")),
      nodes: [NodeFixture("a"), NodeFixture("b")],
      message: "0/2 nodes are available: 2 node(s) didn't satisfy plugin(s) [NodeAffinity]. preemption: "
        + "0/2 nodes are available: 2 \(unhelpful)."),
    Case(
      name: "a contradiction", pod: PodFixture("p").requiredNodeTerms(byName("a", "b")),
      nodes: [NodeFixture("a"), NodeFixture("b")],
      message: "0/2 nodes are available: pod affinity terms conflict. preemption: "
        + "0/2 nodes are available: 2 \(unhelpful)."),
    Case(
      name: "no wish to preempt",
      pod: PodFixture("p").requests(["cpu": "3"]).setting("Never", "spec", "preemptionPolicy"),
      nodes: [NodeFixture("a")], pods: [PodFixture("b").requests(["cpu": "2"]).on("a")],
      message: "0/1 nodes are available: 1 Insufficient cpu. preemption: "
        + "not eligible due to preemptionPolicy=Never."),
    Case(
      name: "victims that do not suffice", pod: PodFixture("p").priority(5).requests(["cpu": "3"]),
      nodes: [NodeFixture("a")],
      pods: [
        PodFixture("low").requests(["cpu": "1"]).on("a"),
        PodFixture("high").priority(9).requests(["cpu": "2"]).on("a"),
      ],
      message: "0/1 nodes are available: 1 Insufficient cpu. preemption: "
        + "0/1 nodes are available: 1 Insufficient cpu."),
    Case(name: "no nodes", pod: PodFixture("p"), nodes: [], message: "no nodes available to schedule pods"),
  ]

  @Test(arguments: cases) func message(_ test: Case) {
    var bench = Bench(nodes: test.nodes)
    bench.add(test.pods)
    bench.add(test.pod)
    #expect(bench.decide() == "p: " + test.message)
  }
}
