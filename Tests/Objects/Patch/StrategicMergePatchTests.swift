import Testing

@testable import Objects

/// A few of Kubernetes' types, with the patch strategies they have there.
enum PatchedTypes {
  static let schema = Schema(structures: [
    Schema.Structure(
      name: "apps/v1.Deployment",
      fields: [
        field("metadata", .structure(1)), field("spec", .structure(2)), field("status", .structure(11)),
      ]),
    Schema.Structure(
      name: "meta/v1.ObjectMeta",
      fields: [
        field("name", .string), field("labels", .map(.string, isAtomic: false)),
        field("annotations", .map(.string, isAtomic: false)),
        field("finalizers", .list(.string, .set), merges: true),
        field("ownerReferences", .list(.structure(10), .map(keys: ["uid"])), merges: true, key: "uid"),
      ]),
    Schema.Structure(
      name: "apps/v1.DeploymentSpec",
      fields: [
        field("replicas", .int32), field("paused", .boolean), field("template", .structure(3)),
        field("strategy", .structure(9), retainsKeys: true),
        field("selector", .structure(12), replaces: true),
        field("raw", .rawObject), field("any", .any), field("limits", .map(.quantity, isAtomic: false)),
        field("groups", .map(.list(.string, .atomic), isAtomic: false)),
        field("pools", .map(.structure(4), isAtomic: false)),
        field("lists", .list(.list(.string, .atomic), .atomic), merges: true),
        field("keyless", .list(.structure(10), .atomic), merges: true),
      ]),
    Schema.Structure(
      name: "core/v1.PodTemplateSpec",
      fields: [field("metadata", .structure(1)), field("spec", .structure(4))]),
    Schema.Structure(
      name: "core/v1.PodSpec",
      fields: [
        field("restartPolicy", .string),
        field("containers", .list(.structure(5), .map(keys: ["name"])), merges: true, key: "name"),
        field(
          "volumes", .list(.structure(8), .map(keys: ["name"])), merges: true, retainsKeys: true, key: "name"),
        field("tolerations", .list(.structure(13), .atomic)),
        field("nodeSelector", .map(.string, isAtomic: true)),
      ]),
    Schema.Structure(
      name: "core/v1.Container",
      fields: [
        field("name", .string), field("image", .string), field("args", .list(.string, .atomic)),
        field("env", .list(.structure(6), .map(keys: ["name"])), merges: true, key: "name"),
        field(
          "ports", .list(.structure(7), .map(keys: ["containerPort", "protocol"])), merges: true,
          key: "containerPort"),
      ]),
    Schema.Structure(name: "core/v1.EnvVar", fields: [field("name", .string), field("value", .string)]),
    Schema.Structure(
      name: "core/v1.ContainerPort",
      fields: [field("containerPort", .int32), field("protocol", .string), field("name", .string)]),
    Schema.Structure(
      name: "core/v1.Volume",
      fields: [
        field("name", .string), field("emptyDir", .structure(14)), field("hostPath", .structure(14)),
      ]),
    Schema.Structure(
      name: "apps/v1.DeploymentStrategy",
      fields: [field("type", .string), field("rollingUpdate", .structure(14))]),
    Schema.Structure(
      name: "meta/v1.OwnerReference", fields: [field("uid", .string), field("kind", .string)]),
    Schema.Structure(
      name: "apps/v1.DeploymentStatus",
      fields: [field("conditions", .list(.structure(15), .map(keys: ["type"])), merges: true, key: "type")]),
    Schema.Structure(
      name: "meta/v1.LabelSelector", fields: [field("matchLabels", .map(.string, isAtomic: false))]),
    Schema.Structure(name: "core/v1.Toleration", fields: [field("key", .string), field("effect", .string)]),
    Schema.Structure(
      name: "core/v1.Source", fields: [field("path", .string), field("maxSurge", .intOrString)]),
    Schema.Structure(
      name: "apps/v1.DeploymentCondition", fields: [field("type", .string), field("status", .string)]),
  ])

  static let patch = StrategicMergePatch(schema: schema)
  static let deployment = Schema.Shape.structure(0)
  static let metadata = Schema.Shape.structure(1)
  static let spec = Schema.Shape.structure(2)
  static let pod = Schema.Shape.structure(4)

  private static func field(
    _ name: String, _ shape: Schema.Shape, merges: Bool = false, retainsKeys: Bool = false,
    replaces: Bool = false,
    key: String? = nil
  ) -> Schema.Field {
    var field = Schema.Field(name: name, shape: shape)
    field.patchStrategy = Schema.PatchStrategy(merges: merges, retainsKeys: retainsKeys, replaces: replaces)
    field.mergeKey = key
    return field
  }
}

@Suite("Strategic merge patch")
struct StrategicMergePatchTests {
  struct Example: Sendable, CustomTestStringConvertible {
    let what: String
    let shape: Schema.Shape
    let object: String
    let patch: String
    let result: String
    var testDescription: String { what }
  }

  private static func pod(_ what: String, _ object: String, _ patch: String, _ result: String) -> Example {
    Example(what: what, shape: PatchedTypes.pod, object: object, patch: patch, result: result)
  }

  private static func spec(_ what: String, _ object: String, _ patch: String, _ result: String) -> Example {
    Example(what: what, shape: PatchedTypes.spec, object: object, patch: patch, result: result)
  }

  private static func metadata(_ what: String, _ object: String, _ patch: String, _ result: String) -> Example
  {
    Example(what: what, shape: PatchedTypes.metadata, object: object, patch: patch, result: result)
  }

  static let objects = [
    spec("null is no patch", #"{"replicas":1}"#, "null", #"{"replicas":1}"#),
    spec("empty", #"{"replicas":1}"#, "{}", #"{"replicas":1}"#),
    spec("scalars", #"{"replicas":1,"paused":true}"#, #"{"replicas":2}"#, #"{"paused":true,"replicas":2}"#),
    spec("null deletes", #"{"replicas":1}"#, #"{"replicas":null}"#, "{}"),
    spec("null deletes nothing", #"{"replicas":1}"#, #"{"paused":null}"#, #"{"replicas":1}"#),
    spec("another type", #"{"replicas":1}"#, #"{"replicas":"x"}"#, #"{"replicas":"x"}"#),
    spec("a number for an integer", #"{"replicas":1}"#, #"{"replicas":1.5}"#, #"{"replicas":1.5}"#),
    spec(
      "an object for a scalar", #"{"replicas":1}"#, #"{"replicas":{"a":1,"b":null}}"#,
      #"{"replicas":{"a":1}}"#),
    spec("a scalar for an object", #"{"template":{}}"#, #"{"template":1}"#, #"{"template":1}"#),
    spec("a list for an object", #"{"template":{}}"#, #"{"template":[{"a":null}]}"#, #"{"template":[{}]}"#),
    spec("a value for null", #"{"template":null}"#, #"{"template":{"a":null}}"#, #"{"template":{}}"#),
    spec(
      "a field nobody knows", #"{"x":{"a":1,"b":[1]}}"#, #"{"x":{"b":[2],"c":3}}"#,
      #"{"x":{"a":1,"b":[2],"c":3}}"#),
    spec(
      "nested", #"{"template":{"metadata":{"labels":{"a":"b"}}}}"#,
      #"{"template":{"metadata":{"labels":{"x":"y"},"annotations":null}}}"#,
      #"{"template":{"metadata":{"labels":{"a":"b","x":"y"}}}}"#),
    spec(
      "a map", #"{"limits":{"a":1,"b":"2"}}"#, #"{"limits":{"a":"3","b":null}}"#, #"{"limits":{"a":"3"}}"#),
    spec(
      "lists in a map are replaced", #"{"groups":{"a":["x"]}}"#, #"{"groups":{"a":["y"]}}"#,
      #"{"groups":{"a":["y"]}}"#),
    spec(
      "structures in a map merge", #"{"pools":{"a":{"containers":[{"name":"c","image":"x"}]}}}"#,
      #"{"pools":{"a":{"containers":[{"name":"c","args":[]}]}}}"#,
      #"{"pools":{"a":{"containers":[{"args":[],"image":"x","name":"c"}]}}}"#),
    spec(
      "a raw object", #"{"raw":{"a":{"b":1},"l":[{"name":"x"}]}}"#,
      #"{"raw":{"a":{"c":2},"l":[{"name":"y"}]}}"#,
      #"{"raw":{"a":{"b":1,"c":2},"l":[{"name":"y"}]}}"#),
    spec("anything", #"{"any":{"a":{"b":1}}}"#, #"{"any":{"a":{"b":null}}}"#, #"{"any":{"a":{}}}"#),
    spec(
      "what is new loses its nulls", "{}", #"{"raw":{"a":null,"b":[null,{"c":null}]}}"#,
      #"{"raw":{"b":[null,{}]}}"#),
    spec(
      "replaced as a whole by strategy", #"{"selector":{"matchLabels":{"a":"b"}}}"#,
      #"{"selector":{"matchLabels":{"c":"d"}}}"#, #"{"selector":{"matchLabels":{"c":"d"}}}"#),
    spec(
      "$patch: replace", #"{"template":{"metadata":{"name":"x"},"spec":{"restartPolicy":"Always"}}}"#,
      #"{"template":{"$patch":"replace","spec":{"restartPolicy":null}}}"#,
      #"{"template":{"spec":{"restartPolicy":null}}}"#),
    spec(
      "$patch: replace at the top", #"{"replicas":1}"#, #"{"$patch":"replace","paused":true}"#,
      #"{"paused":true}"#),
    spec(
      "$patch: delete empties", #"{"template":{"spec":{}}}"#, #"{"template":{"$patch":"delete"}}"#,
      #"{"template":{}}"#),
    spec("$patch: delete at the top", #"{"replicas":1}"#, #"{"$patch":"delete"}"#, "{}"),
    spec(
      "$patch where nothing is", #"{"replicas":1}"#, #"{"template":{"$patch":"delete"}}"#, #"{"replicas":1}"#),
    spec(
      "$patch inside what is new", "{}",
      #"{"template":{"spec":{"containers":[{"name":"a","$patch":"delete"},{"name":"b"}]}}}"#,
      #"{"template":{"spec":{"containers":[{"name":"b"}]}}}"#),
    spec(
      "$retainKeys", #"{"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":"25%"}}}"#,
      #"{"strategy":{"$retainKeys":["type"],"type":"Recreate"}}"#, #"{"strategy":{"type":"Recreate"}}"#),
    spec(
      "$retainKeys without a change", #"{"strategy":{"type":"RollingUpdate","rollingUpdate":{}}}"#,
      #"{"strategy":{"$retainKeys":["type",1],"rollingUpdate":null}}"#,
      #"{"strategy":{"type":"RollingUpdate"}}"#),
    spec(
      "$retainKeys of nothing", #"{"strategy":{"type":"x"}}"#, #"{"strategy":{"$retainKeys":[]}}"#,
      #"{"strategy":{}}"#),
    spec(
      "$retainKeys without the strategy", #"{"template":{"metadata":{},"spec":{}}}"#,
      #"{"template":{"$retainKeys":["spec"]}}"#, #"{"template":{"spec":{}}}"#),
  ]

  static let lists = [
    pod(
      "a new element comes first", #"{"containers":[{"name":"c","image":"x"}]}"#,
      #"{"containers":[{"name":"e","image":"z","env":[{"name":"A","value":"1"}]}]}"#,
      #"{"containers":[{"env":[{"name":"A","value":"1"}],"image":"z","name":"e"},{"image":"x","name":"c"}]}"#),
    pod(
      "an element by its key", #"{"containers":[{"name":"a","image":"x"},{"name":"b","image":"y"}]}"#,
      #"{"containers":[{"name":"b","image":"z"}]}"#,
      #"{"containers":[{"image":"x","name":"a"},{"image":"z","name":"b"}]}"#),
    pod(
      "lists in lists",
      #"{"containers":[{"name":"e","env":[{"name":"A","value":"1"},{"name":"B","value":"2"}]}]}"#,
      #"{"containers":[{"name":"e","env":[{"name":"B","value":"3"}]}]}"#,
      #"{"containers":[{"env":[{"name":"A","value":"1"},{"name":"B","value":"3"}],"name":"e"}]}"#),
    pod(
      "the order of the patch", #"{"containers":[{"name":"a"},{"name":"b"},{"name":"c"}]}"#,
      #"{"containers":[{"name":"c"},{"name":"a"}]}"#,
      #"{"containers":[{"name":"b"},{"name":"c"},{"name":"a"}]}"#),
    pod(
      "new ones between", #"{"containers":[{"name":"a"},{"name":"b"}]}"#,
      #"{"containers":[{"name":"n"},{"name":"b"},{"name":"m"}]}"#,
      #"{"containers":[{"name":"n"},{"name":"a"},{"name":"b"},{"name":"m"}]}"#),
    pod(
      "to an empty list", #"{"containers":[]}"#, #"{"containers":[{"name":"b"},{"name":"a"}]}"#,
      #"{"containers":[{"name":"b"},{"name":"a"}]}"#),
    pod(
      "an empty list changes nothing", #"{"containers":[{"name":"a"}]}"#, #"{"containers":[]}"#,
      #"{"containers":[{"name":"a"}]}"#),
    pod("both empty", #"{"containers":[]}"#, #"{"containers":[]}"#, #"{"containers":[]}"#),
    pod("null deletes a list", #"{"containers":[{"name":"a"}]}"#, #"{"containers":null}"#, "{}"),
    pod(
      "nulls of an element", #"{"containers":[{"name":"a","image":"x"}]}"#,
      #"{"containers":[{"name":"a","image":null}]}"#,
      #"{"containers":[{"name":"a"}]}"#),
    pod(
      "twice the same new key", #"{"containers":[{"name":"a"}]}"#,
      #"{"containers":[{"name":"b","image":"x"},{"name":"b","args":[]}]}"#,
      #"{"containers":[{"args":[],"image":"x","name":"b"},{"name":"a"}]}"#),
    pod(
      "twice the same key in the object: the first",
      #"{"containers":[{"name":"c","ports":[{"containerPort":53,"protocol":"TCP"},{"containerPort":53,"protocol":"UDP"}]}]}"#,
      #"{"containers":[{"name":"c","ports":[{"containerPort":53,"name":"dns"}]}]}"#,
      #"{"containers":[{"name":"c","ports":[{"containerPort":53,"name":"dns","protocol":"TCP"},{"containerPort":53,"protocol":"UDP"}]}]}"#
    ),
    pod(
      "a key of another type is another", #"{"containers":[{"name":"c","ports":[{"containerPort":53}]}]}"#,
      #"{"containers":[{"name":"c","ports":[{"containerPort":"53"}]}]}"#,
      #"{"containers":[{"name":"c","ports":[{"containerPort":"53"},{"containerPort":53}]}]}"#),
    pod(
      "atomic lists are replaced", #"{"tolerations":[{"key":"a"},{"key":"b"}]}"#,
      #"{"tolerations":[{"key":"c"}]}"#,
      #"{"tolerations":[{"key":"c"}]}"#),
    pod(
      "atomic lists of scalars", #"{"containers":[{"name":"c","args":["a","b"]}]}"#,
      #"{"containers":[{"name":"c","args":["b"]}]}"#, #"{"containers":[{"args":["b"],"name":"c"}]}"#),
    pod(
      "$patch: delete", #"{"containers":[{"name":"e"},{"name":"c"}]}"#,
      #"{"containers":[{"name":"e","$patch":"delete"}]}"#,
      #"{"containers":[{"name":"c"}]}"#),
    pod(
      "$patch: delete all with the key",
      #"{"containers":[{"name":"c","ports":[{"containerPort":1,"protocol":"TCP"},{"containerPort":2},{"containerPort":1}]}]}"#,
      #"{"containers":[{"name":"c","ports":[{"$patch":"delete","containerPort":1}]}]}"#,
      #"{"containers":[{"name":"c","ports":[{"containerPort":2}]}]}"#),
    pod(
      "$patch: delete and add", #"{"containers":[{"name":"a","image":"x"},{"name":"b"}]}"#,
      #"{"containers":[{"name":"a","$patch":"delete"},{"name":"a","args":[]}]}"#,
      #"{"containers":[{"args":[],"name":"a"},{"name":"b"}]}"#),
    pod(
      "$patch: delete what is not there", #"{"containers":[{"name":"a"}]}"#,
      #"{"containers":[{"name":"z","$patch":"delete"}]}"#,
      #"{"containers":[{"name":"a"}]}"#),
    pod(
      "$patch: delete the last", #"{"containers":[{"name":"a"}]}"#,
      #"{"containers":[{"name":"a","$patch":"delete"}]}"#,
      #"{"containers":[]}"#),
    pod(
      "$patch: replace in a list", #"{"containers":[{"name":"a"},{"name":"b"}]}"#,
      #"{"containers":[{"name":"z","image":"q"},{"$patch":"replace"},{"name":"y"}]}"#,
      #"{"containers":[{"image":"q","name":"z"},{"name":"y"}]}"#),
    pod(
      "$patch: replace by nothing", #"{"containers":[{"name":"a"}]}"#,
      #"{"containers":[{"$patch":"replace"}]}"#,
      #"{"containers":[]}"#),
    pod(
      "$retainKeys in an element", #"{"volumes":[{"name":"v","emptyDir":{}},{"name":"w"}]}"#,
      #"{"volumes":[{"$retainKeys":["name","hostPath"],"name":"v","hostPath":{"path":"/x"}}]}"#,
      #"{"volumes":[{"hostPath":{"path":"/x"},"name":"v"},{"name":"w"}]}"#),
    metadata(
      "scalars: a union", #"{"finalizers":["a","b"]}"#, #"{"finalizers":["c","b"]}"#,
      #"{"finalizers":["c","a","b"]}"#),
    metadata(
      "scalars: twice in the object", #"{"finalizers":["a","a","b"]}"#, #"{"finalizers":["b"]}"#,
      #"{"finalizers":["a","b"]}"#),
    metadata(
      "scalars: twice in the patch", #"{"finalizers":["a"]}"#, #"{"finalizers":["b","b"]}"#,
      #"{"finalizers":["b","a"]}"#),
    metadata(
      "scalars: removal", #"{"finalizers":["a","b","c"]}"#,
      #"{"$deleteFromPrimitiveList/finalizers":["b","x"]}"#, #"{"finalizers":["a","c"]}"#),
    metadata(
      "scalars: removal and addition", #"{"finalizers":["a","b"]}"#,
      #"{"finalizers":["c"],"$deleteFromPrimitiveList/finalizers":["b"]}"#, #"{"finalizers":["c","a"]}"#),
    metadata("scalars: removal from nothing", "{}", #"{"$deleteFromPrimitiveList/finalizers":["b"]}"#, "{}"),
    metadata(
      "scalars: removal that is null", #"{"finalizers":["a"]}"#,
      #"{"$deleteFromPrimitiveList/finalizers":null}"#, "{}"),
    metadata(
      "scalars: removal that is no list", #"{"finalizers":["a"]}"#,
      #"{"$deleteFromPrimitiveList/finalizers":"a"}"#, #"{"finalizers":["a"]}"#),
    metadata(
      "scalars: removal from no field", #"{"finalizers":["a"]}"#, #"{"$deleteFromPrimitiveList/":["a"]}"#,
      #"{"finalizers":["a"]}"#),
    pod(
      "scalars: removal from an atomic list", #"{"containers":[{"name":"c","args":["a","b","a"]}]}"#,
      #"{"containers":[{"name":"c","$deleteFromPrimitiveList/args":["a"]}]}"#,
      #"{"containers":[{"args":["b"],"name":"c"}]}"#),
  ]

  static let orders = [
    pod(
      "a new element in its place", #"{"containers":[{"name":"c","image":"x"}]}"#,
      #"{"$setElementOrder/containers":[{"name":"k"},{"name":"c"}],"containers":[{"name":"k","image":"q"}]}"#,
      #"{"containers":[{"image":"q","name":"k"},{"image":"x","name":"c"}]}"#),
    pod(
      "behind", #"{"containers":[{"name":"c"}]}"#,
      #"{"$setElementOrder/containers":[{"name":"c"},{"name":"k"}],"containers":[{"name":"k"}]}"#,
      #"{"containers":[{"name":"c"},{"name":"k"}]}"#),
    pod(
      "order alone", #"{"containers":[{"name":"a"},{"name":"b"},{"name":"c"}]}"#,
      #"{"$setElementOrder/containers":[{"name":"c"},{"name":"b"},{"name":"a"}]}"#,
      #"{"containers":[{"name":"c"},{"name":"b"},{"name":"a"}]}"#),
    pod(
      "elements of the server keep their places",
      #"{"containers":[{"name":"s"},{"name":"a"},{"name":"t"},{"name":"b"}]}"#,
      #"{"$setElementOrder/containers":[{"name":"b"},{"name":"a"}]}"#,
      #"{"containers":[{"name":"s"},{"name":"t"},{"name":"b"},{"name":"a"}]}"#),
    pod(
      "no list on either side", #"{"restartPolicy":"x"}"#, #"{"$setElementOrder/containers":[{"name":"b"}]}"#,
      #"{"restartPolicy":"x"}"#),
    pod(
      "a list that is new", "{}",
      #"{"$setElementOrder/containers":[{"name":"a"},{"name":"b"}],"containers":[{"name":"a"},{"name":"z","$patch":"delete"},{"name":"b","image":null}]}"#,
      #"{"containers":[{"name":"a"},{"image":null,"name":"b"}]}"#),
    pod(
      "with deletions", #"{"containers":[{"name":"a"},{"name":"b"},{"name":"c"}]}"#,
      #"{"$setElementOrder/containers":[{"name":"c"},{"name":"b"}],"containers":[{"name":"a","$patch":"delete"}]}"#,
      #"{"containers":[{"name":"c"},{"name":"b"}]}"#),
    pod(
      "what is new in the place of what is deleted stands behind what stays",
      #"{"containers":[{"name":"a"},{"name":"b"},{"name":"c"}]}"#,
      #"{"$setElementOrder/containers":[{"name":"n"}],"containers":[{"name":"n"},{"name":"a","$patch":"delete"}]}"#,
      #"{"containers":[{"name":"b"},{"name":"c"},{"name":"n"}]}"#),
    pod(
      "what is new without a deletion stands in front", #"{"containers":[{"name":"b"},{"name":"c"}]}"#,
      #"{"$setElementOrder/containers":[{"name":"n"}],"containers":[{"name":"n"}]}"#,
      #"{"containers":[{"name":"n"},{"name":"b"},{"name":"c"}]}"#),
    pod(
      "an order that names nothing", #"{"containers":[{"name":"c"}]}"#,
      #"{"$setElementOrder/containers":[],"containers":[{"name":"e"},{"name":"f"}]}"#,
      #"{"containers":[{"name":"f"},{"name":"e"},{"name":"c"}]}"#),
    pod(
      "with the rest of a patch", #"{"containers":[{"name":"a"}],"restartPolicy":"x"}"#,
      #"{"$setElementOrder/containers":[{"name":"a"}],"containers":[{"name":"a","image":"i"}],"restartPolicy":"y"}"#,
      #"{"containers":[{"image":"i","name":"a"}],"restartPolicy":"y"}"#),
    pod(
      "an atomic list is replaced", #"{"containers":[{"name":"c","args":["a","b"]}]}"#,
      #"{"containers":[{"name":"c","$setElementOrder/args":["y","x"],"args":["y","x"]}]}"#,
      #"{"containers":[{"args":["y","x"],"name":"c"}]}"#),
    metadata(
      "scalars", #"{"finalizers":["a","b","c"]}"#,
      #"{"$setElementOrder/finalizers":["c","d","a"],"finalizers":["d"]}"#,
      #"{"finalizers":["b","c","d","a"]}"#),
    metadata(
      "scalars with removals", #"{"finalizers":["a","b","c"]}"#,
      #"{"$setElementOrder/finalizers":["c","a"],"$deleteFromPrimitiveList/finalizers":["b"]}"#,
      #"{"finalizers":["c","a"]}"#),
    metadata(
      "objects by another key", #"{"ownerReferences":[{"uid":"1"},{"uid":"2","kind":"x"}]}"#,
      #"{"$setElementOrder/ownerReferences":[{"uid":"2"},{"uid":"1"}],"ownerReferences":[{"uid":"2","kind":"y"}]}"#,
      #"{"ownerReferences":[{"kind":"y","uid":"2"},{"uid":"1"}]}"#),
  ]

  @Test("merges", arguments: objects + lists + orders)
  func merge(_ example: Example) throws {
    let result = try PatchedTypes.patch.apply(
      JSON.parse(example.patch), to: JSON.parse(example.object), shape: example.shape)
    #expect(result.text == example.result)
  }

  static let failures: [(patch: String, kind: PatchError.Kind, message: String)] = [
    ("[]", .badRequest, "json: cannot unmarshal array into Go value of type map[string]interface {}"),
    (#""x""#, .badRequest, "json: cannot unmarshal string into Go value of type map[string]interface {}"),
    (#"{"$patch":"merge"}"#, .invalidPatch, "unknown patch type: merge in map: map[$patch:merge]"),
    (
      #"{"$patch":5,"a":null}"#, .invalidPatch,
      "unknown patch type: %!s(int64=5) in map: map[$patch:5 a:<nil>]"
    ),
    (#"{"$patch":null}"#, .invalidPatch, "unknown patch type: %!s(<nil>) in map: map[$patch:<nil>]"),
    (
      #"{"template":{"spec":{"$patch":"x"}}}"#, .invalidPatch, "unknown patch type: x in map: map[$patch:x]"
    ),
    (#"{"strategy":{"$retainKeys":"type"}}"#, .badRequest, "invalid patch format of retainKeys"),
    (#"{"strategy":{"$retainKeys":[["type"]]}}"#, .badRequest, "invalid patch format of retainKeys"),
    (#"{"strategy":{"$retainKeys":[],"type":"x"}}"#, .badRequest, "invalid patch format of retainKeys"),
    (#"{"$deleteFromPrimitiveList":[]}"#, .badRequest, "invalid patch format of primitive list"),
    (#"{"$deleteFromPrimitiveLists/a":[]}"#, .badRequest, "invalid patch format of primitive list"),
    (#"{"$setElementOrder":[]}"#, .badRequest, "invalid patch format of setElementOrder list"),
    (
      #"{"$setElementOrder/a":{}}"#, .invalidPatch,
      "expected a []interface {}, but received a map[string]interface {}"
    ),
    (#"{"$setElementOrder/a":null}"#, .invalidPatch, "expected a []interface {}, but received a %!s(<nil>)"),
    (
      #"{"$setElementOrder/nope":[]}"#, .invalidPatch,
      #"unable to find api field in struct DeploymentSpec for the json field "nope""#
    ),
    (#"{"$setElementOrder/paused":[]}"#, .invalidPatch, "expected slice or array type, but got: struct"),
    (#"{"$setElementOrder/replicas":[]}"#, .invalidPatch, "expected a []interface {}, but received a int64"),
    (
      #"{"limits":{"$setElementOrder/z":[]}}"#, .invalidPatch,
      "merging an object in json but data type is not struct, instead is: map"
    ),
    (
      #"{"template":{"spec":{"containers":[{"image":"x"}]}}}"#, .invalidPatch,
      "map: map[image:x] does not contain declared merge key: name"
    ),
    (
      #"{"template":{"spec":{"containers":[{"$patch":"delete","image":"x"}]}}}"#, .invalidPatch,
      "map: map[$patch:delete image:x] does not contain declared merge key: name"
    ),
    (
      #"{"template":{"spec":{"containers":[{"$patch":"merge","name":"c"}]}}}"#, .invalidPatch,
      "merging lists cannot yet be specified in the patch"
    ),
    (
      #"{"template":{"spec":{"containers":[{"$patch":"swap","name":"c"}]}}}"#, .invalidPatch,
      "unknown patch type: swap in map: map[$patch:swap name:c]"
    ),
    (
      #"{"template":{"spec":{"containers":[{"$patch":"replace"},{"image":"x"}]}}}"#, .invalidPatch,
      "map: map[image:x] does not contain declared merge key: name"
    ),
    (
      #"{"template":{"spec":{"containers":["x"]}}}"#, .invalidPatch,
      "list element types are not identical: [[map[image:y name:c]] [x]]"
    ),
    (
      #"{"template":{"spec":{"containers":[[]]}}}"#, .invalidPatch,
      "list element types are not identical: [[map[image:y name:c]] [[]]]"
    ),
    (
      #"{"template":{"spec":{"volumes":["x"]}}}"#, .invalidPatch,
      "expected a map[string]interface {}, but received a string"
    ),
    (
      #"{"template":{"spec":{"volumes":[["x"]]}}}"#, .unprocessable,
      "the server rejected our request due to an error in our request"
    ),
    (#"{"lists":[["b"]]}"#, .unprocessable, "the server rejected our request due to an error in our request"),
    (#"{"keyless":[{"uid":"2"}]}"#, .invalidPatch, "cannot merge lists without merge key for struct"),
    (
      #"{"template":{"spec":{"$setElementOrder/containers":[{"name":"d"}],"containers":[{"name":"e"}]}}}"#,
      .invalidPatch,
      "The order in patch list:\n[map[name:e]]\n doesn't match $setElementOrder list:\n[map[name:d]]\n"
    ),
    (
      #"{"template":{"spec":{"$setElementOrder/containers":[{"name":"d"},{"name":"e"}],"containers":[{"name":"e"},{"name":"d"}]}}}"#,
      .invalidPatch,
      "The order in patch list:\n[map[name:e] map[name:d]]\n doesn't match $setElementOrder list:\n"
        + "[map[name:d] map[name:e]]\n"
    ),
    (
      #"{"template":{"spec":{"$setElementOrder/containers":[{"image":"d"}]}}}"#, .invalidPatch,
      "map: map[image:d] does not contain declared merge key: name"
    ),
    (
      #"{"template":{"spec":{"$setElementOrder/containers":["d"]}}}"#, .invalidPatch,
      "expected a map[string]interface {}, but received a string"
    ),
    (
      #"{"template":{"spec":{"$setElementOrder/containers":[],"containers":null}}}"#, .invalidPatch,
      "expected a []interface {}, but received a %!s(<nil>)"
    ),
    (
      #"{"template":{"spec":{"$setElementOrder/volumes":[]}}}"#, .invalidPatch,
      "no elements in any of the given slices"
    ),
    (
      #"{"template":{"spec":{"$setElementOrder/tolerations":[{"key":"a"}]}}}"#, .invalidPatch,
      "map: map[key:a] does not contain declared merge key: "
    ),
  ]

  @Test("does not fit an object", arguments: failures)
  func failure(_ example: (patch: String, kind: PatchError.Kind, message: String)) throws {
    let object = try JSON.parse(
      #"""
      {"replicas":1,"strategy":{"type":"x"},"limits":{"a":1},"lists":[["a"]],"keyless":[{"uid":"1"}],
       "template":{"spec":{"containers":[{"name":"c","image":"y"}],"volumes":[],"tolerations":[{"key":"a"}]}}}
      """#)
    let patch = try JSON.parse(example.patch)
    let error = #expect(throws: PatchError.self) {
      try PatchedTypes.patch.apply(patch, to: object, shape: PatchedTypes.spec)
    }
    #expect(error?.kind == example.kind)
    #expect(error?.message == example.message)
    #expect(error?.detail == (example.kind == .unprocessable ? "lists of lists are not supported" : nil))
  }

  @Test("a live list whose elements lack the key")
  func liveElementWithoutKey() throws {
    let object = try JSON.parse(#"{"containers":[{"image":"x"},{"name":"b"}]}"#)
    #expect(throws: PatchError(.invalidPatch, "map: map[image:x] does not contain declared merge key: name"))
    {
      try PatchedTypes.patch.apply(["containers": [["name": "b"]]], to: object, shape: PatchedTypes.pod)
    }
  }

  @Test("a shape the schema does not have, and an object that is none")
  func foreignShape() throws {
    let patch = PatchedTypes.patch
    #expect(
      try patch.apply(["a": ["b": 1]], to: ["a": ["c": 2]], shape: .structure(99)) == ["a": ["b": 1, "c": 2]])
    #expect(try patch.apply(["a": [1]], to: ["a": [2]], shape: .string) == ["a": [1]])
    #expect(try patch.apply(["a": 1], to: 7, shape: PatchedTypes.pod) == ["a": 1])
  }

  @Test("is bounded in depth")
  func depth() throws {
    let deep = (0..<300).reduce(into: JSON.object([:])) { value, _ in value = ["a": value] }
    #expect(throws: PatchError(.badRequest, "exceeded max depth")) {
      try PatchedTypes.patch.apply(deep, to: deep, shape: .any)
    }
  }

  @Test(
    "survives a patch of any type at every place",
    arguments: ["null", "true", "1", "1.5", #""x""#, "[]", "[[]]", "[null]", "{}"])
  func everyType(_ value: String) throws {
    let value = try JSON.parse(value)
    let object = try JSON.parse(
      #"{"metadata":{"name":"n","labels":{"a":"b"},"finalizers":["f"]},"spec":{"template":{"spec":{"containers":[{"name":"c","ports":[{"containerPort":1}]}]}}}}"#
    )
    let places: [(JSON) -> JSON] = [
      { ["metadata": $0] }, { ["metadata": ["labels": $0]] }, { ["metadata": ["labels": ["a": $0]]] },
      { ["metadata": ["finalizers": $0]] }, { ["metadata": ["finalizers": [$0]]] },
      { ["metadata": ["$setElementOrder/finalizers": $0]] },
      { ["metadata": ["$setElementOrder/finalizers": [$0]]] },
      { ["metadata": ["$deleteFromPrimitiveList/finalizers": $0]] },
      { ["metadata": ["$deleteFromPrimitiveList/finalizers": [$0]]] }, { ["metadata": ["$retainKeys": $0]] },
      { ["metadata": ["$retainKeys": [$0]]] }, { ["metadata": ["$patch": $0]] },
      { ["spec": ["template": $0]] },
      { ["spec": ["template": ["spec": ["containers": $0]]]] },
      { ["spec": ["template": ["spec": ["containers": [$0]]]]] },
      { ["spec": ["template": ["spec": ["$setElementOrder/containers": [$0]]]]] },
      { ["spec": ["template": ["spec": ["containers": [["name": $0]]]]]] },
      { ["spec": ["template": ["spec": ["containers": [["name": "c", "ports": $0]]]]]] },
      {
        ["spec": ["template": ["spec": ["containers": [["name": "c", "ports": [["containerPort": $0]]]]]]]]
      },
      { ["spec": ["template": ["spec": ["containers": [["name": "c", "$patch": $0]]]]]] },
    ]
    for (number, place) in places.enumerated() {
      let patch = place(value)
      do {
        _ = try PatchedTypes.patch.apply(patch, to: object, shape: PatchedTypes.deployment)
      } catch {
        #expect(!error.message.isEmpty, "at place \(number)")
      }
      #expect(throws: Never.self) { try MergePatch.apply(patch, to: object) }
    }
  }

  @Test("patches thousands of elements at once")
  func manyElements() throws {
    let live = JSON.array((0..<5_000).map { ["name": .string("e\($0)"), "value": "old"] })
    let changes = JSON.array(
      (0..<5_000).reversed().map { ["name": .string("e\($0 + 2_500)"), "value": "new"] })
    let order = JSON.array((0..<7_500).map { ["name": .string("e\($0)")] })
    let object: JSON = ["containers": [["name": "c", "env": live]]]
    let (merged, time) = try threadTime {
      try PatchedTypes.patch.apply(
        ["containers": [["name": "c", "env": changes]]], to: object, shape: PatchedTypes.pod)
    }
    let env = try #require(merged["containers"]?.array?[0]["env"]?.array)
    #expect(env.count == 7_500)
    #expect(env.filter { $0["value"] == "new" }.count == 5_000)
    let ordered = try PatchedTypes.patch.apply(
      ["containers": [["name": "c", "$setElementOrder/env": order]]], to: merged, shape: PatchedTypes.pod)
    #expect(
      ordered["containers"]?.array?[0]["env"]?.array?.map { $0["name"] } == order.array?.map { $0["name"] })
    // Some tenths of a second; one that compares each element with each takes far longer than this.
    #expect(time < .seconds(5))

    let many = JSON.array((0..<5_000).map { .string("f\($0)") })
    let removed = try PatchedTypes.patch.apply(
      ["$deleteFromPrimitiveList/finalizers": many], to: ["finalizers": many], shape: PatchedTypes.metadata)
    #expect(removed == ["finalizers": []])
  }
}
