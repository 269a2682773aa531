/// The managed fields of a resource as its scale subresource shows them, and back: there `.spec.replicas` of a
/// `Scale` is the field that counts, whatever the resource calls it.
public struct ScaleManagedFields: Sendable {
  /// `metadata.managedFields` of the resource.
  private let parent: ManagedFields
  /// The version of the resource that the request goes through.
  private let apiVersion: String
  /// Where each version of the resource has its replicas; one that has none has an empty path.
  private let replicas: [String: [FieldSet.PathElement]]

  private static let scaleVersion = "autoscaling/v1"
  private static let scalePath: [FieldSet.PathElement] = [.field("spec"), .field("replicas")]

  /// - Parameters:
  ///   - managedFields: `metadata.managedFields` of the resource.
  ///   - apiVersion: The version of the resource, such as `apps/v1`.
  ///   - replicas: Where each version of the resource has its replicas: `["apps/v1": ["spec", "replicas"]]`.
  public init(
    managedFields: JSON?, apiVersion: String, replicas: [String: [String]]
  ) throws(ManagedFieldsError) {
    parent = try ManagedFields(managedFields)
    self.apiVersion = apiVersion
    self.replicas = replicas.mapValues { $0.map { .field($0) } }
  }

  /// `metadata.managedFields` of the `Scale`.
  public var scale: JSON? {
    var result = ManagedFields()
    for (identity, entry) in parent.entries {
      guard let path = replicas[entry.apiVersion], entry.fields.contains(path) else { continue }
      // The identity keeps the resource's version, by which the entry is found again.
      result.entries[identity] = ManagedFields.Entry(
        apiVersion: Self.scaleVersion, time: entry.time, fields: FieldSet([Self.scalePath]))
    }
    return result.json
  }

  /// `metadata.managedFields` of the resource after a write to the `Scale` left it with these.
  public func parent(after scale: JSON?) throws(ManagedFieldsError) -> JSON? {
    var writers = try ManagedFields(scale).entries.filter { $0.value.fields.contains(Self.scalePath) }
    let present = Set(try ManagedFields(scale).entries.keys)
    var result = ManagedFields()
    for (identity, entry) in parent.entries {
      guard let path = replicas[entry.apiVersion] else { continue }
      let shown = ManagedFields.Identity(
        manager: identity.manager, operation: identity.operation, apiVersion: Self.scaleVersion,
        subresource: identity.subresource)
      guard entry.fields.contains(path) else {
        result.entries[identity] = entry
        continue
      }
      if present.contains(shown) {
        // Nobody took it.
        result.entries[identity] = entry
        writers[shown] = nil
      } else {
        let rest = entry.fields.subtracting(FieldSet([path]))
        if !rest.isEmpty {
          result.entries[identity] = ManagedFields.Entry(
            apiVersion: entry.apiVersion, time: entry.time, fields: rest)
        }
      }
    }
    guard let path = replicas[apiVersion] else { return result.json }
    for (identity, _) in writers {
      let own = ManagedFields.Identity(
        manager: identity.manager, operation: identity.operation, apiVersion: apiVersion,
        subresource: identity.subresource)
      result.entries[own] = ManagedFields.Entry(
        apiVersion: apiVersion, time: parent.entries[identity]?.time, fields: FieldSet([path]))
    }
    return result.json
  }
}
