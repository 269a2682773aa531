import NIOSSL

/// A certificate that nobody has signed but itself, valid for a hundred years.
enum SelfSigned {
  static func server() throws -> NIOSSLContext {
    try NIOSSLContext(
      configuration: .makeServerConfiguration(
        certificateChain: NIOSSLCertificate.fromPEMBytes(Array(certificate.utf8)).map { .certificate($0) },
        privateKey: .privateKey(NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem))))
  }

  private static let certificate = """
    -----BEGIN CERTIFICATE-----
    MIIBgTCCASegAwIBAgIUORXBlzA9hrP9X4+iHlSGRNY3gaEwCgYIKoZIzj0EAwIw
    FTETMBEGA1UEAwwKcHJvYmUudGVzdDAgFw0yNjExMjgxNjU0MzFaGA8yMTI2MTEw
    NDE2NTQzMVowFTETMBEGA1UEAwwKcHJvYmUudGVzdDBZMBMGByqGSM49AgEGCCqG
    SM49AwEHA0IABK9Rb3WAVZAtqd4uYZZcu3vA/W6OPRuPyNlMYbq4tYTUwedAusci
    BXXZ3IpCG5tNij6Jq/b+PmNiRZGdmrG7i2yjUzBRMB0GA1UdDgQWBBQMWiXrec3L
    HrrF/oc7haHZldoJ0TAfBgNVHSMEGDAWgBQMWiXrec3LHrrF/oc7haHZldoJ0TAP
    BgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIQCQxJq+sYWftlcnc1lW
    dPcvt/YncrwUZC8FjPU4IXYSaAIgCD0BKhQblb5YQQ2sMDMRHGReRZ8N/4yry6Eu
    f3nCE7g=
    -----END CERTIFICATE-----
    """

  private static let key = """
    -----BEGIN PRIVATE KEY-----
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgHnxrIoijeSd2mupv
    DqDyR1hIjzafyvMkrEWAOmJiQDOhRANCAASvUW91gFWQLaneLmGWXLt7wP1ujj0b
    j8jZTGG6uLWE1MHnQLrHIgV12dyKQhubTYo+iav2/j5jYkWRnZqxu4ts
    -----END PRIVATE KEY-----
    """
}
