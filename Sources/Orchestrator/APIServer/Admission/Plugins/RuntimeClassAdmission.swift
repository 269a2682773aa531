public import Exchange
public import Registry
import Objects

/// A pod of a runtime class costs what the class says on top of its containers, and goes where the class runs.
public struct RuntimeClassAdmission: AdmissionPlugin {
  /// The plug-in.
  public init() {}

  /// `RuntimeClass`.
  public var name: String { "RuntimeClass" }

  /// New pods.
  public func handles(_ request: AdmissionRequest) -> Bool { request.createsPod }

  /// Fills in the overhead, and where the class runs.
  /// - Throws: 403 if the pod says otherwise, or there is no such class.
  public func admit(
    _ request: inout AdmissionRequest, _ objects: any ObjectSource
  ) async throws(StatusError) {
    guard let pod = request.object, let runtimeClass = try await runtimeClass(of: pod, request, objects)
    else {
      return
    }
    if let overhead = runtimeClass["overhead", "podFixed"]?.object, !overhead.isEmpty {
      if let given = pod["spec", "overhead"]?.object, !given.isEmpty, !Self.isSame(given, overhead) {
        throw request.forbidden(
          "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead")
      }
      request.object?["spec", "overhead"] = .object(overhead)
    }
    if let scheduling = runtimeClass["scheduling"] { try Self.restrict(&request, to: scheduling) }
  }

  /// 403 for a pod whose overhead is not its class's.
  public func validate(_ request: AdmissionRequest, _ objects: any ObjectSource) async throws(StatusError) {
    guard let pod = request.object else { return }
    let runtimeClass = try await runtimeClass(of: pod, request, objects)
    let overhead = pod["spec", "overhead"]?.object ?? [:]
    let fixed = runtimeClass?["overhead", "podFixed"]?.object ?? [:]
    if fixed.isEmpty, !overhead.isEmpty {
      throw request.forbidden(
        "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead")
    }
    if !Self.isSame(overhead, fixed) {
      throw request.forbidden("pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead")
    }
  }

  private func runtimeClass(
    of pod: JSON, _ request: AdmissionRequest, _ objects: any ObjectSource
  ) async throws(StatusError) -> JSON? {
    let name = pod.text("spec", "runtimeClassName")
    if name.isEmpty { return nil }
    if let found = try await objects.get(KnownResources.runtimeClasses, namespace: "", name: name) {
      return found
    }
    throw request.forbidden("pod rejected: RuntimeClass \(quoted(name)) not found")
  }

  private static func isSame(_ left: JSONObject, _ right: JSONObject) -> Bool {
    left.count == right.count
      && zip(left, right).allSatisfy { $0.key == $1.key && Quantity($0.value) == Quantity($1.value) }
  }

  private static func restrict(
    _ request: inout AdmissionRequest, to scheduling: JSON
  ) throws(StatusError) {
    var selector = request.object?["spec", "nodeSelector"]?.object ?? [:]
    for (key, value) in (scheduling["nodeSelector"]?.object ?? [:]).map({ ($0.key, $0.value) }) {
      if let own = selector[key], own != value {
        throw request.forbidden(
          "conflict: runtimeClass.scheduling.nodeSelector[\(key)] = \(value.string ?? ""); "
            + "pod.spec.nodeSelector[\(key)] = \(own.string ?? "")")
      }
      selector[key] = value
    }
    if !selector.isEmpty { request.object?["spec", "nodeSelector"] = .object(selector) }
    var tolerations = request.object?["spec"]?.list("tolerations") ?? []
    for toleration in scheduling.list("tolerations") where !tolerations.contains(toleration) {
      tolerations.append(toleration)
    }
    if !tolerations.isEmpty { request.object?["spec", "tolerations"] = .array(tolerations) }
  }
}
