public import Exchange
public import Registry
import Objects

/// Picks the class that is marked as the default: the newest if there are several, the first by name of equally new
/// ones.
enum DefaultClass {
  static func name(of classes: [JSON], markedBy annotations: [String]) -> String? {
    let marked = classes.filter { value in annotations.contains { value.annotation($0) == "true" } }
    return marked.max { left, right in
      let times = (time(left), time(right))
      return times.0 == times.1
        ? left.text("metadata", "name") > right.text("metadata", "name") : times.0 < times.1
    }?.text("metadata", "name")
  }

  private static func time(_ object: JSON) -> Timestamp {
    Timestamp(object.text("metadata", "creationTimestamp")) ?? .zero
  }
}

/// A claim that names no storage class, not even the empty one, gets the default.
public struct DefaultStorageClass: AdmissionPlugin {
  static let annotations = [
    "storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class",
  ]

  /// The plug-in.
  public init() {}

  /// `DefaultStorageClass`.
  public var name: String { "DefaultStorageClass" }

  /// New claims.
  public func handles(_ request: AdmissionRequest) -> Bool {
    request.operation == .create && request.concerns("persistentvolumeclaims")
  }

  /// Fills in the class.
  public func admit(
    _ request: inout AdmissionRequest, _ objects: any ObjectSource
  ) async throws(StatusError) {
    guard let claim = request.object, claim["spec", "storageClassName"]?.string == nil,
      claim.annotation("volume.beta.kubernetes.io/storage-class") == nil
    else { return }
    let classes = try await objects.list(KnownResources.storageClasses, namespace: nil)
    guard let name = DefaultClass.name(of: classes, markedBy: Self.annotations) else { return }
    request.object?["spec", "storageClassName"] = .string(name)
  }
}

/// An ingress that names no class gets the default.
public struct DefaultIngressClass: AdmissionPlugin {
  static let annotation = "ingressclass.kubernetes.io/is-default-class"

  /// The plug-in.
  public init() {}

  /// `DefaultIngressClass`.
  public var name: String { "DefaultIngressClass" }

  /// New ingresses.
  public func handles(_ request: AdmissionRequest) -> Bool {
    request.operation == .create && request.concerns("ingresses", of: "networking.k8s.io")
  }

  /// Fills in the class.
  public func admit(
    _ request: inout AdmissionRequest, _ objects: any ObjectSource
  ) async throws(StatusError) {
    guard let ingress = request.object, ingress["spec", "ingressClassName"]?.string == nil,
      ingress.annotation("kubernetes.io/ingress.class") == nil
    else { return }
    let classes = try await objects.list(KnownResources.ingressClasses, namespace: nil)
    guard let name = DefaultClass.name(of: classes, markedBy: [Self.annotation]) else { return }
    request.object?["spec", "ingressClassName"] = .string(name)
  }
}
