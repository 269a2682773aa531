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
  private let services: Informer
  private let slices: Informer
  private let nodes: Informer
  private let time: any TimeSource
  private let log: @Sendable (String) -> Void
  private let table: Mutex<ServiceTable>
  private let wakes: AsyncStream<Void>
  private let wake: AsyncStream<Void>.Continuation

  /// A proxy; nil if the schema lacks services or nodes, which it does not. It runs its informers itself.
  public init?(
    client: APIClient, options: ProxyOptions, commands: any CommandRunner,
    time: any TimeSource = SystemTime(),
    log: @escaping @Sendable (String) -> Void
  ) {
    guard let services = Resource.builtIn(group: "", version: "v1", resource: "services"),
      let slices = Resource.builtIn(group: "discovery.k8s.io", version: "v1", resource: "endpointslices"),
      let nodes = Resource.builtIn(group: "", version: "v1", resource: "nodes")
    else { return nil }
    self.options = options
    self.commands = commands
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
        await refuseUnclaimed()
        group.addTask { await self.check() }
        await work()
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

  private struct Progress {
    /// Whether what is in the kernel is known.
    var isKnown = false
    var leftovers = NFTablesScript.Leftovers()
    var leftoversSince = Duration.zero
    var lastFailure = ""
  }

  private func work() async {
    var progress = Progress()
    wake.yield()
    for await _ in wakes {
      if progress.isKnown, !(await areInPlace()) {
        log("the packet rules are gone: they are made again")
        progress.isKnown = false
      }
      await apply(&progress)
      do { try await time.sleep(for: options.minimumInterval) } catch { return }
    }
  }

  /// Whether nobody has removed the rules.
  private func areInPlace() async -> Bool {
    for (chain, rule) in [
      ("services", "@service-ips"), ("nat-prerouting", "jump services"), ("nat-output", "jump services"),
    ] {
      let found = await commands.run(
        ["nft", "list", "chain"] + NFTables.table.split(separator: " ").map(String.init) + [chain], input: "")
      guard found.status == 0, found.output.contains(rule) else { return false }
    }
    return true
  }

  private func apply(_ progress: inout Progress) async {
    let (old, new, stale) = table.withLock { table in
      let (old, stale) = table.update()
      return (old, table.rules, stale)
    }
    if progress.isKnown {
      let (change, leftovers) = NFTablesScript.update(from: old, to: new)
      if let change { progress.isKnown = await run(change, &progress) }
      if !leftovers.isEmpty { progress.leftoversSince = time.uptime }
      progress.leftovers.add(leftovers, except: new)
    }
    if !progress.isKnown {
      progress.leftovers = NFTablesScript.Leftovers()
      progress.isKnown = await run(
        NFTablesScript.replacing(with: new, serviceCIDR: options.serviceCIDR), &progress)
    }
    await forget(stale)
    guard progress.isKnown, !progress.leftovers.isEmpty else { return }
    if time.uptime - progress.leftoversSince >= options.leftoverInterval {
      // What cannot be removed is made anew with the rest.
      progress.isKnown = await run(progress.leftovers.removal, &progress)
      progress.leftovers = NFTablesScript.Leftovers()
    }
  }

  private func run(_ script: String, _ progress: inout Progress) async -> Bool {
    let result = await commands.run(["nft", "-f", "-"], input: script)
    if result.status == 0 {
      progress.lastFailure = ""
      return true
    }
    let failure = String(result.output.prefix(2000))
    if failure != progress.lastFailure { log("the packet rules cannot be changed: \(failure)") }
    progress.lastFailure = failure
    return false
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

  // MARK: Addresses that nothing claims

  /// What no rule leads elsewhere must not leave the node. Packets of others are refused by a route; those of the node
  /// itself need a route before their address is changed, so they get one to nowhere, and what is not changed is refused.
  private func refuseUnclaimed() async {
    guard !options.serviceCIDR.isEmpty else { return }
    let range = options.serviceCIDR
    for command in [
      ["ip", "route", "replace", "unreachable", range, "metric", "4096"],
      ["ip", "route", "replace", range, "dev", "lo", "table", Self.routingTable],
      ["ip", "rule", "del", "pref", Self.rulePreference],
      [
        "ip", "rule", "add", "pref", Self.rulePreference, "iif", "lo", "to", range, "lookup",
        Self.routingTable,
      ],
    ] {
      let result = await commands.run(command, input: "")
      if result.status != 0, !command.contains("del") {
        log("\(command.joined(separator: " ")): \(result.output)")
      }
    }
  }

  /// Removes everything that a proxy makes.
  /// - Returns: what went wrong; nil if nothing did.
  public static func cleanUp(serviceCIDR: String, commands: any CommandRunner) async -> String? {
    let result = await commands.run(["nft", "-f", "-"], input: NFTablesScript.removal)
    // These fail where they are not there.
    _ = await commands.run(["ip", "rule", "del", "pref", rulePreference], input: "")
    _ = await commands.run(["ip", "route", "flush", "table", routingTable], input: "")
    _ = await commands.run(["ip", "route", "del", "unreachable", serviceCIDR, "metric", "4096"], input: "")
    return result.status == 0 ? nil : result.output
  }

  private static let routingTable = "10256"
  private static let rulePreference = "10256"
}
