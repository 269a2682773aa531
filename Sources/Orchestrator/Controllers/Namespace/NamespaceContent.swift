import Objects

/// What is left in a namespace that is being deleted, and what its conditions say of that.
struct NamespaceContent: Sendable, Hashable {
  /// Objects that are left, by resource as people write it: `pods.`, `deployments.apps`.
  var remaining: [String: Int] = [:]
  /// Finalizers that hold them, with how many each holds.
  var finalizers: [String: Int] = [:]
  /// What went wrong when deleting.
  var failures: [String] = []

  /// Whether the namespace may go.
  var isEmpty: Bool { remaining.isEmpty && failures.isEmpty }

  /// Notes what of a resource is left.
  mutating func add(_ objects: [JSON], of resource: Resource) {
    guard !objects.isEmpty else { return }
    remaining["\(resource.resource).\(resource.group)"] = objects.count
    for finalizer in objects.flatMap(\.finalizers) { finalizers[finalizer, default: 0] += 1 }
  }

  /// The namespace's status with the conditions that say so.
  func status(of namespace: JSON, now: Timestamp) -> JSON {
    var status = namespace["status"] ?? [:]
    func set(_ type: String, isProblem: Bool, _ reason: String, _ message: String, calm: (String, String)) {
      let condition = Conditions.make(
        type, isProblem ? "True" : "False", reason: isProblem ? reason : calm.0,
        message: isProblem ? message : calm.1, now: now)
      if let old = Conditions.find(type, in: status), old["message"] != condition["message"] {
        var changed = condition
        if old["status"] == condition["status"] { changed["lastTransitionTime"] = old["lastTransitionTime"] }
        Conditions.replace(changed, in: &status)
      } else {
        Conditions.set(condition, in: &status)
      }
    }
    set(
      "NamespaceDeletionDiscoveryFailure", isProblem: false, "DiscoveryFailed", "",
      calm: ("ResourcesDiscovered", "All resources successfully discovered"))
    set(
      "NamespaceDeletionGroupVersionParsingFailure", isProblem: false, "GroupVersionParsingFailed", "",
      calm: ("ParsedGroupVersions", "All legacy kube types successfully parsed"))
    set(
      "NamespaceDeletionContentFailure", isProblem: !failures.isEmpty, "ContentDeletionFailed",
      "Failed to delete all resource types, \(failures.count) remaining: " + failures.joined(separator: ", "),
      calm: ("ContentDeleted", "All content successfully deleted, may be waiting on finalization"))
    set(
      "NamespaceContentRemaining", isProblem: !remaining.isEmpty, "SomeResourcesRemain",
      "Some resources are remaining: "
        + remaining.sorted { $0.key < $1.key }.map { "\($0.key) has \($0.value) resource instances" }
        .joined(separator: ", "), calm: ("ContentRemoved", "All content successfully removed"))
    set(
      "NamespaceFinalizersRemaining", isProblem: !finalizers.isEmpty, "SomeFinalizersRemain",
      "Some content in the namespace has finalizers remaining: "
        + finalizers.sorted { $0.key < $1.key }.map { "\($0.key) in \($0.value) resource instances" }
        .joined(separator: ", "),
      calm: ("ContentHasNoFinalizers", "All content-preserving finalizers finished"))
    return status
  }
}
