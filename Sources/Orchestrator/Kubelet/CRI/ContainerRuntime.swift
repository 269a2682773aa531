/// A container runtime as the kubelet sees it (CRI v1: RuntimeService and ImageService).
///
/// `CRIClient` is the one that talks to containerd or CRI-O; tests bring their own. All values are plain ones: nothing
/// of the wire shows through. A call that changes something may have been carried out although it fails with
/// `.unavailable` or `.deadlineExceeded`: ask for the state before trying again.
///
/// CRI makes these calls idempotent: stopping or removing a sandbox or container that is gone succeeds, stopping one
/// that is stopped succeeds.
public protocol ContainerRuntime: Sendable {
  // MARK: The runtime

  /// Who the runtime is (CRI: Version).
  func version() async throws(RuntimeError) -> RuntimeVersion
  /// Whether the runtime and its network are ready (CRI: Status).
  /// - Parameter verbose: also `RuntimeStatus.info`, whose keys and texts are the runtime's own.
  func status(verbose: Bool) async throws(RuntimeError) -> RuntimeStatus
  /// Tells the runtime the addresses of this node's pods (CRI: UpdateRuntimeConfig).
  func updateRuntimeConfig(podCIDR: String) async throws(RuntimeError)
  /// How the runtime groups processes (CRI: RuntimeConfig). `.unimplemented` by runtimes before 2023.
  func runtimeConfig() async throws(RuntimeError) -> CgroupDriver

  // MARK: Sandboxes

  /// Makes and starts the sandbox of a pod, with its network, and returns its id (CRI: RunPodSandbox).
  /// - Parameter runtimeHandler: the handler of the pod's RuntimeClass; empty is the runtime's default.
  func runPodSandbox(_ config: PodSandboxConfig, runtimeHandler: String) async throws(RuntimeError) -> String
  /// Stops every container of a sandbox and takes its network down (CRI: StopPodSandbox).
  func stopPodSandbox(_ id: String) async throws(RuntimeError)
  /// Removes a sandbox and its containers, running ones by force (CRI: RemovePodSandbox).
  func removePodSandbox(_ id: String) async throws(RuntimeError)
  /// What a sandbox is doing, its addresses included (CRI: PodSandboxStatus).
  func podSandboxStatus(_ id: String) async throws(RuntimeError) -> PodSandboxStatus
  /// The sandboxes that match (CRI: ListPodSandbox).
  func listPodSandboxes(_ filter: PodSandboxFilter) async throws(RuntimeError) -> [PodSandbox]

  // MARK: Containers

  /// Makes a container in a sandbox without starting it, and returns its id (CRI: CreateContainer).
  /// - Parameter sandboxConfig: what the sandbox was made of.
  func createContainer(
    _ config: ContainerConfig, in sandbox: String, sandboxConfig: PodSandboxConfig
  ) async throws(RuntimeError) -> String
  /// Starts a container (CRI: StartContainer).
  func startContainer(_ id: String) async throws(RuntimeError)
  /// Stops a container with its stop signal, and kills it once the grace period is over (CRI: StopContainer).
  /// Returns when it has stopped.
  /// - Parameter gracePeriod: whole seconds; zero kills at once.
  func stopContainer(_ id: String, gracePeriod: Duration) async throws(RuntimeError)
  /// Removes a container, by force if it runs (CRI: RemoveContainer).
  func removeContainer(_ id: String) async throws(RuntimeError)
  /// The containers that match (CRI: ListContainers).
  func listContainers(_ filter: ContainerFilter) async throws(RuntimeError) -> [Container]
  /// What a container is doing, or how it ended (CRI: ContainerStatus). `.notFound` when it is gone.
  func containerStatus(_ id: String) async throws(RuntimeError) -> ContainerStatus
  /// Changes the limits of a container that is there (CRI: UpdateContainerResources).
  func updateContainerResources(_ id: String, _ resources: LinuxResources) async throws(RuntimeError)
  /// Has the runtime open its log file anew, once the old one was renamed (CRI: ReopenContainerLog).
  func reopenContainerLog(_ id: String) async throws(RuntimeError)

  // MARK: Inside containers

  /// Runs a command in a container to its end (CRI: ExecSync).
  /// - Parameter timeout: rounded up to whole seconds; the command is killed then, and the call fails with
  ///   `.deadlineExceeded` or `.unknown`, as the runtime likes. Nil has no end.
  func execSync(
    _ id: String, command: [String], timeout: Duration?
  ) async throws(RuntimeError) -> ExecResult
  /// The address of a streaming server for a command in a container (CRI: Exec).
  func exec(_ id: String, command: [String], streams: AttachedStreams) async throws(RuntimeError) -> String
  /// The address of a streaming server for a container's own process (CRI: Attach).
  func attach(_ id: String, streams: AttachedStreams) async throws(RuntimeError) -> String
  /// The address of a streaming server that forwards to ports inside a sandbox (CRI: PortForward).
  func portForward(_ sandbox: String, ports: [Int32]) async throws(RuntimeError) -> String

  // MARK: Usage and events

  /// What a container uses (CRI: ContainerStats).
  func containerStats(_ id: String) async throws(RuntimeError) -> ContainerStats
  /// What the matching containers use (CRI: ListContainerStats). The state of the filter does not count.
  func listContainerStats(_ filter: ContainerFilter) async throws(RuntimeError) -> [ContainerStats]
  /// What a sandbox and its containers use (CRI: PodSandboxStats).
  func podSandboxStats(_ id: String) async throws(RuntimeError) -> PodSandboxStats
  /// What the matching sandboxes use (CRI: ListPodSandboxStats). The state of the filter does not count.
  func listPodSandboxStats(_ filter: PodSandboxFilter) async throws(RuntimeError) -> [PodSandboxStats]
  /// What happens to containers from now on (CRI: GetContainerEvents). Ends with a `RuntimeError`: `.unimplemented`
  /// from a runtime that has no events, `.unavailable` when it went away, `.resourceExhausted` when the reader fell too
  /// far behind. After any of these, list everything and open a new stream.
  func containerEvents() -> AsyncThrowingStream<ContainerEvent, any Error>

  // MARK: Images

  /// The images present (CRI: ListImages).
  /// - Parameter image: only this one; empty is all.
  func listImages(_ image: String) async throws(RuntimeError) -> [Image]
  /// One image, or nil if it is not present (CRI: ImageStatus).
  func imageStatus(_ image: ImageReference) async throws(RuntimeError) -> Image?
  /// Gets an image from its registry and returns the reference to create containers with (CRI: PullImage).
  func pullImage(
    _ image: ImageReference, credentials: RegistryCredentials?, sandboxConfig: PodSandboxConfig?
  ) async throws(RuntimeError) -> String
  /// Removes an image; one that is not present is no error (CRI: RemoveImage).
  func removeImage(_ image: ImageReference) async throws(RuntimeError)
  /// The file systems that images are kept on (CRI: ImageFsInfo).
  func imageFilesystems() async throws(RuntimeError) -> [FilesystemUsage]
}

/// Why the runtime did not do what was asked.
public struct RuntimeError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kinds that a caller can tell apart.
  public enum Code: Sendable, Hashable {
    /// The sandbox, container or image is not there.
    case notFound
    /// What was to be made is there already, or its name is reserved.
    case alreadyExists
    /// The runtime is away, or went away during the call.
    case unavailable
    /// Time ran out.
    case deadlineExceeded
    /// The runtime has no such call.
    case unimplemented
    /// The request is wrong whatever the state.
    case invalidArgument
    /// Not in the state that the call needs.
    case failedPrecondition
    /// A bound was reached: too many calls, or too many events that nobody read.
    case resourceExhausted
    /// The registry, or the runtime, refuses it to this caller.
    case permissionDenied
    /// The caller gave the call up.
    case cancelled
    /// Any other failure. Runtimes report most of theirs so: the text is all there is.
    case unknown
  }

  /// What kind of failure it is.
  public var code: Code
  /// The runtime's own text.
  public var message: String

  /// A failure.
  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// The text, with the kind before it.
  public var description: String { "\(code): \(message)" }
}

/// Who a runtime is.
public struct RuntimeVersion: Sendable, Hashable {
  /// For example `containerd`.
  public var name: String
  /// The runtime's own version.
  public var version: String
  /// The version of CRI, `v1`.
  public var apiVersion: String

  /// A version.
  public init(name: String, version: String, apiVersion: String = "v1") {
    self.name = name
    self.version = version
    self.apiVersion = apiVersion
  }
}

/// What a runtime says about itself.
public struct RuntimeStatus: Sendable, Hashable {
  /// One condition, such as `RuntimeReady` or `NetworkReady`.
  public struct Condition: Sendable, Hashable {
    /// The condition's name.
    public var type: String
    /// Whether it holds.
    public var isTrue: Bool
    /// A word for machines.
    public var reason: String
    /// A sentence for people.
    public var message: String

    /// A condition.
    public init(type: String, isTrue: Bool, reason: String = "", message: String = "") {
      self.type = type
      self.isTrue = isTrue
      self.reason = reason
      self.message = message
    }
  }

  /// Every condition the runtime reports.
  public var conditions: [Condition]
  /// Further texts, when asked for.
  public var info: [String: String]
  /// The runtime's handlers and what they can do; empty from older runtimes.
  public var handlers: [RuntimeHandler]
  /// `hasStrictSupplementalGroups` is heeded.
  public var supportsSupplementalGroupsPolicy: Bool

  /// A status.
  public init(
    conditions: [Condition], info: [String: String] = [:], handlers: [RuntimeHandler] = [],
    supportsSupplementalGroupsPolicy: Bool = false
  ) {
    self.conditions = conditions
    self.info = info
    self.handlers = handlers
    self.supportsSupplementalGroupsPolicy = supportsSupplementalGroupsPolicy
  }

  /// A condition by name.
  public func condition(_ type: String) -> Condition? { conditions.first { $0.type == type } }
  /// Whether the runtime takes containers.
  public var isRuntimeReady: Bool { condition("RuntimeReady")?.isTrue ?? false }
  /// Whether the runtime can give pods a network.
  public var isNetworkReady: Bool { condition("NetworkReady")?.isTrue ?? false }
}

/// One way in which a runtime can run containers.
public struct RuntimeHandler: Sendable, Hashable {
  /// The name, as in a RuntimeClass; empty is the default.
  public var name: String
  /// Mounts can be made read-only with everything below them.
  public var supportsRecursiveReadOnlyMounts: Bool
  /// Pods can have user namespaces.
  public var supportsUserNamespaces: Bool

  /// A handler.
  public init(
    name: String, supportsRecursiveReadOnlyMounts: Bool = false, supportsUserNamespaces: Bool = false
  ) {
    self.name = name
    self.supportsRecursiveReadOnlyMounts = supportsRecursiveReadOnlyMounts
    self.supportsUserNamespaces = supportsUserNamespaces
  }
}

/// Who makes the control groups.
public enum CgroupDriver: Sendable, Hashable {
  /// systemd does; group names are slices.
  case systemd
  /// The runtime writes to the file system; group names are paths.
  case cgroupfs
}
