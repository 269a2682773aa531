import ContainerRuntime
import Glibc
import Kubelet

/// The file system of control groups.
protocol CgroupFiles: Sendable {
  /// Makes a group; one that is there is no error.
  func make(_ folder: String) throws(NodeFileError)
  /// Writes a group's file.
  func write(_ path: String, _ text: String) throws(NodeFileError)
  /// What a file says; nil if it cannot be read.
  func text(_ path: String) -> String?
  /// The groups within a group; empty if it is not there.
  func groups(_ folder: String) -> [String]
  /// Removes a group that has neither processes nor groups; one that is not there is no error.
  func remove(_ folder: String) throws(NodeFileError)
}

/// The kernel's.
struct SystemCgroupFiles: CgroupFiles {
  func make(_ folder: String) throws(NodeFileError) {
    guard mkdir(folder, 0o755) == 0 || errno == EEXIST else {
      throw NodeFileError("mkdir \(folder): \(KernelFile.reason())")
    }
  }

  func write(_ path: String, _ text: String) throws(NodeFileError) { try KernelFile.write(path, text) }

  func text(_ path: String) -> String? {
    guard access(path, R_OK) == 0 else { return nil }
    return HostFile.text(path)
  }

  func groups(_ folder: String) -> [String] {
    let files = SystemFiles()
    guard let names = try? files.list(folder) else { return [] }
    return names.filter { (try? files.kind("\(folder)/\($0)")) == .directory }
  }

  func remove(_ folder: String) throws(NodeFileError) {
    guard rmdir(folder) == 0 || errno == ENOENT else {
      throw NodeFileError("rmdir \(folder): \(KernelFile.reason())")
    }
  }
}
