public import Client
import Objects
import Synchronization

/// What a proxy is told.
public struct ProxyOptions: Sendable {
  /// The name of this node: says which endpoints are local.
  public var node: String
  /// The addresses of pods; empty if unknown: then only what cannot be answered otherwise is masqueraded.
  public var clusterCIDR = ""
  /// The addresses of services: those that no rule claims are refused; empty for no such rule.
  public var serviceCIDR = ""
  /// Which packet filter holds the rules.
  public var mode = ProxyMode.auto
  /// The least time between two changes of rules.
  public var minimumInterval = Duration.milliseconds(100)
  /// How often it is looked at whether the rules are still there.
  public var checkInterval = Duration.seconds(5)
  /// How long chains that nothing leads to are left.
  public var leftoverInterval = Duration.seconds(1)

  /// For a node.
  public init(node: String) { self.node = node }
}

/// Keeps this node's packet rules as services and endpoints say.
public final class ProxyRunner: Sendable {
  private let options: ProxyOptions
  private let commands: any CommandRunner
  private let healthChecks: (any HealthCheckListener)?
  private let services: Informer
  private let slices: Informer
  private let nodes: Informer
  private let time: any TimeSource
  private let log: @Sendable (String) -> Void
  private let table: Mutex<ServiceTable>
  private let wakes: AsyncStream<Void>
  private let wake: AsyncStream<Void>.Continuation

  /// A proxy; nil if the schema lacks services or nodes, which it does not. It runs its informers itself.
  /// - Parameter healthChecks: answers load balancers; nil where none ask.
  public init?(
    client: APIClient, options: ProxyOptions, commands: any CommandRunner,
    healthChecks: (any HealthCheckListener)? = nil, time: any TimeSource = SystemTime(),
    log: @escaping @Sendable (String) -> Void
  ) {
    guard let services = Resource.builtIn(group: "", version: "v1", resource: "services"),
      let slices = Resource.builtIn(group: "discovery.k8s.io", version: "v1", resource: "endpointslices"),
      let nodes = Resource.builtIn(group: "", version: "v1", resource: "nodes")
    else { return nil }
    self.options = options
    self.commands = commands
    self.healthChecks = healthChecks
    self.time = time
    self.log = log
    // As kube-proxy: neither headless services nor those of another proxy.
    let selector = "!service.kubernetes.io/headless,!service.kubernetes.io/service-proxy-name"
    self.services = Informer(
      client: client, resource: services, labelSelector: "!service.kubernetes.io/service-proxy-name",
      time: time)
    self.slices = Informer(client: client, resource: slices, labelSelector: selector, time: time)
    self.nodes = Informer(
      client: client, resource: nodes, fieldSelector: "metadata.name=\(options.node)", time: time)
    table = Mutex(ServiceTable(node: options.node, clusterCIDR: options.clusterCIDR))
    (wakes, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    listen()
    listenForZone()
  }

  private func listen() {
    services.addHandler { [weak self] event in
      self?.table.withLock { table in
        switch event {
        case .added(let service), .updated(_, let service): table.setService(Self.key(service), service)
        case .deleted(let service): table.setService(Self.key(service), nil)
        }
      }
      self?.wake.yield()
    }
    slices.addHandler { [weak self] event in
      self?.table.withLock { table in
        switch event {
        case .added(let slice): table.setSlice(slice)
        case .updated(let old, let slice):
          table.removeSlice(old)
          table.setSlice(slice)
        case .deleted(let slice): table.removeSlice(slice)
        }
      }
      self?.wake.yield()
    }
  }

  private func listenForZone() {
    nodes.addHandler { [weak self] event in
      let node: JSON? =
        switch event {
        case .added(let node), .updated(_, let node): node
        case .deleted: nil
        }
      let zone = node?["metadata", "labels", "topology.kubernetes.io/zone"]?.string ?? ""
      self?.table.withLock { $0.setZone(zone) }
      self?.wake.yield()
    }
  }

  private static func key(_ object: JSON) -> String {
    let key = ObjectKey(object)
    return "\(key.namespace)/\(key.name)"
  }

  /// Keeps the rules until the task is cancelled. They stay when it ends: connections go on while a proxy is replaced.
  public func run() async {
    await withDiscardingTaskGroup { group in
      group.addTask { await self.services.run() }
      group.addTask { await self.slices.run() }
      // Not waited for: who cannot read nodes, or has none, does without zones.
      group.addTask { await self.nodes.run() }
      // Rules of half of the services would refuse the other half.
      await services.waitForSync()
      await slices.waitForSync()
      if !Task.isCancelled {
        group.addTask { await self.check() }
        await keepRules()
        // Who asks a node without a proxy must not hear that all is well.
        await healthChecks?.serve([:])
      }
      group.cancelAll()
    }
  }

  private func check() async {
    while true {
      do { try await time.sleep(for: options.checkInterval) } catch { return }
      wake.yield()
    }
  }

  // MARK: Rules

  private func keepRules() async {
    let mode = await options.mode.decided(commands)
    log("the packet rules are those of \(mode.rawValue)")
    switch mode {
    case .auto, .nftables: await keep(NFTablesRules.self, insteadOf: IPTablesRules.self)
    case .iptables: await keep(IPTablesRules.self, insteadOf: NFTablesRules.self)
    }
  }

  private func keep<Rules: PacketRules>(_: Rules.Type, insteadOf other: (some PacketRules).Type) async {
    if let problem = await other.cleanUp(commands) {
      log("rules of another packet filter cannot be removed: \(problem)")
    }
    await add(Rules.unclaimed)
    var rules = Rules(options: options, commands: RuleCommands(commands, log: log))
    wake.yield()
    for await _ in wakes {
      if rules.isKnown, !(await rules.areInPlace(at: time.uptime)) {
        log("the packet rules are gone: they are made again")
        rules.lose()
      }
      let isKnown = rules.isKnown
      let change = table.withLock { table -> (content: Rules.Content, stale: [ServiceTable.StaleFlow])? in
        guard table.hasChanges || !isKnown else { return nil }
        let stale = table.update().stale
        return (Rules.content(of: table, options: options), stale)
      }
      if let change {
        await rules.apply(change.content, at: time.uptime)
        await forget(change.stale)
      }
      await rules.removeLeftovers(at: time.uptime)
      await answer(isHealthy: rules.isKnown)
      do { try await time.sleep(for: options.minimumInterval) } catch { return }
    }
  }

  /// Has the kernel forget connections of UDP that lead to endpoints that are gone.
  private func forget(_ flows: [ServiceTable.StaleFlow]) async {
    for flow in Set(flows) {
      var command = ["conntrack", "-D", "-p", "udp"]
      if let address = flow.address { command += ["--orig-dst", address] }
      command += ["--orig-port-dst", String(flow.port)]
      if let endpoint = flow.endpoint { command += ["--dst-nat", endpoint] }
      // It fails where there was none.
      _ = await commands.run(command, input: "")
    }
  }

  private func answer(isHealthy: Bool) async {
    guard let healthChecks else { return }
    let checks = table.withLock { $0.healthChecks }
    await healthChecks.serve(
      checks.mapValues {
        HealthCheck(
          service: $0.service, localEndpoints: $0.localAddresses.count, isProxyHealthy: isHealthy)
      })
  }

  // MARK: Addresses that nothing claims

  /// What no rule leads elsewhere must not leave the node.
  private func add(_ routes: ServiceRoutes) async {
    guard !options.serviceCIDR.isEmpty else { return }
    for command in routes.addition(options.serviceCIDR) {
      let result = await commands.run(command, input: "")
      // A rule of an earlier run stays: without it for a moment, packets of the node would be refused.
      if result.status != 0, !command.contains("del"), !result.output.contains("File exists") {
        log("\(command.joined(separator: " ")): \(result.output)")
      }
    }
  }

  /// Removes everything that a proxy makes, in whichever packet filter.
  /// - Returns: what went wrong; nil if nothing did.
  public static func cleanUp(serviceCIDR: String, commands: any CommandRunner) async -> String? {
    let problems = [await NFTablesRules.cleanUp(commands), await IPTablesRules.cleanUp(commands)]
    // These fail where they are not there.
    for command in ServiceRoutes.removal(serviceCIDR) { _ = await commands.run(command, input: "") }
    let found = problems.compactMap(\.self)
    return found.isEmpty ? nil : found.joined(separator: "; ")
  }
}
