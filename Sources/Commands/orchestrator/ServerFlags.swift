import ArgumentParser
import Commands
import Controllers

/// What a control plane is told on the command line.
struct ServerFlags: ParsableArguments {
  /// What one process may run of the control plane.
  enum Component: String, CaseIterable, ExpressibleByArgument {
    case api
    case scheduler
    case controllers
  }

  @Option(help: "The folder for all data: certificates, kubeconfigs, the store; a node's images and pods.")
  var dataDir = ".data/cluster"

  @Option(help: "The address that the API server listens on.")
  var bindAddress = "0.0.0.0"

  @Option(help: "The port that the API server listens on.")
  var securePort = 6443

  @Option(
    help:
      "The address under which other machines and pods reach the API server (default: the bind address, or this machine's)."
  )
  var advertiseAddress: String?

  @Option(
    name: .customLong("tls-san"),
    help: "A further name or address in the API server's certificate; may be repeated.")
  var names: [String] = []

  @Option(help: "The range of cluster IPs.")
  var serviceClusterIpRange = "10.96.0.0/16"

  @Option(help: "The range of node ports, as FIRST-LAST.")
  var serviceNodePortRange = "30000-32767"

  @Option(help: "The range of pods' addresses; each node gets a part of it.")
  var clusterCidr = "10.244.0.0/16"

  @Option(help: "How many bits the addresses of a node's pods share.")
  var nodeCidrMaskSize = 24

  @Option(
    help: ArgumentHelp(
      "The store: etcd v3 endpoints, separated by commas (raftkv or etcd). Without it, a store in this process.",
      valueName: "urls"))
  var store: String?

  @Option(help: "The certificate authority of an https store, as PEM.")
  var storeCaFile: String?

  @Option(help: "The certificate to show to the store, as PEM.")
  var storeCertFile: String?

  @Option(help: "Its key, as PEM.")
  var storeKeyFile: String?

  @Option(help: "Where the built-in store serves etcd clients; `none` for nowhere.")
  var storeListenClientUrls = "http://127.0.0.1:2379"

  @Option(help: "Where the built-in store listens for other members.")
  var storeListenPeerUrls = "http://127.0.0.1:2380"

  @Option(
    help: ArgumentHelp(
      "Who must have signed kubelets' certificates, as PEM (default: any certificate is taken).",
      valueName: "file"))
  var kubeletCertificateAuthority: String?

  @Option(help: "What to run here of the control plane, separated by commas.")
  var components = "api,scheduler,controllers"

  /// The flags, read.
  struct Settings {
    var components: Set<Component>
    var nodePorts: ClosedRange<Int>
    var podRanges: PodRanges
  }

  func settings() throws(ConfigurationError) -> Settings {
    var chosen: Set<Component> = []
    for name in components.split(separator: ",") {
      guard let component = Component(rawValue: String(name)) else {
        throw ConfigurationError(.usage, "--components: there is no component \(name)")
      }
      chosen.insert(component)
    }
    guard chosen.contains(.api) else {
      throw ConfigurationError(
        .usage,
        "--components: the API server (api) belongs to this command; without it there is nothing to speak to")
    }
    let ends = serviceNodePortRange.split(separator: "-").map { Int($0) }
    guard ends.count == 2, let first = ends[0], let last = ends[1], first > 0, first <= last, last < 65536
    else {
      throw ConfigurationError(
        .usage, "--service-node-port-range: \(serviceNodePortRange) is no range of ports")
    }
    guard (0..<65536).contains(securePort) else {
      throw ConfigurationError(.usage, "--secure-port: \(securePort) is no port")
    }
    let podRanges = try PodRanges(flag: clusterCidr, nodeMaskSize: nodeCidrMaskSize)
    return Settings(components: chosen, nodePorts: first...last, podRanges: podRanges)
  }
}
