import ContainerRuntime
import Objects
import Synchronization
import Testing

@testable import Kubelet

private let sources = PodSources(
  configMaps: ["m": ["data": ["a": "1", "b": "2"], "binaryData": ["z": "AAE="]]],
  secrets: ["s": ["data": ["k": "c2VjcmV0"]]], tokens: [["path": "token"]: .success("tok")])

private func files(_ volume: JSON) throws(ContainerConfigError) -> [String: String]? {
  try VolumeFiles.files(of: volume, in: pod(metadata: ["labels": ["x": "y"]]), sources)?
    .mapValues { "\(String(decoding: $0.bytes, as: UTF8.self)) \(String($0.mode, radix: 8))" }
}

@Suite struct VolumeTests {
  @Test(
    arguments: [
      (["configMap": ["name": "m"]], ["a": "1 644", "b": "2 644", "z": "\u{0}\u{1} 644"]),
      (
        [
          "configMap": [
            "name": "m", "defaultMode": 256,
            "items": [["key": "a", "path": "d/x"], ["key": "b", "path": "y", "mode": 448]],
          ]
        ], ["d/x": "1 400", "y": "2 700"]
      ),
      (["secret": ["secretName": "s"]], ["k": "secret 644"]),
      (["secret": ["secretName": "none", "optional": true]], [:]),
      (
        [
          "downwardAPI": [
            "items": [["path": "labels", "fieldRef": ["fieldPath": "metadata.labels"]]]
          ]
        ], ["labels": "x=\"y\" 644"]
      ),
      (
        [
          "projected": [
            "defaultMode": 288,
            "sources": [
              ["secret": ["name": "s"]], ["serviceAccountToken": ["path": "token"]],
              ["configMap": ["name": "m", "items": [["key": "a", "path": "ca.crt"]]]],
            ],
          ]
        ], ["k": "secret 440", "token": "tok 440", "ca.crt": "1 440"]
      ),
    ] as [(JSON, [String: String])])
  func `objects become files`(volume: JSON, expected: [String: String]) throws {
    #expect(try files(volume) == expected)
  }

  @Test(
    arguments: [
      (["configMap": ["name": "none"]], "configmap \"none\" not found"),
      (
        ["configMap": ["name": "m", "items": [["key": "q", "path": "q"]]]],
        "references non-existent config key: q"
      ),
      (
        ["configMap": ["name": "m", "items": [["key": "a", "path": "../a"]]]],
        "invalid path \"../a\" in a volume"
      ),
    ] as [(JSON, String)])
  func `what is missing or leads out is refused`(volume: JSON, message: String) {
    #expect(throws: ContainerConfigError(message)) { try files(volume) }
  }

  @Test func `other volumes are not made of objects`() throws {
    #expect(try files(["emptyDir": [:]]) == nil)
  }

  @Test func `all files of a volume change in one step`() throws {
    let memory = MemoryFiles()
    let writer = AtomicWriter(memory, root: "/v")
    let file: (String) -> VolumeFile = { VolumeFile(Array($0.utf8), mode: 0o644) }
    #expect(try writer.write(["a": file("1"), "d/x": file("2")], stamp: "t1"))
    #expect(
      memory.paths == [
        "/v", "/v/..data", "/v/..t1", "/v/..t1/a", "/v/..t1/d", "/v/..t1/d/x", "/v/a", "/v/d",
      ])
    #expect(try memory.target("/v/..data") == "..t1")
    #expect(try memory.target("/v/d") == "..data/d")
    #expect(try !writer.write(["a": file("1"), "d/x": file("2")], stamp: "t2"))
    #expect(try writer.write(["a": file("3"), "b": file("4")], stamp: "t3"))
    #expect(memory.paths == ["/v", "/v/..data", "/v/..t3", "/v/..t3/a", "/v/..t3/b", "/v/a", "/v/b"])
    #expect(try memory.read("/v/..data/a") == Array("3".utf8))
    #expect(throws: NodeFileError.self) { try writer.write([:], stamp: "t3") }
  }

  @Test(
    arguments: [
      ("", "/none", nil), ("Directory", "/d", nil), ("File", "/f", nil), ("Socket", "/s", nil),
      ("Directory", "/l", nil), ("DirectoryOrCreate", "/new", nil), ("FileOrCreate", "/new", nil),
      ("Directory", "/f", "hostPath type check failed: /f is not a directory"),
      ("File", "/none", "hostPath type check failed: /none is not a file"),
      ("Socket", "/f", "hostPath type check failed: /f is not a socket file"),
      ("CharDevice", "/f", "hostPath type check failed: /f is not a character device"),
      ("FileOrCreate", "/d", "hostPath type check failed: /d is not a file"),
      ("Odd", "/d", "Odd is an invalid volume type"),
      ("Directory", "/loop", "too many levels of symbolic links: /loop"),
    ] as [(String, String, String?)])
  func `a path of the node is checked`(type: String, path: String, message: String?) throws {
    let memory = MemoryFiles()
    memory.entries.withLock {
      $0 = [
        "/d": .directory, "/f": .file([], 0o644), "/s": .socket, "/l": .link("d"), "/loop": .link("loop"),
      ]
    }
    if let message {
      #expect(throws: ContainerConfigError(message)) { try HostPath.prepare(path, type: type, memory) }
    } else {
      try HostPath.prepare(path, type: type, memory)
      if type.hasSuffix("OrCreate") { #expect(try memory.kind("/new") != nil) }
    }
  }

  @Test func `a path inside a volume stays inside`() throws {
    let memory = MemoryFiles()
    try memory.makeDirectory("/v/a", mode: 0o755)
    try memory.link("/v/out", to: "/etc")
    #expect(try SubPath.resolve("a/./b", in: "/v", memory) == "/v/a/b")
    #expect(try memory.kind("/v/a/b") == .directory)
    for bad in ["../x", "a/../../x", "/etc", "out", "out/passwd"] {
      #expect(throws: ContainerConfigError.self) { try SubPath.resolve(bad, in: "/v", memory) }
    }
  }

  @Test func `a pod's volumes are mounted and go with it`() async throws {
    let (memory, mounter) = (MemoryFiles(), FakeMounter())
    let volumes = NodeVolumes(files: memory, mounter: mounter, stamp: { "t" })
    let it = pod(
      [
        [
          "name": "c", "image": "i", "terminationMessagePath": "/dev/termination-log",
          "env": [["name": "A", "value": "x"]],
          "volumeMounts": [
            ["name": "cache", "mountPath": "/cache", "subPathExpr": "$(A)/y"],
            ["name": "conf", "mountPath": "conf", "readOnly": true],
          ],
        ]
      ],
      spec: [
        "volumes": [
          ["name": "cache", "emptyDir": ["medium": "Memory", "sizeLimit": "1Mi"]],
          ["name": "conf", "configMap": ["name": "m"]],
        ]
      ])
    let settings = NodeSettings(nodeName: "node-a", addresses: [], rootDirectory: "/k", logDirectory: "/log")
    let spec = try #require(it.containerSpec("c"))
    let environment = try ContainerEnvironment(of: "c", in: it, sources)
    try await volumes.prepareSandbox(it, settings: settings)
    let mounts = try await volumes.mounts(
      spec, of: it, attempt: 1, environment: environment, sources: sources, settings: settings)
    let root = "/k/pods/u/volumes/kubernetes.io~"
    #expect(
      mounts == [
        Mount(containerPath: "/cache", hostPath: "\(root)empty-dir/cache/x/y"),
        Mount(containerPath: "/conf", hostPath: "\(root)configmap/conf", isReadOnly: true),
        Mount(containerPath: "/etc/hosts", hostPath: "/k/pods/u/etc-hosts"),
        Mount(containerPath: "/dev/termination-log", hostPath: "/k/pods/u/containers/c/1"),
      ])
    #expect(try memory.read("\(root)configmap/conf/..data/a") == Array("1".utf8))
    try await volumes.tearDown(podUID: "u", settings: settings)
    try await volumes.tearDown(podUID: "../x", settings: settings)
    #expect(
      mounter.calls.withLock { $0 } == [
        "mount \(root)empty-dir/cache 1048576", "unmount /k/pods/u",
      ])
    #expect(memory.paths == ["/k", "/k/pods", "/log"])
  }

  @Test func `the machine's files are written and replaced in one step`() throws {
    let root = "/tmp/kubelet-volume-\(UInt64.random(in: 0 ... .max))"
    let files = SystemFiles()
    defer { try? files.remove(root) }
    let writer = AtomicWriter(files, root: root)
    try writer.write(["a": VolumeFile([1], mode: 0o600), "d/b": VolumeFile([2], mode: 0o644)], stamp: "1")
    #expect(try files.read("\(root)/d/b") == [2])
    try writer.write(["a": VolumeFile([3], mode: 0o600)], stamp: "2")
    #expect(try files.read("\(root)/a") == [3])
    #expect(try files.list(root) == ["..2", "..data", "a"])
    #expect(try files.kind("\(root)/a") == .link)
    #expect(try files.kind("\(root)/none") == nil)
    try files.remove(root)
    #expect(try files.kind(root) == nil)
  }

  @Test func `a volume that cannot be made is a failure of the mount`() async throws {
    let volumes = NodeVolumes(files: MemoryFiles(), mounter: FakeMounter(), stamp: { "t" })
    let it = pod(
      [["name": "c", "image": "i", "volumeMounts": [["name": "conf", "mountPath": "/conf"]]]],
      spec: ["volumes": [["name": "conf", "secret": ["secretName": "none"]]]])
    let spec = try #require(it.containerSpec("c"))
    let environment = try ContainerEnvironment(of: "c", in: it, sources)
    let settings = NodeSettings(nodeName: "node-a", addresses: [])
    await #expect(
      throws: ContainerConfigError(
        "MountVolume.SetUp failed for volume \"conf\" : secret \"none\" not found", isMountFailure: true)
    ) {
      try await volumes.mounts(
        spec, of: it, attempt: 0, environment: environment, sources: sources, settings: settings)
    }
  }
}
