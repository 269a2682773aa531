public import Client
public import Scheduler
import Exchange
import Objects

/// The scheduler at work: tells its core what happens in the cluster, and does what it decides.
///
/// One task owns the core and never waits for the server: bindings and patches go on beside it, and what comes of a
/// binding goes back to the core.
public struct SchedulerLoop: Sendable {
  /// What bounds the loop.
  public enum Limits {
    /// Requests under way; bindings before all.
    public static let requestsInFlight = 64
    /// How long a pod's volumes are waited for before it is tried anew.
    public static let volumeBinding = Duration.seconds(600)
    /// How often is looked whether they have come.
    static let volumeLook = Duration.milliseconds(100)
    /// Decisions between two looks at what has happened.
    static let decisionsInARow = 64
  }

  private let client: APIClient
  private let informers: InformerSet
  private let recorder: EventRecorder
  private let configuration: SchedulerCore.Configuration
  private let seed: UInt64
  private let time: any TimeSource
  private let inputs = SchedulerInputs()

  /// A scheduler. Runs neither the informers nor the recorder; its informers are asked for here.
  ///
  /// - Parameter seed: decides between nodes that are equally good.
  public init(
    client: APIClient, informers: InformerSet, recorder: EventRecorder,
    configuration: SchedulerCore.Configuration = SchedulerCore.Configuration(), seed: UInt64,
    time: any TimeSource = SystemTime()
  ) {
    self.client = client
    self.informers = informers
    self.recorder = recorder
    self.configuration = configuration
    self.seed = seed
    self.time = time
  }

  /// Schedules until the task is cancelled. Can be run once: who leads again makes a new scheduler.
  public func run() async {
    defer { inputs.close() }
    guard let resources = SchedulerResources() else { return }
    let volumes = PodVolumes(informers, resources)
    listen(resources, volumes)
    let pods = informers.informer(for: resources.pods)
    for resource in resources.all { _ = informers.informer(for: resource) }
    for resource in resources.all { await informers.informer(for: resource).waitForSync() }
    guard !Task.isCancelled else { return }
    let requests = RequestLimiter(limit: Limits.requestsInFlight)
    let alarm = Alarm(time: time) { [inputs] in inputs.tick() }
    var core = SchedulerCore(configuration: configuration, seed: seed)
    await withDiscardingTaskGroup { group in
      let worker = SchedulerWorker(
        client: client, recorder: recorder, pods: pods, resource: resources.pods,
        resources: resources, volumes: volumes, scheduler: configuration.schedulerName, time: time,
        inputs: inputs)
      inputs.tick()
      for await _ in inputs.wakes {
        repeat {
          feed(&core, resources, volumes)
          var count = 0
          while count < Limits.decisionsInARow, !Task.isCancelled, let decision = core.next(now: time.uptime)
          {
            count += 1
            // Decides no faster than requests are answered.
            await requests.enter()
            group.addTask {
              await worker.perform(decision, requests)
              requests.leave()
            }
          }
          if count < Limits.decisionsInARow { break }
        } while !Task.isCancelled
        alarm.set(core.nextDue())
      }
      alarm.set(nil)
      group.cancelAll()
    }
  }

  /// Tells the core what has happened.
  private func feed(_ core: inout SchedulerCore, _ resources: SchedulerResources, _ volumes: PodVolumes) {
    let (changes, outcomes) = inputs.take()
    let now = time.uptime
    for outcome in outcomes {
      if outcome.problem == nil {
        core.bindingSucceeded(outcome.binding.pod, now: now)
      } else {
        core.bindingFailed(outcome.binding.pod, now: now)
      }
    }
    for (subject, object) in changes {
      switch subject {
      case .pod(let reference):
        if let object, let pod = info(object, resources, volumes) {
          core.handle(.pod(pod), now: now)
        } else {
          core.handle(.podRemoved(reference), now: now)
        }
      case .podVolumes(let reference):
        // One that is gone has told so itself.
        guard let object = volumes.pods.get(reference.namespace, reference.name),
          PodReference(of: object) == reference, let pod = info(object, resources, volumes)
        else { continue }
        core.handle(.pod(pod), now: now)
      case .node(let name):
        core.handle(object.flatMap { NodeInfo($0) }.map { .node($0) } ?? .nodeRemoved(name), now: now)
      case .namespace(let name):
        core.handle(
          object.map { .namespace(name, Labels(json: $0["metadata", "labels"])) } ?? .namespaceRemoved(name),
          now: now)
      case .disruptionBudgets:
        let budgets = informers.informer(for: resources.disruptionBudgets).list()
        core.handle(.disruptionBudgets(budgets.map { DisruptionBudget($0) }), now: now)
      }
    }
  }

  private func info(_ pod: JSON, _ resources: SchedulerResources, _ volumes: PodVolumes) -> PodInfo? {
    let waits = (pod["spec", "nodeName"]?.string ?? "").isEmpty
    return PodInfo(
      pod, defaultSpreadSelector: spread(pod, resources), volumes: waits ? volumes.needs(of: pod) : .none)
  }

  /// By what a pod that waits is spread if it has no constraints.
  private func spread(_ pod: JSON, _ resources: SchedulerResources) -> JSON? {
    guard (pod["spec", "nodeName"]?.string ?? "").isEmpty,
      (pod["spec", "topologySpreadConstraints"]?.array ?? []).isEmpty
    else { return nil }
    let namespace = pod["metadata", "namespace"]?.string ?? ""
    var owner: JSON?
    if let (kind, name) = DefaultSpread.owner(of: pod), let resource = resources.owners[kind] {
      owner = informers.informer(for: resource).get(namespace, name)
    }
    return DefaultSpread.selector(
      pod, services: informers.informer(for: resources.services).list(namespace), owner: owner)
  }

  private func listen(_ resources: SchedulerResources, _ volumes: PodVolumes) {
    let inputs = inputs
    volumes.listen { inputs.note(.podVolumes($0), nil) }
    Self.listen(informers.informer(for: resources.namespaces)) { object, isThere in
      inputs.note(.namespace(ObjectKey(object).name), isThere ? object : nil)
    }
    Self.listen(informers.informer(for: resources.nodes)) { object, isThere in
      inputs.note(.node(ObjectKey(object).name), isThere ? object : nil)
    }
    Self.listen(informers.informer(for: resources.disruptionBudgets)) { _, _ in
      inputs.note(.disruptionBudgets, nil)
    }
    Self.listen(informers.informer(for: resources.pods)) { object, isThere in
      inputs.note(.pod(PodReference(of: object)), isThere ? object : nil)
    }
  }

  private static func listen(_ informer: Informer, _ note: @escaping @Sendable (JSON, Bool) -> Void) {
    informer.addHandler { event in
      switch event {
      case .added(let object): note(object, true)
      case .updated(let old, let new):
        // Another object of the same name: the one before is gone unseen.
        if old["metadata", "uid"] != new["metadata", "uid"] { note(old, false) }
        note(new, true)
      case .deleted(let object): note(object, false)
      }
    }
  }
}

extension PodReference {
  init(of pod: JSON) {
    let key = ObjectKey(pod)
    self.init(namespace: key.namespace, name: key.name, uid: pod["metadata", "uid"]?.string ?? "")
  }
}

/// What the scheduler watches.
struct SchedulerResources: Sendable {
  let pods: Resource
  let nodes: Resource
  let namespaces: Resource
  let disruptionBudgets: Resource
  let services: Resource
  let claims: Resource
  let volumes: Resource
  let storageClasses: Resource
  /// What controls pods and has a selector, by kind.
  let owners: [String: Resource]

  /// Nil if the schema lacks one, which it does not.
  init?() {
    guard let pods = Resource.builtIn(group: "", version: "v1", resource: "pods"),
      let nodes = Resource.builtIn(group: "", version: "v1", resource: "nodes"),
      let namespaces = Resource.builtIn(group: "", version: "v1", resource: "namespaces"),
      let budgets = Resource.builtIn(group: "policy", version: "v1", resource: "poddisruptionbudgets"),
      let services = Resource.builtIn(group: "", version: "v1", resource: "services"),
      let claims = Resource.builtIn(group: "", version: "v1", resource: "persistentvolumeclaims"),
      let volumes = Resource.builtIn(group: "", version: "v1", resource: "persistentvolumes"),
      let classes = Resource.builtIn(group: "storage.k8s.io", version: "v1", resource: "storageclasses"),
      let replicationControllers = Resource.builtIn(group: "", version: "v1", kind: "ReplicationController"),
      let replicaSets = Resource.builtIn(group: "apps", version: "v1", kind: "ReplicaSet"),
      let statefulSets = Resource.builtIn(group: "apps", version: "v1", kind: "StatefulSet")
    else { return nil }
    self.pods = pods
    self.nodes = nodes
    self.namespaces = namespaces
    disruptionBudgets = budgets
    self.services = services
    self.claims = claims
    self.volumes = volumes
    storageClasses = classes
    owners = [
      "ReplicationController": replicationControllers, "ReplicaSet": replicaSets, "StatefulSet": statefulSets,
    ]
  }

  var all: [Resource] {
    [pods, nodes, namespaces, disruptionBudgets, services, claims, volumes, storageClasses] + owners.values
  }
}
