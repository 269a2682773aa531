public import Client
import Objects
import Synchronization

/// What `NodeRoutes` is told.
public struct NodeRoutesOptions: Sendable {
  /// The name of this node.
  public var node: String
  /// The ranges of all pods: those of nodes count only within these, and what no node claims is refused.
  public var clusterCIDRs: [AddressRange]
  /// Further ranges whose addresses must not leave the machine, such as the services'.
  public var refused: [AddressRange] = []
  /// How often it is looked at whether the routes are still there: a link that goes down takes them along.
  public var checkInterval = Duration.seconds(30)
  /// The least time between two changes.
  public var minimumInterval = Duration.milliseconds(200)

  /// For a node.
  public init(node: String, clusterCIDRs: [AddressRange]) {
    self.node = node
    self.clusterCIDRs = clusterCIDRs
  }
}

/// Keeps routes to the pods of other nodes, which are on this node's link, as the Node objects say.
public final class NodeRoutes: Sendable {
  private let options: NodeRoutesOptions
  private let nodes: Informer
  private let commands: HostCommands
  private let time: any TimeSource
  private let log: @Sendable (String) -> Void
  private let wakes: AsyncStream<Void>
  private let wake: AsyncStream<Void>.Continuation

  /// Routes; nil if the schema lacks nodes, which it does not.
  /// - Parameters:
  ///   - nodes: an informer of all nodes that somebody else runs; nil for one of its own.
  ///   - log: gets a line for each change and each failure.
  public init?(
    client: APIClient, options: NodeRoutesOptions, nodes: Informer? = nil, commands: @escaping HostCommands,
    time: any TimeSource = SystemTime(), log: @escaping @Sendable (String) -> Void
  ) {
    guard let resource = Resource.builtIn(group: "", version: "v1", resource: "nodes") else { return nil }
    self.options = options
    ownsInformer = nodes == nil
    self.nodes = nodes ?? Informer(client: client, resource: resource, time: time)
    self.commands = commands
    self.time = time
    self.log = log
    (wakes, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    let wake = wake
    self.nodes.addHandler { event in
      // Nodes say every few seconds that they are there.
      if case .updated(let old, let new) = event, Self.facts(old) == Self.facts(new) { return }
      wake.yield()
    }
  }

  private let ownsInformer: Bool

  private static func facts(_ node: JSON) -> [JSON?] {
    [node["spec", "podCIDRs"], node["spec", "podCIDR"], node["status", "addresses"]]
  }

  /// Keeps the routes until the task is cancelled. They stay when it ends: pods' connections go on.
  public func run() async {
    await withDiscardingTaskGroup { group in
      if ownsInformer { group.addTask { await self.nodes.run() } }
      // Before anything is known of other nodes nothing may leave by another way.
      var failures = await apply([], keepsOthers: true)
      await nodes.waitForSync()
      if !Task.isCancelled {
        group.addTask { await self.check() }
        wake.yield()
        for await _ in wakes {
          let now = await apply(nodes.list(), keepsOthers: false)
          // The same failure every half a minute tells nothing new.
          for failure in now where !failures.contains(failure) { log(failure) }
          failures = now
          do { try await time.sleep(for: options.minimumInterval) } catch { break }
        }
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

  /// Makes the routes what these nodes say, and returns what went wrong.
  private func apply(_ objects: [JSON], keepsOthers: Bool) async -> [String] {
    let wanted = RouteTable.wanted(
      nodes: objects, own: options.node, clusterCIDRs: options.clusterCIDRs,
      refused: options.clusterCIDRs + options.refused)
    var failures: [String] = []
    for isIPv6 in [false, true] {
      let those = wanted.filter { $0.destination.isIPv6 == isIPv6 }
      let ranges = options.clusterCIDRs + options.refused
      // Where no range is of this kind there never was a route.
      guard !those.isEmpty || ranges.contains(where: { $0.isIPv6 == isIPv6 }) else { continue }
      switch await current(isIPv6: isIPv6) {
      case .failure(let failure): failures.append(failure.text)
      case .success(let current):
        let target = keepsOthers ? those + current.filter { !those.contains($0) } : those
        for arguments in RouteTable.changes(from: current, to: target) {
          let line = arguments.dropFirst().joined(separator: " ")
          let (status, output) = await commands(["ip"] + arguments, "")
          if status == 0 {
            log("ip \(line)")
          } else {
            failures.append("ip \(line): \(Self.firstLine(output))")
          }
        }
      }
    }
    return failures
  }

  private struct Failure: Error { var text: String }

  private func current(isIPv6: Bool) async -> Result<[PodRoute], Failure> {
    let command = [
      "ip", isIPv6 ? "-6" : "-4", "-j", "route", "show", "proto", "\(RouteTable.protocolNumber)",
    ]
    let (status, output) = await commands(command, "")
    guard status == 0, let routes = RouteTable.parse(output) else {
      return .failure(Failure(text: "\(command.joined(separator: " ")): \(Self.firstLine(output))"))
    }
    return .success(routes)
  }

  private static func firstLine(_ text: String) -> String {
    String(text.split(whereSeparator: \.isNewline).first ?? "no answer")
  }

  /// Removes every route that this type has ever made on the machine.
  public static func cleanUp(commands: HostCommands) async {
    for family in ["-4", "-6"] {
      _ = await commands(["ip", family, "route", "flush", "proto", "\(RouteTable.protocolNumber)"], "")
    }
  }
}
