import Testing

@testable import Objects

/// Requests in the order in which a stock API server answered them with just these managed fields.
struct ServerSideApplyTests {
  private typealias Fixture = ApplyFixture

  private static func entry(_ manager: String, _ fields: String, time: String = Fixture.now) -> String {
    #"{"apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":\#(fields),"manager":"\#(manager)","#
      + #""operation":"Apply","time":"\#(time)"}"#
  }

  private static func configuration(_ data: String) -> JSON {
    Fixture.json(#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"ssa"},"data":\#(data)}"#)
  }

  private func apply(
    _ live: JSON?, _ data: String, _ manager: String, force: Bool = false, at time: String = Fixture.now
  ) throws -> JSON {
    let result = try Fixture.configMaps.apply(
      live: live, configuration: Self.configuration(data), manager: manager, force: force,
      time: Fixture.time(time))
    return Fixture.stored(result)
  }

  @Test func `a config map is applied by two managers and changed by a third`() throws {
    let m1 = #"{"f:data":{"f:a":{},"f:b":{}}}"#
    let created = try apply(nil, #"{"a":"1","b":"2"}"#, "m1")
    #expect(Fixture.managed(created) == "[\(Self.entry("m1", m1))]")
    #expect(created["data"]?.text == #"{"a":"1","b":"2"}"#)

    let later = "2026-11-23T21:29:40Z"
    #expect(try apply(created, #"{"a":"1","b":"2"}"#, "m1", at: later) == created)

    let refused = #expect(throws: ApplyError.self) { try apply(created, #"{"a":"9"}"#, "m2") }
    #expect(refused?.message == #"Apply failed with 1 conflict: conflict with "m1": .data.a"#)
    guard case .conflicts(let conflicts) = refused else {
      Issue.record("no conflicts")
      return
    }
    #expect(conflicts.map(\.message) == [#"conflict with "m1""#])
    #expect(conflicts.map(\.field) == [".data.a"])

    let shared = try apply(created, #"{"a":"1","c":"3"}"#, "m2", at: later)
    let m2 = #"{"f:data":{"f:a":{},"f:c":{}}}"#
    #expect(Fixture.managed(shared) == "[\(Self.entry("m1", m1)),\(Self.entry("m2", m2, time: later))]")
    #expect(shared["data"]?.text == #"{"a":"1","b":"2","c":"3"}"#)

    let forced = try apply(shared, #"{"a":"9","c":"3"}"#, "m2", force: true)
    #expect(
      Fixture.managed(forced) == "[\(Self.entry("m1", #"{"f:data":{"f:b":{}}}"#)),\(Self.entry("m2", m2))]")
    #expect(forced["data"]?.text == #"{"a":"9","b":"2","c":"3"}"#)

    let removed = try apply(forced, "{}", "m1")
    #expect(Fixture.managed(removed) == "[\(Self.entry("m1", #"{"f:data":{}}"#)),\(Self.entry("m2", m2))]")
    #expect(removed["data"]?.text == #"{"a":"9","c":"3"}"#)

    var patched = removed
    patched["data", "u"] = "1"
    let updated = Fixture.configMaps.recordUpdate(
      live: removed, new: patched, manager: "k", time: Fixture.time())
    let k =
      #"{"apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{"f:data":{"f:u":{}}},"manager":"k","#
      + #""operation":"Update","time":"\#(Fixture.now)"}"#
    #expect(
      Fixture.managed(updated)
        == "[\(Self.entry("m1", #"{"f:data":{}}"#)),\(Self.entry("m2", m2)),\(k)]")

    // An applier that lets go of its last field loses its entry, and the field goes.
    let second = try apply(updated, "{}", "m2")
    #expect(second["data"]?.text == #"{"u":"1"}"#)
  }

  @Test func `co-owning without a change leaves the object and the other entry alone`() throws {
    let created = try apply(nil, #"{"a":"1"}"#, "m1")
    let shared = try apply(created, #"{"a":"1"}"#, "m2", at: "2026-11-23T21:30:00Z")
    #expect(Fixture.bare(shared) == Fixture.bare(created))
    // Nothing says when a manager came to share what was there.
    let m2 =
      #"{"apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{"f:data":{"f:a":{}}},"manager":"m2","operation":"Apply"}"#
    #expect(Fixture.managed(shared) == "[\(m2),\(Self.entry("m1", #"{"f:data":{"f:a":{}}}"#))]")
    // What two own goes when both let go.
    let one = try apply(shared, #"{"b":"1"}"#, "m1")
    #expect(one["data"]?.text == #"{"a":"1","b":"1"}"#)
    #expect(try apply(one, #"{"c":"1"}"#, "m2")["data"]?.text == #"{"b":"1","c":"1"}"#)
  }

  private static let deployment = Fixture.json(
    """
    {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"sd","namespace":"g"},"spec":{
    "selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[
    {"name":"c","image":"x","ports":[{"containerPort":80}]}]}}}}
    """)

  /// The deployment with the defaults that the server gives it.
  private static func withDefaults(_ object: JSON) -> JSON {
    var object = object
    object["spec", "replicas"] = 1
    object["spec", "strategy"] = Fixture.json(
      #"{"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":"25%","maxSurge":"25%"}}"#)
    let containers = object["spec", "template", "spec", "containers"]?.array ?? []
    object["spec", "template", "spec", "containers"] = .array(
      containers.map { container in
        var container = container
        container["resources"] = .object([:])
        container["imagePullPolicy"] = "Always"
        if let ports = container["ports"]?.array {
          container["ports"] = .array(
            ports.map { port in
              var port = port
              port["protocol"] = port["protocol"] ?? "TCP"
              return port
            })
        }
        return container
      })
    object["spec", "template", "spec", "dnsPolicy"] = "ClusterFirst"
    return Fixture.stored(object)
  }

  private static let deploymentEntry =
    #"{"apiVersion":"apps/v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:selector":{},"f:template":{"f:metadata":"#
    + #"{"f:labels":{"f:a":{}}},"f:spec":{"f:containers":{"k:{\"name\":\"c\"}":{".":{},"f:image":{},"f:name":{},"#
    + #""f:ports":{"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{}}}}}}}}},"#
    + #""manager":"m1","operation":"Apply","time":"2026-11-23T21:29:33Z"}"#

  @Test func `containers of a deployment are owned one by one`() throws {
    let manager = Fixture.deployments
    let created = try manager.apply(
      live: nil, configuration: Self.deployment, manager: "m1", force: false, time: Fixture.time())
    #expect(Fixture.managed(created) == "[\(Self.deploymentEntry)]")
    #expect(
      Fixture.bare(created)
        == #"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"sd","namespace":"g"},"spec":{"selector":"#
        + #"{"matchLabels":{"a":"b"}},"strategy":{},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":"#
        + #"[{"image":"x","name":"c","ports":[{"containerPort":80}]}]}}},"status":{}}"#)
    let live = Self.withDefaults(created)

    let second = Fixture.json(
      #"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"sd"},"spec":{"template":{"spec":{"containers":"#
        + #"[{"name":"d","image":"y"}]}}}}"#)
    let both = try manager.apply(
      live: live, configuration: second, manager: "m2", force: false, time: Fixture.time())
    let m2 =
      #"{"apiVersion":"apps/v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:template":{"f:spec":{"f:containers":"#
      + #"{"k:{\"name\":\"d\"}":{".":{},"f:image":{},"f:name":{}}}}}}},"manager":"m2","operation":"Apply","#
      + #""time":"2026-11-23T21:29:33Z"}"#
    #expect(Fixture.managed(both) == "[\(Self.deploymentEntry),\(m2)]")
    #expect(
      both["spec", "template", "spec", "containers"]?.text
        == #"[{"image":"x","imagePullPolicy":"Always","name":"c","ports":[{"containerPort":80,"protocol":"TCP"}],"#
        + #""resources":{}},{"image":"y","name":"d"}]"#)

    let third = Fixture.json(
      #"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"sd"},"spec":{"template":{"spec":{"containers":"#
        + #"[{"name":"c","image":"zz"}]}}}}"#)
    let refused = #expect(throws: ApplyError.self) {
      try manager.apply(
        live: Self.withDefaults(both), configuration: third, manager: "m2", force: false, time: Fixture.time()
      )
    }
    #expect(
      refused?.message == #"Apply failed with 1 conflict: conflict with "m1": "#
        + #".spec.template.spec.containers[name="c"].image"#)
  }

  @Test func `applying again with the protocol written out changes nothing`() throws {
    let manager = Fixture.deployments
    let live = Self.withDefaults(
      try manager.apply(
        live: nil, configuration: Self.deployment, manager: "m1", force: false, time: Fixture.time()))
    let again = try manager.apply(
      live: live, configuration: Self.deployment, manager: "m1", force: false,
      time: Fixture.time("2027-01-01T00:00:00Z"))
    #expect(again == live)
  }

  @Test func `a container that its applier drops goes with what nobody owns in it`() throws {
    let manager = Fixture.deployments
    func configuration(_ containers: String) -> JSON {
      Fixture.json(
        #"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"sd"},"spec":{"template":{"spec":{"#
          + #""containers":\#(containers)}}}}"#)
    }
    var live = Self.withDefaults(
      try manager.apply(
        live: nil,
        configuration: configuration(
          #"[{"name":"c","image":"x"},{"name":"d","image":"y","env":[{"name":"E"}]}]"#),
        manager: "m1", force: false, time: Fixture.time()))
    // Another sets a field in the container that stays, and one in the container that goes.
    var changed = live
    changed["spec", "template", "spec", "containers"] = Fixture.json(
      #"[{"name":"c","image":"x","args":["1"]},{"name":"d","image":"y","env":[{"name":"E"}],"args":["2"]}]"#)
    live = manager.recordUpdate(live: live, new: changed, manager: "k", time: Fixture.time())
    let result = try manager.apply(
      live: live, configuration: configuration(#"[{"name":"c"}]"#), manager: "m1", force: false,
      time: Fixture.time())
    #expect(
      result["spec", "template", "spec", "containers"]?.text == #"[{"args":["1"],"name":"c"}]"#)
    #expect(
      Fixture.managed(result)
        == #"[{"apiVersion":"apps/v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:template":{"f:spec":"#
        + #"{"f:containers":{"k:{\"name\":\"c\"}":{".":{},"f:name":{}}}}}}},"manager":"m1","operation":"Apply","#
        + #""time":"2026-11-23T21:29:33Z"},{"apiVersion":"apps/v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":"#
        + #"{"f:template":{"f:spec":{"f:containers":{"k:{\"name\":\"c\"}":{"f:args":{}}}}}}},"manager":"k","#
        + #""operation":"Update","time":"2026-11-23T21:29:33Z"}]"#)
  }

  @Test func `a dropped field goes with its unowned parts`() throws {
    let manager = Fixture.deployments
    func configuration(_ spec: String) -> JSON {
      Fixture.json(#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"sd"},"spec":\#(spec)}"#)
    }
    let live = Self.withDefaults(
      try manager.apply(
        live: nil, configuration: configuration(#"{"replicas":1,"strategy":{"type":"RollingUpdate"}}"#),
        manager: "m1", force: false, time: Fixture.time()))
    let result = try manager.apply(
      live: live, configuration: configuration(#"{"replicas":1}"#), manager: "m1", force: false,
      time: Fixture.time())
    #expect(result["spec", "strategy"] == nil)
    #expect(result["spec", "replicas"] == 1)
  }

  @Test func `several conflicts are listed by manager`() throws {
    var live = try apply(nil, #"{"a":"1","b":"2"}"#, "m2")
    var changed = live
    changed["data", "k"] = "1"
    live = Fixture.configMaps.recordUpdate(
      live: live, new: changed, manager: "kubectl-edit", time: Fixture.time())
    let refused = #expect(throws: ApplyError.self) { try apply(live, #"{"a":"9","b":"9","k":"9"}"#, "m1") }
    #expect(
      refused?.message
        == "Apply failed with 3 conflicts: conflicts with \"kubectl-edit\" using v1:\n- .data.k\n"
        + "conflicts with \"m2\":\n- .data.a\n- .data.b")
  }

  @Test func `what was there before the first apply belongs to before-first-apply`() throws {
    let live = Fixture.stored(Self.configuration(#"{"a":"1","b":"2"}"#))
    let refused = #expect(throws: ApplyError.self) { try apply(live, #"{"a":"9"}"#, "m1") }
    #expect(
      refused?.message
        == #"Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .data.a"#)
    let applied = try apply(live, #"{"a":"1","c":"3"}"#, "m1")
    let before =
      #"{"apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{"f:data":{".":{},"f:a":{},"f:b":{}}},"#
      + #""manager":"before-first-apply","operation":"Update","time":"\#(Fixture.now)"}"#
    #expect(
      Fixture.managed(applied) == "[\(Self.entry("m1", #"{"f:data":{"f:a":{},"f:c":{}}}"#)),\(before)]")
  }

  @Test(arguments: [
    (
      #"{"apiVersion":"v1","kind":"Secret"}"#, ApplyError.badRequest("invalid object type: /v1, Kind=Secret")
    ),
    (
      #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"managedFields":[]}}"#,
      .badRequest("metadata.managedFields must be nil")
    ),
    (
      #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"n"},"data":{"a":1}}"#,
      .untyped(
        "failed to create typed patch object (n/a; /v1, Kind=ConfigMap): "
          + ".data.a: expected string, got &value.valueUnstructured{Value:1}")
    ),
    (
      #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":[],"dat":{},"immutable":"x"}"#,
      .untyped(
        "failed to create typed patch object (/a; /v1, Kind=ConfigMap): errors:\n  .dat: field not declared in schema\n"
          + "  .data: expected map, got &{[]}\n  .immutable: expected boolean, got &{x}")
    ),
  ])
  func `a configuration that cannot be applied is refused`(configuration: String, error: ApplyError) {
    let refused = #expect(throws: ApplyError.self) {
      try Fixture.configMaps.apply(
        live: nil, configuration: Fixture.json(configuration), manager: "m", force: false,
        time: Fixture.time())
    }
    #expect(refused == error)
  }

  @Test(arguments: [
    (
      #"[{"name":"c","env":[{"name":"A"},{"name":"A"}]}]"#,
      #".spec.containers[name="c"].env: duplicate entries for key [name="A"]"#
    ),
    (
      #"[{"image":"x"}]"#,
      ".spec.containers: element 0: associative list with keys has an element that omits key field \"name\""
        + " (and doesn't have default value)"
    ),
    (#"{}"#, ".spec.containers: expected list, got &{map[]}"),
    (
      #"[{"name":"c","ports":[{"containerPort":"80"}]}]"#,
      #".spec.containers[name="c"].ports[containerPort="80",protocol="TCP"].containerPort: "#
        + "expected numeric (int or float), got string"
    ),
    (
      #"[{"name":"c","args":["a",2]}]"#,
      #".spec.containers[name="c"].args[1]: expected string, got &value.valueUnstructured{Value:2}"#
    ),
    (#"[null]"#, ".spec.containers: element 0: associative list with keys may not have a null element"),
  ])
  func `containers that cannot be told apart are refused`(containers: String, complaint: String) {
    let configuration = Fixture.json(
      #"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":\#(containers)}}"#)
    let refused = #expect(throws: ApplyError.self) {
      try Fixture.pods.apply(
        live: nil, configuration: configuration, manager: "m", force: false, time: Fixture.time())
    }
    #expect(refused?.message == "failed to create typed patch object (/p; /v1, Kind=Pod): \(complaint)")
  }

  @Test func `kubectl takes over what its client-side apply left in the annotation`() throws {
    let last = #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"ssa"},"data":{"a":"1","b":"2"}}"#
    var object = Self.configuration(#"{"a":"1","b":"changed"}"#)
    object["metadata", "annotations"] = ["kubectl.kubernetes.io/last-applied-configuration": .string(last)]
    let live = Fixture.stored(
      Fixture.configMaps.recordUpdate(
        live: nil, new: object, manager: "kubectl-client-side-apply", time: Fixture.time()))
    // What kubectl applied and is still there is its own; what somebody changed since is not.
    let refused = #expect(throws: ApplyError.self) { try apply(live, #"{"a":"<9>","b":"9"}"#, "kubectl") }
    #expect(
      refused?.message
        == #"Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using v1: .data.b"#)
    #expect(throws: ApplyError.self) { try apply(live, #"{"a":"<9>"}"#, "somebody") }
    let applied = try apply(live, #"{"a":"<9>"}"#, "kubectl")
    #expect(applied["data"]?.text == #"{"a":"<9>","b":"changed"}"#)
    #expect(
      applied["metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"]?.string
        == #"{"apiVersion":"v1","data":{"a":"\u003c9\u003e"},"kind":"ConfigMap","metadata":{"name":"ssa"}}"#
        + "\n")
  }

  @Test func `what a request cannot change is neither owned nor a conflict`() throws {
    let configuration = Fixture.json(
      #"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d"},"spec":{"replicas":1},"#
        + #""status":{"replicas":3}}"#)
    let applied = try Fixture.deployments.apply(
      live: nil, configuration: configuration, manager: "m", force: false, time: Fixture.time())
    #expect(
      Fixture.managed(applied)
        == #"[{"apiVersion":"apps/v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:replicas":{}}},"manager":"m","#
        + #""operation":"Apply","time":"2026-11-23T21:29:33Z"}]"#)
  }
}
