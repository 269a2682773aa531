import Testing

@testable import Objects

/// Defaults beyond what was recorded: an object, and the object with its defaults.
@Suite struct DefaultsTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    var group = ""
    var version = "v1"
    let kind: String
    let given: String
    let expected: String

    var testDescription: String { "\(kind): \(name)" }
  }

  private static let cases = podCases + volumeCases + coreCases + workloadCases + otherCases

  @Test(arguments: cases)
  func fillsIn(_ test: Case) throws {
    var object = try JSON.parse(test.given)
    Defaults.apply(to: &object, group: test.group, version: test.version, kind: test.kind)
    #expect(object.text == (try JSON.parse(test.expected)).text)
    let once = object
    Defaults.apply(to: &object, group: test.group, version: test.version, kind: test.kind)
    #expect(object.text == once.text)
  }

  /// What is not of the expected form is validation's affair; nothing is lost, nothing fails.
  @Test(arguments: [
    "null", "3", "[]", #"{"spec":3}"#, #"{"spec":{"containers":7,"template":[],"volumes":[null,3]}}"#,
    #"{"metadata":"x","spec":{"ports":[3,"x"],"limits":{},"names":[],"podCIDRs":3},"status":[]}"#,
    #"{"stringData":7,"webhooks":{"a":1},"subjects":["x"],"roleRef":1,"subsets":[[]],"ports":[null]}"#,
  ])
  func leavesAloneWhatHasNoForm(_ text: String) throws {
    for (group, version, kind) in Self.kinds {
      var object = try JSON.parse(text)
      Defaults.apply(to: &object, group: group, version: version, kind: kind)
      let strategy = Strategy.builtIn(group: group, version: version, kind: kind)
      let write = Strategy.Write(time: Timestamp(seconds: 0, nanoseconds: 0))
      strategy.prepareForCreate(&object, uid: "u", write: write)
      var next = try JSON.parse(text)
      strategy.prepareForUpdate(&next, from: object, write: write)
      strategy.prepareForStatusUpdate(&next, from: object, write: write)
      if case .object = try JSON.parse(text) {
        #expect(next.object != nil)
      } else {
        #expect(next == object)
      }
    }
  }

  private static let kinds: [(group: String, version: String, kind: String)] = [
    (
      "",
      [
        "Endpoints", "Event", "LimitRange", "Namespace", "Node", "PersistentVolume", "PersistentVolumeClaim",
        "Pod",
        "PodTemplate", "ReplicationController", "ResourceQuota", "Secret", "Service", "ServiceAccount",
      ]
    ),
    ("apps", ["DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"]),
    ("batch", ["CronJob", "Job"]),
    ("autoscaling", ["HorizontalPodAutoscaler"]),
    ("networking.k8s.io", ["Ingress", "IngressClass", "NetworkPolicy", "ServiceCIDR"]),
    ("discovery.k8s.io", ["EndpointSlice"]),
    ("rbac.authorization.k8s.io", ["ClusterRoleBinding", "RoleBinding"]),
    ("storage.k8s.io", ["CSIDriver", "StorageClass", "VolumeAttachment"]),
    ("node.k8s.io", ["RuntimeClass"]),
    ("resource.k8s.io", ["ResourceClaim", "ResourceClaimTemplate", "ResourceSlice"]),
    ("flowcontrol.apiserver.k8s.io", ["FlowSchema", "PriorityLevelConfiguration"]),
    ("certificates.k8s.io", ["CertificateSigningRequest"]),
    (
      "admissionregistration.k8s.io",
      [
        "MutatingWebhookConfiguration", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding",
      ]
    ),
    ("apiextensions.k8s.io", ["CustomResourceDefinition"]),
    ("apiregistration.k8s.io", ["APIService"]),
    ("example.com", ["Custom"]),
  ].flatMap { (group: String, kinds: [String]) in kinds.map { (group, "v1", $0) } }

  @Test func existOnlyForKindsThatHaveThem() {
    #expect(Defaults.exist(group: "apps", version: "v1", kind: "Deployment"))
    #expect(!Defaults.exist(group: "", version: "v1", kind: "Deployment"))
    #expect(!Defaults.exist(group: "", version: "v1", kind: "ConfigMap"))
  }
}
