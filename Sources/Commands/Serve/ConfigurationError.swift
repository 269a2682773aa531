/// Why a command was not started: something the operator wrote is wrong.
public struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What the process exits with.
  public enum Kind: Int32, Hashable, Sendable {
    /// A value was understood and cannot be used (etcd exits with 1).
    case value = 1
    /// The command line itself is wrong: an unknown flag, a value of the wrong kind (etcd exits with 2).
    case usage = 2
  }

  /// What to say, naming the flag, variable or file at fault.
  public var description: String
  /// Which kind of mistake it is; its raw value is the exit code.
  public var kind: Kind

  /// Creates an error of a kind.
  public init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }
}
