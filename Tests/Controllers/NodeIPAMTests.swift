import Client
import Objects
import Testing

@testable import Controllers

@Suite struct NodeIPAMTests {
  private let now = Timestamp(seconds: 1_800_000_000)

  private func node(_ name: String, _ range: String? = nil) -> JSON {
    var node: JSON = ["apiVersion": "v1", "kind": "Node", "metadata": ["name": .string(name)]]
    if let range { node["spec"] = ["podCIDR": .string(range), "podCIDRs": [.string(range)]] }
    return node
  }

  @Test func `each node gets a range of its own, and one that has to wait gets what is given back`()
    async throws
  {
    let api = InMemoryAPI(now: now)
    let now = now
    @Sendable func ranges() -> [String] {
      api.objects(.nodes).map { $0["spec", "podCIDR"]?.string ?? "" }
    }
    try api.apply(.nodes, node("a", "10.244.1.0/24"))
    try api.apply(.nodes, node("b"))
    let parts = try #require(PodRanges("10.244.0.0/23", nodeMaskSize: 24))
    let group = ControllerGroup(
      [NodeIPAMController(parts)], client: APIClient(transport: api, userAgent: "test"), now: { now })
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { await group.run() }
      #expect(await api.wait { ranges() == ["10.244.1.0/24", "10.244.0.0/24"] })
      #expect(api.objects(.nodes).last?["spec", "podCIDRs"] == ["10.244.0.0/24"])
      try api.apply(.nodes, node("c"))
      #expect(
        await api.wait {
          api.objects(.known("", "v1", "events")).contains {
            $0["reason"] == "CIDRNotAvailable" && $0["involvedObject", "name"] == "c"
          }
        })
      #expect(ranges() == ["10.244.1.0/24", "10.244.0.0/24", ""])
      try api.remove(.nodes, "a")
      #expect(await api.wait { ranges() == ["10.244.0.0/24", "10.244.1.0/24"] })
      tasks.cancelAll()
    }
    #expect(api.idleWrites == [])
  }
}
