import Client
import Exchange
import Objects
import Synchronization

extension KubeletRunner {
  /// What was read for a pod, for the containers that start one after another.
  struct Prefetch: Sendable {
    var sources: PodSources
    var readAt: Duration
  }

  /// The objects that the pod refers to, for a container that starts: read lately, or now.
  func sources(of pod: JSON, addresses: [String]) async throws(StatusError) -> PodSources {
    let (uid, now) = (pod.podUID, time.uptime)
    let known = state.withLock { $0.memory[uid]?.prefetch }
    var sources: PodSources
    if let known, now - known.readAt < KubeletLimits.prefetchAge {
      sources = known.sources
    } else {
      sources = try await objects(of: pod)
      // What is missing may come at any time.
      if sources.isComplete(for: pod) {
        let kept = Prefetch(sources: sources, readAt: now)
        state.withLock { $0.memory[uid, default: PodMemory()].prefetch = kept }
      }
    }
    sources.services =
      services.list(pod.podNamespace) + [services.get("default", "kubernetes")].compactMap { $0 }
    sources.podAddresses = pod.usesHostNetwork ? settings.addresses : addresses
    sources.hostAddresses = settings.addresses
    sources.allocatable = settings.allocatable
    return sources
  }

  /// Reads while the sandbox is made what its containers will need.
  func prefetch(_ pod: JSON) async { _ = try? await sources(of: pod, addresses: []) }

  /// The objects that the pod refers to, as they are now.
  private func objects(of pod: JSON) async throws(StatusError) -> PodSources {
    var sources = PodSources()
    let names = PodReferences(pod)
    for name in names.configMaps {
      sources.configMaps[name] = try await read(resources.configMaps, pod.podNamespace, name)
    }
    for name in names.secrets {
      sources.secrets[name] = try await read(resources.secrets, pod.podNamespace, name)
    }
    for claim in names.claims { sources.claims[claim] = try await persistentVolume(claim, pod) }
    for source in names.tokens { sources.tokens[source] = await token(pod, source) }
    return sources
  }

  /// An object; nil if there is none.
  func read(
    _ resource: Resource, _ namespace: String, _ name: String
  ) async throws(StatusError) -> JSON? {
    do throws(StatusError) {
      return try await client.get(resource, namespace: namespace, name: name)
    } catch {
      if error.isNotFound { return nil }
      throw error
    }
  }

  /// The persistent volume that a claim of the pod is bound to.
  private func persistentVolume(
    _ name: String, _ pod: JSON
  ) async throws(StatusError) -> Result<JSON, ContainerConfigError> {
    func failure(_ text: String) -> Result<JSON, ContainerConfigError> {
      .failure(ContainerConfigError(text))
    }
    guard let claim = try await read(resources.claims, pod.podNamespace, name) else {
      return failure("persistentvolumeclaim \"\(name)\" not found")
    }
    let isForAnother = (claim["metadata", "ownerReferences"]?.array ?? [])
      .contains { $0["controller"] == true && $0["kind"] == "Pod" && $0["uid"]?.string != pod.podUID }
    if isForAnother { return failure("persistentvolumeclaim \"\(name)\" was not made for this pod") }
    if claim.isBeingDeleted, pod["status", "containerStatuses"] == nil {
      return failure("persistentvolumeclaim \"\(name)\" is being deleted")
    }
    let volumeName = claim["spec", "volumeName"]?.string ?? ""
    guard claim["status", "phase"]?.string == "Bound", !volumeName.isEmpty else {
      return failure("persistentvolumeclaim \"\(name)\" is unbound")
    }
    guard claim["spec", "volumeMode"]?.string != "Block" else {
      return failure("persistentvolumeclaim \"\(name)\" is a block device, which this kubelet does not mount")
    }
    guard let volume = try await read(resources.persistentVolumes, "", volumeName) else {
      return failure("persistentvolume \"\(volumeName)\" not found")
    }
    guard volume["spec", "claimRef", "uid"] == claim["metadata", "uid"] else {
      return failure("persistentvolume \"\(volumeName)\" is bound to another claim")
    }
    return .success(volume)
  }

  /// The runtime's handler that a pod asks for by its RuntimeClass; empty for the usual one.
  func runtimeHandler(of pod: JSON) async throws(ContainerConfigError) -> String {
    let name = pod["spec", "runtimeClassName"]?.string ?? ""
    if name.isEmpty { return "" }
    do throws(StatusError) {
      return try await client.get(resources.runtimeClasses, name: name)["handler"]?.string ?? ""
    } catch {
      throw ContainerConfigError(error.message)
    }
  }

  /// The token of a `serviceAccountToken` source: the last one, unless it is time for another.
  private func token(_ pod: JSON, _ source: JSON) async -> Result<String, ContainerConfigError> {
    let key = TokenCache.Key(pod: pod, source: source)
    let now = time.now
    if let token = state.withLock({ $0.tokens.fresh(key, now: now) }) { return .success(token) }
    do throws(StatusError) {
      let answer = try await client.create(
        resources.serviceAccounts, namespace: pod.podNamespace, name: key.account, subresource: "token",
        key.request(pod))
      guard let token = answer["status", "token"]?.string,
        let expiresAt = answer.moment("status", "expirationTimestamp")
      else { return .failure(ContainerConfigError("failed to fetch token: the answer has none")) }
      state.withLock { $0.tokens.keep(token, for: key, expiresAt: expiresAt, now: now) }
      return .success(token)
    } catch {
      // A little old is better than none: its readers need not know that the server is away.
      if let token = state.withLock({ $0.tokens.good(key, now: now) }) { return .success(token) }
      return .failure(ContainerConfigError("failed to fetch token: \(error.message)"))
    }
  }
}

extension PodSources {
  /// Whether nothing is missing that the pod refers to.
  fileprivate func isComplete(for pod: JSON) -> Bool {
    let names = PodReferences(pod)
    return names.configMaps.allSatisfy { configMaps[$0] != nil }
      && names.secrets.allSatisfy { secrets[$0] != nil }
      && names.claims.allSatisfy { (try? claims[$0]?.get()) != nil }
      && names.tokens.allSatisfy { (try? tokens[$0]?.get()) != nil }
  }
}
