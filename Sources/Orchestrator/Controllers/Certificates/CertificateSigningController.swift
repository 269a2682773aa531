import Client
import Exchange
import Objects

/// Signs what is approved, for the signers of the cluster's own certificates.
public struct CertificateSigningController: Controller {
  /// The controller's name.
  public let name = "certificatesigningrequest-signing-controller"
  private let authority: any CertificateSigning

  /// A controller that signs with an authority.
  public init(authority: any CertificateSigning) { self.authority = authority }

  /// Works until the task is cancelled.
  public func run(_ context: ControllerContext) async {
    let requests = context.informers.informer(for: .certificateRequests)
    let queue = ControllerQueue(context, name: name)
    requests.addHandler { event in
      switch event {
      case .added(let request), .updated(_, let request):
        if Self.isToSign(CertificateRequestObject(object: request)) { queue.add(request.key) }
      case .deleted: break
      }
    }
    await requests.waitForSync()
    await queue.run { (key) async throws(StatusError) in
      guard let object = requests[key] else { return nil }
      let request = CertificateRequestObject(object: object)
      guard Self.isToSign(request) else { return nil }
      _ = try await context.updateStatus(.certificateRequests, answer(request, now: context.now()))
      return nil
    }
  }

  static func isToSign(_ request: CertificateRequestObject) -> Bool {
    request.signer != nil && request.condition("Approved") != nil && !request.isDone
  }

  /// The object with the certificate, or with why there is none.
  func answer(_ request: CertificateRequestObject, now: Timestamp) -> JSON {
    do throws(CertificateProblem) {
      let facts = try authority.read(request: request.pem)
      if let problem = request.signer?.problem(facts, usages: request.usages) {
        throw CertificateProblem(problem)
      }
      let certificate = try authority.sign(
        request: request.pem, usages: request.usages,
        seconds: CertificateSigner.seconds(wanted: request.expirationSeconds), now: now)
      var signed = request.object
      signed["status", "certificate"] = .string(Base64.encode(Array(certificate.utf8)))
      return signed
    } catch {
      return request.adding("Failed", reason: "SignerValidationFailure", error.description, now: now)
    }
  }
}
