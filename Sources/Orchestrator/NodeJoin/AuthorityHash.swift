import Objects

/// A hash by which a joining machine knows the cluster's certificate authority before it trusts anything that the
/// server says: SHA-256 of the certificate, or of its public key as kubeadm has it, in hexadecimal.
public struct AuthorityHash: Sendable, Hashable {
  /// Of a hash.
  private let digest: [UInt8]

  /// Reads 64 hexadecimal digits, with or without `sha256:` before them; nil for anything else.
  public init?(_ text: String) {
    var digits = Substring(text)
    if text.hasPrefix("sha256:") { digits = digits.dropFirst("sha256:".count) }
    let values = digits.utf8.map { UInt8(hexDigit: $0) }
    guard values.count == 64, !values.contains(nil) else { return nil }
    let known = values.compactMap { $0 }
    digest = stride(from: 0, to: 64, by: 2).map { known[$0] << 4 | known[$0 + 1] }
  }

  /// Finds the authority that is meant among certificates in PEM form.
  /// - Parameter sha256: hashes bytes.
  /// - Returns: that certificate alone, in PEM form: the others are not to be trusted.
  /// - Throws: `otherAuthority` or, for a text without certificates, `local`.
  public func authority(in pem: String, sha256: ([UInt8]) -> [UInt8]) throws(NodeJoinError) -> String {
    let certificates = PEMText.blocks("CERTIFICATE", in: pem)
    guard let first = certificates.first else {
      throw .local(message: "the server shows no certificate authority")
    }
    for certificate in certificates {
      let key = PublicKeyInfo.find(inCertificate: certificate)
      if sha256(certificate) == digest || key.map({ sha256($0) == digest }) == true {
        return PEMText.text("CERTIFICATE", certificate)
      }
    }
    let found = sha256(first).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    throw .otherAuthority(found: "sha256:" + found)
  }
}

extension UInt8 {
  fileprivate init?(hexDigit: UInt8) {
    switch hexDigit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): self = hexDigit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): self = hexDigit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): self = hexDigit - UInt8(ascii: "A") + 10
    default: return nil
    }
  }
}

/// Bytes in text form between lines that name them (RFC 7468).
enum PEMText {
  /// The most blocks that are read of one text.
  static let mostBlocks = 64

  /// The bytes of all blocks of a kind; what is no base64 is left out.
  static func blocks(_ label: String, in text: String) -> [[UInt8]] {
    var blocks: [[UInt8]] = []
    var body: String?
    for line in text.split(whereSeparator: \.isNewline) {
      let line = line.drop { $0 == " " || $0 == "\t" }
      if line.hasPrefix("-----BEGIN \(label)-----") {
        body = ""
      } else if line.hasPrefix("-----") {
        if let body, let bytes = try? Base64.decode(body), !bytes.isEmpty { blocks.append(bytes) }
        body = nil
        if blocks.count == mostBlocks { return blocks }
      } else if body != nil {
        body?.append(contentsOf: line.filter { !$0.isWhitespace })
      }
    }
    return blocks
  }

  /// One block.
  static func text(_ label: String, _ bytes: [UInt8]) -> String {
    let letters = Array(Base64.encode(bytes).utf8)
    var lines = ["-----BEGIN \(label)-----"]
    for start in stride(from: 0, to: letters.count, by: 64) {
      lines.append(String(decoding: letters[start..<min(start + 64, letters.count)], as: UTF8.self))
    }
    return (lines + ["-----END \(label)-----", ""]).joined(separator: "\n")
  }
}
