import Testing

@testable import Objects

@Suite("The difference as a strategic merge patch")
struct StrategicDifferenceTests {
  struct Example: Sendable, CustomTestStringConvertible {
    let what: String
    let shape: Schema.Shape
    let original: String
    let modified: String
    let patch: String
    var testDescription: String { what }
  }

  private static func pod(_ what: String, _ original: String, _ modified: String, _ patch: String) -> Example
  {
    Example(what: what, shape: PatchedTypes.pod, original: original, modified: modified, patch: patch)
  }

  private static func spec(_ what: String, _ original: String, _ modified: String, _ patch: String) -> Example
  {
    Example(what: what, shape: PatchedTypes.spec, original: original, modified: modified, patch: patch)
  }

  private static func metadata(_ what: String, _ original: String, _ modified: String, _ patch: String)
    -> Example
  {
    Example(what: what, shape: PatchedTypes.metadata, original: original, modified: modified, patch: patch)
  }

  static let examples = [
    spec("none", #"{"replicas":1,"raw":{"a":[1]}}"#, #"{"replicas":1,"raw":{"a":[1]}}"#, "{}"),
    spec(
      "scalars", #"{"replicas":1,"paused":true}"#, #"{"replicas":2,"any":"x"}"#,
      #"{"any":"x","paused":null,"replicas":2}"#),
    spec("another type", #"{"any":{"a":1}}"#, #"{"any":[1]}"#, #"{"any":[1]}"#),
    spec(
      "nested", #"{"raw":{"a":{"b":1,"c":2}}}"#, #"{"raw":{"a":{"b":1,"c":3}}}"#, #"{"raw":{"a":{"c":3}}}"#),
    spec(
      "replaced by strategy", #"{"selector":{"matchLabels":{"a":"b"}}}"#,
      #"{"selector":{"matchLabels":{"c":"d"}}}"#,
      #"{"selector":{"matchLabels":{"c":"d"}}}"#),
    spec(
      "$retainKeys", #"{"strategy":{"type":"RollingUpdate","rollingUpdate":{}}}"#,
      #"{"strategy":{"type":"Recreate"}}"#,
      #"{"strategy":{"$retainKeys":["type"],"rollingUpdate":null,"type":"Recreate"}}"#),
    spec(
      "an emptied object", #"{"strategy":{"type":"x"}}"#, #"{"strategy":{}}"#, #"{"strategy":{"type":null}}"#),
    pod("a new list", "{}", #"{"containers":[{"name":"a"}]}"#, #"{"containers":[{"name":"a"}]}"#),
    pod(
      "a list that was empty", #"{"containers":[]}"#, #"{"containers":[{"name":"a"}]}"#,
      #"{"containers":[{"name":"a"}]}"#),
    pod("a removed list", #"{"containers":[{"name":"a"}]}"#, "{}", #"{"containers":null}"#),
    pod(
      "an emptied list", #"{"containers":[{"name":"a"}]}"#, #"{"containers":[]}"#,
      #"{"containers":[{"$patch":"delete","name":"a"}]}"#),
    pod(
      "an element changed, one new, one gone",
      #"{"containers":[{"name":"a","image":"x"},{"name":"b"},{"name":"c"}]}"#,
      #"{"containers":[{"name":"n"},{"name":"a","image":"y"},{"name":"c"}]}"#,
      #"{"$setElementOrder/containers":[{"name":"n"},{"name":"a"},{"name":"c"}],"containers":[{"name":"n"},{"image":"y","name":"a"},{"$patch":"delete","name":"b"}]}"#
    ),
    pod(
      "order alone", #"{"containers":[{"name":"a"},{"name":"b"}]}"#,
      #"{"containers":[{"name":"b"},{"name":"a"}]}"#,
      #"{"$setElementOrder/containers":[{"name":"b"},{"name":"a"}]}"#),
    pod(
      "$retainKeys in an element", #"{"volumes":[{"name":"v","emptyDir":{}}]}"#,
      #"{"volumes":[{"name":"v","hostPath":{"path":"/x"}}]}"#,
      #"{"$setElementOrder/volumes":[{"name":"v"}],"volumes":[{"$retainKeys":["hostPath","name"],"emptyDir":null,"hostPath":{"path":"/x"},"name":"v"}]}"#
    ),
    pod(
      "keys that repeat",
      #"{"containers":[{"name":"c","ports":[{"containerPort":1,"protocol":"TCP"},{"containerPort":1,"protocol":"UDP"}]}]}"#,
      #"{"containers":[{"name":"c","ports":[{"containerPort":1,"protocol":"UDP"}]}]}"#,
      #"{"$setElementOrder/containers":[{"name":"c"}],"containers":[{"name":"c","ports":[{"$patch":"replace"},{"containerPort":1,"protocol":"UDP"}]}]}"#
    ),
    pod(
      "an atomic list", #"{"tolerations":[{"key":"a"}]}"#, #"{"tolerations":[{"key":"b"}]}"#,
      #"{"tolerations":[{"key":"b"}]}"#),
    metadata(
      "scalars in a list", #"{"finalizers":["a","b","c"]}"#, #"{"finalizers":["d","c","a"]}"#,
      #"{"$deleteFromPrimitiveList/finalizers":["b"],"$setElementOrder/finalizers":["d","c","a"],"finalizers":["d"]}"#
    ),
    metadata(
      "no scalars left", #"{"finalizers":["a","b"]}"#, #"{"finalizers":[]}"#,
      #"{"$deleteFromPrimitiveList/finalizers":["a","b"]}"#),
  ]

  @Test("makes one of the other", arguments: examples)
  func difference(_ example: Example) throws {
    let original = try JSON.parse(example.original)
    let modified = try JSON.parse(example.modified)
    let patch = try PatchedTypes.patch.difference(from: original, to: modified, shape: example.shape)
    #expect(patch.text == example.patch)
    #expect(try PatchedTypes.patch.apply(patch, to: original, shape: example.shape) == modified)
    let back = try PatchedTypes.patch.difference(from: modified, to: original, shape: example.shape)
    #expect(try PatchedTypes.patch.apply(back, to: modified, shape: example.shape) == original)
  }

  static let failures: [(original: String, modified: String, message: String)] = [
    (
      #"{"containers":[{"name":"a"}]}"#, #"{"containers":["a"]}"#,
      "list element types are not identical: [[map[name:a]] [a]]"
    ),
    (
      #"{"containers":[{"name":"a"}]}"#, #"{"containers":[{"image":"x"}]}"#,
      "map: map[image:x] does not contain declared merge key: name"
    ),
    (
      #"{"containers":[{"image":"x"}]}"#, #"{"containers":[{"name":"a"}]}"#,
      "map: map[image:x] does not contain declared merge key: name"
    ),
  ]

  @Test("cannot be told", arguments: failures)
  func failure(_ example: (original: String, modified: String, message: String)) throws {
    let original = try JSON.parse(example.original)
    let modified = try JSON.parse(example.modified)
    #expect(throws: PatchError(.invalidPatch, example.message)) {
      try PatchedTypes.patch.difference(from: original, to: modified, shape: PatchedTypes.pod)
    }
  }

  @Test("of random objects makes one of the other")
  func randomObjects() throws {
    var generator = Generator(state: 7)
    for _ in 0..<500 {
      let seed = generator.state
      let original = generator.pod()
      let modified = generator.pod()
      let patch = try PatchedTypes.patch.difference(from: original, to: modified, shape: PatchedTypes.pod)
      let result = try PatchedTypes.patch.apply(patch, to: original, shape: PatchedTypes.pod)
      #expect(result == modified, "seed \(seed): \(original.text) with \(patch.text)")
      let merge = MergePatch.difference(from: original, to: modified)
      #expect(try MergePatch.apply(merge, to: original) == modified, "seed \(seed)")
    }
  }

  private struct Generator {
    var state: UInt64

    mutating func number(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(bound))
    }

    mutating func pod() -> JSON {
      var pod: JSON = [:]
      if number(4) > 0 { pod["restartPolicy"] = .string("r\(number(2))") }
      if number(4) > 0 { pod["nodeSelector"] = ["a": .string("\(number(2))"), "k\(number(2))": "x"] }
      if number(8) > 0 {
        pod["containers"] = .array(
          names().map { name in
            var container: JSON = ["name": .string(name)]
            if number(2) > 0 { container["image"] = .string("i\(number(2))") }
            if number(2) > 0 {
              container["env"] = .array(
                names().map { ["name": .string($0), "value": .string("\(number(2))")] })
            }
            if number(2) > 0 { container["args"] = .array(names().map { .string($0) }) }
            return container
          })
      }
      if number(4) > 0 {
        pod["volumes"] = .array(
          names().map { name in
            number(2) > 0
              ? ["name": .string(name), "emptyDir": [:]]
              : ["name": .string(name), "hostPath": ["path": .string("\(number(2))")]]
          })
      }
      return pod
    }

    mutating func names() -> [String] {
      var names = ["a", "b", "c", "d", "e"]
      for place in names.indices { names.swapAt(place, number(names.count)) }
      return Array(names.prefix(number(names.count + 1)))
    }
  }
}
