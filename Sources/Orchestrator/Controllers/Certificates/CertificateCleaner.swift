public import Client
import Exchange
import Objects

/// Deletes requests that are of no use any more.
public struct CertificateCleaner: Controller {
  /// The controller's name.
  public let name = "certificatesigningrequest-cleaner-controller"
  /// How long a request stays that is decided or has failed: its owner has fetched the certificate.
  static let decidedSeconds: Int64 = 3600
  /// How long a request waits for a decision.
  static let pendingSeconds: Int64 = 24 * 3600
  private static let period = Duration.seconds(600)

  private let authority: any CertificateSigning
  private let time: any TimeSource

  /// A cleaner.
  public init(authority: any CertificateSigning, time: any TimeSource = SystemTime()) {
    self.authority = authority
    self.time = time
  }

  /// Works until the task is cancelled.
  public func run(_ context: ControllerContext) async {
    let requests = context.informers.informer(for: .certificateRequests)
    await requests.waitForSync()
    while !Task.isCancelled {
      for object in requests.list() where isOver(CertificateRequestObject(object: object), context.now()) {
        await remove(object, context)
      }
      guard (try? await time.sleep(for: Self.period)) != nil else { return }
    }
  }

  private func remove(_ object: JSON, _ context: ControllerContext) async {
    do throws(StatusError) {
      try await context.delete(.certificateRequests, object)
    } catch {
      // Changed or gone: the next round sees.
      if !error.isNotFound, !error.isConflict { context.report(name, object.key, error) }
    }
  }

  /// Whether nobody needs it any more.
  func isOver(_ request: CertificateRequestObject, _ now: Timestamp) -> Bool {
    if !request.certificate.isEmpty, let end = authority.end(ofCertificate: request.certificate), end < now {
      return true
    }
    var decisions: [Timestamp] = []
    for type in ["Approved", "Denied", "Failed"] {
      guard let condition = request.condition(type) else { continue }
      let time = condition.time(at: "lastUpdateTime") ?? condition.time(at: "lastTransitionTime")
      if let time = time ?? request.object.creationTime { decisions.append(time) }
    }
    if let last = decisions.max() { return last.advanced(bySeconds: Self.decidedSeconds) < now }
    guard let made = request.object.creationTime else { return false }
    return made.advanced(bySeconds: Self.pendingSeconds) < now
  }
}
