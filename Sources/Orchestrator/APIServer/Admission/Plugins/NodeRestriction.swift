public import Exchange
public import Registry
import Objects

/// A node's kubelet writes about its own node only, and about the pods that run there.
public struct NodeRestriction: AdmissionPlugin {
  static let userPrefix = "system:node:"
  static let group = "system:nodes"
  static let leaseNamespace = "kube-node-lease"

  /// The plug-in.
  public init() {}

  /// `NodeRestriction`.
  public var name: String { "NodeRestriction" }

  /// What nodes write about pods, nodes and what belongs to them.
  public func handles(_ request: AdmissionRequest) -> Bool {
    guard request.user.groups.contains(Self.group), request.user.name.hasPrefix(Self.userPrefix) else {
      return false
    }
    return switch (request.resource.group, request.resource.resource) {
    case ("", "pods"), ("", "nodes"), ("", "serviceaccounts"), ("", "persistentvolumeclaims"): true
    case ("coordination.k8s.io", "leases"), ("storage.k8s.io", "csinodes"): true
    case ("resource.k8s.io", "resourceslices"): true
    default: false
    }
  }

  /// 403 for what is none of the node's business.
  public func validate(_ request: AdmissionRequest, _ objects: any ObjectSource) async throws(StatusError) {
    let node = String(request.user.name.dropFirst(Self.userPrefix.count))
    if node.isEmpty {
      throw request.forbidden("could not determine node from user \(quoted(request.user.name))")
    }
    switch (request.resource.resource, request.subresource) {
    case ("pods", ""): try await checkPod(request, node, objects)
    case ("pods", "status"): try checkPodStatus(request, node)
    case ("pods", "eviction"):
      let pod = try await pod(request, objects)
      if let pod, pod.text("spec", "nodeName") != node {
        throw request.forbidden(
          "node \(quoted(node)) can only evict pods with spec.nodeName set to itself")
      }
    case ("pods", let subresource):
      throw request.forbidden(
        "unexpected pod subresource \(quoted(subresource)), only 'status' and 'eviction' are allowed")
    case ("nodes", _): try NodeWriteRules.check(request, node)
    case ("serviceaccounts", "token"): try await checkToken(request, node, objects)
    case ("persistentvolumeclaims", "status"): try checkClaimStatus(request, node)
    case ("leases", _): try checkLease(request, node)
    case ("csinodes", _):
      if request.name != node {
        throw request.forbidden("can only access CSINode with the same name as the requesting node")
      }
    case ("resourceslices", _): try checkSlice(request, node)
    default: break
    }
  }

  private func pod(
    _ request: AdmissionRequest, _ objects: any ObjectSource
  ) async throws(StatusError) -> JSON? {
    if let old = request.old { return old }
    return try await objects.get(KnownResources.pods, namespace: request.namespace, name: request.name)
  }

  private func checkPod(
    _ request: AdmissionRequest, _ node: String, _ objects: any ObjectSource
  ) async throws(StatusError) {
    switch request.operation {
    case .create:
      if let problem = Self.mirrorPodProblem(request.object ?? [:], node) { throw request.forbidden(problem) }
    case .delete:
      let pod = try await pod(request, objects)
      if let pod, pod.text("spec", "nodeName") != node {
        throw request.forbidden("node \(quoted(node)) can only delete pods with spec.nodeName set to itself")
      }
    case .update, .connect:
      throw request.forbidden(
        "unexpected operation \(quoted(request.operation.rawValue)), "
          + "node \(quoted(node)) can only create and delete mirror pods")
    }
  }

  private static func mirrorPodProblem(_ pod: JSON, _ node: String) -> String? {
    let who = "node \(quoted(node))"
    if !ServiceAccountAdmission.isMirror(pod) {
      return
        "pod does not have \"kubernetes.io/config.mirror\" annotation, \(who) can only create mirror pods"
    }
    if pod.text("spec", "nodeName") != node {
      return "\(who) can only create pods with spec.nodeName set to itself"
    }
    let owners = pod["metadata"]?.list("ownerReferences") ?? []
    if owners.count > 1 { return "\(who) can only create pods with a single owner reference set to itself" }
    if let owner = owners.first {
      if owner.text("apiVersion") != "v1" || owner.text("kind") != "Node" || owner.text("name") != node {
        return "\(who) can only create pods with an owner reference set to itself"
      }
      if owner["controller"]?.boolean != true {
        return "\(who) can only create pods with a controller owner reference set to itself"
      }
      if owner["blockOwnerDeletion"]?.boolean == true {
        return "\(who) must not set blockOwnerDeletion on an owner reference"
      }
    }
    if !pod.text("spec", "serviceAccountName").isEmpty {
      return "\(who) can not create pods that reference a service account"
    }
    for volume in pod["spec"]?.list("volumes") ?? [] {
      for (field, what) in [
        ("secret", "secrets"), ("configMap", "configmaps"),
        ("persistentVolumeClaim", "persistentvolumeclaims"),
      ] where volume[field] != nil {
        return "\(who) can not create pods that reference \(what)"
      }
    }
    return nil
  }

  private func checkPodStatus(_ request: AdmissionRequest, _ node: String) throws(StatusError) {
    guard request.operation == .update, let old = request.old, let new = request.object else {
      throw request.forbidden(
        "unexpected operation \(quoted(request.operation.rawValue)) of subresource \"status\"")
    }
    if old.text("spec", "nodeName") != node {
      throw request.forbidden(
        "node \(quoted(node)) can only update pod status for pods with spec.nodeName set to itself")
    }
    if new["metadata", "labels"] ?? [:] != old["metadata", "labels"] ?? [:] {
      throw request.forbidden("node \(quoted(node)) cannot update labels through pod status")
    }
  }

  private func checkClaimStatus(_ request: AdmissionRequest, _ node: String) throws(StatusError) {
    guard request.operation == .update, let old = request.old, var new = request.object else {
      throw request.forbidden("unexpected operation \(quoted(request.operation.rawValue))")
    }
    for (path, field) in [("metadata", "managedFields"), ("metadata", "resourceVersion")] {
      new[path, field] = old[path, field]
    }
    for field in ["capacity", "conditions", "allocatedResources", "allocatedResourceStatuses"] {
      new["status", field] = old["status"]?[field]
    }
    if new != old {
      throw request.forbidden(
        "node \(quoted(node)) is not allowed to update fields other than status.quantity and status.conditions"
      )
    }
  }

  private func checkToken(
    _ request: AdmissionRequest, _ node: String, _ objects: any ObjectSource
  ) async throws(StatusError) {
    guard request.operation == .create, let reference = request.object?["spec", "boundObjectRef"],
      reference.text("kind") == "Pod", !reference.text("name").isEmpty
    else { throw request.forbidden("node requested token not bound to a pod") }
    if reference.text("uid").isEmpty {
      throw request.forbidden("node requested token with a pod binding without a uid")
    }
    let name = reference.text("name")
    guard let pod = try await objects.get(KnownResources.pods, namespace: request.namespace, name: name)
    else {
      throw .notFound(KnownResources.pods, name: name)
    }
    if pod.text("metadata", "uid") != reference.text("uid") {
      throw request.forbidden(
        "the UID in the bound object reference (\(reference.text("uid"))) does not match the UID in record. "
          + "The object might have been deleted and then recreated")
    }
    if pod.text("spec", "nodeName") != node {
      throw request.forbidden("node requested token bound to a pod scheduled on a different node")
    }
  }

  private func checkLease(_ request: AdmissionRequest, _ node: String) throws(StatusError) {
    if request.namespace != Self.leaseNamespace {
      throw request.forbidden(
        "can only access leases in the \(quoted(Self.leaseNamespace)) system namespace")
    }
    if request.name != node {
      throw request.forbidden("can only access node lease with the same name as the requesting node")
    }
  }

  private func checkSlice(_ request: AdmissionRequest, _ node: String) throws(StatusError) {
    guard let slice = request.operation == .delete ? request.old : request.object else { return }
    if slice.text("spec", "nodeName") != node {
      throw request.forbidden(
        "can only \(request.operation.rawValue.lowercased()) ResourceSlice with the same "
          + "NodeName as the requesting node")
    }
  }
}
