import Crypto

/// Proves that who sent a message knows a key: HMAC with SHA-256 (RFC 2104).
public enum MessageAuthentication {
  /// The 32 bytes of the proof.
  public static func code(for message: [UInt8], key: [UInt8]) -> [UInt8] {
    Array(HMAC<SHA256>.authenticationCode(for: message, using: SymmetricKey(data: key)))
  }
}
