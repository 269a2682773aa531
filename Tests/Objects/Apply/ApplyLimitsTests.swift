import Testing

@testable import Objects

/// Large and hostile objects.
struct ApplyLimitsTests {
  private typealias Fixture = ApplyFixture

  private static func pod(environment: some Sequence<Int>, value: String = "v") -> JSON {
    let variables = environment.map { number -> JSON in
      ["name": .string("VARIABLE_\(number)"), "value": .string(value)]
    }
    return [
      "apiVersion": "v1", "kind": "Pod", "metadata": ["name": "p"],
      "spec": ["containers": [["name": "c", "env": .array(variables)]]],
    ]
  }

  private func measured<Result>(_ body: () throws -> Result) rethrows -> Result {
    let (result, time) = try threadTime(body)
    // Far more than it takes, far less than anything quadratic would.
    #expect(time < .seconds(10))
    return result
  }

  @Test func `five thousand elements are no burden`() throws {
    let manager = Fixture.pods
    let all = Self.pod(environment: 0..<5000)
    let created = measured {
      Fixture.stored(manager.recordUpdate(live: nil, new: all, manager: "m", time: Fixture.time()))
    }
    let changed = Self.pod(environment: (0..<5000).reversed(), value: "w")
    let updated = measured {
      manager.recordUpdate(live: created, new: changed, manager: "k", time: Fixture.time())
    }
    #expect(try ManagedFields(updated["metadata", "managedFields"]).entries.count == 2)
    let applied = try measured {
      Fixture.stored(
        try manager.apply(live: nil, configuration: all, manager: "a", force: false, time: Fixture.time()))
    }
    let same = try measured {
      try manager.apply(live: applied, configuration: all, manager: "a", force: false, time: Fixture.time())
    }
    #expect(same == applied)
    let halved = try measured {
      try manager.apply(
        live: applied, configuration: Self.pod(environment: (0..<5000).filter { $0 % 2 == 0 }), manager: "a",
        force: false, time: Fixture.time())
    }
    let containers = halved["spec", "containers"]?.array
    #expect(containers?.first?["env"]?.array?.count == 2500)
    let refused = measured {
      #expect(throws: ApplyError.self) {
        try manager.apply(
          live: created, configuration: Self.pod(environment: 0..<5000, value: "x"), manager: "b",
          force: false,
          time: Fixture.time())
      }
    }
    #expect(
      refused?.message.hasPrefix("Apply failed with 5000 conflicts: conflicts with \"m\" using v1:\n") == true
    )
  }

  @Test func `thousands of equal elements and of managers are no burden`() throws {
    let manager = Fixture.pods
    let twice = Self.pod(environment: (0..<5000).map { $0 / 2 })
    let live = measured {
      Fixture.stored(manager.recordUpdate(live: nil, new: twice, manager: "m", time: Fixture.time()))
    }
    var new = Self.pod(environment: (0..<5000).map { $0 / 2 }, value: "w")
    new["metadata", "managedFields"] = .array(
      (0..<3000).map { number in
        [
          "manager": .string("m\(number)"), "operation": "Update", "apiVersion": "v1",
          "fieldsType": "FieldsV1",
          "fieldsV1": ["f:spec": ["f:x\(number)": [:]]],
        ]
      })
    let after = measured { manager.recordUpdate(live: live, new: new, manager: "k", time: Fixture.time()) }
    #expect(try ManagedFields(after["metadata", "managedFields"]).entries.count == 10)
  }

  @Test func `an object too deep is owned as a whole from there on`() {
    var data: JSON = "end"
    for _ in 0..<5000 { data = ["a": data] }
    let object: JSON = ["apiVersion": "apps/v1", "kind": "Revision", "metadata": ["name": "r"], "data": data]
    let manager = Fixture.manager("apps/v1.Revision")
    let live = Fixture.stored(
      manager.recordUpdate(live: nil, new: object, manager: "m", time: Fixture.time()))
    #expect(Fixture.managed(live).contains(#""f:a""#))
    #expect(throws: Never.self) { try ManagedFields(live["metadata", "managedFields"]) }
    #expect(throws: Never.self) {
      try manager.apply(live: live, configuration: object, manager: "a", force: false, time: Fixture.time())
    }
  }

  /// Sets of fields that fit no object of the kind.
  @Test(arguments: [
    #"{"f:data":{"k:{}":{},"i:-1":{},"v:[]":{}}}"#,
    #"{"k:{\"name\":\"a\"}":{"f:x":{}}}"#,
    #"{"f:spec":{"f:containers":{"f:name":{},"v:\"c\"":{},"k:{\"image\":\"x\"}":{}}}}"#,
    #"{"f:spec":{"f:containers":{"k:{\"name\":\"c\"}":{"f:env":{"k:{\"name\":[1]}":{}},"f:args":{"i:0":{}}}}}}"#,
    #"{"f:metadata":{},"f:spec":{},"f:apiVersion":{},"f:kind":{"f:x":{}}}"#,
    #"{"f:spec":{"f:dnsPolicy":{"f:deeper":{"f:still":{}}}}}"#,
  ])
  func `sets that fit no object do no harm`(fields: String) throws {
    let manager = Fixture.pods
    let configuration = Self.pod(environment: 0..<3)
    var live = Fixture.stored(
      try manager.apply(
        live: nil, configuration: configuration, manager: "a", force: false, time: Fixture.time()))
    live["metadata", "managedFields"] = Fixture.json(
      #"[{"manager":"a","operation":"Apply","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":\#(fields)},"#
        + #"{"manager":"b","operation":"Update","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":\#(fields)}]"#
    )
    let updated = manager.recordUpdate(
      live: live, new: Self.pod(environment: 1..<4), manager: "k", time: Fixture.time())
    #expect(updated["metadata", "managedFields"]?.array?.isEmpty == false)
    let applied = try manager.apply(
      live: live, configuration: configuration, manager: "a", force: true, time: Fixture.time())
    #expect(applied["spec"] == configuration["spec"])
  }

  @Test func `an element that stays keeps what tells it apart`() throws {
    let manager = Fixture.pods
    let configuration = Self.pod(environment: 0..<1)
    var live = Fixture.stored(
      try manager.apply(
        live: nil, configuration: configuration, manager: "a", force: false, time: Fixture.time()))
    func entry(_ name: String, _ operation: String, _ fields: String) -> String {
      #"{"manager":"\#(name)","operation":"\#(operation)","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":"#
        + #"{"f:spec":{"f:containers":{"k:{\"name\":\"c\"}":\#(fields)}}}}"#
    }
    live["metadata", "managedFields"] = Fixture.json(
      "[\(entry("a", "Apply", #"{"f:name":{},"f:env":{}}"#)),\(entry("b", "Update", #"{".":{}}"#))]")
    let applied = try manager.apply(
      live: live, configuration: ["apiVersion": "v1", "kind": "Pod", "metadata": ["name": "p"]], manager: "a",
      force: false, time: Fixture.time())
    #expect(applied["spec", "containers"]?.text == #"[{"name":"c"}]"#)
  }
}
