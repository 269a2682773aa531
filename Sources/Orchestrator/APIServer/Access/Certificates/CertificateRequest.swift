import Crypto
import Foundation
import SwiftASN1
import X509

/// What somebody asks a certificate authority to sign (RFC 2986), whose signature proves that the key is the asker's.
public struct CertificateRequest: Sendable {
  /// The common name.
  public let userName: String
  /// The organisations.
  public let groups: [String]
  /// The DNS names that are asked for.
  public let dnsNames: [String]
  /// The addresses that are asked for, in text.
  public let addresses: [String]
  /// How many names of other kinds are asked for.
  public let otherNameCount: Int

  let subject: DistinguishedName
  let publicKey: Certificate.PublicKey
  let names: [GeneralName]

  /// Reads a request in PEM form and checks its signature.
  public init(pem: String) throws(AccessError) {
    let request: CertificateSigningRequest
    do {
      request = try CertificateSigningRequest(pemEncoded: pem)
    } catch {
      throw AccessError("it is no certificate request in PEM form")
    }
    guard request.publicKey.isValidSignature(request.signature, for: request) else {
      throw AccessError("the certificate request's signature is not that of its key")
    }
    names = try CertificateAuthority.attempt("the certificate request's names cannot be read") { () throws in
      guard let asked = try request.attributes.extensionRequest?.extensions.subjectAlternativeNames else {
        return []
      }
      return Array(asked)
    }
    subject = request.subject
    publicKey = request.publicKey
    (userName, groups) = Self.nameAndGroups(of: request.subject)
    dnsNames = names.compactMap { if case .dnsName(let name) = $0 { name } else { nil } }
    addresses = names.compactMap(SubjectName.address)
    otherNameCount = names.count - dnsNames.count - addresses.count
  }

  /// A new key and the request for its certificate, both in PEM form, as a joining node makes them.
  /// - Parameter names: DNS names and addresses of a server.
  public static func make(
    user: String, groups: [String], names: [String] = []
  ) throws(AccessError) -> (request: String, key: String) {
    let key = P256.Signing.PrivateKey()
    let request = try CertificateAuthority.attempt("a certificate request cannot be made") { () throws in
      let subject = try DistinguishedName {
        for group in groups { OrganizationName(group) }
        CommonName(user)
      }
      var attributes = CertificateSigningRequest.Attributes()
      if !names.isEmpty {
        let alternatives = try Certificate.Extensions {
          SubjectAlternativeNames(names.map(SubjectName.parse))
        }
        attributes.insert(
          try CertificateSigningRequest.Attribute(ExtensionRequest(extensions: alternatives)))
      }
      let request = try CertificateSigningRequest(
        version: .v1, subject: subject, privateKey: Certificate.PrivateKey(key), attributes: attributes,
        signatureAlgorithm: .ecdsaWithSHA256)
      return try request.serializeAsPEM().pemString + "\n"
    }
    return (request, key.pemRepresentation + "\n")
  }

  static func nameAndGroups(of subject: DistinguishedName) -> (name: String, groups: [String]) {
    var name = ""
    var groups: [String] = []
    for attribute in subject.flatMap({ Array($0) }) {
      guard let text = String(attribute.value) else { continue }
      switch attribute.type {
      case .RDNAttributeType.commonName: name = text
      case .RDNAttributeType.organizationName: groups.append(text)
      default: break
      }
    }
    return (name, groups)
  }
}
