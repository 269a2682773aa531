import Crypto
import Foundation
import NIOCore
import Raft
import RaftKV
import SwiftASN1
import Testing
import X509

@testable import Peers

/// Certificates for a test, in a folder of its own that goes away with the object.
final class Authority {
  let directory: String
  private let key = P256.Signing.PrivateKey()
  private let name: DistinguishedName

  init(_ commonName: String = "authority") throws {
    var template = Array("/tmp/raftkv-peers-XXXXXX".utf8CString)
    directory = template.withUnsafeMutableBufferPointer { String(cString: mkdtemp($0.baseAddress!)!) }
    name = try DistinguishedName { CommonName(commonName) }
    let certificate = try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: Certificate.PublicKey(key.publicKey),
      notValidBefore: Date() - 86400, notValidAfter: Date() + 86400, issuer: name, subject: name,
      signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
        Critical(KeyUsage(keyCertSign: true))
      },
      issuerPrivateKey: Certificate.PrivateKey(key))
    try certificate.serializeAsPEM().pemString.write(toFile: caFile, atomically: true, encoding: .utf8)
  }

  deinit { try? FileManager.default.removeItem(atPath: directory) }

  var caFile: String { directory + "/ca.pem" }

  /// TLS with a certificate of this authority for 127.0.0.1 and localhost.
  func issue(
    _ commonName: String = "member", file: String = "member", expired: Bool = false,
    address: [UInt8] = [127, 0, 0, 1]
  ) throws -> PeerTLS {
    let own = P256.Signing.PrivateKey()
    let certificate = try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: Certificate.PublicKey(own.publicKey),
      notValidBefore: Date() - 86400, notValidAfter: expired ? Date() - 3600 : Date() + 86400, issuer: name,
      subject: try DistinguishedName { CommonName(commonName) }, signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.notCertificateAuthority)
        Critical(KeyUsage(digitalSignature: true))
        try ExtendedKeyUsage([.serverAuth, .clientAuth])
        SubjectAlternativeNames([
          .dnsName("localhost"), .ipAddress(ASN1OctetString(contentBytes: ArraySlice(address))),
        ])
      }, issuerPrivateKey: Certificate.PrivateKey(key))
    let paths = (certificate: directory + "/\(file).pem", key: directory + "/\(file)-key.pem")
    try certificate.serializeAsPEM().pemString.write(
      toFile: paths.certificate, atomically: true, encoding: .utf8)
    try own.pemRepresentation.write(toFile: paths.key, atomically: true, encoding: .utf8)
    var tls = PeerTLS(identity: .files(certificate: paths.certificate, key: paths.key))
    tls.trustedCAFile = caFile
    tls.requiresClientCertificate = true
    return tls
  }
}

@Suite(.serialized)
struct TLSTests {
  /// A member that listens with TLS.
  private func member(_ id: MemberID, _ tls: PeerTLS, port: Int = 0) throws -> TestMember {
    try TestMember(id, port: port, scheme: "https") { $0.tls = tls }
  }

  /// Whether messages get from one to the other.
  private func reaches(_ from: TestMember, _ to: TestMember) -> Bool {
    from.transport.setPeers([to.address], removed: [])
    return eventually {
      from.transport.send([.heartbeat(from: from.id, to: to.id, round: 1)])
      return !to.receiver.rounds.isEmpty
    }
  }

  /// Connecting fails for this reason on one of both sides, and nothing gets through.
  private func fails(_ from: TestMember, _ to: TestMember, _ reasons: String...) -> Bool {
    from.transport.setPeers([to.address], removed: [])
    from.transport.send([.heartbeat(from: from.id, to: to.id, round: 1)])
    let isRefused = eventually {
      from.log.contain("cannot be reached", "member=\(to.id)")
        && reasons.contains { from.log.contain($0) || to.log.contain($0) }
    }
    return isRefused && to.receiver.messages.isEmpty && from.transport.activeSince(to.id) == nil
  }

  @Test func membersOfOneAuthorityMeet() throws {
    let authority = try Authority()
    let first = try member(1, authority.issue(file: "a"))
    let second = try member(2, authority.issue(file: "b"))
    #expect(reaches(first, second) && reaches(second, first))
    first.transport.send([.append(from: 1, to: 2, index: 1, bytes: 3 << 20)])
    #expect(eventually { second.receiver.indexes == [1] })
    // By name, too.
    let third = try member(3, authority.issue(file: "c"))
    third.transport.setPeers([PeerAddress(id: 1, urls: ["https://localhost:\(first.port)"])], removed: [])
    #expect(eventually { third.transport.activeSince(1) != nil })
    #expect(third.transport.clusterDocument(from: [first.url], milliseconds: 60_000) != nil)
  }

  @Test func aSnapshotPassesTLS() throws {
    let authority = try Authority()
    let sink = MemorySink()
    let first = try member(1, authority.issue(file: "a"))
    let second = try TestMember(2, scheme: "https", receiver: RecordingReceiver(makeSink: { _ in sink })) {
      $0.tls = try? authority.issue(file: "b")
    }
    first.transport.setPeers([second.address], removed: [])
    let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let description = SnapshotDescription(
      snapshot: Snapshot(index: 1, term: 1, membership: Membership(voters: [1, 2])), term: 1, contentID: 1,
      byteCount: Int64(bytes.count))
    let done = Box<Bool>()
    first.transport.sendSnapshot(description, from: MemorySource(bytes), to: 2) { done.put($0) }
    #expect(try done.wait())
    #expect(sink.bytes == bytes)
  }

  @Test func strangersAreRefused() throws {
    let authority = try Authority()
    let member1 = try member(1, authority.issue(file: "a"))
    let another = try Authority("another")
    // Its files must stay: they are looked at again for each connection.
    defer { withExtendedLifetime((authority, another)) {} }
    let stranger = try member(2, another.issue())
    #expect(fails(stranger, member1, "CERTIFICATE_VERIFY_FAILED"))
    // The other way round as well: members do not tell a stranger anything.
    #expect(fails(member1, stranger, "CERTIFICATE_VERIFY_FAILED"))
    let expired = try member(3, authority.issue(file: "c", expired: true))
    #expect(expired.log.contain("has expired"))
    #expect(fails(expired, member1, "CERTIFICATE_VERIFY_FAILED", "CERTIFICATE_EXPIRED"))
    let elsewhere = try member(4, authority.issue(file: "d", address: [10, 0, 0, 9]))
    #expect(fails(member1, elsewhere, "unableToValidateCertificate", "ertificate"))
    #expect(member1.receiver.messages.isEmpty)
  }

  @Test func oneWithoutACertificateIsRefused() throws {
    let authority = try Authority()
    let member1 = try member(1, authority.issue(file: "a"))
    let plain = try TestMember(2)
    #expect(fails(plain, member1, "has no certificate"))
    plain.transport.setPeers([PeerAddress(id: 1, urls: ["http://127.0.0.1:\(member1.port)"])], removed: [])
    #expect(eventually { member1.log.contain("refused a connection", "TLS") })
    #expect(member1.receiver.messages.isEmpty)
    // And TLS spoken to a plain port is named.
    member1.transport.setPeers([PeerAddress(id: 2, urls: ["https://127.0.0.1:\(plain.port)"])], removed: [])
    #expect(eventually { plain.log.contain("refused a connection", "it speaks TLS") })
    #expect(member1.transport.activeSince(2) == nil)
  }

  @Test func theCommonNameCounts() throws {
    let authority = try Authority()
    var strict = try authority.issue("right", file: "a")
    strict.allowedCommonName = "right"
    let member1 = try member(1, strict)
    let right = try member(2, authority.issue("right", file: "b"))
    let wrong = try member(3, authority.issue("wrong", file: "c"))
    #expect(fails(wrong, member1, "common name"))
    #expect(eventually { member1.log.contain("refused a connection", "common name") })
    #expect(reaches(right, member1))
    #expect(fails(member1, wrong, "common name"))
  }

  @Test func filesThatAreReplacedAreReadAgain() throws {
    let authority = try Authority()
    let other = try Authority("other")
    let tls = try authority.issue(file: "a")
    let member1 = try member(1, tls)
    var ofOther = try other.issue(file: "b")
    #expect(fails(try member(2, ofOther), member1, "CERTIFICATE_VERIFY_FAILED"))
    // Member 1 moves to the other authority while it runs.
    guard case .files(let certificate, let key) = tls.identity,
      case .files(let newCertificate, let newKey) = try other.issue(file: "c").identity
    else { return }
    for (from, to) in [(newCertificate, certificate), (newKey, key), (other.caFile, authority.caFile)] {
      #expect(rename(from, to) == 0)
    }
    ofOther.trustedCAFile = authority.caFile
    #expect(reaches(try member(3, ofOther), member1))
    #expect(member1.log.contain("the certificate files were read again"))
  }

  @Test func certificatesMadeByMembersWork() throws {
    let authority = try Authority()
    let first = try member(
      1, PeerTLS(identity: PeerTLS.fixtures(inDataDirectory: authority.directory + "/1")))
    let second = try member(
      2, PeerTLS(identity: PeerTLS.fixtures(inDataDirectory: authority.directory + "/2")))
    #expect(reaches(first, second) && reaches(second, first))
    let certificate = authority.directory + "/1/fixtures/peer/cert.pem"
    let made = try String(contentsOfFile: certificate, encoding: .utf8)
    let directory = authority.directory + "/1/fixtures/peer"
    let key = try FileManager.default.attributesOfItem(atPath: directory + "/key.pem")
    #expect(key[.posixPermissions] as? Int == 0o600)
    // The next start uses the same, as long as it is valid.
    _ = try SelfSignedCertificate.prepare(in: directory)
    #expect(try String(contentsOfFile: certificate, encoding: .utf8) == made)
    _ = try SelfSignedCertificate.prepare(in: directory, now: Date() + 366 * 86400)
    #expect(try String(contentsOfFile: certificate, encoding: .utf8) != made)
  }

  @Test func badFilesAreNamed() throws {
    let authority = try Authority()
    let good = try authority.issue(file: "a")
    let other = try authority.issue(file: "b")
    guard case .files(let certificate, let key) = good.identity, case .files(_, let otherKey) = other.identity
    else { return }
    let garbage = authority.directory + "/garbage.pem"
    try "not a certificate".write(toFile: garbage, atomically: true, encoding: .utf8)
    var badCA = good
    badCA.trustedCAFile = garbage
    let cases: [(PeerTLS, String)] = [
      (
        PeerTLS(identity: .files(certificate: "/no/such.pem", key: key)),
        "/no/such.pem: no such file or directory; --peer-cert-file needs a certificate in PEM form there"
      ),
      (
        PeerTLS(identity: .files(certificate: certificate, key: garbage)),
        "\(garbage): it is no private key in PEM form, which --peer-key-file needs"
      ),
      (
        PeerTLS(identity: .files(certificate: certificate, key: otherKey)), "is it the certificate's own key?"
      ),
      (badCA, "--peer-trusted-ca-file"),
      (
        PeerTLS(identity: .selfSigned(directory: "/proc/nowhere")),
        "--peer-auto-tls cannot make a certificate"
      ),
    ]
    for (tls, message) in cases {
      let error = #expect(throws: StartError.self) { try member(1, tls) }
      #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }
    let error = #expect(throws: StartError.self) { try TestMember(1, scheme: "https") }
    #expect(error?.description.contains("--peer-cert-file") == true)
  }
}
