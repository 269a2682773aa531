/// A selector that cannot be: the API server answers 400, reason BadRequest, with this message.
public struct SelectorError: Error, Sendable, Hashable, CustomStringConvertible {
  /// In Kubernetes' wording.
  public let message: String

  /// The message.
  public var description: String { message }

  init(_ message: String) { self.message = message }
}
