/// The component schemas of a document: the structures that its paths refer to, and all that these refer to in turn.
struct OpenAPIComponents {
  private let schema: Schema
  private let kinds: OpenAPIKinds
  private let structures: [String: Schema.Structure]
  private var components: [String: JSON] = [:]

  init(schema: Schema, kinds: OpenAPIKinds) {
    self.schema = schema
    self.kinds = kinds
    structures = Dictionary(
      schema.structures.map { (OpenAPIKinds.component(ofStructure: $0.name), $0) },
      uniquingKeysWith: { first, _ in first })
  }

  var json: JSON { .object(JSONObject(components.map { ($0.key, $0.value) })) }

  /// Adds what a part of the document refers to.
  mutating func add(referencesOf part: JSON) {
    var missing = Self.references(in: part)
    while let name = missing.popLast() {
      guard components[name] == nil else { continue }
      let component = Self.special[name] ?? structures[name].map(component) ?? ["type": "object"]
      components[name] = component
      missing += Self.references(in: component)
    }
  }

  /// The components that a part of a document refers to.
  private static func references(in part: JSON) -> [String] {
    var references: [String] = []
    var parts = [part]
    while let part = parts.popLast() {
      switch part {
      case .array(let elements):
        parts += elements
      case .object(let object):
        for member in object {
          if member.key == "$ref", let path = member.value.string,
            path.hasPrefix(OpenAPIKinds.componentPath)
          {
            references.append(String(path.dropFirst(OpenAPIKinds.componentPath.count)))
          } else {
            parts.append(member.value)
          }
        }
      default: break
      }
    }
    return references
  }

  private func component(_ structure: Schema.Structure) -> JSON {
    var component: JSON = ["type": "object"]
    let kind = structure.name.split(separator: ".").last.map(String.init) ?? structure.name
    component["description"] = Descriptions.text(of: kind).map { .string($0) }
    if !structure.fields.isEmpty {
      component["properties"] = .object(
        JSONObject(structure.fields.map { ($0.name, property($0, ofKind: kind)) }))
    }
    let required = structure.fields.filter(\.isRequired).map(\.name).sorted()
    if !required.isEmpty { component["required"] = .array(required.map { .string($0) }) }
    let kinds = kinds.kinds(ofStructure: structure.name)
    if !kinds.isEmpty { component["x-kubernetes-group-version-kind"] = .array(kinds.map(\.json)) }
    if structure.isAtomic { component["x-kubernetes-map-type"] = "atomic" }
    return component
  }

  private func property(_ field: Schema.Field, ofKind kind: String) -> JSON {
    let description = Descriptions.text(of: field.name, in: kind)
    var facts = JSONObject()
    facts["description"] = description.map { .string($0) }
    facts["default"] = field.defaultValue ?? zero(of: field)
    facts["x-kubernetes-patch-merge-key"] = field.mergeKey.map { .string($0) }
    facts["x-kubernetes-patch-strategy"] = Self.text(of: field.patchStrategy).map { .string($0) }
    if case .map(_, isAtomic: true) = field.shape { facts["x-kubernetes-map-type"] = "atomic" }
    if case .list(_, let kind) = field.shape { Self.add(kind, to: &facts) }

    var property = shape(field.shape, enumeration: field.enumeration)
    if field.name == "fieldsV1" { property = OpenAPIKinds.reference(toComponent: Self.fieldsV1) }
    // Beside a reference nothing else counts, so that it must stand by itself.
    if property["$ref"] != nil && !facts.isEmpty { property = ["allOf": [property]] }
    for fact in facts { property[fact.key] = fact.value }
    return property
  }

  /// The value that is written for a field when none is given; nil where nothing is.
  private func zero(of field: Schema.Field) -> JSON? {
    guard !field.isOptionalPointer else { return nil }
    if case .structure = field.shape { return [:] }
    return field.omitsEmpty ? nil : Self.zero(of: field.shape)
  }

  private static func zero(of shape: Schema.Shape) -> JSON? {
    switch shape {
    case .string: ""
    case .boolean: false
    case .int32, .int64, .number: 0
    case .structure: [:]
    default: nil
    }
  }

  private func shape(_ shape: Schema.Shape, enumeration: [String] = []) -> JSON {
    switch shape {
    case .string:
      enumeration.isEmpty
        ? ["type": "string"]
        : ["type": "string", "enum": .array(enumeration.sorted().map { .string($0) })]
    case .boolean: ["type": "boolean"]
    case .int32: ["type": "integer", "format": "int32"]
    case .int64: ["type": "integer", "format": "int64"]
    case .number: ["type": "number", "format": "double"]
    case .bytes: ["type": "string", "format": "byte"]
    case .quantity: OpenAPIKinds.reference(toComponent: Self.quantity)
    case .intOrString: OpenAPIKinds.reference(toComponent: Self.intOrString)
    case .time: OpenAPIKinds.reference(toComponent: Self.time)
    case .microTime: OpenAPIKinds.reference(toComponent: Self.microTime)
    case .duration: OpenAPIKinds.reference(toComponent: Self.duration)
    case .rawObject: OpenAPIKinds.reference(toComponent: Self.rawObject)
    case .any: [:]
    case .structure(let number):
      schema.structures.indices.contains(number)
        ? OpenAPIKinds.reference(
          toComponent: OpenAPIKinds.component(ofStructure: schema.structures[number].name))
        : ["type": "object"]
    case .list(let element, _): ["type": "array", "items": item(element, enumeration: enumeration)]
    case .map(let value, _):
      ["type": "object", "additionalProperties": item(value, enumeration: enumeration)]
    }
  }

  /// The elements of a list or map.
  private func item(_ shape: Schema.Shape, enumeration: [String]) -> JSON {
    var item = self.shape(shape, enumeration: enumeration)
    guard let zero = Self.zero(of: shape) else { return item }
    if item["$ref"] != nil { item = ["allOf": [item]] }
    item["default"] = zero
    return item
  }

  private static func add(_ kind: Schema.ListKind, to facts: inout JSONObject) {
    switch kind {
    case .atomic: facts["x-kubernetes-list-type"] = "atomic"
    case .set: facts["x-kubernetes-list-type"] = "set"
    case .map(let keys):
      facts["x-kubernetes-list-type"] = "map"
      facts["x-kubernetes-list-map-keys"] = .array(keys.map { .string($0) })
    }
  }

  private static func text(of strategy: Schema.PatchStrategy) -> String? {
    switch (strategy.merges, strategy.retainsKeys) {
    case (true, true): "merge,retainKeys"
    case (true, false): "merge"
    case (false, true): "retainKeys"
    case (false, false): nil
    }
  }
}

/// Components that are no structures.
extension OpenAPIComponents {
  private static let quantity = "io.k8s.apimachinery.pkg.api.resource.Quantity"
  private static let intOrString = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"
  private static let time = "io.k8s.apimachinery.pkg.apis.meta.v1.Time"
  private static let microTime = "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime"
  private static let duration = "io.k8s.apimachinery.pkg.apis.meta.v1.Duration"
  private static let fieldsV1 = "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1"
  private static let rawObject = "io.k8s.apimachinery.pkg.runtime.RawExtension"
  static let patch = "io.k8s.apimachinery.pkg.apis.meta.v1.Patch"

  private static let special: [String: JSON] = [
    quantity: [
      "description": "An amount, with a suffix such as m, k, M, Ki or Mi: 500m, 2, 1Gi.",
      "oneOf": [["type": "string"], ["type": "number"]],
    ],
    intOrString: [
      "description": "A number or a text, such as a port's number or name, or a count or percentage.",
      "format": "int-or-string", "oneOf": [["type": "integer"], ["type": "string"]],
    ],
    time: [
      "description": "A moment, in the form of RFC 3339 with seconds.", "type": "string",
      "format": "date-time",
    ],
    microTime: [
      "description": "A moment, in the form of RFC 3339 with microseconds.", "type": "string",
      "format": "date-time",
    ],
    duration: ["description": "A span of time, such as 1h30m.", "type": "string"],
    fieldsV1: ["description": "A set of fields, as a trie of their names and keys.", "type": "object"],
    rawObject: ["description": "An object of any kind.", "type": "object"],
    patch: [
      "description": "A change to an object, in the form that the content type names.", "type": "object",
    ],
    OpenAPIPage.versionInfo: [
      "description": "The version of the server.", "type": "object",
      "properties": .object(
        JSONObject(
          [
            "buildDate", "compiler", "emulationMajor", "emulationMinor", "gitCommit", "gitTreeState",
            "gitVersion",
            "goVersion", "major", "minCompatibilityMajor", "minCompatibilityMinor", "minor", "platform",
          ].map { ($0, ["type": "string"]) })),
    ],
    "io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent": [
      "description": "A change that a watch reports.", "type": "object",
      "properties": [
        "type": ["type": "string", "description": "ADDED, MODIFIED, DELETED, BOOKMARK or ERROR."],
        "object": OpenAPIKinds.reference(toComponent: rawObject),
      ],
      "required": ["type", "object"],
    ],
  ]
}
