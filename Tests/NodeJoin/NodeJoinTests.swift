import Objects
import Testing

@testable import NodeJoin

private let now = Timestamp(seconds: 1_800_000_000)

/// An element of DER.
private func der(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
  let length = content.count
  let head: [UInt8] =
    length < 0x80 ? [UInt8(length)] : [0x82, UInt8(length >> 8), UInt8(truncatingIfNeeded: length)]
  return [tag] + head + content
}

private let keyInfo = der(0x30, der(0x03, [UInt8](repeating: 7, count: 200)))

private func certificate(version: Bool = true, serial: UInt8 = 1) -> [UInt8] {
  var fields: [UInt8] = version ? der(0xA0, der(0x02, [2])) : []
  fields += der(0x02, [serial]) + der(0x30, [1]) + der(0x30, [2]) + der(0x30, [3]) + der(0x30, [4])
  return der(0x30, der(0x30, fields + keyInfo + der(0xA3, [9])) + der(0x30, []) + der(0x03, [0]))
}

/// A certificate as OpenSSL makes it.
private let openSSLCertificate = """
  -----BEGIN CERTIFICATE-----
  MIIBbzCCARWgAwIBAgIUWTY1y/HCMEspRxxM+F6iGz0kZL0wCgYIKoZIzj0EAwIw
  DTELMAkGA1UEAwwCY2EwHhcNMjYxMTI4MTcxNzU2WhcNMjYxMTI5MTcxNzU2WjAN
  MQswCQYDVQQDDAJjYTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABBjoZrzz0eut
  LsmPN/O6OviXtHwWQPXsA17y/rozeVmki5m83zC0xo7bDYj0MlmnQ19vL1KcYEPk
  3Wr1SN2s37yjUzBRMB0GA1UdDgQWBBTB9qU6gbA4V3m5Hz2R41WpFJsVWTAfBgNV
  HSMEGDAWgBTB9qU6gbA4V3m5Hz2R41WpFJsVWTAPBgNVHRMBAf8EBTADAQH/MAoG
  CCqGSM49BAMCA0gAMEUCIQCgVek62xwvWzJvzD1HndsKtxH/vTF/gx9iXQVGn/cY
  7wIgFNRlABiQglIt7Gi7rDZOiYvmV9XkZaFBx5o3lemxbuQ=
  -----END CERTIFICATE-----
  """

/// Not SHA-256, but as long and told apart as well.
private func digest(_ bytes: [UInt8]) -> [UInt8] {
  var sums = [UInt8](repeating: 0, count: 32)
  for (index, byte) in bytes.enumerated() { sums[index % 32] = sums[index % 32] &* 31 &+ byte &+ 1 }
  return sums
}

private func hex(_ bytes: [UInt8]) -> String {
  bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

@Suite struct AuthorityHashTests {
  @Test(arguments: [true, false])
  func `the key is found in a certificate of any version`(hasVersion: Bool) {
    #expect(PublicKeyInfo.find(inCertificate: certificate(version: hasVersion)) == keyInfo)
  }

  @Test func `the key is found in a real certificate`() throws {
    let certificate = try #require(PEMText.blocks("CERTIFICATE", in: openSSLCertificate).first)
    let key = try #require(PublicKeyInfo.find(inCertificate: certificate))
    #expect(
      Base64.encode(key)
        == "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEGOhmvPPR660uyY8387o6+Je0fBZA"
        + "9ewDXvL+ujN5WaSLmbzfMLTGjtsNiPQyWadDX28vUpxgQ+TdavVI3azfvA==")
  }

  @Test func `what is cut off or changed is no certificate and harms nobody`() {
    let whole = certificate()
    for length in 0..<whole.count {
      #expect(PublicKeyInfo.find(inCertificate: Array(whole[..<length])) == nil)
    }
    for position in 0..<40 {
      var changed = whole
      changed[position] = 0xFF
      _ = PublicKeyInfo.find(inCertificate: changed)
    }
    #expect(PublicKeyInfo.find(inCertificate: [0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF]) == nil)
  }

  @Test func `the authority is known by its certificate or its key, in both spellings`() throws {
    let pem = PEMText.text("CERTIFICATE", certificate())
    for hash in [digest(certificate()), digest(keyInfo)] {
      for text in [hex(hash), "sha256:" + hex(hash), hex(hash).uppercased()] {
        let known = try #require(AuthorityHash(text))
        #expect(try known.authority(in: pem, sha256: digest) == pem)
      }
    }
  }

  @Test func `of many authorities only the one that is meant is trusted`() throws {
    let (own, other) = (certificate(version: false, serial: 1), certificate(version: false, serial: 2))
    let pem = PEMText.text("CERTIFICATE", other) + "text between\n" + PEMText.text("CERTIFICATE", own)
    let known = try #require(AuthorityHash(hex(digest(own))))
    #expect(try known.authority(in: pem, sha256: digest) == PEMText.text("CERTIFICATE", own))
    let stranger = try #require(AuthorityHash(String(repeating: "ab", count: 32)))
    #expect(throws: NodeJoinError.otherAuthority(found: "sha256:" + hex(digest(other)))) {
      try stranger.authority(in: pem, sha256: digest)
    }
    #expect(throws: NodeJoinError.local(message: "the server shows no certificate authority")) {
      try known.authority(in: "-----BEGIN CERTIFICATE-----\n%%%\n-----END CERTIFICATE-----\n", sha256: digest)
    }
  }

  @Test(arguments: [
    "", "sha256:", "sha1:" + String(repeating: "a", count: 64), String(repeating: "g", count: 64),
  ])
  func `other texts are no hash`(text: String) { #expect(AuthorityHash(text) == nil) }
}

@Suite struct CertificateOrderTests {
  @Test func `a node orders certificates of itself`() {
    #expect(
      CertificateOrder.client(node: "a").object(request: "PEM")
        == [
          "apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest",
          "metadata": ["generateName": "node-csr-"],
          "spec": [
            "request": "UEVN", "signerName": "kubernetes.io/kube-apiserver-client-kubelet",
            "usages": ["digital signature", "client auth"],
          ],
        ])
    let serving = CertificateOrder.serving(node: "a", names: ["a", "10.0.0.1"], expirationSeconds: 3600)
    #expect(serving.user == "system:node:a" && serving.groups == ["system:nodes"])
    #expect(
      serving.object(request: "PEM")["spec"]
        == [
          "request": "UEVN", "signerName": "kubernetes.io/kubelet-serving",
          "usages": ["digital signature", "server auth"], "expirationSeconds": 3600,
        ])
  }

  @Test func `the progress of an order is read`() {
    func progress(_ status: JSON) -> CertificateOrder.Progress {
      CertificateOrder.progress(["metadata": ["name": "r"], "status": status])
    }
    let approved: JSON = ["type": "Approved", "status": "True"]
    #expect(progress([:]) == .pending)
    #expect(progress(["conditions": [approved]]) == .approved)
    #expect(progress(["conditions": [approved], "certificate": "UEVN"]) == .issued(certificate: "PEM"))
    #expect(
      progress(["conditions": [["type": "Denied", "status": "True", "message": "no"]]])
        == .refused(.denied(request: "r", message: "no")))
    #expect(
      progress(["conditions": [approved, ["type": "Failed", "reason": "SignerValidationFailure"]]])
        == .refused(.failed(request: "r", message: "SignerValidationFailure")))
    #expect(
      progress(["certificate": "%"])
        == .refused(.failed(request: "r", message: "the certificate cannot be read")))
  }

  @Test func `certificates are renewed between three quarters and 85 % of their life`() {
    let life = CertificateLife(begin: now, end: Timestamp(seconds: now.seconds + 1000))
    #expect(life.renewal(jitter: 0).seconds == now.seconds + 750)
    #expect(life.renewal(jitter: 0.5).seconds == now.seconds + 800)
    #expect(life.renewal(jitter: 7).seconds == now.seconds + 850)
    #expect(CertificateLife(begin: now, end: now).renewal(jitter: 1) == now)
    #expect(life.isGood(at: now) && !life.isGood(at: life.end))
    #expect(!life.isGood(at: Timestamp(seconds: now.seconds - 1)))
  }
}

@Suite struct NodeNameTests {
  private let machine = MachineIdentity(node: "a", machineID: "m1", addresses: ["10.0.0.1"])

  private func node(_ machineID: String, _ address: String, ready: String = "True") -> JSON {
    [
      "metadata": ["name": "a"],
      "status": [
        "nodeInfo": ["machineID": .string(machineID)],
        "addresses": [
          ["type": "InternalIP", "address": .string(address)], ["type": "Hostname", "address": "a"],
        ],
        "conditions": [["type": "Ready", "status": .string(ready)]],
      ],
    ]
  }

  private func lease(_ secondsAgo: Int64) -> JSON {
    ["spec": ["renewTime": .string(Timestamp(seconds: now.seconds - secondsAgo).microText)]]
  }

  @Test func `this machine may come again`() {
    #expect(machine.conflict(known: nil, lease: nil, now: now) == nil)
    #expect(machine.conflict(known: node("m1", "10.0.0.1"), lease: lease(1), now: now) == nil)
    #expect(machine.conflict(known: node("", "10.0.0.1"), lease: lease(1), now: now) == nil)
  }

  @Test func `another machine that lives keeps the name`() {
    #expect(
      machine.conflict(known: node("m2", "10.0.0.1"), lease: lease(39), now: now)
        == .nameInUse(
          node: "a",
          problem: "its machine ID is m2, and that of this machine m1, and it was alive 39 s ago"))
    #expect(
      machine.conflict(known: node("m1", "10.0.0.2"), lease: lease(-5), now: now)
        == .nameInUse(
          node: "a",
          problem: "its address is 10.0.0.2, and that of this machine 10.0.0.1, and it was alive 0 s ago"))
  }

  @Test func `another machine that is gone gives the name free`() {
    #expect(machine.conflict(known: node("m2", "10.0.0.2"), lease: lease(40), now: now) == nil)
    #expect(
      machine.conflict(known: node("m2", "10.0.0.2", ready: "Unknown"), lease: lease(1), now: now) == nil)
    #expect(machine.conflict(known: node("m2", "10.0.0.2"), lease: nil, now: now) == nil)
    #expect(
      machine.conflict(known: node("m2", "10.0.0.2"), lease: ["spec": ["renewTime": "x"]], now: now) == nil)
  }
}
