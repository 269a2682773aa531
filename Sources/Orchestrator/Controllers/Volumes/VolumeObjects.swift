import Objects

extension Resource {
  static let persistentVolumes = known("", "v1", "persistentvolumes")
  static let persistentVolumeClaims = known("", "v1", "persistentvolumeclaims")
  static let storageClasses = known("storage.k8s.io", "v1", "storageclasses")
}

/// Annotations by which those who work on volumes know what others have done (Kubernetes API: well-known annotations).
enum VolumeAnnotation {
  /// On a claim: it was bound once. If its volume is gone now, its data is lost.
  static let bindCompleted = "pv.kubernetes.io/bind-completed"
  /// On a claim or volume: the binder chose the other side, and may undo it.
  static let boundByController = "pv.kubernetes.io/bound-by-controller"
  /// On a volume: who made it, and so who deletes it.
  static let provisionedBy = "pv.kubernetes.io/provisioned-by"
  /// On a claim: who is to make its volume.
  static let storageProvisioner = "volume.kubernetes.io/storage-provisioner"
  /// The same under the name that older provisioners look for.
  static let betaStorageProvisioner = "volume.beta.kubernetes.io/storage-provisioner"
  /// On a claim: the node for which the scheduler wants the volume.
  static let selectedNode = "volume.kubernetes.io/selected-node"
  /// The class of a volume or claim before there was a field for it.
  static let betaStorageClass = "volume.beta.kubernetes.io/storage-class"
  /// On a class: claims that name none get it.
  static let isDefaultClass = "storageclass.kubernetes.io/is-default-class"
  /// The same, older.
  static let betaIsDefaultClass = "storageclass.beta.kubernetes.io/is-default-class"
}

/// Reading volumes and claims.
extension JSON {
  var claimRef: JSON? { self["spec", "claimRef"].flatMap { $0.isNull ? nil : $0 } }
  var volumeName: String { self["spec", "volumeName"]?.string ?? "" }
  var accessModes: [String] { (self["spec", "accessModes"]?.array ?? []).compactMap(\.string) }
  var volumeMode: String { self["spec", "volumeMode"]?.string ?? "Filesystem" }
  var reclaimPolicy: String { self["spec", "persistentVolumeReclaimPolicy"]?.string ?? "Retain" }
  var volumeCapacity: Quantity { self["spec", "capacity", "storage"].flatMap { Quantity($0) } ?? Quantity(0) }
  var claimRequest: Quantity {
    self["spec", "resources", "requests", "storage"].flatMap { Quantity($0) } ?? Quantity(0)
  }
  var isBindCompleted: Bool { annotation(VolumeAnnotation.bindCompleted) != nil }

  /// The name of a volume's or claim's storage class; nil for a claim that leaves it to the default, "" for none.
  var storageClassName: String? {
    annotation(VolumeAnnotation.betaStorageClass) ?? self["spec", "storageClassName"]?.string
  }

  /// Whether a class has its volumes wait for a pod.
  var waitsForFirstConsumer: Bool { self["volumeBindingMode"]?.string == "WaitForFirstConsumer" }

  /// Whether a volume is for this claim: it names the claim, and either no uid or the claim's.
  func isVolume(for claim: JSON) -> Bool {
    guard let reference = claimRef, reference["name"]?.string == claim.name,
      reference["namespace"]?.string == claim.namespace
    else { return false }
    let uid = reference["uid"]?.string ?? ""
    return uid.isEmpty || uid == claim.uid
  }
}

/// Which class claims get that name none.
enum DefaultClass {
  /// The name of the newest default class, of equals the first by name.
  static func name(among classes: [JSON]) -> String? {
    let defaults = classes.filter {
      $0.annotation(VolumeAnnotation.isDefaultClass) == "true"
        || $0.annotation(VolumeAnnotation.betaIsDefaultClass) == "true"
    }
    return defaults.min { left, right in
      let (leftTime, rightTime) = (left.creationTime ?? .zero, right.creationTime ?? .zero)
      return leftTime == rightTime ? left.name < right.name : leftTime > rightTime
    }?.name
  }
}
