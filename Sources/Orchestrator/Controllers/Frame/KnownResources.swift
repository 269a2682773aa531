import Objects

extension Resource {
  // The schema of this program has them all; a test says so. None of them can be taken away by input.
  static let pods = known("", "v1", "pods")
  static let nodes = known("", "v1", "nodes")
  static let replicaSets = known("apps", "v1", "replicasets")
  static let deployments = known("apps", "v1", "deployments")
  static let daemonSets = known("apps", "v1", "daemonsets")
  static let controllerRevisions = known("apps", "v1", "controllerrevisions")
  static let jobs = known("batch", "v1", "jobs")
  static let cronJobs = known("batch", "v1", "cronjobs")
  static let namespaces = known("", "v1", "namespaces")
  static let serviceAccounts = known("", "v1", "serviceaccounts")
  static let configMaps = known("", "v1", "configmaps")
  static let services = known("", "v1", "services")
  static let endpoints = known("", "v1", "endpoints")
  static let endpointSlices = known("discovery.k8s.io", "v1", "endpointslices")
  static let leases = known("coordination.k8s.io", "v1", "leases")
  static let clusterRoles = known("rbac.authorization.k8s.io", "v1", "clusterroles")

  /// A built-in resource.
  static func known(_ group: String, _ version: String, _ resource: String) -> Resource {
    guard let known = Resource.builtIn(group: group, version: version, resource: resource) else {
      preconditionFailure("the built-in schema lacks \(resource)")
    }
    return known
  }
}
