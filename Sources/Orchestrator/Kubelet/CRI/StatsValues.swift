/// What a container uses (CRI: ContainerStats). What the runtime does not know is nil.
public struct ContainerStats: Sendable, Hashable {
  /// The runtime's id.
  public var id: String
  /// Its name in the pod, and which try it is.
  public var metadata: ContainerMetadata
  /// As they were given.
  public var labels: [String: String]
  /// As they were given.
  public var annotations: [String: String]
  /// Processors.
  public var cpu: CPUUsage?
  /// Memory.
  public var memory: MemoryUsage?
  /// What it wrote over its image.
  public var writableLayer: FilesystemUsage?

  /// Stats.
  public init(
    id: String, metadata: ContainerMetadata, labels: [String: String] = [:],
    annotations: [String: String] = [:],
    cpu: CPUUsage? = nil, memory: MemoryUsage? = nil, writableLayer: FilesystemUsage? = nil
  ) {
    self.id = id
    self.metadata = metadata
    self.labels = labels
    self.annotations = annotations
    self.cpu = cpu
    self.memory = memory
    self.writableLayer = writableLayer
  }
}

/// Processor time.
public struct CPUUsage: Sendable, Hashable {
  /// When it was measured: nanoseconds since 1970.
  public var timestamp: Int64
  /// Nanoseconds of one core since the start.
  public var usageCoreNanoseconds: UInt64?
  /// Nanoseconds of one core a second, lately.
  public var usageNanocores: UInt64?

  /// Usage.
  public init(timestamp: Int64, usageCoreNanoseconds: UInt64? = nil, usageNanocores: UInt64? = nil) {
    self.timestamp = timestamp
    self.usageCoreNanoseconds = usageCoreNanoseconds
    self.usageNanocores = usageNanocores
  }
}

/// Memory, in bytes.
public struct MemoryUsage: Sendable, Hashable {
  /// When it was measured: nanoseconds since 1970.
  public var timestamp: Int64
  /// What cannot be taken back under pressure.
  public var workingSetBytes: UInt64?
  /// What is left below the limit.
  public var availableBytes: UInt64?
  /// All, caches included.
  public var usageBytes: UInt64?
  /// Anonymous memory.
  public var rssBytes: UInt64?
  /// Minor faults since the start.
  public var pageFaults: UInt64?
  /// Major faults since the start.
  public var majorPageFaults: UInt64?

  /// Usage.
  public init(
    timestamp: Int64, workingSetBytes: UInt64? = nil, availableBytes: UInt64? = nil,
    usageBytes: UInt64? = nil,
    rssBytes: UInt64? = nil, pageFaults: UInt64? = nil, majorPageFaults: UInt64? = nil
  ) {
    self.timestamp = timestamp
    self.workingSetBytes = workingSetBytes
    self.availableBytes = availableBytes
    self.usageBytes = usageBytes
    self.rssBytes = rssBytes
    self.pageFaults = pageFaults
    self.majorPageFaults = majorPageFaults
  }
}

/// What is used of a file system.
public struct FilesystemUsage: Sendable, Hashable {
  /// When it was measured: nanoseconds since 1970.
  public var timestamp: Int64
  /// A folder on it.
  public var mountpoint: String
  /// Bytes used.
  public var usedBytes: UInt64?
  /// Inodes used.
  public var usedInodes: UInt64?

  /// Usage.
  public init(timestamp: Int64, mountpoint: String, usedBytes: UInt64? = nil, usedInodes: UInt64? = nil) {
    self.timestamp = timestamp
    self.mountpoint = mountpoint
    self.usedBytes = usedBytes
    self.usedInodes = usedInodes
  }
}

/// What passed through a network interface since its start.
public struct NetworkUsage: Sendable, Hashable {
  /// The interface.
  public var interface: String
  /// Bytes in.
  public var receivedBytes: UInt64?
  /// Failures to receive.
  public var receiveErrors: UInt64?
  /// Bytes out.
  public var sentBytes: UInt64?
  /// Failures to send.
  public var sendErrors: UInt64?

  /// Usage.
  public init(
    interface: String, receivedBytes: UInt64? = nil, receiveErrors: UInt64? = nil, sentBytes: UInt64? = nil,
    sendErrors: UInt64? = nil
  ) {
    self.interface = interface
    self.receivedBytes = receivedBytes
    self.receiveErrors = receiveErrors
    self.sentBytes = sentBytes
    self.sendErrors = sendErrors
  }
}

/// What a sandbox and its containers use (CRI: PodSandboxStats).
public struct PodSandboxStats: Sendable, Hashable {
  /// The sandbox's id.
  public var id: String
  /// The pod it belongs to.
  public var metadata: PodSandboxMetadata
  /// As they were given.
  public var labels: [String: String]
  /// As they were given.
  public var annotations: [String: String]
  /// Processors, all of the pod.
  public var cpu: CPUUsage?
  /// Memory, all of the pod.
  public var memory: MemoryUsage?
  /// The interfaces, the pod's main one first.
  public var network: [NetworkUsage]
  /// Processes in the pod.
  public var processCount: UInt64?
  /// Each container.
  public var containers: [ContainerStats]

  /// Stats.
  public init(
    id: String, metadata: PodSandboxMetadata, labels: [String: String] = [:],
    annotations: [String: String] = [:],
    cpu: CPUUsage? = nil, memory: MemoryUsage? = nil, network: [NetworkUsage] = [],
    processCount: UInt64? = nil,
    containers: [ContainerStats] = []
  ) {
    self.id = id
    self.metadata = metadata
    self.labels = labels
    self.annotations = annotations
    self.cpu = cpu
    self.memory = memory
    self.network = network
    self.processCount = processCount
    self.containers = containers
  }
}
