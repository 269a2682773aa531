public import Exchange
public import Registry
import Objects

/// What pods or claims use stays until they are gone: a finalizer, which a controller takes away, holds it.
public struct StorageObjectInUseProtection: AdmissionPlugin {
  /// The plug-in.
  public init() {}

  /// `StorageObjectInUseProtection`.
  public var name: String { "StorageObjectInUseProtection" }

  /// New volumes, claims and volume attributes classes.
  public func handles(_ request: AdmissionRequest) -> Bool {
    request.operation == .create && Self.finalizer(for: request) != nil
  }

  /// Adds the finalizer.
  public func admit(
    _ request: inout AdmissionRequest, _ objects: any ObjectSource
  ) async throws(StatusError) {
    guard let finalizer = Self.finalizer(for: request), let object = request.object else { return }
    let finalizers = object["metadata"]?.list("finalizers") ?? []
    guard !finalizers.contains(.string(finalizer)) else { return }
    request.object?["metadata", "finalizers"] = .array(finalizers + [.string(finalizer)])
  }

  private static func finalizer(for request: AdmissionRequest) -> String? {
    guard request.subresource.isEmpty else { return nil }
    return switch (request.resource.group, request.resource.resource) {
    case ("", "persistentvolumeclaims"): "kubernetes.io/pvc-protection"
    case ("", "persistentvolumes"): "kubernetes.io/pv-protection"
    case ("storage.k8s.io", "volumeattributesclasses"): "kubernetes.io/vac-protection"
    default: nil
    }
  }
}
