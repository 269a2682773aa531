import Testing

@testable import Objects

/// What updates keep, reset and count, by kind.
@Suite struct StrategyTests {
  private static let write = Strategy.Write(time: Timestamp(seconds: 1_800_000_000, nanoseconds: 0))
  private static let now = "2027-01-15T08:00:00Z"

  // MARK: Creation

  @Test func creationGivesAnIdentityAndIgnoresOnesThatClientsSend() throws {
    var object = try json(
      #"""
      {"metadata": {"name": "a", "uid": "x", "creationTimestamp": "2000-01-01T00:00:00Z", "generation": 7,
      "deletionTimestamp": "2000-01-01T00:00:00Z", "deletionGracePeriodSeconds": 3, "selfLink": "/x",
      "finalizers": ["a/b"], "ownerReferences": [{"uid": "o"}]}, "spec": {"replicas": 1}, "status": {"replicas": 9}}
      """#)
    Strategy.builtIn(group: "apps", version: "v1", kind: "ReplicaSet")
      .prepareForCreate(&object, uid: "u", namespace: "n", write: Self.write)
    try expect(
      object,
      #"""
      {"metadata": {"name": "a", "namespace": "n", "uid": "u", "creationTimestamp": "\#(Self.now)",
      "generation": 1, "finalizers": ["a/b"], "ownerReferences": [{"uid": "o"}]}, "spec": {"replicas": 1},
      "status": {"replicas": 0}}
      """#)
  }

  struct Creation: Sendable {
    var group = ""
    var version = "v1"
    let kind: String
    let given: String
    let expected: String
  }

  @Test(arguments: [
    // A node reports itself; its status stays.
    Creation(
      kind: "Node", given: #"{"status": {"capacity": {"cpu": "1"}}}"#,
      expected: #"{"metadata": \#(identity), "status": {"capacity": {"cpu": "1"}}}"#),
    // A generated name comes after the defaults.
    Creation(
      kind: "Namespace", given: #"{"metadata": {"name": "a"}, "spec": {"finalizers": ["x/y"]}}"#,
      expected: #"""
        {"metadata": {"name": "a", "creationTimestamp": "\#(now)", "uid": "u",
        "labels": {"kubernetes.io/metadata.name": "a"}}, "spec": {"finalizers": ["x/y", "kubernetes"]},
        "status": {"phase": "Active"}}
        """#),
    Creation(
      kind: "ServiceAccount", given: #"{"secrets": [{"name": "s", "namespace": "x", "uid": "y"}, {}]}"#,
      expected: #"{"metadata": \#(identity), "secrets": [{"name": "s"}, {}]}"#),
    Creation(
      kind: "Service",
      given: #"{"spec": {"clusterIP": "10.0.0.1"}, "status": {"loadBalancer": {"ingress": []}}}"#,
      expected: #"""
        {"metadata": \#(identity), "spec": {"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"]},
        "status": {"loadBalancer": {}}}
        """#),
    Creation(
      kind: "PersistentVolumeClaim",
      given: #"{"spec": {"dataSource": {"kind": "K", "name": "n"}}, "status": {"phase": "Bound"}}"#,
      expected: #"""
        {"metadata": \#(identity), "spec": {"dataSource": {"kind": "K", "name": "n"},
        "dataSourceRef": {"kind": "K", "name": "n"}}, "status": {"phase": "Pending"}}
        """#),
    Creation(
      kind: "PersistentVolumeClaim",
      given: #"{"spec": {"dataSourceRef": {"kind": "K", "name": "n", "namespace": "other"}}}"#,
      expected: #"""
        {"metadata": \#(identity), "spec": {"dataSourceRef": {"kind": "K", "name": "n", "namespace": "other"}},
        "status": {"phase": "Pending"}}
        """#),
    Creation(
      group: "autoscaling", kind: "HorizontalPodAutoscaler", given: #"{"status": {"currentReplicas": 3}}"#,
      expected: #"{"metadata": \#(identity), "status": {"currentReplicas": 0, "desiredReplicas": 0}}"#),
    Creation(
      group: "apiregistration.k8s.io", kind: "APIService", given: #"{"spec": {"group": "g"}}"#,
      expected: #"""
        {"metadata": \#(identity), "spec": {"group": "g"}, "status": {"conditions": [{"type": "Available",
        "status": "True", "lastTransitionTime": "\#(now)", "reason": "Local",
        "message": "Local APIServices are always available"}]}}
        """#),
    Creation(
      group: "apiregistration.k8s.io", kind: "APIService", given: #"{"spec": {"service": {"name": "s"}}}"#,
      expected: #"{"metadata": \#(identity), "spec": {"service": {"name": "s"}}, "status": {}}"#),
    Creation(
      group: "discovery.k8s.io", kind: "EndpointSlice",
      given: #"{"endpoints": [{"addresses": ["10.0.0.1"], "deprecatedTopology": {"a": "b"}}]}"#,
      expected: #"""
        {"metadata": {"creationTimestamp": "\#(now)", "generation": 1, "uid": "u"},
        "endpoints": [{"addresses": ["10.0.0.1"]}]}
        """#),
    Creation(
      group: "resource.k8s.io", kind: "ResourceSlice",
      given: #"{"spec": {"devices": [{"taints": [{"key": "k"}, {"timeAdded": "2000-01-01T00:00:00Z"}]}]}}"#,
      expected: #"""
        {"metadata": {"creationTimestamp": "\#(now)", "generation": 1, "uid": "u"}, "spec": {"devices": [
        {"taints": [{"key": "k", "timeAdded": "\#(now)"}, {"timeAdded": "2000-01-01T00:00:00Z"}]}]}}
        """#),
    // Who selects by hand gets no labels.
    Creation(
      group: "batch", kind: "Job",
      given: #"{"spec": {"manualSelector": true, "template": {"metadata": {}}}}"#,
      expected: #"""
        {"metadata": {"creationTimestamp": "\#(now)", "generation": 1, "uid": "u"},
        "spec": {"manualSelector": true, "template": {"metadata": {}}}, "status": {}}
        """#),
    // A kind that nobody knows.
    Creation(
      group: "x", kind: "Y", given: #"{"status": {"a": 1}}"#,
      expected: #"{"metadata": \#(identity), "status": {"a": 1}}"#),
  ])
  func creates(_ creation: Creation) throws {
    var object = try json(creation.given)
    Strategy.builtIn(group: creation.group, version: creation.version, kind: creation.kind)
      .prepareForCreate(&object, uid: "u", write: Self.write)
    try expect(object, creation.expected)
  }

  private static let identity = #"{"creationTimestamp": "\#(now)", "uid": "u"}"#

  @Test func certificateRequestNamesWhoAsked() throws {
    var object = try json(
      #"""
      {"spec": {"request": "cg==", "username": "admin", "groups": ["system:masters"]},
      "status": {"certificate": "Yw=="}}
      """#
    )
    var write = Self.write
    write.user = Strategy.User(name: "jane", groups: ["g"], extra: ["k": ["v"]])
    let strategy = Strategy.builtIn(
      group: "certificates.k8s.io", version: "v1", kind: "CertificateSigningRequest")
    strategy.prepareForCreate(&object, uid: "u", write: write)
    try expect(
      object,
      #"""
      {"metadata": \#(Self.identity), "spec": {"request": "cg==", "username": "jane", "groups": ["g"],
      "extra": {"k": ["v"]}}, "status": {}}
      """#)
  }

  // MARK: Updates

  @Test func updateKeepsIdentityAndDeletion() throws {
    let old = try json(
      #"""
      {"metadata": {"name": "a", "namespace": "n", "uid": "u", "creationTimestamp": "2026-01-01T00:00:00Z",
      "generation": 4, "deletionTimestamp": "2026-02-01T00:00:00Z", "deletionGracePeriodSeconds": 30,
      "finalizers": ["a/b"]}}
      """#)
    var object = try json(
      #"{"metadata": {"name": "a", "creationTimestamp": "2000-01-01T00:00:00Z", "generation": 9, "selfLink": "/x"}}"#
    )
    Strategy().prepareForUpdate(&object, from: old, write: Self.write)
    try expect(
      object,
      #"""
      {"metadata": {"name": "a", "namespace": "n", "uid": "u", "creationTimestamp": "2026-01-01T00:00:00Z",
      "generation": 4, "deletionTimestamp": "2026-02-01T00:00:00Z", "deletionGracePeriodSeconds": 30}}
      """#)
    // Another identity is for validation to refuse.
    object = try json(#"{"metadata": {"name": "a", "uid": "other"}}"#)
    Strategy().prepareForUpdate(&object, from: old, write: Self.write)
    #expect(object["metadata", "uid"] == "other")
  }

  struct Update: Sendable {
    let group: String
    let kind: String
    let old: String
    let new: String
    let generation: Int64?
  }

  @Test(arguments: [
    Update(group: "apps", kind: "Deployment", old: #"{"spec": 1}"#, new: #"{"spec": 1}"#, generation: 3),
    Update(group: "apps", kind: "Deployment", old: #"{"spec": 1}"#, new: #"{"spec": 2}"#, generation: 4),
    Update(
      group: "apps", kind: "Deployment", old: "{}", new: #"{"metadata": {"annotations": {"a": "b"}}}"#,
      generation: 4),
    Update(
      group: "apps", kind: "Deployment", old: "{}", new: #"{"metadata": {"labels": {"a": "b"}}}"#,
      generation: 3),
    Update(
      group: "apps", kind: "ReplicaSet", old: "{}", new: #"{"metadata": {"annotations": {"a": "b"}}}"#,
      generation: 3),
    Update(group: "", kind: "Pod", old: #"{"spec": {"a": 1}}"#, new: #"{"spec": {"a": 2}}"#, generation: 4),
    Update(
      group: "", kind: "Service", old: #"{"spec": {"a": 1}}"#, new: #"{"spec": {"a": 2}}"#, generation: 3),
    Update(group: "", kind: "PodTemplate", old: "{}", new: #"{"template": {}}"#, generation: 4),
    Update(group: "", kind: "ConfigMap", old: "{}", new: #"{"data": {"a": "b"}}"#, generation: 3),
    Update(
      group: "discovery.k8s.io", kind: "EndpointSlice", old: "{}", new: #"{"ports": []}"#, generation: 4),
    Update(
      group: "discovery.k8s.io", kind: "EndpointSlice", old: "{}",
      new: #"{"metadata": {"labels": {"a": "b"}}}"#, generation: 4),
    Update(
      group: "discovery.k8s.io", kind: "EndpointSlice", old: "{}",
      new: #"{"metadata": {"annotations": {"a": "b"}}}"#, generation: 3),
    Update(
      group: "scheduling.k8s.io", kind: "PriorityClass", old: "{}", new: #"{"description": "x"}"#,
      generation: 3),
    Update(group: "storage.k8s.io", kind: "CSIDriver", old: "{}", new: #"{"spec": {"a": 1}}"#, generation: 4),
    Update(
      group: "admissionregistration.k8s.io", kind: "ValidatingWebhookConfiguration", old: "{}",
      new: #"{"webhooks": [{}]}"#, generation: 4),
  ])
  func updateCountsTheGeneration(_ update: Update) throws {
    var old = try json(update.old)
    old["metadata", "generation"] = 3
    var object = try json(update.new)
    Strategy.builtIn(group: update.group, version: "v1", kind: update.kind)
      .prepareForUpdate(&object, from: old, write: Self.write)
    #expect(object["metadata", "generation"]?.integer == update.generation)
  }

  @Test func customResourcesCountAllButMetadataAndStatus() throws {
    let old = try json(#"{"metadata": {"generation": 3}, "spec": {"a": 1}, "status": {"b": 1}, "extra": 1}"#)
    for (text, hasStatus, generation, status) in [
      (#"{"spec": {"a": 1}, "status": {"b": 2}, "extra": 1, "metadata": {"labels": {}}}"#, true, 3, 1),
      (#"{"spec": {"a": 1}, "status": {"b": 2}, "extra": 1}"#, false, 4, 2),
      (#"{"spec": {"a": 1}, "status": {"b": 2}, "extra": 2}"#, true, 4, 1),
    ] as [(String, Bool, Int64, Int64)] {
      var object = try json(text)
      Strategy.custom(hasStatus: hasStatus).prepareForUpdate(&object, from: old, write: Self.write)
      #expect(object["metadata", "generation"]?.integer == generation, "\(text)")
      #expect(object["status", "b"]?.integer == status, "\(text)")
    }
    var object = try json(
      #"{"metadata": {"labels": {"a": "b"}, "managedFields": []}, "spec": {"a": 9}, "status": {"b": 5}}"#)
    Strategy.custom(hasStatus: true).prepareForStatusUpdate(&object, from: old, write: Self.write)
    try expect(
      object,
      #"{"metadata": {"generation": 3, "managedFields": []}, "spec": {"a": 1}, "status": {"b": 5}, "extra": 1}"#
    )
  }

  @Test func generationDoesNotOverflow() throws {
    var old = try json(#"{"spec": {"a": 1}}"#)
    old["metadata", "generation"] = .integer(.max)
    var object = try json(#"{"spec": {"a": 2}}"#)
    Strategy.builtIn(group: "", version: "v1", kind: "Pod").prepareForUpdate(
      &object, from: old, write: Self.write)
    #expect(object["metadata", "generation"]?.integer == .max)
  }

  @Test func statusAndTheRestAreKeptApart() throws {
    let old = try json(
      #"""
      {"metadata": {"labels": {"a": "b"}, "annotations": {"x": "y"}}, "spec": {"replicas": 3},
      "status": {"replicas": 1}}
      """#
    )
    let new = #"{"metadata": {"labels": {"a": "c"}}, "spec": {"replicas": 9}, "status": {"replicas": 2}}"#
    for (kind, updated, statusUpdated) in [
      // The labels of a Deployment do not change with its status, those of a ReplicaSet do.
      (
        "Deployment",
        #"{"metadata": {"labels": {"a": "c"}}, "spec": {"replicas": 9}, "status": {"replicas": 1}}"#,
        #"{"metadata": {"labels": {"a": "b"}}, "spec": {"replicas": 3}, "status": {"replicas": 2}}"#
      ),
      (
        "ReplicaSet",
        #"{"metadata": {"labels": {"a": "c"}}, "spec": {"replicas": 9}, "status": {"replicas": 1}}"#,
        #"{"metadata": {"labels": {"a": "c"}}, "spec": {"replicas": 3}, "status": {"replicas": 2}}"#
      ),
    ] {
      let strategy = Strategy.builtIn(group: "apps", version: "v1", kind: kind)
      var object = try json(new)
      strategy.prepareForUpdate(&object, from: old, write: Self.write)
      object["metadata", "generation"] = nil
      try expect(object, updated)
      object = try json(new)
      strategy.prepareForStatusUpdate(&object, from: old, write: Self.write)
      try expect(object, statusUpdated)
    }
  }

  @Test func daemonSetCountsItsTemplateApart() throws {
    let strategy = Strategy.builtIn(group: "apps", version: "v1", kind: "DaemonSet")
    let annotation = "deprecated.daemonset.template.generation"
    var object = try json(#"{"spec": {"template": {"a": 1}}}"#)
    object["metadata", "annotations", annotation] = "6"
    strategy.prepareForCreate(&object, uid: "u", write: Self.write)
    #expect(object["metadata", "annotations", annotation] == "6")

    for (spec, count, generation) in [
      (#"{"spec": {"template": {"a": 1}, "minReadySeconds": 1}}"#, "6", 2),
      (#"{"spec": {"template": {"a": 2}}}"#, "7", 2),
      (#"{"spec": {"template": {"a": 1}}}"#, "6", 1),
    ] as [(String, JSON, Int64)] {
      var next = try json(spec)
      strategy.prepareForUpdate(&next, from: object, write: Self.write)
      #expect(next["metadata", "annotations", annotation] == count)
      #expect(next["metadata", "generation"]?.integer == generation)
    }
    object["metadata", "annotations", annotation] = "junk"
    strategy.prepareForCreate(&object, uid: "u", write: Self.write)
    #expect(object["metadata", "annotations", annotation] == "1")
  }

  @Test func namespaceIsFinalizedApart() throws {
    let strategy = Strategy.builtIn(group: "", version: "v1", kind: "Namespace")
    let old = try json(
      #"{"metadata": {"name": "a"}, "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Terminating"}}"#
    )
    let new = #"{"metadata": {"name": "a"}, "spec": {"finalizers": []}, "status": {"phase": "Active"}}"#
    var object = try json(new)
    strategy.prepareForUpdate(&object, from: old, write: Self.write)
    #expect(object["spec", "finalizers"] == ["kubernetes"])
    #expect(object["status", "phase"] == "Terminating")
    object = try json(new)
    strategy.prepareForFinalizeUpdate(&object, from: old)
    #expect(object["spec", "finalizers"] == [])
    #expect(object["status", "phase"] == "Terminating")
  }

  @Test func volumeKnowsSinceWhenItIsInItsPhase() throws {
    let strategy = Strategy.builtIn(group: "", version: "v1", kind: "PersistentVolume")
    let before = "2026-01-01T00:00:00Z"
    let old = try json(#"{"status": {"phase": "Available", "lastPhaseTransitionTime": "\#(before)"}}"#)
    for (status, time) in [
      (#"{"phase": "Available"}"#, before), (#"{"phase": "Bound"}"#, Self.now),
      (#"{"phase": "Bound", "lastPhaseTransitionTime": "\#(before)"}"#, Self.now),
      (#"{"phase": "Bound", "lastPhaseTransitionTime": "2026-05-05T00:00:00Z"}"#, "2026-05-05T00:00:00Z"),
    ] {
      var object = try json(#"{"status": \#(status)}"#)
      strategy.prepareForStatusUpdate(&object, from: old, write: Self.write)
      #expect(object["status", "lastPhaseTransitionTime"]?.string == time, "\(status)")
    }
  }

  @Test func certificateRequestsChangeByApprovalAndStatusOnly() throws {
    let strategy = Strategy.builtIn(
      group: "certificates.k8s.io", version: "v1", kind: "CertificateSigningRequest")
    let old = try json(
      #"""
      {"metadata": {}, "spec": {"request": "cg=="}, "status": {"certificate": "Yw==",
      "conditions": [{"type": "Approved",
      "status": "True", "message": "by jane", "lastUpdateTime": "2026-01-01T00:00:00Z",
      "lastTransitionTime": "2026-01-01T00:00:00Z"}]}}
      """#)
    var object = try json(#"{"spec": {"request": "eA=="}, "status": {"certificate": "eA=="}}"#)
    strategy.prepareForUpdate(&object, from: old, write: Self.write)
    #expect(object == old)

    object = try json(
      #"""
      {"spec": {"request": "eA=="}, "status": {"certificate": "eA==",
      "conditions": [{"type": "Approved",
      "status": "True", "message": "forged"}, {"type": "Failed", "status": "True"}]}}
      """#)
    strategy.prepareForStatusUpdate(&object, from: old, write: Self.write)
    try expect(
      object,
      #"""
      {"metadata": {}, "spec": {"request": "cg=="}, "status": {"certificate": "eA==",
      "conditions": [{"type": "Approved",
      "status": "True", "message": "by jane", "lastUpdateTime": "2026-01-01T00:00:00Z",
      "lastTransitionTime": "2026-01-01T00:00:00Z"}, {"type": "Failed", "status": "True",
      "lastUpdateTime": "\#(Self.now)", "lastTransitionTime": "\#(Self.now)"}]}}
      """#)

    object = try json(
      #"""
      {"spec": {"request": "eA=="}, "status": {"certificate": "eA==",
      "conditions": [{"type": "Approved",
      "status": "True", "message": "again"}]}}
      """#)
    strategy.prepareForApprovalUpdate(&object, from: old, write: Self.write)
    try expect(
      object,
      #"""
      {"metadata": {}, "spec": {"request": "cg=="}, "status": {"certificate": "Yw==",
      "conditions": [{"type": "Approved",
      "status": "True", "message": "again", "lastUpdateTime": "\#(Self.now)",
      "lastTransitionTime": "2026-01-01T00:00:00Z"}]}}
      """#)
  }

  @Test func definitionRemembersWhereObjectsMayBeStored() throws {
    let strategy = Strategy.builtIn(
      group: "apiextensions.k8s.io", version: "v1", kind: "CustomResourceDefinition")
    let old = try json(
      #"""
      {"metadata": {"generation": 1}, "spec": {"versions": [{"name": "v1", "storage": true}]},
      "status": {"storedVersions": ["v1"]}}
      """#
    )
    var object = try json(
      #"{"spec": {"versions": [{"name": "v1", "storage": false}, {"name": "v2", "storage": true}]}}"#)
    strategy.prepareForUpdate(&object, from: old, write: Self.write)
    #expect(object["status", "storedVersions"] == ["v1", "v2"])
    #expect(object["metadata", "generation"] == 2)
  }

  @Test func claimsForgetDevicesThatAreReleased() throws {
    let strategy = Strategy.builtIn(group: "resource.k8s.io", version: "v1", kind: "ResourceClaim")
    let (a, b) = (
      #""driver": "d", "pool": "p", "device": "a""#, #""driver": "d", "pool": "p", "device": "b""#
    )
    let old = try json(#"{"status": {"allocation": {"devices": {"results": [{\#(a)}, {\#(b)}]}}}}"#)
    var claim = try json(
      #"{"status": {"allocation": {"devices": {"results": [{\#(b)}]}}, "devices": [{\#(a)}, {\#(b)}]}}"#)
    strategy.prepareForStatusUpdate(&claim, from: old, write: Self.write)
    #expect(claim["status", "devices"] == .array([try json("{\(b)}")]))
    claim = try json(#"{"status": {"devices": [{\#(a)}]}}"#)
    strategy.prepareForStatusUpdate(&claim, from: old, write: Self.write)
    #expect(claim["status"] == [:])
  }

  // MARK: What PUT may do

  @Test func putCreatesAndReplacesWhereKubernetesLetsIt() {
    func strategy(_ group: String, _ kind: String) -> Strategy {
      Strategy.builtIn(group: group, version: "v1", kind: kind)
    }
    for (group, kind) in [
      ("", "Event"), ("", "Service"), ("", "Endpoints"), ("", "LimitRange"), ("coordination.k8s.io", "Lease"),
      ("rbac.authorization.k8s.io", "ClusterRole"), ("node.k8s.io", "RuntimeClass"),
    ] { #expect(strategy(group, kind).allowsCreateOnUpdate, "\(kind)") }
    for (group, kind) in [
      ("", "Pod"), ("", "ConfigMap"), ("apps", "Deployment"), ("policy", "PodDisruptionBudget"),
    ] {
      #expect(!strategy(group, kind).allowsCreateOnUpdate, "\(kind)")
    }
    for (group, kind) in [
      ("coordination.k8s.io", "Lease"), ("policy", "PodDisruptionBudget"), ("", "ServiceAccount"),
      ("storage.k8s.io", "CSINode"), ("apiextensions.k8s.io", "CustomResourceDefinition"),
    ] { #expect(!strategy(group, kind).allowsUnconditionalUpdate, "\(kind)") }
    #expect(strategy("", "Pod").allowsUnconditionalUpdate)
    #expect(!Strategy.custom(hasStatus: true).allowsUnconditionalUpdate)
    #expect(strategy("batch", "Job").orphansDependentsByDefault)
    #expect(!strategy("apps", "Deployment").orphansDependentsByDefault)
  }

  private func json(_ text: String) throws -> JSON { try JSON.parse(text) }

  private func expect(_ object: JSON, _ text: String, _ location: SourceLocation = #_sourceLocation) throws {
    #expect(object.text == (try json(text)).text, sourceLocation: location)
  }
}
