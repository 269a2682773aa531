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
    base64(SHA256.hash(of: Array("\(group)/\(version)/\(kind)".utf8)).prefix(8))
  }

  /// Kinds that are served in several versions, with the one in which they are stored.
  private static let storedAs: [String: [String: (group: String, version: String)]] = [
    "events.k8s.io": ["Event": ("", "v1")],
    "autoscaling": ["HorizontalPodAutoscaler": ("autoscaling", "v2")],
  ]

  private static func base64(_ bytes: some Sequence<UInt8>) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    var text = ""
    var (bits, count) = (0, 0)
    for byte in bytes {
      (bits, count) = ((bits << 8 | Int(byte)) & 0xffff, count + 8)
      while count >= 6 {
        count -= 6
        text.append(alphabet[bits >> count & 63])
      }
    }
    if count > 0 { text.append(alphabet[bits << (6 - count) & 63]) }
    while text.count % 4 != 0 { text.append("=") }
    return text
  }
}
