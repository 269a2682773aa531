import Admission
import Exchange
import Objects
import Registry
import Testing

@Suite struct PodPriorityTests {
  private static let classes = [
    json(#"{"kind":"PriorityClass","metadata":{"name":"high"},"value":10,"preemptionPolicy":"Never"}"#),
    json(#"{"kind":"PriorityClass","metadata":{"name":"plain"},"value":5}"#),
  ]
  private static let defaults = [
    json(#"{"kind":"PriorityClass","metadata":{"name":"d2"},"value":2,"globalDefault":true}"#),
    json(#"{"kind":"PriorityClass","metadata":{"name":"d1"},"value":1,"globalDefault":true}"#),
  ]

  @Test(
    arguments: [
      (#"{}"#, false, #"{"priority":0,"preemptionPolicy":"PreemptLowerPriority"}"#, nil),
      (
        #"{}"#, true, #"{"priorityClassName":"d1","priority":1,"preemptionPolicy":"PreemptLowerPriority"}"#,
        nil
      ),
      (
        #"{"priorityClassName":"high","priority":10}"#, true,
        #"{"priorityClassName":"high","priority":10,"preemptionPolicy":"Never"}"#, nil
      ),
      (#"{"priorityClassName":"gone"}"#, false, nil, "no PriorityClass with name gone was found"),
      (
        #"{"priorityClassName":"plain","priority":6}"#, false, nil,
        "the integer value of priority (6) must not be provided in pod spec; "
          + "priority admission controller computed 5 from the given PriorityClass name"
      ),
      (
        #"{"priorityClassName":"plain","preemptionPolicy":"Never"}"#, false, nil,
        "the string value of PreemptionPolicy (Never) must not be provided in pod spec; "
          + "priority admission controller computed PreemptLowerPriority from the given PriorityClass name"
      ),
    ] as [(String, Bool, String?, String?)])
  func `the class says how important a pod is`(
    spec: String, hasDefaults: Bool, expected: String?, problem: String?
  ) async {
    let pod: JSON = ["metadata": ["name": "p"], "spec": json(spec)]
    let result = await outcome(
      PodPriority(), creation(pod, resource("pods")), Self.classes + (hasDefaults ? Self.defaults : []))
    #expect(result.object?["spec"] == expected.map(json))
    #expect(result.refusal == problem.map { "403 pods \"p\" is forbidden: \($0)" })
  }

  @Test func `an update that leaves the priority out keeps it`() async {
    let request = AdmissionRequest(
      operation: .update, resource: resource("pods"), namespace: "n", name: "p", object: ["spec": [:]],
      old: ["spec": ["priority": 5, "preemptionPolicy": "Never"]], user: UserInfo(name: "u"))
    #expect(
      await outcome(PodPriority(), request).object == ["spec": ["priority": 5, "preemptionPolicy": "Never"]])
  }

  @Test(arguments: [("x", false, false), ("x", true, true), ("d1", true, false)])
  func `only one class is everybody's default`(name: String, isDefault: Bool, isRefused: Bool) async {
    let priorityClass: JSON = ["metadata": ["name": .string(name)], "globalDefault": .boolean(isDefault)]
    let result = await outcome(
      PodPriority(), creation(priorityClass, resource("priorityclasses", group: "scheduling.k8s.io")),
      Array(Self.defaults.suffix(1)))
    #expect(
      result.refusal
        == (isRefused
          ? "403 priorityclasses.scheduling.k8s.io \"x\" is forbidden: "
            + "PriorityClass d1 is already marked as default. Only one default can exist" : nil))
  }
}
