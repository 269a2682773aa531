/// Why no node takes a pod, in kube-scheduler's words: `0/3 nodes are available: 1 Too many pods, 2 Insufficient cpu.`
enum FailureMessage {
  static let noNodes = "no nodes available to schedule pods"

  /// The message for these nodes.
  ///
  /// - Parameters:
  ///   - rejections: why nodes were turned down, with the number of nodes.
  ///   - others: texts that count for nodes which were not looked at.
  static func text(
    _ rejections: [Rejection: Int], pod: PodInfo, nodeCount: Int, others: [String: Int] = [:]
  ) -> String {
    var counts = others
    for (rejection, count) in rejections {
      for text in rejection.texts(for: pod) { counts[text, default: 0] += count }
    }
    let start = "0/\(nodeCount) nodes are available:"
    guard !counts.isEmpty else { return start }
    // Sorted as texts, by their numbers' digits first: 10 before 2.
    let reasons = counts.filter { $0.value > 0 }.map { "\($0.value) \($0.key)" }.sorted()
    return "\(start) \(reasons.joined(separator: ", "))."
  }

  /// The message for a search that found nothing.
  static func text(_ search: NodeSearch, pod: PodInfo, nodeCount: Int) -> String {
    if let obstacle = pod.volumes.obstacle { return "0/\(nodeCount) nodes are available: \(obstacle)." }
    if search.isContradiction { return "0/\(nodeCount) nodes are available: pod affinity terms conflict." }
    var histogram: [Rejection: Int] = [:]
    for (_, rejection) in search.rejections { histogram[rejection, default: 0] += 1 }
    let others = ["node(s) didn't satisfy plugin(s) [NodeAffinity]": search.absentCount]
    return text(histogram, pod: pod, nodeCount: nodeCount, others: others)
  }
}
