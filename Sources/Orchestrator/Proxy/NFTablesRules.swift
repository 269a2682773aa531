/// The rules of services in nftables.
struct NFTablesRules: PacketRules {
  static let unclaimed = ServiceRoutes.refusingForwarded
  private let options: ProxyOptions
  private var commands: RuleCommands
  /// What is in the kernel; nil if that is not known.
  private var placed: NFTables?
  private var leftovers = NFTablesScript.Leftovers()
  private var leftoversSince = Duration.zero

  init(options: ProxyOptions, commands: RuleCommands) {
    self.options = options
    self.commands = commands
  }

  static func content(of services: ServiceTable, options: ProxyOptions) -> NFTables { services.rules }

  static func cleanUp(_ commands: any CommandRunner) async -> String? {
    let result = await commands.run(["nft", "-f", "-"], input: NFTablesScript.removal)
    return result.status == 0 || result.status == SystemCommands.notFound ? nil : result.output
  }

  var isKnown: Bool { placed != nil }

  mutating func lose() { placed = nil }

  func areInPlace(at now: Duration) async -> Bool {
    for (chain, rule) in [
      ("services", "@service-ips"), ("nat-prerouting", "jump services"), ("nat-output", "jump services"),
    ] {
      let found = await commands.runner.run(
        ["nft", "list", "chain"] + NFTables.table.split(separator: " ").map(String.init) + [chain], input: "")
      guard found.status == 0, found.output.contains(rule) else { return false }
    }
    return true
  }

  mutating func apply(_ new: NFTables, at now: Duration) async {
    if let old = placed {
      let (change, left) = NFTablesScript.update(from: old, to: new)
      var isDone = true
      if let change { isDone = await run(change) }
      placed = isDone ? new : nil
      if !left.isEmpty { leftoversSince = now }
      leftovers.add(left, except: new)
    }
    if placed == nil {
      leftovers = NFTablesScript.Leftovers()
      let isDone = await run(NFTablesScript.replacing(with: new, serviceCIDR: options.serviceCIDR))
      placed = isDone ? new : nil
    }
  }

  mutating func removeLeftovers(at now: Duration) async {
    guard placed != nil, !leftovers.isEmpty, now - leftoversSince >= options.leftoverInterval else { return }
    // What cannot be removed is made anew with the rest.
    if await !run(leftovers.removal) { placed = nil }
    leftovers = NFTablesScript.Leftovers()
  }

  private mutating func run(_ script: String) async -> Bool {
    await commands.run(["nft", "-f", "-"], input: script)
  }
}
