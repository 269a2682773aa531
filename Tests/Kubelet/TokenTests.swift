import Client
import ClientSupport
import ContainerRuntime
import Exchange
import Objects
import Synchronization
import Testing

@testable import Kubelet

private let source: JSON = ["path": "token", "audience": "them", "expirationSeconds": 1000]

private let volumes: JSON = [["name": "t", "projected": ["sources": [["serviceAccountToken": source]]]]]

private func tokenPod() -> JSON {
  pod(
    [["name": "c", "image": "i", "volumeMounts": [["name": "t", "mountPath": "/t"]]]],
    spec: ["volumes": volumes, "serviceAccountName": "robot"])
}

@Suite struct TokenTests {
  @Test func `a token is used until most of its life is over`() {
    var cache = TokenCache()
    let key = TokenCache.Key(pod: tokenPod(), source: source)
    #expect(cache.fresh(key, now: at(0)) == nil)
    cache.keep("one", for: key, expiresAt: at(1000), now: at(0))
    #expect(cache.fresh(key, now: at(799)) == "one")
    #expect(cache.fresh(key, now: at(800)) == nil)
    #expect(cache.good(key, now: at(999)) == "one")
    #expect(cache.good(key, now: at(1000)) == nil)
    cache.keep("long", for: key, expiresAt: at(365 * 86400), now: at(0))
    #expect(cache.fresh(key, now: at(86399)) == "long")
    #expect(cache.fresh(key, now: at(86400)) == nil)
    cache.forget(podUID: "u")
    #expect(cache.good(key, now: at(0)) == nil)
  }

  @Test func `another audience, life or account is another token`() {
    let key = TokenCache.Key(pod: tokenPod(), source: source)
    #expect(key != TokenCache.Key(pod: tokenPod(), source: ["path": "token", "expirationSeconds": 1000]))
    #expect(key != TokenCache.Key(pod: tokenPod(), source: ["path": "token", "audience": "them"]))
    #expect(key != TokenCache.Key(pod: pod(), source: source))
    #expect(TokenCache.Key(pod: pod(), source: ["path": "x"]).account == "default")
  }

  @Test func `the API server is asked for tokens of the pod's account`() async throws {
    let memory = MemoryFiles()
    let node = try Node(volumes: NodeVolumes(files: memory, mounter: FakeMounter(), stamp: stamps()))
    let asked = Mutex<[JSON]>([])
    node.server.intercept { request in
      guard request.path == "/api/v1/namespaces/n/serviceaccounts/robot/token" else { return nil }
      let body = try JSON.parse(request.body)
      let count = asked.withLock { asked in
        asked.append(body)
        return asked.count
      }
      guard count > 2 else { return APIResponse(status: 503, contentType: "text/plain", bytes: []) }
      let status: JSON = [
        "status": ["token": .string("token-\(count)"), "expirationTimestamp": "2026-01-01T00:30:00Z"]
      ]
      return APIResponse(status: 201, contentType: "application/json", bytes: status.serialized())
    }
    node.put(tokenPod())
    try await node.run {
      #expect(await node.isRunning())
      let path = "/var/lib/kubelet/pods/u/volumes/kubernetes.io~projected/t/..data/token"
      let content = try memory.read(path)
      #expect(content == Array("token-3".utf8))
      #expect(
        asked.withLock { $0.first?["spec"] } == [
          "audiences": ["them"], "expirationSeconds": 1000,
          "boundObjectRef": ["apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u"],
        ])
      #expect(await node.passes { node.reasons().contains("FailedMount") })
    }
  }
}

/// Names that are never given twice.
func stamps() -> @Sendable () -> String {
  let last = Counter()
  return { "stamp-\(last.next())" }
}

private final class Counter: Sendable {
  private let value = Mutex(0)
  func next() -> Int {
    value.withLock {
      $0 += 1
      return $0
    }
  }
}
