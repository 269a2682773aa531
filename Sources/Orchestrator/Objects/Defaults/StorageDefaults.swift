extension Defaults {
  static let storage: [String: Function] = [
    "CSIDriver": { csiDriver(&$0) },
    "StorageClass": { storageClass(&$0) },
    "VolumeAttachment": { volumeAttachment(&$0) },
  ]

  private static func storageClass(_ storageClass: inout JSON) {
    storageClass.fill("reclaimPolicy", with: "Delete")
    storageClass.fill("volumeBindingMode", with: "Immediate")
  }

  private static func csiDriver(_ driver: inout JSON) {
    driver.reviseStructure("spec") { spec in
      spec.fill("attachRequired", with: true)
      spec.fill("podInfoOnMount", with: false)
      spec.fill("storageCapacity", with: false)
      spec.fill("fsGroupPolicy", with: "ReadWriteOnceWithFSType")
      spec.fillBlank("volumeLifecycleModes", with: ["Persistent"])
      spec.fill("requiresRepublish", with: false)
      spec.fill("seLinuxMount", with: false)
    }
  }

  private static func volumeAttachment(_ attachment: inout JSON) {
    attachment.revise("spec") { spec in
      spec.revise("source") { $0.revise("inlineVolumeSpec", inlineVolumeSpec) }
    }
  }
}
