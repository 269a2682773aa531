import Client
import Exchange
import Foundation
import Objects

/// Starts Jobs at the times of CronJobs.
public struct CronJobController: Controller {
  /// The controller's name.
  public let name = "cronjob-controller"

  /// A controller, which has no settings.
  public init() {}

  /// Works until the task is cancelled.
  public func run(_ context: ControllerContext) async {
    let loop = CronJobLoop(context, name: name)
    loop.listen()
    await loop.run()
  }
}

private struct CronJobLoop: Sendable {
  let context: ControllerContext
  let cronJobs: Informer
  let jobs: Informer
  let queue: ControllerQueue
  let index = ControlleeIndex(controlledBy: .cronJobs)
  let writes = LatestWrites()

  init(_ context: ControllerContext, name: String) {
    self.context = context
    queue = ControllerQueue(context, name: name)
    cronJobs = context.informers.informer(for: .cronJobs)
    jobs = context.informers.informer(for: .jobs)
  }

  func listen() {
    cronJobs.addHandler { event in
      switch event {
      case .added(let cronJob): queue.add(cronJob.key)
      case .updated(let old, let new):
        if old.resourceVersion != new.resourceVersion { queue.add(new.key) }
      case .deleted(let cronJob): writes.forget(cronJob.key)
      }
    }
    jobs.addHandler { event in
      switch event {
      case .added(let job):
        index.note(added: job)
        enqueueOwner(of: job)
      case .updated(let old, let new):
        guard old.resourceVersion != new.resourceVersion else { return }
        index.note(added: new)
        enqueueOwner(of: new)
      case .deleted(let job):
        index.note(deleted: job)
        enqueueOwner(of: job)
      }
    }
  }

  private func enqueueOwner(of job: JSON) {
    if let key = job.controllerKey(.cronJobs) { queue.addSoon(key) }
  }

  func run() async {
    await cronJobs.waitForSync()
    await jobs.waitForSync()
    index.prime(from: jobs)
    await queue.run { (key) async throws(StatusError) in try await sync(key) }
  }

  private func sync(_ key: ObjectKey) async throws(StatusError) -> Duration? {
    guard let cached = cronJobs.get(key.namespace, key.name) else { return nil }
    let cronJob = writes.later(than: cached)
    let now = context.now()
    guard let offset = Self.offset(cronJob["spec", "timeZone"]?.string) else {
      tell(
        cronJob,
        .init(
          isWarning: true, reason: "UnknownTimeZone",
          message: "invalid timeZone: \(quoted(cronJob["spec", "timeZone"]?.string ?? ""))"))
      return nil
    }
    let decision = CronJobDecision(cronJob, jobs: index.owned(by: cronJob.uid), now: now, offset: offset)
    for job in decision.delete { try await delete(job, of: cronJob) }
    var status = decision.status
    if let job = decision.create, let made = try await create(job, of: cronJob) {
      status = decision.status(with: made)
    }
    try await write(status, of: cronJob)
    for event in decision.events { tell(cronJob, event) }
    return decision.requeueAfter
  }

  /// The clock of a time zone, UTC if none is named; nil for one that nobody knows.
  private static func offset(_ zone: String?) -> CronTimetable.Offset? {
    guard let zone else { return { _ in 0 } }
    guard let zone = TimeZone(identifier: zone) else { return nil }
    return { Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double($0.seconds)))) }
  }

  private func tell(_ cronJob: JSON, _ event: CronJobDecision.Event) {
    context.event(cronJob, .cronJobs, isWarning: event.isWarning, reason: event.reason, event.message)
  }

  private func delete(_ job: JSON, of cronJob: JSON) async throws(StatusError) {
    do throws(StatusError) {
      try await context.delete(.jobs, job, propagation: "Background")
      tell(cronJob, .init(reason: "SuccessfulDelete", message: "Deleted job \(job.name)"))
    } catch {
      if !error.isNotFound, !error.isConflict { throw error }
    }
  }

  /// Makes the Job of a time; nil if the namespace is going.
  private func create(_ job: JSON, of cronJob: JSON) async throws(StatusError) -> JSON? {
    do throws(StatusError) {
      let made = try await context.create(.jobs, job)
      tell(cronJob, .init(reason: "SuccessfulCreate", message: "Created job \(made.name)"))
      return made
    } catch {
      if error.isOfTerminatingNamespace { return nil }
      guard error.isAlreadyExists else {
        tell(
          cronJob,
          .init(isWarning: true, reason: "FailedCreate", message: "Error creating job: \(error.message)"))
        throw error
      }
      let there = try await context.client.get(.jobs, namespace: job.namespace, name: job.name)
      guard there.isControlled(by: cronJob) else { throw error }
      return there
    }
  }

  private func write(_ status: JSON, of cronJob: JSON) async throws(StatusError) {
    guard status != cronJob["status"] ?? [:] else { return }
    var copy = cronJob
    copy["status"] = status
    do throws(StatusError) {
      writes.wrote(try await context.updateStatus(.cronJobs, copy))
    } catch {
      writes.forget(cronJob.key)
      if !error.isNotFound { throw error }
    }
  }
}
