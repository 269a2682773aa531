/// The parameters of operations.
enum OpenAPIParameters {
  static let pretty = query("pretty", "If true, the answer is indented.")

  static let namespace = path("namespace", "The namespace of the object.")

  static func name(of kind: String) -> JSON { path("name", "The name of the \(kind).") }

  private static let dryRun = query("dryRun", "With the value All, nothing is stored.")

  private static let fieldManager = query(
    "fieldManager", "Who makes the change, as kept in managedFields; 128 characters at most.")

  private static let fieldValidation = query(
    "fieldValidation",
    "What becomes of unknown and repeated fields: Ignore drops them, Warn warns of them, Strict refuses them."
  )

  /// For create and update.
  static let write = [dryRun, fieldManager, fieldValidation]

  static let patch =
    write + [query("force", "For apply: fields that others manage are taken over.", type: "boolean")]

  static let delete = [
    dryRun,
    query("gracePeriodSeconds", "Seconds until the object is gone; 0 means at once.", type: "integer"),
    query(
      "ignoreStoreReadErrorWithClusterBreakingPotential",
      "Deletes even an object that cannot be read any more, whatever that may break.", type: "boolean"),
    query("orphanDependents", "Old form of propagationPolicy Orphan.", type: "boolean"),
    query(
      "propagationPolicy",
      "What becomes of dependents: Orphan leaves them, Background deletes them afterwards, Foreground before."
    ),
  ]

  static let list = [
    query("allowWatchBookmarks", "A watch also tells of progress without changes.", type: "boolean"),
    query("continue", "Where the list goes on, as the part before said."),
    query("fieldSelector", "Only objects whose fields match, such as metadata.name=x."),
    query("labelSelector", "Only objects whose labels match, such as app=x,tier!=y."),
    query("limit", "Most objects to list at once.", type: "integer"),
    query("resourceVersion", "The version that the answer must show or start from."),
    query(
      "resourceVersionMatch", "Whether that version is meant exactly (Exact) or at least (NotOlderThan)."),
    query("sendInitialEvents", "A watch first tells of the objects that there are.", type: "boolean"),
    query("timeoutSeconds", "Seconds after which the call ends.", type: "integer"),
    query("watch", "Changes are told as they happen, instead of a list.", type: "boolean"),
  ]

  /// The fields of an options structure, such as `core/v1.PodLogOptions`, as parameters, sorted.
  static func options(_ structure: Schema.Structure) -> [JSON] {
    let kind = structure.name.split(separator: ".").last.map(String.init) ?? ""
    let fields = structure.fields.filter { !["kind", "apiVersion"].contains($0.name) }
    return fields.sorted { $0.name < $1.name }.map { field in
      query(
        field.name, Descriptions.text(of: field.name, in: kind) ?? "An option.", type: type(of: field.shape))
    }
  }

  private static func type(of shape: Schema.Shape) -> String {
    switch shape {
    case .boolean: "boolean"
    case .int32, .int64: "integer"
    // Lists come as one parameter for each element.
    case .list(let element, _): type(of: element)
    default: "string"
    }
  }

  private static func query(_ name: String, _ description: String, type: String = "string") -> JSON {
    [
      "name": .string(name), "in": "query", "description": .string(description),
      "schema": ["type": .string(type), "uniqueItems": true],
    ]
  }

  static func path(_ name: String, _ description: String) -> JSON {
    [
      "name": .string(name), "in": "path", "required": true, "description": .string(description),
      "schema": ["type": "string", "uniqueItems": true],
    ]
  }
}
