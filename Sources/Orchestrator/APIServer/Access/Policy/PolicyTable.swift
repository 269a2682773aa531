import Objects

/// Short forms of what the default policy is made of.
enum PolicyTable {
  static let group = "rbac.authorization.k8s.io"
  static let read = "get list watch"
  static let write = "create delete deletecollection patch update"
  static let all = "create delete deletecollection get list patch update watch"

  /// A rule: words apart by spaces; the core group is `core`.
  static func rule(_ verbs: String, _ groups: String, _ resources: String, names: String = "") -> PolicyRule {
    PolicyRule(
      verbs: words(verbs), apiGroups: words(groups).map { $0 == "core" ? "" : $0 },
      resources: words(resources),
      resourceNames: words(names))
  }

  /// A rule about paths.
  static func paths(_ verbs: String, _ paths: String) -> PolicyRule {
    PolicyRule(verbs: words(verbs), nonResourceURLs: words(paths))
  }

  /// What lets a component say what happened.
  static let events = rule("create patch update", "core events.k8s.io", "events")

  static func words(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }

  static func metadata(_ name: String, namespace: String = "", labels: [String] = []) -> JSON {
    var metadata: JSON = [
      "name": .string(name), "labels": ["kubernetes.io/bootstrapping": "rbac-defaults"],
      "annotations": ["rbac.authorization.kubernetes.io/autoupdate": "true"],
    ]
    if !namespace.isEmpty { metadata["namespace"] = .string(namespace) }
    for label in labels { metadata["labels", group + "/" + label] = "true" }
    return metadata
  }

  static func clusterRole(
    _ name: String, _ rules: [PolicyRule], labels: [String] = [], aggregates label: String = ""
  ) -> JSON {
    var role: JSON = [
      "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
      "metadata": metadata(name, labels: labels), "rules": .array(rules.map(\.json)),
    ]
    if !label.isEmpty {
      role["aggregationRule"] = ["clusterRoleSelectors": [["matchLabels": [group + "/" + label: "true"]]]]
    }
    return role
  }

  static func role(_ name: String, namespace: String, _ rules: [PolicyRule]) -> JSON {
    [
      "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
      "metadata": metadata(name, namespace: namespace), "rules": .array(rules.map(\.json)),
    ]
  }

  /// A binding; without a namespace, everywhere. The role is in the namespace, or for the whole cluster.
  static func binding(_ name: String, namespace: String = "", role: String, to subjects: [JSON]) -> JSON {
    [
      "apiVersion": "rbac.authorization.k8s.io/v1",
      "kind": namespace.isEmpty ? "ClusterRoleBinding" : "RoleBinding",
      "metadata": metadata(name, namespace: namespace),
      "roleRef": [
        "apiGroup": .string(group), "kind": namespace.isEmpty ? "ClusterRole" : "Role", "name": .string(role),
      ],
      "subjects": .array(subjects),
    ]
  }

  static func user(_ name: String) -> JSON {
    ["apiGroup": .string(group), "kind": "User", "name": .string(name)]
  }
  static func group(_ name: String) -> JSON {
    ["apiGroup": .string(group), "kind": "Group", "name": .string(name)]
  }
  static func account(_ name: String, namespace: String = "kube-system") -> JSON {
    ["kind": "ServiceAccount", "name": .string(name), "namespace": .string(namespace)]
  }
}
