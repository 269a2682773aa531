import ArgumentParser
import Commands
import ContainerRuntime
import Foundation
import GRPC
import NIOCore
import NIOPosix

/// `orchestrator images`.
struct ImagesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "images", abstract: "Bring images to this node without a registry.",
    subcommands: [Import.self, List.self])

  /// Where this node's container runtime is.
  struct RuntimeFlags: ParsableArguments {
    @Option(help: "The node's folder of data: that of `orchestrator` or `orchestrator agent`.")
    var dataDir = ".data/cluster"

    @Option(
      help: ArgumentHelp(
        "The container runtime's socket (default: that of the containerd in the folder of data).",
        valueName: "path"))
    var containerRuntimeEndpoint: String?

    func socket() throws(ConfigurationError) -> String {
      if let path = containerRuntimeEndpoint {
        return path.hasPrefix("unix://") ? String(path.dropFirst("unix://".count)) : path
      }
      let path = ContainerdLayout(folder: NodeProcessSettings.folder(of: dataDir) + "/containerd").socket
      guard FileManager.default.fileExists(atPath: path) else {
        throw ConfigurationError(
          .value,
          "there is no container runtime at \(path): start the node first, or name another folder with --data-dir"
        )
      }
      return path
    }
  }

  /// `orchestrator images import`.
  struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Import images from files (docker save, or an OCI layout, as a tar).",
      discussion:
        "The node must be running. Archives in the folder images of the node's data are imported whenever it starts."
    )

    @OptionGroup var runtime: RuntimeFlags

    @Argument(help: "The files.")
    var files: [String]

    func run() throws {
      do {
        let socket = try runtime.socket()
        let files = files
        try runToEnd {
          for file in files {
            try await ImageArchive(file).importInto(
              socket: socket, scratch: NSTemporaryDirectory().trimmingSuffix("/"))
            print("imported \(file)")
          }
        }
      } catch {
        throw report(error)
      }
    }
  }

  /// `orchestrator images list`.
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the images that this node has.")

    @OptionGroup var runtime: RuntimeFlags

    func run() throws {
      do {
        let socket = try runtime.socket()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        defer { try? group.syncShutdownGracefully() }
        let rows = try runToEnd {
          let client = CRIClient(.unixSocket(socket), on: group.next())
          defer { client.close() }
          return try await client.listImages("").flatMap { image in
            (image.tags.isEmpty ? ["<none>"] : image.tags).map {
              [$0, String(image.id.prefix(19)), "\(image.size)"]
            }
          }.sorted { $0[0] < $1[0] }
        }
        print(TextTable.text(["IMAGE", "ID", "BYTES"], rows), terminator: "")
      } catch {
        throw report(error)
      }
    }
  }
}

extension String {
  /// Without an ending that it has.
  func trimmingSuffix(_ suffix: String) -> String {
    hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
  }
}
