public import Client
import Exchange
import Objects

/// Makes a machine a node: from a token to a certificate of its own, and on from certificate to certificate.
public struct NodeJoiner: Sendable {
  /// A way to the API server as the owner of a credential.
  public typealias Connect = @Sendable (NodeCredential) throws -> APIClient

  /// The least time between two orders.
  static let retryPause = Duration.seconds(60)
  /// The longest wait at a time: clocks are set, and machines sleep.
  static let longestWait = Duration.seconds(3600)

  private let machine: MachineIdentity
  private let clerk: CertificateClerk
  private let patience: Patience
  private let connect: Connect
  private var time: any TimeSource { patience.time }

  /// What makes this machine a node.
  public init(
    _ machine: MachineIdentity, patience: Patience = Patience(),
    makeRequest: @escaping CertificateClerk.RequestMaker, connect: @escaping Connect
  ) {
    self.machine = machine
    self.patience = patience
    self.connect = connect
    clerk = CertificateClerk(patience: patience, makeRequest: makeRequest)
  }

  private func client(_ credential: NodeCredential) throws(NodeJoinError) -> APIClient {
    do {
      return try connect(credential)
    } catch {
      throw .local(message: "the node's certificate cannot be used: \(error)")
    }
  }

  /// The credential to start with: the one that is stored if it is good for a while and the server accepts it, else a
  /// new one. That no other machine is the node is checked in either case.
  /// - Parameters:
  ///   - stored: from an earlier run; nil if there is none.
  ///   - life: reads a certificate; nil if it cannot be read.
  ///   - bootstrap: makes a way to the API server with a token, if there is need of one.
  /// - Returns: the credential, and whether it has to be stored.
  public func credential(
    stored: NodeCredential?, life: (_ certificate: String) -> CertificateLife?,
    bootstrap: () async throws(NodeJoinError) -> APIClient
  ) async throws(NodeJoinError) -> (credential: NodeCredential, isNew: Bool) {
    if let stored, life(stored.certificate)?.isGood(at: time.now) == true, try await isAccepted(stored) {
      return (stored, false)
    }
    return (try await join(bootstrap: try await bootstrap()), true)
  }

  /// False if the server does not know the certificate, which another authority may have signed.
  private func isAccepted(_ credential: NodeCredential) async throws(NodeJoinError) -> Bool {
    do throws(NodeJoinError) {
      try await checkName(credential)
      return true
    } catch {
      guard error == .unauthorized else { throw error }
      return false
    }
  }

  /// Obtains the node's certificate with a token, and checks that no other machine is the node.
  /// - Parameter bootstrap: speaks with the token, and trusts the cluster's authority alone.
  public func join(bootstrap: APIClient) async throws(NodeJoinError) -> NodeCredential {
    let credential = try await clerk.obtain(.client(node: machine.node), from: bootstrap)
    try await checkName(credential)
    return credential
  }

  /// Checks that no other machine is the node; also to be done at each start with a certificate that is stored.
  /// - Throws: `nameInUse`, or why that cannot be known.
  public func checkName(_ credential: NodeCredential) async throws(NodeJoinError) {
    guard let nodes = Resource.builtIn(group: "", version: "v1", resource: "nodes"),
      let leases = Resource.builtIn(group: "coordination.k8s.io", version: "v1", resource: "leases")
    else { throw .local(message: "the built-in schema lacks nodes and leases") }
    let client = try client(credential)
    let name = machine.node
    let node = try await patience.find { () async throws(StatusError) in
      try await client.get(nodes, name: name)
    }
    guard let node else { return }
    let lease = try await patience.find { () async throws(StatusError) in
      try await client.get(leases, namespace: NodeRecords.leaseNamespace, name: name)
    }
    if let conflict = machine.conflict(known: node, lease: lease, now: time.now) { throw conflict }
  }

  /// Replaces a certificate at four fifths of its life, again and again until the task is cancelled.
  /// - Parameters:
  ///   - order: what to order; the node orders it itself, with `credential`.
  ///   - current: the certificate that is to be replaced.
  ///   - credential: with what the node speaks now.
  ///   - life: reads a certificate; nil if it cannot be read.
  ///   - jitter: random numbers from 0 to 1.
  ///   - store: takes the new certificate into use; a failure repeats the order.
  public func keep(
    _ order: CertificateOrder, current: NodeCredential,
    credential: @escaping @Sendable () -> NodeCredential,
    life: @escaping @Sendable (_ certificate: String) -> CertificateLife?,
    jitter: @escaping @Sendable () -> Double = { Double.random(in: 0...1) },
    store: @escaping @Sendable (NodeCredential) async throws -> Void
  ) async {
    var current = current
    while !Task.isCancelled {
      // What cannot be read is replaced soon.
      let due = life(current.certificate)?.renewal(jitter: jitter()) ?? time.now
      guard await wait(until: due) else { return }
      switch await replace(order, credential(), store) {
      case .success(let new): current = new
      case .failure(let problem):
        if Task.isCancelled { return }
        patience.report(
          "the certificate of \(order.user) could not be renewed and will be tried again: \(problem)")
      }
      // Even a signer whose certificates have ended when they come gets no flood of orders.
      guard (try? await time.sleep(for: Self.retryPause)) != nil else { return }
    }
  }

  private func replace(
    _ order: CertificateOrder, _ credential: NodeCredential,
    _ store: @Sendable (NodeCredential) async throws -> Void
  ) async -> Result<NodeCredential, NodeJoinError> {
    do throws(NodeJoinError) {
      let new = try await clerk.obtain(order, from: try client(credential))
      do {
        try await store(new)
      } catch {
        throw NodeJoinError.local(message: "the new certificate cannot be stored: \(error)")
      }
      return .success(new)
    } catch {
      return .failure(error)
    }
  }

  /// False if the task was cancelled meanwhile.
  private func wait(until due: Timestamp) async -> Bool {
    while time.now < due {
      let left = due.seconds.subtractingReportingOverflow(time.now.seconds)
      let wait = left.overflow ? Self.longestWait : min(.seconds(max(1, left.partialValue)), Self.longestWait)
      guard (try? await time.sleep(for: wait)) != nil else { return false }
    }
    return true
  }
}
