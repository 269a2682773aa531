import Objects
import Scheduler
import Testing

@testable import SchedulerLoop

private let now = Timestamp(seconds: 1_767_225_600)

private func condition(_ message: String, at time: String) -> JSON {
  [
    "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": .string(message),
    "lastTransitionTime": .string(time),
  ]
}

@Suite struct PodStatusPatchTests {
  @Test func `a condition is patched once and keeps the time of its transition`() {
    var pod: JSON = ["metadata": ["uid": "u"]]
    var patched = condition("m", at: "2026-01-01T00:00:00Z")
    patched["lastProbeTime"] = .null
    #expect(
      PodStatusPatch.unschedulable(pod, message: "m", nomination: .unchanged, now: now)
        == ["metadata": ["uid": "u"], "status": ["conditions": [patched]]])
    pod["status", "conditions"] = [condition("m", at: "2025-01-01T00:00:00Z")]
    #expect(PodStatusPatch.unschedulable(pod, message: "m", nomination: .unchanged, now: now) == nil)
    let other = PodStatusPatch.unschedulable(pod, message: "other", nomination: .unchanged, now: now)
    #expect(
      other?["status", "conditions"]?.array?.first?["lastTransitionTime"] == "2025-01-01T00:00:00Z")
  }

  @Test func `a nomination is patched where it changes`() {
    var pod: JSON = ["status": ["conditions": [condition("m", at: "2025-01-01T00:00:00Z")]]]
    #expect(
      PodStatusPatch.unschedulable(pod, message: "m", nomination: .node("a"), now: now)
        == ["status": ["nominatedNodeName": "a"]])
    #expect(PodStatusPatch.unschedulable(pod, message: "m", nomination: .cleared, now: now) == nil)
    #expect(PodStatusPatch.clearedNomination(pod) == nil)
    pod["status", "nominatedNodeName"] = "a"
    #expect(PodStatusPatch.unschedulable(pod, message: "m", nomination: .node("a"), now: now) == nil)
    #expect(
      PodStatusPatch.unschedulable(pod, message: "m", nomination: .cleared, now: now)
        == ["status": ["nominatedNodeName": .null]])
    #expect(PodStatusPatch.clearedNomination(pod) == ["status": ["nominatedNodeName": .null]])
  }
}
