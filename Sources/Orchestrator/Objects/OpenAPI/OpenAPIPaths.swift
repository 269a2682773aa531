/// The paths of a resource: the collection, its objects, and their subresources.
struct OpenAPIPaths {
  let resource: Resource
  let kinds: OpenAPIKinds
  let schema: Schema

  private var kind: OpenAPIKinds.GroupVersionKind { OpenAPIKinds.kind(of: resource) }

  /// Such as `/apis/apps/v1`.
  private var root: String {
    resource.group.isEmpty
      ? "/api/\(resource.version)" : "/apis/\(resource.group)/\(resource.version)"
  }

  private var collection: String {
    "\(root)\(resource.isNamespaced ? "/namespaces/{namespace}" : "")/\(resource.resource)"
  }

  /// The path items by their paths.
  var items: [(String, JSON)] {
    var items: [(String, JSON)] = []
    add(collectionOperations, at: collection, isObject: false, to: &items)
    if resource.isNamespaced && resource.verbs.contains("list") {
      let list = list(suffix: "ForAllNamespaces", isNamespaced: false)
      items.append(
        (
          "\(root)/\(resource.resource)",
          ["get": list.json, "parameters": [OpenAPIParameters.pretty]]
        ))
    }
    add(objectOperations, at: collection + "/{name}", isObject: true, to: &items)
    for subresource in resource.subresources {
      let path = "\(collection)/{name}/\(subresource.name)"
      add(operations(of: subresource), at: path, isObject: true, to: &items)
      if subresource.name == "proxy" {
        add(
          operations(of: subresource, suffix: "WithPath"), at: path + "/{path}", isObject: true,
          more: [OpenAPIParameters.path("path", "The rest of the path, passed on.")], to: &items)
      }
    }
    return items
  }

  private func add(
    _ operations: [String: OpenAPIOperation], at path: String, isObject: Bool, more: [JSON] = [],
    to items: inout [(String, JSON)]
  ) {
    guard !operations.isEmpty else { return }
    var item = JSON.object(JSONObject(operations.map { ($0.key, $0.value.json) }))
    var parameters: [JSON] = isObject ? [OpenAPIParameters.name(of: resource.kind)] : []
    if resource.isNamespaced { parameters.append(OpenAPIParameters.namespace) }
    item["parameters"] = .array(parameters + more + [OpenAPIParameters.pretty])
    items.append((path, item))
  }

  private func list(suffix: String = "", isNamespaced: Bool) -> OpenAPIOperation {
    let listKind = OpenAPIKinds.GroupVersionKind(
      group: resource.group, version: resource.version, kind: resource.kind + "List")
    return operation(
      .list, "Lists objects of kind \(resource.kind), or watches them.", suffix: suffix,
      isNamespaced: isNamespaced, parameters: OpenAPIParameters.list, answer: kinds.reference(to: listKind),
      answerTypes: OpenAPIOperation.listTypes)
  }

  /// By HTTP method.
  private var collectionOperations: [String: OpenAPIOperation] {
    var operations: [String: OpenAPIOperation] = [:]
    let object = kinds.reference(to: kind)
    for verb in resource.verbs {
      switch verb {
      case "list":
        operations["get"] = list(isNamespaced: resource.isNamespaced)
      case "create":
        operations["post"] = operation(
          .post, "Creates a \(resource.kind).", isNamespaced: resource.isNamespaced,
          parameters: OpenAPIParameters.write, body: object, answer: object, successes: [200, 201, 202])
      case "deletecollection":
        var delete = operation(
          .deletecollection, "Deletes all objects of kind \(resource.kind) that match.", infix: "Collection",
          isNamespaced: resource.isNamespaced,
          // A list of those to be deleted; there is nothing to watch.
          parameters: OpenAPIParameters.delete
            + OpenAPIParameters.list.filter {
              !["allowWatchBookmarks", "watch"].contains($0["name"]?.string)
            },
          body: Self.meta("DeleteOptions"), answer: Self.meta("Status"))
        delete.isBodyRequired = false
        operations["delete"] = delete
      default: break
      }
    }
    return operations
  }

  private var objectOperations: [String: OpenAPIOperation] {
    var operations = standardOperations(
      verbs: resource.verbs.filter { ["get", "update", "patch"].contains($0) }, kind: kind,
      what: "the \(resource.kind)")
    if resource.verbs.contains("delete") {
      var delete = operation(
        .delete, "Deletes the \(resource.kind).", isNamespaced: resource.isNamespaced,
        parameters: OpenAPIParameters.delete, body: Self.meta("DeleteOptions"), answer: Self.meta("Status"),
        successes: [200, 202])
      delete.isBodyRequired = false
      operations["delete"] = delete
    }
    return operations
  }

  private func operations(
    of subresource: Resource.Subresource, suffix: String = ""
  ) -> [String: OpenAPIOperation] {
    let kind = OpenAPIKinds.kind(of: subresource)
    let name = OpenAPIOperation.capitalized(subresource.name) + suffix
    if subresource.name == "log" { return log(kind: kind, suffix: name) }
    guard !kind.kind.hasSuffix("Options") else {
      return connections(verbs: subresource.verbs, kind: kind, suffix: name)
    }
    return standardOperations(
      verbs: subresource.verbs, kind: kind, what: "\(subresource.name) of the \(resource.kind)", suffix: name)
  }

  /// Reading and changing an object or a part of it.
  private func standardOperations(
    verbs: [String], kind: OpenAPIKinds.GroupVersionKind, what: String, suffix: String = ""
  ) -> [String: OpenAPIOperation] {
    var operations: [String: OpenAPIOperation] = [:]
    let object = kinds.reference(to: kind)
    let isNamespaced = resource.isNamespaced
    for verb in verbs {
      switch verb {
      case "get":
        operations["get"] = operation(
          .get, "Reads \(what).", kind: kind, suffix: suffix, isNamespaced: isNamespaced, answer: object)
      case "create":
        operations["post"] = operation(
          .post, "Creates \(what).", kind: kind, suffix: suffix, isNamespaced: isNamespaced,
          parameters: OpenAPIParameters.write, body: object, answer: object, successes: [200, 201, 202])
      case "update":
        operations["put"] = operation(
          .put, "Replaces \(what).", kind: kind, suffix: suffix, isNamespaced: isNamespaced,
          parameters: OpenAPIParameters.write, body: object, answer: object, successes: [200, 201])
      case "patch":
        operations["patch"] = operation(
          .patch, "Changes \(what) in part.", kind: kind, suffix: suffix, isNamespaced: isNamespaced,
          parameters: OpenAPIParameters.patch,
          body: OpenAPIKinds.reference(toComponent: OpenAPIComponents.patch),
          bodyTypes: OpenAPIOperation.patchTypes, answer: object, successes: [200, 201])
      default: break
      }
    }
    return operations
  }

  /// Calls that are passed on, whose options are parameters.
  private func connections(
    verbs: [String], kind: OpenAPIKinds.GroupVersionKind, suffix: String
  ) -> [String: OpenAPIOperation] {
    let methods = ["get": "get", "create": "post", "update": "put", "patch": "patch", "delete": "delete"]
    var operations: [String: OpenAPIOperation] = [:]
    for verb in verbs {
      guard let method = methods[verb] else { continue }
      operations[method] = operation(
        .connect, "Connects to \(suffix.lowercased()) of the \(resource.kind).", kind: kind,
        infix: OpenAPIOperation.capitalized(method), suffix: suffix, isNamespaced: resource.isNamespaced,
        parameters: options(kind.kind), answer: ["type": "string"], answerTypes: ["*/*"])
    }
    return operations
  }

  private func log(kind: OpenAPIKinds.GroupVersionKind, suffix: String) -> [String: OpenAPIOperation] {
    [
      "get": operation(
        .get, "Reads what a container of the pod has written.", kind: kind, suffix: suffix,
        isNamespaced: resource.isNamespaced, parameters: options("PodLogOptions"), answer: ["type": "string"],
        answerTypes: ["text/plain"] + OpenAPIOperation.objectTypes)
    ]
  }

  private func options(_ kind: String) -> [JSON] {
    guard case .structure(let number)? = schema.shape(of: "core/v1.\(kind)") else { return [] }
    return OpenAPIParameters.options(schema.structures[number])
  }

  private func operation(
    _ action: OpenAPIOperation.Action, _ description: String,
    kind: OpenAPIKinds.GroupVersionKind? = nil, infix: String = "", suffix: String = "",
    isNamespaced: Bool, parameters: [JSON] = [], body: JSON? = nil, bodyTypes: [String] = ["*/*"],
    answer: JSON, answerTypes: [String] = OpenAPIOperation.objectTypes, successes: [Int] = [200]
  ) -> OpenAPIOperation {
    let group = OpenAPIOperation.groupName(resource.group)
    let version = OpenAPIOperation.capitalized(resource.version)
    let scope = isNamespaced ? "Namespaced" : ""
    let tagGroup = (group.first?.lowercased() ?? "") + group.dropFirst()
    var operation = OpenAPIOperation(
      action: action, kind: kind ?? self.kind,
      identifier: "\(action.verb)\(group)\(version)\(infix)\(scope)\(resource.kind)\(suffix)",
      description: description, tag: "\(tagGroup)_\(resource.version)", answer: answer)
    operation.parameters = parameters
    operation.body = body
    operation.bodyTypes = bodyTypes
    operation.answerTypes = answerTypes
    operation.successes = successes
    return operation
  }

  private static func meta(_ kind: String) -> JSON {
    OpenAPIKinds.reference(toComponent: OpenAPIKinds.component(ofStructure: "meta/v1.\(kind)"))
  }
}
