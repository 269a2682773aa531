import Client
import Objects

extension Resource {
  static let persistentVolumes = known("", "v1", "persistentvolumes")
  static let persistentVolumeClaims = known("", "v1", "persistentvolumeclaims")
  static let storageClasses = known("storage.k8s.io", "v1", "storageclasses")
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

  /// See `VolumeMatch.className`.
  var storageClassName: String? { VolumeMatch.className(self) }

  /// Whether a class has its volumes wait for a pod.
  var waitsForFirstConsumer: Bool { self["volumeBindingMode"]?.string == "WaitForFirstConsumer" }
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
