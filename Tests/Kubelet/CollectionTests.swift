import ContainerRuntime
import Objects
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
}
