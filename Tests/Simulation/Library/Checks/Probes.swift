/// Rare things that a batch of seeds must have met: what never happens is not tested.
package enum Probe: Int, CaseIterable, Sendable {
  case leaderElected, leaderChanged, conflictingEntriesReplaced, appendRejected
  case memberRestarted, writesLost, syncFailed, powerLostWhileWriting
  case damageHealed, damageRefused
  case proposalForwarded, readAcrossLeaders, unknownOutcome
  case snapshotSent, snapshotResumed, snapshotInstalled, compactionDuringSnapshot
  case logReadForSlowFollower
  case memberAdded, learnerAdded, learnerPromoted, memberRemoved, memberRemovedItself, removedMemberTold
  case jointConfigurationEntered
  case leadershipTransferred, leaderSteppedDownWithStalledDisk
  case leaseExpired, leaseRenewed, leaseCheckpointed
  case compacted, watchResumed, watchFellBehind, watchCompacted
  case messageToStranger, historyUndecided

  /// Whether a large batch must have met it.
  package var isRequired: Bool {
    switch self {
    case .messageToStranger, .historyUndecided, .jointConfigurationEntered, .damageRefused: false
    default: true
    }
  }
}

/// How often each rare thing happened.
package struct Probes: Sendable {
  package private(set) var counts = [Int](repeating: 0, count: Probe.allCases.count)

  package init() {}

  package mutating func count(_ probe: Probe, _ times: Int = 1) { counts[probe.rawValue] += times }

  package subscript(_ probe: Probe) -> Int { counts[probe.rawValue] }

  package mutating func add(_ other: Probes) {
    for place in counts.indices { counts[place] += other.counts[place] }
  }

  /// What a large batch must have met, and did not.
  package var missing: [Probe] { Probe.allCases.filter { $0.isRequired && self[$0] == 0 } }
}
