import Client
import ClientSupport
import ContainerRuntime
import Objects
import Synchronization
import Testing

@testable import Kubelet

/// `{"auths": {REGISTRY: {"username": REGISTRY, "password": "p"}, …}}`.
private func secret(_ registries: [String]) -> JSON {
  let auths = JSONObject(
    registries.map { ($0, ["username": .string($0), "password": "p"] as JSON) })
  let config: JSON = ["auths": .object(auths)]
  return [
    "type": "kubernetes.io/dockerconfigjson",
    "data": [".dockerconfigjson": .string(Base64.encode(config.serialized()))],
  ]
}

@Suite struct PullSecretTests {
  @Test(
    arguments: [
      ("busybox", "index.docker.io", "library/busybox"), ("busybox:1", "index.docker.io", "library/busybox"),
      ("a/b@sha256:0", "index.docker.io", "a/b"), ("docker.io/a/b", "index.docker.io", "a/b"),
      ("localhost/a:1", "localhost", "a"), ("localhost:5000/a", "localhost:5000", "a"),
      ("r.example/a/b:1@sha256:0", "r.example", "a/b"),
    ])
  func `an image has a registry`(image: String, host: String, path: String) {
    let (foundHost, foundPath) = RegistryKeyring.repository(of: image)
    #expect(foundHost == host && foundPath == path)
  }

  @Test(
    arguments: [
      (["r.example"], "r.example/a", ["r.example"]), (["r.example"], "q.example/a", []),
      (["https://r.example/v2/"], "r.example/a:1", ["https://r.example/v2/"]),
      (["*.example"], "r.example/a", ["*.example"]), (["*.example"], "x.r.example/a", []),
      (["r*.example"], "reg.example/a", ["r*.example"]), (["r*x.example"], "reg.example/a", []),
      (["r.example"], "r.example:5000/a", []), (["r.example:5000"], "r.example:5000/a", ["r.example:5000"]),
      (["r.example/a", "r.example"], "r.example/a/b", ["r.example/a", "r.example"]),
      (["r.example/a", "r.example"], "r.example/c", ["r.example"]),
      (["https://index.docker.io/v1/"], "busybox", ["https://index.docker.io/v1/"]),
      (["docker.io"], "a/b", ["docker.io"]), ([], "a/b", []),
    ] as [([String], String, [String])])
  func `credentials go to their registry`(registries: [String], image: String, expected: [String]) {
    let ring = RegistryKeyring([secret(registries)])
    #expect(ring.credentials(for: image).map(\.username) == expected)
  }

  @Test(
    arguments: [
      (["auth": "dTpwOnE="] as JSON, RegistryCredentials(username: "u", password: "p:q")),
      (["auth": "dTpwOnE"] as JSON, RegistryCredentials(username: "u", password: "p:q")),
      (["identitytoken": "t"] as JSON, RegistryCredentials(identityToken: "t")),
      (["auth": "!"] as JSON, nil), (["auth": "dQ=="] as JSON, nil), ([:] as JSON, nil),
      ("odd" as JSON, nil),
    ] as [(JSON, RegistryCredentials?)])
  func `old secrets are read, and broken ones say nothing`(value: JSON, expected: RegistryCredentials?) {
    let config: JSON = ["r.example": value]
    let ring = RegistryKeyring([
      [
        "type": "kubernetes.io/dockercfg",
        "data": [".dockercfg": .string(Base64.encode(config.serialized()))],
      ],
      ["type": "kubernetes.io/dockercfg", "data": [".dockercfg": "!"]], ["type": "Opaque"],
    ])
    #expect(ring.credentials(for: "r.example/a") == [expected].compactMap { $0 })
  }

  @Test func `a pull uses the pod's secrets, and says which are missing`() async throws {
    let node = try Node(runtime: FakeRuntime())
    var known = secret(["r.example"])
    known["metadata"] = ["name": "there", "namespace": "n"]
    node.server.put(node.resources.secrets, known)
    node.put(
      pod(
        [["name": "c", "image": "r.example/a"]],
        spec: ["imagePullSecrets": [["name": "there"], ["name": "gone"]]]))
    try await node.run {
      #expect(await node.isRunning())
      #expect(
        node.runtime.state.withLock { $0.credentials }
          == [RegistryCredentials(username: "r.example", password: "p")])
      #expect(await node.passes { node.reasons().contains("FailedToRetrieveImagePullSecret") })
    }
  }
}
