import Commands
import ContainerRuntime
import Foundation
import Logging
import NIOCore

/// The container runtime of a node: the one that was named, a containerd of our own, or one that is found.
struct NodeRuntime: Sendable {
  /// Where it listens.
  let socket: String
  /// The folder from which it takes the pod network's configuration; nil if that is somebody else's.
  let networks: String?
  /// Where a containerd of our own finds the programs that make pod networks.
  let plugins: String
  /// Who makes control groups.
  let cgroupDriver: CgroupDriver
  private let containerd: ContainerdProcess?

  /// - Throws: what is wrong, and what to do.
  static func start(
    _ settings: NodeProcessSettings, on eventLoop: any EventLoop, logger: Logger
  ) async throws -> NodeRuntime {
    let machine = ContainerdMachine.current(folder: settings.folder)
    if let endpoint = settings.runtimeEndpoint {
      guard let found = await RuntimeSocket.find(among: [endpoint], on: eventLoop) else {
        throw ConfigurationError(
          .value, "--container-runtime-endpoint: no container runtime answers at \(endpoint)")
      }
      logger.info(
        "a container runtime answers",
        metadata: ["runtime": "\(found.version.name)", "socket": "\(endpoint)"])
      return NodeRuntime(
        socket: endpoint, networks: nil, plugins: "", cgroupDriver: machine.cgroupDriver, containerd: nil)
    }
    guard hasContainerd else {
      guard let found = await RuntimeSocket.find(on: eventLoop) else {
        throw ConfigurationError(
          .value,
          "there is no container runtime (on Debian: apt-get install containerd runc containernetworking-plugins)"
        )
      }
      logger.info("a container runtime was found", metadata: ["socket": "\(found.path)"])
      return NodeRuntime(
        socket: found.path, networks: nil, plugins: "", cgroupDriver: machine.cgroupDriver, containerd: nil)
    }
    return try await startOwn(settings, machine, on: eventLoop, logger: logger)
  }

  /// Lets a containerd of our own run on: pods do, and the next process of ours takes it over.
  func release() async { await containerd?.release() }

  private static var hasContainerd: Bool {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    let folders = path.split(separator: ":").map(String.init) + ["/usr/local/bin", "/usr/bin", "/usr/sbin"]
    return folders.contains { FileManager.default.isExecutableFile(atPath: $0 + "/containerd") }
  }

  private static func startOwn(
    _ settings: NodeProcessSettings, _ machine: ContainerdMachine, on eventLoop: any EventLoop, logger: Logger
  ) async throws -> NodeRuntime {
    let layout = ContainerdLayout(folder: settings.folder + "/containerd")
    let files = FileManager.default
    let images = settings.folder + "/images"
    for folder in [layout.folder, images] {
      try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }
    let containerd = ContainerdProcess(
      ContainerdConfiguration(layout: layout, machine: machine, sandboxImage: PauseImage.name),
      on: eventLoop, report: { logger.notice("\($0)") })
    try await containerd.start()
    logger.info("containerd runs", metadata: ["socket": "\(layout.socket)"])

    // A containerd that forgot its images is one whose folder was emptied: they are brought every time.
    let pause = settings.folder + "/pause.tar"
    try Data(PauseImage.archive).write(to: URL(fileURLWithPath: pause))
    let archives = try files.contentsOfDirectory(atPath: images).filter { $0.hasSuffix(".tar") }.sorted()
    for archive in [pause] + archives.map({ images + "/" + $0 }) {
      do throws(ContainerdError) {
        try await ImageArchive(archive).importInto(socket: layout.socket, scratch: layout.folder)
        logger.debug("image imported", metadata: ["archive": "\(archive)"])
      } catch {
        logger.error("\(error)")
      }
    }
    return NodeRuntime(
      socket: layout.socket, networks: layout.networks, plugins: machine.networkPrograms,
      cgroupDriver: machine.cgroupDriver,
      containerd: containerd)
  }
}
