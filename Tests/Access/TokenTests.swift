import Access
import Exchange
import Objects
import Synchronization
import Testing

@Suite struct TokenTests {
  @Test func `messages are authenticated as RFC 4231 has it`() {
    let code = MessageAuthentication.code(
      for: Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8))
    #expect(
      code.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
  }

  @Test func `a token is issued and accepted until the second in which it ends`() async throws {
    let fixture = Fixture()
    let answer = try fixture.issue(["spec": ["expirationSeconds": 600]])
    #expect(answer["spec"] == ["audiences": ["api"], "expirationSeconds": 600, "boundObjectRef": .null])
    #expect(answer["status", "expirationTimestamp"] == "2026-01-01T00:10:00Z")
    let token = try #require(answer["status", "token"]?.string)
    let found = try #require(try await fixture.tokens.verify(token))
    #expect(
      found.user
        == UserInfo(
          name: "system:serviceaccount:g:sa", uid: "sa-uid",
          groups: ["system:serviceaccounts", "system:serviceaccounts:g"],
          extra: ["authentication.kubernetes.io/credential-id": ["JTI=id"]]))
    #expect(found.audiences == ["api"])
    fixture.clock.seconds.withLock { $0 += 599 }
    #expect(try await fixture.tokens.verify(token) != nil)
    fixture.clock.seconds.withLock { $0 += 1 }
    await #expect(throws: AccessError("service account token has expired")) {
      try await fixture.tokens.verify(token)
    }
    fixture.clock.seconds.withLock { $0 -= 601 }
    await #expect(throws: AccessError("service account token is not valid yet")) {
      try await fixture.tokens.verify(token)
    }
  }

  @Test(
    arguments: [
      (599, "may not specify a duration less than 10 minutes"),
      ((1 << 32) + 1, "may not specify a duration larger than 2^32 seconds"),
    ] as [(Int64, String)])
  func `a life too short or too long is refused`(_ seconds: Int64, _ problem: String) {
    let error = #expect(throws: StatusError.self) {
      try Fixture().issue(["spec": ["expirationSeconds": .integer(seconds)]])
    }
    #expect(
      error?.message
        == #"TokenRequest.authentication.k8s.io "sa" is invalid: spec.expirationSeconds: Invalid value: "#
        + "\(seconds): \(problem)")
  }

  @Test func `a token for others is not accepted by the API server`() async throws {
    let fixture = Fixture()
    let token = try fixture.token(["spec": ["audiences": ["vault"]]])
    await #expect(
      throws: AccessError(#"token audiences ["vault"] is invalid for the target audiences ["api"]"#)
    ) { try await fixture.tokens.verify(token) }
    #expect(try await fixture.tokens.verify(token, audiences: ["x", "vault"])?.audiences == ["vault"])
  }

  @Test func `a token whose objects are gone or others is refused`() async throws {
    let pod: JSON = ["metadata": ["name": "p", "uid": "pod-uid"], "spec": ["nodeName": "n"]]
    let fixture = Fixture(pod: pod)
    let token = try #require(
      try fixture.tokens.issue(
        serviceAccount: account, request: ["spec": [:]], boundKind: "Pod", bound: pod)["status", "token"]?
        .string)
    let user = try await fixture.tokens.verify(token)?.user
    #expect(user?.extra["authentication.kubernetes.io/pod-name"] == ["p"])
    #expect(user?.extra["authentication.kubernetes.io/node-name"] == ["n"])
    let gone = AccessError("service account token has been invalidated")
    fixture.objects.pod.withLock { $0 = nil }
    await #expect(throws: gone) { try await fixture.tokens.verify(token) }
    fixture.objects.pod.withLock { $0 = ["metadata": ["uid": "other"]] }
    await #expect(throws: AccessError("pod UID (other) does not match claim (pod-uid)")) {
      try await fixture.tokens.verify(token)
    }
    fixture.objects.pod.withLock {
      $0 = ["metadata": ["uid": "pod-uid", "deletionTimestamp": "2025-12-31T23:58:59Z"]]
    }
    await #expect(throws: gone) { try await fixture.tokens.verify(token) }
    fixture.objects.pod.withLock { $0 = pod }
    fixture.objects.account.withLock { $0 = nil }
    await #expect(throws: gone) { try await fixture.tokens.verify(token) }
  }

  @Test func `forged tokens are refused`() async throws {
    let fixture = Fixture()
    let token = try fixture.token(["spec": [:]])
    let parts = token.split(separator: ".").map(String.init)
    // {"alg":"none"} and {"alg":"HS256"}
    #expect(try await fixture.tokens.verify("eyJhbGciOiJub25lIn0." + parts[1] + ".") == nil)
    #expect(try await fixture.tokens.verify("eyJhbGciOiJIUzI1NiJ9." + parts[1] + "." + parts[2]) == nil)
    let bad = AccessError("failed to verify the token's signature")
    let other = try fixture.token(["spec": ["audiences": ["api", "more"]]]).split(separator: ".").map(
      String.init)
    await #expect(throws: bad) {
      try await fixture.tokens.verify(parts[0] + "." + other[1] + "." + parts[2])
    }
    await #expect(throws: bad) { try await Fixture().tokens.verify(token) }
    for text in ["", "a", "a.b.c", "..", parts[0] + ".e30=." + parts[2], token + ".x"] {
      #expect(try await fixture.tokens.verify(text) == nil)
    }
  }

  @Test func `the key set names the key of the tokens`() throws {
    let fixture = Fixture()
    let key = try #require(fixture.tokens.keySet["keys"]?.array?.first)
    #expect(key["kid"]?.string == fixture.key.verifier.id)
    #expect(key["alg"] == "ES256" && key["crv"] == "P-256" && key["x"]?.string?.count == 43)
    #expect(
      fixture.tokens.discoveryDocument() == [
        "issuer": "iss", "jwks_uri": "iss/openid/v1/jwks", "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["ES256"],
      ])
    #expect(try TokenKey(pem: fixture.key.pem).verifier.id == fixture.key.verifier.id)
  }

  @Test(arguments: [
    "abcdef.0123456789abcdef": true, "abcdef.0123456789abcde": false, "ABCDEF.0123456789abcdef": false,
    "abcdef-0123456789abcdef": false, "abcde.00123456789abcdef": false, "": false,
  ])
  func `a bootstrap token has its form`(_ text: String, _ isOne: Bool) {
    #expect((BootstrapToken(text) != nil) == isOne)
  }

  @Test func `a bootstrap token is accepted by its secret`() throws {
    let token = try #require(BootstrapToken("abcdef.0123456789abcdef"))
    let other = try #require(BootstrapToken("abcdef.0123456789abcdeg"))
    let now = Timestamp(seconds: start)
    let secret = token.secretObject(
      expiration: Timestamp(seconds: start + 1), extraGroups: ["system:bootstrappers:worker"])
    #expect(
      token.user(secret: secret, now: now)
        == UserInfo(
          name: "system:bootstrap:abcdef", groups: ["system:bootstrappers", "system:bootstrappers:worker"]))
    #expect(other.user(secret: secret, now: now) == nil)
    #expect(token.user(secret: secret, now: Timestamp(seconds: start + 1)) == nil)
    #expect(
      token.user(secret: token.secretObject(expiration: nil, extraGroups: ["system:masters"]), now: now)
        == nil)
    var opaque = secret
    opaque["type"] = "Opaque"
    #expect(token.user(secret: opaque, now: now) == nil)
  }
}

private let start: Int64 = 1_767_225_600
private let account: JSON = ["metadata": ["name": "sa", "namespace": "g", "uid": "sa-uid"]]

private final class Objects: BoundObjects {
  let account: Mutex<JSON?>
  let pod: Mutex<JSON?>
  init(account: JSON?, pod: JSON?) {
    self.account = Mutex(account)
    self.pod = Mutex(pod)
  }
  func serviceAccount(namespace: String, name: String) async -> JSON? { account.withLock { $0 } }
  func pod(namespace: String, name: String) async -> JSON? { pod.withLock { $0 } }
  func secret(namespace: String, name: String) async -> JSON? { Optional<JSON>.none }
  func node(name: String) async -> JSON? { Optional<JSON>.none }
}

private final class Fixture: Sendable {
  let clock: Clock
  let objects: Objects
  let key = TokenKey.make()
  let tokens: ServiceAccountTokens

  init(pod: JSON? = Optional<JSON>.none) {
    let clock = Clock()
    objects = Objects(account: account, pod: pod)
    self.clock = clock
    tokens = ServiceAccountTokens(
      key: key, settings: ServiceAccountTokens.Settings(issuer: "iss", audiences: ["api"]), objects: objects,
      now: { Timestamp(seconds: clock.seconds.withLock { $0 }) }, uid: { "id" })
  }

  func issue(_ request: JSON) throws(StatusError) -> JSON {
    try tokens.issue(serviceAccount: account, request: request)
  }

  func token(_ request: JSON) throws -> String {
    try #require(try issue(request)["status", "token"]?.string)
  }
}

private final class Clock: Sendable {
  let seconds = Mutex(start)
}
