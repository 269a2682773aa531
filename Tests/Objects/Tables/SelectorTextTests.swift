import Testing

@testable import Objects

@Suite struct SelectorTextTests {
  @Test(
    arguments: [
      (nil, "<none>"), ([:], "<none>"), (["matchLabels": ["b": "2", "a": "1"]], "a=1,b=2"),
      (
        [
          "matchLabels": ["m": "1"],
          "matchExpressions": [
            ["key": "z", "operator": "In", "values": ["b", "a"]],
            ["key": "c", "operator": "NotIn", "values": ["x"]], ["key": "n", "operator": "Exists"],
            ["key": "a", "operator": "DoesNotExist"],
          ],
        ], "!a,c notin (x),m=1,n,z in (a,b)"
      ),
      (["matchExpressions": [["key": "a", "operator": "In"]]], "<error>"),
      (["matchExpressions": [["key": "a", "operator": "Exists", "values": ["x"]]]], "<error>"),
      (["matchExpressions": [["key": "a", "operator": "Near", "values": ["x"]]]], "<error>"),
      (["matchExpressions": [["operator": "Exists"]]], "<error>"),
    ] as [(JSON?, String)])
  func selectors(_ selector: JSON?, _ text: String) {
    #expect(SelectorText.display(ofSelector: selector) == text)
  }

  @Test func labels() {
    #expect(SelectorText.labels(["b": "2", "a": ""]) == "a=,b=2")
    #expect(SelectorText.labels([:]) == "<none>")
    #expect(SelectorText.labels(nil) == "<none>")
  }

  @Test func structureText() {
    #expect(
      SelectorText.structureText(ofSelector: [
        "matchLabels": ["a": "b"],
        "matchExpressions": [["key": "k", "operator": "In", "values": ["x", "y"]]],
      ])
        == "&LabelSelector{MatchLabels:map[string]string{a: b,},MatchExpressions:[]LabelSelectorRequirement"
        + "{LabelSelectorRequirement{Key:k,Operator:In,Values:[x y],},},}")
  }

  @Test(
    arguments: [
      (["a"], "a"), (["a", "b", "c"], "a,b,c"), (["a", "b", "c", "d", "e"], "a,b,c + 2 more..."), ([], ""),
    ] as [([String], String)])
  func startsOfLists(_ list: [String], _ text: String) { #expect(ListText.start(of: list) == text) }
}
