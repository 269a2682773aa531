import Glibc

/// An image in a file (docker-archive or OCI layout, as a tar), brought into containerd without a registry.
///
/// CRI has no call for it: containerd's own `ctr` is run.
public struct ImageArchive: Sendable {
  /// The namespace in which CRI looks for images.
  private static let namespace = "k8s.io"
  /// What of the program's words is told when it fails.
  private static let outputBytesMax = 4 << 10

  /// The file.
  public var path: String

  /// The archive in a file.
  public init(_ path: String) { self.path = path }

  /// What is run.
  static func command(_ path: String, socket: String, program: String) -> [String] {
    [program, "--address", socket, "--namespace", namespace, "images", "import", path]
  }

  /// Imports it; names that are there already are moved to it. CRI shows it a moment later.
  /// - Parameters:
  ///   - socket: where containerd listens.
  ///   - scratch: a folder for the program's words.
  ///   - program: a name that is looked up in PATH, or a path.
  public func importInto(socket: String, scratch: String, program: String = "ctr")
    async throws(ContainerdError)
  {
    guard access(path, R_OK) == 0 else { throw .fileSystem(path: path, SystemText.error(errno)) }
    let output = scratch + "/import-\(UInt64.random(in: 0 ... .max)).log"
    defer { unlink(output) }
    let child = try ChildProcess(
      Self.command(path, socket: socket, program: program), environment: ContainerdProcess.programEnvironment,
      log: output)
    let ending = await child.ending()
    guard ending == .exited(0) else {
      let words = HostFile.text(output).suffix(Self.outputBytesMax).split(separator: "\n").last ?? ""
      throw .image(path: path, words.isEmpty ? "\(ending)" : String(words))
    }
  }
}
