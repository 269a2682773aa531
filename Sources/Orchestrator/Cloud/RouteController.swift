import Client
import Exchange
import Objects

/// Keeps a route to the pods of every node, and says of the node whether it has one.
struct RouteController: Sendable {
  static let name = "route-controller"
  /// Routes can be lost.
  static let period = Duration.seconds(10)
  private static let key = ObjectKey(name: "routes")

  /// What differs between the routes that there are and those that there should be.
  struct Plan: Sendable, Hashable {
    var create: [CloudRoute] = []
    var delete: [CloudRoute] = []

    init(nodes: [JSON], routes: [CloudRoute]) {
      let wanted = nodes.flatMap { node in
        Self.podRanges(of: node).map { CloudRoute(node: node.name, destination: $0) }
      }
      let wantedSet = Set(wanted)
      let there = Set(routes)
      create = wanted.filter { !there.contains($0) }
      delete = routes.filter { !wantedSet.contains($0) }
    }

    /// The pods' addresses on a node.
    static func podRanges(of node: JSON) -> [String] {
      let ranges = (node["spec", "podCIDRs"]?.array ?? []).compactMap(\.string)
      if !ranges.isEmpty { return ranges }
      return node["spec", "podCIDR"]?.string.map { $0.isEmpty ? [] : [$0] } ?? []
    }
  }

  let context: CloudContext
  let routes: any CloudRoutes
  let recorder: EventRecorder

  func run() async {
    let queue = CloudQueue(context, name: Self.name)
    context.nodes.addHandler { event in
      switch event {
      case .updated(let old, let new):
        guard Plan.podRanges(of: old) != Plan.podRanges(of: new) || Self.lacksCondition(new) else { return }
      case .added, .deleted: break
      }
      queue.add(Self.key)
    }
    await context.nodes.waitForSync()
    queue.add(Self.key)
    // All routes are one thing: nobody else may change them meanwhile.
    await queue.run(workers: 1) { (_) async throws(StatusError) in
      try await sync()
      return Self.period
    }
  }

  private static func lacksCondition(_ node: JSON) -> Bool { node.condition("NetworkUnavailable") == nil }

  private func sync() async throws(StatusError) {
    let nodes = context.nodes.list().sorted { $0.name < $1.name }
    let there: [CloudRoute]
    do throws(CloudError) {
      there = try await routes.list(cluster: context.cluster)
    } catch {
      throw error.status
    }
    let plan = Plan(nodes: nodes, routes: there)
    var failure: StatusError?
    var failed: Set<String> = []
    // Those in the way go first.
    for route in plan.delete {
      if let problem = await delete(route) { failure = failure ?? problem }
    }
    for route in plan.create {
      guard let node = nodes.first(where: { $0.name == route.node }) else { continue }
      if let problem = await create(route, node) {
        failed.insert(route.node)
        failure = failure ?? problem
      }
    }
    for node in nodes where !Plan.podRanges(of: node).isEmpty {
      guard
        let patch = Self.conditionPatch(node, hasRoutes: !failed.contains(node.name), now: context.time.now)
      else { continue }
      do throws(StatusError) {
        _ = try await context.client.patch(
          context.resources.nodes, name: node.name, kind: .strategic, subresource: "status", patch)
      } catch {
        if !error.isNotFound { failure = failure ?? error }
      }
    }
    if let failure { throw failure }
  }

  private func delete(_ route: CloudRoute) async -> StatusError? {
    do throws(CloudError) {
      try await routes.delete(cluster: context.cluster, route: route)
      return nil
    } catch {
      return error.status
    }
  }

  private func create(_ route: CloudRoute, _ node: JSON) async -> StatusError? {
    do throws(CloudError) {
      try await routes.create(cluster: context.cluster, route: route, node: node)
      return nil
    } catch {
      recorder.event(
        regarding: node, resource: context.resources.nodes, type: "Warning", reason: "FailedToCreateRoute",
        message: "Could not create route \(route.destination) for node \(node.name): \(error.message)")
      return error.status
    }
  }

  /// The patch of the status of a node whose condition says otherwise.
  static func conditionPatch(_ node: JSON, hasRoutes: Bool, now: Timestamp) -> JSON? {
    let status = hasRoutes ? "False" : "True"
    guard node.condition("NetworkUnavailable") != status else { return nil }
    return [
      "status": [
        "conditions": [
          [
            "type": "NetworkUnavailable", "status": .string(status),
            "reason": hasRoutes ? "RouteCreated" : "NoRouteCreated",
            "message": hasRoutes
              ? "RouteController created a route" : "RouteController failed to create a route",
            "lastHeartbeatTime": .string(now.text), "lastTransitionTime": .string(now.text),
          ]
        ]
      ]
    ]
  }
}
