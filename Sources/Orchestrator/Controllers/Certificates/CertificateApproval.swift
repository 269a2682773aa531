import Objects

/// What is to become of a request that nobody has decided on.
enum CertificateApproval: Sendable, Hashable {
  /// It is for people to decide, or decided.
  case leave
  /// To be approved if the one who asks may create one of these subresources; the first that fits is told.
  case review([Permission])
  /// To be approved.
  case approve(message: String)
  /// Not now; perhaps when the Node object is there and knows its addresses.
  case wait(problem: String)

  /// A right that somebody may have.
  struct Permission: Sendable, Hashable {
    var subresource: String
    var message: String
  }

  private static let own = Permission(
    subresource: "selfnodeclient",
    message: "Auto approving self kubelet client certificate after SubjectAccessReview.")
  private static let any = Permission(
    subresource: "nodeclient",
    message: "Auto approving kubelet client certificate after SubjectAccessReview.")

  /// Decides.
  /// - Parameters:
  ///   - node: looks up the Node object of a name.
  ///   - reservedNames: DNS names and addresses of other servers, which no node may have.
  static func decide(
    _ request: CertificateRequestObject, _ facts: CertificateRequestFacts, reservedNames: Set<String>,
    node: (_ name: String) -> JSON?
  ) -> CertificateApproval {
    guard !request.isDecided, !request.isDone, let signer = request.signer, signer != .client,
      signer.problem(facts, usages: request.usages) == nil
    else { return .leave }
    let isOwn = request.userName == facts.commonName
    if signer == .nodeClient { return .review(isOwn ? [own, any] : [any]) }
    guard isOwn, request.groups.contains(CertificateSigner.nodeGroup) else { return .leave }
    let name = String(facts.commonName.dropFirst(CertificateSigner.nodePrefix.count))
    if let reserved = (facts.dnsNames + facts.addresses).first(where: { isReserved($0, reservedNames) }) {
      return .wait(problem: "\(reserved) is not for nodes")
    }
    guard let object = node(name) else { return .wait(problem: "there is no node \(name)") }
    let present = Set((object["status", "addresses"]?.array ?? []).compactMap { $0["address"]?.string })
    if let other = (facts.dnsNames + facts.addresses).first(where: { $0 != name && !present.contains($0) }) {
      return .wait(problem: "node \(name) does not have the address \(other)")
    }
    return .approve(message: "Auto approving kubelet serving certificate for the node's own addresses.")
  }

  /// A node says itself which addresses it has: with those of a service or of this machine it could pose as the API
  /// server.
  private static func isReserved(_ name: String, _ others: Set<String>) -> Bool {
    let labels = name.lowercased().split(separator: ".")
    let isService = labels.first == "kubernetes" || labels.contains("svc")
    let isLocal = labels.last == "localhost" || name.hasPrefix("127.") || name == "::1"
    return isService || isLocal || name.contains("*") || others.contains(name)
  }
}
