import Client
import Objects

extension Resource {
  static let secrets = known("", "v1", "secrets")
}

/// The secret of a token with which machines join (Kubernetes: bootstrap tokens).
struct BootstrapTokenSecret: Sendable {
  static let namespace = "kube-system"
  static let type = "bootstrap.kubernetes.io/token"
  private static let prefix = "bootstrap-token-"

  let object: JSON

  /// Nil for any other object.
  init?(_ object: JSON) {
    guard object.namespace == Self.namespace, object["type"]?.string == Self.type else { return nil }
    self.object = object
  }

  func value(_ key: String) -> String {
    guard let bytes = try? Base64.decode(object["data", key]?.string ?? "") else { return "" }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// When the token ends; nil for never. What cannot be read has ended: who wrote it wanted an end.
  var end: Timestamp? {
    let text = value("expiration")
    return text.isEmpty ? nil : Timestamp(text) ?? .zero
  }

  func isOver(_ now: Timestamp) -> Bool { end.map { $0 <= now } ?? false }

  /// The token's number and secret if it vouches for what joining machines read; nil if it does not.
  func signing(_ now: Timestamp) -> (id: String, secret: String)? {
    let (id, secret) = (value("token-id"), value("token-secret"))
    guard !id.isEmpty, !secret.isEmpty, object.name == Self.prefix + id, !object.isBeingDeleted,
      value("usage-bootstrap-signing") == "true", !isOver(now)
    else { return nil }
    return (id, secret)
  }

  /// The tokens' secrets alone: no controller needs all secrets of the cluster.
  static func informer(_ context: ControllerContext) -> Informer {
    Informer(
      client: context.client, resource: .secrets, namespace: namespace, fieldSelector: "type=\(type)")
  }
}
