import Objects

/// What a Job's controller does: writes the status first, so that no pod's end is lost or counted twice, then lets
/// counted pods go, and then makes and deletes pods.
struct JobDecision: Sendable, Equatable {
  /// At most this many pods are made in one sync.
  static let creationBurst = 500
  /// At most this many ends wait in the status to be counted.
  static let uncountedLimit = 500

  /// A pod to make.
  struct Creation: Sendable, Equatable {
    /// Of an indexed Job.
    var index: Int?
    /// How often the index has failed, if the Job limits that.
    var failures: Int?
  }

  /// Something to tell the Job's users.
  struct Event: Sendable, Equatable {
    var isWarning = false
    var reason: String
    var message: String
  }

  /// The status to write; equal to the Job's if nothing has changed.
  var status: JSON = [:]
  /// The pods that may go, once the status is written.
  var release: [JSON] = []
  /// The pods to delete, whose ends count as failures: the Job has ended.
  var delete: [JSON] = []
  /// The pods to let go and to delete, whose ends do not count: there are too many, or the Job is suspended.
  var discard: [JSON] = []
  /// The pods to make.
  var create: [Creation] = []
  var events: [Event] = []
  /// When to look again: a deadline, or the end of a back-off.
  var requeueAfter: Duration?

  /// Nothing to do.
  init() {}

  /// Compares a Job with the pods it controls. While `mayManage` is false, an earlier sync's creations and deletions
  /// have not been seen yet, and no more are made.
  init(_ job: JSON, pods: [JSON], mayManage: Bool = true, now: Timestamp) {
    var run = JobRun(job, pods: pods, now: now)
    run.decide(mayManage: mayManage)
    self = run.decision
  }
}
