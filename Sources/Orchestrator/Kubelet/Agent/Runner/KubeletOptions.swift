/// What a kubelet can be given besides what it needs; tests bring their own files and numbers.
public struct KubeletOptions: Sendable {
  /// The node's files: termination messages and logs.
  public var files: any NodeFiles
  /// Where static pods come from; nil if there are none.
  public var manifests: ManifestFolder?
  /// How much room the file system of a path has; nil if that is not known, and then no image is collected.
  public var space: @Sendable (_ path: String) -> FilesystemSpace?
  /// Names of images that are never collected, such as that of the runtime's sandboxes.
  public var keptImages: [String]
  /// Random numbers from 0 to 1, which spread what happens regularly.
  public var jitter: @Sendable () -> Double
  /// Takes sentences for whoever runs the node.
  public var log: @Sendable (String) -> Void

  /// The machine's own files, no static pods, and nobody who listens.
  public init(
    files: any NodeFiles = SystemFiles(), manifests: ManifestFolder? = nil,
    space: @escaping @Sendable (String) -> FilesystemSpace? = { FilesystemSpace(of: $0) },
    keptImages: [String] = [],
    jitter: @escaping @Sendable () -> Double = { .random(in: 0..<1) },
    log: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.files = files
    self.manifests = manifests
    self.space = space
    self.keptImages = keptImages
    self.jitter = jitter
    self.log = log
  }
}
