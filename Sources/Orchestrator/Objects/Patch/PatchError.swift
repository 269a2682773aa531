/// Why a patch was refused: what the API server needs to answer with a Status.
public struct PatchError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kind of answer.
  public enum Kind: Sendable, Hashable {
    /// The patch does not have the form of its type: 400, reason BadRequest.
    case badRequest
    /// The patch is well formed but does not fit the object: 422, reason Invalid, empty details. Kubernetes keeps the
    /// cause to itself here; it is in `detail`.
    case unprocessable
    /// A strategic merge patch that contradicts the object or the schema: 400, reason BadRequest, for the fault is the
    /// client's.
    case invalidPatch
    /// 413, reason RequestEntityTooLarge.
    case tooLarge
  }

  /// What to answer with.
  public let kind: Kind
  /// The message of the Status.
  public let message: String
  /// The cause, where the message hides it: for logs.
  public let detail: String?

  /// An error with its message, and the cause if the message hides it.
  public init(_ kind: Kind, _ message: String, detail: String? = nil) {
    self.kind = kind
    self.message = message
    self.detail = detail
  }

  /// The message, with the hidden cause.
  public var description: String { detail.map { "\(message): \($0)" } ?? message }

  static func unprocessable(_ detail: String) -> PatchError {
    PatchError(
      .unprocessable, "the server rejected our request due to an error in our request", detail: detail)
  }
}
