public import Objects

/// Annotations by which those who work on volumes know what others have done (Kubernetes API: well-known annotations).
public enum VolumeAnnotation {
  /// On a claim: it was bound once. If its volume is gone now, its data is lost.
  public static let bindCompleted = "pv.kubernetes.io/bind-completed"
  /// On a claim or volume: the binder chose the other side, and may undo it.
  public static let boundByController = "pv.kubernetes.io/bound-by-controller"
  /// On a volume: who made it, and so who deletes it.
  public static let provisionedBy = "pv.kubernetes.io/provisioned-by"
  /// On a claim: who is to make its volume.
  public static let storageProvisioner = "volume.kubernetes.io/storage-provisioner"
  /// The same under the name that older provisioners look for.
  public static let betaStorageProvisioner = "volume.beta.kubernetes.io/storage-provisioner"
  /// On a claim: the node for which the scheduler wants the volume.
  public static let selectedNode = "volume.kubernetes.io/selected-node"
  /// The class of a volume or claim before there was a field for it.
  public static let betaStorageClass = "volume.beta.kubernetes.io/storage-class"
  /// On a class: claims that name none get it.
  public static let isDefaultClass = "storageclass.kubernetes.io/is-default-class"
  /// The same, older.
  public static let betaIsDefaultClass = "storageclass.beta.kubernetes.io/is-default-class"
}

/// Which volume fits a claim.
public enum VolumeMatch {
  /// The volume that is meant for the claim, or else the smallest free one that fits.
  ///
  /// - Parameter onlyReserved: whether only volumes count that name the claim: those of classes that wait for a pod are
  ///   chosen by the scheduler.
  public static func best(for claim: JSON, among volumes: [JSON], onlyReserved: Bool) -> JSON? {
    let request = claim.request
    let selector = selector(of: claim)
    var best: JSON?
    for volume in volumes {
      guard !volume.isBeingDeleted, volume.volumeMode == claim.volumeMode,
        Set(claim.accessModes).isSubset(of: volume.accessModes)
      else { continue }
      if isMeant(volume, for: claim) {
        if volume.capacity < request { continue }
        return volume
      }
      guard !onlyReserved, volume.claimRef == nil, volume["status", "phase"]?.string == "Available",
        (className(volume) ?? "") == (className(claim) ?? ""),
        attributesClass(volume) == attributesClass(claim),
        selector?.matches(volume["metadata", "labels"]) ?? true, volume.capacity >= request
      else { continue }
      if let known = best, !isBetter(volume, than: known) { continue }
      best = volume
    }
    return best
  }

  /// Why a claim cannot have the volume that it names; nil if it can.
  public static func mismatch(_ volume: JSON, _ claim: JSON) -> String? {
    if volume.isBeingDeleted { return "the volume \"\(volume.name)\" is being deleted" }
    if volume.capacity < claim.request { return "requested PV is too small" }
    if (className(volume) ?? "") != (className(claim) ?? "") {
      return "storageClassName does not match"
    }
    if attributesClass(volume) != attributesClass(claim) { return "volumeAttributesClassName does not match" }
    if volume.volumeMode != claim.volumeMode { return "incompatible volumeMode" }
    if !Set(claim.accessModes).isSubset(of: volume.accessModes) { return "incompatible accessMode" }
    return nil
  }

  /// Smaller, and of equals the first by name, so that everybody chooses alike.
  private static func isBetter(_ volume: JSON, than other: JSON) -> Bool {
    let (left, right) = (volume.capacity, other.capacity)
    return left == right ? volume.name < other.name : left < right
  }

  private static func attributesClass(_ object: JSON) -> String {
    object["spec", "volumeAttributesClassName"]?.string ?? ""
  }

  /// Nil for no demand. One that cannot be read matches nothing.
  private static func selector(of claim: JSON) -> LabelRequirements? {
    guard let selector = claim["spec", "selector"], !selector.isNull else { return nil }
    return (try? LabelRequirements(selector: selector)) ?? .nothing
  }

  /// The name of a volume's or claim's storage class; nil for a claim that leaves it to the default, "" for none.
  public static func className(_ object: JSON) -> String? {
    object["metadata", "annotations"]?[VolumeAnnotation.betaStorageClass]?.string
      ?? object["spec", "storageClassName"]?.string
  }

  /// Whether a volume is for this claim: it names the claim, and either no uid or the claim's.
  public static func isMeant(_ volume: JSON, for claim: JSON) -> Bool {
    guard let reference = volume.claimRef, reference["name"] == claim["metadata", "name"],
      reference["namespace"] == claim["metadata", "namespace"]
    else { return false }
    let uid = reference["uid"]?.string ?? ""
    return uid.isEmpty || uid == claim["metadata", "uid"]?.string
  }

  /// The claim of a pod's volume, a generic ephemeral one's included; nil for a volume without.
  public static func claimName(ofVolume volume: JSON, pod: String) -> String? {
    if let name = volume["persistentVolumeClaim", "claimName"]?.string { return name }
    guard let ephemeral = volume["ephemeral"], !ephemeral.isNull else { return nil }
    return ephemeralClaimName(pod: pod, volume: volume["name"]?.string ?? "")
  }

  /// The name of the claim of a generic ephemeral volume.
  public static func ephemeralClaimName(pod: String, volume: String) -> String { "\(pod)-\(volume)" }

  /// The volume with its claim, as the first step of binding the two. Who gives a free volume a claim may take it back.
  public static func reserved(_ volume: JSON, for claim: JSON) -> JSON {
    var changed = volume
    if volume.claimRef == nil {
      changed["metadata", "annotations", VolumeAnnotation.boundByController] = "yes"
    }
    guard volume.claimRef?["uid"] != claim["metadata", "uid"] else { return changed }
    var reference: JSON = ["apiVersion": "v1", "kind": "PersistentVolumeClaim"]
    for field in ["namespace", "name", "uid", "resourceVersion"] {
      reference[field] = claim["metadata", field]
    }
    changed["spec", "claimRef"] = reference
    return changed
  }
}

/// Reading volumes and claims.
extension JSON {
  fileprivate var claimRef: JSON? { self["spec", "claimRef"].flatMap { $0.isNull ? nil : $0 } }
  fileprivate var accessModes: [String] { (self["spec", "accessModes"]?.array ?? []).compactMap(\.string) }
  fileprivate var volumeMode: String { self["spec", "volumeMode"]?.string ?? "Filesystem" }
  fileprivate var capacity: Quantity {
    self["spec", "capacity", "storage"].flatMap { Quantity($0) } ?? Quantity(0)
  }
  fileprivate var request: Quantity {
    self["spec", "resources", "requests", "storage"].flatMap { Quantity($0) } ?? Quantity(0)
  }
  fileprivate var name: String { self["metadata", "name"]?.string ?? "" }
  fileprivate var isBeingDeleted: Bool { (self["metadata", "deletionTimestamp"].map { !$0.isNull }) ?? false }
}
