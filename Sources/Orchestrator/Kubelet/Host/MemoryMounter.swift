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
      return fields.count > 4 ? Self.unescaped(fields[4]) : nil
    }
  }

  /// Those at or below a path, the last one first.
  func points(below path: String) -> [String] {
    points.reversed().filter { $0 == path || $0.hasPrefix(path + "/") }
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

/// Small files of the kernel and the system.
enum HostFile {
  private static let bytesMax = 4 << 20

  /// What a file says; empty if it cannot be read.
  static func text(_ path: String) -> String {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return "" }
    defer { close(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while bytes.count < bytesMax {
      let count = chunk.withUnsafeMutableBytes { read(file, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      bytes += chunk[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
