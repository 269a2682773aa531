import Access
import Checksum
import Foundation

/// What a machine needs to join a cluster beside its address: a bootstrap token, and a hash by which it knows the
/// cluster's certificate authority. In text: `abcdef.0123456789abcdef@` and 64 hexadecimal digits.
struct JoinToken: Sendable, Hashable, CustomStringConvertible {
  var token: BootstrapToken
  /// SHA-256 of the authority's certificate in DER, in hexadecimal.
  var authorityHash: String

  init(_ token: BootstrapToken, authorityPEM: String) {
    self.token = token
    authorityHash = Self.hash(authorityPEM: authorityPEM)
  }

  /// Reads the text form; nil for anything else.
  init?(_ text: String) {
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    guard parts.count == 2, let token = BootstrapToken(String(parts[0])), parts[1].utf8.count == 64,
      parts[1].allSatisfy({ $0.isHexDigit && !$0.isUppercase })
    else { return nil }
    self.token = token
    authorityHash = String(parts[1])
  }

  var description: String { "\(token)@\(authorityHash)" }

  /// Of the first certificate of a PEM text.
  static func hash(authorityPEM: String) -> String {
    var body = ""
    for line in authorityPEM.split(whereSeparator: \.isNewline) {
      if line.hasPrefix("-----END") { break }
      if !line.hasPrefix("-----") { body += line }
    }
    return hash(Array(Data(base64Encoded: body) ?? Data()))
      .map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// SHA-256.
  static func hash(_ bytes: [UInt8]) -> [UInt8] {
    var hash = SHA256()
    hash.add(bytes)
    return hash.digest
  }
}
