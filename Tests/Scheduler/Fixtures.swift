import Objects

@testable import Scheduler

/// A pod to be made: a small object with the fields that a test sets.
struct PodFixture {
  var json: JSON

  init(_ name: String, namespace: String = "default") {
    json = [
      "metadata": [
        "name": .string(name), "namespace": .string(namespace), "uid": .string("uid-\(namespace)-\(name)"),
      ],
      "spec": ["containers": [["name": "main", "image": "app"]]],
    ]
  }

  func setting(_ value: JSON, _ path: String...) -> PodFixture {
    var copy = self
    copy.json = Self.set(value, path[...], in: json)
    return copy
  }

  private static func set(_ value: JSON, _ path: ArraySlice<String>, in json: JSON) -> JSON {
    guard let key = path.first else { return value }
    var copy = json
    copy[key] = set(value, path.dropFirst(), in: json[key] ?? [:])
    return copy
  }

  func labels(_ labels: [String: String]) -> PodFixture { setting(jsonObject(labels), "metadata", "labels") }
  func uid(_ uid: String) -> PodFixture { setting(.string(uid), "metadata", "uid") }
  func priority(_ priority: Int64) -> PodFixture { setting(.integer(priority), "spec", "priority") }
  func on(_ node: String) -> PodFixture { setting(.string(node), "spec", "nodeName") }
  func nominated(_ node: String) -> PodFixture { setting(.string(node), "status", "nominatedNodeName") }
  func phase(_ phase: String) -> PodFixture { setting(.string(phase), "status", "phase") }
  func started(_ time: String) -> PodFixture { setting(.string(time), "status", "startTime") }
  func terminating() -> PodFixture { setting("2026-01-01T00:00:00Z", "metadata", "deletionTimestamp") }
  func nodeSelector(_ labels: [String: String]) -> PodFixture {
    setting(jsonObject(labels), "spec", "nodeSelector")
  }
  func tolerations(_ tolerations: JSON) -> PodFixture { setting(tolerations, "spec", "tolerations") }
  func gates(_ names: String...) -> PodFixture {
    setting(.array(names.map { ["name": .string($0)] }), "spec", "schedulingGates")
  }

  func requests(_ requests: [String: String]) -> PodFixture {
    containers([["name": "main", "image": "app", "resources": ["requests": jsonObject(requests)]]])
  }

  func hostPort(_ port: Int64, protocol name: String = "TCP", address: String = "") -> PodFixture {
    containers([
      [
        "name": "main",
        "ports": [["hostPort": .integer(port), "protocol": .string(name), "hostIP": .string(address)]],
      ]
    ])
  }

  func containers(_ containers: JSON) -> PodFixture { setting(containers, "spec", "containers") }

  /// Terms of `requiredDuringSchedulingIgnoredDuringExecution` of the node affinity.
  func requiredNodeTerms(_ terms: JSON...) -> PodFixture {
    setting(
      ["nodeSelectorTerms": .array(terms)], "spec", "affinity", "nodeAffinity",
      "requiredDuringSchedulingIgnoredDuringExecution")
  }

  func affinity(_ terms: JSON...) -> PodFixture {
    setting(
      .array(terms), "spec", "affinity", "podAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
  }

  func antiAffinity(_ terms: JSON...) -> PodFixture {
    setting(
      .array(terms), "spec", "affinity", "podAntiAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
  }

  /// Preferred affinity, or with a negative weight anti-affinity.
  func preferring(_ weight: Int64, _ term: JSON) -> PodFixture {
    setting(
      [["weight": .integer(abs(weight)), "podAffinityTerm": term]], "spec", "affinity",
      weight < 0 ? "podAntiAffinity" : "podAffinity", "preferredDuringSchedulingIgnoredDuringExecution")
  }

  func spread(_ constraints: JSON...) -> PodFixture {
    setting(.array(constraints), "spec", "topologySpreadConstraints")
  }

  var info: PodInfo { PodInfo(json)! }
  var reference: PodReference { info.reference }
}

/// A node to be made: with 4 CPUs, 8 GiB and 110 pods if nothing else is said.
struct NodeFixture {
  var json: JSON

  init(_ name: String, cpu: String = "4", memory: String = "8Gi", pods: String = "110") {
    json = [
      "metadata": ["name": .string(name), "labels": ["kubernetes.io/hostname": .string(name)]],
      "spec": [:],
      "status": ["allocatable": ["cpu": .string(cpu), "memory": .string(memory), "pods": .string(pods)]],
    ]
  }

  func setting(_ value: JSON, _ path: String...) -> NodeFixture {
    var copy = self
    switch path.count {
    case 1: copy.json[path[0]] = value
    case 2: copy.json[path[0], path[1]] = value
    default: copy.json[path[0], path[1], path[2]] = value
    }
    return copy
  }

  func label(_ key: String, _ value: String) -> NodeFixture {
    setting(.string(value), "metadata", "labels", key)
  }
  func zone(_ zone: String) -> NodeFixture { label("topology.kubernetes.io/zone", zone) }
  func allocatable(_ name: String, _ amount: String) -> NodeFixture {
    setting(.string(amount), "status", "allocatable", name)
  }
  func cordoned() -> NodeFixture { setting(true, "spec", "unschedulable") }

  func taint(_ key: String, _ value: String = "", _ effect: String = "NoSchedule") -> NodeFixture {
    let taints = json["spec", "taints"]?.array ?? []
    let taint: JSON = ["key": .string(key), "value": .string(value), "effect": .string(effect)]
    return setting(.array(taints + [taint]), "spec", "taints")
  }

  var info: NodeInfo { NodeInfo(json)! }
}

func jsonObject(_ pairs: [String: String]) -> JSON {
  .object(JSONObject(pairs.map { ($0.key, JSON.string($0.value)) }))
}

/// A pod affinity term over `app`, or over labels of one's own.
func term(_ app: String, _ topologyKey: String = "topology.kubernetes.io/zone", _ more: JSON = [:]) -> JSON {
  var term: JSON = [
    "labelSelector": ["matchLabels": ["app": .string(app)]], "topologyKey": .string(topologyKey),
  ]
  for member in more.object ?? [:] { term[member.key] = member.value }
  return term
}

/// A topology spread constraint over `app`.
func constraint(
  _ app: String, _ topologyKey: String = "topology.kubernetes.io/zone", skew: Int64 = 1,
  when: String = "DoNotSchedule", and more: JSON = [:]
) -> JSON {
  var constraint: JSON = [
    "labelSelector": ["matchLabels": ["app": .string(app)]], "topologyKey": .string(topologyKey),
    "maxSkew": .integer(skew), "whenUnsatisfiable": .string(when),
  ]
  for member in more.object ?? [:] { constraint[member.key] = member.value }
  return constraint
}

/// A scheduler with a clock of its own, and its decisions as text.
struct Bench {
  var core: SchedulerCore
  var now = Duration.zero
  var last: SchedulerDecision?

  init(_ configuration: SchedulerCore.Configuration = .init(), seed: UInt64 = 1, nodes: [NodeFixture] = []) {
    core = SchedulerCore(configuration: configuration, seed: seed)
    for node in nodes { add(node) }
  }

  mutating func add(_ node: NodeFixture) { core.handle(.node(node.info), now: now) }
  mutating func add(_ pod: PodFixture) { core.handle(.pod(pod.info), now: now) }
  mutating func add(_ pods: [PodFixture]) { for pod in pods { add(pod) } }
  mutating func remove(_ pod: PodFixture) { core.handle(.podRemoved(pod.reference), now: now) }

  /// The next decision: `pod -> node`, or `pod: message`; nil if there is none.
  mutating func decide() -> String? {
    last = core.next(now: now)
    switch last {
    case .bind(let binding): return "\(binding.pod.name) -> \(binding.node)"
    case .unschedulable(let failure): return "\(failure.pod.name): \(failure.message)"
    case nil: return nil
    }
  }

  /// The next decision after this time.
  mutating func decide(after time: Duration) -> String? {
    now += time
    return decide()
  }

  var failure: SchedulerDecision.Unschedulable? {
    if case .unschedulable(let failure) = last { failure } else { nil }
  }
}

/// What each node says to the pod: the reasons against it, or `ok`.
func verdicts(
  _ pod: PodFixture, nodes: [NodeFixture], pods: [PodFixture] = [],
  namespaces: [String: [String: String]] = [:]
)
  -> [String: String]
{
  var state = ClusterState()
  for (name, labels) in namespaces { state.namespaces[name] = Labels(labels) }
  for node in nodes { state.setNode(node.info) }
  for other in pods { state.addPod(other.info, node: other.info.nodeName) }
  let cycle = SchedulingCycle(pod: pod.info, state: &state)
  var verdicts: [String: String] = [:]
  for node in nodes {
    let name = node.info.name
    let rejection = cycle.rejection(slot: state.slot(of: name)!, state: state)
    verdicts[name] = rejection?.texts(for: pod.info).joined(separator: ", ") ?? "ok"
  }
  return verdicts
}

/// What each node scores for the pod, by weight and in all.
func scores(_ pod: PodFixture, nodes: [NodeFixture], pods: [PodFixture] = []) -> [String: Int64] {
  scores(pod.info, nodes: nodes, pods: pods)
}

func scores(_ pod: PodInfo, nodes: [NodeFixture], pods: [PodFixture] = []) -> [String: Int64] {
  var state = ClusterState()
  for node in nodes { state.setNode(node.info) }
  for other in pods { state.addPod(other.info, node: other.info.nodeName) }
  let slots = nodes.map { state.slot(of: $0.info.name)! }
  var scores = NodeScores()
  scores.run(pod, feasible: slots, state: &state)
  return Dictionary(uniqueKeysWithValues: zip(nodes.map(\.info.name), scores.totals))
}
