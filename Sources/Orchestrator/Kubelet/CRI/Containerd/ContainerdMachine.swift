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

  /// This machine.
  /// - Parameter folder: where containerd will keep its files; it exists.
  public static func current(folder: String) -> ContainerdMachine {
    let folders = networkProgramFolders.filter { access($0 + networkProgram, X_OK) == 0 }
    let mounts = SmallFile.text("/proc/self/mounts")
    return ContainerdMachine(
      canStackLayers: canStackLayers(
        fileSystems: SmallFile.text("/proc/filesystems"),
        isFolderStacked: fileSystem(of: folder, mounts: mounts) == "overlay"),
      mayLowerOOMScores: mayLowerOOMScores(status: SmallFile.text("/proc/self/status")),
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
      let point = unescaped(fields[1])
      let isAbove = point == "/" || path == point || path.hasPrefix(point + "/")
      if isAbove, point.utf8.count >= best?.length ?? 0 { best = (point.utf8.count, String(fields[2])) }
    }
    return best?.type
  }

  /// Blanks and backslashes are three octal digits in the kernel's tables.
  private static func unescaped(_ field: Substring) -> String {
    var result: [UInt8] = []
    var rest = Array(field.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\\"), rest.count >= 3,
        let code = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8)
      {
        result.append(code)
        rest = rest.dropFirst(3)
      } else {
        result.append(byte)
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}

/// Files that are read and written as a whole.
enum SmallFile {
  /// A node with many pods has many mounts.
  private static let bytesMax = 4 << 20

  /// The beginning of a file; empty if it cannot be read.
  static func text(_ path: String) -> String {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return "" }
    defer { close(file) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4_096)
    while bytes.count < bytesMax {
      let count = read(file, &piece, piece.count)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { break }
      bytes += piece[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Replaces a file as a whole; readers see the old one or the new one.
  static func write(_ text: String, to path: String) throws(ContainerdError) {
    let draft = path + ".new"
    let file = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw .fileSystem(path: draft, SystemText.error(errno)) }
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        let reason = SystemText.error(errno)
        close(file)
        throw .fileSystem(path: draft, reason)
      }
      rest = rest.dropFirst(count)
    }
    guard close(file) == 0, rename(draft, path) == 0 else {
      throw .fileSystem(path: path, SystemText.error(errno))
    }
  }

  /// Makes a folder and those above it.
  static func makeFolder(_ path: String) throws(ContainerdError) {
    var prefix = ""
    for part in path.split(separator: "/") {
      prefix += "/" + part
      guard mkdir(prefix, 0o711) == 0 || errno == EEXIST else {
        throw .fileSystem(path: prefix, SystemText.error(errno))
      }
    }
  }
}

/// The system's words.
enum SystemText {
  static func error(_ number: Int32) -> String {
    strerror(number).map { String(cString: $0) } ?? "error \(number)"
  }
}

/// Why a containerd of our own does not run.
public enum ContainerdError: Error, Sendable, Hashable, CustomStringConvertible {
  /// A file or folder cannot be made.
  case fileSystem(path: String, String)
  /// The folder's path leaves no room for a socket's.
  case folderTooLong(String)
  /// The program cannot be started.
  case program(String, String)
  /// It runs and does not answer.
  case silent(log: String)

  /// What is wrong and what to do.
  public var description: String {
    switch self {
    case .fileSystem(let path, let reason): "\(path): \(reason)"
    case .folderTooLong(let folder):
      "\(folder) is too long for a socket's path (\(ContainerdLayout.socketPathBytesMax) bytes): choose a shorter folder"
    case .program(let name, let reason):
      "\(name) cannot be started: \(reason) (on Debian: apt-get install containerd runc containernetworking-plugins)"
    case .silent(let log): "containerd does not answer; \(log) tells why"
    }
  }
}
