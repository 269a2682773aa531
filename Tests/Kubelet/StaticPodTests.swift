import Client
import ClientSupport
import ContainerRuntime
import Exchange
import Objects
import Synchronization
import Testing

@testable import Kubelet

private let folder = "/etc/manifests"

private let manifest: JSON = [
  "apiVersion": "v1", "kind": "Pod", "metadata": ["name": "web"],
  "spec": ["containers": [["name": "c", "image": "i:1"]]],
]

private func made(_ manifest: JSON, file: String = "f") throws -> JSON {
  let shape = try #require(KubeletResources()).podShape
  return try StaticPod(nodeName: "node-a", shape: shape).pod(manifest, file: file, now: at(0))
}

private struct Machine {
  let memory = MemoryFiles()
  let messages = Log()
  let node: Node

  init(server: FakeAPI = FakeAPI(), runtime: FakeRuntime = FakeRuntime(images: ["i:1", "j:1"])) throws {
    let messages = messages
    try memory.makeDirectory(folder, mode: 0o755)
    node = try Node(
      server: server, runtime: runtime,
      options: KubeletOptions(
        files: memory, manifests: ManifestFolder(path: folder) { try JSON.parse($0) },
        log: { messages.add($0) }))
  }

  func write(_ name: String, _ manifest: JSON) throws {
    try memory.write("\(folder)/\(name)", manifest.serialized(), mode: 0o644)
  }

  var mirror: JSON? { node.server.object(node.resources.pods, "default", "web-node-a") }
  func shows() async -> Bool { await node.passes { mirror?["status", "phase"] == "Running" } }
}

private final class Log: Sendable {
  private let lines = Mutex<[String]>([])
  func add(_ line: String) { lines.withLock { $0.append(line) } }
  var all: [String] { lines.withLock { $0 } }
}

@Suite struct StaticPodTests {
  @Test func `a manifest becomes a pod of the node`() throws {
    let pod = try made(manifest)
    let metadata = pod["metadata"]
    #expect(metadata?["name"] == "web-node-a")
    #expect(metadata?["namespace"] == "default")
    #expect(metadata?["annotations", "kubernetes.io/config.source"] == "file")
    #expect(metadata?["annotations", "kubernetes.io/config.hash"] == metadata?["uid"])
    #expect(pod.podUID.utf8.count == 32)
    #expect(pod["spec", "nodeName"] == "node-a")
    #expect(pod["spec", "restartPolicy"] == "Always")
    #expect(pod["spec", "tolerations"]?.array?.last == ["operator": "Exists", "effect": "NoExecute"])
    #expect(pod.isStatic && !pod.isMirror)
    #expect(try made(manifest).podUID == pod.podUID)
    #expect(try made(manifest, file: "g").podUID != pod.podUID)
    var other = manifest
    other["spec", "hostNetwork"] = true
    #expect(try made(other).podUID != pod.podUID)
  }

  @Test func `the mirror tells whom it shows`() throws {
    let pod = try made(manifest)
    let mirror = StaticPod.mirror(of: pod, node: ["metadata": ["name": "node-a", "uid": "n"]])
    #expect(mirror.isMirror && !mirror.isStatic && mirror["metadata", "uid"] == nil)
    #expect(
      mirror["metadata", "ownerReferences"]
        == [["apiVersion": "v1", "kind": "Node", "name": "node-a", "uid": "n", "controller": true]])
    #expect(StaticPod.shows(mirror, pod))
    #expect(try !StaticPod.shows(mirror, made(manifest, file: "g")))
    var deleted = mirror
    deleted["metadata", "deletionTimestamp"] = .string(at(0).text)
    #expect(!StaticPod.shows(deleted, pod))
  }

  @Test(
    arguments: [
      (["kind"], "Service", "it is no Pod of v1"),
      (["spec", "containers"], "x", nil), (["spec", "volume"], [], nil), (["spec", "containers"], [], nil),
      (["spec", "serviceAccountName"], "a", "static pods may not reference service accounts"),
      (["spec", "imagePullSecrets"], [["name": "a"]], "static pods may not reference secrets"),
      (
        ["spec", "volumes"], [["name": "v", "configMap": ["name": "m"]]],
        "static pods may not reference configmaps"
      ),
      (
        ["spec", "volumes"], [["name": "v", "persistentVolumeClaim": ["claimName": "m"]]],
        "static pods may not reference persistentvolumeclaims"
      ),
    ] as [([String], JSON, String?)])
  func `a manifest that makes no pod says why`(path: [String], value: JSON, message: String?) {
    var broken = manifest
    if path.count == 1 { broken[path[0]] = value } else { broken[path[0], path[1]] = value }
    do {
      _ = try made(broken)
      Issue.record("it made a pod")
    } catch let error as StaticPod.Failure {
      if let message { #expect(error.message == message) }
    } catch {
      Issue.record(error)
    }
  }

  @Test func `broken and doubled manifests do not hold up the others`() throws {
    var set = ManifestSet()
    let make: (String, [UInt8]) throws(StaticPod.Failure) -> JSON = { file, bytes throws(StaticPod.Failure) in
      guard let name = String(decoding: bytes, as: UTF8.self).split(separator: ":").last, bytes.count > 1
      else { throw StaticPod.Failure(message: "broken") }
      return pod(metadata: ["name": .string(String(name)), "uid": .string(file + "\(bytes.count)")])
    }
    func uids() -> [String] { set.pods.sorted { $0.key < $1.key }.map(\.value.podUID) }
    #expect(
      set.take(["a": Array("aa".utf8), "b": Array("b".utf8), "c": Array("cc".utf8)], make)
        == ["manifest b: broken"])
    #expect(uids() == ["a2", "c2"])
    // Told once; what was good before stays.
    #expect(
      set.take(["a": Array("a".utf8), "b": Array("b".utf8), "c": Array("cc".utf8)], make) == [
        "manifest a: broken"
      ])
    #expect(uids() == ["a2", "c2"])
    #expect(
      set.take(["a": Array("a".utf8), "c": Array("cc".utf8), "d": Array("xx:cc".utf8)], make)
        == ["manifest d: there is a pod n/cc already"])
    #expect(uids() == ["a2", "c2"])
    #expect(set.take(["d": Array("xx:cc".utf8)], make) == [])
    #expect(uids() == ["d5"])
  }

  @Test func `a static pod runs, is shown, and is shown again when its mirror is deleted`() async throws {
    let machine = try Machine()
    let node = machine.node
    try machine.write("web.json", manifest)
    try machine.write("broken.json", "no pod")
    try machine.write(".hidden", manifest)
    try await node.run {
      #expect(await machine.shows())
      let first = try #require(machine.mirror)
      #expect(first.isMirror)
      node.server.remove(node.resources.pods, "default", "web-node-a")
      #expect(await machine.shows())
      let second = try #require(machine.mirror)
      #expect(second.podUID != first.podUID)
      var deleted = second
      deleted["metadata", "deletionTimestamp"] = .string(node.time.now.text)
      deleted["metadata", "deletionGracePeriodSeconds"] = 30
      node.put(deleted)
      #expect(
        await node.passes {
          guard let mirror = machine.mirror else { return false }
          return mirror.podUID != second.podUID && mirror["status", "phase"] == "Running"
        })
      #expect(node.runtime.calls == ["runSandbox web-node-a.0", "create c.0", "start c-0"])
      #expect(machine.messages.all == ["manifest /etc/manifests/broken.json: it is no Pod of v1"])
    }
  }

  @Test func `a changed manifest restarts the pod, and a removed one ends it`() async throws {
    let machine = try Machine()
    let node = machine.node
    try machine.write("web.json", manifest)
    try await node.run {
      #expect(await machine.shows())
      let first = try #require(machine.mirror)
      var changed = manifest
      changed["spec", "containers"] = [["name": "c", "image": "j:1"]]
      try machine.write("web.json", changed)
      #expect(
        await node.passes {
          guard let mirror = machine.mirror else { return false }
          return mirror.podUID != first.podUID && mirror["status", "phase"] == "Running"
        })
      let calls = node.runtime.calls
      let stop = try #require(calls.firstIndex(of: "stop c-0 30"))
      let start = try #require(calls.lastIndex(of: "runSandbox web-node-a.0"))
      #expect(stop < start)
      try machine.memory.remove("\(folder)/web.json")
      #expect(await node.passes { machine.mirror == nil })
      #expect(await node.passes { node.runtime.state.withLock { $0.sandboxes.isEmpty } })
    }
  }

  @Test func `static pods do not need the API server, and a kubelet that comes back finds them`() async throws
  {
    let first = try Machine()
    try first.write("web.json", manifest)
    first.node.server.intercept { _ in throw StatusErrorOfTest() }
    try await first.node.run {
      #expect(await first.node.passes { first.node.runtime.calls.contains("start c-0") })
      first.node.runtime.end("c-0", exitCode: 1)
      #expect(await first.node.passes { first.node.runtime.calls.contains("start c-1") })
    }
    first.node.server.intercept(nil)
    let second = try Machine(server: first.node.server, runtime: first.node.runtime)
    try second.write("web.json", manifest)
    try await second.node.run {
      #expect(await second.shows())
      #expect(second.node.runtime.calls.filter { $0.hasPrefix("stop") || $0.hasPrefix("run") }.count == 1)
    }
  }
}
