import Client
import Objects

/// What a node does for a claim.
enum ClaimTask: Sendable, Hashable {
  /// It is not, or no more, the node's business.
  case nothing
  /// It asks for what the node cannot give: why.
  case refuse(String)
  /// A volume is to be made. `mayBeFolder`: a plain folder will do if there is nothing better.
  case provision(bytes: Int64, mayBeFolder: Bool)

  init(claim: JSON, storageClass: JSON?, node: String) {
    guard let storageClass, storageClass["provisioner"]?.string == LocalVolumeClass.provisioner,
      claim.annotation(VolumeAnnotation.storageProvisioner) == LocalVolumeClass.provisioner,
      claim.annotation(VolumeAnnotation.selectedNode) == node,
      claim.annotation(VolumeAnnotation.bindCompleted) == nil,
      (claim["spec", "volumeName"]?.string ?? "").isEmpty, !claim.isBeingDeleted
    else {
      self = .nothing
      return
    }
    if let selector = claim["spec", "selector"], !selector.isNull {
      self = .refuse("claims with a selector cannot be provisioned")
      return
    }
    if claim["spec", "dataSource"].map({ !$0.isNull }) ?? false {
      self = .refuse("claims with a data source cannot be provisioned")
      return
    }
    if claim["spec", "volumeMode"]?.string == "Block" {
      self = .refuse("block volumes cannot be provisioned")
      return
    }
    let modes = (claim["spec", "accessModes"]?.array ?? []).compactMap(\.string)
    if let other = modes.first(where: { $0 != "ReadWriteOnce" && $0 != "ReadWriteOncePod" }) {
      self = .refuse("access mode \(other) is not supported: the volume is on one node")
      return
    }
    let folder = storageClass["parameters"]?[LocalVolumeClass.capacityParameter]?.string == "folder"
    self = .provision(bytes: claim.requestedBytes, mayBeFolder: folder)
  }
}

/// What a node does for one of its volumes.
enum VolumeTask: Sendable, Hashable {
  /// The volume is used, or may be: it is to be mounted.
  case keep
  /// The same, and more room is wanted.
  case expand(bytes: Int64)
  /// The same, and the claim does not know yet that it has more.
  case tellClaim
  /// Nobody will use it again.
  case remove

  /// Decides; `claim` is the claim that the volume names, nil if it is gone.
  init(volume: JSON, claim: JSON?) {
    let policy = volume["spec", "persistentVolumeReclaimPolicy"]?.string
    let phase = volume["status", "phase"]?.string
    if phase == "Released", policy == "Delete" {
      self = .remove
      return
    }
    guard let claim, claim["metadata", "uid"] == volume["spec", "claimRef", "uid"],
      claim["spec", "volumeName"] == volume["metadata", "name"], claim["status", "phase"]?.string == "Bound"
    else {
      self = .keep
      return
    }
    let capacity: Quantity = volume["spec", "capacity", "storage"].flatMap { Quantity($0) } ?? Quantity(0)
    let known: Quantity = claim["status", "capacity", "storage"].flatMap { Quantity($0) } ?? Quantity(0)
    if capacity.value < claim.requestedBytes {
      self = .expand(bytes: claim.requestedBytes)
    } else if known < capacity {
      self = .tellClaim
    } else {
      self = .keep
    }
  }
}

/// The objects that a node writes.
enum LocalVolumeObjects {
  /// On a volume: the node that has it.
  static let nodeAnnotation = "raftkv.io/local-path-node"
  /// On a volume: how the node keeps it.
  static let kindAnnotation = "raftkv.io/local-path-kind"

  static func name(for claim: JSON) -> String { "pvc-" + (claim["metadata", "uid"]?.string ?? "") }

  /// Whether the node has the volume.
  static func isMine(_ volume: JSON, node: String) -> Bool {
    volume.annotation(VolumeAnnotation.provisionedBy) == LocalVolumeClass.provisioner
      && volume.annotation(nodeAnnotation) == node
  }

  /// How the node keeps a volume.
  static func kind(_ volume: JSON) -> VolumeFiles.Kind {
    volume.annotation(kindAnnotation).flatMap { VolumeFiles.Kind(rawValue: $0) } ?? .image
  }

  /// The volume for a claim.
  static func volume(
    for claim: JSON, storageClass: JSON, node: String, hostname: String, path: String, kind: VolumeFiles.Kind
  ) -> JSON {
    let bytes = claim.requestedBytes
    let size =
      bytes < VolumeFiles.Limits.smallestBytes && kind == .image
      ? Quantity(VolumeFiles.Limits.smallestBytes, format: .binarySI).canonical
      : claim["spec", "resources", "requests", "storage"]?.string ?? String(bytes)
    return [
      "apiVersion": "v1", "kind": "PersistentVolume",
      "metadata": [
        "name": .string(name(for: claim)),
        "annotations": [
          VolumeAnnotation.provisionedBy: .string(LocalVolumeClass.provisioner),
          nodeAnnotation: .string(node), kindAnnotation: .string(kind.rawValue),
        ],
      ],
      "spec": [
        "capacity": ["storage": .string(size)], "accessModes": claim["spec", "accessModes"] ?? [],
        "persistentVolumeReclaimPolicy": storageClass["reclaimPolicy"] ?? "Delete",
        "storageClassName": storageClass["metadata", "name"] ?? "", "volumeMode": "Filesystem",
        "claimRef": [
          "apiVersion": "v1", "kind": "PersistentVolumeClaim",
          "namespace": claim["metadata", "namespace"] ?? "", "name": claim["metadata", "name"] ?? "",
          "uid": claim["metadata", "uid"] ?? "",
        ], "local": ["path": .string(path)],
        "nodeAffinity": [
          "required": [
            "nodeSelectorTerms": [
              [
                "matchExpressions": [
                  ["key": "kubernetes.io/hostname", "operator": "In", "values": [.string(hostname)]]
                ]
              ]
            ]
          ]
        ],
      ],
    ]
  }

  /// The claim's status while its volume grows.
  static func resizing(_ claim: JSON, now: Timestamp) -> JSON? {
    let conditions = claim["status", "conditions"]?.array ?? []
    guard !conditions.contains(where: { $0["type"] == "Resizing" && $0["status"] == "True" }) else {
      return nil
    }
    var changed = claim
    changed["status", "conditions"] = .array(
      conditions.filter { $0["type"] != "Resizing" } + [
        ["type": "Resizing", "status": "True", "lastTransitionTime": .string(now.text)]
      ])
    return changed
  }

  /// The claim's status when its volume has grown.
  static func grown(_ claim: JSON, volume: JSON) -> JSON {
    var changed = claim
    changed["status", "capacity", "storage"] = volume["spec", "capacity", "storage"]
    let rest = (claim["status", "conditions"]?.array ?? []).filter {
      $0["type"] != "Resizing" && $0["type"] != "FileSystemResizePending"
    }
    changed["status", "conditions"] = rest.isEmpty ? Optional<JSON>.none : .array(rest)
    return changed
  }
}

extension JSON {
  func annotation(_ key: String) -> String? { self["metadata", "annotations"]?[key]?.string }
  var isBeingDeleted: Bool { self["metadata", "deletionTimestamp"].map { !$0.isNull } ?? false }

  /// How many bytes a claim asks for.
  var requestedBytes: Int64 {
    self["spec", "resources", "requests", "storage"].flatMap { Quantity($0) }?.value ?? 0
  }
}
