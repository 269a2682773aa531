import Client
import Exchange
import Objects

/// Approves the requests with which nodes join and renew their certificates. All others wait for people.
public struct CertificateApprovingController: Controller {
  /// The controller's name.
  public let name = "certificatesigningrequest-approving-controller"
  /// How long a request waits that cannot be approved yet.
  private static let patience = Duration.seconds(15)

  private let authority: any CertificateSigning
  private let reservedNames: Set<String>

  /// A controller.
  /// - Parameter reservedNames: DNS names and addresses, such as the one of the service of the API server, for which no
  ///   node gets a serving certificate, whatever its Node object says.
  public init(authority: any CertificateSigning, reservedNames: Set<String> = []) {
    self.authority = authority
    self.reservedNames = reservedNames
  }

  /// Works until the task is cancelled.
  public func run(_ context: ControllerContext) async {
    let requests = context.informers.informer(for: .certificateRequests)
    let nodes = context.informers.informer(for: .nodes)
    let queue = ControllerQueue(context, name: name)
    requests.addHandler { event in
      switch event {
      case .added(let request), .updated(_, let request):
        if !CertificateRequestObject(object: request).isDecided { queue.add(request.key) }
      case .deleted: break
      }
    }
    await requests.waitForSync()
    await nodes.waitForSync()
    await queue.run { (key) async throws(StatusError) in
      guard let object = requests[key] else { return nil }
      let request = CertificateRequestObject(object: object)
      return try await sync(request, nodes, context)
    }
  }

  private func sync(
    _ request: CertificateRequestObject, _ nodes: Informer, _ context: ControllerContext
  ) async throws(StatusError) -> Duration? {
    // The signer says what is wrong with it, once somebody approves it.
    guard let facts = try? authority.read(request: request.pem) else { return nil }
    let decision = CertificateApproval.decide(request, facts, reservedNames: reservedNames) { node in
      nodes.get("", node)
    }
    switch decision {
    case .leave: return nil
    case .approve(let message):
      try await approve(request, message, context)
      return nil
    case .wait(let problem):
      context.event(
        request.object, .certificateRequests, isWarning: true, reason: "NotApproved", problem)
      return Self.patience
    case .review(let permissions):
      for permission in permissions {
        let answer = try await context.client.create(.accessReviews, request.review(permission.subresource))
        guard answer["status", "allowed"] == true else { continue }
        try await approve(request, permission.message, context)
        return nil
      }
      context.event(
        request.object, .certificateRequests, isWarning: true, reason: "NotApproved",
        "\(request.userName) may not create certificatesigningrequests/\(permissions.last?.subresource ?? "")"
      )
      return Self.patience
    }
  }

  private func approve(
    _ request: CertificateRequestObject, _ message: String, _ context: ControllerContext
  ) async throws(StatusError) {
    let approved = request.adding("Approved", reason: "AutoApproved", message, now: context.now())
    try await context.client.update(.certificateRequests, approved, subresource: "approval")
  }
}
