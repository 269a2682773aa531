import Testing

@testable import Objects

@Suite struct DescriptionsTests {
  @Test func textsOfKindsAndFields() {
    #expect(Descriptions.text(of: "Namespace") == "A part of the cluster in which names are unique.")
    #expect(
      Descriptions.text(of: "containers", in: "PodSpec") == "The containers. There must be one at least.")
    // Texts with a colon in them are whole.
    #expect(
      Descriptions.text(of: "restartPolicy", in: "PodSpec")
        == "When ended containers are restarted: Always, OnFailure or Never.")
  }

  @Test func fieldsThatAllKindsHave() {
    #expect(Descriptions.text(of: "kind", in: "Anything") == "What the object is, such as Pod.")
    // A kind's own words come first.
    #expect(Descriptions.text(of: "status", in: "Pod") == "What became of the pod.")
    #expect(Descriptions.text(of: "nothing", in: "Pod") == nil)
    #expect(Descriptions.text(of: "Anything") == nil)
    #expect(Descriptions.text(of: "*") == nil)
  }
}
