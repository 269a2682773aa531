import Client
import ClientSupport
import ContainerRuntime
import Objects
import Synchronization
import Testing

@testable import Kubelet

@Suite struct CollectionTests {
  private let images = [
    ImageCollection.Item(id: "used", size: 50, firstSeen: at(0), lastUsed: at(900)),
    ImageCollection.Item(id: "pinned", size: 50, firstSeen: at(0), isPinned: true),
    ImageCollection.Item(id: "old", size: 4, firstSeen: at(0), lastUsed: at(10)),
    ImageCollection.Item(id: "never", size: 4, firstSeen: at(5)),
    ImageCollection.Item(id: "recent", size: 4, firstSeen: at(0), lastUsed: at(500)),
    ImageCollection.Item(id: "young", size: 50, firstSeen: at(950)),
  ]

  @Test(
    arguments: [
      (UInt64(16), []), (15, ["never", "old"]), (10, ["never", "old", "recent"]), (101, []),
    ] as [(UInt64, [String])])
  func `images unused for longest go until the disk is empty enough`(available: UInt64, expected: [String]) {
    #expect(
      ImageCollection().remove(
        images, inUse: ["used"], capacity: 100, available: available, now: at(1000)) == expected)
  }

  @Test func `of what ended the newest of each name is kept`() {
    let observed = ObservedPod(
      sandboxes: [sandbox("new", attempt: 1, created: 20), sandbox("old", ready: false)],
      containers: [
        container("c", .exited, sandbox: "old", created: 1),
        container("c", .exited, attempt: 1, sandbox: "new", created: 21),
        container("c", .running, attempt: 2, sandbox: "new", created: 22),
        container("d", .running, sandbox: "new", created: 22),
      ])
    let collection = ContainerCollection(observed)
    #expect(collection.containers == ["c.0"])
    #expect(collection.sandboxes == ["old"])
    #expect(ContainerCollection(observed, keep: 2).sandboxes == [])
  }

  @Test func `images are remembered while they are there`() {
    var records = ImageRecords()
    let (a, b) = (Image(id: "a", tags: ["a:1"], size: 1), Image(id: "b", digests: ["b@1"], size: 2))
    _ = records.take([a], inUse: ["a"], kept: [], now: at(0))
    let items = records.take([a, b], inUse: [], kept: ["b@1"], now: at(100))
    #expect(
      items == [
        ImageCollection.Item(id: "a", size: 1, firstSeen: at(0), lastUsed: at(0)),
        ImageCollection.Item(id: "b", size: 2, firstSeen: at(100), isPinned: true),
      ])
    _ = records.take([b], inUse: [], kept: [], now: at(200))
    #expect(
      records.take([a], inUse: [], kept: [], now: at(300)) == [
        ImageCollection.Item(id: "a", size: 1, firstSeen: at(300))
      ])
  }

  @Test func `containers use images by any of their names`() {
    let images = ["a", "b", "c", "d"].map { Image(id: $0, tags: ["\($0):1"], digests: ["\($0)@1"]) }
    func container(_ id: String, _ image: String, _ reference: String = "") -> Container {
      Container(
        id: id, sandboxID: "s", metadata: ContainerMetadata(name: id), image: ImageReference(image),
        imageReference: reference, state: .exited)
    }
    let containers = [container("1", "a:1"), container("2", "b"), container("3", "x", "c@1")]
    #expect(ImageRecords.inUse(containers, images) == ["a", "b", "c"])
  }

  @Test func `images go when the disk is full, and folders when nobody knows their pods`() async throws {
    let memory = MemoryFiles()
    let used = Mutex<UInt64>(50)
    let node = try Node(
      runtime: FakeRuntime(images: ["i", "old", "pause", "sandbox"]),
      volumes: NodeVolumes(files: memory, mounter: FakeMounter(), stamp: stamps()),
      options: KubeletOptions(
        files: memory,
        space: { path in
          path == "/images" ? FilesystemSpace(capacity: 100, available: 100 - used.withLock { $0 }) : nil
        }, keptImages: ["pause"]))
    node.runtime.state.withLock { $0.filesystems = [FilesystemUsage(timestamp: 0, mountpoint: "/images")] }
    try memory.makeDirectory("/var/lib/kubelet/pods/gone/volumes", mode: 0o755)
    node.put(pod())
    try await node.run {
      #expect(await node.isRunning())
      #expect(await node.passes { (try? memory.kind("/var/lib/kubelet/pods/gone")) == .some(nil) })
      let kept = try memory.kind("/var/lib/kubelet/pods/u")
      #expect(kept == .directory)
      used.withLock { $0 = 90 }
      #expect(await node.passes { node.runtime.calls.contains("removeImage sha256:old") })
      #expect(node.runtime.calls.filter { $0.hasPrefix("removeImage") }.count == 1)
      // Nothing more can be had, and it was too little.
      #expect(await node.passes { node.reasons().contains("FreeDiskSpaceFailed") })
    }
  }
}
