/// Writes all files of a volume in one step: readers see the old ones or the new ones, never some of each.
///
/// The files are in a folder of their own, which the link `..data` leads to; what users see are links through it.
/// A change makes another such folder and renames a new `..data` over the old one.
public struct AtomicWriter: Sendable {
  private static let data = "..data"
  private static let newData = "..data_tmp"
  private let files: any NodeFiles
  private let root: String
  private let ownership: VolumeOwnership?

  /// For a volume's folder.
  public init(_ files: any NodeFiles, root: String) { self.init(files, root: root, ownership: nil) }

  /// - Parameter ownership: who is to have what is written.
  init(_ files: any NodeFiles, root: String, ownership: VolumeOwnership?) {
    self.files = files
    self.root = root
    self.ownership = ownership
  }

  /// Writes these files, by their relative paths, instead of those there are. False if nothing had to be changed.
  ///
  /// - Parameter stamp: a name that no version of this volume had, such as the time.
  @discardableResult
  public func write(_ payload: [String: VolumeFile], stamp: String) throws(NodeFileError) -> Bool {
    try files.makeDirectory(root, mode: 0o755)
    let old = try files.target("\(root)/\(Self.data)")
    if let old, try contents(of: old, at: "") == payload.mapValues(\.bytes) { return false }
    let new = "..\(stamp)"
    guard new != old else { throw NodeFileError("the version \(stamp) is there already") }
    try files.remove("\(root)/\(new)")
    try files.makeDirectory("\(root)/\(new)", mode: 0o755)
    for path in payload.keys.sorted() {
      guard let file = payload[path] else { continue }
      if let slash = path.lastIndex(of: "/") {
        try files.makeDirectory("\(root)/\(new)/\(path[..<slash])", mode: 0o755)
      }
      try files.write("\(root)/\(new)/\(path)", file.bytes, mode: file.mode)
    }
    try ownership?.take(root, files)
    try ownership?.takeAll("\(root)/\(new)", files)
    try files.remove("\(root)/\(Self.newData)")
    try files.link("\(root)/\(Self.newData)", to: new)
    try files.rename("\(root)/\(Self.newData)", to: "\(root)/\(Self.data)")
    try showNames(Set(payload.keys.map { String($0.prefix { $0 != "/" }) }))
    if let old, !old.contains("/"), old.hasPrefix("..") { try files.remove("\(root)/\(old)") }
    return true
  }

  /// Links for the names that users see; those of no file any more go.
  private func showNames(_ names: Set<String>) throws(NodeFileError) {
    for name in names.sorted() where try files.kind("\(root)/\(name)") == nil {
      try files.link("\(root)/\(name)", to: "\(Self.data)/\(name)")
    }
    for name in try files.list(root) where !name.hasPrefix("..") && !names.contains(name) {
      try files.remove("\(root)/\(name)")
    }
  }

  /// All files of a version, by their relative paths.
  private func contents(of version: String, at path: String) throws(NodeFileError) -> [String: [UInt8]] {
    var result: [String: [UInt8]] = [:]
    let folder = path.isEmpty ? "\(root)/\(version)" : "\(root)/\(version)/\(path)"
    guard try files.kind(folder) == .directory else { return [:] }
    for name in try files.list(folder) {
      let inner = path.isEmpty ? name : "\(path)/\(name)"
      switch try files.kind("\(folder)/\(name)") {
      case .directory:
        for (key, bytes) in try contents(of: version, at: inner) { result[key] = bytes }
      case .file: result[inner] = try files.read("\(folder)/\(name)")
      default: break
      }
    }
    return result
  }
}
