import Objects
import Synchronization
import Testing

@testable import Controllers

private func object(_ name: String, version: Int, owner: String? = nil, uid: String? = nil) -> JSON {
  var object: JSON = [
    "metadata": [
      "name": .string(name), "namespace": "n", "uid": .string(uid ?? name),
      "resourceVersion": .string(String(version)),
    ]
  ]
  if let owner {
    object["metadata", "ownerReferences"] = [
      [
        "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": .string(owner), "uid": .string(owner),
        "controller": true,
      ]
    ]
  }
  return object
}

@Suite struct ControlleeIndexTests {
  private let index = ControlleeIndex(controlledBy: .replicaSets)
  private let owner: JSON = ["metadata": ["name": "o", "namespace": "n", "uid": "o"]]
  private var names: [String] { index.candidates(of: owner).map(\.name).sorted() }

  @Test func `an owner may claim its own and those of nobody`() {
    index.note(added: object("own", version: 1, owner: "o"))
    index.note(added: object("nobody's", version: 1))
    index.note(added: object("other's", version: 1, owner: "p"))
    #expect(names == ["nobody's", "own"])
    index.note(added: object("nobody's", version: 2, owner: "p"))
    index.note(deleted: object("own", version: 3, owner: "o"))
    #expect(names == [])
    #expect(index.owned(by: "p").count == 2)
  }

  @Test func `an older state does not take the place of a newer one`() {
    index.note(added: object("a", version: 5, owner: "o"))
    index.note(added: object("a", version: 4))
    index.note(written: object("a", version: 3))
    #expect(index.owned(by: "o").map(\.resourceVersion) == ["5"])
    index.note(written: object("a", version: 9, owner: "o"))
    #expect(index.owned(by: "o").map(\.resourceVersion) == ["9"])
  }

  @Test func `a write of what is gone, or is another, is not kept`() {
    index.note(written: object("a", version: 3, owner: "o"))
    #expect(names == [])
    index.note(added: object("a", version: 4, owner: "o", uid: "new"))
    index.note(written: object("a", version: 9, owner: "o", uid: "old"))
    index.note(deleted: object("a", version: 9, owner: "o", uid: "old"))
    #expect(index.owned(by: "o").map(\.uid) == ["new"])
  }
}

private struct Refused: Error {}

@Suite struct SlowStartTests {
  @Test(arguments: [(0, 100, 0, 0), (10, 100, 10, 10), (100, 1, 0, 1), (100, 4, 3, 7), (200, 201, 200, 200)])
  func `writes double until one fails`(count: Int, failing: Int, succeeded: Int, atMost: Int) async {
    let tried = Mutex(0)
    let result = await SlowStart.run(count) { (_) async throws(Refused) in
      let number = tried.withLock { tried in
        tried += 1
        return tried
      }
      if number >= failing { throw Refused() }
    }
    #expect(result.succeeded == succeeded)
    #expect((result.failure != nil) == (succeeded < count))
    #expect(tried.withLock { $0 } == min(count, atMost))
  }
}

@Suite struct DerivedNameTests {
  @Test func `only the owner's part of a name is cut`() {
    #expect(DerivedName.join("web", "-abc") == "web-abc")
    #expect(DerivedName.join("website", "-7-", limit: 6) == "web-7-")
  }
}
