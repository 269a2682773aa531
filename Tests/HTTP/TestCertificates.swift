import HTTP

/// Certificates made for these tests alone (by openssl, valid for a century), and used nowhere else.
enum TestCertificates {
  static let serverIdentity = identity(server, serverKey)
  static let namedIdentity = identity(named, namedKey)
  static let clientIdentity = identity(client, clientKey)

  private static func identity(_ chain: String, _ key: String) -> TLSIdentity {
    TLSIdentity(certificateChain: Array(chain.utf8), privateKey: Array(key.utf8))
  }

  /// The authority that clients of the tests trust.
  static let authority = """
    -----BEGIN CERTIFICATE-----
    MIIBizCCATGgAwIBAgIUEZx5HuWApgaLJPK6D0/t/JgcguowCgYIKoZIzj0EAwIw
    EjEQMA4GA1UEAwwHdGVzdC1jYTAgFw0yNjExMjgxMTAzMzhaGA8yMTI2MTEwNDEx
    MDMzOFowEjEQMA4GA1UEAwwHdGVzdC1jYTBZMBMGByqGSM49AgEGCCqGSM49AwEH
    A0IABHXJ3rV2Xhl+/ctdMFSAunoD1SJz3+2yzEtf4DpEV0p7LnvDVv0c8Xo64ScL
    65cfGM5bTHBWlfmlTzlXQzh4T3yjYzBhMB0GA1UdDgQWBBR0ZrWuZZiLNKK6G5pj
    iGBs12FtUzAfBgNVHSMEGDAWgBR0ZrWuZZiLNKK6G5pjiGBs12FtUzAPBgNVHRMB
    Af8EBTADAQH/MA4GA1UdDwEB/wQEAwIBBjAKBggqhkjOPQQDAgNIADBFAiEA4UNX
    zBPXblLntsRrSiQMjoYHVubOyz2HW0szUxCH1koCIB70VgS8WRq1gdfI8VwRPRSK
    IIhpT2uNrtmb5uud4m4/
    -----END CERTIFICATE-----
    """

  /// An authority that nobody trusts.
  static let otherAuthority = """
    -----BEGIN CERTIFICATE-----
    MIIBfDCCASOgAwIBAgIULAt5jyRpxxWm++aVux2xC1efudYwCgYIKoZIzj0EAwIw
    EzERMA8GA1UEAwwIb3RoZXItY2EwIBcNMjYxMTI4MTEwMzM4WhgPMjEyNjExMDQx
    MTAzMzhaMBMxETAPBgNVBAMMCG90aGVyLWNhMFkwEwYHKoZIzj0CAQYIKoZIzj0D
    AQcDQgAEJ5ezBbBfYVVTWASL5O5D7VRgPcwLpwc4ir7m0CBE0J8njUQ4ls3FWw4R
    NH6Cizy6boo+cs/jv+Q1kRQ6LaBcZKNTMFEwHQYDVR0OBBYEFJwPKlxqWqJjiyDD
    hC3SOfkDSO10MB8GA1UdIwQYMBaAFJwPKlxqWqJjiyDDhC3SOfkDSO10MA8GA1Ud
    EwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgFEzJix5WZzGHbaOpj4l6BXC8
    N+37ielGkiRX6hugXxsCIGpd/h8WmFSkQ0kk0Yq7g9yFiIz552pkamFyU8iQjxLK
    -----END CERTIFICATE-----
    """

  /// For `localhost` and 127.0.0.1.
  static let server = """
    -----BEGIN CERTIFICATE-----
    MIIBqjCCAVCgAwIBAgIUX2CCX7aPVUMh1e6YU+4QK8ijHwswCgYIKoZIzj0EAwIw
    EjEQMA4GA1UEAwwHdGVzdC1jYTAgFw0yNjExMjgxMTAzMzhaGA8yMTI2MTEwNDEx
    MDMzOFowFjEUMBIGA1UEAwwLdGVzdC1zZXJ2ZXIwWTATBgcqhkjOPQIBBggqhkjO
    PQMBBwNCAARpWDdMQY3yGNg9K7I+nDlEc9E7QMHbY1+EivOW956Obh82LVQRTNVc
    AUwW0wcVysTNLkyHOWlPvAZyCzdZRFaEo34wfDAaBgNVHREEEzARgglsb2NhbGhv
    c3SHBH8AAAEwEwYDVR0lBAwwCgYIKwYBBQUHAwEwCQYDVR0TBAIwADAdBgNVHQ4E
    FgQUZQqfpdI6y1z4LzkWwhRx1RjwF54wHwYDVR0jBBgwFoAUdGa1rmWYizSiuhua
    Y4hgbNdhbVMwCgYIKoZIzj0EAwIDSAAwRQIhAKgmjLFv+0jluBO1gYdVrfTq2ccO
    NMThh72TBFMoHVEDAiBj8feHNfiGarZvM7AZipvOOCFUBg+b2dbEEWyIzgQW9w==
    -----END CERTIFICATE-----
    """

  /// Its key.
  static let serverKey = """
    -----BEGIN PRIVATE KEY-----
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgp4VX13SAxIn2u4Pz
    07rAzt+cdeq9iMyLvQ2fWIkdwrqhRANCAARpWDdMQY3yGNg9K7I+nDlEc9E7QMHb
    Y1+EivOW956Obh82LVQRTNVcAUwW0wcVysTNLkyHOWlPvAZyCzdZRFaE
    -----END PRIVATE KEY-----
    """

  /// For another name.
  static let named = """
    -----BEGIN CERTIFICATE-----
    MIIBrjCCAVSgAwIBAgIUX2CCX7aPVUMh1e6YU+4QK8ijHwwwCgYIKoZIzj0EAwIw
    EjEQMA4GA1UEAwwHdGVzdC1jYTAgFw0yNjExMjgxMTAzMzlaGA8yMTI2MTEwNDEx
    MDMzOVowFzEVMBMGA1UEAwwMbmFtZWQtc2VydmVyMFkwEwYHKoZIzj0CAQYIKoZI
    zj0DAQcDQgAE/aMnHe+S0oCVxyliZrjzsWampA14ubWOsO9i1WNfXnYGMXds9zE6
    CG+tAArqzIlXO5SocONuoJBjR4/3ZKwwMqOBgDB+MBwGA1UdEQQVMBOCEXNvbWV3
    aGVyZS5leGFtcGxlMBMGA1UdJQQMMAoGCCsGAQUFBwMBMAkGA1UdEwQCMAAwHQYD
    VR0OBBYEFPNxPKbxV33c44Nf6IBokdZAXe30MB8GA1UdIwQYMBaAFHRmta5lmIs0
    orobmmOIYGzXYW1TMAoGCCqGSM49BAMCA0gAMEUCIQCCemYyirN2jSLLxHuduoQ/
    PAtm2TBZ4++PYfdB1SkrbwIgNhGPvHyO1bIclDRARyzjRhL4hTmO99DA6gA0on5j
    OQg=
    -----END CERTIFICATE-----
    """

  /// Its key.
  static let namedKey = """
    -----BEGIN PRIVATE KEY-----
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgGXS5p/IvR7Akjhuz
    JSN7cagWeNvNvY5wWqPlKQ96keGhRANCAAT9oycd75LSgJXHKWJmuPOxZqakDXi5
    tY6w72LVY19edgYxd2z3MToIb60ACurMiVc7lKhw426gkGNHj/dkrDAy
    -----END PRIVATE KEY-----
    """

  /// A client's, of the other authority.
  static let client = """
    -----BEGIN CERTIFICATE-----
    MIIBmzCCAUKgAwIBAgIUKWU/Ex6JowzpQFg/aKqhJhQ6z+kwCgYIKoZIzj0EAwIw
    EzERMA8GA1UEAwwIb3RoZXItY2EwIBcNMjYxMTI4MTEwMzM5WhgPMjEyNjExMDQx
    MTAzMzlaMCMxEDAOBgNVBAoMB3Rlc3RlcnMxDzANBgNVBAMMBnRlc3RlcjBZMBMG
    ByqGSM49AgEGCCqGSM49AwEHA0IABOYjRdU9QUptZoiNcYELZdCH4cjCZkkAcN2/
    aXr2e2l3CbBgwLryMe25IglZ+a4/RHpO1fqeXn+R24T7GKu+4GKjYjBgMBMGA1Ud
    JQQMMAoGCCsGAQUFBwMCMAkGA1UdEwQCMAAwHQYDVR0OBBYEFEL7t/BeCBbU9ZYo
    u8cfmsBlFOgyMB8GA1UdIwQYMBaAFJwPKlxqWqJjiyDDhC3SOfkDSO10MAoGCCqG
    SM49BAMCA0cAMEQCIGN0y57fSSMGDogBJfJSHX+YnTGa19PuDWfgkMnkIouLAiB3
    MtMb4PwWXWzw2JuJJFjpub39fdABt/NVNil7BWvc1w==
    -----END CERTIFICATE-----
    """

  /// Its key.
  static let clientKey = """
    -----BEGIN PRIVATE KEY-----
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgKUPZHahZCCaj/dfE
    ZJyLHXTrU7Nv58DpZ8RZ802TQ/GhRANCAATmI0XVPUFKbWaIjXGBC2XQh+HIwmZJ
    AHDdv2l69ntpdwmwYMC68jHtuSIJWfmuP0R6TtX6nl5/kduE+xirvuBi
    -----END PRIVATE KEY-----
    """
}
