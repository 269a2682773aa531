import Objects

/// The pods of a DaemonSet: each is made for one node, and tolerates what happens to nodes.
struct DaemonPod: Sendable {
  /// The label that says which version of the template a pod was made from.
  static let hashLabel = "controller-revision-hash"
  /// The same, for clients of old versions of the API.
  static let generationLabel = "pod-template-generation"
  static let templateGenerationAnnotation = "deprecated.daemonset.template.generation"

  private let template: JSON
  private let set: JSON
  private let fit: NodeFit

  /// What the pods of a DaemonSet are like.
  init(_ set: JSON) {
    self.set = set
    let template = set["spec", "template"] ?? [:]
    let spec = template["spec"] ?? [:]
    self.template = template
    fit = NodeFit(spec: spec, tolerations: Self.tolerations(spec))
  }

  /// What daemons bear: nodes that are not ready, not reachable, under pressure or closed to other pods.
  static func tolerations(_ spec: JSON) -> [JSON] {
    var taints = [
      ("node.kubernetes.io/not-ready", "NoExecute"), ("node.kubernetes.io/unreachable", "NoExecute"),
      ("node.kubernetes.io/disk-pressure", "NoSchedule"),
      ("node.kubernetes.io/memory-pressure", "NoSchedule"),
      ("node.kubernetes.io/pid-pressure", "NoSchedule"), ("node.kubernetes.io/unschedulable", "NoSchedule"),
    ]
    if spec["hostNetwork"]?.boolean == true {
      taints.append(("node.kubernetes.io/network-unavailable", "NoSchedule"))
    }
    return taints.map { ["key": .string($0.0), "operator": "Exists", "effect": .string($0.1)] }
  }

  /// Whether the node should get a pod, and whether one that is there may stay.
  func place(on node: JSON) -> (shouldRun: Bool, mayStay: Bool) {
    switch fit.verdict(node) {
    case .fits: (true, true)
    case .taintedForNew: (false, true)
    case .mismatch, .tainted: (false, false)
    }
  }

  /// The pod for a node, of a version of the template.
  func pod(node: String, hash: String) -> JSON {
    var pod = PodTemplate.pod(from: template, owner: set, .daemonSets)
    pod["metadata", "labels", Self.hashLabel] = .string(hash)
    if let generation = set.annotation(Self.templateGenerationAnnotation) {
      pod["metadata", "labels", Self.generationLabel] = .string(generation)
    }
    var spec = pod["spec"] ?? [:]
    spec["affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"] = [
      "nodeSelectorTerms": [
        ["matchFields": [["key": "metadata.name", "operator": "In", "values": [.string(node)]]]]
      ]
    ]
    var tolerations = spec["tolerations"]?.array ?? []
    for toleration in Self.tolerations(spec)
    where !tolerations.contains(where: { Self.covers($0, toleration) }) {
      tolerations.append(toleration)
    }
    spec["tolerations"] = .array(tolerations)
    pod["spec"] = spec
    return pod
  }

  private static func covers(_ old: JSON, _ new: JSON) -> Bool {
    ["key", "operator", "effect"].allSatisfy { old[$0] == new[$0] } && old["tolerationSeconds"] == nil
  }

  /// The node that a daemon's pod is for, whether it is bound already or not; nil if it is for none.
  static func node(of pod: JSON) -> String? {
    let bound = pod.nodeName
    guard bound.isEmpty else { return bound }
    let terms =
      pod["spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"]?[
        "nodeSelectorTerms"]?
      .array ?? []
    for term in terms {
      for field in term["matchFields"]?.array ?? []
      where field["key"]?.string == "metadata.name" && field["operator"]?.string == "In" {
        if let values = field["values"]?.array, values.count == 1 { return values[0].string }
      }
    }
    return nil
  }
}
