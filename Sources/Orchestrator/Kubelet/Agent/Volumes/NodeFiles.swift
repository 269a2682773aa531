/// The node's files as the kubelet needs them. Paths are absolute.
public protocol NodeFiles: Sendable {
  /// What is there, without following a link at the end of the path; nil if nothing is.
  func kind(_ path: String) throws(NodeFileError) -> NodeFileKind?
  /// Makes a folder with its parents; one that is there is left as it is.
  func makeDirectory(_ path: String, mode: UInt32) throws(NodeFileError)
  /// Makes or replaces a file.
  func write(_ path: String, _ bytes: [UInt8], mode: UInt32) throws(NodeFileError)
  /// What a file has in it; nil if it is not there.
  func read(_ path: String) throws(NodeFileError) -> [UInt8]?
  /// The last bytes of a file, and whether they are all of it; nil if it is not there, or is no plain file.
  func tail(_ path: String, limit: Int) throws(NodeFileError) -> (bytes: [UInt8], isWhole: Bool)?
  /// Makes a symbolic link.
  func link(_ path: String, to target: String) throws(NodeFileError)
  /// Where a symbolic link leads; nil if it is none.
  func target(_ path: String) throws(NodeFileError) -> String?
  /// Gives a file another name, in one step, replacing what had it.
  func rename(_ path: String, to new: String) throws(NodeFileError)
  /// The names in a folder, sorted.
  func list(_ path: String) throws(NodeFileError) -> [String]
  /// Gives a file or folder to a group, and adds to its permissions. Never follows a link, and leaves its permissions.
  func give(_ path: String, group: UInt32, adding mode: UInt32) throws(NodeFileError)
  /// The group and permissions of a path; nil if nothing is there.
  func group(of path: String) throws(NodeFileError) -> (group: UInt32, mode: UInt32)?
  /// Removes a file, link or whole folder; what is not there is no error. Never follows a link.
  func remove(_ path: String) throws(NodeFileError)
}

/// What a path leads to.
public enum NodeFileKind: Sendable, Hashable {
  /// A file.
  case file
  /// A folder.
  case directory
  /// A symbolic link.
  case link
  /// A socket.
  case socket
  /// A character device.
  case characterDevice
  /// A block device.
  case blockDevice
  /// Something else, such as a pipe.
  case other
}

/// Why a file could not be read or written.
public struct NodeFileError: Error, Sendable, Hashable {
  /// A sentence for people.
  public var message: String

  /// An error.
  public init(_ message: String) { self.message = message }
}
