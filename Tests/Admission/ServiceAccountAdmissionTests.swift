import Admission
import Exchange
import Objects
import Registry
import Synchronization
import Testing

@Suite struct ServiceAccountAdmissionTests {
  private static let account = json(
    #"{"kind":"ServiceAccount","metadata":{"name":"default","namespace":"n"},"imagePullSecrets":[{"name":"s"}]}"#
  )
  private let plugin = ServiceAccountAdmission(nameSuffix: { "abcde" }, pause: {})

  @Test func `a pod gets the default account, its token and its pull secrets`() async {
    let pod = json(
      #"""
      {"metadata":{"name":"p"},"spec":{"initContainers":[{"name":"i"}],"containers":[{"name":"a"},{"name":"b",
      "volumeMounts":[{"name":"x","mountPath":"/var/run/secrets/kubernetes.io/serviceaccount"}]}]}}
      """#)
    let expected = json(
      #"""
      {"metadata":{"name":"p"},"spec":{"serviceAccount":"default","serviceAccountName":"default",
      "imagePullSecrets":[{"name":"s"}],
      "initContainers":[{"name":"i","volumeMounts":[{"name":"kube-api-access-abcde","readOnly":true,
      "mountPath":"/var/run/secrets/kubernetes.io/serviceaccount"}]}],
      "containers":[{"name":"a","volumeMounts":[{"name":"kube-api-access-abcde","readOnly":true,
      "mountPath":"/var/run/secrets/kubernetes.io/serviceaccount"}]},{"name":"b",
      "volumeMounts":[{"name":"x","mountPath":"/var/run/secrets/kubernetes.io/serviceaccount"}]}],
      "volumes":[{"name":"kube-api-access-abcde","projected":{"sources":[
      {"serviceAccountToken":{"expirationSeconds":3607,"path":"token"}},
      {"configMap":{"name":"kube-root-ca.crt","items":[{"key":"ca.crt","path":"ca.crt"}]}},
      {"downwardAPI":{"items":[{"path":"namespace","fieldRef":{"apiVersion":"v1","fieldPath":"metadata.namespace"}}]}}],
      "defaultMode":420}}]}}
      """#)
    let result = await outcome(plugin, creation(pod, resource("pods")), [Self.account])
    #expect(result.refusal == nil)
    #expect(result.object == expected)
    // What is admitted again stays as it is.
    #expect(await outcome(plugin, creation(expected, resource("pods")), [Self.account]).object == expected)
  }

  @Test(arguments: [
    (nil, nil, true), (false, nil, false), (nil, false, false), (false, true, true), (true, false, false),
  ])
  func `the pod's word on the token counts before the account's`(
    ofAccount: Bool?, ofPod: Bool?, mounts: Bool
  ) async {
    var account = Self.account
    if let ofAccount { account["automountServiceAccountToken"] = .boolean(ofAccount) }
    var pod = json(#"{"metadata":{"name":"p"},"spec":{"containers":[{"name":"a"}]}}"#)
    if let ofPod { pod["spec", "automountServiceAccountToken"] = .boolean(ofPod) }
    let result = await outcome(plugin, creation(pod, resource("pods")), [account])
    #expect((result.object?["spec", "volumes"] != nil) == mounts)
  }

  @Test(arguments: [
    (
      #"{"name":"p"}"#, "other",
      #"403 pods "p" is forbidden: error looking up service account n/other: serviceaccount "other" not found"#
    ),
    (
      #"{"generateName":"p-"}"#, "",
      #"403 pods "p-" is forbidden: error looking up service account n/default: serviceaccount "default" not found"#
    ),
  ])
  func `the account must be there`(metadata: String, account: String, refusal: String) async {
    var pod: JSON = ["metadata": json(metadata), "spec": ["containers": []]]
    if !account.isEmpty { pod["spec", "serviceAccountName"] = .string(account) }
    #expect(await outcome(plugin, creation(pod, resource("pods"))).refusal == refusal)
  }

  @Test func `the default account of a new namespace is waited for`() async {
    let source = FakeObjects([])
    let pauses = Mutex(0)
    let plugin = ServiceAccountAdmission(
      nameSuffix: { "abcde" },
      pause: {
        let count = pauses.withLock {
          $0 += 1
          return $0
        }
        if count == 3 { source.add(Self.account) }
      })
    let pod = json(#"{"metadata":{"name":"p"},"spec":{"containers":[{"name":"a"}]}}"#)
    #expect(await outcome(plugin, creation(pod, resource("pods")), source).refusal == nil)
    #expect(pauses.withLock { $0 } == 3)
  }

  @Test(arguments: [
    (#"{"serviceAccountName":"x"}"#, "a mirror pod may not reference service accounts"),
    (#"{"volumes":[{"secret":{"secretName":"x"}}]}"#, "a mirror pod may not reference secrets"),
  ])
  func `mirror pods have no account`(spec: String, problem: String) async {
    let pod: JSON = [
      "metadata": ["name": "p", "annotations": ["kubernetes.io/config.mirror": "1"]], "spec": json(spec),
    ]
    #expect(
      await outcome(plugin, creation(pod, resource("pods"))).refusal
        == "403 pods \"p\" is forbidden: \(problem)")
  }
}
