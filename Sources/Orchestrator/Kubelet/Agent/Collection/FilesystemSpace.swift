#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// How much room a file system has, in bytes.
public struct FilesystemSpace: Sendable, Hashable {
  /// All of it.
  public var capacity: UInt64
  /// What is free.
  public var available: UInt64

  /// So much room.
  public init(capacity: UInt64, available: UInt64) {
    self.capacity = capacity
    self.available = available
  }

  /// The file system that a path is on; nil if it cannot be asked.
  public init?(of path: String) {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { return nil }
    let block = UInt64(status.f_frsize)
    let capacity = UInt64(status.f_blocks).multipliedReportingOverflow(by: block)
    let available = UInt64(status.f_bavail).multipliedReportingOverflow(by: block)
    guard !capacity.overflow, !available.overflow else { return nil }
    self.init(capacity: capacity.partialValue, available: available.partialValue)
  }
}
