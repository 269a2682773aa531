import Crypto
import Foundation
import NIOSSL
import RaftKV
import SwiftASN1
import X509

/// A certificate that a member signs itself, as `--peer-auto-tls` wants it.
enum SelfSignedCertificate {
  private static let validSeconds: TimeInterval = 365 * 24 * 3600

  /// The two files, which are made when they are not there or the certificate has expired.
  static func prepare(
    in directory: String, now: Date = Date()
  ) throws(StartError) -> (certificate: String, key: String) {
    let certificate = directory + "/cert.pem"
    let key = directory + "/key.pem"
    if FileManager.default.fileExists(atPath: key),
      let own = try? NIOSSLCertificate.fromPEMFile(certificate).first,
      TimeInterval(own.notValidAfter) > now.timeIntervalSince1970
    {
      return (certificate, key)
    }
    do {
      try FileManager.default.createDirectory(
        atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      let made = try make(now: now)
      // The certificate comes last: with it, the pair counts as made.
      try write(made.key, to: key)
      try write(made.certificate, to: certificate)
      return (certificate, key)
    } catch {
      throw StartError("\(directory): --peer-auto-tls cannot make a certificate there: \(error)")
    }
  }

  /// Whole or not at all, and for nobody else to read.
  private static func write(_ text: String, to path: String) throws {
    let temporary = path + ".tmp"
    try? FileManager.default.removeItem(atPath: temporary)
    guard
      FileManager.default.createFile(
        atPath: temporary, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
    else { throw CocoaError(.fileWriteUnknown) }
    guard rename(temporary, path) == 0 else { throw CocoaError(.fileWriteUnknown) }
  }

  private static func make(now: Date) throws -> (certificate: String, key: String) {
    let key = P256.Signing.PrivateKey()
    let name = try DistinguishedName {
      OrganizationName("raftkv")
      CommonName("raftkv peer")
    }
    let certificate = try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(),
      publicKey: Certificate.PublicKey(key.publicKey),
      // Clocks of members differ a little.
      notValidBefore: now.addingTimeInterval(-3600), notValidAfter: now.addingTimeInterval(validSeconds),
      issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.notCertificateAuthority)
        Critical(KeyUsage(digitalSignature: true))
        try ExtendedKeyUsage([.serverAuth, .clientAuth])
        SubjectAlternativeNames([.dnsName("localhost")])
      },
      issuerPrivateKey: Certificate.PrivateKey(key))
    return (try certificate.serializeAsPEM().pemString + "\n", key.pemRepresentation + "\n")
  }
}
