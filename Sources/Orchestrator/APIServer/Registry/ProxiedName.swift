/// What a `proxy` request names: an object, how to speak to it, and which of its ports is meant (Kubernetes API:
/// `http:NAME:PORT`, `NAME:PORT`, `NAME`).
public struct ProxiedName: Sendable, Hashable {
  /// Whether TLS is to be spoken; nil if the request does not say.
  public var isSecure: Bool?
  /// The object's.
  public var name: String
  /// A number or a name; empty for the usual one.
  public var port: String

  /// Nil if the text is nothing of the kind.
  public init?(_ text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    switch parts.count {
    case 1: (name, port) = (parts[0], "")
    case 2: (name, port) = (parts[0], parts[1])
    case 3:
      switch parts[0] {
      case "": break
      case "http": isSecure = false
      case "https": isSecure = true
      default: return nil
      }
      (name, port) = (parts[1], parts[2])
    default: return nil
    }
    guard !name.isEmpty else { return nil }
  }
}
