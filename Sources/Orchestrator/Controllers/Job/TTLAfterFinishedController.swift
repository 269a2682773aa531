import Client
import Exchange
import Objects

/// Deletes Jobs some time after their end, if they ask for it.
public struct TTLAfterFinishedController: Controller {
  /// The controller's name.
  public let name = "ttl-after-finished-controller"

  /// A controller, which has no settings.
  public init() {}

  /// Works until the task is cancelled.
  public func run(_ context: ControllerContext) async {
    let jobs = context.informers.informer(for: .jobs)
    let queue = ControllerQueue(context, name: name)
    jobs.addHandler { event in
      switch event {
      case .added(let job), .updated(_, let job):
        if Self.timeToLive(of: job, now: context.now()) != nil { queue.add(job.key) }
      case .deleted: break
      }
    }
    await jobs.waitForSync()
    await queue.run { (key) async throws(StatusError) in
      guard let job = jobs.get(key.namespace, key.name),
        let time = Self.timeToLive(of: job, now: context.now())
      else { return nil }
      if time > .zero { return time }
      do throws(StatusError) {
        // The time may have been changed meanwhile.
        let live = try await context.client.get(.jobs, namespace: key.namespace, name: key.name)
        guard live.uid == job.uid, let time = Self.timeToLive(of: live, now: context.now()) else {
          return nil
        }
        if time > .zero { return time }
        try await context.delete(.jobs, live, propagation: "Foreground")
      } catch {
        if !error.isNotFound, !error.isConflict { throw error }
      }
      return nil
    }
  }

  /// How long a Job is to stay yet; nil for one that is not to be deleted.
  static func timeToLive(of job: JSON, now: Timestamp) -> Duration? {
    guard !job.isBeingDeleted, let seconds = job["spec", "ttlSecondsAfterFinished"]?.integer,
      let end = JobEnd.time(of: job)
    else { return nil }
    return max(.zero, end.advanced(bySeconds: seconds).since(now))
  }
}

/// When a Job ended.
enum JobEnd {
  /// The time of the condition that says so; nil for a Job that has not ended.
  static func time(of job: JSON) -> Timestamp? {
    for type in ["Complete", "Failed"] {
      guard let condition = Conditions.find(type, in: job["status"]), condition["status"]?.string == "True"
      else {
        continue
      }
      return condition.time(at: "lastTransitionTime")
    }
    return nil
  }
}
