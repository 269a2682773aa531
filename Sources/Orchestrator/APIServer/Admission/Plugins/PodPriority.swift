public import Exchange
public import Registry
import Objects

/// A pod's priority is its priority class's, never the client's own; and one class at most is everybody's default.
public struct PodPriority: AdmissionPlugin {
  /// The plug-in.
  public init() {}

  /// `Priority`.
  public var name: String { "Priority" }

  /// New and changed pods and priority classes.
  public func handles(_ request: AdmissionRequest) -> Bool {
    guard request.operation == .create || request.operation == .update else { return false }
    return request.concerns("pods") || request.concerns("priorityclasses", of: "scheduling.k8s.io")
  }

  /// Fills in what the pod's class says.
  /// - Throws: 403 if the pod says otherwise, or there is no such class.
  public func admit(
    _ request: inout AdmissionRequest, _ objects: any ObjectSource
  ) async throws(StatusError) {
    guard request.resource.resource == "pods", var pod = request.object else { return }
    if request.operation == .update {
      // Clients that do not know these fields leave them out; they cannot be changed.
      for field in ["priority", "preemptionPolicy"] where pod["spec"]?[field] == nil {
        if let value = request.old?["spec"]?[field] { pod["spec", field] = value }
      }
      request.object = pod
      return
    }
    let priority = try await self.priority(pod, request, objects)
    if let given = pod["spec", "priority"]?.integer, given != priority.value {
      throw request.forbidden(
        "the integer value of priority (\(given)) must not be provided in pod spec; "
          + "priority admission controller computed \(priority.value) from the given PriorityClass name")
    }
    if let given = pod["spec", "preemptionPolicy"]?.string, given != priority.policy {
      throw request.forbidden(
        "the string value of PreemptionPolicy (\(given)) must not be provided in pod spec; "
          + "priority admission controller computed \(priority.policy) from the given PriorityClass name")
    }
    if !priority.className.isEmpty { pod["spec", "priorityClassName"] = .string(priority.className) }
    pod["spec", "priority"] = .integer(priority.value)
    pod["spec", "preemptionPolicy"] = .string(priority.policy)
    request.object = pod
  }

  /// 403 for a second default class.
  public func validate(_ request: AdmissionRequest, _ objects: any ObjectSource) async throws(StatusError) {
    guard request.resource.resource == "priorityclasses", let new = request.object,
      new["globalDefault"]?.boolean == true
    else { return }
    let classes = try await objects.list(KnownResources.priorityClasses, namespace: nil)
    guard let other = Self.defaultClass(of: classes.filter { $0.text("metadata", "name") != request.name })
    else { return }
    throw request.forbidden(
      "PriorityClass \(other.text("metadata", "name")) is already marked as default. "
        + "Only one default can exist")
  }

  private struct Priority {
    var className: String
    var value: Int64
    var policy: String

    init(className: String, of priorityClass: JSON?) {
      self.className = className
      value = priorityClass?["value"]?.integer ?? 0
      policy = priorityClass?["preemptionPolicy"]?.string ?? "PreemptLowerPriority"
    }
  }

  private func priority(
    _ pod: JSON, _ request: AdmissionRequest, _ objects: any ObjectSource
  ) async throws(StatusError) -> Priority {
    let name = pod.text("spec", "priorityClassName")
    guard name.isEmpty else {
      guard
        let priorityClass = try await objects.get(
          KnownResources.priorityClasses, namespace: "", name: name)
      else { throw request.forbidden("no PriorityClass with name \(name) was found") }
      return Priority(className: name, of: priorityClass)
    }
    let classes = try await objects.list(KnownResources.priorityClasses, namespace: nil)
    let chosen = Self.defaultClass(of: classes)
    return Priority(className: chosen?.text("metadata", "name") ?? "", of: chosen)
  }

  /// Should there be several defaults, the lowest does the least harm.
  static func defaultClass(of classes: [JSON]) -> JSON? {
    classes.filter { $0["globalDefault"]?.boolean == true }
      .min { ($0["value"]?.integer ?? 0) < ($1["value"]?.integer ?? 0) }
  }
}
