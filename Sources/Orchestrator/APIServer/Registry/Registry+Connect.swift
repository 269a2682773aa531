public import Exchange
import Objects
import Storage

extension Registry {
  /// Carries a request on to where a pod runs, to a node, or to a service: `log`, `exec`, `attach`, `portforward` and
  /// `proxy`.
  /// - Throws: 404 if the object is not there, 400 if it has no node yet, 503 if there is no way to nodes.
  public func connect(
    _ sent: Target, _ request: APIRequest, _ context: WriteContext
  ) async throws(StatusError) -> APIResponse {
    try sent.checkObject()
    var target = sent
    if sent.subresource == "proxy" {
      guard let proxied = ProxiedName(sent.name) else {
        throw .badRequest("\(sent.name) names no object, with or without a scheme and a port")
      }
      target.name = proxied.name
    }
    guard let stored = try await stores[target.resource].get(target.objectName) else {
      throw .notFound(target.resource, name: target.name)
    }
    let object = stored.json
    // Reading a log is a read.
    if target.subresource != "log" {
      var admitted = AdmissionRequest(
        operation: .connect, resource: target.resource, subresource: target.subresource,
        namespace: target.namespace, name: target.name, object: object, user: context.user)
      try await admit(&admitted)
      try await validate(admitted)
    }
    if target.resource.kind == "Pod", target.subresource != "proxy" {
      try PodConnection.check(object, target.subresource, container: request.parameter("container") ?? "")
      if target.subresource == "log", PodConnection.node(of: object).isEmpty {
        // Nothing has been written yet.
        return APIResponse(status: 200, contentType: "text/plain", bytes: [])
      }
    }
    guard let nodes else {
      throw .unavailable("there is no way from this server to the nodes of the cluster")
    }
    return try await nodes.connect(sent, object: object, request: request, objects: self)
  }
}

/// What must hold of a pod before its node is asked. Pure.
enum PodConnection {
  static func node(of pod: JSON) -> String { pod["spec"]?["nodeName"]?.string ?? "" }

  /// - Throws: 400 if the container is not one of the pod's, or must be named; or if the pod has no node.
  static func check(_ pod: JSON, _ subresource: String, container: String) throws(StatusError) {
    let name = pod.objectName
    if subresource != "portforward" {
      let containers = names("containers", pod)
      let others = names("initContainers", pod)
      let all = containers + others + names("ephemeralContainers", pod)
      if container.isEmpty {
        let marked = pod["metadata"]?["annotations"]?["kubectl.kubernetes.io/default-container"]?.string
        if containers.count != 1, marked.map(containers.contains) != true {
          throw .badRequest(
            "a container name must be specified for pod \(name), choose one of: "
              + "[\(containers.joined(separator: " "))]"
              + (others.isEmpty ? "" : " or one of the init containers: [\(others.joined(separator: " "))]"))
        }
      } else if !all.contains(container) {
        throw .badRequest("container \(container) is not valid for pod \(name)")
      }
    }
    if subresource != "log", node(of: pod).isEmpty {
      throw .badRequest("pod \(name) does not have a host assigned")
    }
  }

  private static func names(_ list: String, _ pod: JSON) -> [String] {
    (pod["spec"]?[list]?.array ?? []).compactMap { $0["name"]?.string }
  }
}
