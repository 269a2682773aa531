public import Objects

/// The roles and bindings that every cluster has from the start (Kubernetes: RBAC default roles).
public enum BootstrapPolicy {
  /// All objects: cluster roles, cluster role bindings, roles and role bindings.
  public static var objects: [JSON] {
    UserRoles.objects + ComponentRoles.objects + clusterRoleBindings + ControllerRoles.objects + namespaced
  }

  private static var clusterRoleBindings: [JSON] {
    let everybody = PolicyTable.group("system:authenticated")
    let nodes = PolicyTable.group("system:nodes")
    let scheduler = PolicyTable.user("system:kube-scheduler")
    let requests = "system:certificates.k8s.io:certificatesigningrequests:"
    let bindings: [(name: String, role: String, subjects: [JSON])] = [
      ("cluster-admin", "cluster-admin", [PolicyTable.group(RBACAuthorizer.superusers)]),
      ("system:basic-user", "system:basic-user", [everybody]),
      ("system:discovery", "system:discovery", [everybody]),
      (
        "system:public-info-viewer", "system:public-info-viewer",
        [everybody, PolicyTable.group("system:unauthenticated")]
      ),
      (
        "system:service-account-issuer-discovery", "system:service-account-issuer-discovery",
        [PolicyTable.group("system:serviceaccounts")]
      ),
      ("system:monitoring", "system:monitoring", [PolicyTable.group("system:monitoring")]),
      // No other authoriser answers for nodes.
      ("system:node", "system:node", [nodes]),
      ("system:node-proxier", "system:node-proxier", [PolicyTable.user("system:kube-proxy")]),
      // Our nodes run the service proxy and DNS under their own names.
      ("raftkv:node-proxier", "system:node-proxier", [nodes]), ("raftkv:node", "raftkv:node", [nodes]),
      ("system:kube-scheduler", "system:kube-scheduler", [scheduler]),
      ("system:volume-scheduler", "system:volume-scheduler", [scheduler]),
      (
        "system:kube-controller-manager", "system:kube-controller-manager",
        [PolicyTable.user("system:kube-controller-manager")]
      ),
      ("system:kube-dns", "system:kube-dns", [PolicyTable.account("kube-dns")]),
      // With these a node joins by a token alone.
      ("raftkv:node-bootstrapper", "system:node-bootstrapper", [PolicyTable.group(BootstrapToken.group)]),
      ("raftkv:node-client-approval", requests + "nodeclient", [PolicyTable.group(BootstrapToken.group)]),
      ("raftkv:node-client-renewal", requests + "selfnodeclient", [nodes]),
    ]
    return bindings.map { PolicyTable.binding($0.name, role: $0.role, to: $0.subjects) }
  }

  private static var namespaced: [JSON] {
    let (scheduler, manager) = (
      PolicyTable.user("system:kube-scheduler"), PolicyTable.user("system:kube-controller-manager")
    )
    func locking(_ name: String) -> [PolicyRule] {
      [
        PolicyTable.rule("watch", "core", "configmaps"),
        PolicyTable.rule("get update", "core", "configmaps", names: name),
      ]
    }
    let objects: [(name: String, namespace: String, rules: [PolicyRule], binding: String, subjects: [JSON])] =
      [
        (
          "extension-apiserver-authentication-reader", "kube-system",
          [
            PolicyTable.rule(
              "get list watch", "core", "configmaps", names: "extension-apiserver-authentication")
          ],
          "system::extension-apiserver-authentication-reader", [manager, scheduler]
        ),
        (
          "system::leader-locking-kube-controller-manager", "kube-system", locking("kube-controller-manager"),
          "system::leader-locking-kube-controller-manager",
          [manager, PolicyTable.account("kube-controller-manager")]
        ),
        (
          "system::leader-locking-kube-scheduler", "kube-system", locking("kube-scheduler"),
          "system::leader-locking-kube-scheduler", [scheduler, PolicyTable.account("kube-scheduler")]
        ),
        (
          "system:controller:bootstrap-signer", "kube-system",
          [PolicyTable.rule("get list watch", "core", "secrets")], "system:controller:bootstrap-signer",
          [PolicyTable.account("bootstrap-signer")]
        ),
        (
          "system:controller:bootstrap-signer", "kube-public",
          [
            PolicyTable.rule("get list watch", "core", "configmaps"),
            PolicyTable.rule("update", "core", "configmaps", names: "cluster-info"), PolicyTable.events,
          ], "system:controller:bootstrap-signer", [PolicyTable.account("bootstrap-signer")]
        ),
        (
          "system:controller:cloud-provider", "kube-system",
          [PolicyTable.rule("create get list update watch", "core", "configmaps")],
          "system:controller:cloud-provider", [PolicyTable.account("cloud-provider")]
        ),
        (
          "system:controller:token-cleaner", "kube-system",
          [PolicyTable.rule("delete get list watch", "core", "secrets"), PolicyTable.events],
          "system:controller:token-cleaner", [PolicyTable.account("token-cleaner")]
        ),
        // Each node serves names to its pods, and says so in an EndpointSlice.
        (
          "raftkv:node-dns", "kube-system",
          [PolicyTable.rule("create get patch update", "discovery.k8s.io", "endpointslices")],
          "raftkv:node-dns", [PolicyTable.group("system:nodes")]
        ),
        // Whoever wants to join reads how to, before anybody knows them.
        (
          "raftkv:cluster-info-viewer", "kube-public",
          [PolicyTable.rule("get", "core", "configmaps", names: "cluster-info")],
          "raftkv:cluster-info-viewer",
          [PolicyTable.user("system:anonymous")]
        ),
      ]
    return objects.flatMap { object in
      [
        PolicyTable.role(object.name, namespace: object.namespace, object.rules),
        PolicyTable.binding(
          object.binding, namespace: object.namespace, role: object.name, to: object.subjects),
      ]
    }
  }

  /// What a stored object of the policy is to become: nothing is taken away, what is missing is added.
  /// - Parameter wanted: the object of this policy of the same kind and name.
  /// - Returns: nil if nothing is missing, if the object is not to be changed (annotation `autoupdate` of `false`), or if
  ///   it is a binding of another role, which cannot be changed.
  public static func reconciled(_ stored: JSON, with wanted: JSON) -> JSON? {
    if stored.text("metadata", "annotations", "rbac.authorization.kubernetes.io/autoupdate") == "false" {
      return nil
    }
    var result = stored
    for field in ["labels", "annotations"] {
      for member in wanted["metadata", field]?.object ?? JSONObject()
      where result["metadata", field, member.key] == nil {
        result["metadata", field, member.key] = member.value
      }
    }
    if wanted["roleRef"] != nil {
      guard ["kind", "name"].allSatisfy({ stored.text("roleRef", $0) == wanted.text("roleRef", $0) }) else {
        return nil
      }
      add(from: wanted, "subjects", to: &result) { left, right in
        ["kind", "name", "namespace"].allSatisfy { left.text($0) == right.text($0) }
      }
    } else if let aggregation = wanted["aggregationRule"] {
      // The rules are the aggregating controller's.
      var own = result["aggregationRule"] ?? [:]
      add(from: aggregation, "clusterRoleSelectors", to: &own, isSame: ==)
      result["aggregationRule"] = own
    } else {
      let missing = PolicyRule.uncovered(PolicyRule.rules(of: wanted), by: PolicyRule.rules(of: stored))
      if !missing.isEmpty {
        result["rules"] = .array((stored["rules"]?.array ?? []) + PolicyRule.compacted(missing).map(\.json))
      }
    }
    return result == stored ? nil : result
  }

  private static func add(
    from wanted: JSON, _ field: String, to result: inout JSON, isSame: (JSON, JSON) -> Bool
  ) {
    let present = result[field]?.array ?? []
    let missing = (wanted[field]?.array ?? []).filter { one in !present.contains { isSame($0, one) } }
    if !missing.isEmpty { result[field] = .array(present + missing) }
  }
}
