import Crypto
import Foundation
public import Objects

/// The certificates and keys of a control plane, in one folder: made on the first start, renewed before they end.
public struct PKI: Sendable {
  /// What is left of a certificate when it is renewed, in seconds: 30 days.
  static let renewalSeconds: Int64 = 30 * 24 * 3600

  /// A component or person that has a certificate, with the name of its files.
  public struct Client: Sendable, Hashable {
    /// `admin`: the files are `admin.crt` and `admin.key`.
    public var file: String
    /// The user that the certificate names.
    public var user: String
    /// Their groups.
    public var groups: [String]

    /// Somebody with a certificate.
    public init(file: String, user: String, groups: [String] = []) {
      self.file = file
      self.user = user
      self.groups = groups
    }

    /// Who sets up a cluster, and may do everything.
    public static let admin = Client(file: "admin", user: "kubernetes-admin", groups: ["system:masters"])
    /// The scheduler.
    public static let scheduler = Client(file: "scheduler", user: "system:kube-scheduler")
    /// The controllers.
    public static let controllers = Client(file: "controller-manager", user: "system:kube-controller-manager")
  }

  /// The cluster's authority.
  public let authority: CertificateAuthority
  /// The API server's.
  public let server: CertificatePair
  /// The private key that signs tokens of service accounts.
  public let serviceAccountKey: String
  private let folder: String
  private let now: Timestamp

  /// Opens a folder, and makes what is missing or about to end.
  /// - Parameters:
  ///   - names: what the API server is called, besides what it is called in every cluster.
  ///   - addresses: where it is reached.
  public init(folder: String, names: [String], addresses: [String], at now: Timestamp)
    throws(CertificateError)
  {
    self.folder = folder
    self.now = now
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw CertificateError("the folder \(folder) cannot be made: \(error.localizedDescription)")
    }
    if let pair = Self.read(folder, "ca") {
      authority = try CertificateAuthority(pair)
    } else {
      authority = try CertificateAuthority.make(name: "raftkv-ca@\(now.seconds)", at: now)
      try Self.write(authority.pair, folder, "ca")
    }
    let dns = [
      "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local",
      "localhost",
    ]
    let authority = authority
    let wanted = Set(dns + names + addresses)
    let known = Self.text(folder + "/server.names").map { Set($0.split(separator: "\n").map(String.init)) }
    if let pair = Self.read(folder, "server"), known?.isSuperset(of: wanted) == true,
      authority.isGood(pair.certificate, forSeconds: Self.renewalSeconds, at: now)
    {
      server = pair
    } else {
      server = try authority.server(
        name: "kube-apiserver", dnsNames: dns + names, addresses: addresses, at: now)
      try Self.write(server, folder, "server")
      try Self.write(wanted.sorted().joined(separator: "\n") + "\n", to: folder + "/server.names")
    }
    if let key = Self.text(folder + "/sa.key") {
      serviceAccountKey = key
    } else {
      serviceAccountKey = P256.Signing.PrivateKey().pemRepresentation + "\n"
      try Self.write(serviceAccountKey, to: folder + "/sa.key")
    }
  }

  /// The certificate of a client, made or renewed if need be.
  public func client(_ client: Client) throws(CertificateError) -> CertificatePair {
    if let pair = Self.read(folder, client.file),
      authority.isGood(pair.certificate, forSeconds: Self.renewalSeconds, at: now)
    {
      return pair
    }
    let pair = try authority.client(user: client.user, groups: client.groups, at: now)
    try Self.write(pair, folder, client.file)
    return pair
  }

  // MARK: Files

  private static func text(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

  private static func read(_ folder: String, _ name: String) -> CertificatePair? {
    guard let certificate = text("\(folder)/\(name).crt"), let key = text("\(folder)/\(name).key") else {
      return nil
    }
    return CertificatePair(certificate: certificate, key: key)
  }

  private static func write(_ pair: CertificatePair, _ folder: String, _ name: String)
    throws(CertificateError)
  {
    // The certificate comes last: with it, the pair counts as made.
    try write(pair.key, to: "\(folder)/\(name).key")
    try write(pair.certificate, to: "\(folder)/\(name).crt")
  }

  /// Writes a file whole or not at all, and for nobody else to read.
  public static func write(_ text: String, to path: String) throws(CertificateError) {
    let temporary = path + ".tmp"
    try? FileManager.default.removeItem(atPath: temporary)
    guard
      FileManager.default.createFile(
        atPath: temporary, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600]),
      rename(temporary, path) == 0
    else { throw CertificateError("the file \(path) cannot be written") }
  }
}

/// A file with which a client finds an API server and proves who it is.
public enum KubeconfigFile {
  /// The text of a kubeconfig.
  /// - Parameters:
  ///   - server: such as `https://127.0.0.1:6443`.
  ///   - authority: the PEM that the server's certificate leads to.
  ///   - pair: the client's certificate.
  public static func text(server: String, authority: String, user: String, pair: CertificatePair) -> String {
    func data(_ pem: String) -> String { Base64Text.standard(Array(pem.utf8)) }
    return """
      apiVersion: v1
      kind: Config
      current-context: \(user)@raftkv
      clusters:
      - name: raftkv
        cluster:
          server: \(server)
          certificate-authority-data: \(data(authority))
      contexts:
      - name: \(user)@raftkv
        context:
          cluster: raftkv
          user: \(user)
      users:
      - name: \(user)
        user:
          client-certificate-data: \(data(pair.certificate))
          client-key-data: \(data(pair.key))
      preferences: {}

      """
  }

  /// The part of it that anybody may know, as the config map `cluster-info` gives it.
  public static func clusterInfo(server: String, authority: String) -> String {
    """
    apiVersion: v1
    kind: Config
    clusters:
    - name: ""
      cluster:
        server: \(server)
        certificate-authority-data: \(Base64Text.standard(Array(authority.utf8)))
    contexts: null
    current-context: ""
    preferences: {}
    users: null

    """
  }
}
