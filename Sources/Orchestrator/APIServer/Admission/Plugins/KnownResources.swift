import Objects

/// The resources that plug-ins and first objects are about.
enum KnownResources {
  static let namespaces = named("", "v1", "namespaces", "Namespace", isNamespaced: false)
  static let nodes = named("", "v1", "nodes", "Node", isNamespaced: false)
  static let pods = named("", "v1", "pods", "Pod", isNamespaced: true)
  static let services = named("", "v1", "services", "Service", isNamespaced: true)
  static let serviceAccounts = named("", "v1", "serviceaccounts", "ServiceAccount", isNamespaced: true)
  static let configMaps = named("", "v1", "configmaps", "ConfigMap", isNamespaced: true)
  static let endpoints = named("", "v1", "endpoints", "Endpoints", isNamespaced: true)
  static let limitRanges = named("", "v1", "limitranges", "LimitRange", isNamespaced: true)
  static let resourceQuotas = named("", "v1", "resourcequotas", "ResourceQuota", isNamespaced: true)
  static let claims = named("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", isNamespaced: true)
  static let endpointSlices = named(
    "discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", isNamespaced: true)
  static let leases = named("coordination.k8s.io", "v1", "leases", "Lease", isNamespaced: true)
  static let priorityClasses = named(
    "scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", isNamespaced: false)
  static let storageClasses = named(
    "storage.k8s.io", "v1", "storageclasses", "StorageClass", isNamespaced: false)
  static let ingressClasses = named(
    "networking.k8s.io", "v1", "ingressclasses", "IngressClass", isNamespaced: false)
  static let runtimeClasses = named(
    "node.k8s.io", "v1", "runtimeclasses", "RuntimeClass", isNamespaced: false)
  static let priorityLevels = named(
    "flowcontrol.apiserver.k8s.io", "v1", "prioritylevelconfigurations", "PriorityLevelConfiguration",
    isNamespaced: false)
  static let flowSchemas = named(
    "flowcontrol.apiserver.k8s.io", "v1", "flowschemas", "FlowSchema", isNamespaced: false)

  /// The built-in resource; one with this little said about it where the schema does not have it.
  private static func named(
    _ group: String, _ version: String, _ resource: String, _ kind: String, isNamespaced: Bool
  ) -> Resource {
    Resource.builtIn(group: group, version: version, resource: resource)
      ?? Resource(
        group: group, version: version, resource: resource, kind: kind, isNamespaced: isNamespaced,
        shortNames: [], categories: [], verbs: [], subresources: [])
  }
}
