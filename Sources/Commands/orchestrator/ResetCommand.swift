import ArgumentParser
import Commands
import ContainerRuntime
import Foundation
import GRPC
import Logging
import NIOCore
import NIOPosix
import NodeHost
import Proxy

/// `orchestrator reset`.
struct ResetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reset",
    abstract: "Remove this machine's part of a cluster: pods, packet rules, routes, and all data.",
    discussion: """
      Stop orchestrator first. Removes what it made, and nothing else: images and pods of its own containerd, the \
      bridge of pods, its tables of packet rules and its routes, and in the folder of data the store, certificates and \
      kubeconfigs. Manifests of static pods stay.
      """)

  @Option(help: "The folder of data.")
  var dataDir = ".data/cluster"

  @Option(help: "The range of services' addresses.")
  var serviceClusterIpRange = "10.96.0.0/16"

  @Flag(name: [.customShort("y"), .long], help: "Do not ask.")
  var yes = false

  @OptionGroup var log: LogFlags

  func run() throws {
    do {
      let folder = URL(fileURLWithPath: dataDir).path
      guard FileManager.default.fileExists(atPath: folder) else {
        throw ConfigurationError(.value, "there is no folder \(folder): nothing to remove")
      }
      guard yes || confirm(folder) else {
        print("Nothing was removed.")
        throw ExitCode(1)
      }
      let logger = try log.makeLogger()
      let range = serviceClusterIpRange
      let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
      defer { try? group.syncShutdownGracefully() }
      try runToEnd {
        let reset = Reset(
          folder: folder, serviceCIDR: range, eventLoop: group.next(), logger: logger,
          tell: { print($0) })
        try await reset.run()
      }
      print("Everything of \(folder) is removed.")
    } catch {
      throw report(error)
    }
  }

  private func confirm(_ folder: String) -> Bool {
    print("This stops all pods of this machine and removes all data below \(folder).")
    print("Type yes to go on: ", terminator: "")
    fflush(nil)
    return readLine()?.trimmingCharacters(in: .whitespaces) == "yes"
  }
}

/// Takes away what a node and a control plane have made on this machine.
private struct Reset {
  let folder: String
  let serviceCIDR: String
  let eventLoop: any EventLoop
  let logger: Logger
  let tell: @Sendable (String) -> Void

  private var node: String { NodeProcessSettings.folder(of: folder) }
  private static let commands: HostCommands = { command, input in
    await SystemCommands().run(command, input: input)
  }

  func run() async throws {
    if FileManager.default.fileExists(atPath: node) {
      guard geteuid() == 0 else {
        throw ConfigurationError(.value, "a node is removed by root: run it with sudo")
      }
      let lock = try FolderLock(node)
      try await removePods()
      try await removeMounts()
      await removeNetwork()
      withExtendedLifetime(lock) {}
    }
    try removeFiles()
  }

  private func removePods() async throws {
    let layout = ContainerdLayout(folder: node + "/containerd")
    guard FileManager.default.fileExists(atPath: layout.configuration) else { return }
    let machine = ContainerdMachine.current(folder: layout.folder)
    let logger = logger
    let containerd = ContainerdProcess(
      ContainerdConfiguration(layout: layout, machine: machine, sandboxImage: PauseImage.name), on: eventLoop,
      report: { logger.debug("\($0)") })
    try await containerd.start()
    let runtime = CRIClient(.unixSocket(containerd.socket), on: eventLoop)
    defer { runtime.close() }
    for container in try await runtime.listContainers(ContainerFilter()) {
      try? await runtime.stopContainer(container.id, gracePeriod: .seconds(2))
    }
    let sandboxes = try await runtime.listPodSandboxes(PodSandboxFilter())
    for sandbox in sandboxes {
      try await runtime.stopPodSandbox(sandbox.id)
      try await runtime.removePodSandbox(sandbox.id)
    }
    await containerd.stop()
    tell("pods removed: \(sandboxes.count)")
  }

  private func removeMounts() async throws {
    try await MemoryMounter().unmountAll(below: node)
    // Volumes of a size are files behind loop devices.
    let (status, output) = await Self.commands(
      ["losetup", "--list", "--noheadings", "--output", "NAME,BACK-FILE"], "")
    guard status == 0 else { return }
    for line in output.split(separator: "\n") {
      let words = line.split(separator: " ", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
      guard words.count == 2, words[1].hasPrefix(node + "/") else { continue }
      _ = await Self.commands(["losetup", "--detach", words[0]], "")
    }
  }

  private func removeNetwork() async {
    if let problem = await ProxyRunner.cleanUp(serviceCIDR: serviceCIDR, commands: SystemCommands()) {
      logger.warning("the packet rules of services: \(problem)")
    }
    await PodMasquerade.cleanUp(commands: Self.commands)
    await NodeRoutes.cleanUp(commands: Self.commands)
    _ = await Self.commands(["ip", "link", "delete", PodNetwork.bridge], "")
    tell("packet rules, routes and the bridge \(PodNetwork.bridge) removed")
  }

  private func removeFiles() throws {
    let files = FileManager.default
    for name in try files.contentsOfDirectory(atPath: folder)
    where ["store", "pki", "node"].contains(name) || name.hasSuffix(".kubeconfig") {
      try files.removeItem(atPath: folder + "/" + name)
    }
    if try files.contentsOfDirectory(atPath: folder).isEmpty { try files.removeItem(atPath: folder) }
  }
}
