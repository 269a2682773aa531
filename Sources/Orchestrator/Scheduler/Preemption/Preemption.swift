/// Room to be made for a pod: a node, and the pods that have to leave it.
struct Preemption {
  let slot: Int
  let node: String
  /// The most important first.
  let victims: [PodInfo]
  let budgetViolations: Int
  /// Pods of lower priority that waited for the same node.
  var displacedNominations: [PodInfo] = []

  /// Why there is none.
  struct Failure: Error {
    let message: String
    /// Whether a nomination that the pod has is of no use any more.
    let clearsNomination: Bool
  }
}

extension PodInfo {
  /// Whether the pod is to be spared rather than the other: by priority, then by how long it runs.
  func isMoreImportant(than other: PodInfo) -> Bool {
    if priority != other.priority { return priority > other.priority }
    let start = startSeconds ?? Int64.max
    let otherStart = other.startSeconds ?? Int64.max
    return start != otherStart ? start < otherStart : identity < other.identity
  }
}

extension SchedulerCore {
  /// Looks for a node that can take the pod once pods of lower priority have left it.
  mutating func preempt(
    _ cycle: SchedulingCycle, rejections: [(slot: Int, rejection: Rejection)]
  ) -> Result<Preemption, Preemption.Failure> {
    let pod = cycle.pod
    if let reason = ineligibility(of: pod, rejections: rejections) {
      return .failure(Preemption.Failure(message: reason, clearsNomination: false))
    }
    let potential = rejections.filter { !$0.rejection.isUnresolvable }
    var candidates: [Preemption] = []
    var failures: [Rejection: Int] = [:]
    if !potential.isEmpty {
      // A tenth of the nodes, but at least 100, offer choice enough; they begin anywhere.
      let wanted = min(potential.count, max(100, potential.count / 10))
      let start = random.below(potential.count)
      for place in potential.indices where candidates.count < wanted {
        let slot = potential[(start + place) % potential.count].slot
        switch victims(on: slot, cycle) {
        case .success(let candidate): candidates.append(candidate)
        case .failure(let none): failures[none.rejection, default: 0] += 1
        }
      }
    }
    guard var best = candidates.first else {
      let others = state.presentCount - failures.values.reduce(0, +)
      if others > 0 { failures[.preemptionDoesNotHelp] = others }
      let message = FailureMessage.text(failures, pod: pod, nodeCount: state.presentCount)
      return .failure(Preemption.Failure(message: message, clearsNomination: true))
    }
    for candidate in candidates.dropFirst() where Self.isBetter(candidate, than: best) { best = candidate }
    best.displacedNominations = state.nodes[best.slot].nominated.values
      .filter { $0.priority < pod.priority && $0.identity != pod.identity }
      .sorted { $0.identity < $1.identity }
    return .success(best)
  }

  /// Why the pod may not make others give way; nil if it may.
  private func ineligibility(
    of pod: PodInfo, rejections: [(slot: Int, rejection: Rejection)]
  ) -> String? {
    guard pod.mayPreempt else { return "not eligible due to preemptionPolicy=Never." }
    guard let node = nominations[pod.identity], let slot = state.slot(of: node) else { return nil }
    // If its victims' leaving would not help any more, it may look elsewhere.
    if rejections.contains(where: { $0.slot == slot && $0.rejection.isUnresolvable }) { return nil }
    let waits = state.nodes[slot].pods.values.contains {
      $0.isTerminatingByPreemption && $0.priority < pod.priority
    }
    return waits ? "not eligible due to a terminating pod on the nominated node." : nil
  }

  private struct NoVictims: Error {
    let rejection: Rejection
  }

  /// The fewest and least important pods whose leaving lets the pod onto the node: all of lower priority leave, then
  /// return one by one, the most important first, as long as the pod still fits.
  private mutating func victims(on slot: Int, _ cycle: SchedulingCycle) -> Result<Preemption, NoVictims> {
    let pod = cycle.pod
    let lower = state.nodes[slot].pods.values.filter { $0.priority < pod.priority }
      .sorted { $0.isMoreImportant(than: $1) }
    guard !lower.isEmpty else { return .failure(NoVictims(rejection: .noVictims)) }
    var trial = cycle
    for other in lower { trial.displace(other, from: slot, state: &state) }
    if let rejection = trial.rejectionBesideNominated(slot: slot, state: &state) {
      for other in lower { state.charge(other, slot: slot) }
      return .failure(NoVictims(rejection: rejection))
    }
    var victims: [PodInfo] = []
    var violations = 0
    let (violating, others) = splitByBudget(lower)
    for (list, isViolating) in [(violating, true), (others, false)] {
      for other in list {
        trial.place(other, on: slot, state: &state)
        guard trial.rejectionBesideNominated(slot: slot, state: &state) != nil else { continue }
        trial.displace(other, from: slot, state: &state)
        victims.append(other)
        if isViolating { violations += 1 }
      }
    }
    for victim in victims { state.charge(victim, slot: slot) }
    victims.sort { $0.isMoreImportant(than: $1) }
    return .success(
      Preemption(
        slot: slot, node: state.nodes[slot].name, victims: victims, budgetViolations: violations))
  }

  /// Those whose leaving would break a disruption budget, and the others.
  private func splitByBudget(_ pods: [PodInfo]) -> (violating: [PodInfo], others: [PodInfo]) {
    var allowed = budgets.map(\.disruptionsAllowed)
    var violating: [PodInfo] = []
    var others: [PodInfo] = []
    for pod in pods {
      var violates = false
      for (place, budget) in budgets.enumerated() where budget.covers(pod) {
        allowed[place] &-= 1
        if allowed[place] < 0 { violates = true }
      }
      if violates { violating.append(pod) } else { others.append(pod) }
    }
    return (violating, others)
  }

  /// Fewer broken budgets, then less important victims, then fewer of them, then those that started last.
  private static func isBetter(_ left: Preemption, than right: Preemption) -> Bool {
    if left.budgetViolations != right.budgetViolations {
      return left.budgetViolations < right.budgetViolations
    }
    let leftHighest = left.victims.first?.priority ?? Int32.min
    let rightHighest = right.victims.first?.priority ?? Int32.min
    if leftHighest != rightHighest { return leftHighest < rightHighest }
    func sum(_ victims: [PodInfo]) -> Int64 {
      // Shifted, so that every further victim makes it more.
      victims.reduce(0) { $0 + Int64($1.priority) + Int64(Int32.max) + 1 }
    }
    let leftSum = sum(left.victims)
    let rightSum = sum(right.victims)
    if leftSum != rightSum { return leftSum < rightSum }
    if left.victims.count != right.victims.count { return left.victims.count < right.victims.count }
    func earliest(_ preemption: Preemption, _ priority: Int32) -> Int64 {
      preemption.victims.filter { $0.priority == priority }.compactMap(\.startSeconds).min() ?? Int64.max
    }
    return earliest(left, leftHighest) > earliest(right, rightHighest)
  }
}
