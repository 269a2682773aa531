public import Objects
import ContainerRuntime

/// What is to be done about a pod, from what is wanted and what the runtime has. Pure: to be asked again whenever
/// either changes, or after `wait`.
public struct PodPlan: Sendable, Hashable {
  /// A pod that the kubelet itself ends.
  public struct Failure: Sendable, Hashable {
    /// For `status.reason`.
    public var reason: String
    /// For `status.message`.
    public var message: String

    /// It was active longer than `activeDeadlineSeconds`.
    public static let deadline = Failure(
      reason: "DeadlineExceeded", message: "Pod was active on the node longer than the specified deadline")
  }

  /// To be done in order; a failure ends the round.
  public private(set) var actions: [PodAction] = []
  /// When to ask again although nothing happened.
  public private(set) var wait: Duration?
  /// Containers that would start if they had not crashed so often, with the rest of their wait.
  public private(set) var backingOff: [String: Duration] = [:]
  /// Set when the kubelet itself ends the pod.
  public private(set) var failure: Failure?
  /// Nothing runs, and nothing will.
  public private(set) var isOver = false

  private let pod: JSON
  private let observed: ObservedPod
  private let probes: ProbeVerdicts
  private let backoff: CrashBackoff
  private let now: Timestamp

  /// Decides.
  ///
  /// - Parameters:
  ///   - probes: what probes have found.
  ///   - failure: set if the pod has been ended before, and has to stay so.
  public init(
    pod: JSON, observed: ObservedPod, probes: ProbeVerdicts = ProbeVerdicts(),
    backoff: CrashBackoff = CrashBackoff(), failure: Failure? = nil, now: Timestamp
  ) {
    self.pod = pod
    self.observed = observed
    self.probes = probes
    self.backoff = backoff
    self.now = now
    self.failure = failure
    if failure == nil, !pod.isBeingDeleted { checkDeadline() }
    if pod.isBeingDeleted || self.failure != nil || pod.isTerminal {
      end()
    } else if let sandbox = observed.usableSandbox(hostNetwork: pod.usesHostNetwork) {
      advance(in: sandbox.sandbox.id)
    } else {
      renewSandbox()
    }
  }

  // MARK: The pod as a whole

  private mutating func checkDeadline() {
    guard let seconds = pod["spec", "activeDeadlineSeconds"]?.integer, !pod.isTerminal,
      let start = pod.moment("status", "startTime")
    else { return }
    let rest = .seconds(seconds) - now.since(start)
    if rest <= .zero { failure = .deadline } else { ask(after: rest) }
  }

  private mutating func ask(after duration: Duration) { wait = min(wait ?? duration, duration) }

  /// Stops what runs; done when there is nothing.
  private mutating func end() {
    isOver = observed.hasStopped
    if !isOver { actions.append(kill(.podEnds)) }
  }

  /// Sidecars go after the others, the last one first, as others may need them to the end.
  private func kill(_ reason: ContainerStop.Reason) -> PodAction {
    let sidecars = pod.initContainers.filter { $0.kind == .sidecar }.map(\.name)
    let stops = observed.containers.filter { $0.isRunning || $0.status.state == .unknown }
      .map { stop($0, reason) }
    var waves = [stops.filter { !sidecars.contains($0.name) }]
    for name in sidecars.reversed() { waves.append(stops.filter { $0.name == name }) }
    let sandboxes = observed.sandboxes.filter { $0.sandbox.state == .ready }.map(\.sandbox.id)
    return .kill(waves: waves.filter { !$0.isEmpty }, sandboxes: sandboxes)
  }

  private func stop(_ item: ObservedPod.Item, _ reason: ContainerStop.Reason) -> ContainerStop {
    var grace = pod.gracePeriod
    let probe: String? =
      switch reason {
      case .livenessProbe: "livenessProbe"
      case .startupProbe: "startupProbe"
      default: nil
      }
    if let probe,
      let own = pod.containerSpec(item.name)?.json[probe, "terminationGracePeriodSeconds"]?.integer
    {
      grace = .seconds(max(0, own))
    }
    return ContainerStop(id: item.id, name: item.name, grace: grace, reason: reason)
  }

  /// There is no sandbox that containers could start in.
  private mutating func renewSandbox() {
    let policy = RestartPolicy(pod["spec", "restartPolicy"])
    let hasRun = !observed.containers.isEmpty
    let isDone: Bool
    if policy == .never {
      isDone = hasRun && !observed.sandboxes.isEmpty
    } else {
      isDone =
        hasRun
        && pod.appContainers.allSatisfy { spec in
          guard let last = observed.newest(spec.name), last.status.state == .exited else { return false }
          return !spec.restarts(exitCode: last.status.exitCode)
        }
    }
    if !observed.hasStopped { actions.append(kill(.sandboxChanged)) }
    if isDone {
      isOver = observed.hasStopped
    } else {
      let attempt = observed.newestSandbox.map { $0.sandbox.metadata.attempt &+ 1 } ?? 0
      actions.append(.createSandbox(attempt: attempt))
    }
  }

  // MARK: Containers

  private mutating func advance(in sandbox: String) {
    let apps = pod.appContainers
    let hasBegun = apps.contains { observed.newest($0.name, in: sandbox) != nil }
    for spec in pod.ephemeralContainers where observed.newest(spec.name, in: sandbox) == nil {
      actions.append(.start(name: spec.name, attempt: 0))
    }
    switch initialize(in: sandbox, hasBegun: hasBegun) {
    case .failed:
      actions = [kill(.podEnds)]
      return
    case .pending: return
    case .done: break
    }
    var goesOn = false
    for spec in apps where keep(spec, in: sandbox) { goesOn = true }
    if !goesOn { actions = [kill(.podEnds)] }
  }

  private enum Initialization { case done, pending, failed }

  /// Takes the init containers one step further.
  private mutating func initialize(in sandbox: String, hasBegun: Bool) -> Initialization {
    let specs = pod.initContainers
    // What comes later proves that what came before was done, even if the runtime has lost it.
    let last = specs.lastIndex { observed.newest($0.name, in: sandbox) != nil } ?? -1
    let appsGoOn = pod.appContainers.contains { spec in
      guard let item = observed.newest(spec.name, in: sandbox) else { return true }
      return item.status.state != .exited || spec.restarts(exitCode: item.status.exitCode)
    }
    for (index, spec) in specs.enumerated() {
      let item = observed.newest(spec.name, in: sandbox)
      if spec.kind == .sidecar {
        if appsGoOn { _ = keep(spec, in: sandbox) }
        if !hasBegun, !probes.isStarted(spec, item) { return .pending }
        continue
      }
      if hasBegun { continue }
      guard let item else {
        if index < last { continue }
        _ = keep(spec, in: sandbox)
        return .pending
      }
      switch item.status.state {
      case .exited where item.status.exitCode == 0: continue
      case .exited where !spec.restarts(exitCode: item.status.exitCode): return .failed
      case .running: return .pending
      default:
        _ = keep(spec, in: sandbox)
        return .pending
      }
    }
    return .done
  }

  /// Sees to it that a container runs if it is to; false if it has ended for good.
  private mutating func keep(_ spec: ContainerSpec, in sandbox: String) -> Bool {
    guard let item = observed.newest(spec.name, in: sandbox) else {
      // Attempts are counted over all sandboxes: restart counts never go back.
      start(spec, after: observed.newest(spec.name))
      return true
    }
    switch item.status.state {
    case .running:
      if let reason = reasonToStop(item, spec) {
        actions.append(.stop(stop(item, reason)))
      }
      return true
    case .created:
      start(spec, after: item)
      return true
    case .unknown:
      actions.append(.stop(stop(item, .unknownState)))
      return true
    case .exited:
      guard spec.restarts(exitCode: item.status.exitCode) || wasStoppedForRestart(item, spec) else {
        return false
      }
      start(spec, after: item)
      return true
    }
  }

  private func reasonToStop(_ item: ObservedPod.Item, _ spec: ContainerSpec) -> ContainerStop.Reason? {
    if wasStoppedForRestart(item, spec) { return .definitionChanged }
    if probes.startup[item.id] == false { return .startupProbe }
    if probes.isStarted(spec, item), probes.liveness[item.id] == false { return .livenessProbe }
    return nil
  }

  /// Whether a container is another one by now, so that it starts again under any policy.
  private func wasStoppedForRestart(_ item: ObservedPod.Item, _ spec: ContainerSpec) -> Bool {
    guard let hash = item.status.annotations[KubeletLabels.containerHash] else { return false }
    return hash != spec.hash
  }

  private mutating func start(_ spec: ContainerSpec, after last: ObservedPod.Item?) {
    if let last, last.status.state == .exited {
      let endedAt = Timestamp(runtimeNanoseconds: last.status.finishedAt) ?? now
      let key = CrashBackoff.key(pod, spec)
      if let rest = backoff.remaining(key, endedAt: endedAt, now: now) {
        backingOff[spec.name] = rest
        ask(after: rest)
        return
      }
    }
    actions.append(.start(name: spec.name, attempt: last.map { $0.status.metadata.attempt &+ 1 } ?? 0))
  }
}
