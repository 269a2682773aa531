import Objects
import Scheduler

/// Patches to the status of pods that no node takes.
enum PodStatusPatch {
  /// The condition `PodScheduled` false, and the nominated node; nil if the pod says so already.
  static func unschedulable(
    _ pod: JSON, message: String, nomination: SchedulerDecision.Nomination, now: Timestamp
  ) -> JSON? {
    var status: JSON = [:]
    let old = condition("PodScheduled", of: pod)
    let isKnown =
      old?["status"]?.string == "False" && old?["reason"]?.string == "Unschedulable"
      && old?["message"]?.string == message
    if !isKnown {
      var condition: JSON = [
        "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": .string(message),
        "lastProbeTime": .null,
      ]
      let isTransition = old?["status"]?.string != "False"
      condition["lastTransitionTime"] =
        isTransition ? .string(now.text) : old?["lastTransitionTime"] ?? .string(now.text)
      status["conditions"] = [condition]
    }
    let nominated = pod["status", "nominatedNodeName"]?.string ?? ""
    switch nomination {
    case .unchanged: break
    case .cleared: if !nominated.isEmpty { status["nominatedNodeName"] = .null }
    case .node(let node): if nominated != node { status["nominatedNodeName"] = .string(node) }
    }
    return status == [:] ? nil : patch(pod, status)
  }

  /// No nominated node.
  static func clearedNomination(_ pod: JSON) -> JSON? {
    guard pod["status", "nominatedNodeName"] != nil else { return nil }
    return patch(pod, ["nominatedNodeName": .null])
  }

  /// The condition of a pod that makes room for another.
  static func preempted(_ pod: JSON, scheduler: String, now: Timestamp) -> JSON {
    patch(
      pod,
      [
        "conditions": [
          [
            "type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler",
            "message": .string("\(scheduler): preempting to accommodate a higher priority pod"),
            "lastProbeTime": .null, "lastTransitionTime": .string(now.text),
          ]
        ]
      ])
  }

  /// Only for the pod that is meant, not for one of the same name after it.
  private static func patch(_ pod: JSON, _ status: JSON) -> JSON {
    var patch: JSON = ["status": status]
    if let uid = pod["metadata", "uid"] { patch["metadata"] = ["uid": uid] }
    return patch
  }

  private static func condition(_ type: String, of pod: JSON) -> JSON? {
    (pod["status", "conditions"]?.array ?? []).first { $0["type"]?.string == type }
  }
}
