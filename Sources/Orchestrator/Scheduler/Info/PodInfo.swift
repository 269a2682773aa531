public import Objects

/// Which pod is meant.
public struct PodReference: Sendable, Hashable {
  /// The pod's namespace.
  public let namespace: String
  /// The pod's name.
  public let name: String
  /// Tells apart pods that had the same name one after the other.
  public let uid: String

  /// A reference to this pod.
  public init(namespace: String, name: String, uid: String) {
    self.namespace = namespace
    self.name = name
    self.uid = uid
  }

  var fullName: String { "\(namespace)/\(name)" }
  /// By what the scheduler knows it.
  var identity: String { uid.isEmpty ? fullName : uid }
}

/// All that scheduling needs to know of a pod, read once from its JSON. It never changes, and is shared between the
/// queue and the nodes.
public final class PodInfo: Sendable {
  /// Which pod it is.
  public let reference: PodReference
  let identity: String
  /// What other pods' placement can depend on.
  let template: PodTemplate
  let schedulerName: String
  let priority: Int32
  /// Whether it may make others give way.
  let mayPreempt: Bool
  /// Where it runs, or is bound to run; empty before that.
  let nodeName: String
  let nominatedNodeName: String
  /// Whether it has come to its end, and takes no room any more.
  let isFinished: Bool
  /// Whether it gives way to a pod of higher priority.
  let isTerminatingByPreemption: Bool
  /// Seconds since 1970; nil before it has started.
  let startSeconds: Int64?
  let gates: [String]
  let requests: PodRequests
  /// Those of `requests`, sorted by name.
  let extendedRequests: [(name: String, amount: Int64)]
  let hostPorts: [HostPort]
  let nodeSelection: NodeSelection
  let tolerations: [Toleration]
  let spreadConstraints: [SpreadConstraint]
  /// Whether the constraints are not the pod's own: then nodes that lack a topology count as well.
  let hasDefaultSpread: Bool
  /// The images of all its containers, with a tag or digest.
  let images: [String]
  let volumes: VolumeNeeds

  /// Reads a pod. Nil if it has no name.
  ///
  /// - Parameter defaultSpreadSelector: the selector, if any, of the services and controllers that the pod belongs to;
  ///   its pods are spread a little when the pod has no constraints of its own.
  /// - Parameter volumes: what its volumes demand.
  public init?(_ pod: JSON, defaultSpreadSelector: JSON? = nil, volumes: VolumeNeeds = .none) {
    self.volumes = volumes
    let metadata = pod["metadata"] ?? [:]
    let spec = pod["spec"] ?? [:]
    let status = pod["status"] ?? [:]
    guard let name = metadata["name"]?.string, !name.isEmpty else { return nil }
    let namespace = metadata["namespace"]?.string ?? ""
    reference = PodReference(namespace: namespace, name: name, uid: metadata["uid"]?.string ?? "")
    identity = reference.identity
    let labels = Labels(json: metadata["labels"])
    let isTerminating = metadata["deletionTimestamp"]?.string != nil
    template = PodTemplate(
      namespace: namespace, labels: labels, isTerminating: isTerminating,
      affinity: PodAffinity(spec: spec, namespace: namespace, labels: labels))
    schedulerName = spec["schedulerName"]?.string ?? "default-scheduler"
    priority = Int32(clamping: spec["priority"]?.integer ?? 0)
    mayPreempt = spec["preemptionPolicy"]?.string != "Never"
    nodeName = spec["nodeName"]?.string ?? ""
    nominatedNodeName = status["nominatedNodeName"]?.string ?? ""
    let phase = status["phase"]?.string
    isFinished = phase == "Succeeded" || phase == "Failed"
    isTerminatingByPreemption =
      isTerminating
      && (status["conditions"]?.array ?? []).contains {
        $0["type"]?.string == "DisruptionTarget" && $0["status"]?.string == "True"
          && $0["reason"]?.string == "PreemptionByScheduler"
      }
    startSeconds = status["startTime"]?.string.flatMap { Timestamp($0) }?.seconds
    gates = (spec["schedulingGates"]?.array ?? []).compactMap { $0["name"]?.string }
    requests = PodRequests(pod: pod)
    extendedRequests =
      requests.resources.extended.filter { $0.value > 0 }.sorted { $0.key < $1.key }
      .map { (name: $0.key, amount: $0.value) }
    hostPorts = HostPort.all(spec: spec)
    nodeSelection = NodeSelection(spec: spec)
    tolerations = (spec["tolerations"]?.array ?? []).map { Toleration(json: $0) }
    let constraints = spec["topologySpreadConstraints"]?.array ?? []
    let defaultSelector = LabelSelector(json: defaultSpreadSelector)
    hasDefaultSpread = constraints.isEmpty && !defaultSelector.matchesNothing && !defaultSelector.isEmpty
    spreadConstraints =
      hasDefaultSpread
      ? SpreadConstraint.defaults(selector: defaultSelector)
      : constraints.map { SpreadConstraint(json: $0, labels: labels) }
    let containers = (spec["initContainers"]?.array ?? []) + (spec["containers"]?.array ?? [])
    images = containers.map { Self.fullImageName($0["image"]?.string ?? "") }
  }

  var namespace: String { reference.namespace }
  var labels: Labels { template.labels }
  var isTerminating: Bool { template.isTerminating }
  var affinity: PodAffinity? { template.affinity }

  /// Whether one of the tolerations covers the taint.
  func tolerates(_ taint: Taint) -> Bool {
    for toleration in tolerations where toleration.tolerates(taint) { return true }
    return false
  }

  /// Whether none of the node's taints keeps the pod off it.
  func toleratesBlockingTaints(of node: NodeInfo) -> Bool {
    for taint in node.taints where taint.blocks && !tolerates(taint) { return false }
    return true
  }

  /// Whether the two would be placed alike: what differs then is of no interest to the scheduler.
  func isScheduledLike(_ other: PodInfo) -> Bool {
    template == other.template && priority == other.priority && gates == other.gates
      && requests == other.requests && hostPorts == other.hostPorts && nodeSelection == other.nodeSelection
      && tolerations == other.tolerations && spreadConstraints == other.spreadConstraints
      && volumes == other.volumes
  }

  /// The image's name as nodes report it: with the tag that a name without one means.
  static func fullImageName(_ image: String) -> String {
    let last = image.utf8.lastIndex(of: UInt8(ascii: "/"))
    let tail = last.map { image.utf8[image.utf8.index(after: $0)...] } ?? image.utf8[...]
    return tail.contains(UInt8(ascii: ":")) || tail.contains(UInt8(ascii: "@")) ? image : image + ":latest"
  }
}
