import Client
import Objects

/// Volumes and claims as the binder writes them; unchanged where nothing is to be written.
enum VolumeWrites {
  /// The volume without its claim. Who reserved it for a claim of this name by hand has it so reserved still.
  static func unbound(_ volume: JSON) -> JSON {
    var changed = volume
    if volume.annotation(VolumeAnnotation.boundByController) != nil {
      changed["spec", "claimRef"] = nil
      changed["metadata", "annotations", VolumeAnnotation.boundByController] = nil
    } else {
      changed["spec", "claimRef", "uid"] = nil
      changed["spec", "claimRef", "resourceVersion"] = nil
    }
    return changed
  }

  /// The claim with its volume.
  static func claim(_ claim: JSON, boundTo volume: JSON) -> JSON {
    var changed = claim
    if claim.volumeName.isEmpty {
      changed["spec", "volumeName"] = .string(volume.name)
      changed["metadata", "annotations", VolumeAnnotation.boundByController] = "yes"
    }
    if !claim.isBindCompleted { changed["metadata", "annotations", VolumeAnnotation.bindCompleted] = "yes" }
    return changed
  }

  /// The claim for a provisioner to find.
  static func provisioned(_ claim: JSON, by provisioner: String) -> JSON {
    var changed = claim
    for name in [VolumeAnnotation.storageProvisioner, VolumeAnnotation.betaStorageProvisioner] {
      changed["metadata", "annotations", name] = .string(provisioner)
    }
    return changed
  }

  /// The claim with the status of its phase; `volume` is given for a claim that is bound.
  static func phase(_ phase: String, of claim: JSON, volume: JSON? = nil) -> JSON {
    var changed = claim
    changed["status", "phase"] = .string(phase)
    guard let volume else {
      changed["status", "accessModes"] = nil
      changed["status", "capacity"] = nil
      return changed
    }
    changed["status", "accessModes"] = volume["spec", "accessModes"]
    // What a bound claim has grown to, its resizer writes when the file system has grown too.
    if claim.phase != "Bound" { changed["status", "capacity"] = volume["spec", "capacity"] }
    return changed
  }
}
