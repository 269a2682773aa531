import Exchange
import Objects
import Registry
import Storage

/// The parameters of a query, read and checked.
struct RequestOptions {
  private let request: APIRequest

  init(_ request: APIRequest) { self.request = request }

  private func integer(_ name: String) throws(StatusError) -> Int64? {
    guard let text = request.parameter(name), !text.isEmpty else { return nil }
    guard let value = Int64(text) else {
      throw .badRequest("strconv.ParseInt: parsing \(JSON.string(text).text): invalid syntax")
    }
    return value
  }

  private func boolean(_ name: String) -> Bool? {
    request.parameter(name).map(RequestInfo.isTrue)
  }

  // MARK: Reading

  private func labels() throws(StatusError) -> LabelRequirements {
    guard let text = request.parameter("labelSelector"), !text.isEmpty else { return .everything }
    do {
      return try LabelRequirements(parsing: text)
    } catch {
      throw .badRequest(error.message)
    }
  }

  private func fields(_ resource: Resource) throws(StatusError) -> FieldSelector {
    guard let text = request.parameter("fieldSelector"), !text.isEmpty else { return FieldSelector([]) }
    do {
      return try SelectableFields.of(group: resource.group, kind: resource.kind).selector(parsing: text)
    } catch {
      throw .badRequest(error.message)
    }
  }

  func list(_ resource: Resource, namespace: String) throws(StatusError) -> ListQuery {
    ListQuery(
      namespace: resource.isNamespaced ? namespace : "", labels: try labels(), fields: try fields(resource),
      limit: Int(clamping: max(0, try integer("limit") ?? 0)),
      continueToken: request.parameter("continue") ?? "",
      resourceVersion: request.parameter("resourceVersion") ?? "",
      resourceVersionMatch: request.parameter("resourceVersionMatch") ?? "")
  }

  func watch(_ resource: Resource, namespace: String, name: String) throws(StatusError) -> WatchQuery {
    var query = WatchQuery(namespace: resource.isNamespaced ? namespace : "")
    query.labels = try labels()
    query.fields = try fields(resource)
    // What was allowed for one name is done for that name.
    if !name.isEmpty, query.fields.requiredValue(of: "metadata.name") != name {
      guard let one = try? FieldSelector(parsing: "metadata.name=" + FieldSelector.escaped(name)) else {
        throw .badRequest("invalid name")
      }
      query.fields = FieldSelector(query.fields.terms + one.terms)
    }
    query.resourceVersion = request.parameter("resourceVersion") ?? ""
    query.resourceVersionMatch = request.parameter("resourceVersionMatch") ?? ""
    query.sendInitialEvents = boolean("sendInitialEvents")
    query.allowBookmarks = boolean("allowWatchBookmarks") ?? false
    // Between half an hour and an hour, so that clients do not all come back at once.
    let seconds = try integer("timeoutSeconds") ?? 0
    query.timeout = .seconds(seconds > 0 ? seconds : Int64.random(in: 1800...3600))
    return query
  }

  var includeObject: IncludeObject {
    get throws(StatusError) {
      guard let text = request.parameter("includeObject"), !text.isEmpty else { return .metadata }
      guard let include = IncludeObject(rawValue: text) else {
        throw .badRequest("unrecognized includeObject value: \(JSON.string(text).text)")
      }
      return include
    }
  }

  // MARK: Writing

  func write(_ user: UserInfo, verb: String, patch: PatchKind? = nil) throws(StatusError) -> WriteContext {
    var context = WriteContext(user: user)
    var errors: [FieldError] = []
    context.userAgent = request.header("user-agent") ?? ""
    context.fieldManager = request.parameter("fieldManager") ?? ""
    if context.fieldManager.utf8.count > 128 {
      errors.append(.tooLong(FieldPath("fieldManager"), maximumBytes: 128))
    }
    let dryRuns = request.query.filter { $0.name == "dryRun" }.map(\.value).filter { !$0.isEmpty }
    for value in dryRuns where value != "All" {
      errors.append(.notSupported(FieldPath("dryRun"), .array(dryRuns.map { .string($0) }), ["All"]))
      break
    }
    context.dryRun = !dryRuns.isEmpty
    if let text = request.parameter("fieldValidation"), !text.isEmpty {
      if let validation = FieldValidation(rawValue: text) {
        context.fieldValidation = validation
      } else {
        errors.append(
          .notSupported(FieldPath("fieldValidation"), .string(text), ["Ignore", "Strict", "Warn"]))
      }
    }
    if let force = boolean("force") {
      if verb == "patch", patch != .apply {
        errors.append(.forbidden(FieldPath("force"), "may not be specified for non-apply patch"))
      }
      context.force = force
    }
    if patch == .apply, context.fieldManager.isEmpty {
      errors.append(.required(FieldPath("fieldManager"), "is required for apply patch"))
    }
    guard errors.isEmpty else {
      let kind =
        ["create": "CreateOptions", "update": "UpdateOptions", "patch": "PatchOptions"][verb]
        ?? "DeleteOptions"
      throw .invalid(errors, group: "meta.k8s.io", kind: kind, name: "")
    }
    return context
  }

  /// The options of a deletion: those of the query, and those of the body before them.
  func delete(body: JSON?) throws(StatusError) -> JSON {
    var options = body ?? ["kind": "DeleteOptions", "apiVersion": "v1"]
    if options["gracePeriodSeconds"] == nil, let seconds = try integer("gracePeriodSeconds") {
      options["gracePeriodSeconds"] = .integer(seconds)
    }
    if options["propagationPolicy"] == nil, let policy = request.parameter("propagationPolicy"),
      !policy.isEmpty
    {
      options["propagationPolicy"] = .string(policy)
    }
    if options["orphanDependents"] == nil, let orphans = boolean("orphanDependents") {
      options["orphanDependents"] = .boolean(orphans)
    }
    let dryRuns = request.query.filter { $0.name == "dryRun" && !$0.value.isEmpty }.map {
      JSON.string($0.value)
    }
    if options["dryRun"] == nil, !dryRuns.isEmpty { options["dryRun"] = .array(dryRuns) }
    return options
  }

  // MARK: Bodies

  /// The media type of the body, without its parameters.
  private var contentType: String {
    let text = request.header("content-type") ?? ""
    return text.split(separator: ";").first.map { $0.filter { $0 != " " }.lowercased() } ?? ""
  }

  /// The body of a write.
  /// - Throws: 400 for YAML that cannot be read, 415 for another media type.
  func body(_ yaml: (any YAMLCoding)?) throws(StatusError) -> RequestBody {
    switch contentType {
    case "", "application/json": return .text(request.body)
    case "application/yaml":
      guard let yaml else { throw .unsupportedMediaType(Representation.mediaTypes) }
      return .value(try read(yaml))
    case "application/vnd.kubernetes.protobuf":
      do {
        return .value(try ProtobufDecoder().decode(request.body))
      } catch {
        throw .badRequest("the object provided is unrecognized: \(error)")
      }
    default: throw .unsupportedMediaType(Representation.mediaTypes)
    }
  }

  private func read(_ yaml: any YAMLCoding) throws(StatusError) -> JSON {
    do {
      return try yaml.read(request.body)
    } catch {
      throw .badRequest("error converting YAML to JSON: \(error)")
    }
  }

  /// The body of a patch, and its kind.
  func patch(_ yaml: (any YAMLCoding)?) throws(StatusError) -> (PatchKind, RequestBody) {
    switch contentType {
    case "application/json-patch+json": return (.json, .text(request.body))
    case "application/merge-patch+json": return (.merge, .text(request.body))
    case "application/strategic-merge-patch+json": return (.strategic, .text(request.body))
    case "application/apply-patch+yaml":
      // JSON is YAML too, and read faster.
      let isJSON = request.body.first { $0 != 0x20 && $0 != 0x0a } == UInt8(ascii: "{")
      guard !isJSON, let yaml else { return (.apply, .text(request.body)) }
      return (.apply, .value(try read(yaml)))
    default:
      throw StatusError(
        code: 415, reason: "UnsupportedMediaType", message: "415: Unsupported Media Type", details: [:])
    }
  }
}
