import Objects

/// The conditions that a kubelet keeps of a pod.
struct PodConditions: Sendable {
  let pod: JSON
  let phase: String
  let inits: [JSON]
  let apps: [JSON]
  let now: Timestamp

  private struct Finding {
    var isTrue: Bool
    var reason: String?
    var message: String?
  }

  /// All conditions: the kubelet's own, then those of others.
  func list(hasSandbox: Bool) -> [JSON] {
    let containers = containersReady
    let own: [(String, Finding)] = [
      ("PodReadyToStartContainers", Finding(isTrue: hasSandbox)), ("Initialized", initialized),
      ("Ready", ready(containers)), ("ContainersReady", containers), ("PodScheduled", Finding(isTrue: true)),
    ]
    let names = Set(own.map(\.0))
    let others = (pod["status", "conditions"]?.array ?? []).filter {
      !names.contains($0["type"]?.string ?? "")
    }
    return own.map { condition($0.0, $0.1) } + others
  }

  private var initialized: Finding {
    if phase == "Succeeded" { return Finding(isTrue: true, reason: "PodCompleted") }
    let hasBegun = apps.contains {
      $0["state", "running"] != nil || $0["state", "terminated"] != nil
        || $0["lastState", "terminated"] != nil
    }
    if hasBegun { return Finding(isTrue: true) }
    let incomplete = zip(pod.initContainers, inits).filter { spec, status in
      spec.kind == .sidecar ? status["started"] != true : status["ready"] != true
    }.map(\.0.name)
    if incomplete.isEmpty { return Finding(isTrue: true) }
    return Finding(
      isTrue: false, reason: "ContainersNotInitialized",
      message: "containers with incomplete status: [\(incomplete.joined(separator: " "))]")
  }

  private var containersReady: Finding {
    let sidecars = zip(pod.initContainers, inits).filter { $0.0.kind == .sidecar }.map(\.1)
    let unready = (sidecars + apps).filter { $0["ready"] != true }.compactMap { $0["name"]?.string }
    if phase == "Succeeded" { return Finding(isTrue: false, reason: "PodCompleted") }
    if phase == "Failed" { return Finding(isTrue: false, reason: "PodFailed") }
    if unready.isEmpty { return Finding(isTrue: true) }
    return Finding(
      isTrue: false, reason: "ContainersNotReady",
      message: "containers with unready status: [\(unready.joined(separator: " "))]")
  }

  private func ready(_ containers: Finding) -> Finding {
    guard containers.isTrue else { return containers }
    var messages: [String] = []
    for gate in pod["spec", "readinessGates"]?.array ?? [] {
      let type = gate["conditionType"]?.string ?? ""
      guard let condition = old(type) else {
        messages.append("corresponding condition of pod readiness gate \"\(type)\" does not exist.")
        continue
      }
      let status = condition["status"]?.string ?? ""
      if status != "True" {
        messages.append("the status of pod readiness gate \"\(type)\" is not \"True\", but \(status)")
      }
    }
    if messages.isEmpty { return Finding(isTrue: true) }
    return Finding(
      isTrue: false, reason: "ReadinessGatesNotReady", message: messages.joined(separator: ", "))
  }

  private func old(_ type: String) -> JSON? {
    pod["status", "conditions"]?.array?.first { $0["type"]?.string == type }
  }

  private func condition(_ type: String, _ finding: Finding) -> JSON {
    let status = finding.isTrue ? "True" : "False"
    let before = old(type)
    let time = JSON.string(now.text)
    let isSame = before?["status"]?.string == status
    var condition: JSON = [
      "type": .string(type), "status": .string(status), "lastProbeTime": .null,
      "lastTransitionTime": isSame ? before?["lastTransitionTime"] ?? time : time,
    ]
    condition["reason"] = finding.reason.map { .string($0) }
    condition["message"] = finding.message.map { .string($0) }
    if let generation = pod["metadata", "generation"] { condition["observedGeneration"] = generation }
    return condition
  }
}
