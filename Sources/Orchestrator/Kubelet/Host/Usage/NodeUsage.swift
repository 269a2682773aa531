import Glibc

/// What a machine uses at a moment, as a summary of statistics tells it.
public struct NodeUsage: Sendable, Hashable {
  /// Memory, in bytes.
  public struct Memory: Sendable, Hashable {
    /// All there is.
    public var total: UInt64 = 0
    /// What is not free.
    public var usage: UInt64 = 0
    /// What is not free and could not be freed at once: all but pages of files that nobody has used for long.
    public var workingSet: UInt64 = 0
    /// Of programs, not of files.
    public var resident: UInt64 = 0
    /// Faults since the start.
    public var pageFaults: UInt64 = 0
    /// Those that had to wait for a disk.
    public var majorPageFaults: UInt64 = 0
    /// What pods could still get.
    public var available: UInt64 { total > workingSet ? total - workingSet : 0 }
  }

  /// A network interface, counted since it is there.
  public struct Interface: Sendable, Hashable {
    /// Its name.
    public var name: String
    /// Bytes that have come.
    public var receivedBytes: UInt64
    /// What could not be received.
    public var receiveErrors: UInt64
    /// Bytes that have gone.
    public var sentBytes: UInt64
    /// What could not be sent.
    public var sendErrors: UInt64
  }

  /// Time that all processors together have worked since the start.
  public var cpuNanoseconds: UInt64 = 0
  /// Memory.
  public var memory = Memory()
  /// The interface of the default route, or the first one that is not the machine's own alone; nil without any.
  public var defaultInterface: Interface?
  /// All interfaces but the loopback.
  public var interfaces: [Interface] = []
  /// The file system with the node's data.
  public var filesystem: FilesystemSize?
  /// Processes and threads there are.
  public var processes: Int64 = 0
  /// Processes and threads there can be.
  public var processesMax: Int64 = 0

  /// That of this machine.
  /// - Parameters:
  ///   - dataFolder: where the node's data is.
  ///   - root: what is before all paths but that.
  public static func current(dataFolder: String, root: String = "") -> NodeUsage {
    func text(_ path: String) -> String { HostFile.text(root + path) }
    var usage = NodeUsage()
    usage.cpuNanoseconds = KernelCounters.cpuNanoseconds(text("/proc/stat"))
    usage.memory = KernelCounters.memory(text("/proc/meminfo"), events: text("/proc/vmstat"))
    usage.interfaces = KernelCounters.interfaces(text("/proc/net/dev")).filter { $0.name != "lo" }
    let route = NodeAddress.defaultInterface(text("/proc/net/route"))
    usage.defaultInterface = usage.interfaces.first { $0.name == route } ?? usage.interfaces.first
    usage.filesystem = FilesystemSize(of: dataFolder)
    (usage.processes, usage.processesMax) = KernelCounters.processes(
      text("/proc/loadavg"), limits: ["pid_max", "threads-max"].map { text("/proc/sys/kernel/\($0)") })
    return usage
  }
}

/// What this process itself uses.
public struct ProcessUsage: Sendable, Hashable {
  /// Time on processors since its start.
  public var cpuNanoseconds: UInt64 = 0
  /// Bytes in memory.
  public var residentBytes: UInt64 = 0
  /// Of those, what is no file's.
  public var anonymousBytes: UInt64 = 0
  /// Files and sockets it has open.
  public var openFiles = 0

  /// That of now.
  public static func current() -> ProcessUsage {
    var usage = ProcessUsage()
    usage.cpuNanoseconds = KernelCounters.processNanoseconds(HostFile.text("/proc/self/stat"))
    let fields = KernelCounters.fields(HostFile.text("/proc/self/status"))
    usage.residentBytes = (fields["VmRSS"] ?? 0) &* 1024
    usage.anonymousBytes = (fields["RssAnon"] ?? 0) &* 1024
    usage.openFiles = openFiles()
    return usage
  }

  private static func openFiles() -> Int {
    guard let folder = opendir("/proc/self/fd") else { return 0 }
    defer { closedir(folder) }
    var count = 0
    while let entry = readdir(folder) { if entry.pointee.d_name.0 != CChar(UInt8(ascii: ".")) { count += 1 } }
    // Less the folder itself.
    return max(0, count - 1)
  }
}

/// A file system: bytes, and files (inodes).
public struct FilesystemSize: Sendable, Hashable {
  /// All bytes.
  public var capacityBytes: UInt64
  /// Bytes that programs can still have.
  public var availableBytes: UInt64
  /// Bytes in use.
  public var usedBytes: UInt64
  /// All files there can be.
  public var inodes: UInt64
  /// Those that there can still be.
  public var freeInodes: UInt64

  /// The one that a path is on; nil if it cannot be asked.
  public init?(of path: String) {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { return nil }
    func bytes(_ blocks: fsblkcnt_t) -> UInt64 {
      let (bytes, overflows) = UInt64(blocks).multipliedReportingOverflow(by: UInt64(status.f_frsize))
      return overflows ? .max : bytes
    }
    capacityBytes = bytes(status.f_blocks)
    availableBytes = bytes(status.f_bavail)
    usedBytes = bytes(status.f_blocks > status.f_bfree ? status.f_blocks - status.f_bfree : 0)
    inodes = UInt64(status.f_files)
    freeInodes = UInt64(status.f_ffree)
  }
}
