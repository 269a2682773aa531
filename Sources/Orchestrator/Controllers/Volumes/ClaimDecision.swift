import Client
import Objects

/// Something that users are told of an object.
struct VolumeNotice: Sendable, Hashable {
  var isWarning = false
  var reason: String
  var message: String
}

/// What is to be done for a claim.
enum ClaimDecision: Sendable, Hashable {
  /// The two belong together: everything that says so is to be written.
  case bind(volume: JSON)
  /// It has no volume yet.
  case wait(VolumeNotice?)
  /// It gets the default class.
  case assignClass(String)
  /// A provisioner is to make its volume.
  case provision(provisioner: String)
  /// It was bound, and its volume is gone or someone else's.
  case lose(VolumeNotice)

  /// The provisioners that make nothing: their volumes are made by hand.
  private static let noProvisioner = "kubernetes.io/no-provisioner"

  /// Decides.
  ///
  /// - Parameters:
  ///   - volume: finds a volume by name.
  ///   - waitingPods: the names of pods that use the claim and have no node yet.
  init(
    claim: JSON, volumes: [JSON], classes: [JSON], waitingPods: [String] = [], volume: (String) -> JSON?
  ) {
    if claim.isBindCompleted {
      self = Self.bound(claim, volume: volume)
    } else if !claim.volumeName.isEmpty {
      self = Self.named(claim, volume: volume(claim.volumeName))
    } else {
      self = Self.unbound(claim, volumes: volumes, classes: classes, waitingPods: waitingPods)
    }
  }

  private static func bound(_ claim: JSON, volume: (String) -> JSON?) -> ClaimDecision {
    func lost(_ reason: String, _ message: String) -> ClaimDecision {
      .lose(VolumeNotice(isWarning: true, reason: reason, message: message))
    }
    guard !claim.volumeName.isEmpty else {
      return lost(
        "ClaimLost", "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!")
    }
    guard let volume = volume(claim.volumeName) else {
      return lost("ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!")
    }
    guard let reference = volume.claimRef else { return .bind(volume: volume) }
    guard reference["uid"]?.string == claim.uid || VolumeMatch.isMeant(volume, for: claim) else {
      return lost(
        "ClaimMisbound", "Two claims are bound to the same volume, this one is bound incorrectly")
    }
    return .bind(volume: volume)
  }

  private static func named(_ claim: JSON, volume: JSON?) -> ClaimDecision {
    // It may come yet.
    guard let volume else { return .wait(nil) }
    if volume.claimRef == nil {
      guard let problem = VolumeMatch.mismatch(volume, claim) else { return .bind(volume: volume) }
      return .wait(
        VolumeNotice(
          isWarning: true, reason: "VolumeMismatch",
          message: "Cannot bind to requested volume \(quoted(volume.name)): \(problem)"))
    }
    if VolumeMatch.isMeant(volume, for: claim) { return .bind(volume: volume) }
    return .wait(
      VolumeNotice(
        isWarning: true, reason: "FailedBinding",
        message: "volume \(quoted(volume.name)) already bound to a different claim."))
  }

  private static func unbound(
    _ claim: JSON, volumes: [JSON], classes: [JSON], waitingPods: [String]
  ) -> ClaimDecision {
    let name = claim.storageClassName
    let storageClass = classes.first { $0.name == name }
    let waits = storageClass?.waitsForFirstConsumer ?? false
    if let volume = VolumeMatch.best(for: claim, among: volumes, onlyReserved: waits) {
      return .bind(volume: volume)
    }
    if name == nil, let name = DefaultClass.name(among: classes) { return .assignClass(name) }
    guard let name, !name.isEmpty else {
      return .wait(
        VolumeNotice(
          reason: "FailedBinding",
          message: "no persistent volumes available for this claim and no storage class is set"))
    }
    if waits, claim.annotation(VolumeAnnotation.selectedNode) == nil {
      guard !waitingPods.isEmpty else {
        return .wait(
          VolumeNotice(
            reason: "WaitForFirstConsumer",
            message: "waiting for first consumer to be created before binding"))
      }
      let names = waitingPods.sorted()
      return .wait(
        VolumeNotice(
          reason: "WaitForPodScheduled",
          message: names.count == 1
            ? "waiting for pod \(names[0]) to be scheduled"
            : "waiting for pods \(names.joined(separator: ",")) to be scheduled"))
    }
    func failed(_ message: String) -> ClaimDecision {
      .wait(VolumeNotice(isWarning: true, reason: "ProvisioningFailed", message: message))
    }
    guard let storageClass else {
      return failed("storageclass.storage.k8s.io \(quoted(name)) not found")
    }
    let provisioner = storageClass["provisioner"]?.string ?? ""
    guard !provisioner.isEmpty, provisioner != noProvisioner else {
      return failed("no volume plugin matched name: \(provisioner)")
    }
    return .provision(provisioner: provisioner)
  }
}
