/// The pods that count on a node by the scheduler's own decision, until they are seen there.
struct AssumedPods: Sendable {
  struct Assumed: Sendable {
    /// As it was taken from the queue, to be given back if the binding fails.
    var queued: QueuedPod
    let node: String
    /// Nil while the binding is under way.
    var deadline: Duration?
  }

  private var pods: [String: Assumed] = [:]
  /// Of pods whose binding is done, in the order of time.
  private var deadlines = Heap<TimedEntry>()
  private var lastNumber: UInt64 = 0

  subscript(identity: String) -> Assumed? { pods[identity] }
  var count: Int { pods.count }

  mutating func assume(_ queued: QueuedPod, node: String) {
    pods[queued.pod.identity] = Assumed(queued: queued, node: node)
  }

  /// Takes note of a change in the pod that does not say yet where it is.
  mutating func update(_ pod: PodInfo) { pods[pod.identity]?.queued.pod = pod }

  @discardableResult
  mutating func remove(_ identity: String) -> Assumed? { pods.removeValue(forKey: identity) }

  /// The binding is done: from now on the pod has this long to be seen on its node.
  mutating func bindingSucceeded(_ identity: String, deadline: Duration) {
    guard pods[identity] != nil else { return }
    pods[identity]?.deadline = deadline
    lastNumber += 1
    deadlines.insert(TimedEntry(due: deadline, arrival: lastNumber, stamp: 0, identity: identity))
  }

  /// Removes and returns a pod whose deadline has passed.
  mutating func expire(now: Duration) -> Assumed? {
    while let entry = deadlines.first, entry.due <= now {
      _ = deadlines.removeFirst()
      if pods[entry.identity]?.deadline == entry.due { return pods.removeValue(forKey: entry.identity) }
    }
    return nil
  }

  /// When the next deadline is.
  mutating func nextDue() -> Duration? {
    while let entry = deadlines.first {
      if pods[entry.identity]?.deadline == entry.due { return entry.due }
      _ = deadlines.removeFirst()
    }
    return nil
  }
}
