public import Objects

/// What a certificate request in PEM form asks for.
public struct CertificateRequestFacts: Sendable, Hashable {
  /// The subject's common name.
  public var commonName: String
  /// The subject's organisations.
  public var organizations: [String]
  /// DNS names among the alternative names.
  public var dnsNames: [String]
  /// Addresses among the alternative names, in text.
  public var addresses: [String]
  /// How many alternative names of other kinds there are, such as mail addresses.
  public var otherNameCount: Int

  /// The facts of a request.
  public init(
    commonName: String, organizations: [String], dnsNames: [String] = [], addresses: [String] = [],
    otherNameCount: Int = 0
  ) {
    self.commonName = commonName
    self.organizations = organizations
    self.dnsNames = dnsNames
    self.addresses = addresses
    self.otherNameCount = otherNameCount
  }
}

/// Why a certificate cannot be read or signed.
public struct CertificateProblem: Error, Sendable, Hashable, CustomStringConvertible {
  /// What people read.
  public let description: String

  /// A problem.
  public init(_ description: String) { self.description = description }
}

/// The cluster's certificate authority, as far as controllers need it. Certificates and requests are in PEM form.
public protocol CertificateSigning: Sendable {
  /// Reads a request and checks that its signature is that of its key.
  func read(request: String) throws(CertificateProblem) -> CertificateRequestFacts

  /// Signs a request, with its subject and its alternative names.
  /// - Parameters:
  ///   - usages: in the words of the certificates API, such as `client auth`: no others than `client auth`,
  ///     `server auth`, `digital signature` and `key encipherment`.
  ///   - seconds: for how long from now on.
  func sign(
    request: String, usages: [String], seconds: Int64, now: Timestamp
  ) throws(CertificateProblem) -> String

  /// When a certificate ends; nil if it cannot be read.
  func end(ofCertificate certificate: String) -> Timestamp?
}
