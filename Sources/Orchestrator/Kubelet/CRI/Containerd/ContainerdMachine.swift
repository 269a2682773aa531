import Glibc

/// What a containerd's configuration depends on.
public struct ContainerdMachine: Sendable, Hashable {
  /// The kernel stacks file systems, and the folder lies on one that can be stacked on.
  public var canStackLayers: Bool
  /// Processes of ours may be made less likely to be killed (CAP_SYS_RESOURCE).
  public var mayLowerOOMScores: Bool
  /// systemd is the machine's first process.
  public var isRunBySystemd: Bool
  /// The control groups are of version 2.
  public var hasUnifiedCgroups: Bool
  /// Where the programs that make pod networks lie.
  public var networkPrograms: String

  /// A machine.
  public init(
    canStackLayers: Bool, mayLowerOOMScores: Bool, isRunBySystemd: Bool, hasUnifiedCgroups: Bool,
    networkPrograms: String
  ) {
    self.canStackLayers = canStackLayers
    self.mayLowerOOMScores = mayLowerOOMScores
    self.isRunBySystemd = isRunBySystemd
    self.hasUnifiedCgroups = hasUnifiedCgroups
    self.networkPrograms = networkPrograms
  }

  /// Where distributions put the programs that make pod networks; the first that is there counts.
  static let networkProgramFolders = ["/opt/cni/bin", "/usr/lib/cni", "/usr/libexec/cni"]
  /// The program that shows that a folder has them.
  private static let networkProgram = "/bridge"

  /// Who makes control groups on such a machine.
  public var cgroupDriver: CgroupDriver { isRunBySystemd && hasUnifiedCgroups ? .systemd : .cgroupfs }

  /// This machine.
  /// - Parameter folder: where containerd will keep its files; it exists.
  public static func current(folder: String) -> ContainerdMachine {
    let folders = networkProgramFolders.filter { access($0 + networkProgram, X_OK) == 0 }
    let mounts = HostFile.text("/proc/self/mounts")
    return ContainerdMachine(
      canStackLayers: canStackLayers(
        fileSystems: HostFile.text("/proc/filesystems"),
        isFolderStacked: fileSystem(of: folder, mounts: mounts) == "overlay"),
      mayLowerOOMScores: mayLowerOOMScores(status: HostFile.text("/proc/self/status")),
      isRunBySystemd: access("/run/systemd/system", F_OK) == 0,
      hasUnifiedCgroups: fileSystem(of: "/sys/fs/cgroup", mounts: mounts) == "cgroup2",
      networkPrograms: folders.first ?? "/usr/lib/cni")
  }

  /// A stacked file system cannot be stacked upon: a container in a container.
  static func canStackLayers(fileSystems: String, isFolderStacked: Bool) -> Bool {
    let names = fileSystems.split(separator: "\n").compactMap {
      $0.split(whereSeparator: \.isWhitespace).last
    }
    return names.contains("overlay") && !isFolderStacked
  }

  /// - Parameter status: a process's, as in proc(5).
  static func mayLowerOOMScores(status: String) -> Bool {
    let resourceBit: UInt64 = 1 << 24
    for line in status.split(separator: "\n") where line.hasPrefix("CapEff:") {
      let digits = line.dropFirst(7).filter { !$0.isWhitespace }
      return (UInt64(digits, radix: 16) ?? 0) & resourceBit != 0
    }
    return false
  }

  /// The type of the file system that a path without links lies on.
  /// - Parameter mounts: as in proc_pid_mounts(5); later ones cover earlier ones.
  static func fileSystem(of path: String, mounts: String) -> String? {
    var best: (length: Int, type: String)?
    for line in mounts.split(separator: "\n") {
      let fields = line.split(separator: " ")
      guard fields.count >= 3 else { continue }
      let point = HostFile.unescaped(fields[1])
      let isAbove = point == "/" || path == point || path.hasPrefix(point + "/")
      if isAbove, point.utf8.count >= best?.length ?? 0 { best = (point.utf8.count, String(fields[2])) }
    }
    return best?.type
  }
}
