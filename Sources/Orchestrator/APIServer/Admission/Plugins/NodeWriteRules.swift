import Exchange
import Objects
import Registry

/// What a kubelet may write about its node: not the labels and taints by which others decide what runs there.
enum NodeWriteRules {
  /// The labels of Kubernetes' own that a kubelet sets.
  private static let ownLabels: Set<String> = [
    "kubernetes.io/hostname", "kubernetes.io/os", "kubernetes.io/arch", "beta.kubernetes.io/os",
    "beta.kubernetes.io/arch", "node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type",
    "topology.kubernetes.io/zone", "topology.kubernetes.io/region",
    "failure-domain.beta.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/region",
  ]
  private static let ownNamespaces = ["kubelet.kubernetes.io", "node.kubernetes.io"]

  static func check(_ request: AdmissionRequest, _ node: String) throws(StatusError) {
    let who = "node \(quoted(node))"
    if request.name != node {
      throw request.forbidden("\(who) is not allowed to modify node \(quoted(request.name))")
    }
    guard let new = request.object else { return }
    if request.operation == .create {
      let set = changes(nil, new).filter { !isOwn($0) }
      guard set.isEmpty else {
        throw request.forbidden(
          "\(who) is not allowed to set the following labels: \(set.joined(separator: ", "))")
      }
      return
    }
    guard request.operation == .update, let old = request.old else { return }
    if taints(new) != taints(old) { throw request.forbidden("\(who) is not allowed to modify taints") }
    if new["metadata", "ownerReferences"]?.array ?? [] != old["metadata", "ownerReferences"]?.array ?? [] {
      throw request.forbidden("\(who) is not allowed to modify ownerReferences")
    }
    let changed = changes(old, new).filter { !isOwn($0) }
    guard changed.isEmpty else {
      throw request.forbidden("is not allowed to modify labels: \(changed.joined(separator: ", "))")
    }
  }

  private static func taints(_ node: JSON) -> [JSON] { node["spec"]?.list("taints") ?? [] }

  /// The labels that were added, changed or taken away, sorted.
  private static func changes(_ old: JSON?, _ new: JSON) -> [String] {
    let old = old?["metadata", "labels"]?.object ?? [:]
    let new = new["metadata", "labels"]?.object ?? [:]
    return Set(old.keys).union(new.keys).filter { old[$0] != new[$0] }.sorted()
  }

  /// Whether a kubelet may set a label: any outside Kubernetes' own namespaces, and a few inside.
  private static func isOwn(_ label: String) -> Bool {
    guard let slash = label.firstIndex(of: "/") else { return true }
    let namespace = String(label[..<slash])
    if isWithin(namespace, "node-restriction.kubernetes.io") { return false }
    if !isWithin(namespace, "kubernetes.io"), !isWithin(namespace, "k8s.io") { return true }
    return ownLabels.contains(label) || ownNamespaces.contains { isWithin(namespace, $0) }
  }

  private static func isWithin(_ namespace: String, _ domain: String) -> Bool {
    namespace == domain || namespace.hasSuffix("." + domain)
  }
}
