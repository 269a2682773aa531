public import Exchange
public import Registry
import Objects

/// Nothing is made in a namespace that is not there or that is going away, and the namespaces that the cluster itself
/// needs stay.
public struct NamespaceLifecycle: AdmissionPlugin {
  /// The namespaces that cannot be deleted.
  static let immortal: Set<String> = ["default", "kube-system", "kube-public"]

  /// The plug-in.
  public init() {}

  /// `NamespaceLifecycle`.
  public var name: String { "NamespaceLifecycle" }

  /// Creations in namespaces, and deletions of namespaces.
  public func handles(_ request: AdmissionRequest) -> Bool {
    switch request.operation {
    case .create:
      // Whether one may do something in a namespace can be asked before there is one.
      request.resource.isNamespaced && request.resource.resource != "localsubjectaccessreviews"
    case .delete: request.concerns("namespaces")
    case .update, .connect: false
    }
  }

  /// 404 for a namespace that is not there, 403 for one that goes away or has to stay.
  public func admit(
    _ request: inout AdmissionRequest, _ objects: any ObjectSource
  ) async throws(StatusError) {
    if request.operation == .delete { return try Self.checkDeletion(request) }
    let name = request.namespace
    guard let namespace = try await objects.get(KnownResources.namespaces, namespace: "", name: name) else {
      throw .notFound(KnownResources.namespaces, name: name)
    }
    guard namespace.text("status", "phase") == "Terminating" else { return }
    var error = request.forbidden(
      "unable to create new content in namespace \(name) because it is being terminated")
    error.status["details", "causes"] = [
      [
        "reason": "NamespaceTerminating", "message": .string("namespace \(name) is being terminated"),
        "field": "metadata.namespace",
      ]
    ]
    throw error
  }

  /// 403 for the deletion of a namespace that has to stay.
  public func validate(_ request: AdmissionRequest, _ objects: any ObjectSource) async throws(StatusError) {
    if request.operation == .delete { try Self.checkDeletion(request) }
  }

  private static func checkDeletion(_ request: AdmissionRequest) throws(StatusError) {
    if immortal.contains(request.name) { throw request.forbidden("this namespace may not be deleted") }
  }
}
