/// Why a machine cannot join a cluster, in words that say what to do.
public enum NodeJoinError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The server does not know the token or the certificate.
  case unauthorized
  /// The server knows who asks, and refuses.
  case forbidden(message: String)
  /// Nobody approved the certificate request within the time.
  case notApproved(request: String, waited: Duration)
  /// Somebody denied the certificate request.
  case denied(request: String, message: String)
  /// The signer does not sign the certificate request.
  case failed(request: String, message: String)
  /// Another machine runs as this node.
  case nameInUse(node: String, problem: String)
  /// The server's authority is not the one that the token names.
  case otherAuthority(found: String)
  /// No answer could be had.
  case unavailable(message: String)
  /// The machine itself could not do its part.
  case local(message: String)

  /// What people read.
  public var description: String {
    switch self {
    case .unauthorized:
      "the server does not accept the token or certificate: it is wrong, deleted or expired; "
        + "make a new token with: orchestrator token create"
    case .forbidden(let message): "the server refuses: \(message)"
    case .notApproved(let request, let waited):
      "nobody approved the certificate request \(request) within \(waited.components.seconds) s; "
        + "an administrator does with: kubectl certificate approve \(request)"
    case .denied(let request, let message):
      "the certificate request \(request) was denied" + (message.isEmpty ? "" : ": \(message)")
    case .failed(let request, let message):
      "the certificate request \(request) was not signed" + (message.isEmpty ? "" : ": \(message)")
    case .nameInUse(let node, let problem):
      "another machine runs as node \(node): \(problem); "
        + "give this one another name, or stop the other and wait 40 s"
    case .otherAuthority(let found):
      "the server's certificate authority is not the one that the token names: it has the hash \(found)"
    case .unavailable(let message): "the server cannot be asked: \(message)"
    case .local(let message): message
    }
  }
}
