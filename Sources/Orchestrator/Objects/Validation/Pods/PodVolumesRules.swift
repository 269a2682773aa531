// The rules for the volumes of a pod and for mounting them.
extension Checker {
  /// Checks the volumes, and gives the well-formed ones by name.
  mutating func podVolumes(_ volumes: [JSON], _ path: FieldPath, _ context: PodContext) -> [String: JSON] {
    let podName = context.metadata?.text(at: "name") ?? ""
    var created: Set<String> = []
    if !podName.isEmpty {
      for volume in volumes where volume.member(at: "ephemeral") != nil {
        created.insert(podName + "-" + volume.text(at: "name"))
      }
    }
    var byName: [String: JSON] = [:]
    for (index, volume) in volumes.enumerated() {
      let path = path[index]
      let name = volume.text(at: "name")
      let before = errors.count
      volumeSource(volume, path, podName: podName)
      requiredName(name, path["name"], NameFormats.dns1123Label)
      if byName[name] != nil { duplicate(path["name"], name) }
      if errors.count == before { byName[name] = volume }
      if let claim = volume.member(at: "persistentVolumeClaim")?.text(at: "claimName"),
        created.contains(claim)
      {
        invalid(
          path["persistentVolumeClaim"]["claimName"], claim,
          "must not reference a PVC that gets created for an ephemeral volume")
      }
    }
    return byName
  }

  private mutating func volumeSource(_ volume: JSON, _ path: FieldPath, podName: String) {
    let name = volume.text(at: "name")
    var count = 0
    if let source = volume.member(at: "emptyDir") {
      count += 1
      if source.member(at: "sizeLimit").flatMap({ Quantity($0) })?.isNegative == true {
        forbidden(path["emptyDir"]["sizeLimit"], "SizeLimit field must be a valid resource quantity")
      }
    }
    for kind in podVolumeKinds {
      guard let source = volume.member(at: kind) else { continue }
      if count > 0 {
        // Two of the paths are written otherwise than the fields.
        let shown = ["cephfs": "cephFS", "downwardAPI": "downwarAPI"][kind] ?? kind
        forbidden(path[shown], "may not specify more than 1 volume type")
      } else {
        count += 1
        podVolumeSource(source, kind, path)
        if kind == "ephemeral", !podName.isEmpty, !name.isEmpty {
          let claim = podName + "-" + name
          for problem in NameFormats.dns1123Subdomain(claim) {
            invalid(path["name"], name, "PVC name \(MessageText.quoted(claim)): \(problem)")
          }
        }
      }
      if kind == "iscsi", source.optionalText(at: "initiatorName") != nil,
        (name + ":" + source.text(at: "targetPortal")).utf8.count > 64
      {
        invalid(
          path["name"], name,
          "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is"
            + " specified.")
      }
    }
    if count == 0 { required(path, "must specify a volume type") }
  }

  mutating func volumeMounts(_ container: JSON, _ path: FieldPath, _ context: ContainerContext) {
    var devices: [String: String] = [:]
    for device in container.list(at: "volumeDevices") {
      devices[device.text(at: "name")] = device.text(at: "devicePath")
    }
    let isPrivileged = (container["securityContext"] ?? .null).flag(at: "privileged")
    var taken: Set<String> = []
    for (index, mount) in container.list(at: "volumeMounts").enumerated() {
      let mountPath = path[index]
      let name = mount.text(at: "name")
      requiredText(name, mountPath["name"])
      if context.volumes[name] == nil { notFound(mountPath["name"], name) }
      let place = mount.text(at: "mountPath")
      requiredText(place, mountPath["mountPath"])
      if !taken.insert(place).inserted { invalid(mountPath["mountPath"], place, "must be unique") }
      if devices[name] != nil { invalid(mountPath["name"], name, "must not already exist in volumeDevices") }
      if devices.values.contains(place) {
        invalid(mountPath["mountPath"], place, "must not already exist as a path in volumeDevices")
      }
      let subPath = mount.text(at: "subPath")
      if !subPath.isEmpty { localPath(subPath, path["subPath"]) }
      let expression = mount.text(at: "subPathExpr")
      if !expression.isEmpty {
        if !subPath.isEmpty {
          invalid(mountPath["subPathExpr"], expression, "subPathExpr and subPath are mutually exclusive")
        }
        localPath(expression, path["subPathExpr"])
      }
      mountOptions(mount, path, isPrivileged: isPrivileged)
    }
  }

  private mutating func mountOptions(_ mount: JSON, _ path: FieldPath, isPrivileged: Bool) {
    let propagation = mount.optionalText(at: "mountPropagation")
    if let propagation {
      let supported = ["Bidirectional", "HostToContainer", "None"]
      if !supported.contains(propagation) { notSupported(path["mountPropagation"], propagation, supported) }
      if propagation == "Bidirectional", !isPrivileged {
        forbidden(
          path["mountPropagation"],
          "Bidirectional mount propagation is available only to privileged containers")
      }
    }
    guard let recursive = mount.optionalText(at: "recursiveReadOnly") else { return }
    let path = path["recursiveReadOnly"]
    switch recursive {
    case "Disabled": break
    case "Enabled", "IfPossible":
      if !mount.flag(at: "readOnly") { forbidden(path, "may only be specified when readOnly is true") }
      if let propagation, propagation != "None" {
        forbidden(path, "may only be specified when mountPropagation is None or not specified")
      }
    default: notSupported(path, recursive, ["Disabled", "Enabled", "IfPossible"])
    }
  }

  mutating func volumeDevices(_ container: JSON, _ path: FieldPath, _ context: ContainerContext) {
    var mounts: [String: String] = [:]
    for mount in container.list(at: "volumeMounts") {
      mounts[mount.text(at: "name")] = mount.text(at: "mountPath")
    }
    var names: Set<String> = []
    var places: Set<String> = []
    for (index, device) in container.list(at: "volumeDevices").enumerated() {
      let path = path[index]
      let name = device.text(at: "name")
      let place = device.text(at: "devicePath")
      requiredText(name, path["name"])
      if names.contains(name) { invalid(path["name"], name, "must be unique") }
      if let volume = context.volumes[name] {
        if volume.member(at: "persistentVolumeClaim") == nil, volume.member(at: "ephemeral") == nil {
          invalid(
            path["name"], name,
            "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode")
        }
      } else {
        notFound(path["name"], name)
      }
      requiredText(place, path["devicePath"])
      if places.contains(place) { invalid(path["devicePath"], place, "must be unique") }
      if !place.isEmpty, ValueFormats.hasBackstep(place) {
        invalid(path["devicePath"], place, "can not contain backsteps ('..')")
      } else {
        places.insert(place)
      }
      if mounts[name] != nil { invalid(path["name"], name, "must not already exist in volumeMounts") }
      if mounts.values.contains(place) {
        invalid(path["devicePath"], place, "must not already exist as a path in volumeMounts")
      }
      if !name.isEmpty { names.insert(name) }
    }
  }
}

/// The kinds of volumes besides empty directories, in the order of the checks.
private let podVolumeKinds = [
  "hostPath", "gitRepo", "gcePersistentDisk", "awsElasticBlockStore", "secret", "nfs", "iscsi", "glusterfs",
  "flocker", "persistentVolumeClaim", "rbd", "cinder", "cephfs", "quobyte", "downwardAPI", "fc", "flexVolume",
  "configMap", "azureFile", "vsphereVolume", "photonPersistentDisk", "portworxVolume", "azureDisk",
  "storageos",
  "projected", "scaleIO", "csi", "ephemeral", "image",
]
