import Testing

@testable import Objects

@Suite struct ObjectDecoderTests {
  private let decoder = ObjectDecoder()

  private func shape(_ structure: String) throws -> Schema.Shape {
    try #require(Schema.builtIn.shape(of: structure))
  }

  private func decode(_ text: String, as structure: String) throws -> ObjectDecoder.Decoded {
    try decoder.decode(Array(text.utf8), as: shape(structure))
  }

  // MARK: Fields

  @Test func unknownAndRepeatedFieldsInTheOrderOfTheText() throws {
    let text = #"""
      {"apiVersion":"v1","kind":"Pod","metadata":{"name":"fv","labels":{"a":"1","a":"2"}},
       "spec":{"nope":1,"containers":[{"name":"c","image":"x","image":"y","zzz":true}]},"Spec":{}}
      """#
    let decoded = try decode(text, as: "core/v1.Pod")
    #expect(
      decoded.problems == [
        #"duplicate field "metadata.labels.a""#, #"unknown field "spec.nope""#,
        #"duplicate field "spec.containers[0].image""#, #"unknown field "spec.containers[0].zzz""#,
        #"unknown field "Spec""#,
      ])
    #expect(decoded.value["metadata", "labels", "a"] == "2")
    #expect(decoded.value["spec", "nope"] == nil)
    #expect(
      decoded.value["spec", "containers"]?.array?.first?.object?.keys.sorted() == [
        "image", "name", "resources",
      ])
    #expect(
      DecodeError.strict(Array(decoded.problems[1...2]))
        == #"strict decoding error: unknown field "spec.nope", duplicate field "spec.containers[0].image""#)
  }

  @Test func whatIsKeptAsItIsIsNotLookedInto() throws {
    let text = #"""
      {"metadata":{"managedFields":[{"fieldsV1":{"f:a":{},"f:a":{}}}]},"zzz":{"a":1,"a":2},"zzz":1,"revision":1,
       "data":{"b":1,"b":2}}
      """#
    let decoded = try decode(text, as: "apps/v1.ControllerRevision")
    #expect(decoded.problems == [#"unknown field "zzz""#])
    #expect(decoded.value["data"] == ["b": 2])
  }

  @Test func onlySoManyProblemsAreReported() throws {
    let text = "{" + (0..<150).map { "\"x\($0)\":1" }.joined(separator: ",") + "}"
    let problems = try decode(text, as: "core/v1.ConfigMap").problems
    #expect(problems.count == 100)
    #expect(problems[2] == #"unknown field "x2""#)
  }

  // MARK: Errors

  @Test(arguments: [
    (
      #"{"spec":{"containers":[{"name":"c","ports":"x"}]}}"#,
      "json: cannot unmarshal string into Go struct field Container.spec.containers.ports of type []v1.ContainerPort"
    ),
    (
      #"{"metadata":{"name":true}}"#,
      "json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.name of type string"
    ),
    (
      #"{"metadata":{"labels":{"a":1}}}"#,
      "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string"
    ),
    (
      #"{"metadata":{"labels":["a"]}}"#,
      "json: cannot unmarshal array into Go struct field ObjectMeta.metadata.labels of type map[string]string"
    ),
    (
      #"{"metadata":{"uid":{}}}"#,
      "json: cannot unmarshal object into Go struct field ObjectMeta.metadata.uid of type types.UID"
    ),
    (
      #"{"spec":{"containers":[{"args":["a",1]}]}}"#,
      "json: cannot unmarshal number into Go struct field Container.spec.containers.args of type string"
    ),
    (
      #"{"spec":{"containers":[5]}}"#,
      "json: cannot unmarshal number into Go struct field PodSpec.spec.containers of type v1.Container"
    ),
    (
      #"{"spec":{"containers":[{"ports":[{"protocol":1}]}]}}"#,
      "json: cannot unmarshal number into Go struct field ContainerPort.spec.containers.ports.protocol of type v1.Protocol"
    ),
    (
      #"{"spec":{"containers":[{"ports":[{"containerPort":80.0}]}]}}"#,
      "json: cannot unmarshal number 80.0 into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32"
    ),
    (
      #"{"spec":{"containers":[{"ports":[{"containerPort": 4294967296 }]}]}}"#,
      "json: cannot unmarshal number 4294967296 into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32"
    ),
    (
      #"{"spec":{"activeDeadlineSeconds":1e99}}"#,
      "json: cannot unmarshal number 1e99 into Go struct field PodSpec.spec.activeDeadlineSeconds of type int64"
    ),
    (
      #"{"spec":{"hostNetwork":"true"}}"#,
      "json: cannot unmarshal string into Go struct field PodSpec.spec.hostNetwork of type bool"
    ),
    (
      #"{"spec":{"containers":[{"livenessProbe":{"httpGet":{"port":true}}}]}}"#,
      "json: cannot unmarshal bool into Go struct field HTTPGetAction.spec.containers.livenessProbe.httpGet.port of type int32"
    ),
    (
      #"{"spec":{"containers":[{"resources":{"limits":{"cpu":"abc"}}}]}}"#,
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
    ),
    (
      #"{"spec":{"containers":[{"resources":{"limits":{"cpu":"1x"}}}]}}"#,
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
    ),
    (
      #"{"spec":{"containers":[{"resources":{"limits":{"cpu":"1mm"}}}]}}"#,
      "unable to parse quantity's suffix"
    ),
    (
      #"{"spec":{"containers":[{"resources":{"limits":5}}]}}"#,
      "json: cannot unmarshal number into Go struct field ResourceRequirements.spec.containers.resources.limits of type v1.ResourceList"
    ),
    (
      #"{"metadata":{"creationTimestamp":"now"}}"#,
      #"parsing time "now" as "2006-01-02T15:04:05Z07:00": cannot parse "now" as "2006""#
    ),
    (
      #"{"metadata":{"creationTimestamp":5}}"#,
      "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.creationTimestamp of type string"
    ),
    ("[]", "json: cannot unmarshal array into Go value of type v1.Pod"),
    (#"{"metadata":"#, "unexpected end of JSON input"),
  ])
  func errors(text: String, message: String) {
    #expect(throws: DecodeError(message)) { try decode(text, as: "core/v1.Pod") }
  }

  @Test func theFirstErrorOfTheTextIsReportedButOneThatStopsComesFirst() {
    let spec = #""spec":{"hostNetwork":1}"#
    let metadata = #""metadata":{"name":1}"#
    let name = "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.name of type string"
    let network = "json: cannot unmarshal number into Go struct field PodSpec.spec.hostNetwork of type bool"
    #expect(throws: DecodeError(name)) { try decode("{\(metadata),\(spec)}", as: "core/v1.Pod") }
    #expect(throws: DecodeError(network)) { try decode("{\(spec),\(metadata)}", as: "core/v1.Pod") }
    let status = #""status":{"startTime":{}}"#
    #expect(
      throws: DecodeError(
        "json: cannot unmarshal object into Go struct field PodStatus.status.startTime of type string")
    ) { try decode("{\(spec),\(metadata),\(status)}", as: "core/v1.Pod") }
  }

  @Test func bytesMustBeBase64() throws {
    #expect(throws: DecodeError("illegal base64 data at input byte 0")) {
      try decode(#"{"data":{"a":"***"}}"#, as: "core/v1.Secret")
    }
    #expect(
      throws: DecodeError("json: cannot unmarshal number into Go struct field Secret.data of type []uint8")
    ) { try decode(#"{"data":{"a":1}}"#, as: "core/v1.Secret") }
    let secret = try decode(#"{"data":{"a":"QR==","b":"YW\nJj","c":null,"d":[97,98]}}"#, as: "core/v1.Secret")
      .value
    #expect(secret["data"] == ["a": "QQ==", "b": "YWJj", "c": "", "d": "YWI="])
  }

  @Test func typeMeta() throws {
    func failure(_ body: String) -> String? {
      do throws(DecodeError) {
        _ = try TypeMeta.parsing(Array(body.utf8))
        return nil
      } catch {
        return error.description
      }
    }
    let (meta, document) = try TypeMeta.parsing(Array(#"{"kind":"Deployment","apiVersion":"apps/v1"}"#.utf8))
    #expect((meta.kind, meta.group, meta.version) == ("Deployment", "apps", "v1"))
    #expect(document.value["kind"] == "Deployment")
    #expect(try TypeMeta(["apiVersion": "v1", "kind": .null]).group == "")
    #expect(try TypeMeta(["apiVersion": "v1", "kind": .null]).version == "v1")
    #expect(try TypeMeta(.null).kind == "")
    let prefix = "couldn't get version/kind; json parse error: "
    #expect(failure("") == prefix + "unexpected end of JSON input")
    #expect(
      failure("[]") == prefix
        + #"json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }"#
    )
    #expect(
      failure(#"{"kind":1}"#) == prefix
        + "json: cannot unmarshal number into Go struct field .kind of type string")
  }

  @Test func answersToBodiesThatCannotBeUsed() {
    let reason = "couldn't get version/kind; json parse error: unexpected end of JSON input"
    let start = "the object provided is unrecognized (must be of type Pod): \(reason) "
    for (body, summary) in [
      ("", "(<empty>)"), (#"{"a":"#, #"({"a":)"#), ("apiVersion: v1", "(61706956657273696f6e3a207631)"),
      (#"{"0123456789012345678901234567890"#, #"({"0123456789012345678901234567 ...)"#),
    ] {
      #expect(DecodeError.unrecognized(Array(body.utf8), expecting: "Pod", reason) == start + summary)
    }
    #expect(
      DecodeError.cannotBeHandled(kind: "Pod", version: "v1", as: "Pod", "x")
        == #"Pod in version "v1" cannot be handled as a Pod: x"#)
    #expect(
      DecodeError.notRegistered(kind: "Pod", apiVersion: "v9")
        == #"no kind "Pod" is registered for version "v9" in scheme "#
        + #""k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30""#)
    #expect(
      DecodeError.notConvertible(kind: "Service", version: "v1", to: "Pod", of: "")
        == "converting (v1.Service) to (core.Pod): unknown conversion")
  }

  // MARK: The canonical form

  @Test(arguments: [
    // Empty values of fields that are omitted then, null and absent alike.
    (
      "core/v1.ConfigMap", #"{"data":{},"immutable":null,"metadata":{"name":"","labels":{}}}"#,
      #"{"metadata":{}}"#
    ),
    (
      "core/v1.ConfigMap", #"{"immutable":false,"data":{"a":null}}"#,
      #"{"data":{"a":""},"immutable":false,"metadata":{}}"#
    ),
    // Zero values where a field always is; a pointer is null.
    (
      "apps/v1.Deployment", "{}",
      #"{"metadata":{},"spec":{"selector":null,"strategy":{},"template":{"metadata":{},"spec":{"containers":null}}},"status":{}}"#
    ),
    (
      "core/v1.Container", #"{"stdin":false,"args":[],"securityContext":{},"image":""}"#,
      #"{"name":"","resources":{},"securityContext":{}}"#
    ),
    ("core/v1.ContainerPort", #"{"hostPort":0}"#, #"{"containerPort":0}"#),
    (
      "apps/v1.ReplicaSetSpec", #"{"replicas":0,"minReadySeconds":0,"selector":{}}"#,
      #"{"replicas":0,"selector":{},"template":{"metadata":{},"spec":{"containers":null}}}"#
    ),
    ("rbac/v1.Role", #"{"rules":[]}"#, #"{"metadata":{},"rules":null}"#),
    (
      "core/v1.TypedObjectReference", #"{"kind":"A","name":"b"}"#, #"{"apiGroup":null,"kind":"A","name":"b"}"#
    ),
    // Types that write themselves are never omitted, unless behind a pointer.
    (
      "core/v1.PodCondition", #"{"type":"Ready","status":"True"}"#,
      #"{"lastProbeTime":null,"lastTransitionTime":null,"status":"True","type":"Ready"}"#
    ),
    ("core/v1.ServicePort", #"{"port":80}"#, #"{"port":80,"targetPort":0}"#),
    (
      "core/v1.ResourceFieldSelector", #"{"resource":"limits.cpu"}"#,
      #"{"divisor":"0","resource":"limits.cpu"}"#
    ),
    ("meta/v1.ObjectMeta", #"{"creationTimestamp":null,"deletionTimestamp":null}"#, "{}"),
    ("meta/v1.ObjectMeta", #"{"creationTimestamp":"0001-01-01T00:00:00Z"}"#, "{}"),
    ("core/v1.EmptyDirVolumeSource", #"{"sizeLimit":0}"#, #"{"sizeLimit":"0"}"#),
    ("apps/v1.ControllerRevision", #"{"revision":1}"#, #"{"data":null,"metadata":{},"revision":1}"#),
    (
      "metrics/v1beta1.PodMetrics",
      #"{"window":"90s","timestamp":null,"containers":[{"name":"a","usage":{}}]}"#,
      #"{"containers":[{"name":"a","usage":null}],"metadata":{},"timestamp":null,"window":"1m30s"}"#
    ),
    // One form for quantities and times.
    (
      "core/v1.ResourceRequirements", #"{"limits":{"cpu":0.5,"memory":"1024Mi","x":1,"y":null}}"#,
      #"{"limits":{"cpu":"500m","memory":"1Gi","x":"1","y":"0"}}"#
    ),
    (
      "meta/v1.ObjectMeta", #"{"creationTimestamp":"2026-01-01T02:00:00.5+02:00"}"#,
      #"{"creationTimestamp":"2026-01-01T00:00:00Z"}"#
    ),
    (
      "coordination/v1.LeaseSpec", #"{"renewTime":"2026-01-01T00:00:00.123456Z","holderIdentity":""}"#,
      #"{"holderIdentity":"","renewTime":"2026-01-01T00:00:00.123456Z"}"#
    ),
    ("core/v1.ServicePort", #"{"port":80,"targetPort":"http"}"#, #"{"port":80,"targetPort":"http"}"#),
    // Nothing in a list stands for an empty element.
    (
      "core/v1.PodSpec", #"{"containers":[null],"tolerations":[null,{}],"nodeSelector":{"a":null}}"#,
      #"{"containers":[{"name":"","resources":{}}],"nodeSelector":{"a":""},"tolerations":[{},{}]}"#
    ),
    ("meta/v1.ObjectMeta", #"{"finalizers":[null,"a"]}"#, #"{"finalizers":["","a"]}"#),
    // Schemas of custom resources.
    (
      "apiextensions/v1.JSONSchemaProps",
      #"{"additionalProperties":true,"default":0,"minimum":1.0,"maximum":2.5,"enum":[null,1.5,{"a":null}],"minLength":0}"#,
      #"{"additionalProperties":true,"default":0,"enum":[null,1.5,{"a":null}],"maximum":2.5,"minLength":0,"minimum":1}"#
    ),
    (
      "apiextensions/v1.JSONSchemaProps",
      #"{"items":{"type":"string","nope":1,"title":""},"additionalProperties":{"type":"","x":{}}}"#,
      #"{"additionalProperties":{},"items":{"type":"string"}}"#
    ),
    (
      "apiextensions/v1.JSONSchemaProps",
      #"{"items":[{"title":""},{"type":"a"}],"dependencies":{"a":["b"]}}"#,
      #"{"dependencies":{"a":["b"]},"items":[{},{"type":"a"}]}"#
    ),
  ])
  func canonical(structure: String, text: String, canonical: String) throws {
    let decoded = try decode(text, as: structure)
    #expect(decoded.value.text == canonical)
    #expect(decoded.problems == [])
    #expect(try decoder.decode(decoded.value, as: shape(structure)).value == decoded.value)
  }

  @Test func schemasThatAreNone() {
    #expect(throws: DecodeError("boolean or JSON schema expected")) {
      try decode(#"{"additionalProperties":"x"}"#, as: "apiextensions/v1.JSONSchemaProps")
    }
  }

  @Test func aPartIsPrunedWithoutErrors() throws {
    let template: JSON = [
      "metadata": ["labels": ["a": "b"], "nope": 1],
      "spec": ["containers": [["name": "c", "ports": "x", "image": ""]], "hostNetwork": 5, "zzz": [:]],
    ]
    #expect(
      decoder.prune(template, as: try shape("core/v1.PodTemplateSpec")).text
        == #"{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","resources":{}}]}}"#)
    #expect(decoder.prune(["a": 1, "b": "2"], as: .map(.string, isAtomic: false)) == ["a": "", "b": "2"])
    #expect(decoder.prune("x", as: .list(.string, .atomic)) == .null)
  }

  @Test func deepSchemasAreDecoded() throws {
    let depth = (JSON.maximumDepth - 2) / 2
    let text =
      String(repeating: #"{"properties":{"a":"#, count: depth) + "{}" + String(repeating: "}}", count: depth)
    #expect(try decode(text, as: "apiextensions/v1.JSONSchemaProps").value.text == text)
  }
}
