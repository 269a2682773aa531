// The rules for events.
extension Checker {
  /// Events of core/v1 and of events.k8s.io/v1, of which only the second has more than rules about namespaces.
  mutating func event(_ event: JSON, isNewVersion: Bool) {
    let reference = event[isNewVersion ? "regarding" : "involvedObject"] ?? .null
    legacyEvent(event, reference, isNewVersion: isNewVersion)
    guard isNewVersion else { return }
    metadata(event, isNamespaced: true, .subdomain)
    newEvent(event)
  }

  private mutating func legacyEvent(_ event: JSON, _ reference: JSON, isNewVersion: Bool) {
    let namespace = (event["metadata"] ?? .null).text(at: "namespace")
    let object = reference.text(at: "namespace")
    let path = FieldPath("involvedObject", "namespace")
    if !isNewVersion || event.member(at: "eventTime") == nil {
      if object.isEmpty {
        if !namespace.isEmpty, namespace != "default" {
          invalid(path, object, "does not match event.namespace")
        }
      } else if namespace != object {
        invalid(path, object, "does not match event.namespace")
      }
    } else {
      if object.isEmpty, namespace != "default", namespace != "kube-system" {
        invalid(path, object, "not allowed in namespace")
      }
      let controller = event.text(at: "reportingController")
      if controller.isEmpty { required(FieldPath("reportingController")) }
      if !controller.isEmpty { qualifiedName(controller, FieldPath("reportingController")) }
      for (field, maximum) in [("reportingInstance", 128), ("action", 128), ("reason", 128)] {
        let text = event.text(at: field)
        if text.isEmpty { required(FieldPath(field)) }
        if text.utf8.count > maximum {
          invalid(FieldPath(field), "", "can have at most \(maximum) characters")
        }
      }
      if event.text(at: "note").utf8.count > 1_024 {
        invalid(FieldPath("message"), "", "can have at most 1024 characters")
      }
    }
    invalid(FieldPath("namespace"), namespace, NameFormats.dns1123Subdomain(namespace))
  }

  private mutating func newEvent(_ event: JSON) {
    if event.member(at: "eventTime") == nil { required(FieldPath("eventTime")) }
    let type = event.text(at: "type")
    if type.isEmpty {
      required(FieldPath("type"))
    } else if !["Normal", "Warning"].contains(type) {
      invalid(FieldPath("type"), "", "has invalid value: \(type)")
    }
    for field in ["deprecatedFirstTimestamp", "deprecatedLastTimestamp"] where event.member(at: field) != nil
    {
      invalid(
        FieldPath(field == "deprecatedFirstTimestamp" ? "firstTimestamp" : "lastTimestamp"), "",
        "needs to be unset")
    }
    if event.integer(at: "deprecatedCount") != 0 { invalid(FieldPath("count"), "", "needs to be unset") }
    let source = event["deprecatedSource"] ?? .null
    if !source.text(at: "component").isEmpty || !source.text(at: "host").isEmpty {
      invalid(FieldPath("source"), "", "needs to be unset")
    }
  }

  mutating func eventUpdate(_ new: JSON, _ old: JSON, isNewVersion: Bool) {
    let reference = new[isNewVersion ? "regarding" : "involvedObject"] ?? .null
    legacyEvent(new, reference, isNewVersion: isNewVersion)
    guard isNewVersion else { return }
    let fields = [
      ("regarding", "involvedObject"), ("reason", "reason"), ("note", "message"),
      ("deprecatedSource", "source"),
      ("deprecatedFirstTimestamp", "firstTimestamp"), ("deprecatedLastTimestamp", "lastTimestamp"),
      ("deprecatedCount", "count"), ("type", "type"), ("eventTime", "eventTime"), ("action", "action"),
      ("related", "related"), ("reportingController", "reportingController"),
      ("reportingInstance", "reportingInstance"),
    ]
    for (field, shown) in fields { immutable(new[field], old[field], FieldPath(shown)) }
  }
}
