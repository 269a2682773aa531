import ArgumentParser
import Commands
import Foundation
import Proxy

/// What a node has to know.
struct NodeProcessSettings: Sendable {
  /// What one process may run of a node.
  enum Component: String, CaseIterable, Sendable {
    case kubelet
    case proxy
    case dns
  }

  /// The Node's name.
  var name: String
  /// Its address.
  var address: String
  /// Where all its data lies; absolute.
  var folder: String
  /// The folder of static pods' manifests.
  var manifests: String
  var components = Set(Component.allCases)
  /// The socket of a runtime that is there; nil for one of our own.
  var runtimeEndpoint: String?
  var clusterDomain = "cluster.local"
  /// The address of the `kube-dns` service.
  var clusterDNS: [String] = []
  var clusterCIDR = ""
  var serviceCIDR = ""
  var kubeletPort = 10250
  /// Which packet filter holds the rules of services.
  var proxyMode = ProxyMode.auto

  /// A node as the command line says.
  init(_ flags: NodeFlags, address: String, dataFolder: String) throws(ConfigurationError) {
    name = flags.nodeName
    self.address = flags.nodeIp ?? address
    folder = Self.folder(of: dataFolder)
    manifests =
      flags.podManifestPath ?? URL(fileURLWithPath: dataFolder).appendingPathComponent("manifests").path
    runtimeEndpoint = flags.containerRuntimeEndpoint.map {
      $0.hasPrefix("unix://") ? String($0.dropFirst("unix://".count)) : $0
    }
    kubeletPort = flags.kubeletPort
    guard let mode = ProxyMode(rawValue: flags.proxyMode) else {
      throw ConfigurationError(.usage, "--proxy-mode: \(flags.proxyMode) is not auto, nftables or iptables")
    }
    proxyMode = mode
    components = []
    for name in flags.nodeComponents.split(separator: ",") {
      guard let component = Component(rawValue: String(name)) else {
        throw ConfigurationError(.usage, "--node-components: there is no component \(name)")
      }
      components.insert(component)
    }
  }

  /// The folder of a node's data within the folder of all data.
  static func folder(of dataFolder: String) -> String {
    URL(fileURLWithPath: dataFolder).appendingPathComponent("node").path
  }
}
