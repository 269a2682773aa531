import Exchange
import Objects
import Registry
import Testing

/// Whatever a client sends is answered.
struct AnyInputTests {
  /// A sequence of numbers that only depends on its seed.
  private struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return mixed ^ (mixed >> 31)
    }
  }

  private static let paths = [
    maps, maps + "/m", pods, pods + "/p", pods + "/p/status", pods + "/p/binding", pods + "/p/eviction",
    pods + "/p/resize", pods + "/p/ephemeralcontainers", deployments, deployments + "/d",
    deployments + "/d/scale", deployments + "/d/status", "/api/v1/namespaces", "/api/v1/namespaces/g",
    "/api/v1/namespaces/g/finalize", "/apis/events.k8s.io/v1/namespaces/g/events",
    "/apis/autoscaling/v1/namespaces/g/horizontalpodautoscalers",
    "/api/v1/namespaces/g/serviceaccounts/a/token", "/api/v1/namespaces/g/services",
  ]

  private static func value(_ random: inout Generator) -> JSON {
    switch Int.random(in: 0..<9, using: &random) {
    case 0: .null
    case 1: .boolean(true)
    case 2: .integer(.max)
    case 3: .integer(-1)
    case 4: .number(1e300)
    case 5: .string("")
    case 6: .array([.null, [:]])
    case 7: .object([:])
    default: .string("x")
    }
  }

  /// The value with something inside it replaced, added or taken away.
  private static func changed(_ value: JSON, _ random: inout Generator) -> JSON {
    guard Int.random(in: 0..<6, using: &random) > 0 else { return Self.value(&random) }
    switch value {
    case .object(var object):
      let names = object.map(\.key) + ["metadata", "spec", "status", "finalizers", "managedFields", "op"]
      let name = names[Int.random(in: 0..<names.count, using: &random)]
      object[name] = object[name].map { changed($0, &random) } ?? Self.value(&random)
      return .object(object)
    case .array(var array) where !array.isEmpty:
      let place = Int.random(in: 0..<array.count, using: &random)
      array[place] = changed(array[place], &random)
      return .array(array)
    default: return Self.value(&random)
    }
  }

  @Test(arguments: 1...8 as ClosedRange<UInt64>)
  func `any body gets an answer`(seed: UInt64) async {
    var random = Generator(state: seed)
    let cluster = Cluster()
    let objects = [map("m"), pod("p"), deployment("d"), binding("p", "n"), ["metadata": ["name": "g"]]]
    for (path, object) in zip([maps, pods, deployments], objects) {
      _ = await cluster.send("POST", path, json: object)
    }
    for _ in 0..<250 {
      let path = Self.paths[Int.random(in: 0..<Self.paths.count, using: &random)]
      let methods = ["POST", "PUT", "DELETE", "JSON", "MERGE", "STRATEGIC", "APPLY"]
      let method = methods[Int.random(in: 0..<methods.count, using: &random)]
      var body = objects[Int.random(in: 0..<objects.count, using: &random)]
      if method == "JSON" { body = [["op": "replace", "path": "/spec/replicas", "value": 1]] }
      for _ in 0..<Int.random(in: 0..<4, using: &random) { body = Self.changed(body, &random) }
      let answer = await cluster.send(method, path, json: body)
      #expect((200..<600).contains(answer.code), "seed \(seed): \(method) \(path) \(body.text)")
    }
  }
}
