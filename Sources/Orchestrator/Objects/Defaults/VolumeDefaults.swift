extension Defaults {
  /// A pod's volume.
  static func volume(_ volume: inout JSON) {
    let hasSource = volume.object?.contains { $0.key != "name" && !$0.value.isNull } ?? false
    if !hasSource { volume["emptyDir"] = [:] }
    sharedSources(&volume)
    for name in ["secret", "configMap"] { volume.revise(name, fileMode) }
    volume.revise("downwardAPI") { source in
      fileMode(&source)
      downwardFiles(&source)
    }
    volume.revise("projected") { source in
      fileMode(&source)
      source.reviseEach("sources", projection)
    }
    volume.revise("ephemeral") { source in
      source.revise("volumeClaimTemplate") { $0.reviseStructure("spec", claimSpec) }
    }
    volume.revise("image") { image in
      let reference = image["reference"]?.string ?? ""
      image.fillBlank("pullPolicy", with: .string(ImageReference.pullPolicy(for: reference)))
    }
  }

  /// The sources that pods and persistent volumes have in common.
  private static func sharedSources(_ owner: inout JSON) {
    owner.revise("hostPath") { $0.fill("type", with: "") }
    owner.revise("iscsi") { $0.fillBlank("iscsiInterface", with: "default") }
    owner.revise("rbd") { source in
      source.fillBlank("pool", with: "rbd")
      source.fillBlank("user", with: "admin")
      source.fillBlank("keyring", with: "/etc/ceph/keyring")
    }
    owner.revise("azureDisk") { source in
      source.fill("cachingMode", with: "ReadWrite")
      source.fill("kind", with: "Shared")
      source.fill("fsType", with: "ext4")
      source.fill("readOnly", with: false)
    }
    owner.revise("scaleIO") { source in
      source.fillBlank("storageMode", with: "ThinProvisioned")
      source.fillBlank("fsType", with: "xfs")
    }
  }

  /// Files of volumes made from objects can be read by all, `0644`.
  private static func fileMode(_ source: inout JSON) { source.fill("defaultMode", with: 0o644) }

  private static func downwardFiles(_ source: inout JSON) {
    source.reviseEach("items") { $0.revise("fieldRef", fieldSelector) }
  }

  private static func projection(_ source: inout JSON) {
    source.revise("downwardAPI", downwardFiles)
    source.revise("serviceAccountToken") { $0.fill("expirationSeconds", with: 3600) }
    source.revise("podCertificate") { $0.fill("maxExpirationSeconds", with: 86400) }
  }

  static func persistentVolume(_ volume: inout JSON) {
    volume.reviseStructure("spec", persistentVolumeSpec)
    volume.reviseStructure("status") { $0.fillBlank("phase", with: "Pending") }
  }

  private static func persistentVolumeSpec(_ spec: inout JSON) {
    spec.fillBlank("persistentVolumeReclaimPolicy", with: "Retain")
    spec.fill("volumeMode", with: "Filesystem")
    inlineVolumeSpec(&spec)
  }

  /// What is defaulted in a volume's spec wherever it stands: in a persistent volume, or in an attachment.
  static func inlineVolumeSpec(_ spec: inout JSON) {
    sharedSources(&spec)
    spec.roundResources(at: "capacity")
  }

  static func persistentVolumeClaim(_ claim: inout JSON) {
    claim.reviseStructure("spec", claimSpec)
    claim.reviseStructure("status") { status in
      status.fillBlank("phase", with: "Pending")
      status.roundResources(at: "capacity")
      status.roundResources(at: "allocatedResources")
    }
  }

  private static func claimSpec(_ spec: inout JSON) {
    spec.fill("volumeMode", with: "Filesystem")
    spec.revise("resources") { $0.roundLimitsAndRequests() }
  }
}
