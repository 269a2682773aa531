/// What a pod's sandbox is made of (CRI: PodSandboxConfig).
public struct PodSandboxConfig: Sendable, Hashable {
  /// The pod it belongs to.
  public var metadata: PodSandboxMetadata
  /// The host name inside; empty with the host's network.
  public var hostname: String
  /// The folder of the containers' logs; empty for none.
  public var logDirectory: String
  /// What goes into /etc/resolv.conf; nil leaves it to the runtime.
  public var dns: DNSConfig?
  /// Ports of the node that lead to ports of the pod.
  public var portMappings: [PortMapping]
  /// Kept by the runtime, and filtered by.
  public var labels: [String: String]
  /// Kept by the runtime.
  public var annotations: [String: String]
  /// Processes and control group.
  public var linux: LinuxSandboxConfig

  /// A sandbox with nothing but its name.
  public init(
    metadata: PodSandboxMetadata, hostname: String = "", logDirectory: String = "", dns: DNSConfig? = nil,
    portMappings: [PortMapping] = [], labels: [String: String] = [:], annotations: [String: String] = [:],
    linux: LinuxSandboxConfig = LinuxSandboxConfig()
  ) {
    self.metadata = metadata
    self.hostname = hostname
    self.logDirectory = logDirectory
    self.dns = dns
    self.portMappings = portMappings
    self.labels = labels
    self.annotations = annotations
    self.linux = linux
  }
}

/// Which pod a sandbox belongs to, and which of its sandboxes it is. The runtime makes its name of all four.
public struct PodSandboxMetadata: Sendable, Hashable {
  /// The pod's name.
  public var name: String
  /// The pod's UID.
  public var uid: String
  /// The pod's namespace.
  public var namespace: String
  /// How many sandboxes the pod had before.
  public var attempt: UInt32

  /// A sandbox's name.
  public init(name: String, uid: String, namespace: String, attempt: UInt32 = 0) {
    self.name = name
    self.uid = uid
    self.namespace = namespace
    self.attempt = attempt
  }
}

/// The lines of a resolv.conf.
public struct DNSConfig: Sendable, Hashable {
  /// Addresses of servers.
  public var servers: [String]
  /// Domains that short names are tried in.
  public var searches: [String]
  /// Options, such as `ndots:5`.
  public var options: [String]

  /// A configuration.
  public init(servers: [String] = [], searches: [String] = [], options: [String] = []) {
    self.servers = servers
    self.searches = searches
    self.options = options
  }
}

/// A port of the node that leads to one of the pod.
public struct PortMapping: Sendable, Hashable {
  /// The protocols a mapping can have.
  public enum Transport: Sendable, Hashable {
    /// TCP.
    case tcp
    /// UDP.
    case udp
    /// SCTP.
    case sctp
  }

  /// The protocol.
  public var transport: Transport
  /// The port inside.
  public var containerPort: Int32
  /// The port of the node.
  public var hostPort: Int32
  /// The address of the node; empty is all.
  public var hostIP: String

  /// A mapping.
  public init(transport: Transport = .tcp, containerPort: Int32, hostPort: Int32, hostIP: String = "") {
    self.transport = transport
    self.containerPort = containerPort
    self.hostPort = hostPort
    self.hostIP = hostIP
  }
}

/// What Linux is to do for a sandbox (CRI: LinuxPodSandboxConfig).
public struct LinuxSandboxConfig: Sendable, Hashable {
  /// The control group that the sandbox's own lies in; a slice with the systemd driver. Empty leaves it to the runtime.
  public var cgroupParent: String
  /// Namespaces and users.
  public var security: LinuxSandboxSecurityContext
  /// Kernel parameters of the sandbox's namespaces.
  public var sysctls: [String: String]
  /// What the sandbox itself costs; nil leaves it to the runtime.
  public var overhead: LinuxResources?
  /// The sum over the pod's containers, for runtimes that size a machine by it.
  public var resources: LinuxResources?

  /// Defaults of the runtime.
  public init(
    cgroupParent: String = "", security: LinuxSandboxSecurityContext = LinuxSandboxSecurityContext(),
    sysctls: [String: String] = [:], overhead: LinuxResources? = nil, resources: LinuxResources? = nil
  ) {
    self.cgroupParent = cgroupParent
    self.security = security
    self.sysctls = sysctls
    self.overhead = overhead
    self.resources = resources
  }
}

/// Whether a sandbox runs.
public enum SandboxState: Sendable, Hashable {
  /// It takes containers.
  case ready
  /// It has stopped.
  case notReady
}

/// A sandbox as a list shows it (CRI: PodSandbox).
public struct PodSandbox: Sendable, Hashable {
  /// The runtime's id.
  public var id: String
  /// The pod it belongs to.
  public var metadata: PodSandboxMetadata
  /// Whether it runs.
  public var state: SandboxState
  /// Nanoseconds since 1970.
  public var createdAt: Int64
  /// As they were given.
  public var labels: [String: String]
  /// As they were given.
  public var annotations: [String: String]
  /// The handler it was made with.
  public var runtimeHandler: String

  /// A sandbox.
  public init(
    id: String, metadata: PodSandboxMetadata, state: SandboxState, createdAt: Int64 = 0,
    labels: [String: String] = [:], annotations: [String: String] = [:], runtimeHandler: String = ""
  ) {
    self.id = id
    self.metadata = metadata
    self.state = state
    self.createdAt = createdAt
    self.labels = labels
    self.annotations = annotations
    self.runtimeHandler = runtimeHandler
  }
}

/// Which sandboxes to list; what is nil or empty does not count.
public struct PodSandboxFilter: Sendable, Hashable {
  /// Only this id, which may be shortened.
  public var id: String
  /// Only in this state.
  public var state: SandboxState?
  /// Only with all of these labels.
  public var labels: [String: String]

  /// A filter; without arguments, everything.
  public init(id: String = "", state: SandboxState? = nil, labels: [String: String] = [:]) {
    self.id = id
    self.state = state
    self.labels = labels
  }
}

/// A sandbox in full (CRI: PodSandboxStatus).
public struct PodSandboxStatus: Sendable, Hashable {
  /// What a list would show.
  public var sandbox: PodSandbox
  /// The pod's addresses, the main one first; empty with the host's network.
  public var addresses: [String]
  /// Its namespaces.
  public var namespaces: NamespaceOptions

  /// A status.
  public init(
    sandbox: PodSandbox, addresses: [String] = [], namespaces: NamespaceOptions = NamespaceOptions()
  ) {
    self.sandbox = sandbox
    self.addresses = addresses
    self.namespaces = namespaces
  }
}
