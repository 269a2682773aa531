// The rules for environment variables, and for references to fields of the pod, which volumes have too.
extension Checker {
  mutating func environment(_ variables: [JSON], _ path: FieldPath) {
    for (index, variable) in variables.enumerated() {
      let path = path[index]
      requiredName(variable.text(at: "name"), path["name"], ValueFormats.environmentVariableName)
      guard let source = variable.member(at: "valueFrom") else { continue }
      environmentSource(source, path["valueFrom"], hasValue: !variable.text(at: "value").isEmpty)
    }
  }

  private mutating func environmentSource(_ source: JSON, _ path: FieldPath, hasValue: Bool) {
    var count = 0
    if let reference = source.member(at: "fieldRef") {
      count += 1
      fieldReference(reference, path["fieldRef"], fieldsOfEnvironment)
    }
    if let reference = source.member(at: "resourceFieldRef") {
      count += 1
      resourceReference(reference, path["resourceFieldRef"], needsContainer: false)
    }
    for field in ["configMapKeyRef", "secretKeyRef"] {
      guard let reference = source.member(at: field) else { continue }
      count += 1
      subdomain(reference.text(at: "name"), path[field]["name"])
      requiredName(reference.text(at: "key"), path[field]["key"], ValueFormats.configKey)
    }
    if let reference = source.member(at: "fileKeyRef") {
      count += 1
      let path = path["fileKeyRef"]
      requiredName(reference.text(at: "key"), path["key"], ValueFormats.environmentVariableName)
      requiredName(reference.text(at: "volumeName"), path["volumeName"], NameFormats.dns1123Label)
      let file = reference.text(at: "path")
      if file.isEmpty { required(path["path"]) } else { noBacksteps(file, path["path"]) }
    }
    if count == 0 {
      invalid(
        path, "",
        "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
      )
    } else if hasValue {
      invalid(path, "", "may not be specified when `value` is not empty")
    } else if count > 1 {
      invalid(path, "", "may not have more than one field specified at a time")
    }
  }

  mutating func environmentSources(_ sources: [JSON], _ path: FieldPath) {
    for (index, source) in sources.enumerated() {
      let prefix = source.text(at: "prefix")
      if !prefix.isEmpty {
        invalid(path[index]["prefix"], prefix, ValueFormats.environmentVariableName(prefix))
      }
      var count = 0
      for field in ["configMapRef", "secretRef"] {
        guard let reference = source.member(at: field) else { continue }
        count += 1
        requiredName(reference.text(at: "name"), path[index][field]["name"]) {
          NameRule.subdomain.problems($0, isPrefix: true)
        }
      }
      if count == 0 {
        invalid(path, "", "must specify one of: `configMapRef` or `secretRef`")
      } else if count > 1 {
        invalid(path, "", "may not have more than one field specified at a time")
      }
    }
  }

  /// A reference to a field of the pod itself.
  mutating func fieldReference(_ reference: JSON, _ path: FieldPath, _ supported: [String]) {
    let version = reference.text(at: "apiVersion")
    let field = reference.text(at: "fieldPath")
    if version.isEmpty { return required(path["apiVersion"]) }
    if field.isEmpty { return required(path["fieldPath"]) }
    guard version == "v1" else {
      return invalid(
        path["fieldPath"], field, "error converting fieldPath: unsupported pod version: \(version)")
    }
    if let bracket = field.firstIndex(of: "["), field.hasSuffix("']"),
      field[field.index(after: bracket)...].hasPrefix("'")
    {
      let name = String(field[..<bracket])
      let subscripted = String(field[field.index(bracket, offsetBy: 2)...].dropLast(2))
      switch name {
      case "metadata.annotations": qualifiedName(subscripted.lowercased(), path)
      case "metadata.labels": qualifiedName(subscripted, path)
      default:
        invalid(
          path["fieldPath"], field, "error converting fieldPath: field label does not support subscript")
      }
      return
    }
    guard convertibleFields.contains(field) else {
      return invalid(
        path["fieldPath"], field, "error converting fieldPath: field label not supported: \(field)")
    }
    let internalField = field == "spec.host" ? "spec.nodeName" : field
    if !supported.contains(internalField) { notSupported(path["fieldPath"], internalField, supported) }
  }

  /// A reference to a request or limit of a container.
  mutating func resourceReference(_ reference: JSON, _ path: FieldPath, needsContainer: Bool) {
    let resource = reference.text(at: "resource")
    let isHugePages = resource.hasPrefix("limits.hugepages-") || resource.hasPrefix("requests.hugepages-")
    if needsContainer, reference.text(at: "containerName").isEmpty {
      required(path["containerName"])
    } else if resource.isEmpty {
      required(path["resource"])
    } else if !resourceFields.contains(resource), !isHugePages {
      notSupported(path["resource"], resource, resourceFields)
    }
    guard let divisor = reference.member(at: "divisor").flatMap({ Quantity($0) }), !divisor.isZero else {
      return
    }
    let units = "1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei"
    let isUnit = units.split(separator: ",").contains { $0.drop { $0 == " " } == divisor.canonical }
    let name: String
    switch resource {
    case "limits.cpu", "requests.cpu":
      if !["1m", "1"].contains(divisor.canonical) {
        invalid(
          path["divisor"], resource, "only divisor's values 1m and 1 are supported with the cpu resource")
      }
      return
    case "limits.memory", "requests.memory": name = "memory"
    case "limits.ephemeral-storage", "requests.ephemeral-storage": name = "local ephemeral storage"
    default:
      guard isHugePages else { return }
      name = "hugepages"
    }
    if !isUnit {
      invalid(
        path["divisor"], resource, "only divisor's values \(units) are supported with the \(name) resource")
    }
  }

  /// The volumes that variables take files from must be there, and empty directories.
  mutating func fileKeyVolumes(_ spec: JSON, _ path: FieldPath) {
    var volumes: [String: JSON] = [:]
    for volume in spec.list(at: "volumes") { volumes[volume.text(at: "name")] = volume }
    for (container, path) in Self.allContainers(spec, path) {
      for (index, variable) in container.list(at: "env").enumerated() {
        guard let reference = (variable["valueFrom"] ?? .null).member(at: "fileKeyRef") else { continue }
        let name = reference.text(at: "volumeName")
        let path = path["env"][index]["valueFrom"]["fileKeyRef"]["volumeName"]
        if let volume = volumes[name] {
          if volume.member(at: "emptyDir") == nil {
            invalid(path, name, "referenced volume must be of type emptyDir")
          }
        } else {
          notFound(path, name)
        }
      }
    }
  }
}

private let fieldsOfEnvironment = [
  "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName",
  "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs",
]

/// The fields of a pod that a reference may name at all; which of them depends on the place.
private let convertibleFields: Set<String> = [
  "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid",
  "spec.nodeName", "spec.restartPolicy", "spec.serviceAccountName", "spec.schedulerName", "spec.hostNetwork",
  "spec.host", "status.phase", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs",
  "status.nominatedNodeName",
]

private let resourceFields = [
  "limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage",
  "requests.memory",
]
