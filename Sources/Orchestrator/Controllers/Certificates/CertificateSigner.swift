/// The signers of the cluster's own certificates, and what each signs (Kubernetes: `kubernetes.io` signer names).
enum CertificateSigner: String, Sendable, CaseIterable {
  /// Clients of the API server.
  case client = "kubernetes.io/kube-apiserver-client"
  /// Nodes as clients of the API server.
  case nodeClient = "kubernetes.io/kube-apiserver-client-kubelet"
  /// Nodes as servers.
  case nodeServing = "kubernetes.io/kubelet-serving"

  static let nodeGroup = "system:nodes"
  static let nodePrefix = "system:node:"
  /// No request gets anybody in here: certificates cannot be taken back.
  private static let superusers = "system:masters"

  /// Why the signer does not sign such a request, whoever approved it; nil if it does.
  func problem(_ facts: CertificateRequestFacts, usages: [String]) -> String? {
    let required = self == .nodeServing ? "server auth" : "client auth"
    guard usages.contains(required) else { return "usage \(quoted(required)) is missing" }
    let allowed = [required, "digital signature", "key encipherment"]
    if let other = usages.first(where: { !allowed.contains($0) }) {
      return "usage \(quoted(other)) is not for signer \(rawValue)"
    }
    if self == .client {
      return facts.organizations.contains(Self.superusers)
        ? "the group \(Self.superusers) is not for certificates of this signer" : nil
    }
    guard usages.contains("digital signature") else { return "usage \"digital signature\" is missing" }
    guard facts.organizations == [Self.nodeGroup] else {
      return "the subject's organization is not \(Self.nodeGroup)"
    }
    guard facts.commonName.hasPrefix(Self.nodePrefix), facts.commonName != Self.nodePrefix else {
      return "the subject's common name does not begin with \(Self.nodePrefix)"
    }
    guard facts.otherNameCount == 0 else {
      return "alternative names other than DNS names and addresses are not allowed"
    }
    let hasNames = !facts.dnsNames.isEmpty || !facts.addresses.isEmpty
    switch self {
    case .nodeServing: return hasNames ? nil : "it names no DNS name and no address"
    case .nodeClient, .client: return hasNames ? "alternative names are not allowed" : nil
    }
  }

  /// The least time that a certificate is good, in seconds.
  static let leastSeconds: Int64 = 600
  /// The most time that a certificate is good, in seconds; also if nobody says.
  static let mostSeconds: Int64 = 365 * 24 * 3600

  /// How long a certificate is good of which somebody wants so much, in seconds.
  static func seconds(wanted: Int64?) -> Int64 {
    min(max(wanted ?? mostSeconds, leastSeconds), mostSeconds)
  }
}
