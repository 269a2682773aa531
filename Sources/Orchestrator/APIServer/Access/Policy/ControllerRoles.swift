import Objects

/// The cluster roles of controllers: `system:controller:` and the controller's name.
enum ControllerRoles {
  private static func rule(_ verbs: String, _ groups: String, _ resources: String) -> PolicyRule {
    PolicyTable.rule(verbs, groups, resources)
  }

  /// The controllers and what they may do beside telling what happened.
  static var rules: [(name: String, rules: [PolicyRule])] {
    let read = "get list watch"
    let pods = "create delete list patch watch"
    return [
      (
        "attachdetach-controller",
        [
          rule("list watch", "core", "persistentvolumeclaims persistentvolumes"), rule(read, "core", "nodes"),
          rule("patch update", "core", "nodes/status"), rule("list watch", "core", "pods"),
          rule("create delete get list patch watch", "storage.k8s.io", "volumeattachments"),
          rule(read, "storage.k8s.io", "csidrivers csinodes"),
        ]
      ),
      (
        "bootstrap-signer",
        [
          rule("get list watch", "core", "secrets"),
          rule("get list patch update watch", "core", "configmaps"),
        ]
      ),
      (
        "certificate-controller",
        [
          rule("delete get list watch", "certificates.k8s.io", "certificatesigningrequests"),
          rule(
            "update", "certificates.k8s.io",
            "certificatesigningrequests/approval certificatesigningrequests/status"),
          rule("approve sign", "certificates.k8s.io", "signers"),
          rule("create", "authorization.k8s.io", "subjectaccessreviews"),
        ]
      ),
      // It stores the rules of other roles, and so must have them.
      (
        "clusterrole-aggregation-controller",
        [rule("escalate get list patch update watch", PolicyTable.group, "clusterroles")]
      ),
      (
        "cronjob-controller",
        [
          rule("get list update watch", "batch", "cronjobs"),
          rule("create delete get list patch update watch", "batch", "jobs"),
          rule("update", "batch", "cronjobs/status"),
          rule("update", "batch", "cronjobs/finalizers"), rule("delete list", "core", "pods"),
        ]
      ),
      (
        "daemon-set-controller",
        [
          rule(read, "apps", "daemonsets"), rule("update", "apps", "daemonsets/finalizers daemonsets/status"),
          rule("list watch", "core", "nodes"), rule(pods, "core", "pods"),
          rule("create", "core", "pods/binding"),
          rule("create delete get list patch update watch", "apps", "controllerrevisions"),
        ]
      ),
      (
        "deployment-controller",
        [
          rule("get list update watch", "apps", "deployments"),
          rule("update", "apps", "deployments/finalizers deployments/status"),
          rule("create delete get list patch update watch", "apps", "replicasets"),
          rule("get list update watch", "core", "pods"),
        ]
      ),
      (
        "disruption-controller",
        [
          rule(read, "apps", "deployments replicasets statefulsets"),
          rule(read, "core", "replicationcontrollers"),
          rule(read, "policy", "poddisruptionbudgets"),
          rule("update", "policy", "poddisruptionbudgets/status"),
          rule("get", "*", "*/scale"), rule(read, "core", "pods"),
          rule("patch update", "core", "pods/status"),
        ]
      ),
      (
        "endpoint-controller",
        [
          rule(read, "core", "pods services"),
          rule("create delete get list update watch", "core", "endpoints"),
          rule("create", "core", "endpoints/restricted"),
        ]
      ),
      (
        "endpointslice-controller",
        [
          rule(read, "core", "nodes pods services"), rule("update", "core", "services/finalizers"),
          rule("create delete get list update watch", "discovery.k8s.io", "endpointslices"),
          rule("create", "discovery.k8s.io", "endpointslices/restricted"),
        ]
      ),
      (
        "endpointslicemirroring-controller",
        [
          rule(read, "core", "endpoints services"),
          rule("update", "core", "endpoints/finalizers services/finalizers"),
          rule("create delete get list update watch", "discovery.k8s.io", "endpointslices"),
          rule("create", "discovery.k8s.io", "endpointslices/restricted"),
        ]
      ),
      (
        "ephemeral-volume-controller",
        [
          rule(read, "core", "pods"), rule("update", "core", "pods/finalizers"),
          rule("create get list watch", "core", "persistentvolumeclaims"),
        ]
      ),
      (
        "expand-controller",
        [
          rule("get list patch update watch", "core", "persistentvolumes"),
          rule("patch update", "core", "persistentvolumeclaims/status"),
          rule(read, "core", "persistentvolumeclaims"), rule(read, "storage.k8s.io", "storageclasses"),
        ]
      ),
      ("generic-garbage-collector", [rule("delete get list patch update watch", "*", "*")]),
      (
        "horizontal-pod-autoscaler",
        [
          rule(read, "autoscaling", "horizontalpodautoscalers"),
          rule("update", "autoscaling", "horizontalpodautoscalers/status"),
          rule("get update", "*", "*/scale"),
          rule("list", "core", "pods"), rule("list", "metrics.k8s.io", "pods"),
          rule("get list", "custom.metrics.k8s.io external.metrics.k8s.io", "*"),
        ]
      ),
      (
        "job-controller",
        [
          rule("get list patch update watch", "batch", "jobs"),
          rule("update", "batch", "jobs/finalizers jobs/status"), rule(pods, "core", "pods"),
        ]
      ),
      (
        "legacy-service-account-token-cleaner",
        [
          rule("get", "core", "configmaps"), rule("delete list patch watch", "core", "secrets"),
          rule(read, "core", "pods serviceaccounts"),
        ]
      ),
      (
        "namespace-controller",
        [
          rule("delete get list watch", "core", "namespaces"),
          rule("update", "core", "namespaces/finalize namespaces/status"),
          rule("delete deletecollection get list", "*", "*"),
        ]
      ),
      (
        "node-controller",
        [
          rule("delete get list patch update", "core", "nodes"), rule("patch update", "core", "nodes/status"),
          rule("patch update", "core", "pods/status"), rule("delete get list watch", "core", "pods"),
          rule(read, "coordination.k8s.io", "leases"), rule(read, "networking.k8s.io", "clustercidrs"),
        ]
      ),
      (
        "persistent-volume-binder",
        [
          rule("create delete get list patch update watch", "core", "persistentvolumes"),
          rule("update", "core", "persistentvolumes/status"),
          rule("get list patch update watch", "core", "persistentvolumeclaims"),
          rule("update", "core", "persistentvolumeclaims/status"),
          rule("create delete get list watch", "core", "pods"),
          rule(read, "storage.k8s.io", "storageclasses"), rule(read, "core", "nodes"),
        ]
      ),
      (
        "pod-garbage-collector",
        [
          rule("delete list watch", "core", "pods"), rule("get list", "core", "nodes"),
          rule("patch update", "core", "pods/status"),
        ]
      ),
      (
        "pv-protection-controller", [rule("get list update watch", "core", "persistentvolumes")]
      ),
      (
        "pvc-protection-controller",
        [
          rule("get list update watch", "core", "persistentvolumeclaims"),
          rule("patch update", "core", "persistentvolumeclaims/status"), rule(read, "core", "pods"),
        ]
      ),
      (
        "replicaset-controller",
        [
          rule("get list update watch", "apps", "replicasets"),
          rule("update", "apps", "replicasets/finalizers replicasets/status"), rule(pods, "core", "pods"),
        ]
      ),
      (
        "replication-controller",
        [
          rule("get list update watch", "core", "replicationcontrollers"),
          rule("update", "core", "replicationcontrollers/finalizers replicationcontrollers/status"),
          rule(pods, "core", "pods"),
        ]
      ),
      (
        "resourcequota-controller",
        [rule("list watch", "*", "*"), rule("update", "core", "resourcequotas/status")]
      ),
      ("root-ca-cert-publisher", [rule("create update", "core", "configmaps")]),
      ("route-controller", [rule("list watch", "core", "nodes"), rule("patch", "core", "nodes/status")]),
      ("service-account-controller", [rule("create", "core", "serviceaccounts")]),
      (
        "service-controller",
        [
          rule(read, "core", "services"), rule("patch update", "core", "services services/status"),
          rule("list watch", "core", "nodes"),
        ]
      ),
      (
        "statefulset-controller",
        [
          rule("list watch", "core", "pods"), rule(read, "apps", "statefulsets"),
          rule("update", "apps", "statefulsets/finalizers statefulsets/status"),
          rule("create delete get patch update", "core", "pods"),
          rule("create delete get list patch update watch", "apps", "controllerrevisions"),
          rule("create delete get list patch update watch", "core", "persistentvolumeclaims"),
        ]
      ),
      (
        "token-cleaner", [rule("delete get list watch", "core", "secrets")]
      ),
      (
        "ttl-after-finished-controller", [rule("delete get list watch", "batch", "jobs")]
      ),
      (
        "ttl-controller", [rule("list patch update watch", "core", "nodes")]
      ),
    ]
  }

  static var objects: [JSON] {
    rules.flatMap { name, rules in
      let role = "system:controller:" + name
      return [
        PolicyTable.clusterRole(role, rules + [PolicyTable.events]),
        // Controllers run as accounts of their own, or all as one user.
        PolicyTable.binding(
          role, role: role,
          to: [PolicyTable.account(name), PolicyTable.user("system:kube-controller-manager")]),
      ]
    }
  }
}
