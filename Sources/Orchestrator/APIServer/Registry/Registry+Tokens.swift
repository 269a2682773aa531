import Exchange
import Objects
import Storage

extension Registry {
  private static let tokenSeconds: ClosedRange<Int64> = 600...(1 << 32)

  /// Makes a token for a service account: what creating a `TokenRequest` comes to. Nothing is stored.
  func issueToken(
    _ target: Target, _ body: RequestBody, _ context: WriteContext
  ) async throws(StatusError) -> WriteResult {
    guard let tokens else { throw .noSuchPath }
    let decoder = try BodyDecoder(
      group: "authentication.k8s.io", version: "v1", kind: "TokenRequest", context.fieldValidation)
    var (sent, warnings) = try decoder.object(body)
    try ObjectIdentity.enterNamespace(&sent, of: target)
    if sent.objectName.isEmpty { sent["metadata", "name"] = .string(target.name) }
    guard sent.objectName == target.name else {
      throw .badRequest(
        "the name of the object (\(sent.objectName)) does not match the name on the URL (\(target.name))")
    }
    let manager = FieldManager(
      schema: decoder.schema, shape: decoder.shape, apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest", subresource: "token")
    sent["status"] = nil
    let account = try await account(of: target)
    sent = manager.recordUpdate(live: nil, new: sent, manager: context.manager, time: environment.now())
    var request = AdmissionRequest(
      operation: .create, resource: target.resource, subresource: target.subresource,
      namespace: target.namespace, name: target.name, object: sent,
      options: context.options("CreateOptions"), user: context.user, dryRun: context.dryRun)
    if !admission.isEmpty { try await admit(&request) }
    var token = request.object ?? sent
    token["metadata", "uid"] = .string(account.uid)
    token["metadata", "creationTimestamp"] = .string(environment.now().text)
    try Self.check(token)
    if !admission.isEmpty {
      request.object = token
      try await validate(request)
    }
    let bound = try await boundObject(of: token, target)
    let answer = try await tokens.issue(serviceAccount: account, request: token, bound: bound)
    return WriteResult(object: answer, created: true, warnings: warnings)
  }

  private func account(of target: Target) async throws(StatusError) -> JSON {
    guard let account = try await stores[target.resource].get(target.objectName) else {
      throw .notFound(target.resource, name: target.name)
    }
    return account.json
  }

  private static func check(_ request: JSON) throws(StatusError) {
    let seconds = request["spec"]?["expirationSeconds"]?.integer ?? 3600
    let path = FieldPath("spec", "expirationSeconds")
    var error: FieldError?
    if seconds < tokenSeconds.lowerBound {
      error = .invalid(path, .integer(seconds), "may not specify a duration less than 10 minutes")
    } else if seconds > tokenSeconds.upperBound {
      error = .invalid(path, .integer(seconds), "may not specify a duration larger than 2^32 seconds")
    }
    if let error {
      throw .invalid([error], group: "authentication.k8s.io", kind: "TokenRequest", name: "")
    }
  }

  /// The object with which the token is to end.
  private func boundObject(of request: JSON, _ target: Target) async throws(StatusError) -> BoundObject? {
    guard let reference = request["spec"]?["boundObjectRef"], !reference.isNull else { return nil }
    let (kind, name) = (reference["kind"]?.string ?? "", reference["name"]?.string ?? "")
    let version = reference["apiVersion"]?.string ?? ""
    guard version == "v1", let plural = ["Pod": "pods", "Secret": "secrets", "Node": "nodes"][kind] else {
      throw .badRequest("cannot bind token to object of type \(version), Kind=\(kind)")
    }
    let resource = try Self.builtIn("", "v1", plural)
    let namespace = resource.isNamespaced ? target.namespace : ""
    guard let object = try await get(resource, namespace: namespace, name: name) else {
      throw .notFound(resource, name: name)
    }
    if let uid = reference["uid"]?.string, !uid.isEmpty, uid != object.uid {
      throw StatusError(
        code: 409, reason: "Conflict",
        message:
          "Operation cannot be fulfilled on \(kind) \"\(name)\": the UID in the bound object reference "
          + "(\(uid)) does not match the UID in record. The object might have been deleted and then recreated",
        details: ["name": .string(name), "kind": .string(kind)])
    }
    var bound = BoundObject(kind: kind, object: object)
    guard kind == "Pod" else { return bound }
    guard object["spec"]?["serviceAccountName"]?.string == target.name else {
      throw .badRequest(
        "cannot bind token for serviceaccount \"\(target.name)\" to pod running with different serviceaccount "
          + "name.")
    }
    if let node = object["spec"]?["nodeName"]?.string, !node.isEmpty {
      bound.node = try await get(try Self.builtIn("", "v1", "nodes"), namespace: "", name: node)
    }
    return bound
  }
}
