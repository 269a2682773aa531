/// The rules of services in iptables, for kernels or machines without nftables.
struct IPTablesRules: PacketRules {
  static let unclaimed = ServiceRoutes.leadingToLoopback
  /// Others may hold the lock of the tables; longer than these seconds is a failure.
  private static let wait = ["-w", "5"]
  private let options: ProxyOptions
  private var commands: RuleCommands
  /// What is in the kernel; nil if that is not known.
  private var placed: IPTables?
  private var lastCheck: Duration?

  init(options: ProxyOptions, commands: RuleCommands) {
    self.options = options
    self.commands = commands
  }

  static func content(of services: ServiceTable, options: ProxyOptions) -> IPTables {
    IPTables(services.servicePorts, clusterCIDR: options.clusterCIDR, serviceCIDR: options.serviceCIDR)
  }

  static func cleanUp(_ commands: any CommandRunner) async -> String? {
    let saved = await commands.run(["iptables-save"], input: "")
    guard saved.status == 0 else { return saved.status == SystemCommands.notFound ? nil : saved.output }
    guard let script = IPTablesScript.removal(of: SavedIPTables(saved.output)) else { return nil }
    let result = await commands.run(restore, input: script)
    return result.status == 0 ? nil : result.output
  }

  var isKnown: Bool { placed != nil }

  mutating func lose() { placed = nil }

  mutating func areInPlace(at now: Duration) async -> Bool {
    // A program for each rule: too much for every change of an endpoint.
    if let lastCheck, now - lastCheck < options.checkInterval / 2 { return true }
    lastCheck = now
    for (chain, rule) in IPTablesScript.jumps + [IPTablesScript.lastRule] {
      let check = ["iptables"] + Self.wait + ["-t", chain.table, "-C", chain.name] + rule
      guard await commands.runner.run(check, input: "").status == 0 else { return false }
    }
    return true
  }

  mutating func apply(_ new: IPTables, at now: Duration) async {
    if let old = placed {
      var isDone = true
      if let change = IPTablesScript.update(from: old, to: new) {
        isDone = await commands.run(Self.restore, input: change)
      }
      placed = isDone ? new : nil
    }
    if placed == nil, let saved = await commands.output(of: ["iptables-save"]) {
      let script = IPTablesScript.replacing(SavedIPTables(saved), with: new)
      if await commands.run(Self.restore, input: script) { placed = new }
    }
  }

  /// Chains go with the rules that led to them.
  mutating func removeLeftovers(at now: Duration) async {}

  private static var restore: [String] { ["iptables-restore"] + wait + ["--noflush"] }
}
