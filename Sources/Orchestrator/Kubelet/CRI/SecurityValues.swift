/// How far a namespace reaches (CRI: NamespaceMode).
public enum NamespaceMode: Sendable, Hashable {
  /// Shared by the pod's containers.
  case pod
  /// The container's own.
  case container
  /// The node's.
  case node
  /// That of another container, named by `NamespaceOptions.targetID`.
  case target
}

/// A piece of the node's user ids that a user namespace maps.
public struct IDMapping: Sendable, Hashable {
  /// The first id of the node.
  public var hostID: UInt32
  /// The first id inside.
  public var containerID: UInt32
  /// How many.
  public var length: UInt32

  /// A mapping.
  public init(hostID: UInt32, containerID: UInt32, length: UInt32) {
    self.hostID = hostID
    self.containerID = containerID
    self.length = length
  }
}

/// A user namespace of the pod's own.
public struct UserNamespace: Sendable, Hashable {
  /// User ids; one piece.
  public var uids: [IDMapping]
  /// Group ids; one piece.
  public var gids: [IDMapping]

  /// A user namespace.
  public init(uids: [IDMapping], gids: [IDMapping]) {
    self.uids = uids
    self.gids = gids
  }
}

/// Which namespaces are shared (CRI: NamespaceOption).
public struct NamespaceOptions: Sendable, Hashable {
  /// `.pod` or `.node`.
  public var network: NamespaceMode
  /// `.container` unless the pod shares its processes; `.target` for a container that looks into another.
  public var pid: NamespaceMode
  /// `.pod` or `.node`.
  public var ipc: NamespaceMode
  /// With `.target`: the container that is looked into.
  public var targetID: String
  /// Nil is the node's.
  public var user: UserNamespace?

  /// What pods have by default.
  public init(
    network: NamespaceMode = .pod, pid: NamespaceMode = .container, ipc: NamespaceMode = .pod,
    targetID: String = "", user: UserNamespace? = nil
  ) {
    self.network = network
    self.pid = pid
    self.ipc = ipc
    self.targetID = targetID
    self.user = user
  }
}

/// A seccomp or AppArmor profile.
public enum SecurityProfile: Sendable, Hashable {
  /// The runtime's default.
  case runtimeDefault
  /// None.
  case unconfined
  /// A file of the node (seccomp), or the name of a loaded profile (AppArmor).
  case localhost(String)
}

/// Labels of SELinux.
public struct SELinuxOptions: Sendable, Hashable {
  /// The user.
  public var user: String
  /// The role.
  public var role: String
  /// The type.
  public var type: String
  /// The level.
  public var level: String

  /// Labels.
  public init(user: String = "", role: String = "", type: String = "", level: String = "") {
    self.user = user
    self.role = role
    self.type = type
    self.level = level
  }
}

/// Who a sandbox's own process is (CRI: LinuxSandboxSecurityContext).
public struct LinuxSandboxSecurityContext: Sendable, Hashable {
  /// The namespaces.
  public var namespaces: NamespaceOptions
  /// Labels of SELinux.
  public var seLinux: SELinuxOptions?
  /// The user; nil is the image's.
  public var runAsUser: Int64?
  /// The group; only with a user.
  public var runAsGroup: Int64?
  /// The root file system cannot be written.
  public var hasReadOnlyRoot: Bool
  /// Further groups.
  public var supplementalGroups: [Int64]
  /// The image's own groups of the user do not count.
  public var hasStrictSupplementalGroups: Bool
  /// The pod will have a privileged container.
  public var isPrivileged: Bool
  /// Nil is the runtime's choice.
  public var seccomp: SecurityProfile?
  /// Nil is the runtime's choice.
  public var appArmor: SecurityProfile?

  /// Defaults.
  public init(
    namespaces: NamespaceOptions = NamespaceOptions(), seLinux: SELinuxOptions? = nil,
    runAsUser: Int64? = nil,
    runAsGroup: Int64? = nil, hasReadOnlyRoot: Bool = false, supplementalGroups: [Int64] = [],
    hasStrictSupplementalGroups: Bool = false,
    isPrivileged: Bool = false, seccomp: SecurityProfile? = nil, appArmor: SecurityProfile? = nil
  ) {
    self.namespaces = namespaces
    self.seLinux = seLinux
    self.runAsUser = runAsUser
    self.runAsGroup = runAsGroup
    self.hasReadOnlyRoot = hasReadOnlyRoot
    self.supplementalGroups = supplementalGroups
    self.hasStrictSupplementalGroups = hasStrictSupplementalGroups
    self.isPrivileged = isPrivileged
    self.seccomp = seccomp
    self.appArmor = appArmor
  }
}

/// Who a container's processes are and what they may do (CRI: LinuxContainerSecurityContext).
public struct LinuxSecurityContext: Sendable, Hashable {
  /// Capabilities to add, without `CAP_`, or `ALL`.
  public var addedCapabilities: [String]
  /// Capabilities to take away, without `CAP_`, or `ALL`.
  public var droppedCapabilities: [String]
  /// Everything the node's root may do.
  public var isPrivileged: Bool
  /// The namespaces.
  public var namespaces: NamespaceOptions
  /// Labels of SELinux.
  public var seLinux: SELinuxOptions?
  /// The user by number; nil is the image's, or `runAsUsername`.
  public var runAsUser: Int64?
  /// The group; only with a user.
  public var runAsGroup: Int64?
  /// The user by name, looked up in the image; only without `runAsUser`.
  public var runAsUsername: String
  /// The root file system cannot be written.
  public var hasReadOnlyRoot: Bool
  /// Further groups.
  public var supplementalGroups: [Int64]
  /// The image's own groups of the user do not count.
  public var hasStrictSupplementalGroups: Bool
  /// Its processes gain no privileges by running files.
  public var forbidsNewPrivileges: Bool
  /// Paths that show as empty; the runtime's defaults come from the kubelet.
  public var maskedPaths: [String]
  /// Paths that cannot be written.
  public var readOnlyPaths: [String]
  /// Nil is the runtime's choice.
  public var seccomp: SecurityProfile?
  /// Nil is the runtime's choice.
  public var appArmor: SecurityProfile?

  /// Defaults.
  public init(
    addedCapabilities: [String] = [], droppedCapabilities: [String] = [], isPrivileged: Bool = false,
    namespaces: NamespaceOptions = NamespaceOptions(), seLinux: SELinuxOptions? = nil,
    runAsUser: Int64? = nil,
    runAsGroup: Int64? = nil, runAsUsername: String = "", hasReadOnlyRoot: Bool = false,
    supplementalGroups: [Int64] = [], hasStrictSupplementalGroups: Bool = false,
    forbidsNewPrivileges: Bool = false, maskedPaths: [String] = [],
    readOnlyPaths: [String] = [], seccomp: SecurityProfile? = nil, appArmor: SecurityProfile? = nil
  ) {
    self.addedCapabilities = addedCapabilities
    self.droppedCapabilities = droppedCapabilities
    self.isPrivileged = isPrivileged
    self.namespaces = namespaces
    self.seLinux = seLinux
    self.runAsUser = runAsUser
    self.runAsGroup = runAsGroup
    self.runAsUsername = runAsUsername
    self.hasReadOnlyRoot = hasReadOnlyRoot
    self.supplementalGroups = supplementalGroups
    self.hasStrictSupplementalGroups = hasStrictSupplementalGroups
    self.forbidsNewPrivileges = forbidsNewPrivileges
    self.maskedPaths = maskedPaths
    self.readOnlyPaths = readOnlyPaths
    self.seccomp = seccomp
    self.appArmor = appArmor
  }
}

/// Limits of a control group (CRI: LinuxContainerResources). Zero and empty say nothing.
public struct LinuxResources: Sendable, Hashable {
  /// The length of a scheduling period, in microseconds.
  public var cpuPeriod: Int64
  /// Processor time a period, in microseconds.
  public var cpuQuota: Int64
  /// The weight against others, 1024 a core.
  public var cpuShares: Int64
  /// The most memory, in bytes.
  public var memoryLimitBytes: Int64
  /// Memory and swap together, in bytes.
  public var memorySwapLimitBytes: Int64
  /// From −1000 (last to be killed) to 1000.
  public var oomScoreAdjustment: Int64
  /// Processors, such as `0-3`.
  public var cpusetCPUs: String
  /// Memory nodes.
  public var cpusetMemoryNodes: String
  /// The most bytes in huge pages, by page size such as `2MB`.
  public var hugepageLimits: [String: UInt64]
  /// Keys of cgroup v2, as they are written.
  public var unified: [String: String]

  /// Limits; without arguments, none.
  public init(
    cpuPeriod: Int64 = 0, cpuQuota: Int64 = 0, cpuShares: Int64 = 0, memoryLimitBytes: Int64 = 0,
    memorySwapLimitBytes: Int64 = 0, oomScoreAdjustment: Int64 = 0, cpusetCPUs: String = "",
    cpusetMemoryNodes: String = "", hugepageLimits: [String: UInt64] = [:], unified: [String: String] = [:]
  ) {
    self.cpuPeriod = cpuPeriod
    self.cpuQuota = cpuQuota
    self.cpuShares = cpuShares
    self.memoryLimitBytes = memoryLimitBytes
    self.memorySwapLimitBytes = memorySwapLimitBytes
    self.oomScoreAdjustment = oomScoreAdjustment
    self.cpusetCPUs = cpusetCPUs
    self.cpusetMemoryNodes = cpusetMemoryNodes
    self.hugepageLimits = hugepageLimits
    self.unified = unified
  }
}
