import Objects

/// What a machine reads before it knows the cluster: where the API server is and which authority it has, signed with
/// each token that may vouch for it (Kubernetes: the config map `cluster-info`).
struct ClusterInfo: Sendable {
  /// Authenticates a message with a key: HMAC with SHA-256.
  typealias Authenticate = @Sendable (_ message: [UInt8], _ key: [UInt8]) -> [UInt8]

  static let namespace = "kube-public"
  static let name = "cluster-info"
  private static let kubeconfigKey = "kubeconfig"
  private static let signaturePrefix = "jws-kubeconfig-"

  /// A kubeconfig without a user, for a config map that has none. The address in one that is there may be that of a
  /// load balancer, which nobody here knows: it stays.
  let kubeconfig: String

  init(server: String, authority: String) {
    // In quotes, which JSON and YAML share, a value may be anything.
    kubeconfig = [
      "apiVersion: v1", "clusters:", "- cluster:",
      "    certificate-authority-data: " + Base64.encode(Array(authority.utf8)),
      "    server: " + JSON.string(server).text, "  name: \"\"", "contexts: null", "current-context: \"\"",
      "kind: Config", "users: null", "",
    ].joined(separator: "\n")
  }

  /// The config map as it is to be; nil if it is so already. What others have put into
  /// it stays.
  func object(
    current: JSON?, tokens: [(id: String, secret: String)], authenticate: Authenticate
  ) -> JSON? {
    var object: JSON =
      current
      ?? [
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": ["name": .string(Self.name), "namespace": .string(Self.namespace)],
      ]
    var data = (current?["data"]?.object ?? [:]).filter { !$0.key.hasPrefix(Self.signaturePrefix) }
      .map { ($0.key, $0.value) }
    let content: String
    if let present = current?["data", Self.kubeconfigKey]?.string, !present.isEmpty {
      content = present
    } else {
      content = kubeconfig
      data.removeAll { $0.0 == Self.kubeconfigKey }
      data.append((Self.kubeconfigKey, .string(content)))
    }
    for token in tokens.sorted(by: { $0.id < $1.id }) {
      let signature = DetachedSignature.sign(
        content, id: token.id, secret: token.secret, authenticate: authenticate)
      data.append((Self.signaturePrefix + token.id, .string(signature)))
    }
    // In one order, so that the same is the same.
    data.sort { $0.0 < $1.0 }
    let old = (current?["data"]?.object ?? [:]).map { ($0.key, $0.value) }.sorted { $0.0 < $1.0 }
    if current != nil, old.elementsEqual(data, by: ==) { return nil }
    object["data"] = .object(JSONObject(data))
    return object
  }
}

/// Signatures apart from what they sign (RFC 7515, appendix F), with the algorithm HS256.
enum DetachedSignature {
  static func sign(
    _ content: String, id: String, secret: String, authenticate: ClusterInfo.Authenticate
  ) -> String {
    let head: JSON = ["alg": "HS256", "kid": .string(id)]
    let header = encode(Array(head.text.utf8))
    let signed = header + "." + encode(Array(content.utf8))
    return header + ".." + encode(authenticate(Array(signed.utf8), Array(secret.utf8)))
  }

  /// Base64 in the alphabet for URLs, without padding.
  private static func encode(_ bytes: [UInt8]) -> String {
    String(
      Base64.encode(bytes).compactMap { letter -> Character? in
        switch letter {
        case "+": "-"
        case "/": "_"
        case "=": nil
        default: letter
        }
      })
  }
}
