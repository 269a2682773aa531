import Admission
import Exchange
import Objects
import Registry
import Testing

@Suite struct NamespaceLifecycleTests {
  private static let namespaces = [
    json(#"{"kind":"Namespace","metadata":{"name":"n"},"status":{"phase":"Active"}}"#),
    json(#"{"kind":"Namespace","metadata":{"name":"old"},"status":{"phase":"Terminating"}}"#),
  ]

  @Test(arguments: [
    ("n", nil), ("missing", #"404 namespaces "missing" not found"#),
    (
      "old",
      #"403 configmaps "late" is forbidden: unable to create new content in namespace old because it is being terminated"#
    ),
  ])
  func `nothing is made in a namespace that is missing or goes away`(namespace: String, refusal: String?)
    async
  {
    var request = creation(json(#"{"metadata":{"name":"late"}}"#), resource("configmaps"))
    request.namespace = namespace
    #expect(await outcome(NamespaceLifecycle(), request, Self.namespaces).refusal == refusal)
  }

  @Test func `the refusal in a terminating namespace has its cause`() async throws {
    var request = creation(json(#"{"metadata":{"name":"late"}}"#), resource("configmaps"))
    request.namespace = "old"
    let source = FakeObjects(Self.namespaces)
    let error = await #expect(throws: StatusError.self) {
      try await NamespaceLifecycle().admit(&request, source)
    }
    #expect(
      error?.status["details"]
        == json(
          #"""
          {"name":"late","kind":"configmaps","causes":[{"reason":"NamespaceTerminating",
          "message":"namespace old is being terminated","field":"metadata.namespace"}]}
          """#))
  }

  @Test(arguments: [
    ("default", true), ("kube-system", true), ("kube-public", true), ("kube-node-lease", false), ("n", false),
  ])
  func `the cluster's own namespaces stay`(name: String, stays: Bool) async {
    let request = AdmissionRequest(
      operation: .delete, resource: resource("namespaces"), namespace: name, name: name,
      user: UserInfo(name: "u"))
    let refusal = await outcome(NamespaceLifecycle(), request).refusal
    #expect(
      refusal
        == (stays ? #"403 namespaces "\#(name)" is forbidden: this namespace may not be deleted"# : nil))
  }

  @Test(arguments: [
    ("localsubjectaccessreviews", "authorization.k8s.io", false), ("nodes", "", false), ("pods", "", true),
  ])
  func `namespaces matter to what is in them`(name: String, group: String, isHandled: Bool) {
    let request = creation([:], resource(name, group: group))
    #expect(NamespaceLifecycle().handles(request) == isHandled)
  }
}
