import Objects

/// The cluster roles of the parts of a cluster that are no controllers.
enum ComponentRoles {
  private static func rule(_ verbs: String, _ groups: String, _ resources: String, names: String = "")
    -> PolicyRule
  {
    PolicyTable.rule(verbs, groups, resources, names: names)
  }

  static var objects: [JSON] {
    let certificates = "certificates.k8s.io"
    var roles = [
      PolicyTable.clusterRole("system:node", node),
      PolicyTable.clusterRole("system:node-proxier", proxy),
      PolicyTable.clusterRole(
        "raftkv:node",
        [
          rule("get list watch", "core", "namespaces services"),
          rule("get list watch", "discovery.k8s.io", "endpointslices"),
          // Each makes the volumes that are on its own disks.
          rule("create delete get list patch update watch", "core", "persistentvolumes"),
          rule("get list patch update watch", "core", "persistentvolumeclaims persistentvolumeclaims/status"),
          rule("patch update", "core", "persistentvolumes/status"),
          rule("get list watch", "storage.k8s.io", "storageclasses"),
        ]),
      PolicyTable.clusterRole("system:kube-scheduler", scheduler),
      PolicyTable.clusterRole("system:volume-scheduler", volumeScheduler),
      PolicyTable.clusterRole("system:kube-controller-manager", controllerManager),
      PolicyTable.clusterRole(
        "system:node-bootstrapper",
        [rule("create get list watch", certificates, "certificatesigningrequests")]),
      PolicyTable.clusterRole(
        "system:auth-delegator",
        [
          rule("create", "authentication.k8s.io", "tokenreviews"),
          rule("create", "authorization.k8s.io", "subjectaccessreviews"),
        ]),
      PolicyTable.clusterRole(
        "system:kube-dns", [rule("list watch", "core", "endpoints services")]),
      PolicyTable.clusterRole(
        "system:kube-aggregator", [rule("get list watch", "core", "endpoints services")]),
      PolicyTable.clusterRole(
        "system:kubelet-api-admin",
        [
          rule("get list watch", "core", "nodes"), rule("proxy", "core", "nodes"),
          rule(
            "*", "core",
            "nodes/checkpoint nodes/configz nodes/healthz nodes/log nodes/metrics nodes/pods nodes/proxy nodes/spec "
              + "nodes/stats"),
        ]),
      PolicyTable.clusterRole(
        "system:persistent-volume-provisioner",
        [
          rule("create delete get list watch", "core", "persistentvolumes"),
          rule("get list update watch", "core", "persistentvolumeclaims"),
          rule("get list watch", "storage.k8s.io", "storageclasses"),
          rule("watch", "core", "events"), PolicyTable.events,
        ]),
      PolicyTable.clusterRole(
        "system:certificates.k8s.io:certificatesigningrequests:nodeclient",
        [rule("create", certificates, "certificatesigningrequests/nodeclient")]),
      PolicyTable.clusterRole(
        "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient",
        [rule("create", certificates, "certificatesigningrequests/selfnodeclient")]),
    ]
    for (name, signer) in [
      ("kube-apiserver-client", "kube-apiserver-client"),
      ("kube-apiserver-client-kubelet", "kube-apiserver-client-kubelet"),
      ("kubelet-serving", "kubelet-serving"), ("legacy-unknown", "legacy-unknown"),
    ] {
      roles.append(
        PolicyTable.clusterRole(
          "system:certificates.k8s.io:\(name)-approver",
          [rule("approve", certificates, "signers", names: "kubernetes.io/" + signer)]))
    }
    return roles
  }

  private static var node: [PolicyRule] {
    [
      rule("create", "authentication.k8s.io", "tokenreviews"),
      rule("create", "authorization.k8s.io", "localsubjectaccessreviews subjectaccessreviews"),
      rule("get list watch", "core", "services"),
      rule("create get list watch", "core", "nodes"), rule("patch update", "core", "nodes nodes/status"),
      PolicyTable.events,
      rule("get list watch", "core", "pods"), rule("create delete", "core", "pods"),
      rule("patch update", "core", "pods/status"), rule("create", "core", "pods/eviction"),
      rule("get list watch", "core", "configmaps secrets"),
      rule("get", "core", "persistentvolumeclaims persistentvolumes"), rule("get", "core", "endpoints"),
      rule("create get list watch", "certificates.k8s.io", "certificatesigningrequests"),
      rule("create delete get patch update", "coordination.k8s.io", "leases"),
      rule("get", "storage.k8s.io", "volumeattachments"), rule("create", "core", "serviceaccounts/token"),
      rule("get patch update", "core", "persistentvolumeclaims/status"),
      rule("get list watch", "storage.k8s.io", "csidrivers"),
      rule("create delete get patch update", "storage.k8s.io", "csinodes"),
      rule("get list watch", "node.k8s.io", "runtimeclasses"),
      rule("get", "resource.k8s.io", "resourceclaims"),
      rule(PolicyTable.all, "resource.k8s.io", "resourceslices"),
    ]
  }

  private static var proxy: [PolicyRule] {
    [
      rule("list watch", "core", "endpoints services"), rule("get list watch", "core", "nodes"),
      PolicyTable.events,
      rule("list watch", "discovery.k8s.io", "endpointslices"),
      rule("list watch", "networking.k8s.io", "servicecidrs"),
    ]
  }

  private static var scheduler: [PolicyRule] {
    [
      PolicyTable.events, rule("create", "coordination.k8s.io", "leases"),
      rule("get list patch update watch", "coordination.k8s.io", "leases", names: "kube-scheduler"),
      rule("get list watch", "core", "namespaces nodes"), rule("delete get list watch", "core", "pods"),
      rule("create", "core", "bindings pods/binding"), rule("patch update", "core", "pods/status"),
      rule("get list watch", "core", "replicationcontrollers services"),
      rule("get list watch", "apps", "replicasets statefulsets"),
      rule("get list watch", "policy", "poddisruptionbudgets"),
      rule("get list watch", "core", "persistentvolumeclaims persistentvolumes"),
      rule("create", "authentication.k8s.io", "tokenreviews"),
      rule("create", "authorization.k8s.io", "subjectaccessreviews"),
      rule(
        "get list watch", "storage.k8s.io",
        "csidrivers csinodes csistoragecapacities storageclasses volumeattachments"),
      rule("get list watch", "resource.k8s.io", "deviceclasses resourceclaims resourceslices"),
      rule("patch update", "resource.k8s.io", "resourceclaims resourceclaims/status"),
    ]
  }

  private static var volumeScheduler: [PolicyRule] {
    [
      rule("get list patch update watch", "core", "persistentvolumes"),
      rule("get list watch", "storage.k8s.io", "storageclasses"),
      rule("get list patch update watch", "core", "persistentvolumeclaims"),
    ]
  }

  private static var controllerManager: [PolicyRule] {
    [
      PolicyTable.events, rule("create", "coordination.k8s.io", "leases"),
      rule("get list patch update watch", "coordination.k8s.io", "leases", names: "kube-controller-manager"),
      rule("create", "core", "secrets serviceaccounts"), rule("delete", "core", "secrets"),
      rule("get", "core", "configmaps namespaces secrets serviceaccounts"),
      rule("update", "core", "secrets serviceaccounts"),
      rule("create", "authentication.k8s.io", "tokenreviews"),
      rule("create", "authorization.k8s.io", "subjectaccessreviews"), rule("list watch", "*", "*"),
      rule("create", "core", "serviceaccounts/token"),
    ]
  }
}
