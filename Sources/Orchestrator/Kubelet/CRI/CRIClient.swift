public import GRPC
public import NIOCore
import SwiftProtobuf

/// A container runtime behind CRI v1, over a unix socket: containerd, CRI-O.
///
/// It needs no opening: the first call connects, and calls after the runtime was away connect anew. Callable from any
/// task; a call whose task is cancelled is given up.
public final class CRIClient: ContainerRuntime {
  private let channel: RuntimeChannel
  private let limits: RuntimeClientLimits

  /// A client of the runtime that listens at `target`.
  public init(
    _ target: ClientConnection.Target, on eventLoop: any EventLoop,
    limits: RuntimeClientLimits = RuntimeClientLimits()
  ) {
    channel = RuntimeChannel(to: target, on: eventLoop, limits: limits)
    self.limits = limits
  }

  /// A client of the runtime at a socket's path, which may be written as `unix:///path`, as runtimes' manuals do.
  public convenience init(
    socket: String, on eventLoop: any EventLoop, limits: RuntimeClientLimits = RuntimeClientLimits()
  ) {
    self.init(.unixSocket(Self.path(ofEndpoint: socket)), on: eventLoop, limits: limits)
  }

  /// `unix:///run/x.sock`, `unix:/run/x.sock` and `/run/x.sock` are the same place.
  static func path(ofEndpoint endpoint: String) -> String {
    for scheme in ["unix://", "unix:"] where endpoint.hasPrefix(scheme) {
      return String(endpoint.dropFirst(scheme.count))
    }
    return endpoint
  }

  /// Ends calls under way and streams as `.cancelled`, and takes no more.
  public func close() { channel.close() }

  // MARK: Calling

  private static let runtimeService = "/runtime.v1.RuntimeService/"
  private static let imageService = "/runtime.v1.ImageService/"

  private func quick<Request: Message, Reply: Message>(
    _ method: String, _ request: Request, service: String = CRIClient.runtimeService
  ) async throws(RuntimeError) -> Reply {
    try await call(service + method, request, timeout: limits.quickTimeout, lane: .quick)
  }

  private func long<Request: Message, Reply: Message>(
    _ method: String, _ request: Request, timeout: Duration, service: String = CRIClient.runtimeService
  ) async throws(RuntimeError) -> Reply {
    try await call(service + method, request, timeout: timeout, lane: .long)
  }

  private func call<Request: Message, Reply: Message>(
    _ path: String, _ request: Request, timeout: Duration, lane: RuntimeChannel.Lane
  ) async throws(RuntimeError) -> Reply {
    let answer = try await channel.unary(path, try Self.encode(request), timeout: timeout, lane: lane)
    return try Self.decode(answer)
  }

  /// CRI wants these calls to succeed when there is nothing left to do; containerd 1.6 answers some with NOT_FOUND.
  private func unlessAbsent(
    _ body: () async throws(RuntimeError) -> Void
  ) async throws(RuntimeError) {
    do throws(RuntimeError) {
      try await body()
    } catch {
      guard error.code == .notFound else { throw error }
    }
  }

  private static func encode(_ request: some Message) throws(RuntimeError) -> ByteBuffer {
    do {
      let bytes: [UInt8] = try request.serializedBytes()
      return ByteBuffer(bytes: bytes)
    } catch {
      throw RuntimeError(.invalidArgument, "the request cannot be written: \(error)")
    }
  }

  private static func decode<Reply: Message>(_ answer: ByteBuffer) throws(RuntimeError) -> Reply {
    do {
      return try Reply(serializedBytes: Array(answer.readableBytesView))
    } catch {
      throw RuntimeError(.unknown, "the runtime's answer cannot be read: \(error)")
    }
  }

  /// Whole seconds, rounded up; what is too long for the wire is as long as it goes.
  static func seconds(_ duration: Duration) -> Int64 {
    let (seconds, attoseconds) = duration.components
    guard seconds >= 0, attoseconds >= 0 else { return 0 }
    return attoseconds > 0 && seconds < .max ? seconds + 1 : seconds
  }

  /// What a call may take whose work may take `time`.
  private func timeout(beyond time: Duration) -> Duration {
    // Sums of a pod's own numbers must not overflow; nobody waits for longer than this.
    min(max(time, .zero), .seconds(100 * 365 * 86_400)) + limits.allowance
  }
}

// MARK: The runtime

extension CRIClient {
  /// Part of `ContainerRuntime`.
  public func version() async throws(RuntimeError) -> RuntimeVersion {
    let reply: Runtime_V1_VersionResponse = try await quick(
      "Version", Runtime_V1_VersionRequest.with { $0.version = "v1" })
    return RuntimeVersion(
      name: reply.runtimeName, version: reply.runtimeVersion, apiVersion: reply.runtimeApiVersion)
  }

  /// Part of `ContainerRuntime`.
  public func status(verbose: Bool) async throws(RuntimeError) -> RuntimeStatus {
    let reply: Runtime_V1_StatusResponse = try await quick(
      "Status", Runtime_V1_StatusRequest.with { $0.verbose = verbose })
    return RuntimeStatus(
      conditions: reply.status.conditions.map {
        .init(type: $0.type, isTrue: $0.status, reason: $0.reason, message: $0.message)
      },
      info: reply.info,
      handlers: reply.runtimeHandlers.map {
        RuntimeHandler(
          name: $0.name, supportsRecursiveReadOnlyMounts: $0.features.recursiveReadOnlyMounts,
          supportsUserNamespaces: $0.features.userNamespaces)
      }, supportsSupplementalGroupsPolicy: reply.features.supplementalGroupsPolicy)
  }

  /// Part of `ContainerRuntime`.
  public func updateRuntimeConfig(podCIDR: String) async throws(RuntimeError) {
    let _: Runtime_V1_UpdateRuntimeConfigResponse = try await quick(
      "UpdateRuntimeConfig",
      Runtime_V1_UpdateRuntimeConfigRequest.with { $0.runtimeConfig.networkConfig.podCidr = podCIDR })
  }

  /// Part of `ContainerRuntime`.
  public func runtimeConfig() async throws(RuntimeError) -> CgroupDriver {
    let reply: Runtime_V1_RuntimeConfigResponse = try await quick(
      "RuntimeConfig", Runtime_V1_RuntimeConfigRequest())
    return reply.linux.cgroupDriver == .cgroupfs ? .cgroupfs : .systemd
  }
}

// MARK: Sandboxes

extension CRIClient {
  /// Part of `ContainerRuntime`.
  public func runPodSandbox(
    _ config: PodSandboxConfig, runtimeHandler: String
  ) async throws(RuntimeError) -> String {
    let request = Runtime_V1_RunPodSandboxRequest.with {
      $0.config = config.message
      $0.runtimeHandler = runtimeHandler
    }
    let reply: Runtime_V1_RunPodSandboxResponse = try await long(
      "RunPodSandbox", request, timeout: limits.sandboxTimeout)
    guard !reply.podSandboxID.isEmpty else {
      throw RuntimeError(.unknown, "the runtime gave the sandbox no id")
    }
    return reply.podSandboxID
  }

  /// Part of `ContainerRuntime`.
  public func stopPodSandbox(_ id: String) async throws(RuntimeError) {
    try await unlessAbsent { () throws(RuntimeError) in
      let _: Runtime_V1_StopPodSandboxResponse = try await long(
        "StopPodSandbox", Runtime_V1_StopPodSandboxRequest.with { $0.podSandboxID = id },
        timeout: limits.sandboxTimeout)
    }
  }

  /// Part of `ContainerRuntime`.
  public func removePodSandbox(_ id: String) async throws(RuntimeError) {
    try await unlessAbsent { () throws(RuntimeError) in
      let _: Runtime_V1_RemovePodSandboxResponse = try await long(
        "RemovePodSandbox", Runtime_V1_RemovePodSandboxRequest.with { $0.podSandboxID = id },
        timeout: limits.sandboxTimeout)
    }
  }

  /// Part of `ContainerRuntime`.
  public func podSandboxStatus(_ id: String) async throws(RuntimeError) -> PodSandboxStatus {
    let reply: Runtime_V1_PodSandboxStatusResponse = try await quick(
      "PodSandboxStatus", Runtime_V1_PodSandboxStatusRequest.with { $0.podSandboxID = id })
    guard reply.hasStatus else { throw RuntimeError(.unknown, "the runtime gave no status of sandbox \(id)") }
    return PodSandboxStatus(reply.status)
  }

  /// Part of `ContainerRuntime`.
  public func listPodSandboxes(_ filter: PodSandboxFilter) async throws(RuntimeError) -> [PodSandbox] {
    let reply: Runtime_V1_ListPodSandboxResponse = try await quick(
      "ListPodSandbox", Runtime_V1_ListPodSandboxRequest.with { $0.filter = filter.message })
    return reply.items.map { PodSandbox($0) }
  }
}

// MARK: Containers

extension CRIClient {
  /// Part of `ContainerRuntime`.
  public func createContainer(
    _ config: ContainerConfig, in sandbox: String, sandboxConfig: PodSandboxConfig
  ) async throws(RuntimeError) -> String {
    let request = Runtime_V1_CreateContainerRequest.with {
      $0.podSandboxID = sandbox
      $0.config = config.message
      $0.sandboxConfig = sandboxConfig.message
    }
    let reply: Runtime_V1_CreateContainerResponse = try await long(
      "CreateContainer", request, timeout: limits.sandboxTimeout)
    guard !reply.containerID.isEmpty else {
      throw RuntimeError(.unknown, "the runtime gave the container no id")
    }
    return reply.containerID
  }

  /// Part of `ContainerRuntime`.
  public func startContainer(_ id: String) async throws(RuntimeError) {
    let _: Runtime_V1_StartContainerResponse = try await long(
      "StartContainer", Runtime_V1_StartContainerRequest.with { $0.containerID = id },
      timeout: limits.sandboxTimeout)
  }

  /// Part of `ContainerRuntime`.
  public func stopContainer(_ id: String, gracePeriod: Duration) async throws(RuntimeError) {
    let request = Runtime_V1_StopContainerRequest.with {
      $0.containerID = id
      $0.timeout = Self.seconds(gracePeriod)
    }
    try await unlessAbsent { () throws(RuntimeError) in
      let _: Runtime_V1_StopContainerResponse = try await long(
        "StopContainer", request, timeout: timeout(beyond: gracePeriod))
    }
  }

  /// Part of `ContainerRuntime`.
  public func removeContainer(_ id: String) async throws(RuntimeError) {
    try await unlessAbsent { () throws(RuntimeError) in
      let _: Runtime_V1_RemoveContainerResponse = try await long(
        "RemoveContainer", Runtime_V1_RemoveContainerRequest.with { $0.containerID = id },
        timeout: limits.sandboxTimeout)
    }
  }

  /// Part of `ContainerRuntime`.
  public func listContainers(_ filter: ContainerFilter) async throws(RuntimeError) -> [Container] {
    let reply: Runtime_V1_ListContainersResponse = try await quick(
      "ListContainers", Runtime_V1_ListContainersRequest.with { $0.filter = filter.message })
    return reply.containers.map { Container($0) }
  }

  /// Part of `ContainerRuntime`.
  public func containerStatus(_ id: String) async throws(RuntimeError) -> ContainerStatus {
    let reply: Runtime_V1_ContainerStatusResponse = try await quick(
      "ContainerStatus", Runtime_V1_ContainerStatusRequest.with { $0.containerID = id })
    guard reply.hasStatus else {
      throw RuntimeError(.unknown, "the runtime gave no status of container \(id)")
    }
    return ContainerStatus(reply.status)
  }

  /// Part of `ContainerRuntime`.
  public func updateContainerResources(_ id: String, _ resources: LinuxResources) async throws(RuntimeError) {
    let request = Runtime_V1_UpdateContainerResourcesRequest.with {
      $0.containerID = id
      $0.linux = resources.message
    }
    let _: Runtime_V1_UpdateContainerResourcesResponse = try await quick("UpdateContainerResources", request)
  }

  /// Part of `ContainerRuntime`.
  public func reopenContainerLog(_ id: String) async throws(RuntimeError) {
    let _: Runtime_V1_ReopenContainerLogResponse = try await quick(
      "ReopenContainerLog", Runtime_V1_ReopenContainerLogRequest.with { $0.containerID = id })
  }
}

// MARK: Inside containers

extension CRIClient {
  /// Part of `ContainerRuntime`.
  public func execSync(
    _ id: String, command: [String], timeout: Duration?
  ) async throws(RuntimeError) -> ExecResult {
    let request = Runtime_V1_ExecSyncRequest.with {
      $0.containerID = id
      $0.cmd = command
      // Zero on the wire has no end.
      $0.timeout = timeout.map { max(Self.seconds($0), 1) } ?? 0
    }
    let reply: Runtime_V1_ExecSyncResponse = try await long(
      "ExecSync", request, timeout: self.timeout(beyond: timeout ?? limits.execTimeout))
    return ExecResult(reply)
  }

  /// Part of `ContainerRuntime`.
  public func exec(
    _ id: String, command: [String], streams: AttachedStreams
  ) async throws(RuntimeError) -> String {
    let request = Runtime_V1_ExecRequest.with {
      $0.containerID = id
      $0.cmd = command
      $0.tty = streams.tty
      $0.stdin = streams.stdin
      $0.stdout = streams.stdout
      $0.stderr = streams.stderr
    }
    let reply: Runtime_V1_ExecResponse = try await quick("Exec", request)
    return reply.url
  }

  /// Part of `ContainerRuntime`.
  public func attach(_ id: String, streams: AttachedStreams) async throws(RuntimeError) -> String {
    let request = Runtime_V1_AttachRequest.with {
      $0.containerID = id
      $0.tty = streams.tty
      $0.stdin = streams.stdin
      $0.stdout = streams.stdout
      $0.stderr = streams.stderr
    }
    let reply: Runtime_V1_AttachResponse = try await quick("Attach", request)
    return reply.url
  }

  /// Part of `ContainerRuntime`.
  public func portForward(_ sandbox: String, ports: [Int32]) async throws(RuntimeError) -> String {
    let request = Runtime_V1_PortForwardRequest.with {
      $0.podSandboxID = sandbox
      $0.port = ports
    }
    let reply: Runtime_V1_PortForwardResponse = try await quick("PortForward", request)
    return reply.url
  }
}

// MARK: Usage and events

extension CRIClient {
  /// Part of `ContainerRuntime`.
  public func containerStats(_ id: String) async throws(RuntimeError) -> ContainerStats {
    let reply: Runtime_V1_ContainerStatsResponse = try await quick(
      "ContainerStats", Runtime_V1_ContainerStatsRequest.with { $0.containerID = id })
    guard reply.hasStats else { throw RuntimeError(.unknown, "the runtime gave no stats of container \(id)") }
    return ContainerStats(reply.stats)
  }

  /// Part of `ContainerRuntime`.
  public func listContainerStats(_ filter: ContainerFilter) async throws(RuntimeError) -> [ContainerStats] {
    let reply: Runtime_V1_ListContainerStatsResponse = try await quick(
      "ListContainerStats", Runtime_V1_ListContainerStatsRequest.with { $0.filter = filter.statsMessage })
    return reply.stats.map { ContainerStats($0) }
  }

  /// Part of `ContainerRuntime`.
  public func podSandboxStats(_ id: String) async throws(RuntimeError) -> PodSandboxStats {
    let reply: Runtime_V1_PodSandboxStatsResponse = try await quick(
      "PodSandboxStats", Runtime_V1_PodSandboxStatsRequest.with { $0.podSandboxID = id })
    guard reply.hasStats else { throw RuntimeError(.unknown, "the runtime gave no stats of sandbox \(id)") }
    return PodSandboxStats(reply.stats)
  }

  /// Part of `ContainerRuntime`.
  public func listPodSandboxStats(_ filter: PodSandboxFilter) async throws(RuntimeError) -> [PodSandboxStats]
  {
    let reply: Runtime_V1_ListPodSandboxStatsResponse = try await quick(
      "ListPodSandboxStats", Runtime_V1_ListPodSandboxStatsRequest.with { $0.filter = filter.statsMessage })
    return reply.stats.map { PodSandboxStats($0) }
  }

  /// Part of `ContainerRuntime`.
  public func containerEvents() -> AsyncThrowingStream<ContainerEvent, any Error> {
    let (stream, events) = AsyncThrowingStream<ContainerEvent, any Error>.makeStream(
      bufferingPolicy: .bufferingOldest(limits.unreadEvents))
    let giveUp = channel.stream(Self.runtimeService + "GetContainerEvents", ByteBuffer()) { bytes in
      do throws(RuntimeError) {
        let message: Runtime_V1_ContainerEventResponse = try Self.decode(bytes)
        guard let event = ContainerEvent(message) else { return }
        if case .dropped = events.yield(event) {
          events.finish(throwing: RuntimeError(.resourceExhausted, "events came faster than they were read"))
        }
      } catch {
        events.finish(throwing: error)
      }
    } onEnd: { error in
      events.finish(throwing: error ?? RuntimeError(.unavailable, "the runtime ended the stream of events"))
    }
    events.onTermination = { _ in giveUp() }
    return stream
  }
}

// MARK: Images

extension CRIClient {
  /// Part of `ContainerRuntime`.
  public func listImages(_ image: String) async throws(RuntimeError) -> [Image] {
    let request = Runtime_V1_ListImagesRequest.with {
      if !image.isEmpty { $0.filter.image.image = image }
    }
    let reply: Runtime_V1_ListImagesResponse = try await quick(
      "ListImages", request, service: Self.imageService)
    return reply.images.map { Image($0) }
  }

  /// Part of `ContainerRuntime`.
  public func imageStatus(_ image: ImageReference) async throws(RuntimeError) -> Image? {
    let reply: Runtime_V1_ImageStatusResponse = try await quick(
      "ImageStatus", Runtime_V1_ImageStatusRequest.with { $0.image = image.message },
      service: Self.imageService)
    return reply.hasImage && !reply.image.id.isEmpty ? Image(reply.image) : nil
  }

  /// Part of `ContainerRuntime`.
  public func pullImage(
    _ image: ImageReference, credentials: RegistryCredentials?, sandboxConfig: PodSandboxConfig?
  ) async throws(RuntimeError) -> String {
    let request = Runtime_V1_PullImageRequest.with {
      $0.image = image.message
      if let credentials { $0.auth = credentials.message }
      if let sandboxConfig { $0.sandboxConfig = sandboxConfig.message }
    }
    let reply: Runtime_V1_PullImageResponse = try await long(
      "PullImage", request, timeout: limits.pullTimeout, service: Self.imageService)
    guard !reply.imageRef.isEmpty else {
      throw RuntimeError(.unknown, "the runtime gave no reference of image \(image.image)")
    }
    return reply.imageRef
  }

  /// Part of `ContainerRuntime`.
  public func removeImage(_ image: ImageReference) async throws(RuntimeError) {
    try await unlessAbsent { () throws(RuntimeError) in
      let _: Runtime_V1_RemoveImageResponse = try await quick(
        "RemoveImage", Runtime_V1_RemoveImageRequest.with { $0.image = image.message },
        service: Self.imageService)
    }
  }

  /// Part of `ContainerRuntime`.
  public func imageFilesystems() async throws(RuntimeError) -> [FilesystemUsage] {
    let reply: Runtime_V1_ImageFsInfoResponse = try await quick(
      "ImageFsInfo", Runtime_V1_ImageFsInfoRequest(), service: Self.imageService)
    return reply.imageFilesystems.map { FilesystemUsage($0) }
  }
}
