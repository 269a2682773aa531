import Crypto
public import Exchange
import Foundation
public import Objects
import SwiftASN1
@_spi(FixedExpiryValidationTime) import X509

/// A certificate and its key, in PEM form.
public struct CertificatePair: Sendable, Hashable {
  /// The certificate.
  public var certificate: String
  /// Its private key.
  public var key: String

  /// A certificate and its key.
  public init(certificate: String, key: String) {
    self.certificate = certificate
    self.key = key
  }
}

/// The cluster's own certificate authority: it signs the certificates of servers, components and users, and says whose
/// certificate a client shows.
public struct CertificateAuthority: Sendable {
  /// What a certificate is for.
  public enum Usage: Sendable, Hashable {
    /// It proves who a client is.
    case client
    /// It proves who a server is.
    case server
  }

  /// How long the authority's own certificate is good, in seconds.
  static let authoritySeconds: Int64 = 10 * 365 * 24 * 3600
  /// How long a certificate that it signs is good, in seconds.
  public static let certificateSeconds: Int64 = 365 * 24 * 3600
  /// How long ago a new certificate began to be good, in seconds: clocks differ.
  static let backdatedSeconds: Int64 = 300
  /// The most certificates that a client may show.
  static let longestChain = 8

  /// The authority's own certificate, in PEM form.
  public let certificatePEM: String
  /// Its private key, in PEM form.
  public let keyPEM: String
  private let certificate: Certificate
  private let key: Certificate.PrivateKey

  /// A certificate and its key, in PEM form.
  public init(certificatePEM: String, keyPEM: String) throws(AccessError) {
    do {
      certificate = try Certificate(pemEncoded: certificatePEM)
    } catch {
      throw AccessError("it is no certificate in PEM form")
    }
    do {
      key = try Certificate.PrivateKey(pemEncoded: keyPEM)
    } catch {
      throw AccessError("it is no private key in PEM form")
    }
    guard key.publicKey == certificate.publicKey else {
      throw AccessError("the private key is not the certificate's")
    }
    self.certificatePEM = certificatePEM
    self.keyPEM = keyPEM
  }

  /// A new authority.
  public static func make(now: Timestamp) throws(AccessError) -> CertificateAuthority {
    let signer = P256.Signing.PrivateKey()
    let certificate = try attempt("a certificate authority cannot be made") { () throws in
      let name = try DistinguishedName { CommonName("raftkv-ca@" + String(now.seconds)) }
      let made = try Certificate(
        version: .v3, serialNumber: Certificate.SerialNumber(),
        publicKey: Certificate.PublicKey(signer.publicKey),
        notValidBefore: date(now.seconds - backdatedSeconds),
        notValidAfter: date(now.seconds + authoritySeconds),
        issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
        extensions: try Certificate.Extensions {
          Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
          Critical(KeyUsage(digitalSignature: true, keyCertSign: true))
          SubjectKeyIdentifier(hash: Certificate.PublicKey(signer.publicKey))
        },
        issuerPrivateKey: Certificate.PrivateKey(signer))
      return try made.serializeAsPEM().pemString + "\n"
    }
    return try CertificateAuthority(certificatePEM: certificate, keyPEM: signer.pemRepresentation + "\n")
  }

  /// A new certificate of a server, with its key.
  /// - Parameter names: DNS names and addresses under which it is reached.
  public func serverCertificate(
    commonName: String, names: [String], now: Timestamp
  ) throws(AccessError) -> CertificatePair {
    try pair(user: commonName, groups: [], names: names, usage: .server, now: now)
  }

  /// A new certificate of a client, with its key.
  public func clientCertificate(
    user: String, groups: [String], now: Timestamp
  ) throws(AccessError) -> CertificatePair {
    try pair(user: user, groups: groups, names: [], usage: .client, now: now)
  }

  private func pair(
    user: String, groups: [String], names: [String], usage: Usage, now: Timestamp
  ) throws(AccessError) -> CertificatePair {
    let own = P256.Signing.PrivateKey()
    let subject = try Self.attempt("a certificate's subject cannot be made") { () throws in
      try DistinguishedName {
        for group in groups { OrganizationName(group) }
        CommonName(user)
      }
    }
    let pem = try sign(
      Certificate.PublicKey(own.publicKey), subject: subject, names: names.map(SubjectName.parse),
      usages: [usage],
      now: now, seconds: Self.certificateSeconds)
    return CertificatePair(certificate: pem, key: own.pemRepresentation + "\n")
  }

  /// Signs what a request asks for. Who may ask for what is decided before.
  /// - Parameters:
  ///   - seconds: how long the certificate is to be good; not beyond the authority's own.
  /// - Returns: the certificate, in PEM form.
  public func sign(
    requestPEM: String, usages: [Usage], now: Timestamp, seconds: Int64 = certificateSeconds
  ) throws(AccessError) -> String {
    let request = try CertificateRequest(pem: requestPEM)
    return try sign(
      request.publicKey, subject: request.subject, names: request.names, usages: usages, now: now,
      seconds: seconds)
  }

  /// Signs what a request asks for, for usages in the words of the certificates API: `client auth`, `server auth`,
  /// `digital signature` and `key encipherment`.
  /// - Throws: also for any other usage.
  public func sign(
    requestPEM: String, usageNames: [String], now: Timestamp, seconds: Int64 = certificateSeconds
  ) throws(AccessError) -> String {
    var usages: [Usage] = []
    for name in usageNames {
      switch name {
      case "client auth": usages.append(.client)
      case "server auth": usages.append(.server)
      case "digital signature", "key encipherment": break
      default: throw AccessError("usage \"\(name)\" is not supported")
      }
    }
    let (signs, enciphers) = (
      usageNames.contains("digital signature"), usageNames.contains("key encipherment")
    )
    let request = try CertificateRequest(pem: requestPEM)
    return try sign(
      request.publicKey, subject: request.subject, names: request.names, usages: usages,
      keyUsage: signs || enciphers ? KeyUsage(digitalSignature: signs, keyEncipherment: enciphers) : nil,
      now: now, seconds: seconds)
  }

  /// From when to when a certificate in PEM form is good.
  public static func validity(ofCertificatePEM pem: String) throws(AccessError) -> (
    begin: Timestamp, end: Timestamp
  ) {
    let certificate = try attempt("the certificate cannot be read") { () throws in
      try Certificate(pemEncoded: pem)
    }
    func time(_ date: Date) -> Timestamp { Timestamp(seconds: Int64(date.timeIntervalSince1970)) }
    return (time(certificate.notValidBefore), time(certificate.notValidAfter))
  }

  private func sign(
    _ publicKey: Certificate.PublicKey, subject: DistinguishedName, names: [GeneralName], usages: [Usage],
    keyUsage: KeyUsage? = KeyUsage(digitalSignature: true, keyEncipherment: true), now: Timestamp,
    seconds: Int64
  ) throws(AccessError) -> String {
    let identifier = try Self.attempt("the authority's certificate cannot be read") { () throws in
      try certificate.extensions.subjectKeyIdentifier?.keyIdentifier
    }
    let end = min(Self.date(now.seconds + seconds), certificate.notValidAfter)
    return try Self.attempt("a certificate cannot be signed") { () throws in
      let made = try Certificate(
        version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: publicKey,
        notValidBefore: Self.date(now.seconds - Self.backdatedSeconds), notValidAfter: end,
        issuer: certificate.subject, subject: subject,
        extensions: try Certificate.Extensions {
          Critical(BasicConstraints.notCertificateAuthority)
          if let keyUsage { Critical(keyUsage) }
          try ExtendedKeyUsage(usages.map { $0 == .client ? .clientAuth : .serverAuth })
          if let identifier { AuthorityKeyIdentifier(keyIdentifier: identifier) }
          if !names.isEmpty { SubjectAlternativeNames(names) }
        },
        issuerPrivateKey: key)
      return try made.serializeAsPEM().pemString + "\n"
    }
  }

  /// Whose certificate a client shows; see `AuthorityCertificate.verify`.
  public func verify(
    _ chain: [[UInt8]], at now: Timestamp
  ) async throws(AccessError) -> (user: UserInfo, endSeconds: Int64) {
    try await AuthorityCertificate(certificate).verify(chain, at: now)
  }

  /// Whether a certificate in PEM form is this authority's, still good for so many seconds, and for these names.
  func isGood(_ pem: String, at now: Timestamp, forSeconds seconds: Int64, names: [String] = []) -> Bool {
    guard let own = try? Certificate(pemEncoded: pem), own.issuer == certificate.subject,
      certificate.publicKey.isValidSignature(own.signature, for: own),
      own.notValidAfter >= Self.date(now.seconds + seconds)
    else { return false }
    let present = (try? own.extensions.subjectAlternativeNames).map { Array($0) } ?? []
    return names.allSatisfy { present.contains(SubjectName.parse($0)) }
  }

  static func date(_ seconds: Int64) -> Date { Date(timeIntervalSince1970: TimeInterval(seconds)) }

  static func attempt<Result>(_ what: String, _ body: () throws -> Result) throws(AccessError) -> Result {
    do { return try body() } catch { throw AccessError("\(what): \(error)") }
  }
}
