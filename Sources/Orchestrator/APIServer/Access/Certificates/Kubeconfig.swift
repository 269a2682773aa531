import Objects

/// What tells a client where a cluster is and how to come in (kubectl: `kubeconfig`).
public struct Kubeconfig: Sendable {
  /// How the client makes itself known.
  public enum Credential: Sendable {
    /// By a certificate.
    case certificate(CertificatePair)
    /// By a token.
    case token(String)
  }

  /// Such as `https://127.0.0.1:6443`.
  public var server: String
  /// The certificate of the authority, in PEM form.
  public var authority: String
  /// The user's name within the file.
  public var user: String
  /// How the client makes itself known.
  public var credential: Credential
  /// The cluster's name within the file.
  public var cluster: String

  /// A cluster and a user of it.
  public init(
    server: String, authority: String, user: String, credential: Credential, cluster: String = "raftkv"
  ) {
    self.server = server
    self.authority = authority
    self.user = user
    self.credential = credential
    self.cluster = cluster
  }

  /// The file.
  public var text: String {
    func embedded(_ pem: String) -> String { Base64.encode(Array(pem.utf8)) }
    // In quotes, which JSON and YAML share, a value may be anything.
    func quoted(_ text: String) -> String { JSON.string(text).text }
    var lines = [
      "apiVersion: v1", "kind: Config", "clusters:", "- name: " + quoted(cluster), "  cluster:",
      "    server: " + quoted(server), "    certificate-authority-data: " + embedded(authority), "users:",
      "- name: " + quoted(user), "  user:",
    ]
    switch credential {
    case .certificate(let pair):
      lines.append("    client-certificate-data: " + embedded(pair.certificate))
      lines.append("    client-key-data: " + embedded(pair.key))
    case .token(let token): lines.append("    token: " + quoted(token))
    }
    let context = quoted(user + "@" + cluster)
    lines += [
      "contexts:", "- name: " + context, "  context:", "    cluster: " + quoted(cluster),
      "    user: " + quoted(user), "current-context: " + context, "",
    ]
    return lines.joined(separator: "\n")
  }

  /// Writes the file, for its owner only.
  public func write(to path: String) throws(AccessError) { try PrivateFile.write(text, to: path) }
}
