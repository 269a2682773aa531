import Exchange
import Objects

/// The question whether somebody may do something.
struct AccessReview {
  let kind: String
  let attributes: Attributes

  /// Reads and checks a review of one of the three kinds.
  init(_ resource: String, _ request: JSON, namespace: String, user: UserInfo) throws(StatusError) {
    let isSelf = resource == "selfsubjectaccessreviews"
    let isLocal = resource == "localsubjectaccessreviews"
    kind = isSelf ? "SelfSubjectAccessReview" : isLocal ? "LocalSubjectAccessReview" : "SubjectAccessReview"
    let spec = request["spec"] ?? [:]
    let errors = Self.errors(request, spec, isSelf: isSelf, isLocal: isLocal)
    guard errors.isEmpty else {
      throw .invalid(
        errors, group: "authorization.k8s.io", kind: kind, name: request.text("metadata", "name"))
    }
    if isLocal, spec.text("resourceAttributes", "namespace") != namespace {
      throw .badRequest("spec.resourceAttributes.namespace must match namespace: " + namespace)
    }
    let subject = isSelf ? user : Self.user(spec)
    if let asked = spec["resourceAttributes"], !asked.isNull {
      attributes = Attributes(
        user: subject, verb: asked.text("verb"), group: asked.text("group"), version: asked.text("version"),
        resource: asked.text("resource"), subresource: asked.text("subresource"),
        namespace: asked.text("namespace"), name: asked.text("name"))
    } else {
      let asked = spec["nonResourceAttributes"] ?? .null
      attributes = Attributes(user: subject, verb: asked.text("verb"), path: asked.text("path"))
    }
  }

  private static func user(_ spec: JSON) -> UserInfo {
    var extra: [String: [String]] = [:]
    for member in spec["extra"]?.object ?? JSONObject() {
      extra[member.key] = member.value.array?.compactMap(\.string) ?? []
    }
    return UserInfo(
      name: spec.text("user"), uid: spec.text("uid"), groups: spec.strings("groups"), extra: extra)
  }

  private static func errors(_ request: JSON, _ spec: JSON, isSelf: Bool, isLocal: Bool) -> [FieldError] {
    var errors: [FieldError] = []
    let path = FieldPath("spec")
    func member(_ name: String) -> JSON? { spec[name].flatMap { $0.isNull ? nil : $0 } }
    let (resource, other) = (member("resourceAttributes"), member("nonResourceAttributes"))
    if resource != nil, let other {
      errors.append(
        .invalid(
          path["nonResourceAttributes"], other, "cannot be specified in combination with resourceAttributes"))
    }
    if resource == nil, other == nil {
      errors.append(
        .invalid(
          path["resourceAttributes"], .null,
          "exactly one of nonResourceAttributes or resourceAttributes must be specified"))
    }
    if !isSelf, spec.text("user").isEmpty, spec.strings("groups").isEmpty {
      errors.append(.invalid(path["user"], .string(""), "at least one of user or group must be specified"))
    }
    var metadata = request["metadata"]?.object ?? JSONObject()
    metadata.removeValue(forKey: "managedFields")
    let namespace = metadata["namespace"]?.string ?? ""
    if isLocal { metadata.removeValue(forKey: "namespace") }
    if metadata.contains(where: { !$0.value.isNull }) {
      errors.append(.invalid(FieldPath("metadata"), .object(metadata), "must be empty"))
    }
    guard isLocal else { return errors }
    if let resource, resource.text("namespace") != namespace {
      errors.append(
        .invalid(
          path["resourceAttributes"]["namespace"], .string(resource.text("namespace")),
          "must match metadata.namespace"))
    }
    if let other {
      errors.append(.invalid(path["nonResourceAttributes"], other, "disallowed on this kind of request"))
    }
    return errors
  }
}
