public import Client
public import ContainerRuntime
import Objects
import Synchronization

/// The kubelet's loop: pods of its node from the API server, their containers in the runtime, their status back. All
/// it has to know is in the API server and the runtime: pods keep running while it is away.
public final class KubeletRunner: Sendable {
  /// Where the kubelet is, and how it was set up.
  public let settings: NodeSettings
  let client: APIClient
  let runtime: any ContainerRuntime
  let volumes: any PodVolumes
  let transport: any ProbeTransport
  let recorder: EventRecorder
  let time: any TimeSource
  let resources: KubeletResources
  let pods: Informer
  let services: Informer
  let podKeys: WorkQueue<ObjectKey>
  let probeKeys: WorkQueue<ProbeKey>
  /// By uid.
  private let orphans: WorkQueue<String>
  let state = Mutex(State())

  /// A probe of a container.
  struct ProbeKey: Sendable, Hashable {
    var pod: ObjectKey
    var uid: String
    var container: String
    var containerID: String
    var kind: ProbeSpec.Kind
  }

  /// What is remembered of a pod between looks; nothing that a restart must not forget.
  struct PodMemory: Sendable {
    var waiting: [String: WaitingReason] = [:]
    var failure: PodPlan.Failure?
    /// The pod as it was after the last write of its status: the informer may still have the one before.
    var written: JSON?
  }

  struct State {
    var memory: [String: PodMemory] = [:]
    var probes: [ProbeKey: ProbeState] = [:]
    var backoff = CrashBackoff()
    var snapshot = RuntimeSnapshot()
  }

  /// A kubelet. Nil if the schema lacks a kind it needs, which a build of this project never does.
  public init?(
    client: APIClient, runtime: any ContainerRuntime, volumes: any PodVolumes,
    transport: any ProbeTransport, settings: NodeSettings, time: any TimeSource = SystemTime()
  ) {
    guard let resources = KubeletResources() else { return nil }
    self.resources = resources
    self.client = client
    self.runtime = runtime
    self.volumes = volumes
    self.transport = transport
    self.settings = settings
    self.time = time
    recorder = EventRecorder(client: client, component: "kubelet", host: settings.nodeName, time: time)
    pods = Informer(
      client: client, resource: resources.pods, fieldSelector: "spec.nodeName=\(settings.nodeName)",
      time: time)
    services = Informer(client: client, resource: resources.services, time: time)
    podKeys = WorkQueue(
      time: time, initialDelay: .milliseconds(100), maximumDelay: KubeletLimits.longestRetry)
    probeKeys = WorkQueue(time: time)
    orphans = WorkQueue(time: time)
  }

  /// Runs until the task is cancelled. Can be run once.
  public func run() async {
    pods.addHandler { [weak self] event in
      guard let self else { return }
      switch event {
      case .added(let pod), .updated(_, let pod): podKeys.add(ObjectKey(pod))
      case .deleted(let pod): podKeys.add(ObjectKey(pod))
      }
    }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { [pods] in await pods.run() }
      group.addTask { [services] in await services.run() }
      group.addTask { [recorder] in await recorder.run() }
      group.addTask { [self] in await NodeReporter(self).run() }
      group.addTask { [self] in await relist() }
      for _ in 0..<KubeletLimits.podWorkers {
        group.addTask { [self] in
          // Else containers of pods not heard of yet would be taken for nobody's.
          await pods.waitForSync()
          await services.waitForSync()
          while let key = await podKeys.next() {
            await sync(key)
            podKeys.done(key)
          }
        }
      }
      for _ in 0..<KubeletLimits.orphanWorkers {
        group.addTask { [self] in
          while let uid = await orphans.next() {
            await removeOrphan(uid)
            orphans.done(uid)
          }
        }
      }
      for _ in 0..<KubeletLimits.probeWorkers {
        group.addTask { [self] in
          while let key = await probeKeys.next() {
            await probe(key)
            probeKeys.done(key)
          }
        }
      }
    }
  }

  /// Asks the runtime for what changed, again and again.
  private func relist() async {
    await pods.waitForSync()
    while !Task.isCancelled {
      await relistOnce()
      do { try await time.sleep(for: KubeletLimits.relistPeriod) } catch { return }
    }
  }

  /// Looks at pods whose containers changed, and ends those that nobody wants.
  func relistOnce() async {
    guard let snapshot = try? await RuntimeSnapshot(of: runtime) else { return }
    let before = state.withLock { state in
      defer { state.snapshot = snapshot }
      return state.snapshot
    }
    for key in snapshot.changes(since: before) { podKeys.add(key) }
    let wanted = Set(pods.list().map(\.podUID))
    for uid in snapshot.uids where !wanted.contains(uid) { orphans.add(uid) }
  }

  /// A pod that the API server no longer has: it was deleted while nobody watched.
  private func removeOrphan(_ uid: String) async {
    do throws(RuntimeError) {
      let observed = try await ObservedPod(uid: uid, runtime: runtime)
      for item in observed.running {
        let text = item.status.annotations[KubeletLabels.gracePeriod]
        let grace = Duration.seconds(max(0, text.flatMap { Int64($0) } ?? 30))
        try await runtime.stopContainer(item.id, gracePeriod: grace)
      }
      for sandbox in observed.sandboxes {
        try await runtime.stopPodSandbox(sandbox.sandbox.id)
        try await runtime.removePodSandbox(sandbox.sandbox.id)
      }
      try? await volumes.tearDown(podUID: uid, settings: settings)
      forget(uid)
    } catch {
      // The next list comes soon.
    }
  }

  func forget(_ uid: String) {
    state.withLock { state in
      state.memory[uid] = nil
      state.probes = state.probes.filter { $0.key.uid != uid }
      state.backoff.forget(prefix: uid + "/")
    }
  }

  func tell(_ pod: JSON, _ type: String, _ reason: String, _ message: String) {
    recorder.event(
      regarding: pod, resource: resources.pods, type: type, reason: reason,
      message: String(message.prefix(KubeletLimits.messageCharacters)))
  }
}
