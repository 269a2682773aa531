public import Objects

/// The keys and certificates of a control plane, in a folder of its own.
public struct PKI: Sendable {
  /// A component or person with a certificate of its own.
  public struct Client: Sendable, Hashable {
    /// The name of its files.
    public var file: String
    /// Its user name.
    public var user: String
    /// Its groups.
    public var groups: [String]

    /// A client.
    public init(file: String, user: String, groups: [String] = []) {
      self.file = file
      self.user = user
      self.groups = groups
    }
  }

  /// Those of every control plane.
  public static let clients = [
    Client(file: "admin", user: "kubernetes-admin", groups: [RBACAuthorizer.superusers]),
    Client(file: "scheduler", user: "system:kube-scheduler"),
    Client(file: "controller-manager", user: "system:kube-controller-manager"),
    Client(
      file: "apiserver-kubelet-client", user: "kube-apiserver-kubelet-client",
      groups: [RBACAuthorizer.superusers]),
  ]

  /// The names under which the API server is reached from within the cluster.
  public static let serverNames = [
    "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local",
    "localhost",
    "127.0.0.1",
  ]

  /// With less than this left a certificate is replaced, in seconds.
  static let renewalSeconds: Int64 = 30 * 24 * 3600

  /// The certificate authority.
  public let authority: CertificateAuthority
  /// The API server's certificate.
  public let server: CertificatePair
  /// The certificates of the clients, by the name of their files.
  public let clients: [String: CertificatePair]
  /// The key that signs the tokens of service accounts.
  public let tokenKey: TokenKey

  /// Reads the folder, and makes what is not there or is about to expire.
  ///
  /// A certificate authority that is there is never replaced: whatever it signed would be worth nothing.
  /// - Parameter names: addresses and names of the API server beside those of every cluster, such as the address of the
  ///   `kubernetes` service.
  public static func prepare(
    in directory: String, names: [String] = [], clients: [Client] = PKI.clients, now: Timestamp
  ) throws(AccessError) -> PKI {
    try PrivateFile.makeDirectory(directory)
    let authority = try authority(in: directory, now: now)
    var seen: Set<String> = []
    let serverNames = (Self.serverNames + names).filter { seen.insert($0).inserted }
    let server = try pair(
      directory + "/server",
      isGood: { authority.isGood($0, at: now, forSeconds: renewalSeconds, names: serverNames) },
      make: { () throws(AccessError) in
        try authority.serverCertificate(commonName: "kube-apiserver", names: serverNames, now: now)
      })
    var pairs: [String: CertificatePair] = [:]
    for client in clients {
      pairs[client.file] = try pair(
        directory + "/" + client.file,
        isGood: { authority.isGood($0, at: now, forSeconds: renewalSeconds) },
        make: { () throws(AccessError) in
          try authority.clientCertificate(user: client.user, groups: client.groups, now: now)
        })
    }
    return PKI(
      authority: authority, server: server, clients: pairs, tokenKey: try tokenKey(directory + "/sa.key"))
  }

  private static func authority(in directory: String, now: Timestamp) throws(AccessError)
    -> CertificateAuthority
  {
    let (certificateFile, keyFile) = (directory + "/ca.crt", directory + "/ca.key")
    switch (try PrivateFile.read(certificateFile), try PrivateFile.read(keyFile)) {
    case (let certificate?, let key?):
      do throws(AccessError) {
        return try CertificateAuthority(certificatePEM: certificate, keyPEM: key)
      } catch {
        throw AccessError("\(certificateFile) and \(keyFile) cannot be used: \(error)")
      }
    case (.some, nil): throw AccessError("\(keyFile): the key of \(certificateFile) is not there")
    case (nil, _):
      let authority = try CertificateAuthority.make(now: now)
      // The certificate comes last: with it, the pair counts as made.
      try PrivateFile.write(authority.keyPEM, to: keyFile)
      try PrivateFile.write(authority.certificatePEM, to: certificateFile)
      return authority
    }
  }

  private static func pair(
    _ path: String, isGood: (String) -> Bool, make: () throws(AccessError) -> CertificatePair
  ) throws(AccessError) -> CertificatePair {
    if let certificate = try PrivateFile.read(path + ".crt"), let key = try PrivateFile.read(path + ".key"),
      isGood(certificate), (try? CertificateAuthority(certificatePEM: certificate, keyPEM: key)) != nil
    {
      return CertificatePair(certificate: certificate, key: key)
    }
    let pair = try make()
    try PrivateFile.write(pair.key, to: path + ".key")
    try PrivateFile.write(pair.certificate, to: path + ".crt")
    return pair
  }

  private static func tokenKey(_ path: String) throws(AccessError) -> TokenKey {
    if let pem = try PrivateFile.read(path) {
      do throws(AccessError) { return try TokenKey(pem: pem) } catch {
        throw AccessError("\(path): \(error)")
      }
    }
    let key = TokenKey.make()
    try PrivateFile.write(key.pem, to: path)
    return key
  }
}
