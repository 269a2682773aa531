public import Objects

/// An API server tells the others that it is there, in a Lease of `kube-system`.
public struct ServerLease: Sendable, Hashable {
  /// The namespace of the leases.
  public static let namespace = "kube-system"
  /// By which the leases are found.
  public static let labelSelector = "apiserver.kubernetes.io/identity=kube-apiserver"
  /// How long a server counts as being there after its last word.
  public static let seconds: Int64 = 15
  /// How often a server should renew its lease.
  public static let renewalSeconds: Int64 = 5
  private static let addressAnnotation = "raftkv.io/advertise-address"

  /// A name that no other server has and that stays over restarts, in lower case, such as a hash of the host's name.
  public var identity: String
  /// The host's name.
  public var hostName: String
  /// Where clients reach the server.
  public var address: String

  /// A server.
  public init(identity: String, hostName: String, address: String) {
    self.identity = identity
    self.hostName = hostName
    self.address = address
  }

  /// The name of the Lease.
  public var name: String { "apiserver-" + identity }

  /// The Lease as it is to be written now.
  /// - Parameter current: as it is stored; nil if it is not there.
  public func renewed(_ current: JSON?, now: Timestamp) -> FirstObjectChange {
    var lease: JSON =
      current ?? [
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": ["name": .string(name), "namespace": .string(Self.namespace)],
      ]
    lease["metadata", "labels", "apiserver.kubernetes.io/identity"] = "kube-apiserver"
    lease["metadata", "labels", "kubernetes.io/hostname"] = .string(hostName)
    lease["metadata", "annotations", Self.addressAnnotation] = .string(address)
    lease["spec", "holderIdentity"] = .string(name)
    lease["spec", "leaseDurationSeconds"] = .integer(Self.seconds)
    lease["spec", "renewTime"] = .string(now.microText)
    return FirstObjectChange(
      resource: KnownResources.leases, kind: current == nil ? .create : .update, object: lease)
  }

  /// The addresses of the servers that are there, sorted, each once.
  public static func addresses(of leases: [JSON], now: Timestamp) -> [String] {
    var addresses: Set<String> = []
    for lease in leases where isCurrent(lease, now: now) {
      if let address = lease.annotation(addressAnnotation), !address.isEmpty { addresses.insert(address) }
    }
    return addresses.sorted()
  }

  /// The leases of servers that have been away for an hour: nobody needs them any more.
  public static func abandoned(of leases: [JSON], now: Timestamp) -> [JSON] {
    leases.filter { lease in
      isServers(lease) && now.seconds - (renewal(of: lease)?.seconds ?? now.seconds) > 3600
    }
  }

  private static func isServers(_ lease: JSON) -> Bool {
    lease["metadata", "labels", "apiserver.kubernetes.io/identity"]?.string == "kube-apiserver"
  }

  private static func renewal(of lease: JSON) -> Timestamp? { Timestamp(lease.text("spec", "renewTime")) }

  private static func isCurrent(_ lease: JSON, now: Timestamp) -> Bool {
    guard isServers(lease), let renewal = renewal(of: lease) else { return false }
    let duration = lease["spec", "leaseDurationSeconds"]?.integer ?? seconds
    let (end, overflow) = renewal.seconds.addingReportingOverflow(duration)
    return overflow || now.seconds <= end
  }
}
