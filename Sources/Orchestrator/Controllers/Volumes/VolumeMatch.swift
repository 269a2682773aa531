import Objects

/// Which volume fits a claim.
enum VolumeMatch {
  /// The volume that is meant for the claim, or else the smallest free one that fits.
  ///
  /// - Parameter onlyReserved: whether only volumes count that name the claim: those of classes that wait for a pod are
  ///   chosen by the scheduler.
  static func best(for claim: JSON, among volumes: [JSON], onlyReserved: Bool) -> JSON? {
    let request = claim.claimRequest
    let selector = selector(of: claim)
    var best: JSON?
    for volume in volumes {
      guard !volume.isBeingDeleted, volume.volumeMode == claim.volumeMode,
        Set(claim.accessModes).isSubset(of: volume.accessModes)
      else { continue }
      if volume.isVolume(for: claim) {
        if volume.volumeCapacity < request { continue }
        return volume
      }
      guard !onlyReserved, volume.claimRef == nil, volume.phase == "Available",
        (volume.storageClassName ?? "") == (claim.storageClassName ?? ""),
        attributesClass(volume) == attributesClass(claim),
        selector?.matches(volume["metadata", "labels"]) ?? true, volume.volumeCapacity >= request
      else { continue }
      if let known = best, !isBetter(volume, than: known) { continue }
      best = volume
    }
    return best
  }

  /// Why a claim cannot have the volume that it names; nil if it can.
  static func mismatch(_ volume: JSON, _ claim: JSON) -> String? {
    if volume.isBeingDeleted { return "the volume is marked for deletion \(quoted(volume.name))" }
    if volume.volumeCapacity < claim.claimRequest { return "requested PV is too small" }
    if (volume.storageClassName ?? "") != (claim.storageClassName ?? "") {
      return "storageClassName does not match"
    }
    if attributesClass(volume) != attributesClass(claim) { return "volumeAttributesClassName does not match" }
    if volume.volumeMode != claim.volumeMode { return "incompatible volumeMode" }
    if !Set(claim.accessModes).isSubset(of: volume.accessModes) { return "incompatible accessMode" }
    return nil
  }

  /// Smaller, and of equals the first by name, so that everybody chooses alike.
  private static func isBetter(_ volume: JSON, than other: JSON) -> Bool {
    let (left, right) = (volume.volumeCapacity, other.volumeCapacity)
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
}
