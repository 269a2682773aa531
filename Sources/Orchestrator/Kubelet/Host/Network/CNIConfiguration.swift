import Glibc
public import Kubelet
public import Objects

/// The network of a node's pods, as the container runtime's plugins read it (CNI: network configuration list).
///
/// A bridge joins the pods of the node; each gets an address of the node's range, and everything else is reached by way
/// of the bridge. Between nodes there are routes (`NodeRoutes`), no tunnels.
public struct CNIConfiguration: Sendable, Hashable {
  /// The file's name within the folder that the runtime reads; a runtime takes the first one of a folder.
  public static let fileName = "10-pods.conflist"

  /// The name of the network.
  public var name = "pods"
  /// The name of the bridge.
  public var bridge = "cni0"
  /// The node's ranges of pod addresses (`spec.podCIDRs`).
  public var podCIDRs: [AddressRange]
  /// The largest packet; nil for what the kernel takes.
  public var mtu: Int?
  /// Where it is kept which address has been given; nil for the plugin's own place.
  public var addressFolder: String?
  /// Whether the plugin hides pods' addresses from everybody outside of the range. Then pods of other nodes see this
  /// node's address: `PodMasquerade` knows the cluster's range and spares them.
  public var masquerades = false

  /// A network of these ranges.
  public init(podCIDRs: [AddressRange]) { self.podCIDRs = podCIDRs }

  /// Of a Node object; nil as long as it has no range, or one that is none.
  public init?(node: JSON) {
    var texts = (node["spec", "podCIDRs"]?.array ?? []).compactMap(\.string)
    if texts.isEmpty, let text = node["spec", "podCIDR"]?.string, !text.isEmpty { texts = [text] }
    let ranges = texts.compactMap { AddressRange($0) }
    guard !ranges.isEmpty, ranges.count == texts.count else { return nil }
    self.init(podCIDRs: ranges)
  }

  /// The configuration as a file.
  public var text: String {
    var addresses: JSON = [
      "type": "host-local",
      "ranges": .array(podCIDRs.map { .array([["subnet": .string("\($0)")]]) }),
      "routes": .array(
        [false, true].filter { isIPv6 in podCIDRs.contains { $0.isIPv6 == isIPv6 } }
          .map { ["dst": $0 ? "::/0" : "0.0.0.0/0"] }),
    ]
    if let addressFolder { addresses["dataDir"] = .string(addressFolder) }
    var plugin: JSON = [
      "type": "bridge", "bridge": .string(bridge), "isGateway": true,
      // A pod that calls its own service comes back by the port it left.
      "hairpinMode": true,
      // A bridge that is there from a node's earlier range takes the new one.
      "forceAddress": true,
      "ipMasq": .boolean(masquerades), "ipam": addresses,
    ]
    if let mtu { plugin["mtu"] = .integer(Int64(mtu)) }
    let list: JSON = [
      "cniVersion": "0.4.0", "name": .string(name),
      "plugins": .array([plugin, ["type": "portmap", "capabilities": ["portMappings": true]]]),
    ]
    return String(decoding: list.serialized(), as: UTF8.self) + "\n"
  }

  /// Writes the file unless it says the same already; readers see the old one or the new one.
  /// - Returns: whether it was written.
  public func write(
    to folder: String, files: any NodeFiles = SystemFiles()
  ) throws(NodeFileError) -> Bool {
    let path = "\(folder)/\(Self.fileName)"
    let bytes = Array(text.utf8)
    if try files.read(path) == bytes { return false }
    try files.makeDirectory(folder, mode: 0o755)
    // Runtimes read *.conf, *.conflist and *.json.
    try files.write("\(path).new", bytes, mode: 0o644)
    try files.rename("\(path).new", to: path)
    return true
  }
}
