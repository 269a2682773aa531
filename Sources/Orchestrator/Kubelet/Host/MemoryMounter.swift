import ContainerRuntime
import Glibc
public import Kubelet

/// Mounts memory for volumes (tmpfs), by system calls.
public struct MemoryMounter: Mounter {
  /// Where the kernel tells what is mounted.
  private static let table = "/proc/self/mountinfo"

  /// A mounter.
  public init() {}

  /// Mounts memory at a folder; nothing happens if that is so already.
  public func mountMemory(at path: String, sizeBytes: Int64?) async throws(NodeFileError) {
    guard !MountTable(Self.read()).points.contains(Self.resolved(path)) else { return }
    let options = sizeBytes.map { "size=\($0)" } ?? ""
    guard mount("tmpfs", path, "tmpfs", UInt(MS_NOSUID | MS_NODEV), options) == 0 else {
      throw NodeFileError("mount tmpfs at \(path): \(String(cString: strerror(errno)))")
    }
  }

  /// Takes away every mount at or below a path, the last one first.
  public func unmountAll(below path: String) async throws(NodeFileError) {
    for point in MountTable(Self.read()).points(below: Self.resolved(path)) {
      // Lazily: what still has a file open there does not keep the pod from going.
      guard umount2(point, Int32(MNT_DETACH)) == 0 || errno == EINVAL || errno == ENOENT else {
        throw NodeFileError("umount \(point): \(String(cString: strerror(errno)))")
      }
    }
  }

  /// The kernel's table has no links in it.
  private static func resolved(_ path: String) -> String {
    guard let text = realpath(path, nil) else { return path }
    defer { free(text) }
    return String(cString: text)
  }

  private static func read() -> String { HostFile.text(table) }
}

/// The kernel's table of mounts (proc_pid_mountinfo(5)).
struct MountTable {
  /// In the order of mounting.
  var points: [String]

  init(_ text: String) {
    points = text.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: " ")
      return fields.count > 4 ? HostFile.unescaped(fields[4]) : nil
    }
  }

  /// Those at or below a path, the last one first.
  func points(below path: String) -> [String] {
    points.reversed().filter { $0 == path || $0.hasPrefix(path + "/") }
  }
}
