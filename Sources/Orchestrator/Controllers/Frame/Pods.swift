import Objects

/// What controllers ask about pods.
extension JSON {
  var phase: String { self["status", "phase"]?.string ?? "" }
  /// The node the pod is bound to; empty if none.
  var nodeName: String { self["spec", "nodeName"]?.string ?? "" }
  var isSucceeded: Bool { phase == "Succeeded" }
  var isFailed: Bool { phase == "Failed" }
  /// Whether all containers have ended for good.
  var isTerminal: Bool { isSucceeded || isFailed }
  /// Whether the pod runs or will run: neither ended nor being deleted.
  var isActive: Bool { !isTerminal && !isBeingDeleted }

  /// Whether the pod can serve.
  var isReady: Bool { Conditions.isTrue("Ready", in: self) }

  /// When the pod became ready; nil while it is not.
  var readySince: Timestamp? {
    guard let ready = Conditions.find("Ready", in: self["status"]), ready["status"]?.string == "True" else {
      return nil
    }
    return ready["lastTransitionTime"]?.string.flatMap { Timestamp($0) }
  }

  /// Whether the pod has been ready for this time.
  func isAvailable(minReadySeconds: Int, now: Timestamp) -> Bool {
    guard isReady else { return false }
    guard minReadySeconds > 0 else { return true }
    guard let since = readySince else { return false }
    return since.advanced(bySeconds: Int64(minReadySeconds)) <= now
  }

  /// How long until a ready pod is available; nil for one that is, or that is not ready.
  func timeUntilAvailable(minReadySeconds: Int, now: Timestamp) -> Duration? {
    guard minReadySeconds > 0, isReady, let since = readySince else { return nil }
    let rest = since.advanced(bySeconds: Int64(minReadySeconds)).since(now)
    return rest > .zero ? rest : nil
  }

  /// The highest restart count of the containers.
  var restartCount: Int64 {
    let all =
      (self["status", "containerStatuses"]?.array ?? [])
      + (self["status", "initContainerStatuses"]?.array ?? [])
    return all.lazy.map { $0["restartCount"]?.integer ?? 0 }.max() ?? 0
  }
}

/// Making pods from templates.
enum PodTemplate {
  /// The pod of a template, owned by a controller. Its name is left to the API server, or given by the caller.
  static func pod(from template: JSON, owner: JSON, _ resource: Resource) -> JSON {
    var metadata: JSON = ["namespace": .string(owner.namespace)]
    for field in ["labels", "annotations", "finalizers"] {
      if let value = template["metadata", field], !value.isNull { metadata[field] = value }
    }
    metadata["generateName"] = .string(generateName(owner.name))
    metadata["ownerReferences"] = [OwnerReferences.controller(owner, resource)]
    return ["apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"] ?? [:]]
  }

  /// The start of a pod's name, to which the API server adds a suffix.
  static func generateName(_ owner: String) -> String { owner + "-" }
}

/// Names made of an owner's name and something that must not be cut off.
enum DerivedName {
  /// The longest name of an object.
  static let limit = 253
  /// The longest start of a generated name that the API server leaves whole.
  static let generatedLimit = 58

  /// The owner's name, cut as far as needed, with the suffix.
  static func join(_ owner: String, _ suffix: String, limit: Int = limit) -> String {
    String(owner.prefix(max(0, limit - suffix.count))) + suffix
  }
}
