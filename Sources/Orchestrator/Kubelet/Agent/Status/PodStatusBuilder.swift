import ContainerRuntime
public import Objects

/// The status of a pod, as the API gets it from its kubelet.
public struct PodStatusBuilder: Sendable {
  private let pod: JSON
  private let observed: ObservedPod
  private let failure: PodPlan.Failure?
  private let hostAddresses: [String]
  private let now: Timestamp
  private let containers: ContainerStatusBuilder

  /// What the status is made of.
  ///
  /// - Parameters:
  ///   - waiting: why containers do not run, by their names.
  ///   - failure: set if the kubelet itself ends the pod.
  ///   - hostAddresses: the node's, the main one first.
  ///   - runtime: the scheme of container ids.
  public init(
    pod: JSON, observed: ObservedPod, probes: ProbeVerdicts = ProbeVerdicts(),
    waiting: [String: WaitingReason] = [:], failure: PodPlan.Failure? = nil, hostAddresses: [String],
    runtime: String = "containerd", now: Timestamp
  ) {
    self.pod = pod
    self.observed = observed
    self.failure = failure
    self.hostAddresses = hostAddresses
    self.now = now
    containers = ContainerStatusBuilder(
      pod: pod, observed: observed, probes: probes, waiting: waiting, runtime: runtime,
      ends: pod.isBeingDeleted || failure != nil || pod.isTerminal)
  }

  /// The whole status. What others wrote, such as conditions of readiness gates, is kept.
  public var status: JSON {
    let inits = pod.initContainers.map(containers.status)
    let apps = pod.appContainers.map(containers.status)
    let ephemeral = pod.ephemeralContainers.map(containers.status)
    var status: JSON = pod["status"] ?? .object([:])
    let phase = Self.phase(pod, inits: inits, apps: apps, observed: observed, failure: failure)
    status["phase"] = .string(phase)
    if let failure, phase == "Failed" {
      status["reason"] = .string(failure.reason)
      status["message"] = .string(failure.message)
    }
    status["startTime"] = pod["status", "startTime"] ?? .string(now.text)
    status["qosClass"] = pod["status", "qosClass"] ?? .string(QualityOfService(of: pod).rawValue)
    if let generation = pod["metadata", "generation"] { status["observedGeneration"] = generation }
    if !inits.isEmpty { status["initContainerStatuses"] = .array(inits) }
    status["containerStatuses"] = .array(apps)
    if !ephemeral.isEmpty { status["ephemeralContainerStatuses"] = .array(ephemeral) }
    addAddresses(to: &status)
    status["conditions"] = .array(
      PodConditions(pod: pod, phase: phase, inits: inits, apps: apps, now: now)
        .list(hasSandbox: hasNetwork))
    return status
  }

  private var hasNetwork: Bool { observed.usableSandbox(hostNetwork: pod.usesHostNetwork) != nil }

  private func addAddresses(to status: inout JSON) {
    if let first = hostAddresses.first {
      status["hostIP"] = .string(first)
      status["hostIPs"] = .array(hostAddresses.map { ["ip": .string($0)] })
    }
    // An ended pod keeps the address it had.
    let addresses = pod.usesHostNetwork ? hostAddresses : observed.newestSandbox?.addresses ?? []
    guard let first = addresses.first, !pod.usesHostNetwork || hasNetwork else { return }
    status["podIP"] = .string(first)
    status["podIPs"] = .array(addresses.map { ["ip": .string($0)] })
  }

  // MARK: Phase

  /// The phase that the states of the containers make.
  static func phase(
    _ pod: JSON, inits: [JSON], apps: [JSON], observed: ObservedPod, failure: PodPlan.Failure?
  ) -> String {
    let old = pod["status", "phase"]?.string ?? "Pending"
    if old == "Succeeded" || old == "Failed" { return old }
    let raw = failure == nil ? rawPhase(pod, inits: inits, apps: apps) : "Failed"
    // A phase that is final says that nothing runs.
    guard raw == "Succeeded" || raw == "Failed" else { return raw }
    return observed.running.isEmpty ? raw : old
  }

  private static func rawPhase(_ pod: JSON, inits: [JSON], apps: [JSON]) -> String {
    let policy = RestartPolicy(pod["spec", "restartPolicy"])
    let hasBegun = apps.contains {
      $0["state", "running"] != nil || $0["state", "terminated"] != nil
        || $0["lastState", "terminated"] != nil
    }
    for (spec, status) in zip(pod.initContainers, inits) where spec.kind == .initialization && !hasBegun {
      if let code = status["state", "terminated", "exitCode"]?.integer {
        if code == 0 { continue }
        return spec.restarts(exitCode: Int32(truncatingIfNeeded: code)) ? "Pending" : "Failed"
      }
      return "Pending"
    }
    var (running, waiting, stopped, succeeded) = (0, 0, 0, 0)
    for status in apps {
      if status["state", "running"] != nil {
        running += 1
      } else if let code = status["state", "terminated", "exitCode"]?.integer {
        stopped += 1
        if code == 0 { succeeded += 1 }
      } else if status["lastState", "terminated"] != nil {
        stopped += 1
      } else {
        waiting += 1
      }
    }
    if waiting > 0 { return running + stopped > 0 ? "Running" : "Pending" }
    if running > 0 { return "Running" }
    let restarts = zip(pod.appContainers, apps).contains { spec, status in
      guard let code = status["state", "terminated", "exitCode"]?.integer else { return true }
      return spec.restarts(exitCode: Int32(truncatingIfNeeded: code))
    }
    // Containers that were stopped because the pod goes do not start again, whatever their policy.
    if restarts, !pod.isBeingDeleted { return "Running" }
    if stopped == succeeded { return "Succeeded" }
    return policy == .always && !pod.isBeingDeleted ? "Running" : "Failed"
  }
}
