import Crypto
public import Exchange
import Foundation
public import Objects
import SwiftASN1
@_spi(FixedExpiryValidationTime) import X509

/// The certificate of an authority without its key: knows whom it has signed, and signs nobody.
public struct AuthorityCertificate: Sendable {
  private static let longestChain = CertificateAuthority.longestChain
  private let certificate: Certificate

  init(_ certificate: Certificate) { self.certificate = certificate }

  /// In PEM form.
  public init(pem: String) throws(AccessError) {
    certificate = try CertificateAuthority.attempt("the authority's certificate cannot be read") {
      () throws in
      try Certificate(pemEncoded: pem)
    }
  }

  /// Whose certificate a client shows.
  /// - Parameters:
  ///   - chain: as DER, the client's own first. That the client has its key is known already.
  /// - Returns: the user, and when the certificate ends, in seconds since 1970.
  /// - Throws: why it is not accepted.
  public func verify(
    _ chain: [[UInt8]], at now: Timestamp
  ) async throws(AccessError) -> (user: UserInfo, endSeconds: Int64) {
    guard let first = chain.first, chain.count <= Self.longestChain else {
      throw AccessError("the client shows no certificate or too many")
    }
    let certificates = try CertificateAuthority.attempt("the client's certificate cannot be read") {
      () throws in
      try chain.map { try Certificate(derEncoded: $0) }
    }
    let leaf = certificates[0]
    let time = CertificateAuthority.date(now.seconds)
    guard leaf.notValidBefore <= time else { throw AccessError("the client's certificate is not valid yet") }
    guard time <= leaf.notValidAfter else { throw AccessError("the client's certificate has expired") }
    var verifier = Verifier(rootCertificates: CertificateStore([certificate])) {
      RFC5280Policy(fixedExpiryValidationTime: time)
    }
    let result = await verifier.validate(
      leaf: leaf, intermediates: CertificateStore(certificates.dropFirst()))
    guard case .validCertificate = result else {
      throw AccessError("the client's certificate is not signed by the cluster's authority")
    }
    let usages = try CertificateAuthority.attempt("the client's certificate cannot be read") { () throws in
      try leaf.extensions.extendedKeyUsage
    }
    guard usages?.contains(where: { $0 == .clientAuth || $0 == .any }) ?? true else {
      throw AccessError("the client's certificate is not for clients")
    }
    guard let user = Self.user(of: leaf.subject, der: first) else {
      throw AccessError("the client's certificate names no user")
    }
    return (user, Int64(leaf.notValidAfter.timeIntervalSince1970))
  }

  private static func user(of subject: DistinguishedName, der: [UInt8]) -> UserInfo? {
    let (name, groups) = CertificateRequest.nameAndGroups(of: subject)
    guard !name.isEmpty else { return nil }
    let hash = SHA256.hash(data: der).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    return UserInfo(
      name: name, groups: groups,
      extra: ["authentication.kubernetes.io/credential-id": ["X509SHA256=" + hash]])
  }
}
