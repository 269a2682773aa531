import Access
import Exchange
import Foundation
import Objects
import SwiftASN1
import Testing
import X509

@Suite struct CertificateTests {
  @Test func `a client is who its certificate says until that ends`() async throws {
    let authority = try CertificateAuthority.make(now: now)
    let pair = try authority.clientCertificate(user: "jane", groups: ["dev", "ops"], now: now)
    let chain = [try der(pair.certificate)]
    let (user, end) = try await authority.verify(chain, at: now)
    #expect(user.name == "jane" && user.groups == ["dev", "ops"])
    #expect(user.extra["authentication.kubernetes.io/credential-id"]?.first?.hasPrefix("X509SHA256=") == true)
    #expect(end == now.seconds + CertificateAuthority.certificateSeconds)
    await #expect(throws: AccessError("the client's certificate has expired")) {
      try await authority.verify(chain, at: Timestamp(seconds: end + 1))
    }
    await #expect(throws: AccessError("the client's certificate is not valid yet")) {
      try await authority.verify(chain, at: Timestamp(seconds: now.seconds - 301))
    }
  }

  @Test func `certificates of others and of servers are no clients'`() async throws {
    let authority = try CertificateAuthority.make(now: now)
    // Of the same name, but another key.
    let foreign = try CertificateAuthority.make(now: now).clientCertificate(
      user: "admin", groups: ["system:masters"], now: now)
    await #expect(throws: AccessError("the client's certificate is not signed by the cluster's authority")) {
      try await authority.verify([try der(foreign.certificate)], at: now)
    }
    let server = try authority.serverCertificate(commonName: "s", names: ["a.b", "10.0.0.1"], now: now)
    await #expect(throws: AccessError("the client's certificate is not for clients")) {
      try await authority.verify([try der(server.certificate)], at: now)
    }
    for chain in [[], [[1, 2, 3]]] as [[[UInt8]]] {
      await #expect(throws: AccessError.self) { try await authority.verify(chain, at: now) }
    }
  }

  @Test func `a request with a certificate is its owner's, also the second time`() async throws {
    let authority = try CertificateAuthority.make(now: now)
    let pair = try authority.clientCertificate(user: "jane", groups: ["dev"], now: now)
    let foreign = try CertificateAuthority.make(now: now).clientCertificate(
      user: "jane", groups: [], now: now)
    let authenticator = RequestAuthenticator(
      authority: authority, tokens: [], audiences: ["api"], now: { now })
    let request = APIRequest(path: "/", credentials: .certificates([try der(pair.certificate)]))
    for _ in 0..<2 {
      let found = try #require(try await authenticator.authenticate(request))
      #expect(found.user.name == "jane" && found.user.groups == ["dev", "system:authenticated"])
    }
    await #expect(throws: StatusError.unauthorized) {
      try await authenticator.authenticate(
        APIRequest(path: "/", credentials: .certificates([try der(foreign.certificate)])))
    }
    let expired = RequestAuthenticator(
      authority: authority, tokens: [], audiences: ["api"],
      now: { Timestamp(seconds: now.seconds + 400 * 86_400) })
    await #expect(throws: StatusError.unauthorized) { try await expired.authenticate(request) }
  }

  @Test func `a request is signed as it asks, if its signature is good`() async throws {
    let authority = try CertificateAuthority.make(now: now)
    let (request, _) = try CertificateRequest.make(user: "system:node:n", groups: ["system:nodes"])
    let read = try CertificateRequest(pem: request)
    #expect(read.userName == "system:node:n" && read.groups == ["system:nodes"])
    let pem = try authority.sign(requestPEM: request, usages: [.client], now: now)
    let (user, _) = try await authority.verify([try der(pem)], at: now)
    #expect(user.name == "system:node:n" && user.groups == ["system:nodes"])
    var bytes = try Array(PEMDocument(pemString: request).derBytes)
    bytes[bytes.count - 1] ^= 1
    let forged = PEMDocument(type: "CERTIFICATE REQUEST", derBytes: bytes).pemString
    #expect(throws: AccessError.self) { try CertificateRequest(pem: forged) }
    #expect(throws: AccessError.self) { try CertificateRequest(pem: "no") }
  }

  @Test func `a request is signed for the names, usages and time that it asks for`() throws {
    let authority = try CertificateAuthority.make(now: now)
    let (request, _) = try CertificateRequest.make(
      user: "system:node:n", groups: ["system:nodes"], names: ["n.example", "10.0.0.1", "fd00::1"])
    let read = try CertificateRequest(pem: request)
    #expect(read.dnsNames == ["n.example"] && read.addresses == ["10.0.0.1", "fd00::1"])
    #expect(read.otherNameCount == 0)
    let pem = try authority.sign(
      requestPEM: request, usageNames: ["server auth", "digital signature"], now: now, seconds: 3600)
    let certificate = try Certificate(pemEncoded: pem)
    #expect(try certificate.extensions.subjectAlternativeNames?.count == 3)
    #expect(try certificate.extensions.keyUsage == KeyUsage(digitalSignature: true))
    #expect(try certificate.extensions.extendedKeyUsage == ExtendedKeyUsage([.serverAuth]))
    let life = try CertificateAuthority.validity(ofCertificatePEM: pem)
    #expect(life.begin.seconds == now.seconds - 300 && life.end.seconds == now.seconds + 3600)
    let plain = try Certificate(
      pemEncoded: try authority.sign(requestPEM: request, usageNames: ["client auth"], now: now))
    #expect(try plain.extensions.keyUsage == nil)
    #expect(throws: AccessError("usage \"cert sign\" is not supported")) {
      try authority.sign(requestPEM: request, usageNames: ["client auth", "cert sign"], now: now)
    }
    #expect(throws: AccessError.self) { try CertificateAuthority.validity(ofCertificatePEM: "no") }
  }

  @Test func `a folder is made once, and certificates are renewed in time`() async throws {
    let directory = FileManager.default.temporaryDirectory.path + "/access-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let first = try PKI.prepare(in: directory, names: ["10.96.0.1"], now: now)
    let again = try PKI.prepare(in: directory, names: ["10.96.0.1"], now: now)
    #expect(again.server == first.server && again.clients == first.clients)
    #expect(again.tokenKey.verifier.id == first.tokenKey.verifier.id)
    let renamed = try PKI.prepare(in: directory, names: ["10.96.0.1", "k.example"], now: now)
    #expect(renamed.server != first.server && renamed.clients == first.clients)
    let late = Timestamp(seconds: now.seconds + 336 * 24 * 3600)
    let renewed = try PKI.prepare(in: directory, names: ["10.96.0.1"], now: late)
    #expect(renewed.clients["admin"] != first.clients["admin"])
    #expect(renewed.authority.certificatePEM == first.authority.certificatePEM)
    let admin = try #require(renewed.clients["admin"])
    #expect(
      try await renewed.authority.verify([try der(admin.certificate)], at: late).user.groups == [
        "system:masters"
      ])
    for file in try FileManager.default.contentsOfDirectory(atPath: directory) {
      let attributes = try FileManager.default.attributesOfItem(atPath: directory + "/" + file)
      #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600, "\(file)")
    }
  }

  @Test func `a kubeconfig holds all that a client needs`() {
    let config = Kubeconfig(
      server: "https://127.0.0.1:6443", authority: "CA", user: "admin",
      credential: .certificate(CertificatePair(certificate: "C", key: "K")))
    #expect(
      config.text == """
        apiVersion: v1
        kind: Config
        clusters:
        - name: "raftkv"
          cluster:
            server: "https://127.0.0.1:6443"
            certificate-authority-data: Q0E=
        users:
        - name: "admin"
          user:
            client-certificate-data: Qw==
            client-key-data: Sw==
        contexts:
        - name: "admin@raftkv"
          context:
            cluster: "raftkv"
            user: "admin"
        current-context: "admin@raftkv"

        """)
  }
}

private let now = Timestamp(seconds: 1_767_225_600)

private func der(_ pem: String) throws -> [UInt8] { try PEMDocument(pemString: pem).derBytes }
