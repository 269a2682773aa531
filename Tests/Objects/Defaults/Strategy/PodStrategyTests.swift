import Testing

@testable import Objects

@Suite struct PodStrategyTests {
  private static let write = Strategy.Write(time: Timestamp(seconds: 1_800_000_000, nanoseconds: 0))
  private let strategy = Strategy.builtIn(group: "", version: "v1", kind: "Pod")

  // MARK: Quality of service

  @Test(arguments: [
    (#"{"containers": [{"name": "a"}]}"#, QualityOfService.bestEffort),
    (#"{"containers": [{"resources": {"requests": {"cpu": "0", "example.com/x": "1"}}}]}"#, .bestEffort),
    (#"{"containers": [{"resources": {"requests": {"cpu": "1"}}}]}"#, .burstable),
    (#"{"containers": [{"resources": \#(guaranteed)}]}"#, .guaranteed),
    // The same amount in other words.
    (
      #"""
      {"containers": [{"resources": {"limits": {"cpu": "1", "memory": "1Gi"},
      "requests": {"cpu": "1000m", "memory": "1024Mi"}}}]}
      """#,
      .guaranteed
    ),
    (#"{"containers": [{"resources": \#(guaranteed)}, {}]}"#, .burstable),
    (#"{"initContainers": [{}], "containers": [{"resources": \#(guaranteed)}]}"#, .burstable),
    (
      #"{"initContainers": [{"resources": \#(guaranteed)}], "containers": [{"resources": \#(guaranteed)}]}"#,
      .guaranteed
    ),
    (#"{"ephemeralContainers": [{}], "containers": [{"resources": \#(guaranteed)}]}"#, .guaranteed),
    (#"{"containers": [{"resources": {"limits": {"cpu": "1"}, "requests": {"cpu": "1"}}}]}"#, .burstable),
    (
      #"""
      {"containers": [{"resources": {"limits": {"cpu": "2", "memory": "1"},
      "requests": {"cpu": "1", "memory": "1"}}}]}
      """#,
      .burstable
    ),
    // The pod's own resources count instead of its containers'.
    (
      #"{"resources": \#(guaranteed), "containers": [{"resources": {"requests": {"cpu": "1"}}}]}"#,
      .guaranteed
    ),
    (
      #"{"resources": {"requests": {"cpu": "1"}}, "containers": [{"resources": \#(guaranteed)}]}"#, .burstable
    ),
    (#"{"resources": {}, "containers": [{"resources": \#(guaranteed)}]}"#, .guaranteed),
  ])
  func qualityOfService(_ spec: String, _ expected: QualityOfService) throws {
    let pod = try JSON.parse(#"{"spec": \#(spec)}"#)
    #expect(QualityOfService(of: pod) == expected)
  }

  private static let guaranteed =
    #"{"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "1", "memory": "1Gi"}}"#

  // MARK: Creation

  @Test func statusIsTheServers() throws {
    var pod = try JSON.parse(
      #"{"spec": {"serviceAccountName": "a", "schedulingGates": [{"name": "g"}]}, "status": {"phase": "Running"}}"#
    )
    strategy.prepareForCreate(&pod, uid: "u", write: Self.write)
    #expect(pod["spec", "serviceAccount"] == "a")
    let expected = try JSON.parse(
      #"""
      {"phase": "Pending", "qosClass": "BestEffort", "conditions": [{"type": "PodScheduled", "status": "False",
      "reason": "SchedulingGated", "message": "Scheduling is blocked due to non-empty scheduling gates",
      "lastProbeTime": null, "lastTransitionTime": null}]}
      """#)
    #expect(pod["status"] == expected)
  }

  @Test func labelKeysBecomeSelectors() throws {
    var pod = try JSON.parse(
      #"""
      {"metadata": {"labels": {"a": "1", "b": "2"}}, "spec": {
      "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"podAffinityTerm": {
      "labelSelector": {"matchExpressions": [{"key": "x", "operator": "Exists"}]}, "matchLabelKeys": ["a", "none"],
      "mismatchLabelKeys": ["b"]}}]}, "podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
      {"matchLabelKeys": ["a"]}]}},
      "topologySpreadConstraints": [{"labelSelector": {}, "matchLabelKeys": ["a"]}]}}
      """#)
    strategy.prepareForCreate(&pod, uid: "u", write: Self.write)
    let expected = try JSON.parse(
      #"""
      {"affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"podAffinityTerm": {
      "labelSelector": {"matchExpressions": [{"key": "x", "operator": "Exists"},
      {"key": "a", "operator": "In", "values": ["1"]}, {"key": "b", "operator": "NotIn", "values": ["2"]}]},
      "matchLabelKeys": ["a", "none"], "mismatchLabelKeys": ["b"]}}]},
      "podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{"matchLabelKeys": ["a"]}]}},
      "topologySpreadConstraints": [{"labelSelector": {"matchExpressions": [
      {"key": "a", "operator": "In", "values": ["1"]}]}, "matchLabelKeys": ["a"]}]}
      """#)
    #expect(pod["spec"] == expected)
  }

  @Test(arguments: [
    ("unconfined", #"{"type": "Unconfined"}"#), ("runtime/default", #"{"type": "RuntimeDefault"}"#),
    ("localhost/p", #"{"type": "Localhost", "localhostProfile": "p"}"#), ("localhost/", nil), ("other", nil),
  ])
  func appArmorAnnotationBecomesTheField(_ annotation: String, _ profile: String?) throws {
    var pod = try JSON.parse(#"{"spec": {"containers": [{"name": "c"}, {"name": "d"}]}}"#)
    pod["metadata", "annotations", "container.apparmor.security.beta.kubernetes.io/c"] = .string(annotation)
    strategy.prepareForCreate(&pod, uid: "u", write: Self.write)
    let containers = try #require(pod["spec", "containers"]?.array)
    #expect(containers[0]["securityContext", "appArmorProfile"] == (try profile.map { try JSON.parse($0) }))
    #expect(containers[1] == ["name": "d"])
  }

  // MARK: Updates

  @Test func statusUpdateKeepsWhatOldKubeletsDoNotKnow() throws {
    let old = try JSON.parse(
      #"""
      {"metadata": {"ownerReferences": [{"uid": "o"}], "labels": {"a": "b"}}, "spec": {"nodeName": "n"},
      "status": {"qosClass": "Burstable", "observedGeneration": 3, "conditions": [
      {"type": "Ready", "observedGeneration": 2}, {"type": "Ready", "observedGeneration": 1}]}}
      """#)
    var pod = try JSON.parse(
      #"""
      {"metadata": {"ownerReferences": [], "labels": {"a": "c"}}, "spec": {"nodeName": "x"},
      "status": {"phase": "Running", "conditions": [{"type": "Ready"}, {"type": "Ready"}, {"type": "Ready"},
      {"type": "Ready", "observedGeneration": 9}]}}
      """#)
    strategy.prepareForStatusUpdate(&pod, from: old, write: Self.write)
    let expected = try JSON.parse(
      #"""
      {"metadata": {"ownerReferences": [{"uid": "o"}], "labels": {"a": "c"}}, "spec": {"nodeName": "n"},
      "status": {"phase": "Running", "qosClass": "Burstable", "observedGeneration": 3, "conditions": [
      {"type": "Ready", "observedGeneration": 2}, {"type": "Ready", "observedGeneration": 1}, {"type": "Ready"},
      {"type": "Ready", "observedGeneration": 9}]}}
      """#)
    #expect(pod == expected)
  }

  @Test func ephemeralContainersAreAllThatTheirSubresourceChanges() throws {
    let old = try JSON.parse(
      #"""
      {"metadata": {"generation": 1, "labels": {"a": "b"}}, "spec": {"nodeName": "n"},
      "status": {"phase": "Running"}}
      """#
    )
    var pod = try JSON.parse(
      #"""
      {"metadata": {"labels": {"x": "y"}}, "spec": {"nodeName": "z", "ephemeralContainers": [{"name": "e"}]},
      "status": {}}
      """#
    )
    strategy.prepareForEphemeralContainersUpdate(&pod, from: old)
    let expected = try JSON.parse(
      #"""
      {"metadata": {"generation": 2, "labels": {"a": "b"}}, "spec": {"nodeName": "n",
      "ephemeralContainers": [{"name": "e"}]}, "status": {"phase": "Running"}}
      """#)
    #expect(pod == expected)
  }

  @Test func resizeChangesResourcesOnly() throws {
    let old = try JSON.parse(
      #"""
      {"metadata": {"generation": 1}, "spec": {"nodeName": "n", "containers": [{"name": "c", "image": "i",
      "resources": {"requests": {"cpu": "1"}}}]}, "status": {"phase": "Running"}}
      """#)
    var pod = try JSON.parse(
      #"""
      {"metadata": {}, "spec": {"nodeName": "z", "containers": [{"name": "c", "image": "other",
      "resizePolicy": [{"resourceName": "cpu"}], "resources": {"requests": {"cpu": "2"}}}]}}
      """#)
    strategy.prepareForResizeUpdate(&pod, from: old)
    let expected = try JSON.parse(
      #"""
      {"metadata": {"generation": 2}, "spec": {"nodeName": "n", "containers": [{"name": "c", "image": "i",
      "resizePolicy": [{"resourceName": "cpu"}], "resources": {"requests": {"cpu": "2"}}}]},
      "status": {"phase": "Running"}}
      """#)
    #expect(pod == expected)
    // Validation is to see a renamed container.
    pod["spec", "containers"] = [["name": "renamed"]]
    strategy.prepareForResizeUpdate(&pod, from: old)
    #expect(pod["spec", "containers"] == [["name": "renamed"]])
  }

  // MARK: Deletion

  @Test(
    arguments: [
      (#"{"spec": {"nodeName": "n", "terminationGracePeriodSeconds": 30}}"#, nil, 30),
      (#"{"spec": {"nodeName": "n", "terminationGracePeriodSeconds": 30}}"#, 5, 5),
      (#"{"spec": {"nodeName": "n", "terminationGracePeriodSeconds": 30}}"#, -1, 1),
      (#"{"spec": {"nodeName": "n"}}"#, nil, 0),
      (#"{"spec": {"terminationGracePeriodSeconds": 30}}"#, 5, 0),
      (#"{"spec": {"nodeName": "n"}, "status": {"phase": "Failed"}}"#, 5, 0),
      ("{}", 5, 0),
    ] as [(String, Int64?, Int64)])
  func gracePeriod(_ pod: String, _ requested: Int64?, _ expected: Int64) throws {
    #expect(Strategy.gracePeriodSeconds(ofPod: try JSON.parse(pod), requested: requested) == expected)
  }
}
