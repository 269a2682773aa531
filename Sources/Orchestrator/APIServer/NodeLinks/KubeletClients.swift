import Exchange
import HTTP
import NIOCore
import Synchronization

/// A client for each kubelet that was spoken to, so that connections are kept.
final class KubeletClients: Sendable {
  private let settings: NodeGateway.Settings
  private let group: any EventLoopGroup
  private let known = Mutex<[ProxyTarget: HTTPClient]>([:])

  init(_ settings: NodeGateway.Settings, on group: any EventLoopGroup) {
    self.settings = settings
    self.group = group
  }

  func client(for place: ProxyTarget) throws(StatusError) -> HTTPClient {
    if let client = known.withLock({ $0[place] }) { return client }
    let client: HTTPClient
    do {
      client = try make(place)
    } catch {
      throw .internalError("the certificate for kubelets cannot be used: \(error)")
    }
    return known.withLock { known in
      if let other = known[place] { return other }
      // Whoever uses one that goes holds it until the end.
      if known.count >= settings.kubelets, let key = known.keys.first { known[key] = nil }
      known[place] = client
      return client
    }
  }

  private func make(_ place: ProxyTarget) throws -> HTTPClient {
    var tls = HTTPClient.TLS(
      roots: settings.kubeletAuthorities ?? .system, identity: settings.identity)
    tls.skipsVerification = settings.kubeletAuthorities == nil
    return try HTTPClient(host: place.host, port: place.port, security: .tls(tls), on: group)
  }
}
