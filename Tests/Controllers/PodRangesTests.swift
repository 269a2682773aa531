import Controllers
import Testing

@Suite struct PodRangesTests {
  @Test func `parts are given in order, and never twice`() {
    var ranges = PodRanges("10.244.0.0/22", nodeMaskSize: 24)
    #expect(
      (0..<5).map { _ in ranges?.allocate() } == [
        "10.244.0.0/24", "10.244.1.0/24", "10.244.2.0/24", "10.244.3.0/24", nil,
      ])
  }

  @Test func `what nodes have is not given again until it is given back`() {
    var ranges = PodRanges("10.244.0.0/23", nodeMaskSize: 24)
    ranges?.take("10.244.0.0/24")
    #expect(ranges?.allocate() == "10.244.1.0/24")
    #expect(ranges?.allocate() == nil)
    ranges?.giveBack("10.244.0.0/24")
    #expect(ranges?.allocate() == "10.244.0.0/24")
  }

  @Test(arguments: ["10.244.0.0/16", "0.0.0.0/1", "10.244.7.0/25", "10.244.8.0/22"])
  func `larger and smaller ranges take all parts that they overlap`(_ range: String) {
    var ranges = PodRanges("10.244.7.0/24", nodeMaskSize: 25)
    ranges?.take(range)
    let left: [String: [String]] = [
      "10.244.7.0/25": ["10.244.7.128/25"], "10.244.8.0/22": ["10.244.7.0/25", "10.244.7.128/25"],
      "0.0.0.0/1": [],
    ]
    #expect([ranges?.allocate(), ranges?.allocate()].compactMap { $0 } == left[range] ?? [])
  }

  @Test(arguments: [
    ("10.244.0.0/16", 15), ("10.244.0.0/16", 31), ("10.244.0.1/16", 24), ("10.244.0.0", 24),
    ("10.244.0.0/33", 24),
    ("10.0.0.0/8", 28), ("fd00::/64", 80), ("10.244.0/16", 24), ("", 24),
  ])
  func `ranges that cannot be cut are refused`(_ range: String, _ size: Int) {
    #expect(PodRanges(range, nodeMaskSize: size) == nil)
  }
}
