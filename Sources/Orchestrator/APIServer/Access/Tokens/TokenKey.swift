import Crypto
import Foundation
public import Objects

/// The key that signs the tokens of service accounts: ECDSA on P-256 (RFC 7518: `ES256`).
public struct TokenKey: Sendable {
  let key: P256.Signing.PrivateKey

  /// What others need to check its signatures.
  public let verifier: TokenVerifierKey

  private init(_ key: P256.Signing.PrivateKey) {
    self.key = key
    verifier = TokenVerifierKey(key.publicKey)
  }

  /// A new key.
  public static func make() -> TokenKey { TokenKey(P256.Signing.PrivateKey()) }

  /// A key in PEM form.
  public init(pem: String) throws(AccessError) {
    do {
      self.init(try P256.Signing.PrivateKey(pemRepresentation: pem))
    } catch {
      throw AccessError("it is no private key of the curve P-256 in PEM form")
    }
  }

  /// The key in PEM form.
  public var pem: String { key.pemRepresentation + "\n" }

  /// A token with these claims.
  func sign(_ claims: JSON) throws(AccessError) -> String {
    let header: JSON = ["alg": "ES256", "kid": .string(verifier.id)]
    let content = Base64URL.encode(header.serialized()) + "." + Base64URL.encode(claims.serialized())
    do {
      let signature = try key.signature(for: Array(content.utf8))
      return content + "." + Base64URL.encode(signature.rawRepresentation)
    } catch {
      throw AccessError("a token cannot be signed: \(error)")
    }
  }
}

/// The public part of a key that signs tokens.
public struct TokenVerifierKey: Sendable {
  private let key: P256.Signing.PublicKey

  /// How tokens name the key: a hash of it.
  public let id: String

  init(_ key: P256.Signing.PublicKey) {
    self.key = key
    id = Base64URL.encode(SHA256.hash(data: key.derRepresentation))
  }

  /// The public key in PEM form.
  public init(pem: String) throws(AccessError) {
    do {
      self.init(try P256.Signing.PublicKey(pemRepresentation: pem))
    } catch {
      throw AccessError("it is no public key of the curve P-256 in PEM form")
    }
  }

  /// Whether the signature (two numbers of 32 bytes) is this key's.
  func isValid(_ signature: [UInt8], for content: Substring) -> Bool {
    guard let signature = try? P256.Signing.ECDSASignature(rawRepresentation: signature) else { return false }
    return key.isValidSignature(signature, for: Array(content.utf8))
  }

  /// The key as a key set holds it (RFC 7517: `JWK`).
  public var json: JSON {
    let point = Array(key.rawRepresentation)
    return [
      "use": "sig", "kty": "EC", "kid": .string(id), "crv": "P-256", "alg": "ES256",
      "x": .string(Base64URL.encode(point.prefix(32))), "y": .string(Base64URL.encode(point.suffix(32))),
    ]
  }
}
