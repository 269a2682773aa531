import ContainerRuntime
import Objects

/// What a node and its pods use, at about one time.
struct UsageSample: Sendable {
  struct Container: Sendable {
    var name: String
    /// Nil while it is not known.
    var startTime: Timestamp?
    var stats: ContainerStats
  }

  struct Pod: Sendable {
    var namespace: String
    var name: String
    var uid: String
    var startTime: Timestamp?
    var cpu: CPUUsage?
    var memory: MemoryUsage?
    var network: [NetworkUsage] = []
    var processCount: UInt64?
    var containers: [Container] = []
  }

  var node: NodeUsage
  var pods: [Pod]
  /// The runtime did not say what its containers use.
  var hasFailed = false

  /// Asks the runtime: for sandboxes with their containers, or where it knows nothing of those, for containers alone.
  static func read(
    agent: any NodeAgent, runtime: any ContainerRuntime
  ) async -> UsageSample {
    let objects = await agent.pods()
    var sample = UsageSample(node: await agent.nodeUsage(), pods: [])
    if let sandboxes = await sandboxes(runtime) {
      sample.pods = merge(sandboxes, objects)
    } else if let containers = await containers(runtime) {
      sample.pods = merge(group(containers), objects)
    } else {
      sample.hasFailed = true
    }
    return sample
  }

  private static func sandboxes(_ runtime: any ContainerRuntime) async -> [PodSandboxStats]? {
    do throws(RuntimeError) {
      return try await runtime.listPodSandboxStats(PodSandboxFilter(state: .ready))
    } catch {
      return nil
    }
  }

  private static func containers(_ runtime: any ContainerRuntime) async -> [ContainerStats]? {
    do throws(RuntimeError) {
      return try await runtime.listContainerStats(ContainerFilter(state: .running))
    } catch {
      return nil
    }
  }

  /// Sandboxes made of what their containers say of themselves.
  static func group(_ containers: [ContainerStats]) -> [PodSandboxStats] {
    let byPod = Dictionary(grouping: containers) { $0.labels["io.kubernetes.pod.uid"] ?? "" }
    return byPod.filter { !$0.key.isEmpty }.map { uid, containers in
      let labels = containers.first?.labels ?? [:]
      return PodSandboxStats(
        id: "",
        metadata: PodSandboxMetadata(
          name: labels["io.kubernetes.pod.name"] ?? "", uid: uid,
          namespace: labels["io.kubernetes.pod.namespace"] ?? ""),
        containers: containers)
    }
  }

  /// Adds to what the runtime says what the pods' objects say; sorted by namespace and name. Of containers and sandboxes
  /// that there are several tries of, the last counts.
  static func merge(_ sandboxes: [PodSandboxStats], _ objects: [JSON]) -> [Pod] {
    let objects = Dictionary(
      objects.map { (PodContainers($0).uid, PodContainers($0)) }, uniquingKeysWith: { first, _ in first })
    let last = Dictionary(
      sandboxes.map { ($0.metadata.uid, $0) },
      uniquingKeysWith: { $0.metadata.attempt > $1.metadata.attempt ? $0 : $1 })
    let pods = last.values.map { sandbox in
      let object = objects[sandbox.metadata.uid]
      var pod = Pod(
        namespace: sandbox.metadata.namespace, name: sandbox.metadata.name, uid: sandbox.metadata.uid,
        startTime: (object?.pod["status", "startTime"]?.string).flatMap { Timestamp($0) },
        cpu: sandbox.cpu, memory: sandbox.memory, network: sandbox.network,
        processCount: sandbox.processCount)
      let tries = Dictionary(
        sandbox.containers.map { ($0.metadata.name, $0) },
        uniquingKeysWith: { $0.metadata.attempt > $1.metadata.attempt ? $0 : $1 })
      pod.containers = tries.map { name, stats in
        let started = object?.status(of: name)?["state", "running", "startedAt"]?.string
        return Container(name: name, startTime: started.flatMap { Timestamp($0) }, stats: stats)
      }.sorted { $0.name < $1.name }
      if pod.cpu == nil { pod.cpu = sum(pod.containers.compactMap(\.stats.cpu)) }
      if pod.memory == nil { pod.memory = sum(pod.containers.compactMap(\.stats.memory)) }
      return pod
    }
    return pods.sorted { ($0.namespace, $0.name, $0.uid) < ($1.namespace, $1.name, $1.uid) }
  }

  private static func add(_ values: [UInt64?]) -> UInt64? {
    let known = values.compactMap { $0 }
    return known.isEmpty ? nil : known.reduce(0, &+)
  }

  private static func sum(_ all: [CPUUsage]) -> CPUUsage? {
    all.map(\.timestamp).max().map { timestamp in
      CPUUsage(
        timestamp: timestamp, usageCoreNanoseconds: add(all.map(\.usageCoreNanoseconds)),
        usageNanocores: add(all.map(\.usageNanocores)))
    }
  }

  private static func sum(_ all: [MemoryUsage]) -> MemoryUsage? {
    all.map(\.timestamp).max().map { timestamp in
      MemoryUsage(
        timestamp: timestamp, workingSetBytes: add(all.map(\.workingSetBytes)),
        usageBytes: add(all.map(\.usageBytes)), rssBytes: add(all.map(\.rssBytes)))
    }
  }
}
