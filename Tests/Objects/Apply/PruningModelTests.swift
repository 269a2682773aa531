import Testing

@testable import Objects

/// Pruning in one walk, against its definition: take all out that the manager owned, put back what anybody owns, then put
/// back what the manager did not own.
struct PruningModelTests {
  private typealias Fixture = ApplyFixture

  @Test(arguments: 0..<400)
  func `one walk prunes as the definition does`(seed: UInt64) throws {
    var random = Random(state: seed)
    let model = Model(fields: TypedFields(schema: Fixture.schema), shape: Fixture.shape("core/v1.Pod"))
    let merged = random.pod()
    let last = try model.fields.set(of: random.pod(), shape: model.shape)
    var managed = try model.fields.set(of: random.pod(), shape: model.shape)
    // Updaters own fields without their parents, but elements of lists with what tells them apart.
    let touched = try model.fields.everyPath(below: random.pod(), shape: model.shape, depth: 0)
    for path in touched.paths where random.chance(1, in: 3) {
      managed.insert(path)
      if case .key(let keys)? = path.last, let key = keys.first { managed.insert(path + [.field(key.name)]) }
    }
    let expected = try model.prune(merged, last: last, managed: managed)
    let pruned = try model.fields.prune(merged, shape: model.shape, last: last, managed: managed)
    #expect(
      pruned.text == expected.text,
      "merged \(merged.text) last \(last.fieldsV1Text) managed \(managed.fieldsV1Text)")
  }

  private struct Model {
    let fields: TypedFields
    let shape: Schema.Shape

    func prune(_ merged: JSON, last: FieldSet, managed: FieldSet) throws -> JSON {
      let (last, managed) = (named(last, shape), named(managed, shape))
      let mergedSet = named(try fields.set(of: merged, shape: shape), shape)
      let emptied = try removing(last, from: merged, shape)
      let emptiedSet = named(try fields.set(of: emptied, shape: shape), shape)
      let refilled = try removing(mergedSet.subtracting(emptiedSet.union(managed)), from: merged, shape)
      let refilledSet = named(try fields.set(of: refilled, shape: shape), shape)
      return try removing(mergedSet.subtracting(refilledSet).intersection(last), from: merged, shape)
    }

    /// The set with every declared field of which a part is in it.
    private func named(_ set: FieldSet, _ shape: Schema.Shape) -> FieldSet {
      FieldSet(
        ordered: set.nodes.map { node in
          var (below, isDeclared) = (Schema.Shape.any, false)
          switch fields.schema.ownership(of: shape, value: [:], depth: 0) {
          case .structure(let structure):
            if case .field(let name) = node.element, let field = structure[name] {
              (below, isDeclared) = (field.shape, true)
            }
          case .map(let element): below = element
          case .list(let list): below = list.shape
          case .whole: break
          }
          return FieldSet.Node(
            element: node.element, isMember: node.isMember || (isDeclared && !node.children.isEmpty),
            children: named(node.children, below))
        })
    }

    private func removing(_ set: FieldSet, from value: JSON, _ shape: Schema.Shape) throws -> JSON {
      if set.isEmpty { return value }
      switch (fields.schema.ownership(of: shape, value: value, depth: 0), value) {
      case (.structure(let structure), .object(let object)):
        return try removing(set, from: object) { structure[$0]?.shape ?? .any }
      case (.map(let element), .object(let object)): return try removing(set, from: object) { _ in element }
      case (.list(let list), .array(let items)):
        var rest: [JSON] = []
        for item in items {
          let node = set[try list.pathElement(of: item)]
          if node?.isMember == true { continue }
          rest.append(try removing(node?.children ?? FieldSet(), from: item, list.shape))
        }
        return rest.isEmpty && !items.isEmpty ? .null : .array(rest)
      default: return value
      }
    }

    private func removing(_ set: FieldSet, from object: JSONObject, shape: (String) -> Schema.Shape) throws
      -> JSON
    {
      var rest = JSONObject()
      for member in object {
        let node = set[.field(member.key)]
        if node?.isMember == true { continue }
        rest[member.key] = try removing(node?.children ?? FieldSet(), from: member.value, shape(member.key))
      }
      return rest.isEmpty && !object.isEmpty ? .null : .object(rest)
    }
  }

  /// A small generator (SplitMix64) of small pods.
  private struct Random {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9e37_79b9_7f4a_7c15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
      return mixed ^ (mixed >> 31)
    }

    mutating func chance(_ count: UInt64, in all: UInt64) -> Bool { next() % all < count }

    mutating func pod() -> JSON {
      var pod: JSON = ["apiVersion": "v1", "kind": "Pod", "metadata": ["name": "p"]]
      if chance(1, in: 2) { pod["metadata", "labels"] = map("x", "y") }
      if chance(1, in: 4) { pod["spec", "nodeSelector"] = map("z") }
      if chance(1, in: 2) { pod["spec", "securityContext"] = chance(1, in: 2) ? ["runAsUser": 1] : [:] }
      pod["spec", "containers"] = list("a", "b", "c") { random, container in
        if random.chance(1, in: 2) { container["image"] = "i" }
        if random.chance(1, in: 3) { container["args"] = ["1"] }
        if random.chance(1, in: 2) {
          container["env"] = random.list("A", "B") { random, variable in
            if random.chance(1, in: 2) { variable["value"] = "v" }
          }
        }
        if random.chance(1, in: 2) {
          container["resources"] = random.chance(1, in: 3) ? [:] : ["limits": random.map("cpu", "memory")]
        }
      }
      return pod
    }

    private mutating func map(_ keys: String...) -> JSON {
      var map: JSON = [:]
      for key in keys where chance(2, in: 3) { map[key] = "1" }
      return map
    }

    private mutating func list(_ names: String..., element: (inout Random, inout JSON) -> Void) -> JSON? {
      var items: [JSON] = []
      for name in names where chance(2, in: 3) {
        var item: JSON = ["name": .string(name)]
        element(&self, &item)
        items.append(item)
      }
      return items.isEmpty ? nil : .array(items)
    }
  }
}
