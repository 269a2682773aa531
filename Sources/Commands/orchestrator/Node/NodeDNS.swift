import Client
import DNS
import Exchange
import Foundation
import Logging
import NIOCore
import Objects

/// The cluster's names, served on this node for its own pods: the service `kube-dns` leads pods to their own node's
/// server.
struct NodeDNS: Sendable {
  /// The service in `kube-system`.
  static let service = "kube-dns"
  /// Where the servers listen: the port 53 of a node may be taken.
  static let port: UInt16 = 10053
  private static let managedBy = "raftkv-dns"
  private static let resolverFile = "/etc/resolv.conf"
  /// How often the node's EndpointSlice is looked at, and how soon again if that failed.
  private static let (checkPeriod, retryPeriod) = (Duration.seconds(30), Duration.seconds(2))

  let settings: NodeProcessSettings
  let client: APIClient
  let group: any EventLoopGroup
  let logger: Logger

  /// Serves names until the task is cancelled; without it, the node goes on.
  func run() async {
    do {
      let informers = InformerSet(client: client)
      let server = try makeServer(informers)
      let bound = try await server.bind()
      logger.info(
        "DNS listens", metadata: ["addresses": "\(bound.map(\.description).joined(separator: " "))"])
      await withTaskGroup(of: Void.self) { tasks in
        tasks.addTask { await informers.run() }
        tasks.addTask { await server.run() }
        tasks.addTask { await keepEndpoints(server) }
      }
    } catch {
      logger.error("names are not served: \(error)")
    }
  }

  private func makeServer(_ informers: InformerSet) throws -> DNSServer {
    guard let address = IPAddress(settings.address), let domain = DNSName(settings.clusterDomain) else {
      throw DNSServerError.invalidConfiguration(
        "\(settings.address) is no address, or \(settings.clusterDomain) no domain")
    }
    let ranges = [settings.serviceCIDR, settings.clusterCIDR].compactMap { IPRange($0) }
    let own = ServerAddress(address, port: Self.port)
    let clusterAddresses = settings.clusterDNS.compactMap { IPAddress($0) }
    var configuration = DNSServer.Configuration(
      zone: ClusterZone.Configuration(domain: domain, ranges: ranges, serverAddresses: clusterAddresses),
      addresses: [own])
    let text = (try? String(contentsOfFile: Self.resolverFile, encoding: .utf8)) ?? ""
    configuration.upstreams = ResolverConfiguration(parsing: text)
      .upstreams(excluding: [own], clusterAddresses: clusterAddresses)
    configuration.clients = [settings.clusterCIDR, settings.address + "/32", "127.0.0.0/8"].compactMap {
      IPRange($0)
    }
    return try DNSServer(configuration: configuration, informers: informers, group: group)
  }

  private func keepEndpoints(_ server: DNSServer) async {
    guard
      let slices = Resource.builtIn(group: "discovery.k8s.io", version: "v1", resource: "endpointslices"),
      let nodes = Resource.builtIn(group: "", version: "v1", resource: "nodes")
    else { return }
    while !Task.isCancelled {
      var pause = Self.retryPeriod
      do throws(StatusError) {
        if server.isReady {
          let node = try await client.get(nodes, name: settings.name)
          try await client.patch(
            slices, namespace: "kube-system", name: "\(Self.service)-\(settings.name)", kind: .apply,
            fieldManager: Self.managedBy, force: true, slice(owner: node))
          pause = Self.checkPeriod
        }
      } catch {
        logger.debug("the EndpointSlice of DNS cannot be written yet: \(error.message)")
      }
      try? await Task.sleep(for: pause)
    }
  }

  /// Goes with its node.
  private func slice(owner node: JSON) -> JSON {
    func port(_ name: String, _ transport: String) -> JSON {
      ["name": .string(name), "port": .integer(Int64(Self.port)), "protocol": .string(transport)]
    }
    return [
      "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
      "metadata": [
        "name": .string("\(Self.service)-\(settings.name)"), "namespace": "kube-system",
        "labels": [
          "kubernetes.io/service-name": .string(Self.service),
          "endpointslice.kubernetes.io/managed-by": .string(Self.managedBy),
        ],
        "ownerReferences": [
          [
            "apiVersion": "v1", "kind": "Node", "name": .string(settings.name),
            "uid": node["metadata", "uid"] ?? "",
          ]
        ],
      ],
      "ports": [port("dns", "UDP"), port("dns-tcp", "TCP")],
      "endpoints": [
        [
          "addresses": [.string(settings.address)], "nodeName": .string(settings.name),
          "conditions": ["ready": true],
        ]
      ],
    ]
  }
}
