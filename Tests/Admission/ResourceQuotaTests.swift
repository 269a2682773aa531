import Admission
import Exchange
import Objects
import Registry
import Synchronization
import Testing

/// Stores the status of quotas where the plug-in reads them.
private final class FakeUsage: QuotaUsageStore {
  let objects: FakeObjects
  private let state: Mutex<(conflicts: Int, saves: Int)>

  init(_ objects: FakeObjects, conflicts: Int = 0) {
    self.objects = objects
    state = Mutex((conflicts, 0))
  }

  var saves: Int { state.withLock { $0.saves } }

  func saveStatus(of quota: JSON) async throws(StatusError) -> Bool {
    let isConflict = state.withLock { state in
      guard state.conflicts > 0 else { return false }
      state.conflicts -= 1
      return true
    }
    if isConflict { return false }
    let isRefused = !objects.replace(quota)
    if !isRefused { state.withLock { $0.saves += 1 } }
    return !isRefused
  }
}

@Suite struct ResourceQuotaTests {
  private static func quota(_ hard: String, used: String, spec: String = "{}") -> JSON {
    [
      "kind": "ResourceQuota", "metadata": ["name": "q", "namespace": "n", "uid": "1"], "spec": json(spec),
      "status": ["hard": json(hard), "used": json(used)],
    ]
  }

  private static let pod = json(
    #"""
    {"metadata":{"name":"p"},"spec":{"containers":[
    {"name":"a","resources":{"requests":{"cpu":"500m","memory":"1Gi"},"limits":{"cpu":"1"}}},
    {"name":"b","resources":{"requests":{"cpu":"500m"}}}]}}
    """#)

  @Test(
    arguments: [
      (#"{"pods":"2"}"#, #"{"pods":"1"}"#, #"{"pods":"2"}"#, nil),
      (
        #"{"pods":"2"}"#, #"{"pods":"2"}"#, nil,
        "exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2"
      ),
      (#"{"count/pods":"2"}"#, #"{"count/pods":"0"}"#, #"{"count/pods":"1"}"#, nil),
      (
        #"{"requests.cpu":"4","cpu":"4"}"#, #"{"requests.cpu":"1500m","cpu":"3"}"#,
        #"{"requests.cpu":"2500m","cpu":"4"}"#, nil
      ),
      (
        #"{"requests.cpu":"2","pods":"1"}"#, #"{"requests.cpu":"1500m","pods":"1"}"#, nil,
        "exceeded quota: q, requested: pods=1,requests.cpu=1, used: pods=1,requests.cpu=1500m, "
          + "limited: pods=1,requests.cpu=2"
      ),
      (
        #"{"limits.cpu":"2","memory":"2Gi"}"#, #"{}"#, nil,
        "failed quota: q: must specify limits.cpu for: b; memory for: b"
      ),
      (#"{"pods":"2"}"#, #"{}"#, nil, "status unknown for quota: q, resources: pods"),
      (#"{"services":"0"}"#, #"{}"#, #"{}"#, nil), (#"{}"#, #"{}"#, #"{}"#, nil),
    ] as [(String, String, String?, String?)])
  func `pods are counted`(hard: String, used: String, after: String?, problem: String?) async {
    let source = FakeObjects([Self.quota(hard, used: used)])
    let plugin = ResourceQuotaAdmission(usage: FakeUsage(source))
    let result = await outcome(plugin, creation(Self.pod, resource("pods")), source)
    #expect(result.refusal == problem.map { "403 pods \"p\" is forbidden: \($0)" })
    let quota = try? await source.get(resource("resourcequotas"), namespace: "n", name: "q")
    #expect(quota?["status", "used"] == json(after ?? used))
  }

  @Test(arguments: [
    (#"{"scopes":["Terminating"]}"#, false), (#"{"scopes":["NotTerminating"]}"#, true),
    (#"{"scopes":["BestEffort"]}"#, false), (#"{"scopes":["NotBestEffort","NotTerminating"]}"#, true),
    (
      #"{"scopeSelector":{"matchExpressions":[{"scopeName":"PriorityClass","operator":"In","values":["high"]}]}}"#,
      true
    ),
    (
      #"{"scopeSelector":{"matchExpressions":[{"scopeName":"PriorityClass","operator":"DoesNotExist"}]}}"#,
      false
    ),
    (#"{"scopes":["CrossNamespacePodAffinity"]}"#, false), (#"{"scopes":["Unknown"]}"#, false),
  ])
  func `a quota with scopes counts the pods that match`(spec: String, matches: Bool) async {
    let source = FakeObjects([Self.quota(#"{"pods":"0"}"#, used: #"{"pods":"0"}"#, spec: spec)])
    let plugin = ResourceQuotaAdmission(usage: FakeUsage(source))
    var pod = Self.pod
    pod["spec", "priorityClassName"] = "high"
    #expect((await outcome(plugin, creation(pod, resource("pods")), source).refusal != nil) == matches)
    let service = creation(["spec": ["type": "ClusterIP"]], resource("services"))
    #expect(await outcome(plugin, service, source).refusal == nil)
  }

  @Test(
    arguments: [
      (#"{"type":"ClusterIP"}"#, nil, "services=1"),
      (#"{"type":"NodePort","ports":[{},{}]}"#, nil, "services=1,services.nodeports=2"),
      (
        #"{"type":"LoadBalancer","ports":[{}]}"#, #"{"type":"ClusterIP","ports":[{}]}"#,
        "services.loadbalancers=1,services.nodeports=1"
      ),
      (#"{"type":"ClusterIP"}"#, #"{"type":"LoadBalancer","ports":[{}]}"#, nil),
    ] as [(String, String?, String?)])
  func `services are counted by what they take`(spec: String, old: String?, requested: String?) async {
    let zero = #"{"services":"0","services.nodeports":"0","services.loadbalancers":"0"}"#
    let source = FakeObjects([Self.quota(zero, used: zero)])
    var request = creation(["metadata": ["name": "s"], "spec": json(spec)], resource("services"))
    if let old {
      request.operation = .update
      request.old = ["spec": json(old)]
    }
    let refusal = await outcome(ResourceQuotaAdmission(usage: FakeUsage(source)), request, source).refusal
    guard let requested else {
      #expect(refusal == nil)
      return
    }
    #expect(
      refusal?.hasPrefix(
        "403 services \"s\" is forbidden: exceeded quota: q, requested: \(requested), used: ") == true)
  }

  @Test func `claims are counted by class and size`() async throws {
    let names = [
      "persistentvolumeclaims", "requests.storage", "fast.storageclass.storage.k8s.io/requests.storage",
      "fast.storageclass.storage.k8s.io/persistentvolumeclaims",
    ]
    var hard: JSON = [:]
    var used: JSON = [:]
    for name in names {
      hard[name] = "10Gi"
      used[name] = "0"
    }
    let source = FakeObjects([Self.quota(hard.text, used: used.text)])
    let claim = json(
      #"{"spec":{"storageClassName":"fast","resources":{"requests":{"storage":"2Gi"}}}}"#)
    let request = creation(claim, resource("persistentvolumeclaims"))
    #expect(await outcome(ResourceQuotaAdmission(usage: FakeUsage(source)), request, source).refusal == nil)
    let quota = try #require(
      try await source.get(resource("resourcequotas"), namespace: "n", name: "q"))
    #expect(names.map { quota["status", "used"]?[$0]?.string } == ["1", "2Gi", "2Gi", "1"])
  }

  @Test func `other API servers' counting is taken into account`() async {
    let source = FakeObjects([Self.quota(#"{"pods":"9"}"#, used: #"{"pods":"0"}"#)])
    let usage = FakeUsage(source, conflicts: 3)
    let plugin = ResourceQuotaAdmission(usage: usage)
    #expect(await outcome(plugin, creation(Self.pod, resource("pods")), source).refusal == nil)
    #expect(usage.saves == 1)
  }

  @Test func `a dry run counts nothing`() async {
    let source = FakeObjects([Self.quota(#"{"pods":"9"}"#, used: #"{"pods":"0"}"#)])
    let usage = FakeUsage(source)
    var request = creation(Self.pod, resource("pods"))
    request.dryRun = true
    #expect(await outcome(ResourceQuotaAdmission(usage: usage), request, source).refusal == nil)
    #expect(usage.saves == 0)
  }

  @Test func `of many pods at once as many get in as there is room for`() async {
    let source = FakeObjects([Self.quota(#"{"pods":"5"}"#, used: #"{"pods":"0"}"#)])
    let plugin = ResourceQuotaAdmission(usage: FakeUsage(source))
    let admitted = await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<20 {
        group.addTask {
          await outcome(plugin, creation(Self.pod, resource("pods")), source).refusal == nil
        }
      }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(admitted == 5)
  }
}
