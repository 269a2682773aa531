import Objects

/// Which pods of a set go first when it shrinks: those whose loss is felt least.
struct DeletionRanking: Sendable {
  /// How many active pods of the same owner share each node.
  let podsOnNode: [String: Int]
  let now: Timestamp

  /// A ranking; `related` are the active pods of all sets with the same owner, this set's among them.
  init(related: [JSON], now: Timestamp) {
    var podsOnNode: [String: Int] = [:]
    for pod in related where pod.isActive && !pod.nodeName.isEmpty {
      podsOnNode[pod.nodeName, default: 0] += 1
    }
    self.podsOnNode = podsOnNode
    self.now = now
  }

  /// The first `count` of these pods, those to delete.
  func victims(_ count: Int, of pods: [JSON]) -> [JSON] {
    guard count > 0 else { return [] }
    guard count < pods.count else { return pods }
    return pods.map { Ranked($0, ranking: self) }.sorted(by: <).prefix(count).map(\.pod)
  }

  /// The annotation with which users tell which pod's loss costs more.
  static let costAnnotation = "controller.kubernetes.io/pod-deletion-cost"

  /// What pods are compared by, in the order of weight. Earlier pods are deleted first.
  private struct Ranked: Comparable {
    let pod: JSON
    let isAssigned: Bool
    /// Pending, unknown, running.
    let phase: Int
    let isReady: Bool
    let cost: Int32
    /// More pods on the node make a loss there less felt.
    let crowding: Int
    /// The logarithm of how long it has been ready: pods of about the same age count as equal, so that not always the
    /// newest go.
    let readyAge: Int
    let restarts: Int64
    let age: Int
    let uid: String

    init(_ pod: JSON, ranking: DeletionRanking) {
      self.pod = pod
      isAssigned = !pod.nodeName.isEmpty
      phase =
        switch pod.phase {
        case "Pending": 0
        case "Running": 2
        default: 1
        }
      isReady = pod.isReady
      cost = pod.annotation(DeletionRanking.costAnnotation).flatMap { Int32($0) } ?? 0
      crowding = ranking.podsOnNode[pod.nodeName] ?? 0
      readyAge = Self.logarithm(pod.readySince, ranking.now)
      restarts = pod.restartCount
      age = Self.logarithm(pod.creationTime, ranking.now)
      uid = pod.uid
    }

    private static func logarithm(_ time: Timestamp?, _ now: Timestamp) -> Int {
      guard let time else { return -1 }
      let seconds = now.since(time).components.seconds
      return seconds <= 0 ? -1 : Int64.bitWidth - seconds.leadingZeroBitCount
    }

    static func == (left: Ranked, right: Ranked) -> Bool { left.uid == right.uid }

    static func < (left: Ranked, right: Ranked) -> Bool {
      if left.isAssigned != right.isAssigned { return !left.isAssigned }
      if left.phase != right.phase { return left.phase < right.phase }
      if left.isReady != right.isReady { return !left.isReady }
      if left.cost != right.cost { return left.cost < right.cost }
      if left.isAssigned, left.crowding != right.crowding { return left.crowding > right.crowding }
      if left.isReady, left.readyAge != right.readyAge { return left.readyAge < right.readyAge }
      if left.restarts != right.restarts { return left.restarts > right.restarts }
      if left.age != right.age { return left.age < right.age }
      return left.uid < right.uid
    }
  }
}
