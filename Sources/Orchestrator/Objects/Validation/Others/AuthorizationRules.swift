// The rules for roles and their bindings.
extension Checker {
  mutating func role(_ role: JSON, isNamespaced: Bool) {
    metadata(role, isNamespaced: isNamespaced, .pathSegment)
    for (index, rule) in role.list(at: "rules").enumerated() {
      policyRule(rule, FieldPath("rules")[index], isNamespaced: isNamespaced)
    }
    guard !isNamespaced, let aggregation = role.member(at: "aggregationRule") else { return }
    let path = FieldPath("aggregationRule", "clusterRoleSelectors")
    let selectors = aggregation.list(at: "clusterRoleSelectors")
    if selectors.isEmpty {
      required(path, "at least one clusterRoleSelector required if aggregationRule is non-nil")
    }
    for (index, selector) in selectors.enumerated() {
      labelSelector(selector, path[index])
      if LabelMatcher(selector) == nil { invalid(path[index], nil, "invalid label selector.") }
    }
  }

  private mutating func policyRule(_ rule: JSON, _ path: FieldPath, isNamespaced: Bool) {
    if rule.list(at: "verbs").isEmpty { required(path["verbs"], "verbs must contain at least one value") }
    if !rule.list(at: "nonResourceURLs").isEmpty {
      if isNamespaced {
        invalid(
          path["nonResourceURLs"], rule["nonResourceURLs"],
          "namespaced rules cannot apply to non-resource URLs")
      }
      if ["apiGroups", "resources", "resourceNames"].contains(where: { !rule.list(at: $0).isEmpty }) {
        invalid(
          path["nonResourceURLs"], rule["nonResourceURLs"],
          "rules cannot apply to both regular resources and non-resource URLs")
      }
      return
    }
    if rule.list(at: "apiGroups").isEmpty {
      required(path["apiGroups"], "resource rules must supply at least one api group")
    }
    if rule.list(at: "resources").isEmpty {
      required(path["resources"], "resource rules must supply at least one resource")
    }
  }

  mutating func roleBinding(_ binding: JSON, isNamespaced: Bool) {
    metadata(binding, isNamespaced: isNamespaced, .pathSegment)
    let role = binding["roleRef"] ?? .null
    let path = FieldPath("roleRef")
    let group = "rbac.authorization.k8s.io"
    if role.text(at: "apiGroup") != group {
      notSupported(path["apiGroup"], role.text(at: "apiGroup"), [group])
    }
    let kinds = isNamespaced ? ["Role", "ClusterRole"] : ["ClusterRole"]
    if !kinds.contains(role.text(at: "kind")) { notSupported(path["kind"], role.text(at: "kind"), kinds) }
    requiredName(role.text(at: "name"), path["name"], NameFormats.pathSegment)
    for (index, subject) in binding.list(at: "subjects").enumerated() {
      let path = FieldPath("subjects")[index]
      let name = subject.text(at: "name")
      requiredText(name, path["name"])
      let subjectGroup = subject.text(at: "apiGroup")
      switch subject.text(at: "kind") {
      case "ServiceAccount":
        if !name.isEmpty { subdomain(name, path["name"]) }
        if !subjectGroup.isEmpty { notSupported(path["apiGroup"], subjectGroup, [""]) }
        if !isNamespaced, subject.text(at: "namespace").isEmpty { required(path["namespace"]) }
      case "User", "Group":
        if subjectGroup != group { notSupported(path["apiGroup"], subjectGroup, [group]) }
      case let kind: notSupported(path["kind"], kind, ["ServiceAccount", "User", "Group"])
      }
    }
  }

  mutating func roleBindingUpdate(_ new: JSON, _ old: JSON, isNamespaced: Bool) {
    roleBinding(new, isNamespaced: isNamespaced)
    metadataUpdate(new, old)
    let newRole = GoForm.value(new["roleRef"] ?? .null, as: "RoleRef")
    if newRole != GoForm.value(old["roleRef"] ?? .null, as: "RoleRef") {
      invalid(FieldPath("roleRef"), shown: newRole.compact, "cannot change roleRef")
    }
  }
}
