import Objects

/// What a kubelet does next about a pod that is bound to it.
enum PodDecision: Sendable, Hashable {
  /// Nothing, until the pod changes.
  case nothing
  /// Nothing for this time.
  case wait(Duration)
  /// The pod's containers run; the status is to be written, with an address.
  case start
  /// The pod's containers have ended with this code; they run again if `restarts`.
  case end(exitCode: Int64, restarts: Bool)
  /// Whether it is ready has changed by its readiness gates.
  case updateReadiness
  /// The pod has ended and is to be removed.
  case delete

  /// Decides.
  ///
  /// - Parameters:
  ///   - boundFor: how long the pod has been seen bound to the node.
  init(_ pod: JSON, boundFor: Duration, now: Timestamp, options: SimulationOptions) {
    let phase = pod["status", "phase"]?.string ?? "Pending"
    let isOver = phase == "Succeeded" || phase == "Failed"
    if let text = pod["metadata", "deletionTimestamp"]?.string {
      self = Self.terminating(pod, isOver: isOver, deletion: Timestamp(text), now: now, options: options)
      return
    }
    guard !isOver else {
      self = .nothing
      return
    }
    guard phase == "Running" else {
      self = boundFor < options.startDelay ? .wait(options.startDelay - boundFor) : .start
      return
    }
    if let running = Self.running(pod, now: now, options: options) {
      self = running
      return
    }
    self = PodStatus.isReady(pod) == PodStatus.gatesAllow(pod) ? .nothing : .updateReadiness
  }

  /// A pod that is being deleted. Its deletion timestamp is when its grace period ends.
  private static func terminating(
    _ pod: JSON, isOver: Bool, deletion: Timestamp?, now: Timestamp, options: SimulationOptions
  ) -> PodDecision {
    let grace = Duration.seconds(max(0, pod["metadata", "deletionGracePeriodSeconds"]?.integer ?? 0))
    let wasRunning = pod["status", "phase"]?.string == "Running"
    if wasRunning, let deletion, grace > options.graceLimit {
      let left = deletion.since(now) - grace + options.graceLimit
      if left > .zero { return .wait(min(left, options.graceLimit)) }
    } else if wasRunning, let deletion, grace > .zero {
      let left = deletion.since(now)
      if left > .zero { return .wait(min(left, grace)) }
    }
    // With finalizers the pod stays, and how it ended counts.
    if !isOver, !(pod["metadata", "finalizers"]?.array ?? []).isEmpty {
      return .end(exitCode: 143, restarts: false)
    }
    return grace > .zero || (pod["metadata", "finalizers"]?.array ?? []).isEmpty ? .delete : .nothing
  }

  /// A pod that runs for a time; nil if it does not.
  private static func running(_ pod: JSON, now: Timestamp, options: SimulationOptions) -> PodDecision? {
    let policy = pod["spec", "restartPolicy"]?.string ?? "Always"
    let annotations = pod["metadata", "annotations"]
    let annotated = annotations?[SimulationOptions.Annotation.runSeconds]?.string.flatMap { Int64($0) }
      .map { Duration.seconds(min(max(0, $0), 1 << 31)) }
    guard policy != "Always", let duration = annotated ?? options.runDuration else { return nil }
    guard let started = PodStatus.startedAt(pod) else { return nil }
    let left = max(duration, restartPause(pod)) - now.since(started)
    if left > .zero { return .wait(left) }
    let code =
      annotations?[SimulationOptions.Annotation.exitCode]?.string.flatMap { Int64($0) }
      .map { min(max(0, $0), 255) } ?? 0
    return .end(exitCode: code, restarts: policy == "OnFailure" && code != 0)
  }
}

extension PodDecision {
  /// How long containers run at least that have ended before: stands for the back-off between restarts, which doubles
  /// from 10 s to 5 min.
  private static func restartPause(_ pod: JSON) -> Duration {
    let counts = (pod["status", "containerStatuses"]?.array ?? []).compactMap { $0["restartCount"]?.integer }
    guard let count = counts.max(), count > 0 else { return .zero }
    return .seconds(min(300, 10 << min(count - 1, 5)))
  }
}

extension Timestamp {
  /// The time from another moment to this one.
  func since(_ other: Timestamp) -> Duration {
    // Dates are within years 0 to 9999, far from the ends of the range.
    .seconds(seconds - other.seconds) + .nanoseconds(Int64(nanoseconds) - Int64(other.nanoseconds))
  }
}
