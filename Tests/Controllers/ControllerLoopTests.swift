import Client
import Exchange
import Objects
import Testing

@testable import Controllers

private let now = Timestamp(seconds: 1_800_000_000)

/// A pod that runs at once, and is ready if it is meant to stay.
private func running(_ pod: JSON) -> JSON? {
  guard pod.phase == "Pending", !pod.isBeingDeleted else { return nil }
  var pod = pod
  if pod.nodeName.isEmpty { pod["spec", "nodeName"] = .string(DaemonPod.node(of: pod) ?? "node") }
  pod["status", "phase"] = "Running"
  pod["status", "conditions"] = [
    ["type": "Ready", "status": "True", "lastTransitionTime": .string(now.advanced(bySeconds: -60).text)]
  ]
  return pod
}

/// A pod whose containers end at once; those with an image `bad` fail.
private func ending(_ pod: JSON) -> JSON? {
  guard pod.phase == "Pending" else { return nil }
  var pod = pod
  let isBad = pod["spec", "containers"]?.array?.first?["image"]?.string == "bad"
  pod["status", "phase"] = isBad ? "Failed" : "Succeeded"
  pod["status", "containerStatuses"] = [
    [
      "name": "c", "image": "i", "imageID": "", "ready": false, "restartCount": 0,
      "state": [
        "terminated": [
          "exitCode": isBad ? 1 : 0, "finishedAt": .string(now.advanced(bySeconds: -3600).text),
        ]
      ],
    ]
  ]
  return pod
}

private func podTemplate(_ image: String, restart: String = "Always") -> JSON {
  [
    "metadata": ["labels": ["app": "web"]],
    "spec": [
      "containers": [["name": "c", "image": .string(image)]], "restartPolicy": .string(restart),
    ],
  ]
}

private func object(_ resource: Resource, _ name: String, _ spec: JSON) -> JSON {
  [
    "apiVersion": .string(resource.apiVersion), "kind": .string(resource.kind),
    "metadata": ["name": .string(name), "namespace": "n"], "spec": spec,
  ]
}

private func deployment(_ replicas: Int64, _ image: String, strategy: String = "RollingUpdate") -> JSON {
  object(
    .deployments, "web",
    [
      "replicas": .integer(replicas), "selector": ["matchLabels": ["app": "web"]],
      "template": podTemplate(image), "strategy": ["type": .string(strategy)],
    ])
}

/// Runs controllers against an API server while `body` works with it.
private func withControllers(
  _ controllers: [any Controller], _ api: InMemoryAPI, _ body: @Sendable () async throws -> Void
) async throws {
  let client = APIClient(transport: api, userAgent: "test")
  let group = ControllerGroup(controllers, client: client, now: { now })
  try await withThrowingTaskGroup(of: Void.self) { tasks in
    tasks.addTask { await group.run() }
    try await body()
    tasks.cancelAll()
    #expect(api.idleWrites == [])
  }
}

@Suite struct ControllerLoopTests {
  private let workloads: [any Controller] = [ReplicaSetController(), DeploymentController()]

  private static func isRolledOut(_ api: InMemoryAPI, _ replicas: Int64, _ image: String) -> Bool {
    guard let web = api.objects(.deployments).first else { return false }
    let pods = api.objects(.pods).filter(\.isActive)
    return web["status", "observedGeneration"]?.integer == web.generation
      && web["status", "updatedReplicas"]?.integer ?? 0 == replicas
      && web["status", "availableReplicas"]?.integer ?? 0 == replicas
      && web["status", "replicas"]?.integer ?? 0 == replicas && pods.count == Int(replicas)
      && pods.allSatisfy { $0["spec", "containers"]?.array?.first?["image"]?.string == image }
      && Conditions.find("Progressing", in: web["status"])?["reason"] == "NewReplicaSetAvailable"
  }

  @Test(arguments: ["RollingUpdate", "Recreate"])
  func `a deployment is rolled out, updated, scaled and rolled back`(strategy: String) async throws {
    let api = InMemoryAPI(now: now, kubelet: running)
    try await withControllers(workloads, api) {
      try api.apply(.deployments, deployment(10, "a", strategy: strategy))
      #expect(await api.wait { Self.isRolledOut(api, 10, "a") })
      try api.change(.deployments, "web") { $0["spec", "template"] = podTemplate("b") }
      #expect(await api.wait { Self.isRolledOut(api, 10, "b") })
      try api.change(.deployments, "web") { $0["spec", "replicas"] = 4 }
      #expect(await api.wait { Self.isRolledOut(api, 4, "b") })
      try api.change(.deployments, "web") { $0["spec", "template"] = podTemplate("a") }
      #expect(await api.wait { Self.isRolledOut(api, 4, "a") })
      #expect(
        await api.wait {
          let events = api.objects(.known("", "v1", "events"))
          return ["ScalingReplicaSet", "SuccessfulCreate", "SuccessfulDelete"].allSatisfy { reason in
            events.contains { $0["reason"]?.string == reason }
          }
        })
      let sets = api.objects(.replicaSets)
      #expect(sets.count == 2)
      #expect(Set(sets.map { DeploymentAnnotations.revision(of: $0) }) == [2, 3])
      #expect(api.objects(.deployments)[0].annotation("deployment.kubernetes.io/revision") == "3")
    }
  }

  @Test
  func `a pod that is deleted is made again, and one that is labelled otherwise is let go`() async throws {
    let api = InMemoryAPI(now: now, kubelet: running)
    try await withControllers(workloads, api) {
      try api.apply(.deployments, deployment(3, "a"))
      #expect(await api.wait { Self.isRolledOut(api, 3, "a") })
      let pods = api.objects(.pods)
      try api.remove(.pods, pods[0].name)
      #expect(
        await api.wait {
          !api.objects(.pods).contains { $0.uid == pods[0].uid } && Self.isRolledOut(api, 3, "a")
        })
      try api.change(.pods, pods[1].name) { $0["metadata", "labels", "app"] = "other" }
      #expect(await api.wait { api.objects(.pods).count == 4 })
      #expect(await api.wait { api.objects(.pods).filter { $0.controllerReference == nil }.count == 1 })
      // And is taken again, one too many.
      try api.change(.pods, pods[1].name) { $0["metadata", "labels", "app"] = "web" }
      #expect(await api.wait { Self.isRolledOut(api, 3, "a") })
    }
  }

  @Test
  func `every node gets a daemon, and an update replaces them`() async throws {
    let api = InMemoryAPI(now: now, kubelet: running)
    for name in ["a", "b", "c"] {
      try api.apply(
        .nodes, ["apiVersion": "v1", "kind": "Node", "metadata": ["name": .string(name)], "spec": [:]])
    }
    try await withControllers([DaemonSetController()], api) {
      let spec: JSON = ["selector": ["matchLabels": ["app": "web"]], "template": podTemplate("a")]
      try api.apply(.daemonSets, object(.daemonSets, "agent", spec))
      @Sendable func isComplete(_ count: Int64, _ image: String) -> Bool {
        guard let set = api.objects(.daemonSets).first else { return false }
        let pods = api.objects(.pods)
        return set["status", "observedGeneration"]?.integer == set.generation
          && set["status", "updatedNumberScheduled"]?.integer == count
          && set["status", "numberAvailable"]?.integer == count
          && Set(pods.map(\.nodeName)).count == Int(count) && pods.count == Int(count)
          && pods.allSatisfy { $0["spec", "containers"]?.array?.first?["image"]?.string == image }
      }
      #expect(await api.wait { isComplete(3, "a") })
      try api.change(.daemonSets, "agent") { $0["spec", "template"] = podTemplate("b") }
      #expect(await api.wait { isComplete(3, "b") })
      #expect(
        api.objects(.controllerRevisions).map { $0["revision"]?.integer }.sorted { $0 ?? 0 < $1 ?? 0 } == [
          1, 2,
        ])
      try api.change(.nodes, "c") { $0["spec", "taints"] = [["key": "k", "effect": "NoExecute"]] }
      #expect(await api.wait { isComplete(2, "b") })
      try api.remove(.pods, api.objects(.pods)[0].name)
      #expect(await api.wait { isComplete(2, "b") })
    }
  }

  private func job(_ spec: JSON, image: String = "good") -> JSON {
    var spec = spec
    spec["template"] = podTemplate(image, restart: "Never")
    return object(.jobs, "work", spec)
  }

  private static func condition(_ api: InMemoryAPI, _ type: String) -> String? {
    Conditions.find(type, in: api.objects(.jobs).first?["status"])?["reason"]?.string
  }

  @Test(
    arguments: [
      ["completions": 7, "parallelism": 3],
      ["completions": 5, "parallelism": 2, "completionMode": "Indexed"],
    ] as [JSON])
  func `a job runs until enough pods have succeeded`(spec: JSON) async throws {
    let api = InMemoryAPI(now: now, kubelet: ending)
    try await withControllers([JobController()], api) {
      try api.apply(.jobs, job(spec))
      #expect(await api.wait { Self.condition(api, "Complete") == "CompletionsReached" })
      let status = api.objects(.jobs)[0]["status"]
      #expect(status?["succeeded"] == spec["completions"])
      #expect(status?["completedIndexes"]?.string == (spec["completionMode"] == nil ? nil : "0-4"))
      #expect(status?["active"] == nil)
      #expect(api.objects(.pods).count == Int(spec["completions"]?.integer ?? 0))
      #expect(api.objects(.pods).allSatisfy { $0.finalizers.isEmpty })
    }
  }

  @Test
  func `a job whose pods fail fails, and its pods can be deleted`() async throws {
    let api = InMemoryAPI(now: now, kubelet: ending)
    try await withControllers([JobController()], api) {
      try api.apply(.jobs, job(["completions": 2, "parallelism": 1, "backoffLimit": 2], image: "bad"))
      #expect(await api.wait { Self.condition(api, "Failed") == "BackoffLimitExceeded" })
      #expect(api.objects(.jobs)[0]["status", "failed"]?.integer == 3)
      #expect(api.objects(.pods).allSatisfy { $0.finalizers.isEmpty })
    }
  }

  @Test
  func `writes that fail are made up for, and no pod is made or counted twice`() async throws {
    let api = InMemoryAPI(now: now, failing: 3, kubelet: { ending($0) })
    try await withControllers([JobController()], api) {
      try api.apply(.jobs, job(["completions": 20, "parallelism": 6]))
      #expect(await api.wait { Self.condition(api, "Complete") == "CompletionsReached" })
      #expect(api.objects(.jobs)[0]["status", "succeeded"] == 20)
      #expect(api.objects(.pods).count == 20)
    }
    let other = InMemoryAPI(now: now, failing: 3, kubelet: running)
    try await withControllers(workloads, other) {
      try other.apply(.deployments, deployment(8, "a"))
      #expect(await other.wait { Self.isRolledOut(other, 8, "a") })
      try other.change(.deployments, "web") { $0["spec", "template"] = podTemplate("b") }
      #expect(await other.wait { Self.isRolledOut(other, 8, "b") })
      #expect(other.objects(.replicaSets).count == 2)
    }
  }

  @Test
  func `a suspended job loses its pods, fails nothing and goes on`() async throws {
    let api = InMemoryAPI(now: now, kubelet: running)
    try await withControllers([JobController()], api) {
      try api.apply(.jobs, job(["completions": 9, "parallelism": 9, "backoffLimit": 1]))
      #expect(await api.wait { api.objects(.jobs)[0]["status", "active"] == 9 })
      try api.change(.jobs, "work") { $0["spec", "suspend"] = true }
      #expect(await api.wait { Self.condition(api, "Suspended") == "JobSuspended" })
      #expect(
        await api.wait { api.objects(.pods).isEmpty && api.objects(.jobs)[0]["status", "active"] == nil })
      #expect(api.objects(.jobs)[0]["status", "failed"] == nil)
      try api.change(.jobs, "work") { $0["spec", "suspend"] = false }
      #expect(await api.wait { api.objects(.jobs)[0]["status", "active"] == 9 })
      try api.change(.jobs, "work") { $0["spec", "parallelism"] = 4 }
      #expect(await api.wait { api.objects(.jobs)[0]["status", "active"] == 4 })
      #expect(await api.wait { api.objects(.pods).count == 4 })
      #expect(api.objects(.jobs)[0]["status", "failed"] == nil)
    }
  }

  @Test
  func `a pod of a job that loses its owner is taken again`() async throws {
    let api = InMemoryAPI(now: now, kubelet: running)
    try await withControllers([JobController()], api) {
      try api.apply(.jobs, job(["completions": 2, "parallelism": 2]))
      #expect(await api.wait { api.objects(.pods).count == 2 })
      let pod = api.objects(.pods)[0]
      try api.change(.pods, pod.name) { $0["metadata", "ownerReferences"] = nil }
      #expect(
        await api.wait {
          api.objects(.pods).contains {
            $0.uid == pod.uid && $0.controllerReference != nil && JobPods.isTracked($0)
          }
        })
    }
  }

  @Test
  func `pods of a job that is gone are let go`() async throws {
    let api = InMemoryAPI(now: now, kubelet: running)
    try await withControllers([JobController()], api) {
      try api.apply(.jobs, job(["completions": 2, "parallelism": 2]))
      #expect(await api.wait { api.objects(.pods).count == 2 })
      try api.remove(.jobs, "work")
      #expect(await api.wait { api.objects(.pods).allSatisfy { $0.finalizers.isEmpty } })
    }
  }

  @Test
  func `a cron job makes a job, which runs and is deleted after its time`() async throws {
    let api = InMemoryAPI(now: now.advanced(bySeconds: -3600), kubelet: ending)
    try await withControllers(
      [CronJobController(), JobController(), TTLAfterFinishedController(), GarbageCollector()], api
    ) {
      var template = job(["completions": 1, "parallelism": 1])
      template["metadata"] = nil
      try api.apply(
        .cronJobs, object(.cronJobs, "tick", ["schedule": "*/10 * * * *", "jobTemplate": template]))
      #expect(
        await api.wait {
          let status = api.objects(.cronJobs).first?["status"]
          return status?["lastScheduleTime"] != nil && status?["active"] == nil
            && status?["lastSuccessfulTime"]?.string == now.text
        })
      // Once only.
      #expect(api.objects(.pods).count == 1)
      try api.change(.jobs, api.objects(.jobs)[0].name) { $0["spec", "ttlSecondsAfterFinished"] = 0 }
      // A foreground deletion: its pod goes first.
      #expect(await api.wait { api.objects(.jobs).isEmpty })
      #expect(api.objects(.pods) == [])
    }
  }
}
