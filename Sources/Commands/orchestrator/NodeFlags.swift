import ArgumentParser
import Commands
import Foundation

/// What a node is told on the command line.
struct NodeFlags: ParsableArguments {
  @Option(
    name: [.customLong("node-name"), .customLong("hostname-override")],
    help: "The name of this node (default: the name of the host).")
  var name: String?

  @Option(help: "This node's address (default: that of its default route, or its first one).")
  var nodeIp: String?

  @Option(
    help: ArgumentHelp(
      "The container runtime's socket (default: a containerd of our own, or, without that program, one that runs).",
      valueName: "path"))
  var containerRuntimeEndpoint: String?

  @Option(
    help: ArgumentHelp(
      "A folder of manifests of static pods (default: manifests in the data folder).", valueName: "path"))
  var podManifestPath: String?

  @Option(help: "The domain of the cluster's names (default: what the cluster says).")
  var clusterDomain: String?

  @Option(help: "The name server of pods (default: the cluster's own).")
  var clusterDns: String?

  @Option(
    help: "The packet filter of services: auto (nftables where the kernel has it), nftables or iptables.")
  var proxyMode = "auto"

  @Option(help: "What to run here of the node, separated by commas.")
  var nodeComponents = "kubelet,proxy,dns"

  @Option(help: "The port of the kubelet.")
  var kubeletPort = 10250

  /// The name under which the node is registered.
  var nodeName: String { name ?? ProcessInfo.processInfo.hostName.lowercased() }
}
