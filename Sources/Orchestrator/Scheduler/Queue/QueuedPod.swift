/// A pod that waits to be placed, and what is known of the attempts so far.
struct QueuedPod: Sendable {
  enum Place: Sendable, Hashable {
    /// To be tried as soon as its turn comes.
    case active
    /// To be tried when its back-off ends.
    case backingOff
    /// Not to be tried before something happens that may help it.
    case unschedulable
    /// Not to be tried before its scheduling gates are gone.
    case gated
  }

  var pod: PodInfo
  var place = Place.active
  /// How often it was tried.
  var attempts = 0
  /// Since when it waits: since it came, or since the last attempt.
  var queuedAt: Duration
  /// When it may be tried again.
  var backoffEnds: Duration
  /// A number that grows with every pod that comes, for pods that came at once.
  var arrival: UInt64 = 0
  /// The plugins that turned nodes down at the last attempt. Empty if there were no nodes.
  var rejectors: PluginSet = []
  /// Grows with every change of place: entries in heaps with another number are void.
  var stamp: UInt64 = 0
}

/// A place in the line of pods to be tried: by priority, then since when it waits.
struct ActiveEntry: Comparable, Sendable {
  let priority: Int32
  let queuedAt: Duration
  let arrival: UInt64
  let stamp: UInt64
  let identity: String

  static func < (left: ActiveEntry, right: ActiveEntry) -> Bool {
    if left.priority != right.priority { return left.priority > right.priority }
    if left.queuedAt != right.queuedAt { return left.queuedAt < right.queuedAt }
    return left.arrival < right.arrival
  }
}

/// Something that is due at a time.
struct TimedEntry: Comparable, Sendable {
  let due: Duration
  let arrival: UInt64
  let stamp: UInt64
  let identity: String

  static func < (left: TimedEntry, right: TimedEntry) -> Bool {
    left.due != right.due ? left.due < right.due : left.arrival < right.arrival
  }
}
