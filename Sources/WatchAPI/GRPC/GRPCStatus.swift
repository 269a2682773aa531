/// A gRPC status (grpc.io: status codes). Thrown and sent.
public struct GRPCStatus: Error, Sendable, Hashable {
  /// The status codes, with gRPC's numbers.
  public enum Code: Int, Sendable {
    /// The call succeeded.
    case ok = 0
    /// The caller no longer wants it.
    case cancelled
    /// An error that says nothing more.
    case unknown
    /// The request is wrong whatever the state of the system.
    case invalidArgument
    /// Time ran out.
    case deadlineExceeded
    /// What was asked for is not there.
    case notFound
    /// What was to be made is there already.
    case alreadyExists
    /// The caller may not do this.
    case permissionDenied
    /// A quota or limit was reached.
    case resourceExhausted
    /// The system is not in the state that the call needs.
    case failedPrecondition
    /// The call lost a race and may be tried again from the start.
    case aborted
    /// Past the end of what is valid.
    case outOfRange
    /// No such method.
    case unimplemented
    /// Something is broken.
    case internalError
    /// Cannot serve now; may be tried again.
    case unavailable
    /// Data is lost.
    case dataLoss
    /// The caller is not known.
    case unauthenticated
  }

  /// What kind of result this is.
  public var code: Code
  /// For people, and for clients that compare it; may be any UTF-8.
  public var message: String

  /// A status.
  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// Success.
  public static let ok = GRPCStatus(.ok, "")
}
