// The rules for storage classes, attachments and storage drivers.
extension Checker {
  mutating func storageClass(_ storageClass: JSON) {
    metadata(storageClass, isNamespaced: false, .subdomain)
    provisioner(storageClass.text(at: "provisioner"), FieldPath("provisioner"))
    parameters(storageClass.entries(at: "parameters"), FieldPath("parameters"))
    let policy = storageClass.text(at: "reclaimPolicy")
    if !policy.isEmpty, !["Delete", "Retain"].contains(policy) {
      notSupported(FieldPath("reclaimPolicy"), policy, ["Delete", "Retain"])
    }
    let mode = storageClass.optionalText(at: "volumeBindingMode")
    let modes = ["Immediate", "WaitForFirstConsumer"]
    if let mode {
      if !modes.contains(mode) { notSupported(FieldPath("volumeBindingMode"), mode, modes) }
    } else {
      required(FieldPath("volumeBindingMode"))
    }
    topologies(storageClass.list(at: "allowedTopologies"), FieldPath("allowedTopologies"))
  }

  private mutating func topologies(_ topologies: [JSON], _ path: FieldPath) {
    var seen: [[String: Set<String>]] = []
    for (index, term) in topologies.enumerated() {
      let path = path[index]["matchLabelExpressions"]
      var expressions: [String: Set<String>] = [:]
      for (index, expression) in term.list(at: "matchLabelExpressions").enumerated() {
        let key = expression.text(at: "key")
        let values = expression.texts(at: "values")
        if values.isEmpty { required(path[index]["values"]) }
        for (place, value) in values.enumerated() where values[..<place].contains(value) {
          duplicate(path[index]["values"][place], value)
        }
        qualifiedName(key, path[index]["key"])
        if expressions[key] != nil { duplicate(path[index]["key"], key) }
        expressions[key] = Set(values)
      }
      if seen.contains(expressions) { duplicate(path, "") }
      seen.append(expressions)
    }
  }

  private mutating func provisioner(_ name: String, _ path: FieldPath) {
    if name.isEmpty { required(path) } else { qualifiedName(name.lowercased(), path) }
  }

  private mutating func parameters(_ parameters: JSONObject, _ path: FieldPath, mayBeEmpty: Bool = true) {
    if parameters.count > 512 { return tooLong(path, 512) }
    var size = 0
    for parameter in parameters {
      if parameter.key.isEmpty { invalid(path, "", "field can not be empty.") }
      size += parameter.key.utf8.count + (parameter.value.string ?? "").utf8.count
    }
    if size > 262_144 { tooLong(path, 262_144) }
    if !mayBeEmpty, parameters.isEmpty { required(path, "must contain at least one key/value pair") }
  }

  mutating func storageClassUpdate(_ new: JSON, _ old: JSON) {
    metadataUpdate(new, old)
    if new.entries(at: "parameters") != old.entries(at: "parameters") {
      forbidden(FieldPath("parameters"), "updates to parameters are forbidden.")
    }
    for field in ["provisioner", "reclaimPolicy"] where new.text(at: field) != old.text(at: field) {
      forbidden(FieldPath(field), "updates to \(field) are forbidden.")
    }
    immutable(new["volumeBindingMode"], old["volumeBindingMode"], FieldPath("volumeBindingMode"))
  }

  mutating func volumeAttachment(_ attachment: JSON) {
    attachmentRules(attachment)
    driverName((attachment["spec"] ?? .null).text(at: "attacher"), FieldPath("spec.attacher"))
    if let name = attachment["spec", "source", "persistentVolumeName"]?.string {
      subdomain(name, FieldPath("spec.source.persistentVolumeName"))
    }
  }

  private mutating func attachmentRules(_ attachment: JSON) {
    metadata(attachment, isNamespaced: false, .subdomain)
    let spec = attachment["spec"] ?? .null
    let path = FieldPath("spec")
    requiredText(spec.text(at: "attacher"), path["attacher"])
    let source = spec["source"] ?? .null
    let name = source.optionalText(at: "persistentVolumeName")
    let inline = source.member(at: "inlineVolumeSpec")
    let detail = "must specify exactly one of inlineVolumeSpec and persistentVolumeName"
    if name == nil, inline == nil { required(path["source"], detail) }
    if name != nil, inline != nil {
      forbidden(path["source"], detail)
    } else if name == "" {
      required(path["source"]["persistentVolumeName"], "must specify non empty persistentVolumeName")
    }
    subdomain(spec.text(at: "nodeName"), path["nodeName"])
  }

  mutating func volumeAttachmentUpdate(_ new: JSON, _ old: JSON) {
    attachmentRules(new)
    immutable(new["spec"], old["spec"], FieldPath("spec"), form: "VolumeAttachmentSpec")
  }

  mutating func storageDriver(_ driver: JSON) {
    metadata(driver, isNamespaced: false, .subdomain)
    driverSpecification(driver["spec"] ?? .null, FieldPath("spec"))
  }

  mutating func storageDriverUpdate(_ new: JSON, _ old: JSON) {
    metadataUpdate(new, old)
    driverSpecification(new["spec"] ?? .null, FieldPath("spec"))
    for (field, shown) in [
      ("attachRequired", "attachedRequired"), ("volumeLifecycleModes", "volumeLifecycleModes"),
    ] {
      immutable(new["spec", field], old["spec", field], FieldPath("spec", shown))
    }
  }

  private mutating func driverSpecification(_ spec: JSON, _ path: FieldPath) {
    for (field, shown) in [
      ("attachRequired", "attachedRequired"), ("podInfoOnMount", "podInfoOnMount"),
      ("storageCapacity", "storageCapacity"),
    ] where spec.member(at: field) == nil {
      required(path[shown])
    }
    optionalChoice(spec["fsGroupPolicy"], path["fsGroupPolicy"], ["File", "None", "ReadWriteOnceWithFSType"])
    var audiences: Set<String> = []
    for (index, request) in spec.list(at: "tokenRequests").enumerated() {
      let path = path["tokenRequests"][index]
      let audience = request.text(at: "audience")
      if !audiences.insert(audience).inserted {
        duplicate(path["audience"], audience)
        continue
      }
      guard let seconds = request.optionalInteger(at: "expirationSeconds") else { continue }
      if seconds < 600 {
        invalid(path["expirationSeconds"], seconds, "may not specify a duration less than 10 minutes")
      }
      if seconds > 1 << 32 {
        invalid(path["expirationSeconds"], seconds, "may not specify a duration larger than 2^32 seconds")
      }
    }
    let modes = ["Persistent", "Ephemeral"]
    for mode in spec.texts(at: "volumeLifecycleModes") where !modes.contains(mode) {
      notSupported(path["volumeLifecycleModes"], mode, modes)
    }
    if spec.member(at: "seLinuxMount") == nil { required(path["seLinuxMount"]) }
    if let period = spec.optionalInteger(at: "nodeAllocatableUpdatePeriodSeconds"), period < 10 {
      invalid(
        path["nodeAllocatableUpdatePeriodSeconds"], period, "must be greater than or equal to 10 seconds")
    }
  }

  mutating func storageNode(_ node: JSON) {
    metadata(node, isNamespaced: false, .subdomain)
    var names: Set<String> = []
    for (index, driver) in (node["spec"] ?? .null).list(at: "drivers").enumerated() {
      let path = FieldPath("spec", "drivers")[index]
      let name = driver.text(at: "name")
      driverName(name, path["name"])
      let identifier = driver.text(at: "nodeID")
      if identifier.isEmpty { required(path["nodeID"]) }
      if identifier.utf8.count > 256 { invalid(path["nodeID"], identifier, "must be 256 characters or less") }
      nonnegative(driver["allocatable", "count"]?.integer, path["allocatable"]["count"])
      if !names.insert(name).inserted { duplicate(path["name"], name) }
      var keys: Set<String> = []
      for key in driver.texts(at: "topologyKeys") {
        if key.isEmpty { required(path) }
        if !keys.insert(key).inserted { duplicate(path, key) }
        qualifiedName(key, path)
      }
    }
  }

  mutating func storageNodeUpdate(_ new: JSON, _ old: JSON) {
    storageNode(new)
    for oldDriver in (old["spec"] ?? .null).list(at: "drivers") {
      for newDriver in (new["spec"] ?? .null).list(at: "drivers")
      where newDriver.text(at: "name") == oldDriver.text(at: "name") {
        var (newDriver, oldDriver) = (newDriver, oldDriver)
        newDriver["allocatable"] = nil
        oldDriver["allocatable"] = nil
        immutable(newDriver, oldDriver, FieldPath("spec", "drivers"), form: "CSINodeDriver")
      }
    }
  }

  mutating func storageCapacity(_ capacity: JSON) {
    metadata(capacity, isNamespaced: true, .subdomain)
    labelSelector(capacity["nodeTopology"], FieldPath("nodeTopology"))
    subdomain(capacity.text(at: "storageClassName"), FieldPath("storageClassName"))
    if let quantity = capacity.member(at: "capacity").flatMap({ Quantity($0) }) {
      nonnegativeQuantity(quantity, FieldPath("capacity"))
    }
  }

  mutating func storageCapacityUpdate(_ new: JSON, _ old: JSON) {
    metadataUpdate(new, old)
    immutable(new["nodeTopology"], old["nodeTopology"], FieldPath("nodeTopology"), form: "LabelSelector")
    immutable(new["storageClassName"], old["storageClassName"], FieldPath("storageClassName"))
  }

  mutating func volumeAttributesClass(_ attributes: JSON) {
    metadata(attributes, isNamespaced: false, .subdomain)
    provisioner(attributes.text(at: "driverName"), FieldPath("driverName"))
    parameters(attributes.entries(at: "parameters"), FieldPath("parameters"), mayBeEmpty: false)
  }

  mutating func volumeAttributesClassUpdate(_ new: JSON, _ old: JSON) {
    metadataUpdate(new, old)
    if new.text(at: "driverName") != old.text(at: "driverName") {
      forbidden(FieldPath("driverName"), "updates to driverName are forbidden.")
    }
    if new.entries(at: "parameters") != old.entries(at: "parameters") {
      forbidden(FieldPath("parameters"), "updates to parameters are forbidden.")
    }
    volumeAttributesClass(new)
  }
}
