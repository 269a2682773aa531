import Client
import ClientSupport
import ContainerRuntime
import Objects
import Synchronization
import Testing

@testable import Kubelet

private let root = "/k/pods/u/volumes/kubernetes.io~"

private let settings = NodeSettings(
  nodeName: "node-a", addresses: ["192.0.2.1"], rootDirectory: "/k", logDirectory: "/log")

private func mounts(
  _ memory: MemoryFiles, _ volume: JSON, _ mount: JSON = .object([:]), _ sources: PodSources = PodSources(),
  context: JSON = .object([:])
) async throws -> [Mount] {
  var (volume, mount) = (volume, mount)
  volume["name"] = "v"
  mount["name"] = "v"
  mount["mountPath"] = "/v"
  let it = pod(
    [["name": "c", "image": "i", "volumeMounts": [mount]]],
    spec: ["volumes": [volume], "securityContext": context])
  let spec = try #require(it.containerSpec("c"))
  let environment = try ContainerEnvironment(of: "c", in: it, sources)
  let volumes = NodeVolumes(files: memory, mounter: FakeMounter(), stamp: stamps())
  let all = try await volumes.mounts(
    spec, of: it, attempt: 0, environment: environment, sources: sources, settings: settings)
  return all.filter { $0.containerPath == "/v" }
}

private func local(_ path: String) -> PodSources {
  PodSources(claims: [
    "q": .success(["metadata": ["name": "pv"], "spec": ["local": ["path": .string(path)]]])
  ])
}

private let claim: JSON = ["persistentVolumeClaim": ["claimName": "q"]]

@Suite struct VolumeKindTests {
  @Test func `a claim's folder is mounted`() async throws {
    let memory = MemoryFiles()
    try memory.makeDirectory("/data/a", mode: 0o755)
    let found = try await mounts(memory, claim, .object([:]), local("/data"))
    #expect(found == [Mount(containerPath: "/v", hostPath: "/data")])
    let readOnly: JSON = ["persistentVolumeClaim": ["claimName": "q", "readOnly": true]]
    let inner = try await mounts(memory, readOnly, ["subPath": "a"], local("/data"))
    #expect(inner == [Mount(containerPath: "/v", hostPath: "/data/a", isReadOnly: true)])
    let host = PodSources(
      claims: ["p-v": .success(["spec": ["hostPath": ["path": "/new", "type": "DirectoryOrCreate"]]])])
    let ephemeral = try await mounts(memory, ["ephemeral": [:]], .object([:]), host)
    #expect(ephemeral == [Mount(containerPath: "/v", hostPath: "/new")])
    #expect(try memory.kind("/new") == .directory)
  }

  @Test(
    arguments: [
      (PodSources(), "persistentvolumeclaim \"q\" not found"),
      (PodSources(claims: ["q": .failure(ContainerConfigError("why"))]), "why"),
      (local("/none"), "path \"/none\" does not exist"),
      (
        PodSources(claims: ["q": .success(["metadata": ["name": "pv"], "spec": ["nfs": [:]]])]),
        "persistentvolume \"pv\" is of a kind that this kubelet does not have"
      ),
    ] as [(PodSources, String)])
  func `a claim without a folder says why`(sources: PodSources, message: String) async {
    await #expect(
      throws: ContainerConfigError(
        "MountVolume.SetUp failed for volume \"v\" : \(message)", isMountFailure: true)
    ) {
      try await mounts(MemoryFiles(), claim, .object([:]), sources)
    }
  }

  @Test func `a file of a config map can be mounted alone`() async throws {
    let memory = MemoryFiles()
    let sources = PodSources(configMaps: ["m": ["data": ["k": "x"]]])
    let volume: JSON = ["configMap": ["name": "m"]]
    let found = try await mounts(memory, volume, ["subPath": "k"], sources)
    #expect(
      found == [
        Mount(containerPath: "/v", hostPath: "\(root)configmap/v/..stamp-1/k", isReadOnly: true)
      ])
    let whole = try await mounts(memory, volume, .object([:]), sources)
    #expect(whole == [Mount(containerPath: "/v", hostPath: "\(root)configmap/v", isReadOnly: true)])
    for bad in ["none", "../x", "/k"] {
      await #expect(throws: ContainerConfigError.self) {
        try await mounts(memory, volume, ["subPath": .string(bad)], sources)
      }
    }
  }

  @Test func `the pod's group gets its volumes`() async throws {
    let memory = MemoryFiles()
    let context: JSON = ["fsGroup": 7]
    let sources = PodSources(configMaps: ["m": ["data": ["k": "x"]]])
    _ = try await mounts(memory, ["configMap": ["name": "m"]], .object([:]), sources, context: context)
    #expect(
      memory.gifts == [
        "\(root)configmap/v 7 2550", "\(root)configmap/v/..stamp-1 7 2550",
        "\(root)configmap/v/..stamp-1/k 7 440",
      ])
    memory.given.withLock { $0 = [:] }
    _ = try await mounts(memory, ["emptyDir": [:]], context: context)
    #expect(memory.gifts == ["\(root)empty-dir/v 7 2770"])
    memory.given.withLock { $0 = [:] }
    // It is the containers' by now.
    _ = try await mounts(memory, ["emptyDir": [:]], context: context)
    #expect(memory.gifts == [])
    _ = try await mounts(memory, ["hostPath": ["path": "/data"]], context: context)
    #expect(memory.gifts == [])
  }

  @Test(
    arguments: [
      ("Always", true, ["/data 7 2770", "/data/a 7 2770", "/data/a/f 7 660"]),
      ("OnRootMismatch", false, ["/data 7 2770", "/data/a 7 2770", "/data/a/f 7 660"]),
      ("OnRootMismatch", true, ["/data 7 2770"]),
    ] as [(String, Bool, [String])])
  func `a claim's folder is given away once, as its policy says`(
    policy: String, isRight: Bool, expected: [String]
  ) async throws {
    let memory = MemoryFiles()
    try memory.makeDirectory("/data/a", mode: 0o755)
    try memory.write("/data/a/f", [], mode: 0o600)
    if isRight { try memory.give("/data", group: 7, adding: 0o2770) }
    let context: JSON = ["fsGroup": 7, "fsGroupChangePolicy": .string(policy)]
    _ = try await mounts(memory, claim, .object([:]), local("/data"), context: context)
    #expect(memory.gifts == expected)
    memory.given.withLock { $0 = [:] }
    _ = try await mounts(memory, claim, .object([:]), local("/data"), context: context)
    #expect(memory.gifts == [])
  }

  @Test func `the machine's files are given away, but not what links lead to`() throws {
    let root = "/tmp/kubelet-owner-\(UInt64.random(in: 0 ... .max))"
    let files = SystemFiles()
    defer { try? files.remove(root) }
    try files.makeDirectory(root, mode: 0o700)
    try files.write("\(root)/f", [], mode: 0o600)
    try files.link("\(root)/l", to: "f")
    let own = try #require(try files.group(of: root)).group
    try files.give("\(root)/l", group: own, adding: 0o660)
    let before = try #require(try files.group(of: "\(root)/f"))
    #expect(before.mode == 0o600)
    try files.give("\(root)/f", group: own, adding: 0o660)
    try files.give("\(root)/none", group: own, adding: 0o660)
    let after = try #require(try files.group(of: "\(root)/f"))
    #expect(after.mode == 0o660 && after.group == own)
    let none = try files.group(of: "\(root)/none")
    #expect(none == nil)
  }

  @Test func `a pod waits for its claim to be bound`() async throws {
    let memory = MemoryFiles()
    try memory.makeDirectory("/data", mode: 0o755)
    let node = try Node(volumes: NodeVolumes(files: memory, mounter: FakeMounter(), stamp: stamps()))
    let (server, resources) = (node.server, node.resources)
    node.put(
      pod(
        [["name": "c", "image": "i", "volumeMounts": [["name": "v", "mountPath": "/v"]]]],
        spec: ["volumes": [["name": "v", "persistentVolumeClaim": ["claimName": "q"]]]]))
    let tells: @Sendable (String) -> Bool = { text in
      guard let events = Resource.builtIn(group: "", version: "v1", resource: "events") else { return false }
      return server.objects(events).contains {
        $0["reason"] == "FailedMount" && $0["message"]?.string?.hasSuffix(text) == true
      }
    }
    try await node.run {
      #expect(await node.passes { tells("persistentvolumeclaim \"q\" not found") })
      var claim: JSON = ["metadata": ["name": "q", "namespace": "n", "uid": "cu"]]
      server.put(resources.claims, claim)
      #expect(await node.passes { tells("persistentvolumeclaim \"q\" is unbound") })
      claim["spec"] = ["volumeName": "pv"]
      claim["status"] = ["phase": "Bound"]
      server.put(resources.claims, claim)
      #expect(await node.passes { tells("persistentvolume \"pv\" not found") })
      server.put(
        resources.persistentVolumes,
        ["metadata": ["name": "pv"], "spec": ["local": ["path": "/data"], "claimRef": ["uid": "cu"]]])
      #expect(await node.isRunning())
      #expect(node.runtime.config("c-0")?.mounts.first == Mount(containerPath: "/v", hostPath: "/data"))
    }
  }

  @Test func `a runtime class names the handler, once it is there`() async throws {
    let node = try Node()
    node.put(pod(spec: ["runtimeClassName": "sand"]))
    try await node.run {
      #expect(await node.passes { node.reasons().contains("FailedCreatePodSandBox") })
      #expect(node.runtime.calls == [])
      node.server.put(node.resources.runtimeClasses, ["metadata": ["name": "sand"], "handler": "kata"])
      #expect(await node.isRunning())
      #expect(node.runtime.state.withLock { $0.handlers } == ["kata"])
    }
  }
}
