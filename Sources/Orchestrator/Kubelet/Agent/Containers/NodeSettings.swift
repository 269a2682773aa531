public import ContainerRuntime
public import Objects

/// What the kubelet knows of its node, and how it was set up.
public struct NodeSettings: Sendable, Hashable {
  /// The Node's name.
  public var nodeName: String
  /// The node's addresses, the main one first.
  public var addresses: [String]
  /// Where pods' files are.
  public var rootDirectory: String
  /// Where containers' logs are.
  public var logDirectory: String
  /// The cluster's DNS servers; without any, pods get the node's.
  public var clusterDNS: [String]
  /// The domain of the cluster's names.
  public var clusterDomain: String
  /// The node's own resolv.conf.
  public var hostDNS: DNSConfig
  /// The node's own hosts file.
  public var hostsFile: String
  /// Who makes control groups.
  public var cgroupDriver: CgroupDriver
  /// Whether pods have control groups of their own. Else the runtime puts containers where it likes.
  public var hasPodCgroups = true
  /// What the node has (`status.capacity`).
  public var capacity: JSON
  /// What pods can have of it (`status.allocatable`).
  public var allocatable: JSON
  /// What is told of the machine (`status.nodeInfo`): `kernelVersion`, `osImage`, `machineID`, `systemUUID`, `bootID`.
  public var information: JSON = .object([:])
  /// The port of the kubelet's own server; 0 if it has none.
  public var kubeletPort = 0
  /// Labels of the Node when it is registered, beside those of every node.
  public var labels: [String: String] = [:]
  /// Taints of the Node when it is registered.
  public var taints: [JSON] = []

  /// A node.
  public init(
    nodeName: String, addresses: [String], rootDirectory: String = "/var/lib/kubelet",
    logDirectory: String = "/var/log/pods", clusterDNS: [String] = [],
    clusterDomain: String = "cluster.local",
    hostDNS: DNSConfig = DNSConfig(), hostsFile: String = "", cgroupDriver: CgroupDriver = .cgroupfs,
    capacity: JSON = .object([:]), allocatable: JSON = .object([:])
  ) {
    self.nodeName = nodeName
    self.addresses = addresses
    self.rootDirectory = rootDirectory
    self.logDirectory = logDirectory
    self.clusterDNS = clusterDNS
    self.clusterDomain = clusterDomain
    self.hostDNS = hostDNS
    self.hostsFile = hostsFile
    self.cgroupDriver = cgroupDriver
    self.capacity = capacity
    self.allocatable = allocatable
  }

  /// The folder of a pod's files.
  func podDirectory(_ pod: JSON) -> String { "\(rootDirectory)/pods/\(pod.podUID)" }

  /// The folder of a pod's logs.
  func podLogDirectory(_ pod: JSON) -> String {
    "\(logDirectory)/\(pod.podNamespace)_\(pod.podName)_\(pod.podUID)"
  }
}
