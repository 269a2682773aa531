/// A packet filter of the kernel that holds the rules of services: what a proxy asks of it, whichever it is.
protocol PacketRules: Sendable {
  /// What the filter holds for services.
  associatedtype Content: Sendable

  /// What it must hold for these services.
  static func content(of services: ServiceTable, options: ProxyOptions) -> Content

  /// What the routes of the service range must be, so that its addresses stay here and are refused rightly.
  static var unclaimed: ServiceRoutes { get }

  /// Removes everything that a proxy makes in this filter.
  /// - Returns: what went wrong; nil if nothing did, and where there is no such filter.
  static func cleanUp(_ commands: any CommandRunner) async -> String?

  /// Nothing is known about what is in the kernel.
  init(options: ProxyOptions, commands: RuleCommands)

  /// Whether what is in the kernel is known.
  var isKnown: Bool { get }

  /// Others have changed what is in the kernel: all is written anew the next time.
  mutating func lose()

  /// Whether nobody has removed the rules, as far as was looked lately.
  /// - Parameter now: the time of this machine.
  mutating func areInPlace(at now: Duration) async -> Bool

  /// Makes the kernel hold this; where that fails, nothing is known afterwards.
  mutating func apply(_ content: Content, at now: Duration) async

  /// Removes what nothing leads to any more, once packets have left it.
  mutating func removeLeftovers(at now: Duration) async
}

/// Runs programs that change rules; says a failure once, however often it comes.
struct RuleCommands: Sendable {
  private static let longestFailure = 2000
  let runner: any CommandRunner
  private let log: @Sendable (String) -> Void
  private var lastFailure = ""

  init(_ runner: any CommandRunner, log: @escaping @Sendable (String) -> Void) {
    self.runner = runner
    self.log = log
  }

  /// Whether it went well.
  mutating func run(_ command: [String], input: String) async -> Bool {
    await output(of: command, input: input) != nil
  }

  /// What a program writes; nil if it failed.
  mutating func output(of command: [String], input: String = "") async -> String? {
    let result = await runner.run(command, input: input)
    if result.status == 0 {
      lastFailure = ""
      return result.output
    }
    let failure = String(result.output.prefix(Self.longestFailure))
    if failure != lastFailure { log("the packet rules cannot be changed: \(failure)") }
    lastFailure = failure
    return nil
  }
}
