import Objects

/// The kinds that a kubelet reads and writes.
struct KubeletResources: Sendable {
  let pods: Resource
  let nodes: Resource
  let leases: Resource
  let services: Resource
  let configMaps: Resource
  let secrets: Resource
  let serviceAccounts: Resource
  let claims: Resource
  let persistentVolumes: Resource
  let runtimeClasses: Resource
  let podShape: Schema.Shape

  init?() {
    func core(_ plural: String) -> Resource? { Resource.builtIn(group: "", version: "v1", resource: plural) }
    guard let pods = core("pods"), let nodes = core("nodes"), let services = core("services"),
      let configMaps = core("configmaps"), let secrets = core("secrets"),
      let serviceAccounts = core("serviceaccounts"), let claims = core("persistentvolumeclaims"),
      let persistentVolumes = core("persistentvolumes"),
      let runtimeClasses = Resource.builtIn(group: "node.k8s.io", version: "v1", resource: "runtimeclasses"),
      let leases = Resource.builtIn(group: "coordination.k8s.io", version: "v1", resource: "leases"),
      let shape = Schema.builtIn.shape(forGroup: "", version: "v1", kind: "Pod")
    else { return nil }
    self.pods = pods
    self.nodes = nodes
    self.leases = leases
    self.services = services
    self.configMaps = configMaps
    self.secrets = secrets
    self.serviceAccounts = serviceAccounts
    self.claims = claims
    self.persistentVolumes = persistentVolumes
    self.runtimeClasses = runtimeClasses
    podShape = shape
  }
}
