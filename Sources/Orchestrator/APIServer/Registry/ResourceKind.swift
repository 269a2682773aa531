import Exchange
import Objects

/// All that writing needs to know about the objects of a resource.
struct ResourceKind: Sendable {
  let resource: Resource
  let schema: Schema
  let shape: Schema.Shape
  let strategy: Strategy

  /// - Throws: 404 if nothing is known about such objects.
  init(_ resource: Resource) throws(StatusError) {
    let schema = Schema.builtIn
    guard
      let shape = schema.shape(forGroup: resource.group, version: resource.version, kind: resource.kind)
    else { throw .noSuchPath }
    self.resource = resource
    self.schema = schema
    self.shape = shape
    strategy = .builtIn(group: resource.group, version: resource.version, kind: resource.kind)
  }

  /// As messages name it: `Deployment.apps`.
  var qualifiedKind: String {
    resource.group.isEmpty ? resource.kind : resource.kind + "." + resource.group
  }
  var isEvent: Bool {
    resource.kind == "Event" && (resource.group.isEmpty || resource.group == "events.k8s.io")
  }
  var isPod: Bool { resource.group.isEmpty && resource.kind == "Pod" }
  var isNamespace: Bool { resource.group.isEmpty && resource.kind == "Namespace" }

  /// Whether other objects can depend on such objects, so that deleting one has to say what becomes of them.
  var hasDependents: Bool { !isEvent }

  /// Whether deleting such an object answers with it, instead of with a Status.
  var deletionAnswersObject: Bool {
    switch resource.group {
    case "":
      [
        "Pod", "PodTemplate", "PersistentVolume", "PersistentVolumeClaim", "ResourceQuota", "Service",
        "ServiceAccount",
      ].contains(resource.kind)
    case "storage.k8s.io":
      ["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"].contains(resource.kind)
    default: false
    }
  }

  func fieldManager(subresource: String) -> FieldManager {
    FieldManager(
      schema: schema, shape: shape, apiVersion: resource.apiVersion, kind: resource.kind,
      subresource: subresource, resetFields: ResetFieldsTable.fields(of: resource, subresource: subresource)
    ) { [schema] object, _, version in
      guard let converted = StoredVersion.convert(object, to: version, live: nil) else { return nil }
      let type = try? TypeMeta(converted)
      guard let type, let shape = schema.shape(forGroup: type.group, version: type.version, kind: type.kind)
      else { return nil }
      return FieldManager.Version(object: converted, shape: shape)
    }
  }

  func invalid(_ errors: [FieldError], name: String) -> StatusError {
    .invalid(errors, group: resource.group, kind: resource.kind, name: name)
  }

  func errors(create object: JSON) -> [FieldError] {
    Validation.validate(
      create: object, group: resource.group, version: resource.version, kind: resource.kind)
  }
}
