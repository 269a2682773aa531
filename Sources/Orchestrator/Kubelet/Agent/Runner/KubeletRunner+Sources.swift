import Client
import Exchange
import Objects
import Synchronization

extension KubeletRunner {
  /// The objects that the pod refers to.
  func sources(of pod: JSON, addresses: [String]) async throws(StatusError) -> PodSources {
    var sources = PodSources(
      services: services.list(pod.podNamespace) + [services.get("default", "kubernetes")].compactMap { $0 },
      podAddresses: pod.usesHostNetwork ? settings.addresses : addresses,
      hostAddresses: settings.addresses, allocatable: settings.allocatable)
    let names = PodReferences(pod)
    for name in names.configMaps {
      sources.configMaps[name] = try await read(resources.configMaps, pod.podNamespace, name)
    }
    for name in names.secrets {
      sources.secrets[name] = try await read(resources.secrets, pod.podNamespace, name)
    }
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
