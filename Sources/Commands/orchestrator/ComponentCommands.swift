import Access
import ArgumentParser
import Client
import Commands
import Controllers
import Exchange
import Foundation
import Logging
import NIOCore
import NIOPosix
import RemoteAPI

/// `orchestrator scheduler`.
struct SchedulerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scheduler",
    abstract: "Run the scheduler alone, at any Kubernetes API server; of several, one works.")

  @OptionGroup var component: ComponentFlags

  func run() throws {
    try component.run(Components.schedulerName) { components, client, _ in await components.schedule(client) }
  }
}

/// `orchestrator controllers`.
struct ControllersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "controllers",
    abstract: "Run the controllers alone, at any Kubernetes API server; of several processes, one works.")

  @OptionGroup var component: ComponentFlags

  @Option(help: "The range of pods' addresses; each node gets a part of it.")
  var clusterCidr = "10.244.0.0/16"

  @Option(help: "How many bits the addresses of a node's pods share.")
  var nodeCidrMaskSize = 24

  @Option(
    help: "The certificate of the cluster's authority, as PEM; without it and its key nothing is signed.")
  var clusterSigningCertFile: String?

  @Option(help: "Its key, as PEM.")
  var clusterSigningKeyFile: String?

  func run() throws {
    let ranges: PodRanges
    var found: ClusterAuthority?
    do {
      ranges = try PodRanges(flag: clusterCidr, nodeMaskSize: nodeCidrMaskSize)
      if let certificate = clusterSigningCertFile, let key = clusterSigningKeyFile {
        found = ClusterAuthority(
          authority: try CertificateAuthority(
            certificatePEM: String(contentsOfFile: certificate, encoding: .utf8),
            keyPEM: String(contentsOfFile: key, encoding: .utf8)))
      }
    } catch {
      throw report(error)
    }
    let signer = found
    try component.run(Components.controllersName) { components, client, file in
      await components.control(
        client,
        Components.ControllerSettings(
          rootCertificate: String(decoding: file.certificateAuthority ?? [], as: UTF8.self), ranges: ranges,
          authority: signer, server: file.server))
    }
  }
}

/// What a component is told that runs alone.
struct ComponentFlags: ParsableArguments {
  @Option(help: "How to reach the API server.")
  var kubeconfig = ".data/cluster/admin.kubeconfig"

  @OptionGroup var log: LogFlags

  /// Runs a component until a signal stops it.
  func run(
    _ name: String, _ body: @escaping @Sendable (Components, APIClient, RemoteAPI.Kubeconfig) async -> Void
  ) throws {
    let signals = ShutdownSignals.install()
    do {
      let components = Components(areShared: true, logger: try log.makeLogger())
      let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
      defer { try? group.syncShutdownGracefully() }
      let file = try RemoteAPI.Kubeconfig(path: kubeconfig)
      let client = APIClient(
        transport: try RemoteTransport(file, on: group), userAgent: "\(name)/raftkv")
      try runUntilStopped(signals) { await body(components, client, file) }
    } catch {
      throw report(error)
    }
  }
}

extension PodRanges {
  /// As two flags say.
  init(flag clusterCIDR: String, nodeMaskSize: Int) throws(ConfigurationError) {
    guard let ranges = PodRanges(clusterCIDR, nodeMaskSize: nodeMaskSize) else {
      throw ConfigurationError(
        .usage,
        "--cluster-cidr, --node-cidr-mask-size: \(clusterCIDR) is no range of IPv4 addresses that can be cut into "
          + "parts of /\(nodeMaskSize)")
    }
    self = ranges
  }
}
