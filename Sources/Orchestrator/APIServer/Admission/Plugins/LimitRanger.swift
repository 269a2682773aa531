public import Exchange
public import Registry
import Objects

/// Pods and claims keep to the limits of their namespace, and containers that ask for nothing get its defaults.
public struct LimitRanger: AdmissionPlugin {
  static let annotation = "kubernetes.io/limit-ranger"

  /// The plug-in.
  public init() {}

  /// `LimitRanger`.
  public var name: String { "LimitRanger" }

  /// New and resized pods, new and changed claims.
  public func handles(_ request: AdmissionRequest) -> Bool {
    switch (request.operation, request.resource.group, request.resource.resource, request.subresource) {
    case (.create, "", "pods", ""), (.update, "", "pods", "resize"): true
    case (.create, "", "persistentvolumeclaims", ""), (.update, "", "persistentvolumeclaims", ""): true
    default: false
    }
  }

  /// Fills in the defaults of the namespace.
  public func admit(
    _ request: inout AdmissionRequest, _ objects: any ObjectSource
  ) async throws(StatusError) {
    guard request.operation == .create, request.resource.resource == "pods", request.object != nil else {
      return
    }
    for range in try await objects.list(KnownResources.limitRanges, namespace: request.namespace) {
      Self.fillDefaults(&request, of: range)
    }
  }

  /// 403 for what is outside the limits.
  public func validate(_ request: AdmissionRequest, _ objects: any ObjectSource) async throws(StatusError) {
    guard let object = request.object else { return }
    for range in try await objects.list(KnownResources.limitRanges, namespace: request.namespace) {
      let limits = range["spec"]?.list("limits") ?? []
      let problems =
        request.resource.resource == "pods"
        ? LimitCheck.problems(ofPod: object, limits) : LimitCheck.problems(ofClaim: object, limits)
      if let error = request.forbidden(all: problems) { throw error }
    }
  }

  /// Gives the containers what they do not ask for, and notes in an annotation what that was.
  private static func fillDefaults(_ request: inout AdmissionRequest, of range: JSON) {
    var defaults: [String: [(String, JSON)]] = [:]
    for limit in range["spec"]?.list("limits") ?? [] where limit.text("type") == "Container" {
      for (field, source) in [("limits", "default"), ("requests", "defaultRequest")] {
        defaults[field, default: []] += (limit[source]?.object ?? [:]).map { ($0.key, $0.value) }
      }
    }
    guard defaults.values.contains(where: { !$0.isEmpty }) else { return }
    var notes: [String] = []
    for (key, title) in [("containers", "container"), ("initContainers", "init container")] {
      guard var containers = request.object?["spec"]?[key]?.array else { continue }
      for index in containers.indices {
        for (field, word) in [("requests", "request"), ("limits", "limit")] {
          let set = fill(&containers[index], field, with: defaults[field] ?? [])
          if !set.isEmpty {
            notes.append(
              "\(set.joined(separator: ", ")) \(word) for \(title) \(containers[index].text("name"))")
          }
        }
      }
      request.object?["spec", key] = .array(containers)
    }
    if !notes.isEmpty {
      request.object?["metadata", "annotations", annotation] = .string(
        "LimitRanger plugin set: " + notes.joined(separator: "; "))
    }
  }

  /// - Returns: which resources were set, sorted.
  private static func fill(
    _ container: inout JSON, _ field: String, with defaults: [(String, JSON)]
  ) -> [String] {
    var values = container["resources"]?[field]?.object ?? [:]
    var set: [String] = []
    for (name, value) in defaults where values[name] == nil {
      values[name] = value
      set.append(name)
    }
    if !set.isEmpty { container["resources", field] = .object(values) }
    return set.sorted()
  }
}
