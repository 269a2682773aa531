import Objects

/// What containers are told about their own pod (`fieldRef`, `resourceFieldRef`), in variables and in files.
struct PodFields: Sendable {
  let pod: JSON
  let podAddresses: [String]
  let hostAddresses: [String]
  /// What the node can give: the limit of a container without one.
  let allocatable: JSON

  /// The value of a `fieldPath`; nil if there is no such field.
  func field(_ path: String) -> String? {
    if let (field, key) = Self.subscripted(path) {
      switch field {
      case "metadata.labels": return pod["metadata", "labels"]?[key]?.string ?? ""
      case "metadata.annotations": return pod["metadata", "annotations"]?[key]?.string ?? ""
      default: return nil
      }
    }
    switch path {
    case "metadata.name": return pod.podName
    case "metadata.namespace": return pod.podNamespace
    case "metadata.uid": return pod.podUID
    case "metadata.labels": return Self.lines(pod["metadata", "labels"])
    case "metadata.annotations": return Self.lines(pod["metadata", "annotations"])
    case "spec.nodeName": return pod["spec", "nodeName"]?.string ?? ""
    case "spec.serviceAccountName": return pod["spec", "serviceAccountName"]?.string ?? ""
    case "status.hostIP": return hostAddresses.first ?? ""
    case "status.hostIPs": return hostAddresses.joined(separator: ",")
    case "status.podIP": return podAddresses.first ?? ""
    case "status.podIPs": return podAddresses.joined(separator: ",")
    default: return nil
    }
  }

  /// `metadata.labels['key']`.
  private static func subscripted(_ path: String) -> (field: String, key: String)? {
    guard path.hasSuffix("']"), let open = path.firstIndex(of: "[") else { return nil }
    let rest = path[path.index(after: open)...].dropLast(2)
    guard rest.first == "'" else { return nil }
    return (String(path[..<open]), String(rest.dropFirst()))
  }

  /// A map as lines of `key="value"`, sorted, with quotes and control characters escaped.
  private static func lines(_ map: JSON?) -> String {
    (map?.object ?? [:]).map { "\($0.key)=\(quoted($0.value.string ?? ""))" }.joined(separator: "\n")
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case _ where scalar.value < 0x20 || scalar.value == 0x7f:
        let digits = String(scalar.value, radix: 16)
        result += "\\x" + (digits.count < 2 ? "0" : "") + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  /// The value of a `resourceFieldRef`, in units of its divisor and rounded up; nil if there is no such container or
  /// resource.
  func resource(_ reference: JSON, of container: String) -> String? {
    let name = reference["containerName"]?.string ?? ""
    guard let spec = pod.containerSpec(name.isEmpty ? container : name),
      let path = reference["resource"]?.string, let dot = path.firstIndex(of: ".")
    else { return nil }
    let list = String(path[..<dot])
    let resource = String(path[path.index(after: dot)...])
    guard list == "limits" || list == "requests" else { return nil }
    let isKnown =
      ["cpu", "memory", "ephemeral-storage"].contains(resource) || resource.hasPrefix("hugepages-")
    guard isKnown else { return nil }
    var quantity = spec.json["resources", list]?[resource].flatMap { Quantity($0) }
    if list == "limits", quantity?.isZero ?? true, let node = allocatable[resource] {
      quantity = Quantity(node)
    }
    let value = quantity ?? Quantity(Int64(0))
    var divisor = reference["divisor"].flatMap { Quantity($0) } ?? Quantity(Int64(1))
    if divisor.isZero { divisor = Quantity(Int64(1)) }
    return resource == "cpu"
      ? String(Self.ceiling(value.milliValue, divisor.milliValue))
      : String(Self.ceiling(value.value, divisor.value))
  }

  private static func ceiling(_ value: Int64, _ divisor: Int64) -> Int64 {
    guard divisor > 0 else { return value }
    let (quotient, rest) = value.quotientAndRemainder(dividingBy: divisor)
    return rest > 0 ? quotient + 1 : quotient
  }
}
