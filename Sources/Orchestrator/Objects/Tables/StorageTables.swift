/// Volumes, claims, storage classes and storage drivers.
extension Tables {
  private static let volumeMode = TableField.text(
    "VolumeMode", "Whether the volume is a file system or a block device.", priority: 1
  ) { $0.text("spec", "volumeMode", absent: "<unset>") }

  private static let attributesClass = TableField.text(
    "VolumeAttributesClass", "The class of the volume's changeable properties."
  ) { $0.text("spec", "volumeAttributesClassName", absent: "<unset>") }

  private static let className = TableField.text("StorageClass", "The class that the storage is of.") {
    // The annotation came before the field.
    $0.text(
      "metadata", "annotations", "volume.beta.kubernetes.io/storage-class",
      absent: $0.text("spec", "storageClassName"))
  }

  static let persistentVolume = TablePrinter([
    .name,
    .text("Capacity", "Size of the volume.") { $0.quantity("spec", "capacity", "storage") },
    .text("Access Modes", "Ways in which the volume can be mounted.") { accessModes($0, "spec") },
    .text("Reclaim Policy", "What becomes of the volume when its claim is gone.") {
      $0.text("spec", "persistentVolumeReclaimPolicy")
    },
    .text("Status", "Whether the volume is free, bound or released.") {
      $0.isBeingDeleted ? "Terminating" : $0.text("status", "phase")
    },
    .text("Claim", "The claim that has the volume.") { volume in
      guard volume.has("spec", "claimRef") else { return "" }
      return "\(volume.text("spec", "claimRef", "namespace"))/\(volume.text("spec", "claimRef", "name"))"
    },
    className,
    attributesClass,
    .text("Reason", "Why the volume failed.") { $0.text("status", "reason") },
    .age,
    volumeMode,
  ])

  static let persistentVolumeClaim = TablePrinter([
    .name,
    .text("Status", "Whether the claim has a volume.") {
      $0.isBeingDeleted ? "Terminating" : $0.text("status", "phase")
    },
    .text("Volume", "The volume of the claim.") { $0.text("spec", "volumeName") },
    .text("Capacity", "Size of the volume.") {
      $0.text("spec", "volumeName").isEmpty ? "" : $0.quantity("status", "capacity", "storage")
    },
    .text("Access Modes", "Ways in which the volume can be mounted.") {
      $0.text("spec", "volumeName").isEmpty ? "" : accessModes($0, "status")
    },
    className,
    attributesClass,
    .age,
    volumeMode,
  ])

  /// The modes in their short forms, each once.
  private static func accessModes(_ object: ObjectReader, _ part: String) -> String {
    let modes = object.texts(part, "accessModes")
    let shortForms = [
      ("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"),
      ("ReadWriteOncePod", "RWOP"),
    ]
    return shortForms.filter { modes.contains($0.0) }.map(\.1).joined(separator: ",")
  }

  static let storageClass = TablePrinter([
    TableField(column: TableField.name.column) { storageClass in
      let annotations = ["storageclass.kubernetes.io", "storageclass.beta.kubernetes.io"]
      let isDefault = annotations.contains {
        storageClass.text("metadata", "annotations", $0 + "/is-default-class") == "true"
      }
      return .string(storageClass.text("metadata", "name") + (isDefault ? " (default)" : ""))
    },
    .text("Provisioner", "The driver that makes the volumes.") { $0.text("provisioner") },
    .text("ReclaimPolicy", "What becomes of a volume when its claim is gone.") {
      $0.text("reclaimPolicy", absent: "Delete")
    },
    .text("VolumeBindingMode", "When claims get their volumes.") {
      $0.text("volumeBindingMode", absent: "Immediate")
    },
    .boolean("AllowVolumeExpansion", "Whether claims may grow.", type: "string") {
      $0.boolean("allowVolumeExpansion")
    },
    .age,
  ])

  static let volumeAttributesClass = TablePrinter([
    .name,
    .text("DriverName", "The driver that knows the attributes.") { $0.text("driverName") },
    .age,
  ])

  static let volumeAttachment = TablePrinter([
    .name,
    .text("Attacher", "The driver that attaches the volume.", format: "name") {
      $0.text("spec", "attacher")
    },
    .text("PV", "The volume.") { $0.text("spec", "source", "persistentVolumeName") },
    .text("Node", "The node that it is attached to.") { $0.text("spec", "nodeName") },
    .boolean("Attached", "Whether that is done.") { $0.boolean("status", "attached") },
    .age,
  ])

  static let csiNode = TablePrinter([
    .name,
    .integer("Drivers", "Number of storage drivers on the node.") { $0.count("spec", "drivers") },
    .age,
  ])

  static let csiDriver = TablePrinter([
    .name,
    .boolean("AttachRequired", "Whether volumes must be attached before they are mounted.") {
      $0.boolean("spec", "attachRequired", absent: true)
    },
    .boolean("PodInfoOnMount", "Whether the driver is told of the pod that mounts.") {
      $0.boolean("spec", "podInfoOnMount")
    },
    .boolean("StorageCapacity", "Whether pods are placed by the capacity that the driver reports.") {
      $0.boolean("spec", "storageCapacity")
    },
    .text("TokenRequests", "Audiences of the tokens that the driver gets.") { driver in
      guard driver.has("spec", "tokenRequests") else { return "<unset>" }
      return driver.items("spec", "tokenRequests").map { $0.text("audience") }.joined(separator: ",")
    },
    .boolean("RequiresRepublish", "Whether mounts are renewed at intervals.") {
      $0.boolean("spec", "requiresRepublish")
    },
    .text("Modes", "Lifecycles of volumes that the driver knows.") { driver in
      let modes = driver.texts("spec", "volumeLifecycleModes")
      return modes.isEmpty ? "<none>" : modes.joined(separator: ",")
    },
    .age,
  ])

  static let csiStorageCapacity = TablePrinter([
    .name,
    .text("StorageClassName", "The storage class that the capacity is for.") { $0.text("storageClassName") },
    .text("Capacity", "Space that is left.") { $0.quantity("capacity", absent: "<unset>") },
  ])

  static let storageVersion = TablePrinter([
    .name,
    .text("CommonEncodingVersion", "The version in which all servers store, if they agree.") {
      $0.text("status", "commonEncodingVersion", absent: "<unset>")
    },
    .text("StorageVersions", "The version in which each server stores.") { version in
      let texts = version.items("status", "storageVersions").map {
        "\($0.text("apiServerID"))=\($0.text("encodingVersion"))"
      }
      let text = ListText.start(of: texts)
      return text.isEmpty ? "<unset>" : text
    },
    .age,
  ])
}
