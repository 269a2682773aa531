public import Objects

/// The roles and bindings of every cluster.
public enum BootstrapPolicy {
  private static let read = ["get", "list", "watch"]
  private static let write = ["create", "delete", "deletecollection", "patch", "update"]
  private static let readWrite = read + write

  private static func rule(_ groups: [String], _ resources: [String], _ verbs: [String], names: [String] = [])
    -> PolicyRule
  {
    PolicyRule(verbs: verbs, apiGroups: groups, resources: resources, resourceNames: names)
  }

  private static let events = rule(["", "events.k8s.io"], ["events"], ["create", "patch", "update"])
  private static let lease = rule(
    ["coordination.k8s.io"], ["leases"], ["create", "get", "list", "update", "watch"])

  // MARK: Cluster roles

  /// The cluster roles.
  public static let clusterRoles: [JSON] = {
    var roles: [JSON] = [
      role(
        "cluster-admin",
        [
          rule(["*"], ["*"], ["*"]), PolicyRule(verbs: ["*"], nonResourceURLs: ["*"]),
        ]),
      role(
        "system:discovery",
        [
          PolicyRule(
            verbs: ["get"],
            nonResourceURLs: [
              "/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz",
              "/version",
              "/version/",
            ])
        ]),
      role(
        "system:public-info-viewer",
        [
          PolicyRule(
            verbs: ["get"], nonResourceURLs: ["/healthz", "/livez", "/readyz", "/version", "/version/"])
        ]),
      role(
        "system:service-account-issuer-discovery",
        [
          PolicyRule(
            verbs: ["get"],
            nonResourceURLs: [
              "/.well-known/openid-configuration", "/.well-known/openid-configuration/", "/openid/v1/jwks",
              "/openid/v1/jwks/",
            ])
        ]),
      role(
        "system:monitoring",
        [
          PolicyRule(
            verbs: ["get"],
            nonResourceURLs: [
              "/healthz", "/healthz/*", "/livez", "/livez/*", "/metrics", "/metrics/slis", "/readyz",
              "/readyz/*",
            ])
        ]),
      role(
        "system:basic-user",
        [
          rule(
            ["authorization.k8s.io"], ["selfsubjectaccessreviews", "selfsubjectrulesreviews"], ["create"]),
          rule(["authentication.k8s.io"], ["selfsubjectreviews"], ["create"]),
        ]),
      role(
        "system:auth-delegator",
        [
          rule(["authentication.k8s.io"], ["tokenreviews"], ["create"]),
          rule(["authorization.k8s.io"], ["subjectaccessreviews"], ["create"]),
        ]),
    ]
    roles += userRoles + componentRoles
    roles += controllers.map { role("system:controller:" + $0.name, $0.rules + [events]) }
    return roles
  }()

  /// What people get: three roles that take in what others add to them by labels.
  private static var userRoles: [JSON] {
    let viewed = [
      rule(
        [""],
        [
          "configmaps", "endpoints", "persistentvolumeclaims", "persistentvolumeclaims/status", "pods",
          "replicationcontrollers", "replicationcontrollers/scale", "serviceaccounts", "services",
          "services/status",
        ], read),
      rule(
        [""],
        [
          "bindings", "events", "limitranges", "namespaces/status", "pods/log", "pods/status",
          "replicationcontrollers/status", "resourcequotas", "resourcequotas/status",
        ], read),
      rule([""], ["namespaces"], read),
      rule(["discovery.k8s.io"], ["endpointslices"], read),
      rule(
        ["apps"],
        [
          "controllerrevisions", "daemonsets", "daemonsets/status", "deployments", "deployments/scale",
          "deployments/status", "replicasets", "replicasets/scale", "replicasets/status", "statefulsets",
          "statefulsets/scale", "statefulsets/status",
        ], read),
      rule(["autoscaling"], ["horizontalpodautoscalers", "horizontalpodautoscalers/status"], read),
      rule(["batch"], ["cronjobs", "cronjobs/status", "jobs", "jobs/status"], read),
      rule(["policy"], ["poddisruptionbudgets", "poddisruptionbudgets/status"], read),
      rule(["networking.k8s.io"], ["ingresses", "ingresses/status", "networkpolicies"], read),
    ]
    let edited = [
      rule(
        [""], ["pods/attach", "pods/exec", "pods/portforward", "pods/proxy", "secrets", "services/proxy"],
        read),
      rule([""], ["serviceaccounts"], ["impersonate"]),
      rule([""], ["pods", "pods/attach", "pods/exec", "pods/portforward", "pods/proxy"], write),
      rule([""], ["pods/eviction"], ["create"]),
      rule(
        [""],
        [
          "configmaps", "events", "persistentvolumeclaims", "replicationcontrollers",
          "replicationcontrollers/scale",
          "secrets", "serviceaccounts", "services", "services/proxy",
        ], write),
      rule([""], ["serviceaccounts/token"], ["create"]),
      rule(
        ["apps"],
        [
          "daemonsets", "deployments", "deployments/rollback", "deployments/scale", "replicasets",
          "replicasets/scale",
          "statefulsets", "statefulsets/scale",
        ], write),
      rule(["autoscaling"], ["horizontalpodautoscalers"], write),
      rule(["batch"], ["cronjobs", "jobs"], write),
      rule(["policy"], ["poddisruptionbudgets"], write),
      rule(["networking.k8s.io"], ["ingresses", "networkpolicies"], write),
      rule(["coordination.k8s.io"], ["leases"], readWrite),
    ]
    let administered = [
      rule(["authorization.k8s.io"], ["localsubjectaccessreviews"], ["create"]),
      rule(["rbac.authorization.k8s.io"], ["rolebindings", "roles"], readWrite),
    ]
    func aggregated(_ name: String, _ labels: [String], own: String?, _ rules: [PolicyRule]) -> JSON {
      var role = role(name, rules)
      if let own { role["metadata", "labels", "rbac.authorization.k8s.io/aggregate-to-" + own] = "true" }
      role["aggregationRule"] = [
        "clusterRoleSelectors": .array(
          labels.map { ["matchLabels": .object([("rbac.authorization.k8s.io/aggregate-to-" + $0): "true"])] })
      ]
      return role
    }
    func part(_ name: String, _ rules: [PolicyRule]) -> JSON {
      var role = role("system:aggregate-to-" + name, rules)
      role["metadata", "labels", "rbac.authorization.k8s.io/aggregate-to-" + name] = "true"
      return role
    }
    return [
      aggregated("admin", ["admin"], own: nil, administered + edited + viewed),
      aggregated("edit", ["edit"], own: "admin", edited + viewed),
      aggregated("view", ["view"], own: "edit", viewed),
      part("admin", administered), part("edit", edited), part("view", viewed),
    ]
  }

  private static var componentRoles: [JSON] {
    [
      role(
        "system:kube-scheduler",
        [
          events, lease,
          rule(
            ["coordination.k8s.io"], ["leasecandidates"],
            ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]),
          rule([""], ["nodes"], read), rule([""], ["pods"], ["delete"] + read),
          rule([""], ["bindings", "pods/binding"], ["create"]),
          rule([""], ["pods/status"], ["patch", "update"]),
          rule([""], ["replicationcontrollers", "services"], read),
          rule(["apps"], ["replicasets", "statefulsets"], read),
          rule(["policy"], ["poddisruptionbudgets"], read),
          rule(
            [""], ["persistentvolumeclaims", "persistentvolumes", "namespaces"], read + ["patch", "update"]),
          rule(["authentication.k8s.io"], ["tokenreviews"], ["create"]),
          rule(["authorization.k8s.io"], ["subjectaccessreviews"], ["create"]),
          rule(
            ["storage.k8s.io"],
            ["csinodes", "csidrivers", "csistoragecapacities", "storageclasses", "volumeattachments"], read),
          rule(["resource.k8s.io"], ["deviceclasses", "resourceclaims", "resourceslices"], read),
          rule(["resource.k8s.io"], ["resourceclaims/status"], ["patch", "update"]),
        ]),
      role(
        "system:volume-scheduler",
        [
          rule([""], ["persistentvolumes"], read + ["patch", "update"]),
          rule(["storage.k8s.io"], ["storageclasses"], read),
          rule([""], ["persistentvolumeclaims"], read + ["patch", "update"]),
        ]),
      role(
        "system:kube-controller-manager",
        [
          events, lease, rule([""], ["secrets", "serviceaccounts"], ["create"]),
          rule([""], ["secrets"], ["delete"]),
          rule([""], ["configmaps", "namespaces", "secrets", "serviceaccounts"], ["get"]),
          rule([""], ["secrets", "serviceaccounts"], ["update"]),
          rule(["authentication.k8s.io"], ["tokenreviews"], ["create"]),
          rule(["authorization.k8s.io"], ["subjectaccessreviews"], ["create"]),
          rule(["*"], ["*"], ["list", "watch"]),
          rule([""], ["serviceaccounts/token"], ["create"]),
        ]),
      role(
        "system:node",
        [
          events, rule([""], ["nodes"], ["create", "get", "list", "patch", "update", "watch"]),
          rule([""], ["nodes/status"], ["patch", "update"]), rule([""], ["services"], read),
          rule([""], ["pods"], ["create", "delete"] + read),
          rule([""], ["pods/status"], ["patch", "update"]),
          rule([""], ["pods/eviction"], ["create"]), rule([""], ["configmaps", "secrets"], read),
          rule([""], ["persistentvolumeclaims", "persistentvolumes"], ["get"]),
          rule([""], ["endpoints"], ["get"]),
          rule([""], ["serviceaccounts/token"], ["create"]), rule([""], ["serviceaccounts"], ["get"]),
          rule(["authentication.k8s.io"], ["tokenreviews"], ["create"]),
          rule(["authorization.k8s.io"], ["localsubjectaccessreviews", "subjectaccessreviews"], ["create"]),
          rule(["certificates.k8s.io"], ["certificatesigningrequests"], ["create", "get", "list", "watch"]),
          rule(["coordination.k8s.io"], ["leases"], ["create", "delete", "get", "patch", "update"]),
          rule(["storage.k8s.io"], ["volumeattachments"], ["get"]),
          rule(["storage.k8s.io"], ["csidrivers"], read),
          rule(["storage.k8s.io"], ["csinodes"], ["create", "delete", "get", "patch", "update"]),
          rule(["node.k8s.io"], ["runtimeclasses"], read),
        ]),
      role(
        "system:node-proxier",
        [
          events, rule([""], ["endpoints", "services"], ["list", "watch"]), rule([""], ["nodes"], read),
          rule(["discovery.k8s.io"], ["endpointslices"], ["list", "watch"]),
          rule(["networking.k8s.io"], ["servicecidrs"], ["list", "watch"]),
        ]),
      role(
        "system:node-bootstrapper",
        [
          rule(["certificates.k8s.io"], ["certificatesigningrequests"], ["create", "get", "list", "watch"])
        ]),
      role("system:kube-dns", [rule([""], ["endpoints", "services"], ["list", "watch"])]),
      role(
        "system:node-problem-detector",
        [
          events, rule([""], ["nodes"], ["get"]), rule([""], ["nodes/status"], ["patch"]),
        ]),
      role(
        "system:persistent-volume-provisioner",
        [
          events, rule([""], ["persistentvolumes"], ["create", "delete"] + read),
          rule([""], ["persistentvolumeclaims"], read + ["update"]),
          rule(["storage.k8s.io"], ["storageclasses"], read),
        ]),
    ]
  }

  private static let pods = rule(
    [""], ["pods"], ["create", "delete", "get", "list", "patch", "update", "watch"])

  /// What each controller may do.
  private static let controllers: [(name: String, rules: [PolicyRule])] = [
    (
      "attachdetach-controller",
      [rule([""], ["persistentvolumeclaims", "persistentvolumes", "pods", "nodes"], read)]
    ),
    (
      "clusterrole-aggregation-controller",
      [
        rule(
          ["rbac.authorization.k8s.io"], ["clusterroles"],
          ["escalate", "get", "list", "patch", "update", "watch"])
      ]
    ),
    (
      "cronjob-controller",
      [
        rule(["batch"], ["cronjobs"], ["get", "list", "update", "watch"]),
        rule(["batch"], ["jobs"], readWrite),
        rule(["batch"], ["cronjobs/status", "cronjobs/finalizers"], ["update"]),
        rule([""], ["pods"], ["list", "delete"]),
      ]
    ),
    (
      "daemon-set-controller",
      [
        rule(["apps"], ["daemonsets"], read),
        rule(["apps"], ["daemonsets/status", "daemonsets/finalizers"], ["update"]),
        rule([""], ["nodes"], ["list", "watch"]), pods, rule([""], ["pods/binding"], ["create"]),
        rule(["apps"], ["controllerrevisions"], readWrite),
      ]
    ),
    (
      "deployment-controller",
      [
        rule(["apps"], ["deployments"], ["get", "list", "update", "watch"]),
        rule(["apps"], ["deployments/status", "deployments/finalizers"], ["update"]),
        rule(["apps"], ["replicasets"], readWrite), rule([""], ["pods"], ["get", "list", "update", "watch"]),
      ]
    ),
    (
      "disruption-controller",
      [
        rule(["apps"], ["deployments", "replicasets", "statefulsets"], read),
        rule(["policy"], ["poddisruptionbudgets"], read),
        rule(["policy"], ["poddisruptionbudgets/status"], ["update"]),
        rule([""], ["pods", "replicationcontrollers"], read),
        rule([""], ["pods/status"], ["patch", "update"]),
        rule(["*"], ["*/scale"], ["get"]),
      ]
    ),
    (
      "endpoint-controller",
      [
        rule([""], ["pods", "services"], read),
        rule([""], ["endpoints"], ["create", "delete", "get", "list", "update", "watch"]),
        rule([""], ["endpoints/restricted"], ["create"]),
      ]
    ),
    (
      "endpointslice-controller",
      [
        rule([""], ["nodes", "pods", "services"], read), rule([""], ["services/finalizers"], ["update"]),
        rule(
          ["discovery.k8s.io"], ["endpointslices"], ["create", "delete", "get", "list", "update", "watch"]),
      ]
    ),
    (
      "generic-garbage-collector",
      [
        rule(["*"], ["*"], ["delete", "get", "list", "patch", "update", "watch"])
      ]
    ),
    (
      "job-controller",
      [
        rule(["batch"], ["jobs"], ["get", "list", "patch", "update", "watch"]),
        rule(["batch"], ["jobs/status", "jobs/finalizers"], ["update"]), pods,
      ]
    ),
    (
      "namespace-controller",
      [
        rule([""], ["namespaces"], ["delete", "get", "list", "watch"]),
        rule([""], ["namespaces/finalize", "namespaces/status"], ["update"]),
        rule(["*"], ["*"], ["delete", "deletecollection", "get", "list"]),
      ]
    ),
    (
      "node-controller",
      [
        rule([""], ["nodes"], ["delete", "get", "list", "patch", "update", "watch"]),
        rule([""], ["nodes/status"], ["patch", "update"]), rule([""], ["pods/status"], ["patch", "update"]),
        rule([""], ["pods"], ["delete", "get", "list", "watch"]),
        rule(["coordination.k8s.io"], ["leases"], read),
      ]
    ),
    (
      "pod-garbage-collector",
      [
        rule([""], ["pods"], ["delete", "list", "watch"]), rule([""], ["nodes"], ["get", "list", "watch"]),
        rule([""], ["pods/status"], ["patch"]),
      ]
    ),
    (
      "replicaset-controller",
      [
        rule(["apps"], ["replicasets"], ["get", "list", "update", "watch"]),
        rule(["apps"], ["replicasets/status", "replicasets/finalizers"], ["update"]), pods,
      ]
    ),
    (
      "resourcequota-controller",
      [
        rule(["*"], ["*"], ["list", "watch"]), rule([""], ["resourcequotas/status"], ["update"]),
      ]
    ),
    ("root-ca-cert-publisher", [rule([""], ["configmaps"], ["create", "get", "list", "update", "watch"])]),
    ("service-account-controller", [rule([""], ["serviceaccounts"], ["create"])]),
    (
      "statefulset-controller",
      [
        rule([""], ["pods"], ["list", "watch"]), rule(["apps"], ["statefulsets"], read),
        rule(["apps"], ["statefulsets/status", "statefulsets/finalizers"], ["update"]), pods,
        rule(["apps"], ["controllerrevisions"], readWrite),
        rule([""], ["persistentvolumeclaims"], ["create", "get"]),
      ]
    ),
    ("ttl-after-finished-controller", [rule(["batch"], ["jobs"], ["delete", "get", "list", "watch"])]),
    ("ttl-controller", [rule([""], ["nodes"], ["list", "patch", "update", "watch"])]),
  ]

  // MARK: Bindings

  /// The cluster role bindings.
  public static let clusterRoleBindings: [JSON] = {
    var bindings = [
      binding("cluster-admin", to: [group("system:masters")]),
      binding("system:discovery", to: [group("system:authenticated")]),
      binding("system:basic-user", to: [group("system:authenticated")]),
      binding(
        "system:public-info-viewer", to: [group("system:authenticated"), group("system:unauthenticated")]),
      binding("system:monitoring", to: [group("system:monitoring")]),
      binding("system:service-account-issuer-discovery", to: [group("system:serviceaccounts")]),
      binding("system:kube-scheduler", to: [user("system:kube-scheduler")]),
      binding("system:volume-scheduler", to: [user("system:kube-scheduler")]),
      binding("system:kube-controller-manager", to: [user("system:kube-controller-manager")]),
      binding("system:node-proxier", to: [user("system:kube-proxy")]),
      binding("system:node", to: [group("system:nodes")]),
      binding("system:kube-dns", to: [account("kube-dns")]),
      binding("system:node-bootstrapper", to: [group("system:bootstrappers")]),
    ]
    bindings += controllers.map { binding("system:controller:" + $0.name, to: [account($0.name)]) }
    return bindings
  }()

  /// Roles of the system's namespaces.
  public static let roles: [JSON] = [
    role(
      "extension-apiserver-authentication-reader", namespace: "kube-system",
      [
        rule([""], ["configmaps"], read, names: ["extension-apiserver-authentication"])
      ]),
    role(
      "system:controller:bootstrap-signer", namespace: "kube-public",
      [
        rule([""], ["configmaps"], read), rule([""], ["configmaps"], ["update"], names: ["cluster-info"]),
        events,
      ]),
    role(
      "system:controller:token-cleaner", namespace: "kube-system",
      [
        rule([""], ["secrets"], ["delete", "get", "list", "watch"]), events,
      ]),
    role(
      "kubeadm:bootstrap-signer-clusterinfo", namespace: "kube-public",
      [
        rule([""], ["configmaps"], ["get"], names: ["cluster-info"])
      ]),
  ]

  /// Their bindings.
  public static let roleBindings: [JSON] = [
    binding(
      "system::extension-apiserver-authentication-reader", role: "extension-apiserver-authentication-reader",
      namespace: "kube-system", to: [user("system:kube-controller-manager"), user("system:kube-scheduler")]),
    binding(
      "kubeadm:bootstrap-signer-clusterinfo", role: "kubeadm:bootstrap-signer-clusterinfo",
      namespace: "kube-public",
      to: [user("system:anonymous")]),
    binding(
      "system:controller:token-cleaner", role: "system:controller:token-cleaner", namespace: "kube-system",
      to: [account("token-cleaner")]),
  ]

  // MARK: Objects

  private static func metadata(_ name: String, _ namespace: String?) -> JSON {
    var metadata: JSON = [
      "name": .string(name), "labels": ["kubernetes.io/bootstrapping": "rbac-defaults"],
      "annotations": ["rbac.authorization.kubernetes.io/autoupdate": "true"],
    ]
    if let namespace { metadata["namespace"] = .string(namespace) }
    return metadata
  }

  private static func role(_ name: String, namespace: String? = nil, _ rules: [PolicyRule]) -> JSON {
    [
      "apiVersion": "rbac.authorization.k8s.io/v1", "kind": namespace == nil ? "ClusterRole" : "Role",
      "metadata": metadata(name, namespace), "rules": .array(rules.map(\.json)),
    ]
  }

  private static func binding(
    _ name: String, role: String? = nil, namespace: String? = nil, to subjects: [JSON]
  ) -> JSON {
    [
      "apiVersion": "rbac.authorization.k8s.io/v1",
      "kind": namespace == nil ? "ClusterRoleBinding" : "RoleBinding",
      "metadata": metadata(name, namespace),
      "roleRef": [
        "apiGroup": "rbac.authorization.k8s.io", "kind": namespace == nil ? "ClusterRole" : "Role",
        "name": .string(role ?? name),
      ],
      "subjects": .array(subjects),
    ]
  }

  private static func group(_ name: String) -> JSON {
    ["apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": .string(name)]
  }

  private static func user(_ name: String) -> JSON {
    ["apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": .string(name)]
  }

  private static func account(_ name: String) -> JSON {
    ["kind": "ServiceAccount", "name": .string(name), "namespace": "kube-system"]
  }

  // MARK: Keeping them

  /// What a stored role or binding becomes so that it has all that it must: what was added to it stays. Nil if nothing
  /// is missing, or if its keeper does not want this.
  public static func reconciled(stored: JSON, wanted: JSON) -> JSON? {
    if stored["metadata", "annotations"]?["rbac.authorization.kubernetes.io/autoupdate"]?.string == "false" {
      return nil
    }
    var made = stored
    for field in ["labels", "annotations"] {
      for member in wanted["metadata", field]?.object ?? [:]
      where stored["metadata", field]?[member.key] == nil {
        made["metadata", field, member.key] = member.value
      }
    }
    if let wantedRules = wanted["rules"]?.array {
      let have = (stored["rules"]?.array ?? []).map { PolicyRule($0) }
      // An aggregated role's rules are made of others'.
      let missing =
        wanted["aggregationRule"] != nil && stored["aggregationRule"] != nil
        ? [] : wantedRules.filter { !PolicyRule($0).isCovered(by: have) }
      if !missing.isEmpty { made["rules"] = .array((stored["rules"]?.array ?? []) + missing) }
      if let aggregation = wanted["aggregationRule"], stored["aggregationRule"] == nil {
        made["aggregationRule"] = aggregation
      }
    }
    if let subjects = wanted["subjects"]?.array {
      let have = stored["subjects"]?.array ?? []
      let missing = subjects.filter { !have.contains($0) }
      if !missing.isEmpty { made["subjects"] = .array(have + missing) }
    }
    return made == stored ? nil : made
  }
}
