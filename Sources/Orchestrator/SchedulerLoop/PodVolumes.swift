import Client
import Exchange
import Objects
import Scheduler

/// What is known of claims and volumes: what a pod's demand of its node, and what is written of them when the pod gets
/// one.
struct PodVolumes: Sendable {
  /// The index of pods without a node: by their claims, and all that have any under `anyClaim`.
  static let index = "claims of waiting pods"
  static let anyClaim = ""
  /// The provisioner that makes nothing: such volumes are made by hand.
  private static let noProvisioner = "kubernetes.io/no-provisioner"

  let pods: Informer
  let nodes: Informer
  let claims: Informer
  let volumes: Informer
  let classes: Informer

  init(_ informers: InformerSet, _ resources: SchedulerResources) {
    pods = informers.informer(for: resources.pods)
    nodes = informers.informer(for: resources.nodes)
    claims = informers.informer(for: resources.claims)
    volumes = informers.informer(for: resources.volumes)
    classes = informers.informer(for: resources.storageClasses)
    pods.addIndexer(Self.index) { pod in
      guard (pod["spec", "nodeName"]?.string ?? "").isEmpty else { return [] }
      let keys = Self.claimKeys(of: pod)
      return keys.isEmpty ? [] : keys.map(\.description) + [Self.anyClaim]
    }
  }

  /// Says which waiting pods' needs may have changed.
  func listen(_ note: @escaping @Sendable (PodReference) -> Void) {
    let pods = pods
    let tell: @Sendable (String) -> Void = { value in
      for pod in pods.list(index: Self.index, value: value) { note(PodReference(of: pod)) }
    }
    claims.addHandler { event in
      switch event {
      case .added(let claim), .updated(_, let claim), .deleted(let claim): tell(ObjectKey(claim).description)
      }
    }
    for informer in [volumes, classes] { informer.addHandler { _ in tell(Self.anyClaim) } }
  }

  static func claimKeys(of pod: JSON) -> [ObjectKey] {
    let (namespace, name) = (ObjectKey(pod).namespace, ObjectKey(pod).name)
    return (pod["spec", "volumes"]?.array ?? []).compactMap { volume in
      VolumeMatch.claimName(ofVolume: volume, pod: name)
        .map { ObjectKey(namespace: namespace, name: $0) }
    }
  }

  // MARK: What a pod needs

  func needs(of pod: JSON) -> VolumeNeeds {
    let keys = Self.claimKeys(of: pod)
    guard !keys.isEmpty else { return .none }
    var bound: [[JSON]] = []
    var waiting: [[JSON]] = []
    for key in keys {
      guard let claim = claims[key], !Self.isBeingDeleted(claim) else {
        let problem = claims[key] == nil ? "not found" : "is being deleted"
        return VolumeNeeds(obstacle: "persistentvolumeclaim \"\(key.name)\" \(problem)")
      }
      if claim["status", "phase"]?.string == "Lost" {
        return VolumeNeeds(obstacle: "persistentvolumeclaim \"\(key.name)\" bound to non-existent volume")
      }
      let name = claim["spec", "volumeName"]?.string ?? ""
      if !name.isEmpty, Self.isBindCompleted(claim), let volume = volumes.get("", name) {
        if let terms = Self.affinity(of: volume) { bound.append(terms) }
        continue
      }
      guard let storageClass = storageClass(of: claim),
        storageClass["volumeBindingMode"]?.string == "WaitForFirstConsumer", name.isEmpty
      else { return VolumeNeeds(obstacle: "pod has unbound immediate PersistentVolumeClaims") }
      if let terms = choices(claim, storageClass) { waiting.append(terms) }
    }
    return VolumeNeeds(bound: bound, waiting: waiting)
  }

  /// The terms of nodes where the claim can get a volume; nil for any node.
  private func choices(_ claim: JSON, _ storageClass: JSON) -> [JSON]? {
    if let node = selectedNode(of: claim) {
      return [["matchFields": [["key": "metadata.name", "operator": "In", "values": [.string(node)]]]]]
    }
    var terms: [JSON] = []
    for volume in volumes.list()
    where VolumeMatch.best(for: claim, among: [volume], onlyReserved: false) != nil {
      guard let affinity = Self.affinity(of: volume) else { return nil }
      terms += affinity
    }
    let provisioner = storageClass["provisioner"]?.string ?? ""
    guard !provisioner.isEmpty, provisioner != Self.noProvisioner else { return terms }
    let topologies = storageClass["allowedTopologies"]?.array ?? []
    guard !topologies.isEmpty else { return nil }
    return terms
      + topologies.map { topology in
        let labels = topology["matchLabelExpressions"]?.array ?? []
        return [
          "matchExpressions": .array(
            labels.map { label in
              ["key": label["key"] ?? "", "operator": "In", "values": label["values"] ?? []]
            })
        ]
      }
  }

  private func storageClass(of claim: JSON) -> JSON? {
    VolumeMatch.className(claim).flatMap { $0.isEmpty ? nil : classes.get("", $0) }
  }

  // MARK: What is written

  /// A write that has claims get their volumes.
  struct Write: Sendable, Hashable {
    var isOfVolume: Bool
    var object: JSON
  }

  /// What is to be written before the pod can be bound to the node, and the claims that are waited for.
  func writes(for pod: JSON, on node: NodeInfo) -> (writes: [Write], waiting: [ObjectKey]) {
    var writes: [Write] = []
    var waiting: [ObjectKey] = []
    var taken: Set<String> = []
    for key in Self.claimKeys(of: pod) where !waiting.contains(key) {
      guard let claim = claims[key], !Self.isBindCompleted(claim) else { continue }
      waiting.append(key)
      guard selectedNode(of: claim) == nil else { continue }
      let candidates = volumes.list().filter { volume in
        !taken.contains(ObjectKey(volume).name)
          && (Self.affinity(of: volume).map { node.matchesAny(of: $0) } ?? true)
      }
      if let volume = VolumeMatch.best(for: claim, among: candidates, onlyReserved: false) {
        taken.insert(ObjectKey(volume).name)
        let reserved = VolumeMatch.reserved(volume, for: claim)
        if reserved != volume { writes.append(Write(isOfVolume: true, object: reserved)) }
      } else {
        var changed = claim
        changed["metadata", "annotations", VolumeAnnotation.selectedNode] = .string(node.name)
        writes.append(Write(isOfVolume: false, object: changed))
      }
    }
    return (writes, waiting)
  }

  /// How waiting for claims stands.
  enum Progress: Sendable, Hashable {
    case waiting
    case bound
    case failed(String)
  }

  /// Whether the claims of the pod are bound. One that has lost its node could not be had there.
  func progress(_ keys: [ObjectKey], pod: PodReference, node: String) -> Progress {
    guard let known = pods.get(pod.namespace, pod.name), PodReference(of: known) == pod else {
      return .failed("the pod is gone")
    }
    var progress = Progress.bound
    for key in keys {
      guard let claim = claims[key] else { return .failed("persistentvolumeclaim \"\(key.name)\" not found") }
      if Self.isBindCompleted(claim) {
        // The volume may become known after its claim.
        if volumes.get("", claim["spec", "volumeName"]?.string ?? "") == nil { progress = .waiting }
        continue
      }
      if let other = selectedNode(of: claim), other != node {
        return .failed("persistentvolumeclaim \"\(key.name)\" is to be on node \(other)")
      }
      progress = .waiting
    }
    return progress
  }

  private static func affinity(of volume: JSON) -> [JSON]? {
    volume["spec", "nodeAffinity", "required", "nodeSelectorTerms"]?.array
  }

  /// The node for which a claim's volume is to be made; nil for none, or if that node is gone.
  private func selectedNode(of claim: JSON) -> String? {
    claim["metadata", "annotations"]?[VolumeAnnotation.selectedNode]?.string
      .flatMap { nodes.get("", $0) == nil ? nil : $0 }
  }

  private static func isBindCompleted(_ claim: JSON) -> Bool {
    claim["metadata", "annotations"]?[VolumeAnnotation.bindCompleted] != nil
  }

  private static func isBeingDeleted(_ claim: JSON) -> Bool {
    claim["metadata", "deletionTimestamp"].map { !$0.isNull } ?? false
  }
}
