public import Client
import Objects
import Synchronization

/// Stands in for a cloud where there is none: nodes are the machines that they say they are, services of type
/// LoadBalancer get the nodes' own addresses, and routes between nodes are made by the nodes themselves.
public struct BareMachineProvider: CloudProvider {
  /// The provider's name.
  public let name = "bare"
  /// The nodes themselves.
  public let instances: (any CloudInstances)?
  /// The nodes' addresses.
  public let loadBalancers: (any CloudLoadBalancers)?
  /// Done by the nodes.
  public let routes: (any CloudRoutes)?

  /// A provider.
  ///
  /// - Parameters:
  ///   - informers: of nodes and services; run by somebody else, such as `CloudController`.
  ///   - reservedPorts: what services may not take of a node's address, for the node needs it itself.
  public init(
    informers: InformerSet, reservedPorts: Set<BalancedPort> = BareMachineProvider.nodePorts
  ) {
    instances = BareInstances(name: name)
    guard let resources = CloudResources() else {
      loadBalancers = nil
      routes = nil
      return
    }
    loadBalancers = BareLoadBalancers(
      services: informers.informer(for: resources.services), reserved: reservedPorts)
    routes = BareRoutes(nodes: informers.informer(for: resources.nodes))
  }

  /// SSH, the API server and the kubelet: without them nobody could repair the node.
  public static let nodePorts: Set<BalancedPort> = [
    BalancedPort(number: 22, transport: "TCP"), BalancedPort(number: 6443, transport: "TCP"),
    BalancedPort(number: 10250, transport: "TCP"),
  ]
}

/// Nodes as the machines that they say they are.
private struct BareInstances: CloudInstances {
  let name: String

  /// A machine is there as long as its node is: nobody else could know.
  func exists(_ node: JSON) async throws(CloudError) -> Bool { true }

  func isShutDown(_ node: JSON) async throws(CloudError) -> Bool { false }

  func metadata(_ node: JSON) async throws(CloudError) -> InstanceMetadata {
    let addresses = (node["status", "addresses"]?.array ?? []).map {
      InstanceMetadata.Address(type: $0["type"]?.string ?? "", address: $0["address"]?.string ?? "")
    }
    // A node that has not reported its address is no use to anybody yet.
    guard !addresses.isEmpty else {
      throw CloudError("node \(node.name) has not reported an address", retryAfter: .seconds(1))
    }
    return InstanceMetadata(providerID: "\(name)://\(node.name)", addresses: addresses)
  }
}

/// The nodes' agents make the routes, so that all there should be are there.
private struct BareRoutes: CloudRoutes {
  let nodes: Informer

  func list(cluster: String) async throws(CloudError) -> [CloudRoute] {
    nodes.list().flatMap { node in
      RouteController.Plan.podRanges(of: node).map { CloudRoute(node: node.name, destination: $0) }
    }
  }

  func create(cluster: String, route: CloudRoute, node: JSON) async throws(CloudError) {}
  func delete(cluster: String, route: CloudRoute) async throws(CloudError) {}
}

/// Nodes' addresses for services.
private final class BareLoadBalancers: CloudLoadBalancers {
  private let services: Informer
  private let reserved: Set<BalancedPort>
  /// What has been given to services and may not be seen in their statuses yet, by their uids. Of a service that is
  /// gone nothing is kept.
  private let given = Mutex<[String: [String]]>([:])

  init(services: Informer, reserved: Set<BalancedPort>) {
    self.services = services
    self.reserved = reserved
  }

  func get(cluster: String, service: JSON) async throws(CloudError) -> [LoadBalancerIngress]? {
    let ingress = ServiceController.ingress(of: service)
    return ingress.isEmpty ? nil : ingress
  }

  func ensure(
    cluster: String, service: JSON, nodes: [JSON]
  ) async throws(CloudError) -> [LoadBalancerIngress] {
    let others = services.list().filter { $0.uid != service.uid && ServiceController.wants($0) }
    let outcome = given.withLock { given -> AddressAllocation.Outcome in
      let there = Set(others.map(\.uid) + [service.uid])
      given = given.filter { there.contains($0.key) }
      let holders = others.map { other in
        AddressAllocation.Holder(
          service: "\(other.namespace)/\(other.name)",
          addresses: Set(given[other.uid] ?? ServiceController.ingress(of: other).map(\.ip)),
          ports: BalancedPort.all(of: other))
      }
      let outcome = AddressAllocation.decide(
        service: service, nodes: nodes, holders: holders, reserved: reserved)
      if case .addresses(let addresses) = outcome {
        given[service.uid] = addresses
      } else {
        given[service.uid] = []
      }
      return outcome
    }
    switch outcome {
    case .addresses(let addresses): return addresses.map { LoadBalancerIngress(ip: $0) }
    case .taken(let problem): throw CloudError(problem, retryAfter: .seconds(60), leavesNothing: true)
    }
  }

  func update(
    cluster: String, service: JSON, nodes: [JSON]
  ) async throws(CloudError) -> [LoadBalancerIngress] {
    try await ensure(cluster: cluster, service: service, nodes: nodes)
  }

  func delete(cluster: String, service: JSON) async throws(CloudError) {
    given.withLock { $0[service.uid] = [] }
  }
}
