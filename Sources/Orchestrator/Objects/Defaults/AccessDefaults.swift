extension Defaults {
  static let rbac: [String: Function] = [
    "ClusterRoleBinding": { roleBinding(&$0) },
    "RoleBinding": { roleBinding(&$0) },
  ]

  private static func roleBinding(_ binding: inout JSON) {
    binding.revise("roleRef") { $0.fillBlank("apiGroup", with: "rbac.authorization.k8s.io") }
    binding.reviseEach("subjects") { subject in
      guard let kind = subject["kind"]?.string, kind == "User" || kind == "Group" else { return }
      subject.fillBlank("apiGroup", with: "rbac.authorization.k8s.io")
    }
  }
}
