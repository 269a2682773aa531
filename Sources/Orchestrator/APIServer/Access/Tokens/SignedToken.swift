import Objects

/// A token in its three parts (RFC 7519: `JWT`), read but not yet believed.
struct SignedToken {
  /// The longest text that is looked at.
  static let maximumBytes = 16 * 1024

  let keyID: String
  let claims: JSON
  private let content: Substring
  private let signature: [UInt8]

  /// Nil if the text is no token signed by ES256: no other algorithm is ever used, whatever a token says.
  init?(_ text: String) {
    guard text.utf8.count <= Self.maximumBytes else { return nil }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, let header = Self.object(parts[0]), let claims = Self.object(parts[1]),
      let signature = Base64URL.decode(parts[2]), header.text("alg") == "ES256", header["crit"] == nil
    else { return nil }
    keyID = header.text("kid")
    self.claims = claims
    content = text[..<parts[1].endIndex]
    self.signature = signature
  }

  private static func object(_ part: Substring) -> JSON? {
    guard let bytes = Base64URL.decode(part), let json = try? JSON.parse(bytes), case .object = json else {
      return nil
    }
    return json
  }

  func isSigned(by key: TokenVerifierKey) -> Bool { key.isValid(signature, for: content) }

  /// The claims' seconds since 1970; fractions are cut off.
  static func seconds(_ claim: JSON?) -> Int64? {
    switch claim {
    case .integer(let seconds): seconds
    case .number(let seconds): Int64(exactly: seconds.rounded(.down))
    default: nil
    }
  }

  /// One audience or several.
  var audiences: [String] {
    if let one = claims["aud"]?.string { return [one] }
    return claims.strings("aud")
  }
}
