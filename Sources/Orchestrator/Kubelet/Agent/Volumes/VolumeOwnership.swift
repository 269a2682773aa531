import Objects

/// Gives volumes to the group that a pod's containers share (`fsGroup`).
struct VolumeOwnership: Sendable {
  /// Read and write for files; folders give their group to what is made in them.
  static let fileMask: UInt32 = 0o660
  static let folderMask: UInt32 = 0o2770
  /// The same where nobody may write.
  static let readOnlyFileMask: UInt32 = 0o440
  static let readOnlyFolderMask: UInt32 = 0o2550

  let group: UInt32
  let isReadOnly: Bool

  /// Who is to own the pod's volumes; nil if that does not matter.
  init?(_ pod: JSON, isReadOnly: Bool = false) {
    guard let group = pod["spec", "securityContext", "fsGroup"]?.integer.flatMap({ UInt32(exactly: $0) })
    else { return nil }
    self.group = group
    self.isReadOnly = isReadOnly
  }

  private func mask(_ kind: NodeFileKind) -> UInt32 {
    if kind == .directory { return isReadOnly ? Self.readOnlyFolderMask : Self.folderMask }
    return isReadOnly ? Self.readOnlyFileMask : Self.fileMask
  }

  /// Gives away one file or folder.
  func take(_ path: String, _ files: any NodeFiles) throws(NodeFileError) {
    guard let kind = try files.kind(path) else { return }
    try files.give(path, group: group, adding: mask(kind))
  }

  /// Gives away a folder and all below it.
  func takeAll(_ root: String, _ files: any NodeFiles) throws(NodeFileError) {
    var left = [root]
    while let path = left.popLast() {
      guard let kind = try files.kind(path) else { continue }
      if kind == .directory { for name in try files.list(path) { left.append("\(path)/\(name)") } }
      // What was in it first: a folder that is right says that all below it is.
      try files.give(path, group: group, adding: mask(kind))
    }
  }

  /// Whether a volume is right already, as its root tells (`fsGroupChangePolicy: OnRootMismatch`).
  func matches(_ root: String, _ files: any NodeFiles) throws(NodeFileError) -> Bool {
    guard let owner = try files.group(of: root) else { return false }
    let mask = mask(.directory)
    return owner.group == group && owner.mode & mask == mask
  }
}
