import Client
import ClientSupport
import Exchange
import Objects
import Synchronization
import Testing

@testable import NodeJoin

/// A cluster that a machine wants to join, its time, and what people hear.
private final class Cluster: Sendable {
  let api = FakeAPI()
  let time = VirtualTime(isAutomatic: true)
  let messages = Mutex<[String]>([])
  let requests: Resource
  let nodes: Resource
  let leases: Resource

  init() throws {
    requests = try #require(
      Resource.builtIn(group: "certificates.k8s.io", version: "v1", resource: "certificatesigningrequests"))
    nodes = try #require(Resource.builtIn(group: "", version: "v1", resource: "nodes"))
    leases = try #require(Resource.builtIn(group: "coordination.k8s.io", version: "v1", resource: "leases"))
  }

  var client: APIClient { APIClient(transport: api, userAgent: "test") }

  var patience: Patience { Patience(.seconds(60), time: time, report: { self.add($0) }) }

  var joiner: NodeJoiner {
    NodeJoiner(
      MachineIdentity(node: "a", machineID: "m1", addresses: ["10.0.0.1"]), patience: patience,
      makeRequest: { ("request of \($0.user)", "key") }, connect: { _ in self.client })
  }

  func add(_ message: String) { messages.withLock { $0.append(message) } }

  /// Gives every request of a certificate an answer when it is read for the nth time.
  func decide(after reads: Int, _ status: JSON) {
    let count = Mutex(0)
    api.intercept { request in
      guard request.method == "GET", request.path.contains("certificatesigningrequests/") else { return nil }
      let isTime = count.withLock { count in
        count += 1
        return count == reads
      }
      let name = request.path.split(separator: "/").last.map(String.init) ?? ""
      if isTime, var object = self.api.object(self.requests, "", name) {
        object["status"] = status
        self.api.put(self.requests, object)
      }
      return nil
    }
  }
}

@Suite struct NodeJoinerTests {
  private static let issued: JSON = [
    "conditions": [["type": "Approved", "status": "True"]], "certificate": "UEVN",
  ]

  @Test func `a machine waits for its certificate, and people hear what for`() async throws {
    let cluster = try Cluster()
    cluster.decide(after: 20, Self.issued)
    let credential = try await cluster.joiner.join(bootstrap: cluster.client)
    #expect(credential == NodeCredential(certificate: "PEM", key: "key"))
    let name = cluster.api.objects(cluster.requests).first?["metadata", "name"]?.string ?? ""
    let message =
      "certificate request \(name) waits for approval; if it does not come by itself: "
      + "kubectl certificate approve \(name)"
    #expect(cluster.messages.withLock { $0 } == [message, message])
  }

  @Test func `nobody approves`() async throws {
    let cluster = try Cluster()
    await #expect {
      _ = try await cluster.joiner.join(bootstrap: cluster.client)
    } throws: { error in
      guard case .notApproved(_, .seconds(60)) = error as? NodeJoinError else { return false }
      return true
    }
  }

  @Test func `a request that was denied ends the wait`() async throws {
    let cluster = try Cluster()
    cluster.decide(after: 2, ["conditions": [["type": "Denied", "status": "True", "message": "no"]]])
    await #expect {
      _ = try await cluster.joiner.join(bootstrap: cluster.client)
    } throws: { error in
      guard case .denied(_, "no") = error as? NodeJoinError else { return false }
      return true
    }
  }

  @Test func `a wrong token is told at once`() async throws {
    let cluster = try Cluster()
    cluster.api.intercept { _ in throw StatusError.unauthorized }
    await #expect(throws: NodeJoinError.unauthorized) {
      _ = try await cluster.joiner.join(bootstrap: cluster.client)
    }
    #expect(cluster.time.sleeps == [])
  }

  @Test func `a server that does not answer is asked again`() async throws {
    let cluster = try Cluster()
    let count = Mutex(0)
    cluster.api.intercept { request in
      let number = count.withLock { count in
        count += 1
        return count
      }
      if number <= 3 { throw StatusError.unavailable("refused") }
      guard request.method == "GET", request.path.contains("certificatesigningrequests/") else { return nil }
      let body: JSON = ["metadata": ["name": "r"], "status": Self.issued]
      return APIResponse(status: 200, contentType: "application/json", bytes: Array(body.text.utf8))
    }
    _ = try await cluster.joiner.join(bootstrap: cluster.client)
    #expect(cluster.messages.withLock { $0 } == ["the server does not answer: refused"])
    #expect(cluster.time.sleeps == [.seconds(5), .seconds(5), .seconds(5)])
  }

  @Test func `a server that never answers ends the wait`() async throws {
    let cluster = try Cluster()
    cluster.api.intercept { _ in throw StatusError.unavailable("refused") }
    await #expect(throws: NodeJoinError.unavailable(message: "refused")) {
      _ = try await cluster.joiner.join(bootstrap: cluster.client)
    }
  }

  @Test func `the name of a node that lives elsewhere is refused`() async throws {
    let cluster = try Cluster()
    cluster.decide(after: 1, Self.issued)
    cluster.api.put(
      cluster.nodes,
      [
        "metadata": ["name": "a"],
        "status": [
          "nodeInfo": ["machineID": "m2"], "conditions": [["type": "Ready", "status": "True"]],
        ],
      ])
    let lease = NodeRecords.lease(nil, node: "a", owner: "u", now: cluster.time.now)
    cluster.api.put(cluster.leases, lease)
    await #expect {
      _ = try await cluster.joiner.join(bootstrap: cluster.client)
    } throws: { error in
      guard case .nameInUse("a", _) = error as? NodeJoinError else { return false }
      return true
    }
  }

  private static let life = CertificateLife(
    begin: Timestamp(seconds: 1_767_225_600), end: Timestamp(seconds: 1_767_225_601))
  private static let stored = NodeCredential(certificate: "stored", key: "k")

  @Test func `a node starts with the certificate that it has`() async throws {
    let cluster = try Cluster()
    let start = try await cluster.joiner.credential(stored: Self.stored, life: { _ in Self.life }) {
      () async throws(NodeJoinError) -> APIClient in throw .local(message: "there is no token")
    }
    #expect(start.credential == Self.stored && !start.isNew)
    #expect(cluster.api.requestLines == ["GET /api/v1/nodes/a"])
  }

  @Test(arguments: ["none", "unreadable", "ended", "refused"])
  func `a node without a good certificate joins again`(problem: String) async throws {
    let cluster = try Cluster()
    cluster.decide(after: 1, Self.issued)
    let isRefused = Mutex(problem == "refused")
    let connected = cluster.client
    if problem == "refused" {
      cluster.api.intercept { request in
        let isFirst = isRefused.withLock { isRefused in
          defer { isRefused = false }
          return isRefused
        }
        if isFirst { throw StatusError.unauthorized }
        guard request.method == "GET", request.path.contains("certificatesigningrequests/") else {
          return nil
        }
        let body: JSON = ["metadata": ["name": "r"], "status": Self.issued]
        return APIResponse(status: 200, contentType: "application/json", bytes: Array(body.text.utf8))
      }
    }
    if problem == "ended" { cluster.time.advance(by: .seconds(1)) }
    let start = try await cluster.joiner.credential(
      stored: problem == "none" ? nil : Self.stored, life: { _ in problem == "unreadable" ? nil : Self.life },
      bootstrap: { () async throws(NodeJoinError) -> APIClient in connected })
    #expect(start.credential == NodeCredential(certificate: "PEM", key: "key") && start.isNew)
  }

  @Test func `the authority is found out from a server that nobody knows`() async throws {
    let cluster = try Cluster()
    let maps = try #require(Resource.builtIn(group: "", version: "v1", resource: "configmaps"))
    let pem = PEMText.text("CERTIFICATE", [1, 2, 3])
    let data = Base64.encode(Array(pem.utf8))
    let kubeconfig =
      "clusters:\n- cluster:\n    certificate-authority-data: \(data)\n    server: x\n"
    let discovery = ClusterDiscovery(patience: cluster.patience) { bytes in
      bytes + [UInt8](repeating: 0, count: 32 - bytes.count)
    }
    let hash = try #require(AuthorityHash("010203" + String(repeating: "0", count: 58)))
    await #expect(
      throws: NodeJoinError.local(message: "the server does not say which certificate authority it has")
    ) { try await discovery.authority(hash, from: cluster.client) }
    cluster.api.put(
      maps,
      [
        "metadata": ["name": "cluster-info", "namespace": "kube-public"],
        "data": ["kubeconfig": .string(kubeconfig)],
      ])
    #expect(try await discovery.authority(hash, from: cluster.client) == pem)
    let other = try #require(AuthorityHash(String(repeating: "0", count: 64)))
    await #expect(
      throws: NodeJoinError.otherAuthority(found: "sha256:010203" + String(repeating: "0", count: 58))
    ) { try await discovery.authority(other, from: cluster.client) }
    for text in ["", "certificate-authority-data: %", "server: x"] {
      #expect(ClusterDiscovery.authority(inKubeconfig: text) == nil)
    }
  }

  @Test func `a certificate is renewed at four fifths of its life, again and again, over failures`()
    async throws
  {
    let cluster = try Cluster()
    let begin = cluster.time.now.seconds
    let stored = Mutex<[Int64]>([])
    let orders = Mutex(0)
    cluster.api.intercept { request in
      if request.method == "POST" {
        let number = orders.withLock { orders in
          orders += 1
          return orders
        }
        if number == 2 { throw StatusError.forbidden(nil, name: "", "not now") }
      }
      guard request.method == "GET" else { return nil }
      let text = Base64.encode(Array(String(cluster.time.now.seconds).utf8))
      let body: JSON = ["metadata": ["name": "r"], "status": ["certificate": .string(text)]]
      return APIResponse(status: 200, contentType: "application/json", bytes: Array(body.text.utf8))
    }
    let joiner = cluster.joiner
    let first = NodeCredential(certificate: String(begin), key: "key")
    let task = Task {
      await joiner.keep(
        .client(node: "a"), current: first, credential: { first },
        // A certificate's text is when it begins.
        life: { text in
          Int64(text).map {
            CertificateLife(begin: Timestamp(seconds: $0), end: Timestamp(seconds: $0 + 100_000))
          }
        }, jitter: { 0.5 }
      ) { new in
        stored.withLock { $0.append((Int64(new.certificate) ?? 0) - begin) }
      }
    }
    #expect(await eventually { stored.withLock { $0.count >= 3 } })
    task.cancel()
    await task.value
    // The second order fails at 160 000 and is repeated a minute later.
    #expect(stored.withLock { Array($0.prefix(3)) } == [80_000, 160_060, 240_060])
    #expect(
      cluster.messages.withLock { $0.first }
        == "the certificate of system:node:a could not be renewed and will be tried again: "
        + "the server refuses: forbidden: not now")
  }
}
