import Objects

/// The status of pods, as a kubelet writes it. All results are strategic merge patches.
enum PodStatus {
  /// Where a pod is.
  struct Place: Sendable, Hashable {
    /// The node's address.
    var host: String
    /// The pod's own; the host's for pods in the host's network.
    var pod: String
  }

  /// The pod's containers run.
  static func running(_ pod: JSON, at place: Place, now: Timestamp) -> JSON {
    let isReady = gatesAllow(pod)
    return patch(
      pod,
      [
        "phase": "Running", "hostIP": .string(place.host), "hostIPs": [["ip": .string(place.host)]],
        "podIP": .string(place.pod), "podIPs": [["ip": .string(place.pod)]],
        "startTime": pod["status", "startTime"] ?? .string(now.text),
        "conditions": .array(
          [
            condition("PodReadyToStartContainers", true, pod, now: now),
            condition("Initialized", true, pod, now: now),
            condition("ContainersReady", true, pod, now: now), ready(isReady, pod, now: now),
          ] + scheduled(pod, now: now)),
        "initContainerStatuses": .array(
          containers(pod, "initContainers").map { container in
            container["restartPolicy"]?.string == "Always"
              ? status(container, pod, ["running": ["startedAt": .string(now.text)]], isReady: true)
              : status(container, pod, ended(0, started: now, now: now), isReady: true)
          }),
        "containerStatuses": .array(
          containers(pod, "containers").map {
            status($0, pod, ["running": ["startedAt": .string(now.text)]], isReady: true)
          }),
      ])
  }

  /// The pod's containers have ended for good.
  static func ended(_ pod: JSON, exitCode: Int64, now: Timestamp) -> JSON {
    let started = startedAt(pod) ?? now
    let reason = exitCode == 0 ? "PodCompleted" : "PodFailed"
    return patch(
      pod,
      [
        "phase": exitCode == 0 ? "Succeeded" : "Failed",
        "conditions": [
          condition("ContainersReady", false, reason: reason, pod, now: now),
          condition("Ready", false, reason: reason, pod, now: now),
          condition("PodReadyToStartContainers", false, pod, now: now),
        ],
        "containerStatuses": .array(
          containers(pod, "containers").map {
            status($0, pod, ended(exitCode, started: started, now: now), isReady: false)
          }),
      ])
  }

  /// The pod's containers have ended, and run again.
  static func restarted(_ pod: JSON, exitCode: Int64, now: Timestamp) -> JSON {
    let started = startedAt(pod) ?? now
    return patch(
      pod,
      [
        "containerStatuses": .array(
          containers(pod, "containers").map { container in
            var status = status(
              container, pod, ["running": ["startedAt": .string(now.text)]], isReady: true)
            status["restartCount"] = .integer((status["restartCount"]?.integer ?? 0) &+ 1)
            status["lastState"] = ended(exitCode, started: started, now: now)
            return status
          })
      ])
  }

  /// Whether the pod is ready has changed.
  static func readiness(_ pod: JSON, now: Timestamp) -> JSON {
    patch(pod, ["conditions": [ready(gatesAllow(pod), pod, now: now)]])
  }

  // MARK: Reading

  /// Whether the pod says that it is ready.
  static func isReady(_ pod: JSON) -> Bool { condition("Ready", of: pod)?["status"]?.string == "True" }

  /// Whether all of the pod's readiness gates are open.
  static func gatesAllow(_ pod: JSON) -> Bool {
    (pod["spec", "readinessGates"]?.array ?? []).allSatisfy {
      condition($0["conditionType"]?.string ?? "", of: pod)?["status"]?.string == "True"
    }
  }

  /// When the containers that run have been started.
  static func startedAt(_ pod: JSON) -> Timestamp? {
    (pod["status", "containerStatuses"]?.array ?? [])
      .compactMap { $0["state"]?["running"]?["startedAt"]?.string.flatMap { Timestamp($0) } }.max()
  }

  private static func condition(_ type: String, of pod: JSON) -> JSON? {
    (pod["status", "conditions"]?.array ?? []).first { $0["type"]?.string == type }
  }

  private static func containers(_ pod: JSON, _ field: String) -> [JSON] { pod["spec", field]?.array ?? [] }

  // MARK: Writing

  private static func ready(_ isReady: Bool, _ pod: JSON, now: Timestamp) -> JSON {
    condition("Ready", isReady, reason: isReady ? nil : "ReadinessGatesNotReady", pod, now: now)
  }

  /// For pods that were bound by their own spec.
  private static func scheduled(_ pod: JSON, now: Timestamp) -> [JSON] {
    condition("PodScheduled", of: pod)?["status"]?.string == "True"
      ? [] : [condition("PodScheduled", true, pod, now: now)]
  }

  private static func condition(
    _ type: String, _ isTrue: Bool, reason: String? = nil, _ pod: JSON, now: Timestamp
  ) -> JSON {
    let status = isTrue ? "True" : "False"
    let old = condition(type, of: pod)
    let isSame = old?["status"]?.string == status
    let time = JSON.string(now.text)
    var condition: JSON = [
      "type": .string(type), "status": .string(status), "lastProbeTime": .null,
      "lastTransitionTime": isSame ? old?["lastTransitionTime"] ?? time : time,
    ]
    // Else what an earlier state said would stay.
    condition["reason"] = reason.map { .string($0) } ?? .null
    condition["message"] = .null
    return condition
  }

  private static func status(_ container: JSON, _ pod: JSON, _ state: JSON, isReady: Bool) -> JSON {
    let name = container["name"]?.string ?? ""
    let image = container["image"]?.string ?? ""
    let known = (pod["status", "containerStatuses"]?.array ?? []).first { $0["name"]?.string == name }
    let uid = pod["metadata", "uid"]?.string ?? ""
    return [
      "name": .string(name), "image": .string(image), "imageID": .string("simulated://\(image)"),
      "containerID": .string("simulated://\(uid)/\(name)"), "ready": .boolean(isReady),
      "started": .boolean(state["running"] != nil),
      "restartCount": known?["restartCount"] ?? 0, "state": state,
    ]
  }

  private static func ended(_ exitCode: Int64, started: Timestamp, now: Timestamp) -> JSON {
    [
      "terminated": [
        "exitCode": .integer(exitCode), "reason": exitCode == 0 ? "Completed" : "Error",
        "startedAt": .string(started.text), "finishedAt": .string(now.text),
      ]
    ]
  }

  /// Only for the pod that is meant, not for one of the same name after it.
  private static func patch(_ pod: JSON, _ status: JSON) -> JSON {
    var patch: JSON = ["status": status]
    if let uid = pod["metadata", "uid"] { patch["metadata"] = ["uid": uid] }
    return patch
  }
}
