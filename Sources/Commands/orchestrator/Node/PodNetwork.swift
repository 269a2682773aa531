import Client
import Exchange
import Foundation
import Logging
import Objects

/// Tells the container runtime which addresses the pods of this node get, as soon as the Node has a range of them.
struct PodNetwork: Sendable {
  let node: String
  /// The runtime looks here for the network's configuration.
  let folder: String
  let client: APIClient
  let logger: Logger

  func run() async {
    guard let nodes = Resource.builtIn(group: "", version: "v1", resource: "nodes") else { return }
    let informer = Informer(client: client, resource: nodes, fieldSelector: "metadata.name=\(node)")
    informer.addHandler { event in
      switch event {
      case .added(let node), .updated(_, let node): write(node)
      case .deleted: break
      }
    }
    await informer.run()
  }

  private func write(_ node: JSON) {
    guard let range = node["spec", "podCIDR"]?.string, !range.isEmpty else { return }
    let text = """
      {"cniVersion":"0.4.0","name":"pods","plugins":[{"type":"bridge","bridge":"cni0","isGateway":true,\
      "hairpinMode":true,"ipam":{"type":"host-local","ranges":[[{"subnet":"\(range)"}]],\
      "routes":[{"dst":"0.0.0.0/0"}]}},{"type":"portmap","capabilities":{"portMappings":true}}]}
      """
    let path = folder + "/10-pods.conflist"
    guard (try? String(contentsOfFile: path, encoding: .utf8)) != text else { return }
    do {
      try text.write(toFile: path, atomically: true, encoding: .utf8)
      logger.info("pod network", metadata: ["range": "\(range)"])
    } catch {
      logger.error("\(path): \(error)")
    }
  }
}
