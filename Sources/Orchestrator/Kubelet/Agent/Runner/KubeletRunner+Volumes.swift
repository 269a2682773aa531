import Client
import ContainerRuntime
import Exchange
import Objects
import Synchronization

extension KubeletRunner {
  /// What the files of a pod were last made of.
  struct VolumeMemory: Sendable {
    /// When they are looked at again, by `uptime`.
    var refreshAt: Duration
    var labels: JSON?
    var annotations: JSON?

    init(_ pod: JSON, refreshAt: Duration) {
      self.refreshAt = refreshAt
      labels = pod["metadata", "labels"]
      annotations = pod["metadata", "annotations"]
    }

    func isDue(_ pod: JSON, now: Duration) -> Bool {
      now >= refreshAt || labels != pod["metadata", "labels"] || annotations != pod["metadata", "annotations"]
    }
  }

  /// Brings the volumes of a running pod up to date if it is time. Says after how long to come again; nil if this pod
  /// has nothing that changes.
  func refreshVolumes(_ pod: JSON, _ observed: ObservedPod) async -> Duration? {
    guard pod.hasChangingVolumes, !pod.isBeingDeleted, !pod.isTerminal, !observed.running.isEmpty else {
      return nil
    }
    let now = time.uptime
    let period = KubeletLimits.volumePeriod * (0.75 + options.jitter() / 2)
    let known = state.withLock { state in
      let known = state.memory[pod.podUID]?.volumes
      if known?.isDue(pod, now: now) ?? true {
        state.memory[pod.podUID, default: PodMemory()].volumes = VolumeMemory(pod, refreshAt: now + period)
      }
      return known
    }
    if let known, !known.isDue(pod, now: now) { return known.refreshAt - now }
    // What was read for its containers is too old.
    state.withLock { $0.memory[pod.podUID]?.prefetch = nil }
    do throws(StatusError) {
      let sources = try await sources(of: pod, addresses: observed.newestSandbox?.addresses ?? [])
      for message in await volumes.refresh(pod, sources: sources, settings: settings) {
        tell(pod, "Warning", "FailedMount", message)
      }
    } catch {
      // The server is away: what there is stays, and the next time comes.
    }
    return period
  }
}

extension JSON {
  /// Whether any of a pod's volumes is made of objects that change.
  var hasChangingVolumes: Bool {
    (self["spec", "volumes"]?.array ?? []).contains(where: \.isMadeOfObjects)
  }

  /// Whether a volume is made of objects.
  var isMadeOfObjects: Bool {
    ["configMap", "secret", "projected", "downwardAPI"].contains { self[$0] != nil }
  }
}
