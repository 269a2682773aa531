import Objects
import Testing

@testable import Controllers

private let now = Timestamp(seconds: 1_000_000)

private func deployment(
  _ replicas: Int64, image: String = "a", strategy: JSON = [:], paused: Bool = false, status: JSON = [:],
  generation: Int64 = 1
) -> JSON {
  var deployment: JSON = [
    "metadata": [
      "name": "web", "namespace": "n", "uid": "d", "generation": .integer(generation),
      "annotations": ["team": "blue", "kubectl.kubernetes.io/last-applied-configuration": "{}"],
    ],
    "spec": [
      "replicas": .integer(replicas), "selector": ["matchLabels": ["app": "web"]],
      "template": [
        "metadata": ["labels": ["app": "web"]], "spec": ["containers": [["image": .string(image)]]],
      ], "strategy": strategy, "progressDeadlineSeconds": 600, "revisionHistoryLimit": 1,
    ], "status": status,
  ]
  if paused { deployment["spec", "paused"] = true }
  return deployment
}

private func rolling(_ surge: JSON, _ unavailable: JSON) -> JSON {
  ["type": "RollingUpdate", "rollingUpdate": ["maxSurge": surge, "maxUnavailable": unavailable]]
}

@Suite struct RolloutStrategyTests {
  @Test(
    arguments: [
      (10, [:], 3, 2), (4, [:], 1, 1), (3, [:], 1, 0), (1, [:], 1, 0), (0, [:], 0, 0),
      (5, rolling(0, 0), 0, 1), (5, rolling("0%", "10%"), 0, 1), (5, rolling(2, 9), 2, 5),
      (5, ["type": "Recreate"], 0, 0),
    ] as [(Int64, JSON, Int, Int)])
  func `amounts are numbers of pods`(replicas: Int64, strategy: JSON, surge: Int, unavailable: Int) {
    let strategy = RolloutStrategy(deployment(replicas, strategy: strategy))
    #expect(strategy.maxSurge == surge)
    #expect(strategy.maxUnavailable == unavailable)
  }
}

/// ReplicaSets as an API server and ReplicaSet controller would keep them.
private struct Cluster {
  var deployment: JSON
  var sets: [JSON] = []
  var time = now
  var pods: [JSON] = []
  private var made: Int64 = 0

  init(_ deployment: JSON) { self.deployment = deployment }

  /// One sync; true if anything was written.
  mutating func sync() -> Bool {
    let pods = self.pods
    let decision = DeploymentDecision(deployment, sets: sets, pods: { pods }, now: time)
    for action in decision.actions {
      switch action {
      case .create(var set):
        made += 1
        set["metadata", "uid"] = .string("s\(made)")
        set["metadata", "creationTimestamp"] = .string(time.advanced(bySeconds: made).text)
        set["metadata", "generation"] = 1
        sets.append(set)
      case .update(let set, _):
        if let place = sets.firstIndex(where: { $0.uid == set.uid }) { sets[place] = set }
      case .delete(let set): sets.removeAll { $0.uid == set.uid }
      }
    }
    let before = deployment
    deployment["status"] = decision.status
    if let revision = decision.revision {
      deployment["metadata", "annotations", "deployment.kubernetes.io/revision"] = .string(revision)
    }
    return deployment != before || !decision.actions.isEmpty
  }

  /// Pods come and go as the sets ask.
  mutating func settlePods() {
    for place in sets.indices {
      let size = sets[place]["spec", "replicas"] ?? 0
      sets[place]["status"] = [
        "replicas": size, "readyReplicas": size, "availableReplicas": size, "observedGeneration": 1,
      ]
    }
  }

  mutating func run() {
    for _ in 0..<50 {
      let wrote = sync()
      settlePods()
      if !wrote { return }
    }
    Issue.record("never comes to rest")
  }

  var sizes: [Int] { sets.map { $0.count("spec", "replicas") } }
  func condition(_ type: String) -> String? {
    Conditions.find(type, in: deployment["status"])?["reason"]?.string
  }
}

@Suite struct DeploymentDecisionTests {
  @Test func `the first replica set has the template, its hash and the sizes`() {
    let decision = DeploymentDecision(deployment(3), sets: [], now: now)
    guard case .create(let set) = decision.actions.first, decision.actions.count == 1 else {
      Issue.record("nothing is created")
      return
    }
    let hash = StableHash.of(deployment(3)["spec", "template"] ?? [:], collisionCount: nil)
    #expect(
      set == [
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": [
          "name": .string("web-" + hash), "namespace": "n",
          "labels": ["app": "web", "pod-template-hash": .string(hash)],
          "annotations": [
            "team": "blue", "deployment.kubernetes.io/revision": "1",
            "deployment.kubernetes.io/desired-replicas": "3", "deployment.kubernetes.io/max-replicas": "4",
          ],
          "ownerReferences": [
            [
              "apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "d", "controller": true,
              "blockOwnerDeletion": true,
            ]
          ],
        ],
        "spec": [
          "replicas": 3, "selector": ["matchLabels": ["app": "web", "pod-template-hash": .string(hash)]],
          "template": [
            "metadata": ["labels": ["app": "web", "pod-template-hash": .string(hash)]],
            "spec": ["containers": [["image": "a"]]],
          ],
        ],
      ])
    #expect(decision.revision == "1")
    #expect(Conditions.find("Progressing", in: decision.status)?["reason"] == "NewReplicaSetCreated")
    #expect(Conditions.find("Available", in: decision.status)?["status"] == "False")
    #expect(decision.requeueAfter == .seconds(601))
  }

  @Test(
    arguments: [
      (10, rolling("25%", "25%")), (3, rolling(1, 0)), (3, rolling(0, 1)), (1, [:]),
      (7, rolling("100%", "50%")),
    ] as [(Int64, JSON)])
  func `a rolling update keeps within its limits and ends`(replicas: Int64, strategy: JSON) {
    var cluster = Cluster(deployment(replicas, strategy: strategy))
    cluster.run()
    #expect(cluster.sizes == [Int(replicas)])
    #expect(cluster.condition("Progressing") == "NewReplicaSetAvailable")
    #expect(cluster.condition("Available") == "MinimumReplicasAvailable")
    cluster.deployment["spec", "template", "spec", "containers"] = [["image": "b"]]
    cluster.deployment["metadata", "generation"] = 2
    let limits = RolloutStrategy(cluster.deployment)
    for _ in 0..<50 {
      let wrote = cluster.sync()
      #expect(cluster.sizes.reduce(0, +) <= limits.replicas + limits.maxSurge)
      let available = cluster.sets.reduce(0) {
        $0 + min($1.count("spec", "replicas"), $1.count("status", "availableReplicas"))
      }
      #expect(available >= limits.minAvailable)
      cluster.settlePods()
      if !wrote { break }
    }
    #expect(cluster.sizes == [0, Int(replicas)])
    #expect(cluster.deployment["status", "updatedReplicas"]?.integer == replicas)
    #expect(cluster.deployment.annotation("deployment.kubernetes.io/revision") == "2")
    #expect(cluster.condition("Progressing") == "NewReplicaSetAvailable")
  }

  @Test func `going back gives the old replica set a new revision and its history`() {
    var cluster = Cluster(deployment(2))
    cluster.run()
    cluster.deployment["spec", "template", "spec", "containers"] = [["image": "b"]]
    cluster.run()
    cluster.deployment["spec", "template", "spec", "containers"] = [["image": "a"]]
    cluster.run()
    #expect(cluster.sizes == [2, 0])
    #expect(cluster.sets[0].annotation("deployment.kubernetes.io/revision") == "3")
    #expect(cluster.sets[0].annotation("deployment.kubernetes.io/revision-history") == "1")
  }

  @Test func `replica sets above the history limit are deleted`() {
    var cluster = Cluster(deployment(1))
    for image in ["a", "b", "c", "d"] {
      cluster.deployment["spec", "template", "spec", "containers"] = [["image": .string(image)]]
      cluster.run()
    }
    #expect(cluster.sizes == [0, 1])
    #expect(cluster.sets.map { $0.annotation("deployment.kubernetes.io/revision") } == ["3", "4"])
  }

  @Test func `recreate waits until all old pods are gone`() {
    var cluster = Cluster(deployment(2, strategy: ["type": "Recreate"]))
    cluster.run()
    cluster.deployment["spec", "template", "spec", "containers"] = [["image": "b"]]
    cluster.pods = [
      [
        "metadata": ["name": "old", "ownerReferences": [["uid": "s1", "controller": true]]],
        "status": ["phase": "Running"],
      ]
    ]
    cluster.run()
    #expect(cluster.sizes == [0])
    cluster.pods = []
    cluster.run()
    #expect(cluster.sizes == [0, 2])
  }

  @Test func `a paused deployment is scaled but not rolled out`() {
    var cluster = Cluster(deployment(2))
    cluster.run()
    cluster.deployment["spec", "paused"] = true
    cluster.deployment["spec", "replicas"] = 5
    cluster.deployment["spec", "template", "spec", "containers"] = [["image": "b"]]
    cluster.run()
    #expect(cluster.sizes == [5])
    #expect(cluster.condition("Progressing") == "DeploymentPaused")
    cluster.deployment["spec", "paused"] = nil
    cluster.run()
    #expect(cluster.sizes == [0, 5])
  }

  @Test func `in the middle of a rollout every replica set gets its share`() {
    func set(_ name: String, _ image: String, _ size: Int64, _ created: Int64) -> JSON {
      [
        "metadata": [
          "name": .string(name), "uid": .string(name),
          "creationTimestamp": .string(now.advanced(bySeconds: created).text),
          "annotations": [
            "deployment.kubernetes.io/desired-replicas": "10", "deployment.kubernetes.io/max-replicas": "13",
          ],
        ],
        "spec": [
          "replicas": .integer(size),
          "template": [
            "metadata": ["labels": ["app": "web", "pod-template-hash": "x"]],
            "spec": ["containers": [["image": .string(image)]]],
          ],
        ], "status": ["replicas": .integer(size), "availableReplicas": .integer(size)],
      ]
    }
    let sets = [set("old", "a", 8, 0), set("new", "b", 5, 9)]
    let up = DeploymentDecision(deployment(15, image: "b", strategy: rolling(3, 2)), sets: sets, now: now)
    #expect(scalings(up) == ["old": 11, "new": 7])
    let down = DeploymentDecision(deployment(5, image: "b", strategy: rolling(3, 2)), sets: sets, now: now)
    #expect(scalings(down) == ["old": 5, "new": 3])
  }

  private func scalings(_ decision: DeploymentDecision) -> [String: Int] {
    var sizes: [String: Int] = [:]
    for case .update(let set, let scaled?) in decision.actions { sizes[set.name] = scaled.new }
    return sizes
  }

  @Test func `a rollout that stands still runs out of time, and says so once`() {
    var cluster = Cluster(deployment(1))
    _ = cluster.sync()
    cluster.time = now.advanced(bySeconds: 600)
    _ = cluster.sync()
    #expect(cluster.condition("Progressing") == "NewReplicaSetCreated")
    cluster.time = now.advanced(bySeconds: 601)
    _ = cluster.sync()
    #expect(cluster.condition("Progressing") == "ProgressDeadlineExceeded")
    cluster.time = now.advanced(bySeconds: 700)
    let wrote = cluster.sync()
    #expect(!wrote)
  }

  @Test func `a replica set that cannot make pods is heard of`() {
    var cluster = Cluster(deployment(1))
    _ = cluster.sync()
    cluster.sets[0]["status", "conditions"] = [
      [
        "type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "quota",
        "lastTransitionTime": .string(now.text),
      ]
    ]
    _ = cluster.sync()
    #expect(cluster.condition("ReplicaFailure") == "FailedCreate")
    cluster.settlePods()
    _ = cluster.sync()
    #expect(cluster.condition("ReplicaFailure") == nil)
  }
}
