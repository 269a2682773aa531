public import Exchange
public import Objects

/// Finds what tokens are bound to, as it is now.
public protocol BoundObjects: Sendable {
  /// A service account; nil if there is none.
  func serviceAccount(namespace: String, name: String) async throws(StatusError) -> JSON?
  /// A pod; nil if there is none.
  func pod(namespace: String, name: String) async throws(StatusError) -> JSON?
  /// A secret; nil if there is none.
  func secret(namespace: String, name: String) async throws(StatusError) -> JSON?
  /// A node; nil if there is none.
  func node(name: String) async throws(StatusError) -> JSON?
}
