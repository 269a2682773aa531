import Objects
import Testing

@testable import Controllers

@Suite struct OwnershipGraphTests {
  private static func object(
    _ uid: String, _ resource: Resource = .pods, owners: [(uid: String, blocks: Bool)] = [],
    ownerKind: Resource = .replicaSets, isBeingDeleted: Bool = false, finalizers: [String] = [],
    namespace: String = "n"
  ) -> OwnedObject {
    var object: JSON = [
      "metadata": ["name": .string("name-" + uid), "namespace": .string(namespace), "uid": .string(uid)]
    ]
    object["metadata", "ownerReferences"] = .array(
      owners.map {
        [
          "apiVersion": .string(ownerKind.apiVersion), "kind": .string(ownerKind.kind),
          "name": .string("name-" + $0.uid), "uid": .string($0.uid),
          "blockOwnerDeletion": .boolean($0.blocks),
        ]
      })
    object["metadata", "finalizers"] = .array(finalizers.map { .string($0) })
    if isBeingDeleted { object["metadata", "deletionTimestamp"] = "2026-01-01T00:00:00Z" }
    return OwnedObject(object, resource)!
  }

  private static func graph(_ objects: OwnedObject..., absent: [String] = []) -> OwnershipGraph {
    var graph = OwnershipGraph()
    for object in objects { _ = graph.observe(object) }
    for uid in absent { graph.noteAbsent(uid) }
    return graph
  }

  @Test(arguments: [
    ("no owners", graph(object("a")), "a", OwnershipGraph.Action.nothing),
    (
      "an owner that is there", graph(object("a", owners: [("r", true)]), object("r", .replicaSets)), "a",
      .nothing
    ),
    (
      "an owner that is gone", graph(object("a", owners: [("r", true)]), absent: ["r"]), "a",
      .delete(propagationPolicy: "Background")
    ),
    (
      "one of two owners gone",
      graph(object("a", owners: [("r", true), ("s", true)]), object("r", .replicaSets), absent: ["s"]), "a",
      .removeOwners(["s"])
    ),
    (
      "an owner of another kind than the reference says",
      graph(object("a", owners: [("r", true)]), object("r", .jobs)), "a",
      .delete(propagationPolicy: "Background")
    ),
    (
      "an owner in another namespace",
      graph(object("a", owners: [("r", true)]), object("r", .replicaSets, namespace: "other")), "a",
      .delete(propagationPolicy: "Background")
    ),
    (
      "an owner that waits for it",
      graph(
        object("a", owners: [("r", true)]),
        object("r", .replicaSets, isBeingDeleted: true, finalizers: ["foregroundDeletion"])), "a",
      .delete(propagationPolicy: "Background")
    ),
    (
      "an owner that waits for it, and objects of its own",
      graph(
        object("a", .replicaSets, owners: [("r", true)]), object("b", owners: [("a", true)]),
        object("r", .replicaSets, isBeingDeleted: true, finalizers: ["foregroundDeletion"])), "a",
      .delete(propagationPolicy: "Foreground")
    ),
    (
      "an owner that waits for those that block",
      graph(
        object("a", owners: [("r", true)]),
        object("r", .replicaSets, isBeingDeleted: true, finalizers: ["foregroundDeletion"])), "r", .nothing
    ),
    (
      "an owner that waits for nobody",
      graph(
        object("a", owners: [("r", false)]),
        object("r", .replicaSets, isBeingDeleted: true, finalizers: ["foregroundDeletion"])), "r",
      .removeFinalizer("foregroundDeletion")
    ),
    (
      "an owner that lets its objects go, without any",
      graph(object("r", .replicaSets, isBeingDeleted: true, finalizers: ["orphan"])), "r",
      .removeFinalizer("orphan")
    ),
    (
      "on its way out already",
      graph(object("a", owners: [("r", true)], isBeingDeleted: true), absent: ["r"]), "a",
      .nothing
    ),
  ])
  func `an object's owners decide`(
    name: String, graph: OwnershipGraph, uid: String, expected: OwnershipGraph.Action
  ) {
    #expect(graph.action(for: uid) == expected, "\(name)")
  }

  @Test func `an owner nobody knows is looked up first`() {
    let object = Self.object("a", owners: [("r", true)])
    #expect(Self.graph(object).action(for: "a") == .lookUp(object.owners))
  }

  @Test func `objects of an owner that orphans are let go`() {
    let object = Self.object("a", owners: [("r", true)])
    let graph = Self.graph(
      object, Self.object("r", .replicaSets, isBeingDeleted: true, finalizers: ["orphan"]))
    #expect(graph.action(for: "r") == .orphan([object]))
  }

  @Test func `a deletion concerns what was owned and who waited`() {
    var graph = Self.graph(
      Self.object("d", .deployments, isBeingDeleted: true, finalizers: ["foregroundDeletion"]),
      Self.object("r", .replicaSets, owners: [("d", true)], ownerKind: .deployments),
      Self.object("a", owners: [("r", true)]), Self.object("b", owners: [("r", true)]))
    #expect(graph.remove("r") == ["a", "b", "d"])
    #expect(graph.action(for: "d") == .removeFinalizer("foregroundDeletion"))
    #expect(graph.action(for: "a") == .delete(propagationPolicy: "Background"))
    #expect(graph.remove("none") == [])
  }
}
