public import Client
public import ContainerRuntime
public import Objects
import Synchronization

/// The kubelet's loop: pods of its node from the API server, their containers in the runtime, their status back. All
/// it has to know is in the API server and the runtime: pods keep running while it is away.
public final class KubeletRunner: Sendable {
  /// Where the kubelet is, and how it was set up.
  public let settings: NodeSettings
  let options: KubeletOptions
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
  /// Pods that nobody wants any more, by uid.
  let orphans: WorkQueue<String>
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
    var prefetch: Prefetch?
    /// Nil until its volumes were looked at.
    var volumes: VolumeMemory?
  }

  struct State {
    var memory: [String: PodMemory] = [:]
    var probes: [ProbeKey: ProbeState] = [:]
    var backoff = CrashBackoff()
    var tokens = TokenCache()
    var statics = StaticState()
    var snapshot = RuntimeSnapshot()
    var isRuntimeAway = false
    /// When the runtime was asked last with success, in the time that this machine is up.
    var relistedAt: Duration?
    /// What gives up that which is being done about a pod, by its uid.
    var interrupts: [String: [Int: @Sendable () -> Void]] = [:]
    var lastInterrupt = 0
    /// Pods that have gone from where they came from, as they are to be stopped, by uid.
    var departed: [String: JSON] = [:]
  }

  /// A kubelet. Nil if the schema lacks a kind it needs, which a build of this project never does.
  public init?(
    client: APIClient, runtime: any ContainerRuntime, volumes: any PodVolumes,
    transport: any ProbeTransport, settings: NodeSettings, time: any TimeSource = SystemTime(),
    options: KubeletOptions = KubeletOptions()
  ) {
    guard let resources = KubeletResources() else { return nil }
    self.resources = resources
    self.client = client
    self.runtime = runtime
    self.volumes = volumes
    self.transport = transport
    self.settings = settings
    self.time = time
    self.options = options
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
    pods.addHandler { [weak self] event in self?.take(event) }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { [pods] in await pods.run() }
      group.addTask { [services] in await services.run() }
      group.addTask { [recorder] in await recorder.run() }
      group.addTask { [self] in await NodeReporter(self).run() }
      group.addTask { [self] in await followManifests() }
      group.addTask { [self] in await relist() }
      group.addTask { [self] in await collectGarbage() }
      for _ in 0..<KubeletLimits.podWorkers {
        group.addTask { [self] in
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

  /// What this node is to run under this name.
  func pod(_ key: ObjectKey) -> JSON? {
    if let pod = staticPod(key) { return pod }
    return pods[key].flatMap { $0.isMirror ? nil : $0 }
  }

  /// Why the kubelet cannot look after its pods; nil while it can.
  public var problem: String? {
    guard let last = state.withLock({ $0.relistedAt }) else { return nil }
    let silence = time.uptime - last
    guard silence > KubeletLimits.relistPatience else { return nil }
    return "the container runtime has not answered for \(silence.components.seconds) s"
  }

  /// All pods of this node, with their status as it was written last.
  public var currentPods: [JSON] {
    let written = state.withLock { $0.memory.compactMapValues(\.written) }
    return pods.list().map { pod in
      if pod.isMirror { return staticPod(ObjectKey(pod)) ?? pod }
      guard let last = written[pod.podUID], Self.version(last) > Self.version(pod) else { return pod }
      return last
    }
  }

  private func take(_ event: InformerEvent) {
    switch event {
    case .added(let pod): podKeys.add(ObjectKey(pod))
    case .updated(let old, let new):
      if old.podUID != new.podUID {
        if !old.isMirror { depart(old) }
      } else if Self.endsSooner(old, new) {
        interrupt(new.podUID)
      }
      podKeys.add(ObjectKey(new))
    case .deleted(let pod):
      if !pod.isMirror { depart(pod) }
      podKeys.add(ObjectKey(pod))
    }
  }

  func tell(_ pod: JSON, _ type: String, _ reason: String, _ message: String) {
    recorder.event(
      regarding: pod, resource: resources.pods, type: type, reason: reason,
      message: String(message.prefix(KubeletLimits.messageCharacters)))
  }
}
