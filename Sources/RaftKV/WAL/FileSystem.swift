/// The few file operations that the log needs, so that tests and simulations can put their own disk beneath it.
///
/// Every operation that changes a directory (create, rename, remove) is durable only after `syncDirectory`.
public protocol FileSystem: Sendable {
  /// Creates one directory, readable by its owner alone; nothing happens if it exists already.
  func createDirectory(_ path: String) throws(FileError)
  /// The names in a directory, without `.` and `..`, in no particular order.
  func list(_ directory: String) throws(FileError) -> [String]
  /// Opens a file for positioned reads and writes. It is closed when the last reference to it goes.
  func open(_ path: String, _ mode: OpenMode) throws(FileError) -> any File
  /// Renames a file, replacing the target if there is one.
  func rename(_ path: String, to target: String) throws(FileError)
  /// Removes a file.
  func remove(_ path: String) throws(FileError)
  /// Makes the names in a directory durable.
  func syncDirectory(_ path: String) throws(FileError)
}

/// How a file is opened.
public enum OpenMode: Sendable, Hashable {
  /// An existing file, for reading only.
  case readOnly
  /// An existing file.
  case readWrite
  /// An existing file, or a new empty one.
  case readWriteOrCreate
  /// A new file; fails if the name is taken.
  case createNew
}

/// An open file. All offsets and counts are bytes.
public protocol File: AnyObject, Sendable {
  /// Fills `buffer` from `offset`; returns how many bytes there were, fewer only at the end of the file.
  func read(into buffer: inout MutableRawSpan, at offset: Int) throws(FileError) -> Int
  /// Writes all of `bytes` at `offset`, or throws; after an error any part may have been written.
  func write(_ bytes: RawSpan, at offset: Int) throws(FileError)
  /// The length of the file.
  func size() throws(FileError) -> Int
  /// The first offset at or after `offset` that may hold bytes other than zero, nil if none does: lets a reader
  /// pass over space that was allocated but never written.
  func nextData(from offset: Int) throws(FileError) -> Int?
  /// Allocates disk space for the first `count` bytes and extends the file to at least that length with zeros.
  func preallocate(_ count: Int) throws(FileError)
  /// Makes all that was written so far durable, with what is needed to read it back (`fdatasync`).
  func sync() throws(FileError)
  /// Says that what was read will not be read again, so that the system may forget its copy. Only a hint.
  func forgetWhatWasRead()
  /// Takes the exclusive lock of this file, kept until the file is closed; false if another holds it.
  func lock() throws(FileError) -> Bool
}

extension File {
  /// Nothing to forget.
  public func forgetWhatWasRead() {}
}

/// A file operation, as an error names it.
public enum FileOperation: String, Sendable, Hashable {
  case createDirectory = "create the directory"
  case list = "list the directory"
  case open = "open"
  case rename = "rename"
  case remove = "remove"
  case syncDirectory = "sync the directory"
  case read = "read"
  case write = "write to"
  case size = "get the size of"
  case preallocate = "allocate space for"
  case sync = "sync"
  case lock = "lock"
}

/// A file operation that failed.
public struct FileError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The operating system's `errno`.
  public var code: Int32
  /// What was attempted.
  public var operation: FileOperation
  /// On what.
  public var path: String

  /// Creates an error from an `errno`.
  public init(code: Int32, operation: FileOperation, path: String) {
    self.code = code
    self.operation = operation
    self.path = path
  }

  /// One line for people: the operation, the path and the system's message.
  public var description: String {
    "cannot \(operation.rawValue) \(path): \(systemMessage(code)) (errno \(code))"
  }
}
