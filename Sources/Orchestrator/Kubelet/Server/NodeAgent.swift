public import ContainerRuntime
public import Objects

/// What the kubelet's port needs to know of the kubelet behind it, beside what its container runtime says.
public protocol NodeAgent: Sendable {
  /// The pods that this node is to run, with their status as the kubelet knows it now.
  func pods() async -> [JSON]
  /// What the whole node uses now.
  func nodeUsage() async -> NodeUsage
  /// The kubelet's configuration (KubeletConfiguration), for `/configz`.
  func configuration() async -> JSON
  /// Whether the kubelet still looks after its pods; else what is wrong.
  func problem() async -> String?
}

/// What a node uses. What is not known is nil.
public struct NodeUsage: Sendable, Hashable {
  /// When the node was started.
  public var startTime: Timestamp?
  /// Processors, since the node was started.
  public var cpu: CPUUsage?
  /// Memory.
  public var memory: MemoryUsage?
  /// The interfaces, the main one first.
  public var network: [NetworkUsage]
  /// The file system with the kubelet's folder.
  public var nodeFilesystem: FilesystemCapacity?
  /// The file system with the images.
  public var imageFilesystem: FilesystemCapacity?
  /// Nothing is known.
  public init(
    startTime: Timestamp? = nil, cpu: CPUUsage? = nil, memory: MemoryUsage? = nil,
    network: [NetworkUsage] = [], nodeFilesystem: FilesystemCapacity? = nil,
    imageFilesystem: FilesystemCapacity? = nil
  ) {
    self.startTime = startTime
    self.cpu = cpu
    self.memory = memory
    self.network = network
    self.nodeFilesystem = nodeFilesystem
    self.imageFilesystem = imageFilesystem
  }
}

/// What there is of a file system, and what is left.
public struct FilesystemCapacity: Sendable, Hashable {
  /// In bytes.
  public var capacityBytes: UInt64
  /// For those who are not root.
  public var availableBytes: UInt64
  /// In bytes.
  public var usedBytes: UInt64
  /// All.
  public var inodes: UInt64
  /// Not in use.
  public var freeInodes: UInt64

  /// A file system.
  public init(
    capacityBytes: UInt64, availableBytes: UInt64, usedBytes: UInt64, inodes: UInt64, freeInodes: UInt64
  ) {
    self.capacityBytes = capacityBytes
    self.availableBytes = availableBytes
    self.usedBytes = usedBytes
    self.inodes = inodes
    self.freeInodes = freeInodes
  }
}
