import Access
import Exchange
import Objects
import Registry
import Storage

/// Requests for objects.
extension APIServer {
  func handle(
    _ request: APIRequest, _ info: RequestInfo, _ resource: Resource, _ user: UserInfo
  ) async throws(StatusError) -> APIResponse {
    let verbs =
      info.subresource.isEmpty ? resource.verbs : resource[subresource: info.subresource]?.verbs ?? []
    guard verbs.contains(info.verb) || info.subresource.isEmpty && info.verb == "get" && verbs.contains("get")
    else {
      throw .methodNotAllowed
    }
    let target = Target(
      resource, subresource: info.subresource, namespace: resource.isNamespaced ? info.namespace : "",
      name: info.name)
    let options = RequestOptions(request)
    if ["log", "exec", "attach", "portforward", "proxy"].contains(info.subresource) {
      return try await registry.connect(target, request, try options.write(user, verb: info.verb))
    }
    // What cannot be answered in a form that the client takes is not done.
    if info.isMutating {
      _ = try Representation(accept: request.header("accept"), shapes: [.table, .partial])
    }
    switch info.verb {
    case "get": return try await read(request, target, options)
    case "list": return try await list(request, resource, info, options)
    case "watch": return try await watch(request, resource, info, options, user)
    case "create":
      let context = try options.write(user, verb: "create")
      return write(
        request, target, try await registry.create(target, try options.body(environment.yaml), context))
    case "update":
      let context = try options.write(user, verb: "update")
      return write(
        request, target, try await registry.update(target, try options.body(environment.yaml), context))
    case "patch":
      let (kind, body) = try options.patch(environment.yaml)
      let context = try options.write(user, verb: "patch", patch: kind)
      return write(request, target, try await registry.patch(target, kind, body, context))
    case "delete", "deletecollection": return try await delete(request, target, info, options, user)
    default: throw .methodNotAllowed
    }
  }

  // MARK: Reading

  private func read(
    _ request: APIRequest, _ target: Target, _ options: RequestOptions
  ) async throws(StatusError) -> APIResponse {
    let wanted = try Representation(accept: request.header("accept"), shapes: [.table, .partial])
    if let version = request.parameter("resourceVersion"), !version.isEmpty {
      try await reach(version, target)
    }
    return response(
      wanted, try await registry.get(target), target, status: 200, include: try options.includeObject)
  }

  /// A version that the store has not reached is an error, as it is for lists.
  private func reach(_ version: String, _ target: Target) async throws(StatusError) {
    guard version != "0" else { return }
    _ = try await registry.list(
      target.resource,
      ListQuery(
        namespace: target.namespace, limit: 1, resourceVersion: version, resourceVersionMatch: "NotOlderThan")
    )
  }

  private func response(
    _ wanted: Representation, _ result: WriteResult, _ target: Target, status: Int,
    include: IncludeObject = .metadata
  ) -> APIResponse {
    let headers = WarningHeaders.headers(result.warnings)
    let bytes: [UInt8]
    switch wanted.shape {
    case .object:
      bytes = wanted.isYAML ? wanted.bytes(result.object, environment.yaml) : result.bytes + [0x0a]
    case .table:
      let table = Tables.printer(group: target.resource.group, kind: target.resource.kind).table(
        of: result.object, include: include, now: environment.now())
      bytes = wanted.bytes(table, environment.yaml)
    case .partial: bytes = wanted.bytes(PartialObjectMetadata.object(result.object), environment.yaml)
    }
    return APIResponse(status: status, contentType: wanted.contentType, bytes: bytes, headers: headers)
  }

  private func list(
    _ request: APIRequest, _ resource: Resource, _ info: RequestInfo, _ options: RequestOptions
  ) async throws(StatusError) -> APIResponse {
    let wanted = try Representation(accept: request.header("accept"), shapes: [.table, .partial])
    let include = try options.includeObject
    var reader = try await registry.read(resource, try options.list(resource, namespace: info.namespace))
    let writer = ListWriter(resource, wanted, include: include, now: environment.now())
    if let writer, !reader.isAtEnd, !reader.hasLimit {
      return APIResponse(
        status: 200, headers: [(name: "content-type", value: wanted.contentType)],
        body: .stream(ListStream(reader, writer)))
    }
    let list = try await reader.all()
    let bytes: [UInt8]
    if let writer {
      bytes = await writer.bytes(list)
    } else {
      let value =
        switch wanted.shape {
        case .object: ListBody.json(list, resource)
        case .table: ListBody.table(list, resource, include: include, now: environment.now())
        case .partial: ListBody.partial(list)
        }
      bytes = wanted.bytes(value, environment.yaml)
    }
    return APIResponse(status: 200, contentType: wanted.contentType, bytes: bytes)
  }

  private func watch(
    _ request: APIRequest, _ resource: Resource, _ info: RequestInfo, _ options: RequestOptions,
    _ user: UserInfo
  ) async throws(StatusError) -> APIResponse {
    let wanted = try Representation(accept: request.header("accept"), shapes: [.table, .partial])
    let query = try options.watch(resource, namespace: info.namespace, name: info.name)
    let include = try options.includeObject
    try watches.enter(user.name)
    let watch: ObjectWatch
    do throws(StatusError) {
      watch = try await registry.watch(resource, query)
    } catch {
      watches.leave(user.name)
      throw error
    }
    let frames = WatchFrames(
      resource: resource, representation: wanted, include: include, now: environment.now)
    let (budget, metrics) = (watches, metrics)
    let body = WatchBody(watch, frames: frames) {
      metrics.sent(events: $0)
    } onEnd: {
      budget.leave(user.name)
    }
    return APIResponse(
      status: 200,
      headers: [
        (name: "content-type", value: "application/json"),
        (name: "cache-control", value: "no-cache, private"),
      ],
      body: .stream(body))
  }

  // MARK: Writing

  private func write(_ request: APIRequest, _ target: Target, _ result: WriteResult) -> APIResponse {
    let wanted = try? Representation(accept: request.header("accept"), shapes: [.table, .partial])
    return response(wanted ?? .json, result, target, status: result.created ? 201 : 200)
  }

  private func delete(
    _ request: APIRequest, _ target: Target, _ info: RequestInfo, _ options: RequestOptions, _ user: UserInfo
  ) async throws(StatusError) -> APIResponse {
    var body: JSON?
    if !request.body.isEmpty {
      switch try options.body(environment.yaml) {
      case .text(let bytes):
        do {
          body = try JSON.parse(bytes)
        } catch {
          throw .badRequest("the object provided is unrecognized (must be of type DeleteOptions): \(error)")
        }
      case .value(let value): body = value
      }
    }
    let context = try options.write(user, verb: "delete")
    let deletion = try options.delete(body: body)
    if info.verb == "deletecollection" {
      let list = try await registry.deleteCollection(
        target.resource, try options.list(target.resource, namespace: info.namespace), options: deletion,
        context)
      return ServerDocuments.json(list)
    }
    let result = try await registry.delete(target, options: deletion, context)
    return APIResponse(
      status: result.code, contentType: "application/json", bytes: result.object.serialized() + [0x0a],
      headers: WarningHeaders.headers(result.warnings))
  }

  // MARK: Reviews

  func review(
    _ request: APIRequest, _ info: RequestInfo, _ resource: Resource, _ user: UserInfo
  ) async throws(StatusError) -> APIResponse {
    guard info.verb == "create", info.name.isEmpty else { throw .methodNotAllowed }
    let options = RequestOptions(request)
    let context = try options.write(user, verb: "create")
    guard
      let shape = Schema.builtIn.shape(
        forGroup: resource.group, version: resource.version, kind: resource.kind)
    else { throw .noSuchPath }
    var object: JSON
    do throws(DecodeError) {
      switch try options.reviewBody(environment.yaml) {
      case .text(let bytes): object = try ObjectDecoder().decode(bytes, as: shape).value
      case .value(let value): object = try ObjectDecoder().decode(value, as: shape).value
      }
    } catch {
      throw .badRequest(
        "\(resource.kind) in version \"\(resource.version)\" cannot be handled as a \(resource.kind): \(error)"
      )
    }
    object["kind"] = .string(resource.kind)
    object["apiVersion"] = .string(resource.apiVersion)
    if object["metadata"] == nil { object["metadata"] = [:] }
    let answer = try await reviews.answer(
      resource.resource, object, namespace: info.namespace, user: user, now: environment.now())
    var written = answer
    if !["SelfSubjectReview", "SelfSubjectRulesReview"].contains(resource.kind) {
      // Who asked for what is noted as for any object.
      var asked = answer
      asked["status"] = nil
      asked = FieldManager(
        schema: .builtIn, shape: shape, apiVersion: resource.apiVersion, kind: resource.kind
      ).recordUpdate(
        live: nil, new: asked,
        manager: FieldManager.name(parameter: context.fieldManager, userAgent: context.userAgent),
        time: environment.now())
      written["metadata", "managedFields"] = asked["metadata", "managedFields"]
    }
    let wanted = try Representation(accept: request.header("accept"))
    return APIResponse(
      status: 201, contentType: wanted.contentType, bytes: wanted.bytes(written, environment.yaml))
  }
}

extension RequestOptions {
  /// The body of a review; what is wrong with its media type is found when it is decoded.
  fileprivate func reviewBody(_ yaml: (any YAMLCoding)?) throws(DecodeError) -> RequestBody {
    do throws(StatusError) {
      return try body(yaml)
    } catch {
      throw DecodeError(error.message)
    }
  }
}
