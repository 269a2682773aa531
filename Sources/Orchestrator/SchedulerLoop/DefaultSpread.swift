import Client
import Objects

/// By which pods a pod without constraints of its own is spread: those of the services that select it, and of what
/// controls it.
enum DefaultSpread {
  /// The selector of all of them together; nil if there is none.
  ///
  /// - Parameters:
  ///   - services: those of the pod's namespace.
  ///   - owner: what controls the pod, if it has a selector: a ReplicationController, ReplicaSet or StatefulSet.
  static func selector(_ pod: JSON, services: [JSON], owner: JSON?) -> JSON? {
    let labels = pod["metadata", "labels"]?.object ?? [:]
    var required: JSON = [:]
    for service in services {
      guard let selector = service["spec", "selector"]?.object, !selector.isEmpty,
        selector.allSatisfy({ labels[$0.key] == $0.value })
      else { continue }
      for member in selector { required[member.key] = member.value }
    }
    var expressions: [JSON] = []
    switch owner?["kind"]?.string {
    case "ReplicationController":
      for member in owner?["spec", "selector"]?.object ?? [:] { required[member.key] = member.value }
    case "ReplicaSet", "StatefulSet":
      for member in owner?["spec", "selector", "matchLabels"]?.object ?? [:] {
        // Two that differ are both required, which no pod fulfils.
        if let known = required[member.key], known != member.value {
          expressions.append(
            ["key": .string(member.key), "operator": "In", "values": [member.value]])
        } else {
          required[member.key] = member.value
        }
      }
      expressions += owner?["spec", "selector", "matchExpressions"]?.array ?? []
    default: break
    }
    guard required != [:] || !expressions.isEmpty else { return nil }
    var selector: JSON = ["matchLabels": required]
    if !expressions.isEmpty { selector["matchExpressions"] = .array(expressions) }
    return selector
  }

  /// The resource and name of what controls the pod, if pods are spread by it.
  static func owner(of pod: JSON) -> (kind: String, name: String)? {
    for reference in pod["metadata", "ownerReferences"]?.array ?? [] {
      guard reference["controller"]?.boolean == true, let kind = reference["kind"]?.string,
        let name = reference["name"]?.string
      else { continue }
      switch (kind, reference["apiVersion"]?.string) {
      case ("ReplicationController", "v1"), ("ReplicaSet", "apps/v1"), ("StatefulSet", "apps/v1"):
        return (kind, name)
      default: return nil
      }
    }
    return nil
  }
}
