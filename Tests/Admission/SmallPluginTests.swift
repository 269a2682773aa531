import Admission
import Exchange
import Objects
import Registry
import Testing

@Suite struct SmallPluginTests {
  @Test(arguments: [
    (
      #"{"spec":{}}"#,
      #"""
      {"spec":{"tolerations":[
      {"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute","tolerationSeconds":300},
      {"key":"node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}]}}
      """#
    ),
    (
      #"{"spec":{"tolerations":[{"operator":"Exists"}]}}"#,
      #"{"spec":{"tolerations":[{"operator":"Exists"}]}}"#
    ),
    (
      #"{"spec":{"tolerations":[{"key":"node.kubernetes.io/not-ready","effect":"NoExecute"},{"key":"x"}]}}"#,
      #"""
      {"spec":{"tolerations":[{"key":"node.kubernetes.io/not-ready","effect":"NoExecute"},{"key":"x"},
      {"key":"node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}]}}
      """#
    ),
  ])
  func `pods stay five minutes on a silent node`(pod: String, expected: String) async {
    let result = await outcome(DefaultTolerationSeconds(), creation(json(pod), resource("pods")))
    #expect(result.object == json(expected))
  }

  @Test(arguments: [
    (
      #"{"metadata":{"name":"n1"}}"#,
      #"""
      {"metadata":{"name":"n1"},
      "spec":{"taints":[{"key":"node.kubernetes.io/not-ready","effect":"NoSchedule"}]}}
      """#
    ),
    (
      #"{"spec":{"taints":[{"key":"node.kubernetes.io/not-ready","effect":"NoSchedule"}]}}"#,
      #"{"spec":{"taints":[{"key":"node.kubernetes.io/not-ready","effect":"NoSchedule"}]}}"#
    ),
  ])
  func `a new node is not ready`(node: String, expected: String) async {
    let result = await outcome(TaintNodesByCondition(), creation(json(node), resource("nodes")))
    #expect(result.object == json(expected))
  }

  private static let storageClasses = [
    json(
      #"""
      {"kind":"StorageClass","metadata":{"name":"older","creationTimestamp":"2026-01-01T00:00:00Z",
      "annotations":{"storageclass.kubernetes.io/is-default-class":"true"}}}
      """#),
    json(
      #"""
      {"kind":"StorageClass","metadata":{"name":"newer","creationTimestamp":"2026-02-01T00:00:00Z",
      "annotations":{"storageclass.kubernetes.io/is-default-class":"true"}}}
      """#),
    json(
      #"""
      {"kind":"StorageClass","metadata":{"name":"again","creationTimestamp":"2026-02-01T00:00:00Z",
      "annotations":{"storageclass.kubernetes.io/is-default-class":"true"}}}
      """#),
    json(#"{"kind":"StorageClass","metadata":{"name":"none","creationTimestamp":"2026-03-01T00:00:00Z"}}"#),
  ]

  @Test(arguments: [
    (#"{"spec":{}}"#, "again"), (#"{"spec":{"storageClassName":""}}"#, ""),
    (#"{"spec":{"storageClassName":"x"}}"#, "x"),
    (#"{"metadata":{"annotations":{"volume.beta.kubernetes.io/storage-class":"x"}},"spec":{}}"#, nil),
  ])
  func `a claim without a class gets the newest default`(claim: String, name: String?) async {
    let result = await outcome(
      DefaultStorageClass(), creation(json(claim), resource("persistentvolumeclaims")), Self.storageClasses)
    #expect(result.object?["spec", "storageClassName"]?.string == name)
  }

  @Test func `an ingress without a class gets the default`() async {
    let ingressClass = json(
      #"""
      {"kind":"IngressClass","metadata":{"name":"c",
      "annotations":{"ingressclass.kubernetes.io/is-default-class":"true"}}}
      """#)
    let result = await outcome(
      DefaultIngressClass(), creation(["spec": [:]], resource("ingresses", group: "networking.k8s.io")),
      [ingressClass])
    #expect(result.object == ["spec": ["ingressClassName": "c"]])
  }

  @Test(arguments: [
    ("persistentvolumeclaims", ["x", "kubernetes.io/pvc-protection"]),
    ("persistentvolumes", ["x", "kubernetes.io/pv-protection"]), ("pods", ["x"]),
  ])
  func `volumes and claims in use are protected`(name: String, finalizers: [String]) async {
    let object: JSON = ["metadata": ["finalizers": ["x"]]]
    let result = await outcome(StorageObjectInUseProtection(), creation(object, resource(name)))
    #expect(result.object == ["metadata": ["finalizers": .array(finalizers.map { .string($0) })]])
    let again = await outcome(
      StorageObjectInUseProtection(), creation(result.object ?? .null, resource(name)))
    #expect(again.object == result.object)
  }

  private static let runtimeClass = json(
    #"""
    {"kind":"RuntimeClass","metadata":{"name":"r"},"overhead":{"podFixed":{"cpu":"100m"}},
    "scheduling":{"nodeSelector":{"a":"b"},"tolerations":[{"key":"t"}]}}
    """#)

  @Test(
    arguments: [
      (
        #"{"runtimeClassName":"r"}"#,
        #"{"runtimeClassName":"r","overhead":{"cpu":"100m"},"nodeSelector":{"a":"b"},"tolerations":[{"key":"t"}]}"#,
        nil
      ),
      (
        #"{"runtimeClassName":"r","overhead":{"cpu":"0.1"},"nodeSelector":{"c":"d"},"tolerations":[{"key":"t"}]}"#,
        #"""
        {"runtimeClassName":"r","overhead":{"cpu":"100m"},"nodeSelector":{"a":"b","c":"d"},
        "tolerations":[{"key":"t"}]}
        """#, nil
      ),
      (
        #"{"runtimeClassName":"r","overhead":{"cpu":"1"}}"#, nil,
        "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead"
      ),
      (
        #"{"overhead":{"cpu":"1"}}"#, nil,
        "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"
      ),
      (
        #"{"runtimeClassName":"r","nodeSelector":{"a":"c"}}"#, nil,
        "conflict: runtimeClass.scheduling.nodeSelector[a] = b; pod.spec.nodeSelector[a] = c"
      ),
      (#"{"runtimeClassName":"q"}"#, nil, #"pod rejected: RuntimeClass "q" not found"#),
      (#"{}"#, #"{}"#, nil),
    ] as [(String, String?, String?)])
  func `a runtime class adds its cost and its nodes`(spec: String, expected: String?, problem: String?) async
  {
    let pod: JSON = ["metadata": ["name": "p"], "spec": json(spec)]
    let result = await outcome(
      RuntimeClassAdmission(), creation(pod, resource("pods")), [Self.runtimeClass])
    #expect(result.object?["spec"] == expected.map(json))
    #expect(result.refusal == problem.map { "403 pods \"p\" is forbidden: \($0)" })
  }
}
