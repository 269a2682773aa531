/// What kept a certificate, a key, a token or a file from being made, read or accepted.
public struct AccessError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What people read.
  public let description: String

  /// A failure in words.
  public init(_ description: String) { self.description = description }
}
