import Synchronization
import WAL

/// The real file system, but for operations that a test makes fail.
final class FaultyFileSystem: FileSystem {
  private let base = PosixFileSystem()
  private let faults = Mutex<[FileOperation: (code: Int32, suffix: String)]>([:])

  /// From now on the operation fails on paths with this ending; code 0 ends that.
  func fail(_ operation: FileOperation, on suffix: String = "", with code: Int32) {
    faults.withLock { $0[operation] = code == 0 ? nil : (code, suffix) }
  }

  fileprivate func check(_ operation: FileOperation, _ path: String) throws(FileError) {
    guard let fault = faults.withLock({ $0[operation] }), path.hasSuffix(fault.suffix) else { return }
    throw FileError(code: fault.code, operation: operation, path: path)
  }

  func createDirectory(_ path: String) throws(FileError) { try base.createDirectory(path) }
  func list(_ directory: String) throws(FileError) -> [String] { try base.list(directory) }

  func open(_ path: String, _ mode: OpenMode) throws(FileError) -> any File {
    FaultyFile(base: try base.open(path, mode), path: path, system: self)
  }

  func rename(_ path: String, to target: String) throws(FileError) { try base.rename(path, to: target) }

  func remove(_ path: String) throws(FileError) {
    try check(.remove, path)
    try base.remove(path)
  }

  func syncDirectory(_ path: String) throws(FileError) { try base.syncDirectory(path) }
}

private final class FaultyFile: File {
  private let base: any File
  private let path: String
  private let system: FaultyFileSystem

  init(base: any File, path: String, system: FaultyFileSystem) {
    self.base = base
    self.path = path
    self.system = system
  }

  func read(into buffer: inout MutableRawSpan, at offset: Int) throws(FileError) -> Int {
    try base.read(into: &buffer, at: offset)
  }

  func write(_ bytes: RawSpan, at offset: Int) throws(FileError) {
    try system.check(.write, path)
    try base.write(bytes, at: offset)
  }

  func size() throws(FileError) -> Int { try base.size() }
  func nextData(from offset: Int) throws(FileError) -> Int? { try base.nextData(from: offset) }

  func preallocate(_ count: Int) throws(FileError) {
    try system.check(.preallocate, path)
    try base.preallocate(count)
  }

  func sync() throws(FileError) {
    try system.check(.sync, path)
    try base.sync()
  }

  func lock() throws(FileError) -> Bool { try base.lock() }
}
