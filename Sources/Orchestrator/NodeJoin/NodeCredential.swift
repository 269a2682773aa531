public import Objects

/// A certificate and its key, in PEM form.
public struct NodeCredential: Sendable, Hashable {
  /// The certificate.
  public var certificate: String
  /// Its private key.
  public var key: String

  /// A certificate and its key.
  public init(certificate: String, key: String) {
    self.certificate = certificate
    self.key = key
  }
}

/// From when to when a certificate is good, and what is to be done about that.
public struct CertificateLife: Sendable, Hashable {
  /// When it begins.
  public var begin: Timestamp
  /// When it ends.
  public var end: Timestamp

  /// A life.
  public init(begin: Timestamp, end: Timestamp) {
    self.begin = begin
    self.end = end
  }

  /// When to replace the certificate: at about four fifths of its life.
  /// - Parameter jitter: from 0 to 1; nodes that joined together do not come together again.
  public func renewal(jitter: Double) -> Timestamp {
    let share = 0.75 + 0.1 * min(max(jitter, 0), 1)
    let (length, overflows) = end.seconds.subtractingReportingOverflow(begin.seconds)
    guard !overflows, length > 0 else { return begin }
    return Timestamp(seconds: begin.seconds + Int64(Double(length) * share))
  }

  /// Whether a node can still speak with it.
  public func isGood(at now: Timestamp) -> Bool { begin <= now && now < end }
}
