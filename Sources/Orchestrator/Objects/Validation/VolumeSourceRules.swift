// The rules for each kind of volume, of pods and of persistent volumes.
extension Checker {
  /// The source of a volume of a pod. The path is that of the volume.
  mutating func podVolumeSource(_ source: JSON, _ kind: String, _ path: FieldPath) {
    switch kind {
    case "gitRepo":
      requiredText(source.text(at: "repository"), path[kind]["repository"])
      localPath(source.text(at: "directory"), path[kind]["directory"])
    case "secret":
      requiredText(source.text(at: "secretName"), path[kind]["secretName"])
      keyItems(source, path[kind])
    case "configMap":
      requiredText(source.text(at: "name"), path[kind]["name"])
      keyItems(source, path[kind])
    case "persistentVolumeClaim": requiredText(source.text(at: "claimName"), path[kind]["claimName"])
    case "downwardAPI":
      fileMode(source.optionalInteger(at: "defaultMode"), path[kind]["defaultMode"])
      for file in source.list(at: "items") { downwardFile(file, path[kind]) }
    case "projected": projectedVolume(source, path[kind])
    case "csi":
      driverName(source.text(at: "driver"), path[kind]["driver"])
      if let secret = source.member(at: "nodePublishSecretRef") {
        let name = secret.text(at: "name")
        if name.isEmpty {
          required(path[kind]["nodePublishSecretRef"]["name"])
        } else {
          subdomain(name, path[kind]["name"])
        }
      }
    case "ephemeral":
      guard let template = source.member(at: "volumeClaimTemplate") else {
        return required(path[kind]["volumeClaimTemplate"])
      }
      claimTemplate(template, path[kind]["volumeClaimTemplate"])
    case "image":
      requiredText(source.text(at: "reference"), path[kind]["reference"])
      choice(source.text(at: "pullPolicy"), path[kind]["pullPolicy"], ["Always", "IfNotPresent", "Never"])
    default: sharedVolumeSource(source, kind, path)
    }
  }

  /// The source of a persistent volume. The path is that of its specification.
  mutating func persistentVolumeSource(_ source: JSON, _ kind: String, _ path: FieldPath, volumeName: String)
  {
    switch kind {
    case "csi": persistentDriverVolume(source, path[kind])
    case "local":
      let place = source.text(at: "path")
      if place.isEmpty { required(path[kind]["path"]) } else { noBacksteps(place, path[kind]["path"]) }
    case "glusterfs":
      sharedVolumeSource(source, kind, path)
      guard let namespace = source.optionalText(at: "endpointsNamespace") else { return }
      if namespace.isEmpty {
        invalid(
          path[kind]["endpointsNamespace"], "",
          "if the endpointnamespace is set, it must be a valid namespace name")
      } else {
        label(namespace, path[kind]["endpointsNamespace"])
      }
    case "iscsi":
      sharedVolumeSource(source, kind, path)
      let portal = source.text(at: "targetPortal")
      if source.optionalText(at: "initiatorName") != nil, (volumeName + ":" + portal).utf8.count > 64 {
        invalid(
          path[kind]["targetportal"], portal,
          "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is"
            + " specified.")
      }
      secretReference(source, path[kind], needsNamespace: false)
    case "cinder":
      requiredText(source.text(at: "volumeID"), path[kind]["volumeID"])
      secretReference(source, path[kind], needsNamespace: true)
    case "storageos":
      storageOSNames(source, path[kind])
      secretReference(source, path[kind], needsNamespace: true)
    case "azureFile":
      sharedVolumeSource(source, kind, path)
      if source.optionalText(at: "secretNamespace") == "" { required(path[kind]["secretNamespace"]) }
    default: sharedVolumeSource(source, kind, path)
    }
  }

  private mutating func sharedVolumeSource(_ source: JSON, _ kind: String, _ path: FieldPath) {
    let own = path[kind]
    switch kind {
    case "hostPath":
      let place = source.text(at: "path")
      if place.isEmpty { return required(own["path"]) }
      noBacksteps(place, own["path"])
      optionalChoice(source["type"], own["type"], hostPathTypes)
    case "gcePersistentDisk":
      requiredText(source.text(at: "pdName"), path["persistentDisk"]["pdName"])
      partition(source, path["persistentDisk"])
    case "awsElasticBlockStore":
      requiredText(source.text(at: "volumeID"), own["volumeID"])
      partition(source, own)
    case "nfs":
      requiredText(source.text(at: "server"), own["server"])
      let place = source.text(at: "path")
      requiredText(place, own["path"])
      if !ValueFormats.isAbsolutePath(place) { invalid(own["path"], place, "must be an absolute path") }
    case "iscsi": iscsi(source, own)
    case "glusterfs":
      requiredText(source.text(at: "endpoints"), own["endpoints"])
      requiredText(source.text(at: "path"), own["path"])
    case "flocker": flocker(source, own)
    case "rbd":
      if source.list(at: "monitors").isEmpty { required(own["monitors"]) }
      requiredText(source.text(at: "image"), own["image"])
    case "cinder":
      requiredText(source.text(at: "volumeID"), own["volumeID"])
      secretReference(source, own, needsNamespace: false)
    case "cephfs": if source.list(at: "monitors").isEmpty { required(own["monitors"]) }
    case "quobyte": quobyte(source, own)
    case "fc": fibreChannel(source, own)
    case "flexVolume":
      requiredText(source.text(at: "driver"), own["driver"])
      for option in source.entries(at: "options") {
        let namespace = "." + (option.key.split(separator: "/", maxSplits: 1).first ?? "").lowercased()
        guard namespace.hasSuffix(".kubernetes.io") || namespace.hasSuffix(".k8s.io") else { continue }
        invalid(
          own["options"].key(option.key), option.key, "kubernetes.io and k8s.io namespaces are reserved")
      }
    case "azureFile":
      requiredText(source.text(at: "secretName"), own["secretName"])
      requiredText(source.text(at: "shareName"), own["shareName"])
    case "vsphereVolume": requiredText(source.text(at: "volumePath"), own["volumePath"])
    case "photonPersistentDisk": requiredText(source.text(at: "pdID"), own["pdID"])
    case "portworxVolume": requiredText(source.text(at: "volumeID"), own["volumeID"])
    case "azureDisk": azureDisk(source, own)
    case "storageos":
      storageOSNames(source, own)
      secretReference(source, own, needsNamespace: false)
    case "scaleIO":
      for field in ["gateway", "system", "volumeName"] { requiredText(source.text(at: field), own[field]) }
    default: break
    }
  }

  private mutating func partition(_ source: JSON, _ path: FieldPath) {
    let partition = source.integer(at: "partition")
    if !(0...255).contains(partition) {
      invalid(path["partition"], partition, ValueFormats.inclusiveRange(1, 255))
    }
  }

  private mutating func secretReference(_ source: JSON, _ path: FieldPath, needsNamespace: Bool) {
    guard let secret = source.member(at: "secretRef") else { return }
    requiredText(secret.text(at: "name"), path["secretRef"]["name"])
    if needsNamespace { requiredText(secret.text(at: "namespace"), path["secretRef"]["namespace"]) }
  }

  private mutating func storageOSNames(_ source: JSON, _ path: FieldPath) {
    requiredName(source.text(at: "volumeName"), path["volumeName"], NameFormats.dns1123Label)
    let namespace = source.text(at: "volumeNamespace")
    if !namespace.isEmpty { label(namespace, path["volumeNamespace"]) }
  }

  private mutating func iscsi(_ source: JSON, _ path: FieldPath) {
    requiredText(source.text(at: "targetPortal"), path["targetPortal"])
    let name = source.text(at: "iqn")
    if name.isEmpty {
      required(path["iqn"])
    } else if let problem = Self.qualifiedInitiator(name) {
      invalid(path["iqn"], name, problem)
    }
    let unit = source.integer(at: "lun")
    if !(0...255).contains(unit) { invalid(path["lun"], unit, ValueFormats.inclusiveRange(0, 255)) }
    let authenticates = source.flag(at: "chapAuthDiscovery") || source.flag(at: "chapAuthSession")
    if authenticates, source.member(at: "secretRef") == nil { required(path["secretRef"]) }
    if let initiator = source.optionalText(at: "initiatorName"),
      let problem = Self.qualifiedInitiator(initiator)
    {
      invalid(path["initiatorname"], initiator, problem)
    }
  }

  /// The three formats of names in iSCSI (RFC 3720, 3.2.6).
  private static func qualifiedInitiator(_ name: String) -> String? {
    let malformed = "must be valid format"
    let bytes = name.utf8
    if name.hasPrefix("iqn") {
      let parts = name.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      let pieces = parts[0].split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
      let date = pieces.count == 3 ? pieces[1].split(separator: "-", omittingEmptySubsequences: false) : []
      let isDigits = { (text: Substring) in text.utf8.allSatisfy { (0x30...0x39).contains($0) } }
      guard parts.count == 2, !parts[1].isEmpty, pieces.count == 3, pieces[0] == "iqn", !pieces[2].isEmpty,
        date.count == 2, date[0].utf8.count == 4, date[1].utf8.count == 2, isDigits(date[0]),
        isDigits(date[1]),
        pieces[2].utf8.allSatisfy({
          NameFormats.isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".")
        }),
        !parts[1].contains(where: { ",;*&$| \t\n\r".contains($0) })
      else { return malformed }
      return nil
    }
    let length: Int
    switch name.prefix(3) {
    case "eui": length = 20
    case "naa": length = 36
    default: return "must be valid format starting with iqn, eui, or naa"
    }
    return bytes.count == length && bytes.dropFirst(4).allSatisfy(NameFormats.isAlphanumeric)
      ? nil : malformed
  }

  private mutating func flocker(_ source: JSON, _ path: FieldPath) {
    let name = source.text(at: "datasetName")
    let identifier = source.text(at: "datasetUUID")
    if name.isEmpty, identifier.isEmpty {
      required(path, "one of datasetName and datasetUUID is required")
    }
    if !name.isEmpty, !identifier.isEmpty {
      invalid(path, "resource", "datasetName and datasetUUID can not be specified simultaneously")
    }
    if name.contains("/") { invalid(path["datasetName"], name, "must not contain '/'") }
  }

  private mutating func quobyte(_ source: JSON, _ path: FieldPath) {
    let registry = source.text(at: "registry")
    let pairs = "must be a host:port pair or multiple pairs separated by commas"
    if registry.isEmpty {
      required(path["registry"], pairs)
    } else if source.text(at: "tenant").utf8.count >= 65 {
      required(path["tenant"], "must be a UUID and may not exceed a length of 64 characters")
    } else {
      for pair in registry.split(separator: ",", omittingEmptySubsequences: false)
      where pair.split(separator: ":", omittingEmptySubsequences: false).count != 2 {
        invalid(path["registry"], registry, pairs)
      }
    }
    requiredText(source.text(at: "volume"), path["volume"])
  }

  private mutating func fibreChannel(_ source: JSON, _ path: FieldPath) {
    let targets = source.list(at: "targetWWNs")
    let identifiers = source.list(at: "wwids")
    if targets.isEmpty, identifiers.isEmpty {
      required(path["targetWWNs"], "must specify either targetWWNs or wwids, but not both")
    }
    if !targets.isEmpty, !identifiers.isEmpty {
      invalid(path["targetWWNs"], .array(targets), "targetWWNs and wwids can not be specified simultaneously")
    }
    guard !targets.isEmpty else { return }
    guard let unit = source.optionalInteger(at: "lun") else {
      return required(path["lun"], "lun is required if targetWWNs is specified")
    }
    if !(0...255).contains(unit) { invalid(path["lun"], unit, ValueFormats.inclusiveRange(0, 255)) }
  }

  private mutating func azureDisk(_ source: JSON, _ path: FieldPath) {
    requiredText(source.text(at: "diskName"), path["diskName"])
    let location = source.text(at: "diskURI")
    requiredText(location, path["diskURI"])
    optionalChoice(source["cachingMode"], path["cachingMode"], ["None", "ReadOnly", "ReadWrite"])
    optionalChoice(source["kind"], path["kind"], ["Dedicated", "Managed", "Shared"])
    guard let kind = source.optionalText(at: "kind") else { return }
    if kind == "Managed" {
      guard !location.hasPrefix("/subscriptions/") else { return }
      notSupported(
        path["diskURI"], location,
        [
          "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"
        ])
    } else if !location.hasPrefix("https://") {
      notSupported(
        path["diskURI"], location,
        ["https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"])
    }
  }

  private mutating func persistentDriverVolume(_ source: JSON, _ path: FieldPath) {
    driverName(source.text(at: "driver"), path["driver"])
    requiredText(source.text(at: "volumeHandle"), path["volumeHandle"])
    let references = [
      "controllerPublishSecretRef", "controllerExpandSecretRef", "nodePublishSecretRef",
      "nodeExpandSecretRef",
    ]
    for field in references {
      guard let secret = source.member(at: field) else { continue }
      requiredName(secret.text(at: "name"), path[field]["name"], NameFormats.dns1123Subdomain)
      requiredName(secret.text(at: "namespace"), path[field]["namespace"], NameFormats.dns1123Label)
    }
  }

  /// The name of a storage driver.
  mutating func driverName(_ name: String, _ path: FieldPath) {
    if name.isEmpty { return required(path) }
    if name.utf8.count > 63 { tooLong(path, 63) }
    invalid(path, name, NameFormats.dns1123Subdomain(name.lowercased()))
  }

  mutating func keyItems(_ source: JSON, _ path: FieldPath) {
    fileMode(source.optionalInteger(at: "defaultMode"), path["defaultMode"])
    for (index, item) in source.list(at: "items").enumerated() { keyItem(item, path["items"][index]) }
  }

  mutating func keyItem(_ item: JSON, _ path: FieldPath) {
    requiredText(item.text(at: "key"), path["key"])
    let place = item.text(at: "path")
    requiredText(place, path["path"])
    localUnreservedPath(place, path["path"])
    fileMode(item.optionalInteger(at: "mode"), path["mode"])
  }

  mutating func downwardFile(_ file: JSON, _ path: FieldPath) {
    let place = file.text(at: "path")
    requiredText(place, path["path"])
    localUnreservedPath(place, path["path"])
    if let reference = file.member(at: "fieldRef") {
      fieldReference(
        reference, path["fieldRef"],
        ["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"])
      if file.member(at: "resourceFieldRef") != nil {
        invalid(path, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously")
      }
    } else if let reference = file.member(at: "resourceFieldRef") {
      resourceReference(reference, path["resourceFieldRef"], needsContainer: true)
    } else {
      required(path, "one of fieldRef and resourceFieldRef is required")
    }
    fileMode(file.optionalInteger(at: "mode"), path["mode"])
  }
}

private let hostPathTypes = [
  "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket",
]
