import Client
import ContainerRuntime
import Exchange
import Objects
import Synchronization

extension KubeletRunner {
  /// The image of a container; nil if there is none so far, which the container's state then says.
  ///
  /// - Parameter attempt: of the sandbox that it is for.
  func image(
    of spec: ContainerSpec, _ pod: JSON, attempt: UInt32
  ) async -> (image: Image, reference: String)? {
    let name = spec.json["image"]?.string ?? ""
    let key = "\(pod.podUID)/image/\(name)"
    let now = time.now
    let wait = state.withLock { $0.backoff.remaining(key, endedAt: $0.backoff.lastTry(key) ?? now, now: now) }
    var manager = ImageManager(runtime: runtime) { [self] in tell(pod, $0, $1, $2) }
    manager.sandbox = ContainerSpecBuilder(pod: pod, settings: settings).sandbox(attempt: attempt)
    manager.credentials = { [self] in await pullSecrets(of: pod).credentials(for: $0) }
    let policy = spec.json["imagePullPolicy"]?.string
    let outcome = await interruptible(pod) { [manager, time] in
      await manager.ensure(name, policy: policy, wait: wait, elapsed: { time.uptime })
    }
    switch outcome {
    case .present(let image, let reference): return (image, reference)
    case .missing(let reason):
      if reason.reason == "ErrImagePull" {
        state.withLock { $0.backoff.next(key, endedAt: now, now: now) }
      }
      setWaiting(reason, spec.name, pod)
    case .backingOff:
      let last = state.withLock { $0.memory[pod.podUID]?.waiting[spec.name] }
      if let last, last.reason == "ErrImagePull" {
        let message = "Back-off pulling image \"\(name)\": ErrImagePull: \(last.message)"
        setWaiting(WaitingReason("ImagePullBackOff", message), spec.name, pod)
      }
    }
    return nil
  }

  /// What the pod's secrets say of registries.
  private func pullSecrets(of pod: JSON) async -> RegistryKeyring {
    var (secrets, missing): ([JSON], [String]) = ([], [])
    for reference in pod["spec", "imagePullSecrets"]?.array ?? [] {
      guard let name = reference["name"]?.string, !name.isEmpty else { continue }
      if let secret = try? await read(resources.secrets, pod.podNamespace, name) {
        secrets.append(secret)
      } else {
        missing.append(name)
      }
    }
    if !missing.isEmpty {
      tell(
        pod, "Warning", "FailedToRetrieveImagePullSecret",
        "Unable to retrieve some image pull secrets (\(missing.joined(separator: ", "))); "
          + "attempting to pull the image may not succeed.")
    }
    return RegistryKeyring(secrets)
  }
}
