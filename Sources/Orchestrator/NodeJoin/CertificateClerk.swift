public import Client
import Exchange
import Objects

/// Orders certificates of the cluster and waits for them.
public struct CertificateClerk: Sendable {
  /// Makes a new key and a request for its certificate, both in PEM form.
  public typealias RequestMaker = @Sendable (CertificateOrder) throws -> (request: String, key: String)

  /// How long to wait before looking again.
  static let period = Duration.seconds(2)
  private let patience: Patience
  private let makeRequest: RequestMaker

  /// A clerk.
  public init(patience: Patience = Patience(), makeRequest: @escaping RequestMaker) {
    self.patience = patience
    self.makeRequest = makeRequest
  }

  private static func resource() throws(NodeJoinError) -> Resource {
    guard
      let resource = Resource.builtIn(
        group: "certificates.k8s.io", version: "v1", resource: "certificatesigningrequests")
    else { throw .local(message: "the built-in schema lacks certificatesigningrequests") }
    return resource
  }

  /// Orders a certificate and waits until it is there.
  public func obtain(
    _ order: CertificateOrder, from client: APIClient
  ) async throws(NodeJoinError) -> NodeCredential {
    let requests = try Self.resource()
    let made = try request(order)
    let end = patience.end
    let object = order.object(request: made.request)
    let sent = try await patience.persist(until: end) { () async throws(StatusError) in
      try await client.create(requests, object)
    }
    let name = sent["metadata", "name"]?.string ?? ""
    var reminder = patience.time.uptime
    while true {
      let current = try await patience.persist(until: end) { () async throws(StatusError) in
        try await client.get(requests, name: name)
      }
      switch CertificateOrder.progress(current) {
      case .issued(let certificate): return NodeCredential(certificate: certificate, key: made.key)
      case .refused(let problem): throw problem
      case .approved:
        patience.remind(&reminder, "certificate request \(name) is approved and waits to be signed")
      case .pending:
        patience.remind(
          &reminder,
          "certificate request \(name) waits for approval; if it does not come by itself: "
            + "kubectl certificate approve \(name)")
      }
      guard patience.time.uptime < end else {
        throw .notApproved(request: name, waited: patience.limit)
      }
      try await patience.wait(Self.period)
    }
  }

  private func request(_ order: CertificateOrder) throws(NodeJoinError) -> (request: String, key: String) {
    do {
      return try makeRequest(order)
    } catch {
      throw .local(message: "the certificate request cannot be made: \(error)")
    }
  }
}
