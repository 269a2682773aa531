public import Access
public import Admission
import Exchange
public import Objects
public import Registry
public import Storage
import Synchronization

extension EscalationCheck: EscalationChecking {}

/// An API server with all that belongs to it: roles, admission, the objects of the first start, what is done from time
/// to time.
public final class ServedAPI: Sendable {
  /// What an API server is told by those who start it.
  public struct Settings: Sendable {
    /// The certificates and keys of the cluster.
    public var pki: PKI
    /// Limits, and what the server says of itself.
    public var options = ServerOptions()
    /// The range of cluster IPs, such as `10.96.0.0/16`.
    public var serviceRange = "10.96.0.0/16"
    /// The range of node ports.
    public var nodePorts = 30_000...32_767
    /// Where other machines and pods reach this server.
    public var advertisedAddress: String
    /// The port that it listens on.
    public var port: Int64
    /// Whether other API servers may use the store: then each says every few seconds that it is there.
    public var isShared: Bool
    /// A name that no other API server has.
    public var identity: String
    /// Reads and writes YAML.
    public var yaml: (any YAMLCoding)?
    /// The way to what runs on nodes; without one, requests for that are answered with 503.
    public var nodes: (any NodeConnector)?
    /// Groups that are answered for without being stored.
    public var computed: ComputedGroups?
    /// Takes lines for the log.
    public var log: @Sendable (String) -> Void
    /// The time.
    public var now: @Sendable () -> Timestamp
    /// A new UUID in lower case.
    public var uid: @Sendable () -> String

    /// Settings; the others have usual values.
    public init(
      pki: PKI, advertisedAddress: String, port: Int64, isShared: Bool, identity: String,
      now: @escaping @Sendable () -> Timestamp, uid: @escaping @Sendable () -> String,
      log: @escaping @Sendable (String) -> Void
    ) {
      self.pki = pki
      self.advertisedAddress = advertisedAddress
      self.port = port
      self.isShared = isShared
      self.identity = identity
      self.now = now
      self.uid = uid
      self.log = log
    }
  }

  /// Settings that cannot be used.
  public struct Failure: Error, Sendable, CustomStringConvertible {
    /// What is wrong.
    public var description: String
  }

  /// Answers requests.
  public let server: APIServer
  private let settings: Settings
  private let stores: Stores
  private let registry: Registry
  private let rbac: RBACAuthorizer
  private let cache: ResourceCache
  private let addresses: ServiceAddressRange
  private let ports: NodePortRange
  private let progress: Progress

  /// Which of the first steps are still to be done.
  private final class Progress: Sendable {
    let pending = Mutex<Set<String>>(["rbac", "bootstrap"])
    func done(_ step: String) { pending.withLock { _ = $0.remove(step) } }
  }

  /// A server over a store. It answers at once, and is ready when `run` has done its first steps.
  public init(store: any StoreClient, settings: Settings) throws(Failure) {
    guard let addresses = ServiceAddressRange(settings.serviceRange) else {
      throw Failure(
        description: "\(settings.serviceRange) is no range of IPv4 addresses that services can have")
    }
    guard let ports = NodePortRange(settings.nodePorts) else {
      throw Failure(description: "\(settings.nodePorts) is no range of ports that nodes can have")
    }
    self.settings = settings
    self.addresses = addresses
    self.ports = ports
    let stores = Stores(client: store)
    self.stores = stores
    let rbac = RBACAuthorizer()
    self.rbac = rbac
    let progress = Progress()
    self.progress = progress
    let reloading = Reloading(rbac: rbac)
    let cache = ResourceCache(
      stores: stores, resources: AdmissionPlugins.cachedResources + RBACResources.all
    ) { resource in
      if RBACResources.all.contains(resource), reloading.reload() { progress.done("rbac") }
    }
    reloading.cache.withLock { $0 = cache }
    self.cache = cache

    let objects = StoredBoundObjects(stores: stores, cache: cache)
    let tokens = ServiceAccountTokens(
      key: settings.pki.tokenKey, settings: ServiceAccountTokens.Settings(), objects: objects,
      now: settings.now,
      uid: settings.uid)
    let authenticator = RequestAuthenticator(
      authority: settings.pki.authority,
      tokens: [tokens, BootstrapTokenAuthenticator(objects: objects, now: settings.now)],
      audiences: ServiceAccountTokens.Settings().audiences, now: settings.now)
    let suffix: @Sendable () -> String = {
      let letters = Array("bcdfghjklmnpqrstvwxz2456789")
      return String((0..<5).map { _ in letters[Int.random(in: 0..<letters.count)] })
    }
    let admission = AdmissionPlugins.standard(
      nameSuffix: suffix, pause: { try? await Task.sleep(for: .milliseconds(50)) }, cache: cache,
      escalation: EscalationCheck(rbac: rbac, authorizer: rbac),
      quotaUsage: StoredQuotaUsage(quotas: stores[KnownResource.resourceQuotas]))
    let allocation = ServiceAllocation(
      addresses: addresses,
      addressStore: StoredAllocations(client: store, key: AllocationKeys.serviceAddresses), ports: ports,
      portStore: StoredAllocations(client: store, key: AllocationKeys.nodePorts)
    ) { Int.random(in: 0..<$0) }
    registry = Registry(
      stores: stores, admission: admission, hooks: [allocation], authorizer: WriteAuthorizer(rbac: rbac),
      tokens: IssuedTokens(tokens: tokens), nodes: settings.nodes,
      environment: RegistryEnvironment(now: settings.now, uid: settings.uid, nameSuffix: suffix))
    var environment = ServerEnvironment(now: settings.now, newID: settings.uid)
    environment.yaml = settings.yaml
    environment.computed = settings.computed
    environment.log = settings.log
    environment.openID = (tokens.discoveryDocument(), tokens.keySet)
    environment.storeIsHealthy = {
      (try? await store.get(Array("health".utf8), revision: 0)) != nil
    }
    environment.pending = { progress.pending.withLock { Array($0) } }
    server = APIServer(
      registry: registry, authenticator: authenticator, authorizer: rbac,
      reviews: Reviews(authorizer: rbac, rbac: rbac, tokens: authenticator), options: settings.options,
      environment: environment)
  }

  // MARK: Running

  /// Makes the objects of the first start, and does what is to be done from time to time, until the task is cancelled.
  public func run() async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.cache.run() }
      group.addTask { await self.stores.run() }
      group.addTask {
        await self.begin()
        await withTaskGroup(of: Void.self) { group in
          group.addTask { await self.announce() }
          group.addTask { await self.repairs.run { try await Task.sleep(for: .seconds(180)) } }
        }
      }
    }
  }

  /// Takes this server out of the endpoints of the `kubernetes` service, if others go on.
  public func retire() async {
    guard settings.isShared, isReachable else { return }
    let keeper = FirstObjectKeeper(store: firstObjects)
    try? await keeper.retire(lease, port: settings.port, now: settings.now())
  }

  private var lease: ServerLease {
    ServerLease(identity: settings.identity, hostName: settings.identity, address: settings.advertisedAddress)
  }

  private var firstObjects: RegistryFirstObjects {
    RegistryFirstObjects(registry: registry)
  }

  private var repairs: AllocationRepairLoop {
    let registry = registry
    return AllocationRepairLoop(
      addresses: addresses,
      addressStore: StoredAllocations(client: stores.client, key: AllocationKeys.serviceAddresses),
      ports: ports,
      portStore: StoredAllocations(client: stores.client, key: AllocationKeys.nodePorts),
      services: { () async throws(StatusError) in
        try await registry.list(KnownResource.services, namespace: nil)
      },
      note: { [log = settings.log] note in
        log("\(note.reason) \(note.namespace)/\(note.name): \(note.message)")
      })
  }

  private func begin() async {
    await attempt("the namespaces") { () async throws(StatusError) in
      try await FirstObjectKeeper(store: self.firstObjects).ensure(FirstObjects.namespaces)
    }
    await attempt("the roles") { () async throws(StatusError) in try await self.firstObjects.ensurePolicy() }
    await attempt("the first objects") { () async throws(StatusError) in
      let keeper = FirstObjectKeeper(store: self.firstObjects)
      var state = AllocationRepairLoop.State()
      try await self.repairs.runOnce(&state)
      let authority = self.settings.pki.authority.certificatePEM
      try await keeper.ensure(
        FirstObjects.priorityClasses + [
          FirstObjects.kubernetesService(addresses: self.addresses, targetPort: self.settings.port),
          FirstObjects.extensionAuthentication(clientAuthority: authority),
          FirstObjects.clusterInfo(
            server: "https://\(self.settings.advertisedAddress):\(self.settings.port)", authority: authority),
        ])
      if !self.settings.isShared, self.isReachable {
        try await keeper.ensure(
          ServerEndpoints.objects(addresses: [self.settings.advertisedAddress], port: self.settings.port))
      }
    }
    progress.done("bootstrap")
  }

  /// Tries until it is done: the store may still have to elect a leader.
  private func attempt(_ what: String, _ body: () async throws(StatusError) -> Void) async {
    while !Task.isCancelled {
      do throws(StatusError) {
        return try await body()
      } catch {
        settings.log("\(what) cannot be made yet: \(error.message)")
        try? await Task.sleep(for: .milliseconds(300))
      }
    }
  }

  /// Endpoints cannot be addresses that lead nowhere but to the machine itself (Kubernetes API: `EndpointAddress`).
  private var isReachable: Bool { !settings.advertisedAddress.hasPrefix("127.") }

  private func announce() async {
    guard settings.isShared, isReachable else { return }
    let keeper = FirstObjectKeeper(store: firstObjects)
    while !Task.isCancelled {
      do throws(StatusError) {
        try await keeper.announce(lease, port: settings.port, now: settings.now())
      } catch {
        settings.log("the lease of this API server cannot be renewed: \(error.message)")
      }
      try? await Task.sleep(for: .seconds(ServerLease.renewalSeconds))
    }
  }
}

/// Resources that the server itself looks at.
enum KnownResource {
  static let services = known("", "v1", "services")
  static let serviceAccounts = known("", "v1", "serviceaccounts")
  static let pods = known("", "v1", "pods")
  static let nodes = known("", "v1", "nodes")
  static let secrets = known("", "v1", "secrets")
  static let resourceQuotas = known("", "v1", "resourcequotas")

  static func known(_ group: String, _ version: String, _ resource: String) -> Resource {
    guard let known = Resource.builtIn(group: group, version: version, resource: resource) else {
      preconditionFailure("the built-in schema lacks \(resource)")
    }
    return known
  }
}

enum RBACResources {
  static let roles = KnownResource.known("rbac.authorization.k8s.io", "v1", "roles")
  static let clusterRoles = KnownResource.known("rbac.authorization.k8s.io", "v1", "clusterroles")
  static let roleBindings = KnownResource.known("rbac.authorization.k8s.io", "v1", "rolebindings")
  static let clusterRoleBindings = KnownResource.known(
    "rbac.authorization.k8s.io", "v1", "clusterrolebindings")
  static let all = [roles, clusterRoles, roleBindings, clusterRoleBindings]
}

/// Brings the authoriser up to date.
private final class Reloading: Sendable {
  let cache = Mutex<ResourceCache?>(nil)
  private let rbac: RBACAuthorizer

  init(rbac: RBACAuthorizer) { self.rbac = rbac }

  /// Whether all roles and bindings are known.
  func reload() -> Bool {
    guard let cache = cache.withLock({ $0 }) else { return false }
    rbac.set(
      roles: cache.list(RBACResources.roles, namespace: nil),
      clusterRoles: cache.list(RBACResources.clusterRoles, namespace: nil),
      roleBindings: cache.list(RBACResources.roleBindings, namespace: nil),
      clusterRoleBindings: cache.list(RBACResources.clusterRoleBindings, namespace: nil))
    return RBACResources.all.allSatisfy { cache.hasSynced($0) == true }
  }
}

/// What tokens are bound to, in the store.
private struct StoredBoundObjects: BoundObjects {
  let stores: Stores
  let cache: ResourceCache

  private func find(_ resource: Resource, _ namespace: String, _ name: String) async throws(StatusError)
    -> JSON?
  {
    if let known = cache.get(resource, namespace: namespace, name: name) { return known }
    return try await stores[resource].get(ObjectName(namespace: namespace, name: name))?.json
  }

  func serviceAccount(namespace: String, name: String) async throws(StatusError) -> JSON? {
    try await find(KnownResource.serviceAccounts, namespace, name)
  }

  func pod(namespace: String, name: String) async throws(StatusError) -> JSON? {
    try await find(KnownResource.pods, namespace, name)
  }

  func secret(namespace: String, name: String) async throws(StatusError) -> JSON? {
    try await find(KnownResource.secrets, namespace, name)
  }

  func node(name: String) async throws(StatusError) -> JSON? { try await find(KnownResource.nodes, "", name) }
}

private struct WriteAuthorizer: WriteAuthorizing {
  let rbac: RBACAuthorizer

  func mayWrite(
    _ user: UserInfo, verb: String, resource: Resource, subresource: String, namespace: String, name: String
  ) async -> (isAllowed: Bool, reason: String) {
    let attributes = Attributes(
      user: user, verb: verb, group: resource.group, version: resource.version, resource: resource.resource,
      subresource: subresource, namespace: namespace, name: name)
    let decision = await rbac.authorize(attributes)
    return (decision.isAllowed, decision.isAllowed ? "" : attributes.denial(reason: decision.reason))
  }
}

private struct IssuedTokens: TokenIssuer {
  let tokens: ServiceAccountTokens

  func issue(serviceAccount: JSON, request: JSON, bound: BoundObject?) async throws(StatusError) -> JSON {
    try tokens.issue(
      serviceAccount: serviceAccount, request: request, boundKind: bound?.kind ?? "", bound: bound?.object,
      node: bound?.node)
  }
}

/// Writes the objects of the first start as the server itself.
private struct RegistryFirstObjects: FirstObjectStore {
  let registry: Registry

  private var context: WriteContext {
    WriteContext(
      user: UserInfo(name: "system:apiserver", groups: ["system:masters"]), fieldManager: "kube-apiserver")
  }

  func get(_ resource: Resource, namespace: String, name: String) async throws(StatusError) -> JSON? {
    try await registry.get(resource, namespace: namespace, name: name)
  }

  func list(_ resource: Resource, namespace: String, labelSelector: String) async throws(StatusError)
    -> [JSON]
  {
    let labels: LabelRequirements
    do {
      labels = try LabelRequirements(parsing: labelSelector)
    } catch {
      throw .badRequest(error.message)
    }
    return try await registry.list(resource, ListQuery(namespace: namespace, labels: labels)).items.map(
      \.json)
  }

  func write(_ change: FirstObjectChange) async throws(StatusError) {
    let metadata = change.object["metadata"]
    let target = Target(
      change.resource, namespace: metadata?["namespace"]?.string ?? "", name: metadata?["name"]?.string ?? "")
    switch change.kind {
    case .create: _ = try await registry.create(target, .value(change.object), context)
    case .update: _ = try await registry.update(target, .value(change.object), context)
    }
  }

  func delete(_ resource: Resource, namespace: String, name: String) async throws(StatusError) {
    do throws(StatusError) {
      _ = try await registry.delete(
        Target(resource, namespace: namespace, name: name),
        options: ["kind": "DeleteOptions", "apiVersion": "v1"],
        context)
    } catch  where error.isNotFound {
      // It is gone.
    }
  }

  /// Makes the roles and bindings of every cluster, and adds to those that are there what they lack.
  func ensurePolicy() async throws(StatusError) {
    var stored: [Resource: [String: JSON]] = [:]
    for resource in RBACResources.all {
      let objects = try await registry.list(resource, namespace: nil)
      stored[resource] = Dictionary(objects.map { (Self.key($0), $0) }) { first, _ in first }
    }
    for object in BootstrapPolicy.objects {
      guard let kind = object["kind"]?.string,
        let resource = RBACResources.all.first(where: { $0.kind == kind })
      else { continue }
      let target = Target(
        resource, namespace: object["metadata", "namespace"]?.string ?? "",
        name: object["metadata", "name"]?.string ?? "")
      do throws(StatusError) {
        if let current = stored[resource]?[Self.key(object)] {
          guard let changed = BootstrapPolicy.reconciled(current, with: object) else { continue }
          _ = try await registry.update(target, .value(changed), context)
        } else {
          _ = try await registry.create(target, .value(object), context)
        }
      } catch  where error.isAlreadyExists || error.isConflict || error.isNotFound {
        // Another server was faster; a namespace that is not there yet comes, and the next start adds its roles.
      }
    }
  }

  private static func key(_ object: JSON) -> String {
    (object["metadata", "namespace"]?.string ?? "") + "/" + (object["metadata", "name"]?.string ?? "")
  }
}
