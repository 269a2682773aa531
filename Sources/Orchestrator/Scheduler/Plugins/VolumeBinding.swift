/// Whether the pod can have its volumes on the node.
enum VolumeBinding {
  static let conflict: UInt64 = 0
  static let noneFound: UInt64 = 1

  /// Why not; nil if it can.
  static func rejection(_ pod: PodInfo, node: NodeInfo) -> Rejection? {
    for terms in pod.volumes.bound where !matches(terms, node) {
      return Rejection(.volumeBinding, reason: conflict, isUnresolvable: true)
    }
    for terms in pod.volumes.waiting where !matches(terms, node) {
      return Rejection(.volumeBinding, reason: noneFound, isUnresolvable: true)
    }
    return nil
  }

  private static func matches(_ terms: [NodeSelectorTerm], _ node: NodeInfo) -> Bool {
    for term in terms where term.matches(node) { return true }
    return false
  }

  static func text(_ reasons: UInt64) -> String {
    reasons == 1 << conflict
      ? "node(s) didn't match PersistentVolume's node affinity"
      : "node(s) didn't find available persistent volumes to bind"
  }
}
