import Admission
import Exchange
import Objects
import Registry
import Testing

@Suite struct NodeRestrictionTests {
  private static let node = UserInfo(name: "system:node:n1", groups: ["system:nodes"])

  private static func refusal(
    _ operation: AdmissionRequest.Operation, _ resource: Resource, _ subresource: String = "",
    namespace: String = "n", name: String, _ object: String? = nil, old: String? = nil,
    user: UserInfo = node, objects: [JSON] = []
  ) async -> String? {
    let request = AdmissionRequest(
      operation: operation, resource: resource, subresource: subresource, namespace: namespace, name: name,
      object: object.map(json), old: old.map(json), user: user)
    return await outcome(NodeRestriction(), request, objects).refusal
  }

  @Test(arguments: [
    (
      #"{}"#,
      "pod does not have \"kubernetes.io/config.mirror\" annotation, node \"n1\" can only create mirror pods"
    ),
    (
      #"{"metadata":{"annotations":{"kubernetes.io/config.mirror":"x"}},"spec":{"nodeName":"n2"}}"#,
      "node \"n1\" can only create pods with spec.nodeName set to itself"
    ),
    (
      #"""
      {"metadata":{"annotations":{"kubernetes.io/config.mirror":"x"}},
      "spec":{"nodeName":"n1","volumes":[{"secret":{}}]}}
      """#, "node \"n1\" can not create pods that reference secrets"
    ),
    (#"{"metadata":{"annotations":{"kubernetes.io/config.mirror":"x"}},"spec":{"nodeName":"n1"}}"#, nil),
  ])
  func `a node makes mirror pods of its own only`(pod: String, problem: String?) async {
    let refusal = await Self.refusal(.create, resource("pods"), name: "p", pod)
    #expect(refusal == problem.map { "403 pods \"p\" is forbidden: \($0)" })
  }

  @Test(arguments: [("n1", true), ("n2", false)])
  func `a node writes about pods that run on it`(nodeName: String, isAllowed: Bool) async {
    let pod = #"{"spec":{"nodeName":"\#(nodeName)"}}"#
    let who = "403 pods \"p\" is forbidden: node \"n1\" can only"
    let its = "pods with spec.nodeName set to itself"
    let deletion = await Self.refusal(.delete, resource("pods"), name: "p", old: pod)
    #expect(deletion == (isAllowed ? nil : "\(who) delete \(its)"))
    let eviction = await Self.refusal(.create, resource("pods"), "eviction", name: "p", "{}", old: pod)
    #expect(eviction == (isAllowed ? nil : "\(who) evict \(its)"))
    let status = await Self.refusal(.update, resource("pods"), "status", name: "p", pod, old: pod)
    #expect(status == (isAllowed ? nil : "\(who) update pod status for \(its)"))
  }

  @Test(arguments: [
    ("n1", #"{"metadata":{"labels":{"a":"b"}}}"#, nil),
    ("n2", #"{}"#, #"node "n1" is not allowed to modify node "n2""#),
    (
      "n1", #"{"metadata":{"labels":{"node-restriction.kubernetes.io/x":"y","kubernetes.io/arch":"arm"}}}"#,
      "is not allowed to modify labels: node-restriction.kubernetes.io/x"
    ),
    (
      "n1", #"{"metadata":{"labels":{"node-role.kubernetes.io/control-plane":""}}}"#,
      "is not allowed to modify labels: node-role.kubernetes.io/control-plane"
    ),
    ("n1", #"{"metadata":{"labels":{"node.kubernetes.io/x":"y","topology.kubernetes.io/zone":"z"}}}"#, nil),
    ("n1", #"{"spec":{"taints":[{"key":"k"}]}}"#, #"node "n1" is not allowed to modify taints"#),
  ])
  func `a node writes about itself, but not what decides what runs there`(
    name: String, node: String, problem: String?
  ) async {
    let refusal = await Self.refusal(.update, resource("nodes"), namespace: "", name: name, node, old: "{}")
    #expect(refusal == problem.map { "403 nodes \"\(name)\" is forbidden: \($0)" })
  }

  @Test(arguments: [
    ("kube-node-lease", "n1", nil),
    ("kube-node-lease", "n2", "can only access node lease with the same name as the requesting node"),
    ("kube-system", "n1", #"can only access leases in the "kube-node-lease" system namespace"#),
  ])
  func `a node renews its own lease`(namespace: String, name: String, problem: String?) async {
    let refusal = await Self.refusal(
      .update, resource("leases", group: "coordination.k8s.io"), namespace: namespace, name: name, "{}",
      old: "{}")
    #expect(
      refusal == problem.map { "403 leases.coordination.k8s.io \"\(name)\" is forbidden: \($0)" })
  }

  @Test(arguments: [
    (#"{}"#, "node requested token not bound to a pod"),
    (#"{"kind":"Pod","name":"p"}"#, "node requested token with a pod binding without a uid"),
    (#"{"kind":"Pod","name":"p","uid":"1"}"#, nil),
    (
      #"{"kind":"Pod","name":"p","uid":"2"}"#,
      "the UID in the bound object reference (2) does not match the UID in record. "
        + "The object might have been deleted and then recreated"
    ),
    (
      #"{"kind":"Pod","name":"q","uid":"3"}"#,
      "node requested token bound to a pod scheduled on a different node"
    ),
  ])
  func `a node gets tokens for its pods`(reference: String, problem: String?) async {
    let pods = [("p", "1", "n1"), ("q", "3", "n2")].map { name, uid, node in
      json(
        #"""
        {"kind":"Pod","metadata":{"name":"\#(name)","namespace":"n","uid":"\#(uid)"},
        "spec":{"nodeName":"\#(node)"}}
        """#)
    }
    let refusal = await Self.refusal(
      .create, resource("serviceaccounts"), "token", name: "a", #"{"spec":{"boundObjectRef":\#(reference)}}"#,
      objects: pods)
    #expect(refusal == problem.map { "403 serviceaccounts \"a\" is forbidden: \($0)" })
  }

  @Test(arguments: [
    UserInfo(name: "system:node:n1"), UserInfo(name: "jane", groups: ["system:nodes"]),
  ])
  func `others are not restricted`(user: UserInfo) async {
    #expect(await Self.refusal(.create, resource("pods"), name: "p", "{}", user: user) == nil)
  }

  @Test func `a node without a name may do nothing`() async {
    let user = UserInfo(name: "system:node:", groups: ["system:nodes"])
    #expect(
      await Self.refusal(.create, resource("pods"), name: "p", "{}", user: user)
        == #"403 pods "p" is forbidden: could not determine node from user "system:node:""#)
  }
}
