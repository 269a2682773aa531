/// How this member shows who it is to its peers, and checks who they are.
public struct PeerTLS: Sendable, Hashable {
  /// Where the certificate comes from.
  public enum Identity: Sendable, Hashable {
    /// PEM files (etcd: `--peer-cert-file`, `--peer-key-file`): the certificate with those that signed it, and its
    /// private key. They are read again for new connections when they have changed.
    case files(certificate: String, key: String)
    /// Made by this member itself, in this folder (etcd: `--peer-auto-tls`): what is said is encrypted, and nobody's
    /// certificate is checked.
    case selfSigned(directory: String)
  }

  /// What this member shows.
  public var identity: Identity
  /// A PEM file of those whose signature is trusted (etcd: `--peer-trusted-ca-file`); nil for those that the system
  /// trusts. With it, whoever connects must show a certificate.
  public var trustedCAFile: String?
  /// Whether whoever connects must show a certificate (etcd: `--peer-client-cert-auth`).
  public var requiresClientCertificate = false
  /// The common name that a peer's certificate must have (etcd: `--peer-cert-allowed-cn`).
  public var allowedCommonName: String?

  /// TLS with this identity.
  public init(identity: Identity) { self.identity = identity }

  /// etcd's place for what it makes itself.
  public static func fixtures(inDataDirectory directory: String) -> Identity {
    .selfSigned(directory: directory + "/fixtures/peer")
  }
}
