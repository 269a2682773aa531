import Testing

@testable import Objects

struct RecordUpdateTests {
  private typealias Fixture = ApplyFixture

  private static func entry(
    _ manager: String, _ fields: String, version: String = "v1", time: String? = Fixture.now,
    subresource: String = ""
  ) -> String {
    let end = subresource.isEmpty ? "" : #","subresource":"\#(subresource)""#
    return
      #"{"apiVersion":"\#(version)","fieldsType":"FieldsV1","fieldsV1":\#(fields),"manager":"\#(manager)","#
      + #""operation":"Update"\#(end)\#(time.map { #","time":"\#($0)""# } ?? "")}"#
  }

  private func update(
    _ live: JSON?, _ new: JSON, manager: String = "m", by fieldManager: FieldManager = Fixture.configMaps,
    at time: String = Fixture.now
  ) -> JSON {
    Fixture.stored(
      fieldManager.recordUpdate(live: live, new: new, manager: manager, time: Fixture.time(time)))
  }

  private static func configMap(_ data: String) -> JSON {
    Fixture.json(
      #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"n"},"data":\#(data)}"#)
  }

  /// Created objects with their defaults, and what their creators own: as recorded from a stock API server.
  @Test(arguments: [
    (
      "core/v1.Pod",
      #"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p1","labels":{"app":"p1"}},"spec":{"containers":[{"name":"c","#
        + #""image":"nginx","ports":[{"containerPort":80,"protocol":"TCP"}],"env":[{"name":"A","value":"1"},{"name":"B","#
        + #""valueFrom":{"fieldRef":{"apiVersion":"v1","fieldPath":"metadata.name"}}}],"resources":{},"livenessProbe":"#
        + #"{"httpGet":{"path":"/","port":80,"scheme":"HTTP"},"timeoutSeconds":1,"periodSeconds":10,"successThreshold":1,"#
        + #""failureThreshold":3},"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File","#
        + #""imagePullPolicy":"Always"}],"restartPolicy":"Always","terminationGracePeriodSeconds":30,"#
        + #""dnsPolicy":"ClusterFirst","securityContext":{},"schedulerName":"default-scheduler","#
        + #""enableServiceLinks":true},"status":{}}"#,
      #"{"f:metadata":{"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:containers":{"k:{\"name\":\"c\"}":{".":{},"f:env":"#
        + #"{".":{},"k:{\"name\":\"A\"}":{".":{},"f:name":{},"f:value":{}},"k:{\"name\":\"B\"}":{".":{},"f:name":{},"#
        + #""f:valueFrom":{".":{},"f:fieldRef":{}}}},"f:image":{},"f:imagePullPolicy":{},"f:livenessProbe":{".":{},"#
        + #""f:failureThreshold":{},"f:httpGet":{".":{},"f:path":{},"f:port":{},"f:scheme":{}},"f:periodSeconds":{},"#
        + #""f:successThreshold":{},"f:timeoutSeconds":{}},"f:name":{},"f:ports":{".":{},"#
        + #""k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{},"f:protocol":{}}},"#
        + #""f:resources":{},"f:terminationMessagePath":{},"f:terminationMessagePolicy":{}}},"f:dnsPolicy":{},"#
        + #""f:enableServiceLinks":{},"f:restartPolicy":{},"f:schedulerName":{},"f:securityContext":{},"#
        + #""f:terminationGracePeriodSeconds":{}}}"#
    ),
    (
      "apps/v1.Deployment",
      #"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d"},"spec":{"replicas":1,"selector":"#
        + #"{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","#
        + #""image":"x","resources":{},"terminationMessagePath":"/dev/termination-log","#
        + #""terminationMessagePolicy":"File","imagePullPolicy":"Always"}],"restartPolicy":"Always","#
        + #""terminationGracePeriodSeconds":30,"dnsPolicy":"ClusterFirst","securityContext":{},"#
        + #""schedulerName":"default-scheduler"}},"strategy":{"type":"RollingUpdate","rollingUpdate":"#
        + #"{"maxUnavailable":"25%","maxSurge":"25%"}},"revisionHistoryLimit":10,"progressDeadlineSeconds":600},"#
        + #""status":{"replicas":4}}"#,
      #"{"f:spec":{"f:progressDeadlineSeconds":{},"f:replicas":{},"f:revisionHistoryLimit":{},"f:selector":{},"#
        + #""f:strategy":{"f:rollingUpdate":{".":{},"f:maxSurge":{},"f:maxUnavailable":{}},"f:type":{}},"f:template":"#
        + #"{"f:metadata":{"f:labels":{".":{},"f:a":{}}},"f:spec":{"f:containers":{"k:{\"name\":\"c\"}":{".":{},"#
        + #""f:image":{},"f:imagePullPolicy":{},"f:name":{},"f:resources":{},"f:terminationMessagePath":{},"#
        + #""f:terminationMessagePolicy":{}}},"f:dnsPolicy":{},"f:restartPolicy":{},"f:schedulerName":{},"#
        + #""f:securityContext":{},"f:terminationGracePeriodSeconds":{}}}}}"#
    ),
    (
      "core/v1.ConfigMap",
      #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"l1","labels":{"i":"1"},"finalizers":["a.b/c"]}}"#,
      #"{"f:metadata":{"f:finalizers":{".":{},"v:\"a.b/c\"":{}},"f:labels":{".":{},"f:i":{}}}}"#
    ),
    (
      "apps/v1.Revision",
      #"{"apiVersion":"apps/v1","kind":"Revision","metadata":{"name":"r"},"data":{"spec":{"a":[{"name":"x"}],"b":{}}}}"#,
      #"{"f:data":{".":{},"f:spec":{".":{},"f:a":{},"f:b":{}}}}"#
    ),
  ])
  func `a creator owns what it set`(structure: String, object: String, fields: String) {
    let manager = Fixture.manager(structure, reset: .fields(FieldSet(named: ["status"])))
    let result = manager.recordUpdate(
      live: nil, new: Fixture.json(object), manager: "golden", time: Fixture.time())
    #expect(Fixture.managed(result) == "[\(Self.entry("golden", fields, version: manager.apiVersion))]")
    #expect(Fixture.bare(result) == Fixture.json(object).text)
  }

  @Test func `who changes a field takes it from the others`() {
    let one = update(nil, Self.configMap(#"{"a":"1","b":"2"}"#))
    #expect(
      Fixture.managed(one) == "[\(Self.entry("m", #"{"f:data":{".":{},"f:a":{},"f:b":{}}}"#))]")
    let later = "2026-11-23T21:29:50Z"
    let two = update(one, Self.configMap(#"{"a":"1","b":"3","c":"4"}"#), manager: "k", at: later)
    #expect(
      Fixture.managed(two)
        == "[\(Self.entry("m", #"{"f:data":{".":{},"f:a":{}}}"#)),"
        + "\(Self.entry("k", #"{"f:data":{"f:b":{},"f:c":{}}}"#, time: later))]")
    // What is removed is nobody's; the time of its owner stays.
    let three = update(two, Self.configMap(#"{"a":"1","c":"4"}"#), manager: "k", at: "2026-11-23T21:29:59Z")
    #expect(
      Fixture.managed(three)
        == "[\(Self.entry("m", #"{"f:data":{".":{},"f:a":{}}}"#)),"
        + "\(Self.entry("k", #"{"f:data":{"f:c":{}}}"#, time: later))]")
    // A manager has one entry, with the time of its last change.
    let four = update(three, Self.configMap(#"{"a":"1","c":"4","d":"5"}"#), manager: "m", at: later)
    #expect(
      Fixture.managed(four)
        == "[\(Self.entry("k", #"{"f:data":{"f:c":{}}}"#, time: later)),"
        + "\(Self.entry("m", #"{"f:data":{".":{},"f:a":{},"f:d":{}}}"#, time: later))]")
  }

  @Test func `a write without a change keeps the entries and their times`() {
    let one = update(nil, Self.configMap(#"{"a":"1"}"#))
    #expect(update(one, one, manager: "k", at: "2027-01-01T00:00:00Z") == one)
    // Also when the client does not send them back.
    #expect(update(one, Self.configMap(#"{"a":"1"}"#), manager: "k", at: "2027-01-01T00:00:00Z") == one)
  }

  @Test func `a status is owned through its subresource alone`() {
    let pod =
      #"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"b1"},"spec":{"containers":[{"name":"c"}]},"status":"#
    let live = update(
      nil,
      Fixture.json(
        pod
          + #"{"conditions":[{"type":"PodScheduled","status":"True","lastProbeTime":null,"lastTransitionTime":null}]}}"#
      ),
      by: Fixture.pods)
    let status = Fixture.manager(
      "core/v1.Pod", subresource: "status", reset: .fields(FieldSet(named: ["spec"], ["metadata", "labels"])))
    let new = Fixture.json(
      pod.replacing(#""c""#, with: #""other""#)
        + #"{"phase":"Running","podIP":"10.0.0.9","podIPs":[{"ip":"10.0.0.9"}],"conditions":[{"type":"Ready","#
        + #""status":"True","lastProbeTime":null,"lastTransitionTime":null},{"type":"PodScheduled","status":"True","#
        + #""lastProbeTime":null,"lastTransitionTime":null}],"containerStatuses":[{"name":"c"}]}}"#)
    #expect(
      Fixture.managed(update(live, new, by: status))
        == "[\(Self.entry("m", #"{"f:spec":{"f:containers":{"k:{\"name\":\"c\"}":{".":{},"f:name":{}}}}}"#)),"
        + Self.entry(
          "m",
          #"{"f:status":{"f:conditions":{"k:{\"type\":\"Ready\"}":{".":{},"f:lastProbeTime":{},"#
            + #""f:lastTransitionTime":{},"f:status":{},"f:type":{}}},"f:containerStatuses":{},"f:phase":{},"f:podIP":{},"#
            + #""f:podIPs":{".":{},"k:{\"ip\":\"10.0.0.9\"}":{".":{},"f:ip":{}}}}}"#, subresource: "status")
        + "]")
  }

  @Test func `patterns say what alone a subresource can change`() {
    let live = update(
      nil,
      Fixture.json(
        #"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"c"}]}}"#),
      by: Fixture.pods)
    let resize = Fixture.manager(
      "core/v1.Pod", subresource: "resize",
      reset: .allBut([[.field("spec"), .field("containers"), .any, .field("resources")]]))
    var new = live
    new["spec", "containers"] = Fixture.json(
      #"[{"name":"c","image":"x","resources":{"limits":{"cpu":"1"}}}]"#)
    new["spec", "dnsPolicy"] = "None"
    let fields =
      #"{"f:spec":{"f:containers":{"k:{\"name\":\"c\"}":{"f:resources":{".":{},"f:limits":{".":{},"f:cpu":{}}}}}}}"#
    #expect(
      Fixture.managed(update(live, new, by: resize)).hasSuffix(
        Self.entry("m", fields, subresource: "resize") + "]"))
  }

  private static let sent = entry("sent", #"{"f:data":{"f:x":{}}}"#, time: "2026-01-01T00:00:00Z")

  /// What a client sends as managed fields, and what there is after its write that changes nothing.
  @Test(
    arguments: [
      ("[]", ""), ("[{}]", ""), (#"[{"manager":"","time":null}]"#, ""),
      ("null", nil), ("[{},{}]", nil), (#"[{"manager":"x"}]"#, nil), ("1", nil), (#"["a"]"#, nil),
      ("[\(sent)]", "[\(sent)]"),
      ("[\(sent.replacing("FieldsV1\"", with: "FieldsV2\""))]", nil),
      ("[\(sent.replacing(#""Update""#, with: #""Patch""#))]", nil),
      ("[\(sent.replacing(#""v1""#, with: #""""#))]", nil),
      ("[\(sent.replacing("f:x", with: "x"))]", nil),
      ("[\(sent.replacing("2026-01-01T00:00:00Z", with: "yesterday"))]", nil),
      ("[\(sent),{}]", nil),
      // Versions that are not served have no fields.
      ("[\(sent),\(sent.replacing(#""v1""#, with: #""v1beta1""#))]", "[\(sent)]"),
      // Of one manager the last counts.
      ("[\(sent.replacing("f:x", with: "f:y")),\(sent)]", "[\(sent)]"),
    ] as [(String, String?)])
  func `managed fields that a client sends`(sent: String, result: String?) {
    let live = update(nil, Self.configMap(#"{"x":"1","y":"1"}"#))
    var new = live
    new["metadata", "managedFields"] = Fixture.json(sent)
    let after = update(live, new)
    #expect(Fixture.managed(after) == result ?? Fixture.managed(live))
    // Through a subresource they cannot be set at all.
    #expect(
      Fixture.managed(update(live, new, by: Fixture.manager("core/v1.ConfigMap", subresource: "status")))
        == Fixture.managed(live))
  }

  @Test func `an object without entries is not tracked`() {
    let live = Fixture.stored(Self.configMap(#"{"a":"1"}"#))
    let after = update(live, Self.configMap(#"{"a":"2"}"#))
    #expect(after == Fixture.stored(Self.configMap(#"{"a":"2"}"#)))
    // But one that is created is, even if its creator would clear them.
    var new = Self.configMap(#"{"a":"1"}"#)
    new["metadata", "managedFields"] = []
    #expect(Fixture.managed(update(nil, new)) == "[\(Self.entry("m", #"{"f:data":{".":{},"f:a":{}}}"#))]")
  }

  @Test func `the eleventh updater and the oldest become ancient changes`() {
    var object = update(nil, Self.configMap(#"{"a":"0"}"#), manager: "m0", at: "2026-01-01T00:00:00Z")
    for number in 1...10 {
      var new = object
      new["data", "k\(number)"] = "1"
      object = update(object, new, manager: "m\(number)", at: "2026-01-01T00:0\(number % 10):30Z")
    }
    // The tenth has the time of minute 0 and is the second oldest.
    let ancient = Self.entry(
      "ancient-changes", #"{"f:data":{".":{},"f:a":{},"f:k10":{}}}"#, time: "2026-01-01T00:00:30Z")
    let others = (1...9).map {
      Self.entry("m\($0)", #"{"f:data":{"f:k\#($0)":{}}}"#, time: "2026-01-01T00:0\($0):30Z")
    }
    #expect(Fixture.managed(object) == "[\(([ancient] + others).joined(separator: ","))]")
    var new = object
    new["data", "z"] = "1"
    object = update(object, new, manager: "z", at: "2026-01-01T01:00:00Z")
    let more = Self.entry(
      "ancient-changes", #"{"f:data":{".":{},"f:a":{},"f:k1":{},"f:k10":{}}}"#, time: "2026-01-01T00:01:30Z")
    let last = Self.entry("z", #"{"f:data":{"f:z":{}}}"#, time: "2026-01-01T01:00:00Z")
    #expect(Fixture.managed(object) == "[\(([more] + others.dropFirst() + [last]).joined(separator: ","))]")
  }

  @Test func `a manager without a name is unknown`() {
    #expect(
      Fixture.managed(update(nil, Self.configMap(#"{"a":"1"}"#), manager: "")).contains(
        #""manager":"unknown""#))
  }

  @Test(arguments: [
    ("given", "curl/8.1", "given"), ("", "kubectl/v1.36.0 (linux/amd64)", "kubectl"), ("", "", ""),
    ("", "/x", ""),
    ("", "My\u{7} Agent\u{a0}\u{200b}", "My Agent"),
    ("", String(repeating: "ü", count: 65), String(repeating: "ü", count: 64)),
  ])
  func `a manager is named by the request or its agent`(parameter: String, agent: String, name: String) {
    #expect(FieldManager.name(parameter: parameter, userAgent: agent) == name)
  }

  @Test func `parts of what is a whole become the whole`() {
    let live = update(
      nil,
      Fixture.json(
        #"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d"},"spec":{"selector":{"matchLabels":{"a":"b"}}}}"#
      ),
      by: Fixture.deployments)
    var new = live
    let parts = #"{"f:spec":{"f:selector":{"f:matchLabels":{"f:a":{}}}}}"#
    new["metadata", "managedFields"] = Fixture.json("[\(Self.entry("x", parts, version: "apps/v1"))]")
    #expect(
      Fixture.managed(update(live, new, by: Fixture.deployments))
        == "[\(Self.entry("x", #"{"f:spec":{"f:selector":{}}}"#, version: "apps/v1"))]")
  }

  @Test func `fields in another version are compared in that version`() {
    let manager = FieldManager(
      schema: Fixture.schema, shape: Fixture.shape("core/v1.ConfigMap"), apiVersion: "v1", kind: "ConfigMap"
    ) { object, _, version in
      // In it the data is immutable's place: only that it is another object matters.
      guard version == "v2" else { return nil }
      var other = object
      other["data"] = nil
      other["binaryData"] = object["data"]
      return FieldManager.Version(object: other, shape: Fixture.shape("core/v1.ConfigMap"))
    }
    var live = Fixture.stored(Self.configMap(#"{"a":"1","b":"1"}"#))
    let v2 = Self.entry("x", #"{"f:binaryData":{"f:a":{},"f:b":{}}}"#, version: "v2")
    live["metadata", "managedFields"] = Fixture.json("[\(v2)]")
    let after = update(live, Self.configMap(#"{"a":"2","b":"1"}"#), by: manager)
    #expect(
      Fixture.managed(after)
        == "[\(Self.entry("m", #"{"f:data":{"f:a":{}}}"#)),"
        + "\(Self.entry("x", #"{"f:binaryData":{"f:b":{}}}"#, version: "v2"))]")
  }

  @Test func `elements that cannot be told apart are owned together`() {
    let pod =
      #"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"c","env":"#
    func env(_ items: String) -> JSON { Fixture.json(pod + "[\(items)]}]}}") }
    func fields(_ env: String) -> String {
      "[\(Self.entry("m", #"{"f:spec":{"f:containers":{"k:{\"name\":\"c\"}":{".":{},"f:env":\#(env),"f:name":{}}}}}"#))]"
    }
    let twice = update(
      nil, env(#"{"name":"A","value":"1"},{"name":"A","value":"2"},{"name":"B"}"#), by: Fixture.pods)
    let all = #"{".":{},"k:{\"name\":\"A\"}":{},"k:{\"name\":\"B\"}":{".":{},"f:name":{}}}"#
    #expect(Fixture.managed(twice) == fields(all))
    let once = update(twice, env(#"{"name":"A","value":"2"},{"name":"B"}"#), by: Fixture.pods)
    #expect(
      Fixture.managed(once)
        == fields(
          #"{".":{},"k:{\"name\":\"A\"}":{".":{},"f:name":{},"f:value":{}},"k:{\"name\":\"B\"}":{".":{},"f:name":{}}}"#
        ))
    let changed = update(
      twice, env(#"{"name":"A","value":"1"},{"name":"A","value":"3"},{"name":"B"}"#), manager: "k",
      by: Fixture.pods)
    #expect(Fixture.managed(changed).contains(#"{"f:env":{"k:{\"name\":\"A\"}":{}}}"#))
    // Without a key nothing can be said: ownership stays.
    let without = update(once, env(#"{"value":"2"}"#), manager: "k", by: Fixture.pods)
    #expect(Fixture.managed(without) == Fixture.managed(once))
  }

  @Test func `times alone do not make another object`() {
    let live = update(nil, Self.configMap(#"{"a":"1"}"#))
    var new = live
    new["metadata", "managedFields"] = Fixture.json(
      Fixture.managed(live).replacing(Fixture.now, with: "2027-01-01T00:00:00Z"))
    #expect(FieldManager.keepingTimes(of: live, in: new) == live)
    var other = new
    other["data", "a"] = "2"
    #expect(FieldManager.keepingTimes(of: live, in: other) == other)
    var more = new
    more["metadata", "managedFields"] = Fixture.json(Fixture.managed(new).replacing("f:a", with: "f:b"))
    #expect(FieldManager.keepingTimes(of: live, in: more) == more)
    #expect(FieldManager.keepingTimes(of: live, in: Self.configMap("{}")) == Self.configMap("{}"))
  }

  @Test func `replicas change hands through the scale`() throws {
    let live = update(
      nil,
      Fixture.json(
        #"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d"},"spec":{"replicas":7,"paused":true}}"#
      ),
      manager: "golden", by: Fixture.deployments)
    let fields = try ScaleManagedFields(
      managedFields: live["metadata", "managedFields"], apiVersion: "apps/v1",
      replicas: ["apps/v1": ["spec", "replicas"]])
    #expect(
      fields.scale?.text
        == "[\(Self.entry("golden", #"{"f:spec":{"f:replicas":{}}}"#, version: "autoscaling/v1"))]")
    var before = Fixture.json(
      #"{"apiVersion":"autoscaling/v1","kind":"Scale","metadata":{"name":"d","uid":"u"},"spec":{"replicas":7}}"#
    )
    before["metadata", "managedFields"] = fields.scale
    var after = before
    after["spec", "replicas"] = 3
    let scales = Fixture.manager("autoscaling/v1.Scale", subresource: "scale")
    let scaled = scales.recordUpdate(live: before, new: after, manager: "golden", time: Fixture.time())
    // The entry of the scale has no time on the resource.
    #expect(
      try fields.parent(after: scaled["metadata", "managedFields"])?.text
        == "[\(Self.entry("golden", #"{"f:spec":{"f:replicas":{}}}"#, version: "apps/v1", time: nil, subresource: "scale")),"
        + "\(Self.entry("golden", #"{"f:spec":{"f:paused":{}}}"#, version: "apps/v1"))]")
    // Nothing is taken where nothing changed.
    #expect(
      try fields.parent(after: before["metadata", "managedFields"]) == live["metadata", "managedFields"])
  }
}
