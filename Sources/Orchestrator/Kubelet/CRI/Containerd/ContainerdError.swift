/// Why a containerd of our own does not run.
public enum ContainerdError: Error, Sendable, Hashable, CustomStringConvertible {
  /// A file or folder cannot be made.
  case fileSystem(path: String, String)
  /// The folder's path leaves no room for a socket's.
  case folderTooLong(String)
  /// The program cannot be started.
  case program(String, String)
  /// An image's archive cannot be imported.
  case image(path: String, String)
  /// It runs and does not answer.
  case silent(log: String)

  /// What is wrong and what to do.
  public var description: String {
    switch self {
    case .fileSystem(let path, let reason): "\(path): \(reason)"
    case .folderTooLong(let folder):
      "\(folder) is too long for a socket's path (\(ContainerdLayout.socketPathBytesMax) bytes): "
        + "choose a shorter folder"
    case .program(let name, let reason):
      "\(name) cannot be started: \(reason) (on Debian: apt-get install containerd runc containernetworking-plugins)"
    case .image(let path, let reason): "\(path) cannot be imported: \(reason)"
    case .silent(let log): "containerd does not answer; \(log) tells why"
    }
  }
}
