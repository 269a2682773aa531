import GRPC

extension RuntimeError {
  /// What containerd answers from its socket's first moment until its CRI plugin is there; its code for it is UNKNOWN.
  private static let startingText = "server is not initialized yet"

  /// The error of a call that ended so.
  init(_ status: GRPCStatus) {
    let code: Code =
      switch status.code {
      case .notFound: .notFound
      case .alreadyExists: .alreadyExists
      case .unavailable: .unavailable
      case .deadlineExceeded: .deadlineExceeded
      case .unimplemented: .unimplemented
      case .invalidArgument, .outOfRange: .invalidArgument
      case .failedPrecondition, .aborted: .failedPrecondition
      case .resourceExhausted: .resourceExhausted
      case .permissionDenied, .unauthenticated: .permissionDenied
      case .cancelled: .cancelled
      case .unknown, .internalError: status.message.hasSuffix(Self.startingText) ? .unavailable : .unknown
      case .ok, .dataLoss: .unknown
      }
    self.init(code, status.message)
  }
}
