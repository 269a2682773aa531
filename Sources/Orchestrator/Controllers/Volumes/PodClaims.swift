import Client
import Objects

/// The claims that pods use.
enum PodClaims {
  /// The name of the index of pods by the claims that they use.
  static let index = "claims"

  /// The claims of a pod's volumes, generic ephemeral ones included.
  static func keys(of pod: JSON) -> [ObjectKey] {
    (pod["spec", "volumes"]?.array ?? []).compactMap { volume in
      VolumeMatch.claimName(ofVolume: volume, pod: pod.name).map {
        ObjectKey(namespace: pod.namespace, name: $0)
      }
    }
  }

  /// The informer of pods with the index.
  static func informer(_ context: ControllerContext) -> Informer {
    let pods = context.informers.informer(for: .pods)
    pods.addIndexer(index) { keys(of: $0).map(\.description) }
    return pods
  }
}
