public import Client
import Exchange
import Objects

/// Orders certificates of the cluster and waits for them.
public struct CertificateClerk: Sendable {
  /// Makes a new key and a request for its certificate, both in PEM form.
  public typealias RequestMaker = @Sendable (CertificateOrder) throws -> (request: String, key: String)

  /// How long to wait before asking again.
  static let period = Duration.seconds(2)
  /// How long to wait before asking again when no answer could be had.
  static let pause = Duration.seconds(5)
  /// How often people hear what is waited for.
  static let reminderPeriod = Duration.seconds(30)

  private let makeRequest: RequestMaker
  private let patience: Duration
  private let time: any TimeSource
  private let report: @Sendable (String) -> Void

  /// A clerk.
  /// - Parameters:
  ///   - patience: how long to wait for an approval or for a server that does not answer.
  ///   - report: hears, for people, what is waited for.
  public init(
    patience: Duration = .seconds(900), time: any TimeSource = SystemTime(),
    report: @escaping @Sendable (String) -> Void = { _ in }, makeRequest: @escaping RequestMaker
  ) {
    self.patience = patience
    self.time = time
    self.report = report
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
    let end = time.uptime + patience
    let object = order.object(request: made.request)
    let sent = try await persist(until: end) { () async throws(StatusError) in
      try await client.create(requests, object)
    }
    let name = sent["metadata", "name"]?.string ?? ""
    var reminder = time.uptime
    while true {
      let current = try await persist(until: end) { () async throws(StatusError) in
        try await client.get(requests, name: name)
      }
      switch CertificateOrder.progress(current) {
      case .issued(let certificate): return NodeCredential(certificate: certificate, key: made.key)
      case .refused(let problem): throw problem
      case .approved: try remind(&reminder, "certificate request \(name) is approved and waits to be signed")
      case .pending:
        try remind(
          &reminder,
          "certificate request \(name) waits for approval; if it does not come by itself: "
            + "kubectl certificate approve \(name)")
      }
      guard time.uptime < end else { throw .notApproved(request: name, waited: patience) }
      try await wait(Self.period)
    }
  }

  private func request(_ order: CertificateOrder) throws(NodeJoinError) -> (request: String, key: String) {
    do {
      return try makeRequest(order)
    } catch {
      throw .local(message: "the certificate request cannot be made: \(error)")
    }
  }

  private func remind(_ next: inout Duration, _ message: String) throws(NodeJoinError) {
    guard time.uptime >= next else { return }
    next = time.uptime + Self.reminderPeriod
    report(message)
  }

  private func wait(_ duration: Duration) async throws(NodeJoinError) {
    do {
      try await time.sleep(for: duration)
    } catch {
      throw .local(message: "joining was stopped")
    }
  }

  /// Asks until there is an answer or the time is over.
  func persist(
    until end: Duration, _ ask: @Sendable () async throws(StatusError) -> JSON
  ) async throws(NodeJoinError) -> JSON {
    var reminder = Duration.seconds(Int64.min)
    while true {
      let problem: StatusError
      switch await Self.outcome(ask) {
      case .success(let object): return object
      case .failure(let error): problem = error
      }
      if let final = NodeJoinError(final: problem) { throw final }
      guard time.uptime < end else { throw .unavailable(message: problem.message) }
      try remind(&reminder, "the server does not answer: \(problem.message)")
      try await wait(Self.pause)
    }
  }

  private static func outcome(
    _ ask: @Sendable () async throws(StatusError) -> JSON
  ) async -> Result<JSON, StatusError> {
    do throws(StatusError) {
      return .success(try await ask())
    } catch {
      return .failure(error)
    }
  }
}

extension NodeJoinError {
  /// What no repetition changes; nil if asking again may help.
  init?(final error: StatusError) {
    switch error.code {
    case 401: self = .unauthorized
    case 403: self = .forbidden(message: error.message)
    case 404: self = .forbidden(message: "the request is gone: \(error.message)")
    case 400, 405, 406, 409, 413, 415, 422: self = .forbidden(message: error.message)
    default: return nil
    }
  }
}
