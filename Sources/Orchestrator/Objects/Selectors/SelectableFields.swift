/// The fields of a kind that field selectors may name.
public struct SelectableFields: Sendable {
  /// How to read a field.
  private enum Reading: Sendable {
    /// The string at this path.
    case string([String])
    /// The boolean there, false if there is none.
    case boolean([String])
    /// The number there, zero if there is none.
    case integer([String])
    /// The first string that is not empty.
    case first([String], [String])
    /// A field that may be named but is always empty.
    case empty
  }

  private let readings: [String: Reading]
  /// Fields under older names.
  private let aliases: [String: String]
  /// Whether the kind has fields of its own; errors speak differently of those that have none.
  private let isSpecial: Bool

  private init(_ readings: [String: Reading], aliases: [String: String] = [:], isSpecial: Bool = true) {
    self.readings = readings
    self.aliases = aliases
    self.isSpecial = isSpecial
  }

  /// The fields of a kind; the group is empty for the core kinds.
  public static func of(group: String, kind: String) -> SelectableFields {
    special["\(group)/\(kind)"] ?? common
  }

  /// Reads a field selector for this kind.
  ///
  /// Throws where it does not parse or names a field that the kind does not have.
  public func selector(parsing text: String) throws(SelectorError) -> FieldSelector {
    var terms: [FieldSelector.Term] = []
    for term in try FieldSelector(parsing: text).terms {
      let field = aliases[term.field] ?? term.field
      guard readings[field] != nil else { throw unknown(term.field) }
      terms.append(FieldSelector.Term(field: field, isEqual: term.isEqual, value: term.value))
    }
    return FieldSelector(terms)
  }

  /// Whether an object of this kind matches a selector for it.
  public func matches(_ selector: FieldSelector, _ object: JSON) -> Bool {
    selector.matches { value(of: $0, in: object) }
  }

  /// The value of a field as selectors compare it; empty for fields that the kind does not have.
  public func value(of field: String, in object: JSON) -> String {
    switch readings[field] {
    case .string(let path)?: Self.read(path, of: object)?.string ?? ""
    case .boolean(let path)?: Self.read(path, of: object)?.boolean == true ? "true" : "false"
    case .integer(let path)?: String(Self.read(path, of: object)?.integer ?? 0)
    case .first(let path, let other)?:
      [path, other].lazy.compactMap { Self.read($0, of: object)?.string }.first { !$0.isEmpty } ?? ""
    case .empty?, nil: ""
    }
  }

  private func unknown(_ field: String) -> SelectorError {
    SelectorError(
      isSpecial
        ? "field label not supported: \(field)"
        : "\(GoFormat.quoted(field)) is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
    )
  }

  private static func read(_ path: [String], of object: JSON) -> JSON? {
    var value: JSON? = object
    for key in path { value = value?[key] }
    return value
  }

  // MARK: Kinds

  private static let name = Reading.string(["metadata", "name"])
  private static let namespace = Reading.string(["metadata", "namespace"])
  private static let common = SelectableFields(
    ["metadata.name": name, "metadata.namespace": namespace], isSpecial: false)

  private static func fields(
    _ own: [String: Reading], isNamespaced: Bool = true, aliases: [String: String] = [:]
  ) -> SelectableFields {
    var readings = own
    readings["metadata.name"] = name
    if isNamespaced { readings["metadata.namespace"] = namespace }
    return SelectableFields(readings, aliases: aliases)
  }

  /// Kubernetes' field label conversions.
  private static let special: [String: SelectableFields] = [
    "/Pod": fields(
      [
        "spec.nodeName": .string(["spec", "nodeName"]),
        "spec.restartPolicy": .string(["spec", "restartPolicy"]),
        "spec.schedulerName": .string(["spec", "schedulerName"]),
        "spec.serviceAccountName": .string(["spec", "serviceAccountName"]),
        "spec.hostNetwork": .boolean(["spec", "hostNetwork"]), "status.phase": .string(["status", "phase"]),
        "status.podIP": .string(["status", "podIP"]), "status.podIPs": .empty,
        "status.nominatedNodeName": .string(["status", "nominatedNodeName"]),
      ], aliases: ["spec.host": "spec.nodeName"]),
    "/Node": fields(["spec.unschedulable": .boolean(["spec", "unschedulable"])], isNamespaced: false),
    "/Namespace": fields(["status.phase": .string(["status", "phase"])], isNamespaced: false),
    "/Secret": fields(["type": .string(["type"])]),
    "/Service": fields([
      "spec.clusterIP": .string(["spec", "clusterIP"]), "spec.type": .string(["spec", "type"]),
    ]),
    "/ReplicationController": fields(["status.replicas": .integer(["status", "replicas"])]),
    "/Event": fields(
      reference("involvedObject").merging([
        "reason": .string(["reason"]), "type": .string(["type"]),
        "reportingComponent": .string(["reportingComponent"]),
        "source": .first(["source", "component"], ["reportingComponent"]),
      ]) { $1 }),
    "events.k8s.io/Event": fields(
      reference("regarding").merging([
        "reason": .string(["reason"]), "type": .string(["type"]),
        "reportingController": .string(["reportingController"]),
        "source": .first(["deprecatedSource", "component"], ["reportingController"]),
      ]) { $1 }),
    "apps/ReplicaSet": fields(["status.replicas": .integer(["status", "replicas"])]),
    "apps/StatefulSet": fields(["status.successful": .empty]),
    "batch/Job": fields(["status.successful": .integer(["status", "succeeded"])]),
    "certificates.k8s.io/CertificateSigningRequest": fields(
      ["spec.signerName": .string(["spec", "signerName"])], isNamespaced: false),
  ]

  private static func reference(_ field: String) -> [String: Reading] {
    let names = ["kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"]
    return Dictionary(uniqueKeysWithValues: names.map { ("\(field).\($0)", .string([field, $0])) })
  }
}
