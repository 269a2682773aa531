// The rules for persistent volumes and claims.
extension Checker {
  mutating func persistentVolume(_ volume: JSON) {
    metadata(volume, isNamespaced: false, .subdomain)
    volumeSpecification(
      volume["spec"] ?? .null, FieldPath("spec"), name: (volume["metadata"] ?? .null).text(at: "name"))
  }

  mutating func volumeSpecification(_ spec: JSON, _ path: FieldPath, name: String) {
    if spec.list(at: "accessModes").isEmpty { required(path["accessModes"]) }
    accessModes(spec.texts(at: "accessModes"), path["accessModes"])
    let capacity = spec.entries(at: "capacity")
    if capacity.isEmpty { required(path["capacity"]) }
    if capacity["storage"] == nil || capacity.count > 1 {
      append(
        FieldError.notSupported(path["capacity"], capacity.isEmpty ? .null : .object(capacity), ["storage"]))
    }
    for entry in capacity {
      guard let quantity = Quantity(entry.value) else { continue }
      let path = path["capacity"].key(entry.key)
      basicQuantity(quantity, path)
      positiveQuantity(quantity, path)
    }
    let policy = spec.text(at: "persistentVolumeReclaimPolicy")
    let policies = ["Delete", "Recycle", "Retain"]
    if !policy.isEmpty, !policies.contains(policy) {
      notSupported(path["persistentVolumeReclaimPolicy"], policy, policies)
    }
    let affinity = spec.member(at: "nodeAffinity")
    if let affinity {
      if let selector = affinity.member(at: "required") {
        nodeSelector(selector, path["nodeAffinity"]["required"])
      } else {
        required(path["nodeAffinity"]["required"], "must specify required node constraints")
      }
    }
    var count = 0
    for kind in persistentVolumeKinds {
      guard let source = spec.member(at: kind) else { continue }
      if count > 0, kind != "flexVolume" {
        forbidden(path[kind == "cephfs" ? "cephFS" : kind], "may not specify more than 1 volume type")
        continue
      }
      count += 1
      persistentVolumeSource(source, kind, path, volumeName: name)
      if kind == "local", affinity == nil {
        required(path["nodeAffinity"], "Local volume requires node affinity")
      }
    }
    if count == 0 { required(path, "must specify a volume type") }
    if let host = spec.member(at: "hostPath")?.optionalText(at: "path"), policy == "Recycle",
      !host.isEmpty, host.allSatisfy({ $0 == "/" || $0 == "." })
    {
      forbidden(path["persistentVolumeReclaimPolicy"], "may not be 'recycle' for a hostPath mount of '/'")
    }
    let storageClass = spec.text(at: "storageClassName")
    if !storageClass.isEmpty { subdomain(storageClass, path["storageClassName"]) }
    optionalChoice(spec["volumeMode"], path["volumeMode"], ["Block", "Filesystem"])
    guard let attributes = spec.optionalText(at: "volumeAttributesClassName") else { return }
    if attributes.isEmpty {
      required(path["volumeAttributesClassName"], "an empty string is disallowed")
    } else {
      subdomain(attributes, path["volumeAttributesClassName"])
    }
    if spec.member(at: "csi") == nil {
      required(path["csi"], "has to be specified when using volumeAttributesClassName")
    }
  }

  mutating func persistentVolumeUpdate(_ new: JSON, _ old: JSON) {
    persistentVolume(new)
    var spec = new["spec"] ?? .null
    let oldSpec = old["spec"] ?? .null
    let added = "controllerExpandSecretRef"
    if spec["csi", added] != nil, oldSpec.member(at: "csi") != nil, oldSpec["csi", added]?.isNull ?? true {
      spec["csi", added] = nil
    }
    let newForm = GoForm.value(spec, as: "PersistentVolumeSource")
    let oldForm = GoForm.value(oldSpec, as: "PersistentVolumeSource")
    if newForm.comparable != oldForm.comparable {
      forbidden(
        FieldPath("spec", "persistentvolumesource"),
        "spec.persistentvolumesource is immutable after creation\n"
          + LineDifference(old: oldForm.lines, new: newForm.lines).unified())
    }
    immutable(spec["volumeMode"], oldSpec["volumeMode"], FieldPath("volumeMode"))
    if let affinity = oldSpec.member(at: "nodeAffinity"),
      Self.withStableLabels(affinity) != Self.withStableLabels(spec["nodeAffinity"] ?? .null)
    {
      let shown = spec.member(at: "nodeAffinity").map { GoForm.value($0, as: "VolumeNodeAffinity").compact }
      invalid(
        FieldPath("nodeAffinity"), shown: shown ?? "null",
        fieldIsImmutable + ", except for updating from beta label to GA")
    }
    if oldSpec.member(at: "volumeAttributesClassName") != nil,
      spec.member(at: "volumeAttributesClassName") == nil
    {
      forbidden(
        FieldPath("spec", "volumeAttributesClassName"), "update from non-nil value to nil is forbidden")
    }
  }

  /// The affinity with the labels' names of today.
  private static func withStableLabels(_ affinity: JSON) -> JSON {
    var affinity = affinity
    let terms = (affinity["required"] ?? .null).list(at: "nodeSelectorTerms").map { term in
      var term = term
      let expressions = term.list(at: "matchExpressions").map { expression in
        var expression = expression
        if let stable = stableLabels[expression.text(at: "key")] { expression["key"] = .string(stable) }
        return expression
      }
      if !expressions.isEmpty { term["matchExpressions"] = .array(expressions) }
      return term
    }
    if !terms.isEmpty { affinity["required", "nodeSelectorTerms"] = .array(terms) }
    return affinity.meaningful
  }

  private mutating func basicQuantity(_ quantity: Quantity, _ path: FieldPath) {
    if quantity.value < 0 { invalid(path, quantity.value, "must be a valid resource quantity") }
  }

  private mutating func accessModes(_ modes: [String], _ path: FieldPath) {
    let supported = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"]
    for mode in modes where !supported.contains(mode) { notSupported(path, mode, supported) }
    let known = modes.filter(supported.contains)
    if known.contains("ReadWriteOncePod"), known.contains(where: { $0 != "ReadWriteOncePod" }) {
      forbidden(path, "may not use ReadWriteOncePod with other access modes")
    }
  }

  mutating func persistentVolumeClaim(_ claim: JSON) {
    metadata(claim, isNamespaced: true, .subdomain)
    claimSpecification(claim["spec"] ?? .null, FieldPath("spec"))
  }

  /// A template for claims inside a pod.
  mutating func claimTemplate(_ template: JSON, _ path: FieldPath) {
    let metadata = template["metadata"] ?? .null
    annotations(metadata.entries(at: "annotations"), path["metadata"]["annotations"])
    labels(metadata.entries(at: "labels"), path["metadata"]["labels"])
    for member in metadata.object ?? [:] where !["annotations", "labels"].contains(member.key) {
      if member.value.meaningful.isNull || member.value == "" { continue }
      forbidden(path["metadata"][member.key], "cannot be set")
    }
    claimSpecification(template["spec"] ?? .null, path["spec"])
  }

  mutating func claimSpecification(_ spec: JSON, _ path: FieldPath, hasOldDataSource: Bool = false) {
    let modes = spec.texts(at: "accessModes")
    if modes.isEmpty { required(path["accessModes"], "at least 1 access mode is required") }
    labelSelector(spec["selector"], path["selector"])
    accessModes(modes, path["accessModes"])
    let storagePath = path["resources"].key("storage")
    let request = (spec["resources"] ?? .null).entries(at: "requests")["storage"]
    if let quantity = request.flatMap({ Quantity($0) }) {
      positiveQuantity(quantity, storagePath)
    } else if request == nil {
      required(storagePath)
    }
    let storageClass = spec.text(at: "storageClassName")
    if !storageClass.isEmpty { subdomain(storageClass, path["storageClassName"]) }
    optionalChoice(spec["volumeMode"], path["volumeMode"], ["Block", "Filesystem"])
    let source = spec.member(at: "dataSource")
    let reference = spec.member(at: "dataSourceRef")
    for (field, value) in [("dataSource", source), ("dataSourceRef", reference)] {
      if let value { dataSource(value, path[field], toleratesGroup: hasOldDataSource) }
    }
    if source != nil, let reference {
      // The value of these is the path itself, which has no fields to show.
      if !reference.text(at: "namespace").isEmpty {
        invalid(path, shown: "{}", "may not be specified when dataSourceRef.namespace is specified")
      } else if ["apiGroup", "kind", "name"].contains(where: {
        source?.text(at: $0) != reference.text(at: $0)
      }) {
        invalid(path, shown: "{}", "must match dataSourceRef")
      }
    }
    let attributes = spec.text(at: "volumeAttributesClassName")
    if !attributes.isEmpty { subdomain(attributes, path["volumeAttributesClassName"]) }
  }

  private mutating func dataSource(_ source: JSON, _ path: FieldPath, toleratesGroup: Bool) {
    requiredText(source.text(at: "name"), path["name"])
    let kind = source.text(at: "kind")
    requiredText(kind, path["kind"])
    let group = source.text(at: "apiGroup")
    if group.isEmpty, kind != "PersistentVolumeClaim" {
      invalid(path, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup")
    }
    if !group.isEmpty, !toleratesGroup { subdomain(group, path["apiGroup"]) }
    let namespace = source.text(at: "namespace")
    if !namespace.isEmpty { label(namespace, path["namespace"]) }
  }

  mutating func persistentVolumeClaimUpdate(_ new: JSON, _ old: JSON) {
    metadataUpdate(new, old)
    metadata(new, isNamespaced: true, .subdomain)
    var spec = new["spec"] ?? .null
    var oldSpec = old["spec"] ?? .null
    let hadGroup = ["dataSource", "dataSourceRef"].contains { oldSpec[$0, "apiGroup"] != nil }
    claimSpecification(spec, FieldPath("spec"), hasOldDataSource: hadGroup)
    let newSize = spec["resources", "requests", "storage"].flatMap { Quantity($0) }
    let oldSize = oldSpec["resources", "requests", "storage"].flatMap { Quantity($0) }
    let newAttributes = spec["volumeAttributesClassName"]
    if oldSpec.text(at: "volumeName").isEmpty { oldSpec["volumeName"] = spec["volumeName"] }
    storageClassUpdate(new, old, &spec, oldSpec)
    if (new["status"] ?? .null).text(at: "phase") == "Bound" {
      if spec["resources", "requests"] != nil {
        spec["resources", "requests", "storage"] = oldSpec["resources", "requests", "storage"]
      }
      spec["volumeAttributesClassName"] = oldSpec["volumeAttributesClassName"]
    }
    let newForm = GoForm.value(spec, as: "PersistentVolumeClaimSpec")
    let oldForm = GoForm.value(oldSpec, as: "PersistentVolumeClaimSpec")
    if newForm.comparable != oldForm.comparable {
      forbidden(
        FieldPath("spec"),
        "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n"
          + LineDifference(old: oldForm.lines, new: newForm.lines).unified())
    }
    if let newSize, let oldSize, newSize < oldSize {
      let capacity = old["status", "capacity", "storage"].flatMap { Quantity($0) }
      if capacity.map({ newSize <= $0 }) ?? (newSize.isZero || newSize.isNegative) {
        forbidden(
          FieldPath("spec", "resources", "requests", "storage"), "field can not be less than status.capacity")
      }
    }
    immutable(new["spec", "volumeMode"], oldSpec["volumeMode"], FieldPath("volumeMode"))
    if old["status", "currentVolumeAttributesClassName"] != nil,
      newAttributes != oldSpec["volumeAttributesClassName"]
    {
      let path = FieldPath("spec", "volumeAttributesClassName")
      let detail = "is forbidden when status.currentVolumeAttributesClassName is not nil"
      if newAttributes?.string == nil {
        forbidden(path, "update to nil " + detail)
      } else if newAttributes == "" {
        forbidden(path, "update to empty string " + detail)
      }
    }
  }

  /// A class may be moved from the annotation to the field, and may be given where none was.
  private mutating func storageClassUpdate(_ new: JSON, _ old: JSON, _ spec: inout JSON, _ oldSpec: JSON) {
    let key = "volume.beta.kubernetes.io/storage-class"
    let newAnnotation = (new["metadata"] ?? .null).entries(at: "annotations")[key]?.string
    let oldAnnotation = (old["metadata"] ?? .null).entries(at: "annotations")[key]?.string
    let name = spec.optionalText(at: "storageClassName")
    let hadNone = oldSpec.optionalText(at: "storageClassName") == nil
    if let oldAnnotation, hadNone, name == oldAnnotation,
      newAnnotation == nil || newAnnotation == oldAnnotation
    {
      spec["storageClassName"] = nil
      return
    }
    if newAnnotation ?? "" != oldAnnotation ?? "" {
      invalid(FieldPath("metadata", "annotations", key), newAnnotation ?? "", fieldIsImmutable)
    }
    if hadNone, name != nil, oldAnnotation == nil || oldAnnotation == name { spec["storageClassName"] = nil }
  }

  mutating func persistentVolumeClaimStatusUpdate(_ new: JSON, _ old: JSON) {
    metadataUpdate(new, old)
    if (new["spec"] ?? .null).list(at: "accessModes").isEmpty { required(FieldPath("Spec", "accessModes")) }
    let status = new["status"] ?? .null
    for field in ["capacity", "allocatedResources"] {
      for entry in status.entries(at: field) {
        guard let quantity = Quantity(entry.value) else { continue }
        basicQuantity(quantity, FieldPath("status", field).key(entry.key))
      }
    }
  }
}

private let persistentVolumeKinds = [
  "hostPath", "gcePersistentDisk", "awsElasticBlockStore", "glusterfs", "flocker", "nfs", "rbd", "quobyte",
  "cephfs",
  "iscsi", "cinder", "fc", "flexVolume", "azureFile", "vsphereVolume", "photonPersistentDisk",
  "portworxVolume",
  "azureDisk", "scaleIO", "local", "storageos", "csi",
]

private let stableLabels = [
  "failure-domain.beta.kubernetes.io/zone": "topology.kubernetes.io/zone",
  "failure-domain.beta.kubernetes.io/region": "topology.kubernetes.io/region",
  "beta.kubernetes.io/os": "kubernetes.io/os", "beta.kubernetes.io/arch": "kubernetes.io/arch",
  "beta.kubernetes.io/instance-type": "node.kubernetes.io/instance-type",
]
