import Admission
import Exchange
import Objects
import Registry
import Testing

/// Refuses everything, and says what it was asked.
private struct Refusal: EscalationChecking {
  func checkRole(
    _ role: JSON, old: JSON?, resource: Resource, namespace: String, user: UserInfo
  ) async throws(StatusError) {
    throw .badRequest("role \(resource.resource) \(role.text) \(old?.text ?? "-") \(namespace) \(user.name)")
  }

  func checkBinding(
    _ binding: JSON, old: JSON?, resource: Resource, namespace: String, user: UserInfo
  ) async throws(StatusError) {
    throw .badRequest(
      "binding \(resource.resource) \(binding.text) \(old?.text ?? "-") \(namespace) \(user.name)")
  }
}

@Suite struct RoleEscalationTests {
  @Test(arguments: [
    ("roles", "rbac.authorization.k8s.io", "400 role roles {} - n u"),
    ("clusterroles", "rbac.authorization.k8s.io", "400 role clusterroles {} -  u"),
    ("rolebindings", "rbac.authorization.k8s.io", "400 binding rolebindings {} - n u"),
    ("clusterrolebindings", "rbac.authorization.k8s.io", "400 binding clusterrolebindings {} -  u"),
    ("configmaps", "", nil),
  ])
  func `roles and bindings are checked`(name: String, group: String, refusal: String?) async {
    let request = creation([:], resource(name, group: group))
    #expect(await outcome(RoleEscalation(check: Refusal()), request).refusal == refusal)
  }

  @Test func `an update is checked with what was there`() async {
    let request = AdmissionRequest(
      operation: .update, resource: resource("roles", group: "rbac.authorization.k8s.io"), namespace: "n",
      name: "r", object: ["rules": []], old: ["a": 1], user: UserInfo(name: "u"))
    #expect(
      await outcome(RoleEscalation(check: Refusal()), request).refusal
        == #"400 role roles {"rules":[]} {"a":1} n u"#)
  }

  @Test func `a deletion grants nothing`() {
    let request = AdmissionRequest(
      operation: .delete, resource: resource("roles", group: "rbac.authorization.k8s.io"),
      user: UserInfo(name: "u"))
    #expect(!RoleEscalation(check: Refusal()).handles(request))
  }
}
