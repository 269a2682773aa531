public import Objects

/// A route that this node keeps for pods.
public struct PodRoute: Sendable, Hashable, Comparable {
  /// Where it leads to.
  public var destination: AddressRange
  /// The node that is asked; nil refuses (`unreachable`).
  public var gateway: String?

  /// A route.
  public init(_ destination: AddressRange, gateway: String?) {
    self.destination = destination
    self.gateway = gateway
  }

  /// Refusals first: what a route to a node does not claim must at no time leave the machine.
  public static func < (one: PodRoute, other: PodRoute) -> Bool {
    (one.gateway == nil ? 0 : 1, one.destination.description)
      < (other.gateway == nil ? 0 : 1, other.destination.description)
  }
}

/// The routes of a node to the pods of others: what is wanted, what is there, and what to do about it. Pure.
public enum RouteTable {
  /// Marks the routes of `NodeRoutes` (rtnetlink: `rtm_protocol`, of the numbers that are free for administrators).
  /// Others' are never touched.
  public static let protocolNumber = 86
  /// A refusal is worth less than any other route of the same range.
  static let refusalMetric = 4096

  /// The routes to other nodes, which are on this node's link.
  /// - Parameters:
  ///   - nodes: all Node objects.
  ///   - own: the name of this node.
  ///   - clusterCIDRs: ranges of nodes count only within these; without any, all but everything do.
  ///   - refused: ranges whose addresses must not leave the machine unless a route claims them.
  public static func wanted(
    nodes: [JSON], own: String, clusterCIDRs: [AddressRange], refused: [AddressRange]
  ) -> [PodRoute] {
    var routes: [AddressRange: PodRoute] = [:]
    for range in refused { routes[range] = PodRoute(range, gateway: nil) }
    let named = nodes.map { (name: $0["metadata", "name"]?.string ?? "", node: $0) }
    let ownRanges = named.filter { $0.name == own }.flatMap { ranges(of: $0.node) }
    // Of two nodes with one range the first by name has it, on every node.
    for (_, node) in named.filter({ $0.name != own }).sorted(by: { $0.name < $1.name }) {
      let addresses = internalAddresses(of: node)
      for range in ranges(of: node) {
        guard range.length > 0, !ownRanges.contains(where: { $0.overlaps(range) }),
          clusterCIDRs.isEmpty || clusterCIDRs.contains(where: { $0.contains(range) }),
          routes[range]?.gateway == nil,
          let gateway = addresses.first(where: { $0.isIPv6 == range.isIPv6 })
        else { continue }
        routes[range] = PodRoute(range, gateway: gateway.address)
      }
    }
    return routes.values.sorted()
  }

  private static func ranges(of node: JSON) -> [AddressRange] {
    let texts = (node["spec", "podCIDRs"]?.array ?? []).compactMap(\.string)
    return (texts.isEmpty ? [node["spec", "podCIDR"]?.string].compactMap { $0 } : texts)
      .compactMap { AddressRange($0) }
  }

  private static func internalAddresses(of node: JSON) -> [AddressRange] {
    (node["status", "addresses"]?.array ?? []).filter { $0["type"]?.string == "InternalIP" }
      .compactMap { $0["address"]?.string }.filter { !$0.contains("/") }.compactMap { AddressRange($0) }
  }

  /// What `ip -j route show proto` lists; nil if the text is something else.
  public static func parse(_ text: String) -> [PodRoute]? {
    // Without any route some versions print nothing at all.
    if text.allSatisfy(\.isWhitespace) { return [] }
    guard let list = (try? JSON.parse(Array(text.utf8)))?.array else { return nil }
    return list.compactMap { route in
      guard let text = route["dst"]?.string, let range = AddressRange(text == "default" ? "0.0.0.0/0" : text)
      else { return nil }
      if route["type"]?.string == "unreachable" { return PodRoute(range, gateway: nil) }
      return PodRoute(range, gateway: route["gateway"]?.string ?? "")
    }
  }

  /// The arguments of `ip` that make what is wanted of what is there: additions first, so that a range that has moved
  /// is never without a route.
  public static func changes(from current: [PodRoute], to wanted: [PodRoute]) -> [[String]] {
    let (there, kept) = (Set(current), Set(wanted))
    let additions = wanted.filter { !there.contains($0) }.sorted()
    let replaced = Set(additions.filter { $0.gateway != nil }.map(\.destination))
    let removals = current.filter { route in
      // A replaced route is gone already; a refusal is another route, for it has another metric.
      !kept.contains(route) && !(route.gateway != nil && replaced.contains(route.destination))
    }.sorted()
    return additions.map { command("replace", $0) } + removals.map { command("del", $0) }
  }

  private static func command(_ verb: String, _ route: PodRoute) -> [String] {
    var words = ["-\(route.destination.isIPv6 ? 6 : 4)", "route", verb]
    if let gateway = route.gateway {
      words += ["\(route.destination)"] + (gateway.isEmpty ? [] : ["via", gateway])
    } else {
      words += ["unreachable", "\(route.destination)", "metric", "\(refusalMetric)"]
    }
    return words + ["proto", "\(protocolNumber)"]
  }
}
