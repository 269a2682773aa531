import Client
import ContainerRuntime
import Exchange
import Objects
import Synchronization

extension KubeletRunner {
  /// Does one thing; false if it failed.
  func perform(_ action: PodAction, _ pod: JSON, _ observed: ObservedPod) async -> Bool {
    switch action {
    case .createSandbox(let attempt): return await createSandbox(pod, attempt: attempt)
    case .stop(let stop): return await interruptible(pod) { [self] in await self.stop(stop, pod) }
    case .kill(let waves, let sandboxes):
      let hasStopped = await interruptible(pod) { [self] in await self.stop(waves, pod) }
      guard hasStopped else { return false }
      do throws(RuntimeError) {
        for sandbox in sandboxes { try await runtime.stopPodSandbox(sandbox) }
        return true
      } catch {
        tell(
          pod, "Warning", "FailedKillPod",
          "error killing pod: failed to \"KillPodSandbox\": \(error.message)")
        return false
      }
    case .start(let name, let attempt):
      guard let spec = pod.containerSpec(name),
        let sandbox = observed.usableSandbox(hostNetwork: pod.usesHostNetwork)
      else { return false }
      return await start(spec, attempt: attempt, pod, observed, in: sandbox)
    }
  }

  private func createSandbox(_ pod: JSON, attempt: UInt32) async -> Bool {
    let builder = ContainerSpecBuilder(pod: pod, settings: settings)
    do throws(ContainerConfigError) {
      try await volumes.prepareSandbox(pod, settings: settings)
    } catch {
      tell(pod, "Warning", "FailedMount", error.message)
      return false
    }
    let text: String
    do {
      let handler = try await runtimeHandler(of: pod)
      async let prefetched: Void = prefetch(pod)
      _ = try await runtime.runPodSandbox(builder.sandbox(attempt: attempt), runtimeHandler: handler)
      await prefetched
      return true
    } catch let error as ContainerConfigError {
      text = error.message
    } catch {
      text = (error as? RuntimeError)?.message ?? "\(error)"
    }
    tell(pod, "Warning", "FailedCreatePodSandBox", "Failed to create pod sandbox: \(text)")
    return false
  }

  // MARK: Stopping

  /// Stops one wave after another; false if one did not stop.
  private func stop(_ waves: [[ContainerStop]], _ pod: JSON) async -> Bool {
    for wave in waves {
      let hasStopped = await withTaskGroup(of: Bool.self) { group in
        for stop in wave { group.addTask { [self] in await self.stop(stop, pod) } }
        return await group.reduce(true) { $0 && $1 }
      }
      if !hasStopped { return false }
    }
    return true
  }

  private func stop(_ stop: ContainerStop, _ pod: JSON) async -> Bool {
    tell(pod, "Normal", "Killing", stop.message)
    let began = time.uptime
    await runPreStop(stop, pod)
    // With less time now: whoever gave it up comes again.
    if Task.isCancelled { return false }
    let left = stop.grace - (time.uptime - began)
    let least = stop.grace > .zero ? min(stop.grace, KubeletLimits.minimumGrace) : .zero
    do throws(RuntimeError) {
      try await runtime.stopContainer(stop.id, gracePeriod: max(left, least))
      return true
    } catch {
      return error.code == .notFound
    }
  }

  /// Runs the container's preStop hook within the grace period.
  private func runPreStop(_ stop: ContainerStop, _ pod: JSON) async {
    guard stop.grace > .zero, let spec = pod.containerSpec(stop.name),
      let hook = spec.json["lifecycle", "preStop"]
    else { return }
    if let failure = await run(hook, spec, container: stop.id, pod, timeout: stop.grace) {
      tell(pod, "Warning", "FailedPreStopHook", "PreStopHook failed: \(failure)")
    }
  }

  /// Runs a hook; nil if it went well.
  private func run(
    _ hook: JSON, _ spec: ContainerSpec, container: String, _ pod: JSON, timeout: Duration?
  ) async -> String? {
    do {
      if let exec = hook["exec"] {
        let command = (exec["command"]?.array ?? []).compactMap(\.string)
        let result = try await runtime.execSync(container, command: command, timeout: timeout)
        return result.exitCode == 0 ? nil : "command exited with \(result.exitCode)"
      }
      if let http = hook["httpGet"], let port = ProbeSpec.port(http["port"], spec) {
        let request = HTTPProbe(http, port: port)
        let own = pod.usesHostNetwork ? settings.addresses.first : pod["status", "podIP"]?.string
        _ = try await transport.http(
          request, host: request.host.isEmpty ? own ?? "" : request.host, timeout: timeout ?? .seconds(30))
        return nil
      }
      if let seconds = hook["sleep", "seconds"]?.integer, seconds > 0 {
        try await time.sleep(for: min(.seconds(seconds), timeout ?? .seconds(seconds)))
      }
      return nil
    } catch let error as RuntimeError {
      return error.message
    } catch let error as ProbeTransportError {
      return error.message
    } catch {
      return "\(error)"
    }
  }

  // MARK: Starting

  private func start(
    _ spec: ContainerSpec, attempt: UInt32, _ pod: JSON, _ observed: ObservedPod,
    in sandbox: PodSandboxStatus
  ) async -> Bool {
    guard let image = await image(of: spec, pod, attempt: sandbox.sandbox.metadata.attempt) else {
      return false
    }
    let id: String
    do {
      let sources = try await sources(of: pod, addresses: sandbox.addresses)
      let environment = try ContainerEnvironment(of: spec.name, in: pod, sources)
      for message in environment.skipped {
        tell(pod, "Warning", "InvalidEnvironmentVariableNames", message)
      }
      let target = spec.json["targetContainerName"]?.string.flatMap { observed.newest($0)?.id } ?? ""
      let builder = ContainerSpecBuilder(pod: pod, settings: settings)
      let mounts = try await volumes.mounts(
        spec, of: pod, attempt: attempt, environment: environment, sources: sources, settings: settings)
      let config = try builder.container(
        spec, attempt: attempt, image: image.image, reference: image.reference, environment: environment,
        mounts: mounts, target: target)
      noteRestart(spec, pod, observed)
      await collect(observed)
      id = try await runtime.createContainer(
        config, in: sandbox.sandbox.id,
        sandboxConfig: builder.sandbox(attempt: sandbox.sandbox.metadata.attempt))
      tell(pod, "Normal", "Created", "Created container: \(spec.name)")
    } catch let error as ContainerConfigError {
      if error.isMountFailure {
        setWaiting(nil, spec.name, pod)
        tell(pod, "Warning", "FailedMount", error.message)
        return false
      }
      return fail("CreateContainerConfigError", error.message, spec, pod)
    } catch let error as RuntimeError {
      return fail("CreateContainerError", error.message, spec, pod)
    } catch {
      return fail("CreateContainerConfigError", "\(error)", spec, pod)
    }
    return await launch(id, spec, pod)
  }

  private func launch(_ id: String, _ spec: ContainerSpec, _ pod: JSON) async -> Bool {
    do throws(RuntimeError) {
      try await runtime.startContainer(id)
    } catch {
      return fail("RunContainerError", error.message, spec, pod)
    }
    tell(pod, "Normal", "Started", "Started container \(spec.name)")
    setWaiting(nil, spec.name, pod)
    if let hook = spec.json["lifecycle", "postStart"],
      let failure = await interruptible(
        pod, { [self] in await run(hook, spec, container: id, pod, timeout: nil) })
    {
      // Given up because the pod goes, which is what the next look is about.
      if isOutdated(pod) { return false }
      tell(pod, "Warning", "FailedPostStartHook", "PostStartHook failed: \(failure)")
      setWaiting(WaitingReason("PostStartHookError", failure), spec.name, pod)
      let stop = ContainerStop(id: id, name: spec.name, grace: pod.gracePeriod, reason: .podEnds)
      _ = await self.stop(stop, pod)
      return false
    }
    return true
  }

  /// A container that ended is started again: if that fails, too, the next time comes later.
  private func noteRestart(_ spec: ContainerSpec, _ pod: JSON, _ observed: ObservedPod) {
    guard let last = observed.newest(spec.name), last.status.state == .exited else { return }
    let now = time.now
    let endedAt = Timestamp(runtimeNanoseconds: last.status.finishedAt) ?? now
    state.withLock { $0.backoff.next(CrashBackoff.key(pod, spec), endedAt: endedAt, now: now) }
  }

  /// Removes what need not be kept, before another container is added.
  private func collect(_ observed: ObservedPod) async {
    let collection = ContainerCollection(observed)
    for id in collection.containers { try? await runtime.removeContainer(id) }
    for id in collection.sandboxes { try? await runtime.removePodSandbox(id) }
  }

  func fail(_ reason: String, _ message: String, _ spec: ContainerSpec, _ pod: JSON) -> Bool {
    setWaiting(WaitingReason(reason, message), spec.name, pod)
    tell(pod, "Warning", "Failed", "Error: \(message)")
    return false
  }
}
