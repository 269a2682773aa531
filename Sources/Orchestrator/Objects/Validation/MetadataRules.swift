// The rules for `metadata`.
extension Checker {
  /// The metadata of a new object of a built-in kind.
  mutating func metadata(_ object: JSON, isNamespaced: Bool, _ names: NameRule) {
    commonMetadata(object, isNamespaced: isNamespaced, names)
    standardFinalizers(object)
  }

  /// The metadata of an updated object of a built-in kind.
  mutating func metadataUpdate(_ new: JSON, _ old: JSON) {
    commonMetadataUpdate(new, old)
    standardFinalizers(new)
  }

  /// What holds for the metadata of every new object.
  mutating func commonMetadata(_ object: JSON, isNamespaced: Bool, _ names: NameRule) {
    let metadata = object["metadata"] ?? .null
    let path = FieldPath("metadata")
    let generateName = metadata.text(at: "generateName")
    if !generateName.isEmpty, names != .ipAddress {
      invalid(path["generateName"], generateName, names.problems(generateName, isPrefix: true))
    }
    let name = metadata.text(at: "name")
    if name.isEmpty {
      required(path["name"], "name or generateName is required")
    } else {
      invalid(path["name"], name, names.problems(name))
    }
    let namespace = metadata.text(at: "namespace")
    if isNamespaced {
      requiredName(namespace, path["namespace"], NameFormats.dns1123Label)
    } else if !namespace.isEmpty {
      forbidden(path["namespace"], "not allowed on this type")
    }
    nonnegative(metadata.optionalInteger(at: "generation"), path["generation"])
    changeableMetadata(metadata, path, checksFinalizers: true)
  }

  /// What holds for the metadata of every update.
  mutating func commonMetadataUpdate(_ newObject: JSON, _ oldObject: JSON) {
    let new = newObject["metadata"] ?? .null
    let old = oldObject["metadata"] ?? .null
    let path = FieldPath("metadata")
    if old.member(at: "deletionTimestamp") != nil {
      let kept = Set(old.texts(at: "finalizers"))
      let added = Set(new.texts(at: "finalizers")).subtracting(kept).sorted()
      if !added.isEmpty {
        forbidden(
          path["finalizers"],
          "no new finalizers can be added if the object is being deleted, found new finalizers "
            + MessageText.stringSlice(added))
      }
    }
    if new.text(at: "resourceVersion").isEmpty {
      invalid(path["resourceVersion"], "", "must be specified for an update")
    }
    if new.integer(at: "generation") < old.integer(at: "generation") {
      invalid(path["generation"], new.integer(at: "generation"), "must not be decremented")
    }
    for field in ["name", "namespace", "uid"] where new.text(at: field) != old.text(at: field) {
      invalid(path[field], new.text(at: field), fieldIsImmutable)
    }
    for field in ["creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"] {
      immutable(new.member(at: field), old.member(at: field), path[field])
    }
    changeableMetadata(new, path, checksFinalizers: false)
  }

  private mutating func changeableMetadata(_ metadata: JSON, _ path: FieldPath, checksFinalizers: Bool) {
    labels(metadata.entries(at: "labels"), path["labels"])
    annotations(metadata.entries(at: "annotations"), path["annotations"])
    ownerReferences(metadata.list(at: "ownerReferences"), path["ownerReferences"])
    if checksFinalizers { finalizers(metadata.texts(at: "finalizers"), path["finalizers"]) }
    managedFields(metadata.list(at: "managedFields"), path["managedFields"])
  }

  mutating func labels(_ labels: JSONObject, _ path: FieldPath) {
    for label in labels {
      qualifiedName(label.key, path)
      let value = label.value.string ?? ""
      invalid(path, value, NameFormats.labelValue(value))
    }
  }

  mutating func annotations(_ annotations: JSONObject, _ path: FieldPath) {
    var size = 0
    for annotation in annotations {
      invalid(path, annotation.key, NameFormats.qualifiedName(annotation.key.lowercased()))
      size += annotation.key.utf8.count + (annotation.value.string ?? "").utf8.count
    }
    if size > annotationsSizeMaximum { tooLong(path, annotationsSizeMaximum) }
  }

  private mutating func ownerReferences(_ references: [JSON], _ path: FieldPath) {
    var controller: String?
    for reference in references {
      let apiVersion = reference.text(at: "apiVersion")
      let kind = reference.text(at: "kind")
      let version = apiVersion.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
      if version.isEmpty { invalid(path["apiVersion"], apiVersion, "version must not be empty") }
      for field in ["kind", "name", "uid"] where reference.text(at: field).isEmpty {
        invalid(path[field], "", "must not be empty")
      }
      if apiVersion == "v1", kind == "Event" {
        invalid(
          path, shown: GoForm.value(reference, as: "OwnerReference").compact,
          "/v1, Kind=Event is disallowed from being an owner")
      }
      guard reference.flag(at: "controller") else { continue }
      let name = kind + "/" + reference.text(at: "name")
      if let controller {
        invalid(
          path, shown: GoForm.list(.array(references), of: "OwnerReference").compact,
          "Only one reference can have Controller set to true. Found \"true\" in references for \(controller) and \(name)"
        )
      } else {
        controller = name
      }
    }
  }

  private mutating func finalizers(_ finalizers: [String], _ path: FieldPath) {
    for finalizer in finalizers { qualifiedName(finalizer, path) }
    if finalizers.contains("orphan"), finalizers.contains("foregroundDeletion") {
      invalid(
        path, .array(finalizers.map { .string($0) }),
        "finalizer orphan and foregroundDeletion cannot be both set")
    }
  }

  private mutating func standardFinalizers(_ object: JSON) {
    let path = FieldPath("metadata", "finalizers")
    for (index, finalizer) in (object["metadata"] ?? .null).texts(at: "finalizers").enumerated() {
      standardFinalizer(finalizer, path[index])
    }
  }

  /// A finalizer without a domain is one of Kubernetes' own.
  mutating func standardFinalizer(_ name: String, _ path: FieldPath) {
    guard !name.contains("/"), !["kubernetes", "orphan", "foregroundDeletion"].contains(name) else { return }
    invalid(path, name, "name is neither a standard finalizer name nor is it fully qualified")
  }

  private mutating func managedFields(_ entries: [JSON], _ path: FieldPath) {
    for (index, entry) in entries.enumerated() {
      let path = path[index]
      let operation = entry.text(at: "operation")
      if operation != "Apply", operation != "Update" {
        invalid(path["operation"], operation, "must be `Apply` or `Update`")
      }
      let type = entry.text(at: "fieldsType")
      if !type.isEmpty, type != "FieldsV1" { invalid(path["fieldsType"], type, "must be `FieldsV1`") }
      fieldManager(entry.text(at: "manager"), path["manager"])
      if entry.text(at: "subresource").utf8.count > 256 { tooLong(path["subresource"], 256) }
    }
  }

  /// The name of a manager of fields, in an object or in the options of a request.
  mutating func fieldManager(_ name: String, _ path: FieldPath) {
    if name.utf8.count > 128 { tooLong(path, 128) }
    var position = 0
    for scalar in name.unicodeScalars {
      let shown = MessageText.quoted(String(scalar))
      if shown.hasPrefix("\"\\"), scalar != "\"", scalar != "\\" {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        let code = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        invalid(path, name, "invalid character U+\(code) (at position \(position))")
      }
      position += scalar.utf8.count
    }
  }
}

private let annotationsSizeMaximum = 256 * 1024
