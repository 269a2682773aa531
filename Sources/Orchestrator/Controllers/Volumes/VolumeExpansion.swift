import Client
import Exchange
import Objects

/// Tells users who ask for more room in a bound claim whether somebody will see to it. The work is the provisioner's,
/// which also takes the condition away.
public struct VolumeExpansion: Controller {
  /// The controller's name.
  public let name = "volume-expand-controller"

  /// A controller, which has no settings.
  public init() {}

  /// What is wrong with, or to be known of, a claim that asks for more than it has; nil for all others.
  static func notice(claim: JSON, volume: JSON?, storageClass: JSON?) -> VolumeNotice? {
    guard claim.phase == "Bound", let volume, let has = claim["status", "capacity", "storage"],
      let capacity = Quantity(has), capacity < claim.claimRequest
    else { return nil }
    guard storageClass?["allowVolumeExpansion"]?.boolean == true else {
      return VolumeNotice(
        isWarning: true, reason: "ExternalExpanding",
        message: "the storage class \(quoted(claim.storageClassName ?? "")) does not allow expansion")
    }
    guard let provisioner = volume.annotation(VolumeAnnotation.provisionedBy) else {
      return VolumeNotice(
        isWarning: true, reason: "ExternalExpanding",
        message: "didn't find a plugin capable of expanding the volume \(quoted(volume.name))")
    }
    return VolumeNotice(
      reason: "ExternalExpanding",
      message: "waiting for \(provisioner) to expand the volume \(quoted(volume.name))")
  }

  /// Works until the task is cancelled.
  public func run(_ context: ControllerContext) async {
    let claims = context.informers.informer(for: .persistentVolumeClaims)
    let volumes = context.informers.informer(for: .persistentVolumes)
    let classes = context.informers.informer(for: .storageClasses)
    let queue = ControllerQueue(context, name: name)
    claims.addHandler { event in
      switch event {
      case .added(let claim): queue.add(claim.key)
      case .updated(let old, let new): if old.claimRequest < new.claimRequest { queue.add(new.key) }
      case .deleted: break
      }
    }
    for informer in [claims, volumes, classes] { await informer.waitForSync() }
    await queue.run { (key) async throws(StatusError) in
      guard let claim = claims[key] else { return nil }
      let notice = Self.notice(
        claim: claim, volume: volumes.get("", claim.volumeName),
        storageClass: classes.get("", claim.storageClassName ?? ""))
      if let notice {
        context.event(
          claim, .persistentVolumeClaims, isWarning: notice.isWarning, reason: notice.reason, notice.message)
      }
      return nil
    }
  }
}
