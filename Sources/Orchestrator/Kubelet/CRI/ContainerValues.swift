/// What a container is made of (CRI: ContainerConfig).
public struct ContainerConfig: Sendable, Hashable {
  /// Its name in the pod, and which try it is.
  public var metadata: ContainerMetadata
  /// The image, by what `imageStatus` or `pullImage` returned.
  public var image: ImageReference
  /// Replaces the image's entry point; empty keeps it.
  public var command: [String]
  /// Replaces the image's arguments; empty keeps them, unless `command` is given.
  public var arguments: [String]
  /// Empty keeps the image's.
  public var workingDirectory: String
  /// Added to the image's, in order.
  public var environment: [EnvironmentVariable]
  /// Files and folders of the node that show up inside.
  public var mounts: [Mount]
  /// Devices of the node that show up inside.
  public var devices: [Device]
  /// Devices by name in the Container Device Interface.
  public var cdiDevices: [String]
  /// Kept by the runtime, and filtered by.
  public var labels: [String: String]
  /// Kept by the runtime.
  public var annotations: [String: String]
  /// The log file, below the sandbox's `logDirectory`; empty for none.
  public var logPath: String
  /// Keeps standard input open for `attach`.
  public var stdin: Bool
  /// Closes standard input after the first attached client.
  public var stdinOnce: Bool
  /// Gives it a terminal.
  public var tty: Bool
  /// Limits.
  public var resources: LinuxResources
  /// Users, capabilities and namespaces.
  public var security: LinuxSecurityContext
  /// Replaces the image's stop signal, for example `SIGTERM`; empty keeps it. Ignored by runtimes before 2025.
  public var stopSignal: String

  /// A container that runs its image as it is.
  public init(
    metadata: ContainerMetadata, image: ImageReference, command: [String] = [], arguments: [String] = [],
    workingDirectory: String = "", environment: [EnvironmentVariable] = [], mounts: [Mount] = [],
    devices: [Device] = [], cdiDevices: [String] = [], labels: [String: String] = [:],
    annotations: [String: String] = [:], logPath: String = "", stdin: Bool = false, stdinOnce: Bool = false,
    tty: Bool = false, resources: LinuxResources = LinuxResources(),
    security: LinuxSecurityContext = LinuxSecurityContext(), stopSignal: String = ""
  ) {
    self.metadata = metadata
    self.image = image
    self.command = command
    self.arguments = arguments
    self.workingDirectory = workingDirectory
    self.environment = environment
    self.mounts = mounts
    self.devices = devices
    self.cdiDevices = cdiDevices
    self.labels = labels
    self.annotations = annotations
    self.logPath = logPath
    self.stdin = stdin
    self.stdinOnce = stdinOnce
    self.tty = tty
    self.resources = resources
    self.security = security
    self.stopSignal = stopSignal
  }
}

/// Which container of a pod it is.
public struct ContainerMetadata: Sendable, Hashable {
  /// The container's name in the pod.
  public var name: String
  /// How many containers of this name the sandbox had before.
  public var attempt: UInt32

  /// A container's name.
  public init(name: String, attempt: UInt32 = 0) {
    self.name = name
    self.attempt = attempt
  }
}

/// One variable of the environment.
public struct EnvironmentVariable: Sendable, Hashable {
  /// The name.
  public var name: String
  /// The value.
  public var value: String

  /// A variable.
  public init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

/// A file or folder of the node that shows up in a container (CRI: Mount).
public struct Mount: Sendable, Hashable {
  /// Which later mounts are seen on the other side.
  public enum Propagation: Sendable, Hashable {
    /// None.
    case `private`
    /// The host's are seen in the container.
    case hostToContainer
    /// Both ways.
    case bidirectional
  }

  /// Where it shows up.
  public var containerPath: String
  /// What it is of.
  public var hostPath: String
  /// It cannot be written.
  public var isReadOnly: Bool
  /// Nor can what is mounted below it.
  public var isRecursivelyReadOnly: Bool
  /// The runtime is to label it for SELinux.
  public var relabelsSELinux: Bool
  /// Which later mounts are seen on the other side.
  public var propagation: Propagation
  /// The pod's user namespace, whose ids the files show; nil for none.
  public var user: UserNamespace?

  /// A mount.
  public init(
    containerPath: String, hostPath: String, isReadOnly: Bool = false, isRecursivelyReadOnly: Bool = false,
    relabelsSELinux: Bool = false, propagation: Propagation = .private, user: UserNamespace? = nil
  ) {
    self.containerPath = containerPath
    self.hostPath = hostPath
    self.isReadOnly = isReadOnly
    self.isRecursivelyReadOnly = isRecursivelyReadOnly
    self.relabelsSELinux = relabelsSELinux
    self.propagation = propagation
    self.user = user
  }
}

/// A device of the node that shows up in a container.
public struct Device: Sendable, Hashable {
  /// Where it shows up.
  public var containerPath: String
  /// What it is.
  public var hostPath: String
  /// Any of `r` (read), `w` (write), `m` (make).
  public var permissions: String

  /// A device.
  public init(containerPath: String, hostPath: String, permissions: String = "rwm") {
    self.containerPath = containerPath
    self.hostPath = hostPath
    self.permissions = permissions
  }
}

/// What a container is doing.
public enum ContainerState: Sendable, Hashable {
  /// It is made and was never started.
  case created
  /// Its process runs.
  case running
  /// Its process has ended.
  case exited
  /// The runtime cannot tell, for example after it restarted.
  case unknown
}

/// A container as a list shows it (CRI: Container).
public struct Container: Sendable, Hashable {
  /// The runtime's id.
  public var id: String
  /// The sandbox it lives in.
  public var sandboxID: String
  /// Its name in the pod, and which try it is.
  public var metadata: ContainerMetadata
  /// The image as it was asked for.
  public var image: ImageReference
  /// The image that it resolved to: an id or a digest.
  public var imageReference: String
  /// The id of the image that it resolved to; the same as `imageReference` from older runtimes.
  public var imageID: String
  /// What it is doing.
  public var state: ContainerState
  /// Nanoseconds since 1970.
  public var createdAt: Int64
  /// As they were given.
  public var labels: [String: String]
  /// As they were given.
  public var annotations: [String: String]

  /// A container.
  public init(
    id: String, sandboxID: String, metadata: ContainerMetadata, image: ImageReference,
    imageReference: String = "", imageID: String = "", state: ContainerState, createdAt: Int64 = 0,
    labels: [String: String] = [:], annotations: [String: String] = [:]
  ) {
    self.id = id
    self.sandboxID = sandboxID
    self.metadata = metadata
    self.image = image
    self.imageReference = imageReference
    self.imageID = imageID
    self.state = state
    self.createdAt = createdAt
    self.labels = labels
    self.annotations = annotations
  }
}

/// Which containers to list; what is nil or empty does not count.
public struct ContainerFilter: Sendable, Hashable {
  /// Only this id, which may be shortened.
  public var id: String
  /// Only in this state.
  public var state: ContainerState?
  /// Only in this sandbox.
  public var sandboxID: String
  /// Only with all of these labels.
  public var labels: [String: String]

  /// A filter; without arguments, everything.
  public init(
    id: String = "", state: ContainerState? = nil, sandboxID: String = "", labels: [String: String] = [:]
  ) {
    self.id = id
    self.state = state
    self.sandboxID = sandboxID
    self.labels = labels
  }
}

/// A container in full (CRI: ContainerStatus).
public struct ContainerStatus: Sendable, Hashable {
  /// The runtime's id.
  public var id: String
  /// Its name in the pod, and which try it is.
  public var metadata: ContainerMetadata
  /// What it is doing.
  public var state: ContainerState
  /// Nanoseconds since 1970.
  public var createdAt: Int64
  /// Nanoseconds since 1970; zero if it never started.
  public var startedAt: Int64
  /// Nanoseconds since 1970; zero if it has not ended.
  public var finishedAt: Int64
  /// How its process ended; 128 and the signal if one killed it.
  public var exitCode: Int32
  /// The image as it was asked for.
  public var image: ImageReference
  /// The image that it resolved to: an id or a digest.
  public var imageReference: String
  /// The id of the image that it resolved to; the same as `imageReference` from older runtimes.
  public var imageID: String
  /// A word for why it is in its state: `Completed`, `Error`, `OOMKilled`.
  public var reason: String
  /// A sentence for why it is in its state.
  public var message: String
  /// As they were given.
  public var labels: [String: String]
  /// As they were given.
  public var annotations: [String: String]
  /// As they were given.
  public var mounts: [Mount]
  /// The log file's full path.
  public var logPath: String
  /// The limits in force; nil from older runtimes.
  public var resources: LinuxResources?

  /// A status.
  public init(
    id: String, metadata: ContainerMetadata, state: ContainerState, createdAt: Int64 = 0,
    startedAt: Int64 = 0,
    finishedAt: Int64 = 0, exitCode: Int32 = 0, image: ImageReference, imageReference: String = "",
    imageID: String = "",
    reason: String = "", message: String = "", labels: [String: String] = [:],
    annotations: [String: String] = [:], mounts: [Mount] = [], logPath: String = "",
    resources: LinuxResources? = nil
  ) {
    self.id = id
    self.metadata = metadata
    self.state = state
    self.createdAt = createdAt
    self.startedAt = startedAt
    self.finishedAt = finishedAt
    self.exitCode = exitCode
    self.image = image
    self.imageReference = imageReference
    self.imageID = imageID
    self.reason = reason
    self.message = message
    self.labels = labels
    self.annotations = annotations
    self.mounts = mounts
    self.logPath = logPath
    self.resources = resources
  }
}

/// What a command printed and how it ended.
public struct ExecResult: Sendable, Hashable {
  /// Standard output.
  public var standardOutput: [UInt8]
  /// Standard error.
  public var standardError: [UInt8]
  /// How the command ended.
  public var exitCode: Int32

  /// A result.
  public init(standardOutput: [UInt8] = [], standardError: [UInt8] = [], exitCode: Int32 = 0) {
    self.standardOutput = standardOutput
    self.standardError = standardError
    self.exitCode = exitCode
  }
}

/// Which streams a client wants of `exec` and `attach`.
public struct AttachedStreams: Sendable, Hashable {
  /// The client sends standard input.
  public var stdin: Bool
  /// The client reads standard output.
  public var stdout: Bool
  /// The client reads standard error; not together with `tty`.
  public var stderr: Bool
  /// There is a terminal.
  public var tty: Bool

  /// A choice of streams.
  public init(stdin: Bool = false, stdout: Bool = true, stderr: Bool = true, tty: Bool = false) {
    self.stdin = stdin
    self.stdout = stdout
    self.stderr = stderr
    self.tty = tty
  }
}

/// Something that happened to a container or sandbox (CRI: ContainerEventResponse).
public struct ContainerEvent: Sendable, Hashable {
  /// What happened.
  public enum Kind: Sendable, Hashable {
    /// It was made.
    case created
    /// Its process began.
    case started
    /// Its process ended.
    case stopped
    /// It was removed.
    case deleted
  }

  /// The container; the sandbox's own id when it happened to a sandbox.
  public var containerID: String
  /// What happened.
  public var kind: Kind
  /// Nanoseconds since 1970.
  public var createdAt: Int64
  /// The sandbox just afterwards; nil if it is gone.
  public var sandbox: PodSandboxStatus?
  /// All of the sandbox's containers just afterwards.
  public var containers: [ContainerStatus]

  /// An event.
  public init(
    containerID: String, kind: Kind, createdAt: Int64 = 0, sandbox: PodSandboxStatus? = nil,
    containers: [ContainerStatus] = []
  ) {
    self.containerID = containerID
    self.kind = kind
    self.createdAt = createdAt
    self.sandbox = sandbox
    self.containers = containers
  }
}
