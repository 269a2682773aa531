import Access
import Controllers
import Objects

/// The cluster's certificate authority as controllers need it.
struct ClusterAuthority: CertificateSigning {
  let authority: CertificateAuthority

  func read(request: String) throws(CertificateProblem) -> CertificateRequestFacts {
    let request = try Self.attempt { () throws(AccessError) in try CertificateRequest(pem: request) }
    return CertificateRequestFacts(
      commonName: request.userName, organizations: request.groups, dnsNames: request.dnsNames,
      addresses: request.addresses, otherNameCount: request.otherNameCount)
  }

  func sign(
    request: String, usages: [String], seconds: Int64, now: Timestamp
  ) throws(CertificateProblem) -> String {
    try Self.attempt { () throws(AccessError) in
      try authority.sign(requestPEM: request, usageNames: usages, now: now, seconds: seconds)
    }
  }

  func end(ofCertificate certificate: String) -> Timestamp? {
    try? CertificateAuthority.validity(ofCertificatePEM: certificate).end
  }

  private static func attempt<Result>(
    _ body: () throws(AccessError) -> Result
  ) throws(CertificateProblem) -> Result {
    do throws(AccessError) { return try body() } catch { throw CertificateProblem("\(error)") }
  }
}
