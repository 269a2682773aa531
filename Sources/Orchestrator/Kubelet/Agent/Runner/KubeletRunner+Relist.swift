import Client
import ContainerRuntime
import Objects
import Synchronization

extension KubeletRunner {
  /// Asks the runtime for what changed, again and again: not every runtime tells of it by itself.
  func relist() async {
    while !Task.isCancelled {
      await relistOnce()
      do { try await time.sleep(for: KubeletLimits.relistPeriod) } catch { return }
    }
  }

  /// Looks at pods whose containers changed, and ends those that nobody wants.
  func relistOnce() async {
    guard let snapshot = try? await RuntimeSnapshot(of: runtime) else {
      state.withLock { $0.isRuntimeAway = true }
      return
    }
    let now = time.uptime
    let wasAway = state.withLock { state in
      state.relistedAt = now
      defer { state.isRuntimeAway = false }
      return state.isRuntimeAway
    }
    // Pods that were in vain do not have to wait for their next try.
    if wasAway { for key in allKeys { podKeys.addAnew(key) } }
    let before = state.withLock { state in
      defer { state.snapshot = snapshot }
      return state.snapshot
    }
    for key in snapshot.changes(since: before) { podKeys.add(key) }
    // Else containers of pods not heard of yet would be taken for nobody's.
    guard let wanted = wantedUIDs else { return }
    for uid in snapshot.uids where !wanted.contains(uid) { orphans.add(uid) }
  }

  /// All that may be to do for this node.
  private var allKeys: Set<ObjectKey> {
    let statics = state.withLock { Array($0.statics.manifests.pods.keys) }
    return Set(pods.list().map { ObjectKey($0) } + statics)
  }

  /// A pod has gone: it is stopped as it was last seen, with what it had of its grace period.
  func depart(_ last: JSON) {
    var pod = last
    if last.isBeingDeleted {
      // Somebody did not want to wait: that leaves it the least.
      let least = min(last.gracePeriod, KubeletLimits.minimumGrace)
      pod["metadata", "deletionGracePeriodSeconds"] = .integer(least.components.seconds)
    } else {
      pod["metadata", "deletionTimestamp"] = .string(time.now.text)
      pod["metadata", "deletionGracePeriodSeconds"] = .integer(last.gracePeriod.components.seconds)
    }
    let ended = pod
    state.withLock { state in
      guard state.departed.count < KubeletLimits.departedPods else { return }
      state.departed[ended.podUID] = ended
    }
    interrupt(ended.podUID)
    orphans.add(ended.podUID)
  }

  /// Ends a pod that is nobody's any more: it was deleted by force, or while the kubelet was away.
  func removeOrphan(_ uid: String) async {
    let departed = state.withLock { $0.departed[uid] }
    let key = departed.map { ObjectKey($0) }
    if let key, pod(key)?.podUID == uid {
      // It came back: a watch that was broken had lost it.
      state.withLock { $0.departed[uid] = nil }
      return
    }
    do throws(RuntimeError) {
      let observed = try await ObservedPod(uid: uid, runtime: runtime)
      if let departed {
        for action in PodPlan(pod: departed, observed: observed, now: time.now).actions {
          guard await perform(action, departed, observed) else {
            orphans.addRateLimited(uid)
            return
          }
        }
      } else {
        try await stopUnknown(observed)
      }
      for sandbox in observed.sandboxes { try await runtime.removePodSandbox(sandbox.sandbox.id) }
      try? await volumes.tearDown(podUID: uid, settings: settings)
      orphans.forget(uid)
      forget(uid)
      if let key { podKeys.add(key) }
    } catch {
      orphans.addRateLimited(uid)
    }
  }

  /// Stops containers of which nothing is known but what the runtime has kept for the kubelet.
  private func stopUnknown(_ observed: ObservedPod) async throws(RuntimeError) {
    for item in observed.running {
      let text = item.status.annotations[KubeletLabels.gracePeriod]
      let grace = Duration.seconds(max(0, text.flatMap { Int64($0) } ?? 30))
      try await runtime.stopContainer(item.id, gracePeriod: grace)
    }
    for sandbox in observed.sandboxes { try await runtime.stopPodSandbox(sandbox.sandbox.id) }
  }

  func forget(_ uid: String) {
    state.withLock { state in
      state.memory[uid] = nil
      state.statics.statuses[uid] = nil
      state.departed[uid] = nil
      state.probes = state.probes.filter { $0.key.uid != uid }
      state.backoff.forget(prefix: uid + "/")
      state.tokens.forget(podUID: uid)
    }
  }
}

extension WorkQueue {
  /// Adds a key as if it had never failed.
  fileprivate func addAnew(_ key: Key) {
    forget(key)
    add(key)
  }
}
