import Objects

/// What a write through each resource and subresource cannot change, because the server puts back what was there.
enum ResetFieldsTable {
  static func fields(of resource: Resource, subresource: String) -> ResetFields {
    switch subresource {
    case "":
      return resource[subresource: "status"] == nil ? .none : .fields(status)
    case "status":
      let key = resource.group.isEmpty ? resource.kind : resource.kind + "." + resource.group
      return .fields(statusWrites[key] ?? specification)
    case "approval": return .fields(specification.union(FieldSet(named: ["status", "certificate"])))
    case "finalize": return .fields(status)
    case "ephemeralcontainers":
      return .allBut([[.field("spec"), .field("ephemeralContainers")]])
    case "resize": return .allBut(resizable)
    default: return .none
    }
  }

  private static let status = FieldSet(named: ["status"])
  private static let specification = FieldSet(named: ["spec"])
  private static let allButStatus = FieldSet(named: ["metadata"], ["spec"])

  /// Of status writes, where it is not the `spec` alone.
  private static let statusWrites: [String: FieldSet] = [
    "Pod": FieldSet(named: ["spec"], ["metadata", "deletionTimestamp"], ["metadata", "ownerReferences"]),
    "Deployment.apps": FieldSet(named: ["spec"], ["metadata", "labels"]),
    "CustomResourceDefinition.apiextensions.k8s.io": allButStatus,
    "APIService.apiregistration.k8s.io": allButStatus,
    "FlowSchema.flowcontrol.apiserver.k8s.io": allButStatus,
    "PriorityLevelConfiguration.flowcontrol.apiserver.k8s.io": allButStatus,
    "ValidatingAdmissionPolicy.admissionregistration.k8s.io": allButStatus,
    "VolumeAttachment.storage.k8s.io": allButStatus,
    "ServiceCIDR.networking.k8s.io": allButStatus,
    "ResourceClaim.resource.k8s.io": allButStatus,
  ]

  private static let resizable: [[ResetFields.Step]] =
    ["containers", "initContainers"].flatMap { list in
      ["resources", "resizePolicy"].map { [.field("spec"), .field(list), .any, .field($0)] }
    } + [[.field("spec"), .field("resources")]]
}
