import Client
import Exchange
import Objects
import Testing

@testable import Controllers

private let now = Timestamp(seconds: 1_800_000_000)

private func token(_ id: String, _ values: [String: String] = [:]) -> JSON {
  var data = [
    "token-id": id, "token-secret": "0123456789abcdef", "usage-bootstrap-signing": "true",
  ]
  for (key, value) in values { data[key] = value }
  return [
    "apiVersion": "v1", "kind": "Secret", "type": "bootstrap.kubernetes.io/token",
    "metadata": ["name": .string("bootstrap-token-" + id), "namespace": "kube-system"],
    "data": .object(JSONObject(data.map { ($0.key, .string(Base64.encode(Array($0.value.utf8)))) })),
  ]
}

/// Shows what it is given.
private let authenticate: ClusterInfo.Authenticate = { message, key in message.suffix(4) + key.prefix(3) }

@Suite struct BootstrapTests {
  @Test func `tokens vouch as long as they are good and meant to`() {
    func id(_ values: [String: String]) -> String? {
      BootstrapTokenSecret(token("abcdef", values))?.signing(now)?.id
    }
    #expect(id([:]) == "abcdef")
    #expect(id(["usage-bootstrap-signing": "false"]) == nil)
    #expect(id(["token-secret": ""]) == nil)
    #expect(id(["token-id": "fedcba"]) == nil)
    #expect(id(["expiration": now.advanced(bySeconds: 1).text]) == "abcdef")
    #expect(id(["expiration": now.text]) == nil)
    #expect(id(["expiration": "tomorrow"]) == nil)
    var other = token("abcdef")
    other["type"] = "Opaque"
    #expect(BootstrapTokenSecret(other) == nil)
    other = token("abcdef")
    other["metadata", "namespace"] = "default"
    #expect(BootstrapTokenSecret(other) == nil)
  }

  @Test func `signatures have the compact form without the content`() {
    // {"alg":"HS256","kid":"joshua"}; the message is this head, a dot and the content.
    let signature = DetachedSignature.sign("Hello", id: "joshua", secret: "\u{3e}\u{3f}") { message, key in
      #expect(String(decoding: message, as: UTF8.self) == "eyJhbGciOiJIUzI1NiIsImtpZCI6Impvc2h1YSJ9.SGVsbG8")
      return [0xFB, 0xFF] + key
    }
    #expect(signature == "eyJhbGciOiJIUzI1NiIsImtpZCI6Impvc2h1YSJ9..-_8-Pw")
  }

  @Test func `the config map has a kubeconfig and a signature for each token`() throws {
    let info = ClusterInfo(server: "https://10.0.0.1:6443", authority: "PEM")
    let made = try #require(
      info.object(current: nil, tokens: [("b", "secret"), ("a", "secret")], authenticate: authenticate))
    #expect(
      made["data", "kubeconfig"]
        == """
        apiVersion: v1
        clusters:
        - cluster:
            certificate-authority-data: UEVN
            server: "https://10.0.0.1:6443"
          name: ""
        contexts: null
        current-context: ""
        kind: Config
        users: null

        """)
    #expect(
      made["data"]?.object?.map(\.key) == ["jws-kubeconfig-a", "jws-kubeconfig-b", "kubeconfig"])
    #expect(
      info.object(
        current: made, tokens: [("a", "secret"), ("b", "secret")], authenticate: authenticate) == nil)
    // An address that somebody has set is signed as it is, and a token that is gone vouches no more.
    var changed = made
    changed["data", "kubeconfig"] = "other"
    changed["data", "note"] = "kept"
    let signed = try #require(
      info.object(current: changed, tokens: [("a", "secret")], authenticate: authenticate))
    #expect(signed["data"]?.object?.map(\.key) == ["jws-kubeconfig-a", "kubeconfig", "note"])
    #expect(signed["data", "kubeconfig"] == "other")
    #expect(signed["data", "jws-kubeconfig-a"] != made["data", "jws-kubeconfig-a"])
  }

  @Test func `tokens come and go, and the config map follows`() async throws {
    let api = InMemoryAPI(now: now)
    let controllers: [any Controller] = [
      BootstrapSigner(server: "https://10.0.0.1:6443", authority: "PEM", authenticate: authenticate),
      TokenCleaner(),
    ]
    let group = ControllerGroup(
      controllers, client: APIClient(transport: api, userAgent: "test"), now: { now })
    @Sendable func keys() -> [String] {
      (api.objects(.configMaps).first?["data"]?.object ?? [:]).map(\.key)
    }
    try api.apply(.secrets, token("old000", ["expiration": now.text]))
    var unrelated = token("other0", ["expiration": now.text])
    unrelated["type"] = "Opaque"
    try api.apply(.secrets, unrelated)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { await group.run() }
      #expect(await api.wait { keys() == ["kubeconfig"] })
      try api.apply(.secrets, token("abcdef"))
      #expect(await api.wait { keys() == ["jws-kubeconfig-abcdef", "kubeconfig"] })
      try api.apply(.secrets, token("abcdef", ["expiration": now.text]))
      #expect(await api.wait { keys() == ["kubeconfig"] })
      #expect(await api.wait { api.objects(.secrets).map(\.name) == ["bootstrap-token-other0"] })
      tasks.cancelAll()
    }
    #expect(api.idleWrites == [])
  }
}
