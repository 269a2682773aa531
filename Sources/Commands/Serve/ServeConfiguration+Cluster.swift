/// Who the members are, and how they reach and recognise each other.
extension ServeConfiguration {
  /// What other members are told, and who they are.
  static func cluster(
    name: String, _ values: Values
  ) throws(ConfigurationError) -> (advertised: [NetworkURL], members: [InitialMember]) {
    let advertised = try values.urls("initial-advertise-peer-urls", toBind: false, withTLS: true)
    guard values.given("initial-cluster") != nil else {
      return (advertised, [InitialMember(name: name, peerURLs: advertised)])
    }
    let members = try initialMembers(values)
    guard let own = members.first(where: { $0.name == name }) else {
      throw ConfigurationError(
        .value, "couldn't find local name \"\(name)\" in the initial cluster configuration")
    }
    return (values.given("initial-advertise-peer-urls") == nil ? own.peerURLs : advertised, members)
  }

  /// `a=http://…,b=http://…`; a name may come several times, once for each of its URLs.
  private static func initialMembers(_ values: Values) throws(ConfigurationError) -> [InitialMember] {
    var members: [InitialMember] = []
    for part in values.text("initial-cluster").split(separator: ",") {
      guard let separator = part.firstIndex(of: "="), separator > part.startIndex else {
        throw ConfigurationError(
          .value, "\(values.label("initial-cluster")): expected name=url, found \"\(part)\"")
      }
      let name = String(part[..<separator])
      let url = try values.naming("initial-cluster") { () throws(ConfigurationError) in
        try NetworkURL.parse(String(part[part.index(after: separator)...]), withTLS: true)
      }
      if let index = members.firstIndex(where: { $0.name == name }) {
        members[index].peerURLs = Set(members[index].peerURLs + [url]).sorted()
      } else {
        members.append(InitialMember(name: name, peerURLs: [url]))
      }
    }
    return members
  }

  /// What must hold for a member that has no data yet, and need not later, when the cluster knows better where its
  /// members are (etcd: `VerifyBootstrap`, `VerifyJoinExisting`).
  public func checkBootstrap() throws(ConfigurationError) {
    var seen: Set<NetworkURL> = []
    for member in initialCluster {
      for url in member.peerURLs where !seen.insert(url).inserted {
        throw ConfigurationError(.value, "initial cluster \(Self.spelled(initialCluster)) has duplicated url")
      }
    }
    if clusterState == .existing, initialCluster.count == 1 {
      throw ConfigurationError(
        .value,
        "--initial-cluster-state existing: --initial-cluster must name the members of the running cluster, "
          + "and this one, which was added to it")
    }
    let listed = initialCluster.first { $0.name == name }?.peerURLs ?? []
    let notAdvertised = listed.filter { !advertisePeerURLs.contains($0) }
    guard notAdvertised.isEmpty else {
      let missing = Self.spelled([InitialMember(name: name, peerURLs: notAdvertised)])
      let advertised = advertisePeerURLs.map(\.description).joined(separator: ",")
      throw ConfigurationError(
        .value,
        "--initial-cluster has \(missing) but missing from --initial-advertise-peer-urls=\(advertised)")
    }
    let notListed = advertisePeerURLs.filter { !listed.contains($0) }
    guard notListed.isEmpty else {
      let missing = notListed.map(\.description).joined(separator: ",")
      throw ConfigurationError(
        .value,
        "--initial-advertise-peer-urls has \(missing) but missing from "
          + "--initial-cluster=\(Self.spelled(initialCluster))")
    }
  }

  private static func spelled(_ members: [InitialMember]) -> String {
    members.flatMap { member in member.peerURLs.map { "\(member.name)=\($0)" } }.joined(separator: ",")
  }

  /// The members then come from the cluster, so nothing else may say who they are.
  static func joinURLs(_ values: Values) throws(ConfigurationError) -> [NetworkURL] {
    guard values.given("join") != nil else { return [] }
    if values.given("initial-cluster") != nil {
      throw ConfigurationError(
        .value,
        "\(values.label("join")) asks the cluster who its members are: leave out "
          + values.label("initial-cluster"))
    }
    if values.boolean("force-new-cluster") {
      throw ConfigurationError(
        .value, "\(values.label("join")) and \(values.label("force-new-cluster")) contradict each other")
    }
    return try values.urls("join", toBind: false)
  }

  /// Nil unless one of its flags is given.
  static func peerTLS(_ values: Values) throws(ConfigurationError) -> PeerTLS? {
    let certificate = values.given("peer-cert-file")
    let key = values.given("peer-key-file")
    let authority = values.given("peer-trusted-ca-file")
    let commonName = values.given("peer-cert-allowed-cn")
    let requiresCertificate = values.boolean("peer-client-cert-auth")
    var isAutomatic = values.boolean("peer-auto-tls")
    // etcd's words.
    guard (certificate == nil) == (key == nil) else {
      throw ConfigurationError(
        .value, "KeyFile and CertFile must both be present[key: \(key ?? ""), cert: \(certificate ?? "")]")
    }
    if certificate != nil {
      // As in etcd, certificates that are given win.
      isAutomatic = false
    } else if authority != nil || requiresCertificate || commonName != nil, !isAutomatic {
      throw ConfigurationError(
        .value, "TLS between members needs --peer-cert-file and --peer-key-file (or --peer-auto-tls)")
    }
    if commonName != nil || requiresCertificate, authority == nil, !isAutomatic {
      throw ConfigurationError(
        .value, "--peer-client-cert-auth and --peer-cert-allowed-cn need --peer-trusted-ca-file")
    }
    guard certificate != nil || isAutomatic else { return nil }
    return PeerTLS(
      trustedCAFile: authority, requiresClientCertificate: requiresCertificate || authority != nil,
      allowedCommonName: commonName, isAutomatic: isAutomatic, certificateFile: certificate ?? "",
      keyFile: key ?? "")
  }

  static func listenPeerURLs(
    _ values: Values, _ tls: PeerTLS?
  ) throws(ConfigurationError) -> [NetworkURL] {
    let urls = try values.urls("listen-peer-urls", toBind: true, withTLS: true)
    if tls == nil, let url = urls.first(where: \.isSecure) {
      throw ConfigurationError(
        .value,
        "\(values.label("listen-peer-urls")): cannot listen on TLS for \(url): "
          + "--peer-cert-file and --peer-key-file, or --peer-auto-tls, are missing")
    }
    return urls
  }
}
