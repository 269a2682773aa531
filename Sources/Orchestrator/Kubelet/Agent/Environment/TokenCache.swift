import Objects

/// Service-account tokens of pods, kept until most of their life is over. Pure.
struct TokenCache: Sendable, Hashable {
  /// At most so many are kept; those that have to be renewed first go first.
  static let limit = 10_000
  /// A token is renewed at this age at the latest, however long it is good for.
  static let longestUse = Duration.seconds(24 * 3600)

  /// Whose token it is, and what for.
  struct Key: Sendable, Hashable {
    var podUID: String
    var account: String
    var audience: String
    var expirationSeconds: Int64

    /// The token of a `serviceAccountToken` source.
    init(pod: JSON, source: JSON) {
      podUID = pod.podUID
      let name = pod["spec", "serviceAccountName"]?.string ?? ""
      account = name.isEmpty ? "default" : name
      audience = source["audience"]?.string ?? ""
      expirationSeconds = source["expirationSeconds"]?.integer ?? 3600
    }

    /// What the API server is asked for.
    func request(_ pod: JSON) -> JSON {
      [
        "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
        "metadata": ["name": .string(account), "namespace": .string(pod.podNamespace)],
        "spec": [
          "audiences": audience.isEmpty ? [] : [.string(audience)],
          "expirationSeconds": .integer(expirationSeconds),
          "boundObjectRef": [
            "apiVersion": "v1", "kind": "Pod", "name": .string(pod.podName), "uid": .string(podUID),
          ],
        ],
      ]
    }
  }

  private struct Entry: Sendable, Hashable {
    var token: String
    var renewAt: Timestamp
    var expiresAt: Timestamp
  }

  private var entries: [Key: Entry] = [:]

  /// A token that need not be renewed yet.
  func fresh(_ key: Key, now: Timestamp) -> String? {
    entries[key].flatMap { now < $0.renewAt ? $0.token : nil }
  }

  /// A token that is still good, for when no other can be had.
  func good(_ key: Key, now: Timestamp) -> String? {
    entries[key].flatMap { now < $0.expiresAt ? $0.token : nil }
  }

  /// Keeps a token; it is renewed when 80 % of its life are over.
  mutating func keep(_ token: String, for key: Key, expiresAt: Timestamp, now: Timestamp) {
    if entries[key] == nil, entries.count >= Self.limit,
      let first = entries.min(by: { $0.value.renewAt < $1.value.renewAt })
    {
      entries[first.key] = nil
    }
    let seconds = min(
      max(0, expiresAt.since(now).components.seconds) / 10 * 8, Self.longestUse.components.seconds)
    entries[key] = Entry(
      token: token, renewAt: Timestamp(seconds: now.seconds + seconds), expiresAt: expiresAt)
  }

  /// Forgets the tokens of a pod.
  mutating func forget(podUID: String) { entries = entries.filter { $0.key.podUID != podUID } }
}
