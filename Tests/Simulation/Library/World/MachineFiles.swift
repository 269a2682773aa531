import WAL

/// What a member sees as its file system: the log's folder lies on the simulated disk, everything else, the checkpoint
/// above all, in a folder of the machine that runs the simulation.
struct MachineFiles: FileSystem {
  let disk: Disk
  let logDirectory: String
  private let real = PosixFileSystem()

  init(disk: Disk, logDirectory: String) {
    self.disk = disk
    self.logDirectory = logDirectory
  }

  private func owner(of path: String) -> any FileSystem {
    path == logDirectory || path.hasPrefix(logDirectory + "/") ? disk : real
  }

  func createDirectory(_ path: String) throws(FileError) { try owner(of: path).createDirectory(path) }
  func list(_ directory: String) throws(FileError) -> [String] {
    try owner(of: directory).list(directory).sorted()
  }
  func open(_ path: String, _ mode: OpenMode) throws(FileError) -> any File {
    try owner(of: path).open(path, mode)
  }
  func rename(_ path: String, to target: String) throws(FileError) {
    try owner(of: path).rename(path, to: target)
  }
  func remove(_ path: String) throws(FileError) { try owner(of: path).remove(path) }
  func syncDirectory(_ path: String) throws(FileError) { try owner(of: path).syncDirectory(path) }
}
