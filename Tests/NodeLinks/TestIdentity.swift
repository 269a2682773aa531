/// A certificate that has signed itself, as kubelets have by default, and its key.
enum TestIdentity {
  static let certificate = """
    -----BEGIN CERTIFICATE-----
    MIIBhjCCASygAwIBAgIUfvLHHqWZ2qvE1prykB5WGVBenvYwCgYIKoZIzj0EAwIw
    DzENMAsGA1UEAwwEbm9kZTAgFw0yNjExMjgxNzA2MjBaGA8yMTI2MTEwNDE3MDYy
    MFowDzENMAsGA1UEAwwEbm9kZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABFnK
    Uq4ZeuxrZ63YPDEvYiFgEIRVyadr1euyjzHifA1VBs2hNse3ef/JzrazL1t2Hdhb
    +4hnlTsxKjxF3c9F+ASjZDBiMB0GA1UdDgQWBBQ7uqtSyPqpfmqAjhqaWYzeCGjC
    OjAfBgNVHSMEGDAWgBQ7uqtSyPqpfmqAjhqaWYzeCGjCOjAPBgNVHRMBAf8EBTAD
    AQH/MA8GA1UdEQQIMAaHBH8AAAEwCgYIKoZIzj0EAwIDSAAwRQIgFAZoTjTefo9w
    keEZf02k2K+Hw2h3ceGBe3kTZQ+iSG0CIQC7/Cabf9+Bm8FOimFmrXyOtjTiwleL
    BgFMGejZ7l4fVQ==
    -----END CERTIFICATE-----
    """

  static let key = """
    -----BEGIN PRIVATE KEY-----
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg92JOKibDYnwIgLSX
    qrcmkqRfRUb7PDajWFBW5+1Ya+2hRANCAARZylKuGXrsa2et2DwxL2IhYBCEVcmn
    a9Xrso8x4nwNVQbNoTbHt3n/yc62sy9bdh3YW/uIZ5U7MSo8Rd3PRfgE
    -----END PRIVATE KEY-----
    """
}
