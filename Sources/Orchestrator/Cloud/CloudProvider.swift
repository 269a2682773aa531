public import Objects

/// What a cloud, or what stands in for one, does for a cluster. A part that it lacks is nil; its controllers rest then.
public protocol CloudProvider: Sendable {
  /// As in `spec.providerID`, before `://`.
  var name: String { get }
  /// The machines behind nodes.
  var instances: (any CloudInstances)? { get }
  /// Addresses for services of type LoadBalancer.
  var loadBalancers: (any CloudLoadBalancers)? { get }
  /// Ways to the pods of each node.
  var routes: (any CloudRoutes)? { get }
}

/// The machines behind nodes.
public protocol CloudInstances: Sendable {
  /// Whether the machine of a node is there, running or not.
  func exists(_ node: JSON) async throws(CloudError) -> Bool
  /// Whether it is there and does not run.
  func isShutDown(_ node: JSON) async throws(CloudError) -> Bool
  /// What the machine is.
  func metadata(_ node: JSON) async throws(CloudError) -> InstanceMetadata
}

/// What a machine is.
public struct InstanceMetadata: Sendable, Hashable {
  /// An address of a node: `InternalIP`, `ExternalIP`, `Hostname` and so on.
  public struct Address: Sendable, Hashable {
    /// The type.
    public var type: String
    /// The address.
    public var address: String

    /// An address.
    public init(type: String, address: String) {
      self.type = type
      self.address = address
    }
  }

  /// With the provider's name, such as `bare://node-1`.
  public var providerID: String
  /// All its addresses.
  public var addresses: [Address]
  /// Empty if there is no such thing; likewise below.
  public var instanceType: String
  /// The zone within the region.
  public var zone: String
  /// The region.
  public var region: String

  /// A machine.
  public init(
    providerID: String, addresses: [Address], instanceType: String = "", zone: String = "",
    region: String = ""
  ) {
    self.providerID = providerID
    self.addresses = addresses
    self.instanceType = instanceType
    self.zone = zone
    self.region = region
  }
}

/// Addresses for services of type LoadBalancer. All calls are about one cluster; a service is known by its uid.
public protocol CloudLoadBalancers: Sendable {
  /// What a service has now; nil for nothing.
  func get(cluster: String, service: JSON) async throws(CloudError) -> [LoadBalancerIngress]?
  /// Makes what the service needs, or changes what it has. May be repeated.
  func ensure(
    cluster: String, service: JSON, nodes: [JSON]
  ) async throws(CloudError) -> [LoadBalancerIngress]
  /// Tells which nodes there are now. What the service has may change by it.
  func update(
    cluster: String, service: JSON, nodes: [JSON]
  ) async throws(CloudError) -> [LoadBalancerIngress]
  /// Takes away what the service has. That there is nothing is no failure.
  func delete(cluster: String, service: JSON) async throws(CloudError)
}

/// An element of `status.loadBalancer.ingress`.
public struct LoadBalancerIngress: Sendable, Hashable {
  /// An address, or empty.
  public var ip: String
  /// A name, or empty.
  public var hostname: String

  /// An element; one of the two is given.
  public init(ip: String = "", hostname: String = "") {
    self.ip = ip
    self.hostname = hostname
  }
}

/// Ways to the pods of each node.
public protocol CloudRoutes: Sendable {
  /// All routes of the cluster.
  func list(cluster: String) async throws(CloudError) -> [CloudRoute]
  /// Makes a route. `node` is whom it leads to.
  func create(cluster: String, route: CloudRoute, node: JSON) async throws(CloudError)
  /// Takes a route away.
  func delete(cluster: String, route: CloudRoute) async throws(CloudError)
}

/// A way to the pods of a node.
public struct CloudRoute: Sendable, Hashable {
  /// The node's name; empty if it is not known whose it is.
  public var node: String
  /// The pods' addresses.
  public var destination: String

  /// A route.
  public init(node: String, destination: String) {
    self.node = node
    self.destination = destination
  }
}

/// Why a provider could not do something.
public struct CloudError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What people read.
  public var message: String
  /// When to try again; nil for soon, with growing delays.
  public var retryAfter: Duration?
  /// Whether what there was before is gone too, such as addresses that somebody else has now.
  public var leavesNothing: Bool
  /// The message.
  public var description: String { message }

  /// A failure.
  public init(_ message: String, retryAfter: Duration? = nil, leavesNothing: Bool = false) {
    self.message = message
    self.retryAfter = retryAfter
    self.leavesNothing = leavesNothing
  }
}
