public import Client
import Exchange
import Objects

/// Finds out a cluster's certificate authority from a server that is not trusted yet (Kubernetes: the config map
/// `cluster-info`).
public struct ClusterDiscovery: Sendable {
  private let patience: Patience
  private let sha256: @Sendable ([UInt8]) -> [UInt8]

  /// A discovery.
  /// - Parameter sha256: hashes bytes.
  public init(patience: Patience = Patience(), sha256: @escaping @Sendable ([UInt8]) -> [UInt8]) {
    self.patience = patience
    self.sha256 = sha256
  }

  /// The certificate of the authority that the hash names, in PEM form. Whoever then trusts this one alone speaks with
  /// the cluster or with nobody.
  /// - Parameter client: without credentials: whoever answers is not known.
  public func authority(
    _ hash: AuthorityHash, from client: APIClient
  ) async throws(NodeJoinError) -> String {
    guard let maps = Resource.builtIn(group: "", version: "v1", resource: "configmaps") else {
      throw .local(message: "the built-in schema lacks configmaps")
    }
    let info = try await patience.find { () async throws(StatusError) in
      try await client.get(maps, namespace: "kube-public", name: "cluster-info")
    }
    guard let kubeconfig = info?["data", "kubeconfig"]?.string,
      let authority = Self.authority(inKubeconfig: kubeconfig)
    else { throw .local(message: "the server does not say which certificate authority it has") }
    return try hash.authority(in: authority, sha256: sha256)
  }

  /// The authority that a kubeconfig embeds. Reads no more of the file than that line: what is wrong with it shows when
  /// the hash is compared.
  static func authority(inKubeconfig text: String) -> String? {
    let field = "certificate-authority-data:"
    for line in text.split(whereSeparator: \.isNewline) {
      let line = line.drop { $0 == " " || $0 == "-" }
      guard line.hasPrefix(field) else { continue }
      let value = line.dropFirst(field.count).filter { $0 != " " && $0 != "\"" && $0 != "'" }
      guard let bytes = try? Base64.decode(String(value)) else { return nil }
      return String(decoding: bytes, as: UTF8.self)
    }
    return nil
  }
}
