/// The pods that wait to be placed. A pod is either active, backing off, unschedulable or gated; the heaps hold where
/// each stands in line, and what is void in them is dropped when it comes to the top.
struct SchedulingQueue: Sendable {
  let configuration: SchedulerCore.Configuration
  private var pods: [String: QueuedPod] = [:]
  private var active = Heap<ActiveEntry>()
  private var backingOff = Heap<TimedEntry>()
  private var unschedulable = Heap<TimedEntry>()
  private var unschedulableIdentities: Set<String> = []
  /// How many of the unschedulable pods each plugin turned nodes down for, the last for none.
  private var waitingCounts = [Int](repeating: 0, count: Plugin.allCases.count + 1)
  private var lastArrival: UInt64 = 0
  private var lastStamp: UInt64 = 0

  init(configuration: SchedulerCore.Configuration) { self.configuration = configuration }

  /// The waiting pod of this identity.
  subscript(identity: String) -> QueuedPod? { pods[identity] }

  /// How many entries the heaps hold, void ones included.
  var entryCount: Int {
    active.elements.count + backingOff.elements.count + unschedulable.elements.count
  }

  func counts() -> SchedulerCore.QueueCounts {
    var counts = SchedulerCore.QueueCounts()
    for queued in pods.values {
      switch queued.place {
      case .active: counts.active += 1
      case .backingOff: counts.backingOff += 1
      case .unschedulable: counts.unschedulable += 1
      case .gated: counts.gated += 1
      }
    }
    return counts
  }

  // MARK: Pods come and go

  /// Adds a pod that is new, or takes note of what changed in it.
  mutating func upsert(_ pod: PodInfo, now: Duration) {
    guard var queued = pods[pod.identity] else {
      lastArrival += 1
      let queued = QueuedPod(pod: pod, queuedAt: now, backoffEnds: now, arrival: lastArrival)
      put(queued, in: pod.gates.isEmpty ? .active : .gated)
      return
    }
    let old = queued.pod
    queued.pod = pod
    switch queued.place {
    case .gated where pod.gates.isEmpty:
      queued.queuedAt = now
      put(queued, in: .active)
    case .active where pod.priority != old.priority:
      put(queued, in: .active)
    case .unschedulable where !pod.isScheduledLike(old):
      // Its own change may help it whatever stood in its way.
      put(queued, in: now < queued.backoffEnds ? .backingOff : .active)
    default:
      pods[pod.identity] = queued
    }
  }

  @discardableResult
  mutating func remove(_ identity: String) -> QueuedPod? {
    guard let queued = pods.removeValue(forKey: identity) else { return nil }
    forgetPlace(of: queued)
    return queued
  }

  // MARK: Attempts

  /// Takes the pod to be tried next. It has to be given back if the attempt fails.
  mutating func pop(now: Duration) -> QueuedPod? {
    flush(now: now)
    while let entry = active.removeFirst() {
      guard let queued = pods[entry.identity], queued.stamp == entry.stamp else { continue }
      return take(queued)
    }
    guard configuration.triesEarlyWhenIdle else { return nil }
    while let entry = backingOff.removeFirst() {
      guard let queued = pods[entry.identity], queued.stamp == entry.stamp else { continue }
      return take(queued)
    }
    return nil
  }

  private mutating func take(_ queued: QueuedPod) -> QueuedPod {
    pods[queued.pod.identity] = nil
    var queued = queued
    queued.attempts += 1
    return queued
  }

  /// Gives back a pod that no node takes: it waits for an event that may help.
  mutating func addUnschedulable(_ queued: QueuedPod, rejectors: PluginSet, now: Duration) {
    var queued = queued
    queued.rejectors = rejectors
    backOff(&queued, now: now)
    put(queued, in: .unschedulable)
  }

  /// Gives back a pod whose attempt failed for reasons that time may heal.
  mutating func addFailed(_ queued: QueuedPod, now: Duration) {
    var queued = queued
    queued.rejectors = []
    backOff(&queued, now: now)
    put(queued, in: queued.pod.gates.isEmpty ? .backingOff : .gated)
  }

  private func backOff(_ queued: inout QueuedPod, now: Duration) {
    queued.queuedAt = now
    // Beyond 2²⁰ times the first one it is the longest anyhow.
    let factor = 1 << min(20, max(0, queued.attempts - 1))
    queued.backoffEnds = now + min(configuration.backoffMaximum, configuration.backoffInitial * factor)
  }

  // MARK: Time and events

  /// Moves pods whose time has come.
  mutating func flush(now: Duration) {
    while let entry = backingOff.first, entry.due <= now {
      _ = backingOff.removeFirst()
      guard let queued = pods[entry.identity], queued.stamp == entry.stamp else { continue }
      put(queued, in: .active)
    }
    while let entry = unschedulable.first, entry.due <= now {
      _ = unschedulable.removeFirst()
      guard let queued = pods[entry.identity], queued.stamp == entry.stamp else { continue }
      put(queued, in: now < queued.backoffEnds ? .backingOff : .active)
    }
  }

  /// When `flush` will next have something to do; the past when a pod is active.
  mutating func nextDue() -> Duration? {
    while let entry = active.first {
      if pods[entry.identity]?.stamp == entry.stamp { return entry.queuedAt }
      _ = active.removeFirst()
    }
    var due: Duration?
    while let entry = backingOff.first {
      if pods[entry.identity]?.stamp == entry.stamp {
        due = entry.due
        break
      }
      _ = backingOff.removeFirst()
    }
    while let entry = unschedulable.first {
      if pods[entry.identity]?.stamp == entry.stamp {
        due = due.map { min($0, entry.due) } ?? entry.due
        break
      }
      _ = unschedulable.removeFirst()
    }
    return due
  }

  /// Whether any unschedulable pod waits for one of these plugins, or was tried when there were no nodes.
  func waits(forAnyOf plugins: PluginSet) -> Bool {
    if waitingCounts[Plugin.allCases.count] > 0 { return true }
    for plugin in Plugin.allCases
    where plugins.contains(plugin) && waitingCounts[Int(plugin.rawValue)] > 0 { return true }
    return false
  }

  /// Moves the unschedulable pods that an event may help.
  mutating func wake(now: Duration, where mayHelp: (QueuedPod) -> Bool) {
    let woken = unschedulableIdentities.compactMap { identity in
      pods[identity].flatMap { mayHelp($0) ? $0 : nil }
    }
    for queued in woken { put(queued, in: now < queued.backoffEnds ? .backingOff : .active) }
  }

  // MARK: Places

  private mutating func put(_ queued: QueuedPod, in place: QueuedPod.Place) {
    if let old = pods[queued.pod.identity] { forgetPlace(of: old) }
    var queued = queued
    lastStamp += 1
    queued.stamp = lastStamp
    queued.place = place
    let identity = queued.pod.identity
    pods[identity] = queued
    func timed(_ due: Duration) -> TimedEntry {
      TimedEntry(due: due, arrival: queued.arrival, stamp: queued.stamp, identity: identity)
    }
    switch place {
    case .active:
      active.insert(
        ActiveEntry(
          priority: queued.pod.priority, queuedAt: queued.queuedAt, arrival: queued.arrival,
          stamp: queued.stamp, identity: identity))
    case .backingOff:
      backingOff.insert(timed(queued.backoffEnds))
    case .unschedulable:
      unschedulable.insert(timed(queued.queuedAt + configuration.unschedulableMaximum))
      unschedulableIdentities.insert(identity)
      countWaiting(queued.rejectors, 1)
    case .gated:
      break
    }
    compactIfWorn()
  }

  private mutating func forgetPlace(of queued: QueuedPod) {
    guard queued.place == .unschedulable else { return }
    unschedulableIdentities.remove(queued.pod.identity)
    countWaiting(queued.rejectors, -1)
  }

  private mutating func countWaiting(_ plugins: PluginSet, _ change: Int) {
    if plugins.isEmpty { waitingCounts[Plugin.allCases.count] += change }
    for plugin in Plugin.allCases where plugins.contains(plugin) {
      waitingCounts[Int(plugin.rawValue)] += change
    }
  }

  /// Drops void entries when they are the most, so that pods which change often do not fill the heaps.
  private mutating func compactIfWorn() {
    guard entryCount > 2 * pods.count + 64 else { return }
    let stamps = pods.mapValues(\.stamp)
    active.keep { stamps[$0.identity] == $0.stamp }
    backingOff.keep { stamps[$0.identity] == $0.stamp }
    unschedulable.keep { stamps[$0.identity] == $0.stamp }
  }
}
