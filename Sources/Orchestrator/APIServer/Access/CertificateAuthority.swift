import Crypto
import Exchange
import Foundation
public import Objects
import SwiftASN1
import X509

/// A certificate with its private key, as PEM.
public struct CertificatePair: Sendable, Hashable {
  /// The certificate.
  public var certificate: String
  /// Its private key (P-256).
  public var key: String

  /// A pair.
  public init(certificate: String, key: String) {
    self.certificate = certificate
    self.key = key
  }
}

/// Why a certificate cannot be made or is not accepted.
public struct CertificateError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What people read.
  public let description: String

  /// A reason.
  public init(_ description: String) { self.description = description }
}

/// Signs the certificates of a cluster.
public struct CertificateAuthority: Sendable {
  /// How long its own certificate is good: ten years.
  static let authoritySeconds: Int64 = 10 * 365 * 24 * 3600
  /// How long those that it signs are: a year.
  public static let leafSeconds: Int64 = 365 * 24 * 3600
  /// Clocks differ a little.
  static let backdatedSeconds: Int64 = 300

  /// The authority's own certificate and key.
  public let pair: CertificatePair
  private let certificate: Certificate
  private let key: Certificate.PrivateKey

  /// An authority that is there.
  public init(_ pair: CertificatePair) throws(CertificateError) {
    self.pair = pair
    do {
      certificate = try Certificate(pemEncoded: pair.certificate)
      key = try Certificate.PrivateKey(pemEncoded: pair.key)
    } catch {
      throw CertificateError("the certificate authority cannot be read: \(error)")
    }
  }

  /// A new authority with a name of its own.
  public static func make(name: String, at now: Timestamp) throws(CertificateError) -> CertificateAuthority {
    do {
      let key = P256.Signing.PrivateKey()
      let subject = try DistinguishedName { CommonName(name) }
      let certificate = try Certificate(
        version: .v3, serialNumber: Certificate.SerialNumber(),
        publicKey: Certificate.PublicKey(key.publicKey),
        notValidBefore: date(now.seconds - backdatedSeconds),
        notValidAfter: date(now.seconds + authoritySeconds),
        issuer: subject, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
        extensions: try Certificate.Extensions {
          Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
          Critical(KeyUsage(digitalSignature: true, keyCertSign: true, cRLSign: true))
          SubjectKeyIdentifier(hash: Certificate.PublicKey(key.publicKey))
        }, issuerPrivateKey: Certificate.PrivateKey(key))
      return try CertificateAuthority(
        CertificatePair(
          certificate: try certificate.serializeAsPEM().pemString + "\n", key: key.pemRepresentation + "\n"))
    } catch let error as CertificateError {
      throw error
    } catch {
      throw CertificateError("no certificate authority can be made: \(error)")
    }
  }

  private static func date(_ seconds: Int64) -> Date { Date(timeIntervalSince1970: TimeInterval(seconds)) }

  /// A certificate for a server of these names and addresses.
  public func server(
    name: String, dnsNames: [String], addresses: [String], at now: Timestamp
  ) throws(CertificateError) -> CertificatePair {
    var names = dnsNames.map { GeneralName.dnsName($0) }
    for address in addresses {
      guard let bytes = IPAddressText.bytes(address) else {
        throw CertificateError("\(address) is no IP address")
      }
      names.append(.ipAddress(ASN1OctetString(contentBytes: bytes[...])))
    }
    return try leaf(CertificateSubject(name: name), usage: .serverAuth, names: names, at: now)
  }

  /// A certificate for a client: the user's name and groups.
  public func client(
    user: String, groups: [String] = [], at now: Timestamp
  ) throws(CertificateError) -> CertificatePair {
    try leaf(CertificateSubject(name: user, groups: groups), usage: .clientAuth, names: [], at: now)
  }

  private func leaf(
    _ subject: CertificateSubject, usage: ExtendedKeyUsage.Usage, names: [GeneralName], at now: Timestamp
  ) throws(CertificateError) -> CertificatePair {
    let key = P256.Signing.PrivateKey()
    do {
      let made = try sign(
        Certificate.PublicKey(key.publicKey), try subject.distinguishedName, usage: usage, names: names,
        at: now)
      return CertificatePair(
        certificate: try made.serializeAsPEM().pemString + "\n", key: key.pemRepresentation + "\n")
    } catch {
      throw CertificateError("no certificate can be made for \(subject.name): \(error)")
    }
  }

  private func sign(
    _ publicKey: Certificate.PublicKey, _ subject: DistinguishedName, usage: ExtendedKeyUsage.Usage,
    names: [GeneralName], at now: Timestamp
  ) throws -> Certificate {
    // None is good for longer than its authority.
    let end = min(Self.date(now.seconds + Self.leafSeconds), certificate.notValidAfter)
    return try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: publicKey,
      notValidBefore: Self.date(now.seconds - Self.backdatedSeconds), notValidAfter: end,
      issuer: certificate.subject, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.notCertificateAuthority)
        Critical(KeyUsage(digitalSignature: true))
        try ExtendedKeyUsage([usage])
        if !names.isEmpty { SubjectAlternativeNames(names) }
      }, issuerPrivateKey: key)
  }

  /// Whether a certificate is good for longer than this many seconds, and signed by this authority.
  func isGood(_ pem: String, forSeconds seconds: Int64, at now: Timestamp) -> Bool {
    guard let leaf = try? Certificate(pemEncoded: pem) else { return false }
    return leaf.issuer == certificate.subject
      && certificate.publicKey.isValidSignature(leaf.signature, for: leaf)
      && leaf.notValidAfter > Self.date(now.seconds + seconds)
  }
}

/// Whom a certificate names.
struct CertificateSubject: Sendable, Hashable {
  var name: String
  var groups: [String] = []

  var distinguishedName: DistinguishedName {
    get throws {
      try DistinguishedName {
        for group in groups { OrganizationName(group) }
        CommonName(name)
      }
    }
  }

  init(name: String, groups: [String] = []) {
    self.name = name
    self.groups = groups
  }

  init(_ subject: DistinguishedName) {
    name = ""
    for relative in subject {
      for attribute in relative {
        // What is no text names nobody.
        let text = String(attribute.value) ?? ""
        switch attribute.type {
        case .RDNAttributeType.commonName: name = text
        case .RDNAttributeType.organizationName: groups.append(text)
        default: break
        }
      }
    }
  }
}

/// Tells users by the certificates that they show.
public struct ClientCertificates: Sendable {
  private let root: Certificate

  /// Certificates that lead to this authority.
  public init(authority: String) throws(CertificateError) {
    do {
      root = try Certificate(pemEncoded: authority)
    } catch {
      throw CertificateError("the certificate authority cannot be read: \(error)")
    }
  }

  /// The user of a chain, as DER, the user's own first.
  func user(of chain: [[UInt8]], at now: Timestamp) throws(CertificateError) -> UserInfo {
    guard let first = chain.first, let leaf = try? Certificate(derEncoded: first) else {
      throw CertificateError("it cannot be read")
    }
    guard leaf.issuer == root.subject, root.publicKey.isValidSignature(leaf.signature, for: leaf) else {
      throw CertificateError("it is not signed by the cluster's authority")
    }
    let time = Date(timeIntervalSince1970: TimeInterval(now.seconds))
    guard leaf.notValidBefore <= time, time < leaf.notValidAfter, root.notValidAfter > time else {
      throw CertificateError("it is not valid now: \(leaf.notValidBefore) to \(leaf.notValidAfter)")
    }
    if case .isCertificateAuthority? = try? leaf.extensions.basicConstraints {
      throw CertificateError("it is an authority's")
    }
    guard let usage = try? leaf.extensions.extendedKeyUsage,
      usage.contains(.clientAuth) || usage.contains(.any)
    else { throw CertificateError("it is not for clients") }
    let subject = CertificateSubject(leaf.subject)
    guard !subject.name.isEmpty else { throw CertificateError("it names nobody") }
    return UserInfo(name: subject.name, groups: subject.groups)
  }
}

/// IP addresses as certificates write them.
enum IPAddressText {
  /// 4 or 16 bytes; nil if the text is no address.
  static func bytes(_ text: String) -> [UInt8]? {
    if text.contains(":") { return ipv6(text) }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
    guard parts.count == 4, parts.allSatisfy({ $0 != nil }) else { return nil }
    return parts.compactMap { $0 }
  }

  private static func ipv6(_ text: String) -> [UInt8]? {
    func groups(_ text: Substring) -> [UInt16]? {
      if text.isEmpty { return [] }
      let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { UInt16($0, radix: 16) }
      return parts.contains(nil) ? nil : parts.compactMap { $0 }
    }
    let all: [UInt16]
    if let gap = text.firstRange(of: "::") {
      guard let head = groups(text[..<gap.lowerBound]), let tail = groups(text[gap.upperBound...]),
        head.count + tail.count < 8
      else { return nil }
      all = head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail
    } else {
      guard let whole = groups(text[...]) else { return nil }
      all = whole
    }
    return all.count == 8 ? all.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xff)] } : nil
  }
}
