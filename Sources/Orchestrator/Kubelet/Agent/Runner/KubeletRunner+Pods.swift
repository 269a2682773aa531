import Client
import ContainerRuntime
import Exchange
import Objects
import Synchronization

extension KubeletRunner {
  /// Does what is to be done about a pod, until there is nothing more to do or something fails.
  func sync(_ key: ObjectKey) async {
    guard let first = pod(key) else {
      // Gone: it is an orphan by now, and its mirror goes after it.
      return await removeMirror(key)
    }
    let uid = first.podUID
    if first.isStatic {
      // Two of a name would be after the same ports and files.
      if isStillLeaving(key) { return }
    } else {
      // Its variables tell of services.
      await services.waitForSync()
    }
    do throws(RuntimeError) {
      var observed = try await ObservedPod(uid: uid, runtime: runtime)
      // One step leads to the next: the sandbox to its containers, one init container to the other.
      for _ in 0..<KubeletLimits.stepsOfLook {
        // It may have changed during the step before; another pod of this name has its own turn.
        guard let pod = pod(key), pod.podUID == uid else { return }
        watchProbes(pod, key, observed)
        let plan = makePlan(pod, observed)
        guard !plan.actions.isEmpty else {
          let refresh = await refreshVolumes(pod, observed)
          await settle(pod, key, observed, plan)
          if let refresh { podKeys.addAfter(key, refresh) }
          return
        }
        // Users see where it stands while the step is made; nobody waits for that.
        let before = observed
        async let hasWritten = write(pod, before)
        let isWell = await perform(plan.actions, pod, before)
        _ = await hasWritten
        observed = try await ObservedPod(uid: uid, runtime: runtime)
        guard isWell else {
          watchProbes(pod, key, observed)
          _ = await write(pod, observed)
          podKeys.addRateLimited(key)
          return
        }
      }
      podKeys.add(key)
    } catch {
      podKeys.addRateLimited(key)
    }
  }

  /// Does these things in order; false if one failed.
  private func perform(_ actions: [PodAction], _ pod: JSON, _ observed: ObservedPod) async -> Bool {
    var isWell = true
    for action in actions {
      if await perform(action, pod, observed) { continue }
      isWell = false
      // A container that does not start does not keep the others from it.
      guard case .start = action else { return false }
    }
    return isWell
  }

  /// Nothing is to be done now: says so, and lets the pod go if that is what it waited for.
  private func settle(_ pod: JSON, _ key: ObjectKey, _ observed: ObservedPod, _ plan: PodPlan) async {
    state.withLock { $0.memory[pod.podUID]?.prefetch = nil }
    if pod.isStatic, await !showMirror(of: pod, key) { podKeys.addAfter(key, KubeletLimits.mirrorRetry) }
    guard await write(pod, observed) else {
      podKeys.addRateLimited(key)
      return
    }
    if plan.isOver, pod.isBeingDeleted { return await finish(pod, key, observed) }
    podKeys.forget(key)
    if let wait = plan.wait { podKeys.addAfter(key, wait) }
  }

  private func makePlan(_ pod: JSON, _ observed: ObservedPod) -> PodPlan {
    let uid = pod.podUID
    let (memory, backoff) = state.withLock { ($0.memory[uid] ?? PodMemory(), $0.backoff) }
    let plan = PodPlan(
      pod: pod, observed: observed, probes: verdicts(uid), backoff: backoff, failure: memory.failure,
      now: time.now)
    if let failure = plan.failure, memory.failure == nil {
      tell(pod, "Normal", failure.reason, failure.message)
    }
    for name in plan.backingOff.keys.sorted() { tellBackOff(name, pod) }
    state.withLock { state in
      state.memory[uid, default: PodMemory()].failure = plan.failure
      for item in observed.running { state.memory[uid]?.waiting[item.name] = nil }
    }
    return plan
  }

  private func tellBackOff(_ name: String, _ pod: JSON) {
    guard let spec = pod.containerSpec(name) else { return }
    let wait = state.withLock { $0.backoff.wait(CrashBackoff.key(pod, spec)) }
    let text = GoDuration(nanoseconds: wait.components.seconds * 1_000_000_000).text
    let message = "back-off \(text) restarting failed container=\(name) pod=\(pod.podText)"
    tell(pod, "Warning", "BackOff", "Back-off restarting failed container \(name) in pod \(pod.podText)")
    setWaiting(WaitingReason("CrashLoopBackOff", message), name, pod)
  }

  func setWaiting(_ reason: WaitingReason?, _ name: String, _ pod: JSON) {
    state.withLock { $0.memory[pod.podUID, default: PodMemory()].waiting[name] = reason }
  }

  // MARK: Status

  /// Writes the pod's status if it is another one; false if that failed.
  private func write(_ pod: JSON, _ observed: ObservedPod) async -> Bool {
    let uid = pod.podUID
    let memory = state.withLock { $0.memory[uid] ?? PodMemory() }
    // Of a static pod the API server has but the mirror.
    let mirror = pod.isStatic ? pods[ObjectKey(pod)].flatMap { StaticPod.shows($0, pod) ? $0 : nil } : nil
    var shown = mirror ?? pod
    // The informer may not have heard yet of what was written last.
    if let written = memory.written, written.podUID == shown.podUID,
      Self.version(written) > Self.version(shown)
    {
      shown["status"] = written["status"]
    }
    let status = PodStatusBuilder(
      pod: pod.isStatic ? pod : shown, observed: observed.withMessages(options.files),
      probes: verdicts(uid), waiting: memory.waiting, failure: memory.failure,
      hostAddresses: settings.addresses, now: time.now
    ).status
    if pod.isStatic { state.withLock { $0.statics.statuses[uid] = status } }
    return pod.isStatic && mirror == nil ? true : await patch(shown, status, uid)
  }

  /// Gives a pod in the API server another status; false if that failed.
  private func patch(_ shown: JSON, _ status: JSON, _ uid: String) async -> Bool {
    var wanted = shown
    wanted["status"] = status
    guard
      var patch = try? StrategicMergePatch(schema: .builtIn).difference(
        from: shown, to: wanted, shape: resources.podShape),
      patch.object?.isEmpty == false
    else { return true }
    // Not for another pod of this name.
    patch["metadata"] = ["uid": .string(shown.podUID)]
    do throws(StatusError) {
      let written = try await client.patch(
        resources.pods, namespace: shown.podNamespace, name: shown.podName, kind: .strategic,
        subresource: "status", patch)
      state.withLock { $0.memory[uid]?.written = written }
      return true
    } catch {
      return error.isNotFound || error.isConflict
    }
  }

  static func version(_ object: JSON) -> UInt64 {
    object["metadata", "resourceVersion"]?.string.flatMap { UInt64($0) } ?? 0
  }

  /// The pod is being deleted and has stopped: it goes.
  private func finish(_ pod: JSON, _ key: ObjectKey, _ observed: ObservedPod) async {
    do {
      for sandbox in observed.sandboxes { try await runtime.removePodSandbox(sandbox.sandbox.id) }
      try await volumes.tearDown(podUID: pod.podUID, settings: settings)
      let options = APIClient.deleteOptions(gracePeriodSeconds: 0, uid: pod.podUID)
      try await client.delete(
        resources.pods, namespace: key.namespace, name: key.name, options: options)
      forget(pod.podUID)
      podKeys.forget(key)
    } catch let error as StatusError where error.isNotFound || error.isConflict {
      forget(pod.podUID)
    } catch {
      podKeys.addRateLimited(key)
    }
  }

  // MARK: Probes

  func verdicts(_ uid: String) -> ProbeVerdicts {
    state.withLock { state in
      var verdicts = ProbeVerdicts()
      for (key, probe) in state.probes where key.uid == uid {
        switch key.kind {
        case .startup: verdicts.startup[key.containerID] = probe.verdict
        case .liveness: verdicts.liveness[key.containerID] = probe.verdict
        case .readiness: verdicts.readiness[key.containerID] = probe.verdict
        }
      }
      return verdicts
    }
  }

  /// Begins probing containers that run, and forgets those that do not.
  private func watchProbes(_ pod: JSON, _ key: ObjectKey, _ observed: ObservedPod) {
    var wanted: [ProbeKey: ProbeState] = [:]
    for spec in pod.initContainers.filter({ $0.kind == .sidecar }) + pod.appContainers {
      guard let item = observed.newest(spec.name), item.isRunning,
        let startedAt = Timestamp(runtimeNanoseconds: item.status.startedAt)
      else { continue }
      for kind in ProbeSpec.Kind.allCases {
        guard let probe = ProbeSpec(kind, of: spec) else { continue }
        let probeKey = ProbeKey(
          pod: key, uid: pod.podUID, container: spec.name, containerID: item.id, kind: kind)
        wanted[probeKey] = ProbeState(probe, containerID: item.id, startedAt: startedAt)
      }
    }
    let new = state.withLock { state in
      let known = state.probes.filter { $0.key.uid == pod.podUID }
      for key in known.keys where wanted[key] == nil { state.probes[key] = nil }
      let new = wanted.filter { known[$0.key] == nil }
      for (key, probe) in new { state.probes[key] = probe }
      return Array(new.keys)
    }
    for key in new { probeKeys.add(key) }
  }

  /// Tries a probe if it is time.
  func probe(_ key: ProbeKey) async {
    guard let probe = state.withLock({ $0.probes[key] }), let pod = pods[key.pod], pod.podUID == key.uid
    else { return }
    let startup = ProbeKey(
      pod: key.pod, uid: key.uid, container: key.container, containerID: key.containerID, kind: .startup)
    let isStarted = state.withLock { $0.probes[startup].map { $0.verdict == true } ?? true }
    switch probe.step(isStarted: isStarted, isEnding: pod.isBeingDeleted, now: time.now) {
    case .stop: return
    case .wait(let duration): probeKeys.addAfter(key, duration)
    case .run:
      let address =
        pod.usesHostNetwork
        ? settings.addresses.first ?? "" : pod["status", "podIP"]?.string ?? ""
      let outcome = await ProbeRunner(runtime: runtime, transport: transport)
        .run(probe.spec, container: key.containerID, address: address)
      if let message = probe.message(outcome) { tell(pod, "Warning", "Unhealthy", message) }
      let now = time.now
      let changed = state.withLock { $0.probes[key]?.take(outcome, now: now) ?? false }
      if changed { podKeys.add(key.pod) }
      probeKeys.addAfter(key, probe.spec.period)
    }
  }
}
