import Client
import Exchange
import Objects

/// Runs the pods of Jobs until enough have succeeded.
public struct JobController: Controller {
  /// The controller's name.
  public let name = "job-controller"

  /// A controller, which has no settings.
  public init() {}

  /// Works until the task is cancelled.
  public func run(_ context: ControllerContext) async {
    let loop = JobLoop(context, name: name)
    loop.listen()
    await loop.run()
  }
}

private struct JobLoop: Sendable {
  let context: ControllerContext
  let jobs: Informer
  let pods: Informer
  let queue: ControllerQueue
  /// Pods whose Job is gone and which still wait to be counted.
  let orphans = WorkQueue<ObjectKey>()
  let index = ControlleeIndex(controlledBy: .jobs)
  let expectations = Expectations()
  let writes = LatestWrites()
  let control: PodControl

  init(_ context: ControllerContext, name: String) {
    self.context = context
    queue = ControllerQueue(context, name: name)
    jobs = context.informers.informer(for: .jobs)
    pods = context.informers.informer(for: .pods)
    control = PodControl(context: context, expectations: expectations, index: index, resource: .jobs)
  }

  // MARK: Events

  func listen() {
    jobs.addHandler { event in
      switch event {
      case .added(let job): queue.add(job.key)
      case .updated(let old, let new):
        if old.resourceVersion != new.resourceVersion { queue.add(new.key) }
      case .deleted(let job):
        expectations.forget(job.key)
        writes.forget(job.key)
        for pod in index.owned(by: job.uid) where JobPods.isTracked(pod) { orphans.add(pod.key) }
      }
    }
    let events = PodEvents(
      index: index, expectations: expectations, resource: .jobs, enqueue: { queue.addSoon($0) },
      orphan: { pod in
        if JobPods.isTracked(pod) { orphans.add(pod.key) }
        for job in jobs.list(pod.namespace) where JobLoop.selects(job, pod) { queue.addSoon(job.key) }
      })
    pods.addHandler { event in
      events.handle(event)
      switch event {
      case .added(let pod), .updated(_, let pod):
        // The Job may have gone before its pod was seen.
        if JobPods.isTracked(pod), let key = pod.controllerKey(.jobs), jobs.hasSynced,
          jobs.get(key.namespace, key.name) == nil
        {
          orphans.add(pod.key)
        }
      case .deleted: break
      }
    }
  }

  private static func selects(_ job: JSON, _ pod: JSON) -> Bool {
    guard let selector = try? LabelRequirements(selector: job["spec", "selector"]), !selector.isEmpty else {
      return false
    }
    return selector.matches(pod["metadata", "labels"])
  }

  // MARK: Syncs

  func run() async {
    await jobs.waitForSync()
    await pods.waitForSync()
    index.prime(from: pods)
    for pod in pods.list() where JobPods.isTracked(pod) { orphans.add(pod.key) }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await queue.run { (key) async throws(StatusError) in try await sync(key) } }
      group.addTask { await releaseOrphans() }
    }
  }

  private func sync(_ key: ObjectKey) async throws(StatusError) -> Duration? {
    guard let cached = jobs.get(key.namespace, key.name) else {
      expectations.forget(key)
      return nil
    }
    let job = writes.later(than: cached)
    if let manager = job["spec", "managedBy"]?.string, manager != "kubernetes.io/job-controller" {
      return nil
    }
    guard let selector = try? LabelRequirements(selector: job["spec", "selector"]), !selector.isEmpty else {
      return nil
    }
    let mayManage = expectations.areMet(key, now: context.now())
    let owned = try await control.claim(job, .pods, selector: selector, finalizer: JobPods.finalizer)
    var decision = JobDecision(job, pods: owned, mayManage: mayManage, now: context.now())
    var failure: StatusError?
    if decision.release.isEmpty, decision.delete.isEmpty, decision.discard.isEmpty {
      // Nothing to count: pods can be made first, and one write of the status tells of them as well.
      let created = await create(decision.create, for: job)
      failure = created.failure
      decision.status.setCount("active", decision.status.count("active") + created.succeeded)
      try await write(decision, of: job)
    } else {
      try await write(decision, of: job)
      failure = await release(decision.release, of: job)
      if let error = await release(decision.discard, of: job) {
        failure = failure ?? error
      } else if let error = await control.delete(decision.delete + decision.discard, for: job) {
        failure = failure ?? error
      }
      if let error = await create(decision.create, for: job).failure { failure = failure ?? error }
    }
    if let failure { throw failure }
    return decision.requeueAfter
  }

  private func create(_ creations: [JobDecision.Creation], for job: JSON) async -> (
    succeeded: Int, failure: StatusError?
  ) {
    await control.create(creations.count, for: job) {
      JobPods.pod(job, index: creations[$0].index, failures: creations[$0].failures)
    }
  }

  /// Lets counted pods go.
  private func release(_ pods: [JSON], of job: JSON) async -> StatusError? {
    guard !pods.isEmpty else { return nil }
    let control = self.control
    return await SlowStart.all(pods.indices) { (place) async throws(StatusError) in
      _ = try await control.patch(.pods, pods[place], Self.releasing(pods[place]))
    }.failure
  }

  private static func releasing(_ pod: JSON) -> JSON {
    [
      "metadata": [
        "uid": .string(pod.uid), "$deleteFromPrimitiveList/finalizers": [.string(JobPods.finalizer)],
      ]
    ]
  }

  private func write(_ decision: JobDecision, of job: JSON) async throws(StatusError) {
    if decision.status != job["status"] ?? [:] {
      var copy = job
      copy["status"] = decision.status
      do {
        writes.wrote(try await context.updateStatus(.jobs, copy))
      } catch {
        writes.forget(job.key)
        throw error
      }
    }
    for event in decision.events {
      context.event(job, .jobs, isWarning: event.isWarning, reason: event.reason, event.message)
    }
  }

  // MARK: Orphans

  /// Lets pods go whose Job is gone: nobody will count them.
  private func releaseOrphans() async {
    while let key = await orphans.next() {
      do {
        try await releaseOrphan(key)
        orphans.forget(key)
      } catch {
        orphans.addRateLimited(key)
      }
      orphans.done(key)
    }
  }

  private func releaseOrphan(_ key: ObjectKey) async throws(StatusError) {
    guard let pod = pods.get(key.namespace, key.name), JobPods.isTracked(pod) else { return }
    if pod.controllerReference == nil, jobs.list(key.namespace).contains(where: { Self.selects($0, pod) }) {
      // It will be taken, and counted.
      return
    }
    if let reference = pod.controllerReference {
      guard let owner = pod.controllerKey(.jobs) else { return }
      if let job = jobs.get(owner.namespace, owner.name), job.uid == reference["uid"]?.string { return }
      do {
        let live = try await context.client.get(.jobs, namespace: owner.namespace, name: owner.name)
        if live.uid == reference["uid"]?.string { return }
      } catch {
        if !error.isNotFound { throw error }
      }
    }
    _ = try await control.patch(.pods, pod, Self.releasing(pod))
  }
}
