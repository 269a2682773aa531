/// The values that the API server writes into fields that a client left out.
///
/// Each kind has one small function. They expect a decoded object (members have the types of the schema) and leave
/// alone what does not have the expected form; applying them again changes nothing.
public enum Defaults {
  /// Fills in what is missing from an object of this kind, to which `version` belongs; nothing for a kind without
  /// defaults. Also folds what Kubernetes' conversion to the internal version folds: a Secret's `stringData`, the two
  /// names of a pod's service account, a node's two forms of pod address ranges.
  public static func apply(to object: inout JSON, group: String, version: String, kind: String) {
    guard case .object = object,
      let function = table[Key(group: group, version: version, kind: kind)]
    else { return }
    function(&object)
  }

  /// Whether objects of this kind get any defaults.
  public static func exist(group: String, version: String, kind: String) -> Bool {
    table[Key(group: group, version: version, kind: kind)] != nil
  }

  typealias Function = @Sendable (inout JSON) -> Void

  private struct Key: Hashable {
    let group: String
    let version: String
    let kind: String
  }

  private static let table: [Key: Function] = {
    var table: [Key: Function] = [:]
    for (group, version, kinds) in groups {
      for (kind, function) in kinds {
        table[Key(group: group, version: version, kind: kind)] = function
      }
    }
    return table
  }()

  private static let groups: [(group: String, version: String, kinds: [String: Function])] = [
    ("", "v1", core),
    ("apps", "v1", apps),
    ("batch", "v1", batch),
    ("autoscaling", "v1", ["HorizontalPodAutoscaler": { cpuAutoscaler(&$0) }]),
    ("autoscaling", "v2", ["HorizontalPodAutoscaler": { metricsAutoscaler(&$0) }]),
    ("networking.k8s.io", "v1", networking),
    ("discovery.k8s.io", "v1", ["EndpointSlice": { endpointSlice(&$0) }]),
    ("rbac.authorization.k8s.io", "v1", rbac),
    ("storage.k8s.io", "v1", storage),
    ("scheduling.k8s.io", "v1", ["PriorityClass": { priorityClass(&$0) }]),
    ("node.k8s.io", "v1", ["RuntimeClass": { runtimeClass(&$0) }]),
    ("resource.k8s.io", "v1", devices),
    ("flowcontrol.apiserver.k8s.io", "v1", flowControl),
    ("admissionregistration.k8s.io", "v1", admission),
    ("apiextensions.k8s.io", "v1", ["CustomResourceDefinition": { customResourceDefinition(&$0) }]),
    ("apiregistration.k8s.io", "v1", ["APIService": { apiService(&$0) }]),
    ("authentication.k8s.io", "v1", ["TokenRequest": { tokenRequest(&$0) }]),
  ]
}
