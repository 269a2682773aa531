import Exchange
import Objects

/// A Deployment, ReplicaSet, StatefulSet or ReplicationController as its `scale` subresource shows it: a Scale
/// (autoscaling/v1) with its number of replicas.
struct ScaleView: Sendable {
  private let resource: Resource
  private static let version = "autoscaling/v1"

  /// - Throws: 404 if such objects have no scale.
  init(_ resource: Resource) throws(StatusError) {
    guard let scale = resource[subresource: "scale"], scale.kind == "Scale" else { throw .noSuchPath }
    self.resource = resource
  }

  /// Where the resource's version has the replicas.
  private var paths: [String: [String]] { [resource.apiVersion: ["spec", "replicas"]] }

  /// The Scale of an object.
  func scale(of object: JSON) throws(StatusError) -> JSON {
    var metadata: JSON = [:]
    for field in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
      metadata[field] = object["metadata"]?[field]
    }
    var specification: JSON = [:]
    if let replicas = object["spec"]?["replicas"]?.integer, replicas != 0 {
      specification["replicas"] = .integer(replicas)
    }
    var status: JSON = ["replicas": object["status"]?["replicas"] ?? 0]
    let selector = try selector(of: object)
    if !selector.isEmpty { status["selector"] = .string(selector) }
    return [
      "kind": "Scale", "apiVersion": .string(Self.version), "metadata": metadata, "spec": specification,
      "status": status,
    ]
  }

  /// The Scale with the owners of its field, as writes need it.
  func ownedScale(of object: JSON) throws(StatusError) -> JSON {
    var scale = try scale(of: object)
    scale["metadata", "managedFields"] = (try? managedFields(of: object))?.scale
    return scale
  }

  /// Sets an object's replicas to those of a Scale.
  func write(_ scale: JSON, to object: inout JSON) {
    object["spec", "replicas"] = .integer(scale["spec"]?["replicas"]?.integer ?? 0)
  }

  /// The object after a Scale with the owners of its field, which has been validated, was written to it.
  func object(_ object: JSON, after scale: JSON) -> JSON {
    var new = object
    write(scale, to: &new)
    new["metadata", "resourceVersion"] = scale["metadata"]?["resourceVersion"]
    if let owners = try? managedFields(of: object),
      let after = try? owners.parent(after: scale["metadata"]?["managedFields"])
    {
      new["metadata", "managedFields"] = after
    }
    return new
  }

  private func managedFields(of object: JSON) throws(ManagedFieldsError) -> ScaleManagedFields {
    try ScaleManagedFields(
      managedFields: object["metadata"]?["managedFields"], apiVersion: resource.apiVersion, replicas: paths)
  }

  private func selector(of object: JSON) throws(StatusError) -> String {
    let selector = object["spec"]?["selector"]
    if resource.kind == "ReplicationController" {
      // Its selector is nothing but labels; those are sorted.
      return (selector?.object ?? [:]).map { $0.key + "=" + ($0.value.string ?? "") }.joined(separator: ",")
    }
    do {
      return try LabelRequirements(selector: selector).description
    } catch {
      throw .internalError(error.message)
    }
  }
}

extension Registry {
  func updateScale(
    _ target: Target, _ body: RequestBody, _ context: WriteContext
  ) async throws(StatusError) -> WriteResult {
    let decoder = try BodyDecoder(
      group: "autoscaling", version: "v1", kind: "Scale", context.fieldValidation)
    var (sent, warnings) = try decoder.object(body)
    try ObjectIdentity.enterNamespace(&sent, of: target)
    try ObjectIdentity.checkName(sent, of: target)
    let manager = Self.scaleManager(decoder)
    let (scale, name, time) = (sent, context.manager, environment.now())
    var result = try await writeScale(target, context) { live throws(StatusError) in
      (manager.recordUpdate(live: live, new: scale, manager: name, time: time), [])
    }
    result.warnings = warnings + result.warnings
    return result
  }

  func patchScale(
    _ target: Target, _ patch: PatchKind, _ body: RequestBody, _ context: WriteContext
  ) async throws(StatusError) -> WriteResult {
    let decoder = try BodyDecoder(
      group: "autoscaling", version: "v1", kind: "Scale", context.fieldValidation)
    let change = try ObjectPatch(
      patch, body, decoder: decoder, manager: Self.scaleManager(decoder), target: target, context: context,
      time: environment.now())
    return try await writeScale(target, context) { live throws(StatusError) in try change.applied(to: live) }
  }

  private static func scaleManager(_ decoder: BodyDecoder) -> FieldManager {
    FieldManager(
      schema: decoder.schema, shape: decoder.shape, apiVersion: "autoscaling/v1", kind: "Scale",
      subresource: "scale")
  }

  private func writeScale(
    _ target: Target, _ context: WriteContext, _ make: @escaping ObjectUpdate.Make
  ) async throws(StatusError) -> WriteResult {
    let view = try ScaleView(target.resource)
    var update = ObjectUpdate(
      kind: try ResourceKind(target.resource), target: target, route: .object, context: context
    ) { live throws(StatusError) in
      guard let live else { throw .notFound(target.resource, name: target.name) }
      let (scale, warnings) = try make(try view.ownedScale(of: live))
      let errors = Validation.validate(scale: scale)
      guard errors.isEmpty else {
        throw .invalid(errors, group: "autoscaling", kind: "Scale", name: target.name)
      }
      try Self.checkScale(scale, of: live, target)
      return (view.object(live, after: scale), warnings)
    }
    update.scale = view
    var result = try await run(update)
    result = WriteResult(object: try view.scale(of: result.object), warnings: result.warnings)
    return result
  }

  /// - Throws: 409 if the Scale is of another object.
  private static func checkScale(_ scale: JSON, of live: JSON, _ target: Target) throws(StatusError) {
    guard !scale.uid.isEmpty, scale.uid != live.uid else { return }
    let resource = target.resource
    let qualified =
      resource.resource + "/scale" + (resource.group.isEmpty ? "" : "." + resource.group)
    var details: JSON = ["name": .string(target.name), "kind": .string(resource.resource + "/scale")]
    if !resource.group.isEmpty { details["group"] = .string(resource.group) }
    throw StatusError(
      code: 409, reason: "Conflict",
      message:
        "Operation cannot be fulfilled on \(qualified) \"\(target.name)\": Precondition failed: UID in "
        + "precondition: \(scale.uid), UID in object meta: \(live.uid)",
      details: details)
  }
}
