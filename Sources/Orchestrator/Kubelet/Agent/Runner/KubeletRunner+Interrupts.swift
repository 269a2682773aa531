import Client
import Objects
import Synchronization

extension KubeletRunner {
  /// Runs what may take long, and is given up once the pod is deleted, or deleted again with less grace: a pull, a
  /// hook, a stop. The next look then goes on from what there is.
  func interruptible<Value: Sendable>(
    _ pod: JSON, _ body: @escaping @Sendable () async -> Value
  ) async -> Value {
    let task = Task { await body() }
    let uid = pod.podUID
    let number = state.withLock { state in
      state.lastInterrupt += 1
      state.interrupts[uid, default: [:]][state.lastInterrupt] = { task.cancel() }
      return state.lastInterrupt
    }
    // What happened before anybody could be told.
    if isOutdated(pod) { task.cancel() }
    let value = await withTaskCancellationHandler {
      await task.value
    } onCancel: {
      task.cancel()
    }
    state.withLock { state in
      state.interrupts[uid]?[number] = nil
      if state.interrupts[uid]?.isEmpty == true { state.interrupts[uid] = nil }
    }
    return value
  }

  /// Gives up what is being done about a pod.
  func interrupt(_ uid: String) {
    for cancel in state.withLock({ $0.interrupts[uid]?.values.map { $0 } ?? [] }) { cancel() }
  }

  /// Whether a pod has to end sooner than was known.
  func isOutdated(_ pod: JSON) -> Bool {
    let uid = pod.podUID
    let current = self.pod(ObjectKey(pod)).flatMap { $0.podUID == uid ? $0 : nil }
    return (current ?? state.withLock { $0.departed[uid] }).map { Self.endsSooner(pod, $0) } ?? false
  }

  /// Whether a pod's new state leaves it less time than the one before.
  static func endsSooner(_ old: JSON, _ new: JSON) -> Bool {
    guard new.isBeingDeleted else { return false }
    return !old.isBeingDeleted || new.gracePeriod < old.gracePeriod
  }
}
