import Checksum

/// What discovery says of the version in which a resource is stored (`storageVersionHash`): clients that see it change
/// know that objects should be written anew.
enum StorageVersionHash {
  /// The hash for a resource; nil for one that is not stored, such as a review.
  static func text(for resource: Resource) -> String? {
    guard resource.verbs.contains("list"), resource.verbs.contains("create") else { return nil }
    let stored =
      storedAs[resource.group]?[resource.kind] ?? (group: resource.group, version: resource.version)
    return text(group: stored.group, version: stored.version, kind: resource.kind)
  }

  /// The first eight bytes of the SHA-256 of `group/version/kind`, in base64.
  static func text(group: String, version: String, kind: String) -> String {
    var hash = SHA256()
    hash.add(Array("\(group)/\(version)/\(kind)".utf8))
    return Base64.encode(Array(hash.digest.prefix(8)))
  }

  /// Kinds that are served in several versions, with the one in which they are stored.
  private static let storedAs: [String: [String: (group: String, version: String)]] = [
    "events.k8s.io": ["Event": ("", "v1")],
    "autoscaling": ["HorizontalPodAutoscaler": ("autoscaling", "v2")],
  ]
}
