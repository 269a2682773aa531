import NIOSSL

/// A certificate with what leads to its authority, and its key. Not printed: the key is a secret.
public struct TLSIdentity: Sendable, CustomStringConvertible {
  /// PEM: the certificate itself first.
  public var certificateChain: [UInt8]
  /// PEM.
  public var privateKey: [UInt8]

  /// Of two PEM texts.
  public init(certificateChain: [UInt8], privateKey: [UInt8]) {
    self.certificateChain = certificateChain
    self.privateKey = privateKey
  }

  /// Says nothing about the key.
  public var description: String { "TLSIdentity" }

  /// - Throws: `TLSConfigurationError`.
  func loaded() throws -> (chain: [NIOSSLCertificate], key: NIOSSLPrivateKey) {
    let chain: [NIOSSLCertificate]
    do {
      chain = try NIOSSLCertificate.fromPEMBytes(certificateChain)
    } catch {
      throw TLSConfigurationError(reason: "the certificate is not PEM")
    }
    guard !chain.isEmpty else { throw TLSConfigurationError(reason: "the certificate is empty") }
    do {
      return (chain, try NIOSSLPrivateKey(bytes: privateKey, format: .pem))
    } catch {
      throw TLSConfigurationError(reason: "the private key is not PEM")
    }
  }
}

/// Certificates of authorities.
public enum TLSRoots: Sendable {
  /// Those of the operating system.
  case system
  /// PEM, any number of certificates.
  case pem([UInt8])
  /// Each a certificate.
  case der([[UInt8]])

  func loaded() throws -> NIOSSLTrustRoots {
    do {
      switch self {
      case .system: return .default
      case .pem(let text): return .certificates(try NIOSSLCertificate.fromPEMBytes(text))
      case .der(let list):
        return .certificates(try list.map { try NIOSSLCertificate(bytes: $0, format: .der) })
      }
    } catch {
      throw TLSConfigurationError(reason: "the certificates of the authorities cannot be read")
    }
  }
}

/// Certificates or keys that cannot be used.
public struct TLSConfigurationError: Error, Sendable, Hashable, CustomStringConvertible {
  /// For people.
  public let reason: String

  /// What people read.
  public var description: String { reason }
}
