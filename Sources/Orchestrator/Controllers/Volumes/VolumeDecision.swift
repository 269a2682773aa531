import Client
import Objects

/// What is to be done for a volume.
enum VolumeDecision: Sendable, Hashable {
  /// It is as it should be, or somebody else sees to it.
  case nothing
  /// Its status gets this phase.
  case phase(String, VolumeNotice?)
  /// Its claim does not know of it yet: the claim is to be looked at.
  case lookAtClaim
  /// Its claim has another volume: it becomes free again.
  case unbind

  /// Decides. `claim` is the claim that the volume names, whatever its uid; nil if there is none.
  init(volume: JSON, claim: JSON?) {
    guard let reference = volume.claimRef else {
      self = Self.phase("Available", of: volume)
      return
    }
    let uid = reference["uid"]?.string ?? ""
    // Reserved for a claim by name: it is for whoever comes under this name.
    if uid.isEmpty {
      self = claim == nil ? Self.phase("Available", of: volume) : Self.reserved(volume)
      return
    }
    guard let claim, claim.uid == uid else {
      self = Self.withoutClaim(volume)
      return
    }
    if claim.volumeName == volume.name {
      self = Self.phase("Bound", of: volume)
    } else if claim.volumeName.isEmpty {
      self = .lookAtClaim
    } else if volume.annotation(VolumeAnnotation.provisionedBy) != nil, volume.reclaimPolicy == "Delete" {
      // It was made for this claim, and is not needed.
      self = Self.withoutClaim(volume)
    } else {
      self = .unbind
    }
  }

  private static func reserved(_ volume: JSON) -> VolumeDecision {
    let phase = phase("Available", of: volume)
    return phase == .nothing ? .lookAtClaim : phase
  }

  private static func phase(_ phase: String, of volume: JSON) -> VolumeDecision {
    volume.phase == phase ? .nothing : .phase(phase, nil)
  }

  /// The claim is gone: the volume is released, and then reclaimed by whoever made it.
  private static func withoutClaim(_ volume: JSON) -> VolumeDecision {
    if volume.phase != "Released", volume.phase != "Failed" { return .phase("Released", nil) }
    guard volume.phase == "Released" else { return .nothing }
    switch volume.reclaimPolicy {
    case "Delete":
      if volume.annotation(VolumeAnnotation.provisionedBy) != nil { return .nothing }
      return .phase(
        "Failed",
        VolumeNotice(
          isWarning: true, reason: "VolumeFailedDelete",
          message: "error getting deleter volume plugin for volume \(quoted(volume.name)): "
            + "no deletable volume plugin matched"))
    case "Recycle":
      return .phase(
        "Failed",
        VolumeNotice(
          isWarning: true, reason: "VolumeFailedRecycle",
          message: "No recycler plugin found for the volume!"))
    default: return .nothing
    }
  }
}
