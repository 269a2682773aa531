import Exchange
import Objects

/// What one who would lead knows of the lease, and what it does about it. Knows no clock of others: a lease has expired
/// when it has not changed for its duration by one's own clock.
struct LeaderLease: Sendable {
  /// What is to be done now.
  enum Step: Sendable, Hashable {
    case create(JSON)
    case update(JSON)
    /// Another leads.
    case wait
  }

  let identity: String
  let key: ObjectKey
  let duration: Duration
  /// The lease's spec as it was seen last, and when it came to be so.
  private var observed: JSON?
  private var observedAt = Duration.zero

  init(identity: String, key: ObjectKey, duration: Duration) {
    self.identity = identity
    self.key = key
    self.duration = duration
  }

  /// Decides by the lease as it is; nil if there is none.
  mutating func step(_ lease: JSON?, now: Timestamp, uptime: Duration) -> Step {
    let time = JSON.string(now.microText)
    let seconds = max(1, duration.components.seconds)
    guard var lease else {
      return .create([
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": ["name": .string(key.name), "namespace": .string(key.namespace)],
        "spec": [
          "holderIdentity": .string(identity), "leaseDurationSeconds": .integer(seconds),
          "acquireTime": time, "renewTime": time, "leaseTransitions": 0,
        ],
      ])
    }
    let spec = lease["spec"] ?? [:]
    if spec != observed {
      observed = spec
      observedAt = uptime
    }
    let holder = spec["holderIdentity"]?.string ?? ""
    let held = Duration.seconds(spec["leaseDurationSeconds"]?.integer ?? seconds)
    if holder != identity {
      if !holder.isEmpty, observedAt + held > uptime { return .wait }
      lease["spec", "acquireTime"] = time
      let transitions = max(0, spec["leaseTransitions"]?.integer ?? 0)
      lease["spec", "leaseTransitions"] = .integer(transitions &+ 1)
    }
    lease["spec", "holderIdentity"] = .string(identity)
    lease["spec", "leaseDurationSeconds"] = .integer(seconds)
    lease["spec", "renewTime"] = time
    return .update(lease)
  }

  /// The lease given back, so that others need not wait; nil if it is another's.
  func released(_ lease: JSON, now: Timestamp) -> JSON? {
    guard lease["spec", "holderIdentity"]?.string == identity else { return nil }
    var lease = lease
    lease["spec", "holderIdentity"] = ""
    lease["spec", "leaseDurationSeconds"] = 1
    lease["spec", "renewTime"] = .string(now.microText)
    return lease
  }
}
