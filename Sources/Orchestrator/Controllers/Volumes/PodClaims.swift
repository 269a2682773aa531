import Client
import Objects

/// The claims that pods use.
enum PodClaims {
  /// The name of the index of pods by the claims that they use.
  static let index = "claims"

  /// The claims of a pod's volumes, generic ephemeral ones included.
  static func keys(of pod: JSON) -> [ObjectKey] {
    (pod["spec", "volumes"]?.array ?? []).compactMap { volume in
      name(of: volume, pod: pod.name).map { ObjectKey(namespace: pod.namespace, name: $0) }
    }
  }

  /// The claim of a volume; nil for a volume without.
  static func name(of volume: JSON, pod: String) -> String? {
    if let name = volume["persistentVolumeClaim", "claimName"]?.string { return name }
    guard let ephemeral = volume["ephemeral"], !ephemeral.isNull else { return nil }
    return ephemeralName(pod: pod, volume: volume["name"]?.string ?? "")
  }

  /// The name of the claim of a generic ephemeral volume.
  static func ephemeralName(pod: String, volume: String) -> String { "\(pod)-\(volume)" }

  /// The informer of pods with the index.
  static func informer(_ context: ControllerContext) -> Informer {
    let pods = context.informers.informer(for: .pods)
    pods.addIndexer(index) { keys(of: $0).map(\.description) }
    return pods
  }
}
