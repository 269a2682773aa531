public import Client
import Exchange
import Objects

/// Notices nodes that are not heard of, marks them with taints, and makes pods leave nodes whose taints they do not
/// tolerate.
public struct NodeLifecycleController: Controller {
  /// How often all nodes are looked at.
  static let period = Duration.seconds(5)

  /// The controller's name.
  public let name = "node-controller"
  private let time: any TimeSource

  /// A controller.
  /// - Parameter time: of the process itself, by which silence is measured.
  public init(time: any TimeSource = SystemTime()) { self.time = time }

  /// Works until the task is cancelled.
  public func run(_ context: ControllerContext) async {
    let eviction = TaintEviction(context, name: name)
    eviction.listen()
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await eviction.run() }
      group.addTask {
        var monitor = NodeMonitor(context, name: name)
        await monitor.run(time)
      }
    }
  }
}

/// Looks at all nodes, and at once when one has changed.
private struct NodeMonitor {
  static let leaseNamespace = "kube-node-lease"
  /// Changes of nodes within this time are looked at together.
  static let batchPeriod = Duration.milliseconds(100)

  let context: ControllerContext
  let name: String
  let nodes: Informer
  let leases: Informer
  let pods: Informer
  private var health: [String: (uid: String, health: NodeHealth)] = [:]
  private var limits: [String: EvictionLimit] = [:]
  /// Nodes whose pods have been told, so that it is done once for each silence.
  private var silenced: Set<String> = []

  init(_ context: ControllerContext, name: String) {
    self.context = context
    self.name = name
    nodes = context.informers.informer(for: .nodes)
    leases = context.informers.informer(for: .leases)
    pods = context.informers.informer(for: .pods)
  }

  mutating func run(_ time: any TimeSource) async {
    let wakes = WorkQueue<ObjectKey>(time: time)
    let all = ObjectKey(name: "nodes")
    nodes.addHandler { event in
      switch event {
      case .updated(let old, let new):
        // Heartbeats are seen in time by the next look.
        if old["spec"] != new["spec"] || Self.conditions(of: old) != Self.conditions(of: new) {
          wakes.addAfter(all, Self.batchPeriod)
        }
      case .added: wakes.addAfter(all, Self.batchPeriod)
      case .deleted: break
      }
    }
    for informer in [nodes, leases, pods] { await informer.waitForSync() }
    wakes.add(all)
    while let key = await wakes.next() {
      await look(at: time.uptime)
      wakes.done(key)
      wakes.addAfter(key, NodeLifecycleController.period)
    }
  }

  private static func conditions(of node: JSON) -> [String] {
    (node["status", "conditions"]?.array ?? []).map {
      "\($0["type"]?.string ?? "")=\($0["status"]?.string ?? "")"
    }
  }

  private mutating func look(at time: Duration) async {
    let all = nodes.list().sorted { $0.name < $1.name }
    let names = Set(all.lazy.map(\.name))
    health = health.filter { names.contains($0.key) }
    silenced.formIntersection(names)
    var current: [JSON] = []
    for node in all {
      let lease = leases.get(Self.leaseNamespace, node.name)
      if health[node.name]?.uid == node.uid {
        health[node.name]?.health.observe(node: node, lease: lease, at: time)
      } else {
        health[node.name] = (node.uid, NodeHealth(node: node, lease: lease, at: time))
      }
      current.append(await checked(node, at: time))
    }
    let rates = evictionRates(of: current)
    for node in current { await taint(node, rates: rates, at: time) }
  }

  /// Says of a silent node that nobody knows how it is.
  /// - Returns: the node as it is now.
  private mutating func checked(_ node: JSON, at time: Duration) async -> JSON {
    var node = node
    if let deadline = health[node.name]?.health.deadline, time >= deadline,
      let status = NodeHealth.unknownStatus(of: node, now: context.now())
    {
      let wasReady = Conditions.isTrue("Ready", in: node)
      var changed = node
      changed["status"] = status
      do throws(StatusError) {
        node = try await context.updateStatus(.nodes, changed)
        if wasReady {
          context.event(node, .nodes, reason: "NodeNotReady", "Node \(node.name) status is now: NodeNotReady")
        }
      } catch {
        note(error, node)
        return node
      }
    }
    let ready = Conditions.find("Ready", in: node["status"])?["status"]?.string
    if ready == "True" {
      silenced.remove(node.name)
    } else if ready != nil, !silenced.contains(node.name), await markPodsUnready(on: node.name) {
      silenced.insert(node.name)
    }
    return node
  }

  /// Nobody should send requests to pods of a node that does not answer.
  /// - Returns: whether all have been told.
  private func markPodsUnready(on node: String) async -> Bool {
    var isDone = true
    for pod in pods.list() where pod.nodeName == node && pod.isReady {
      guard var condition = Conditions.find("Ready", in: pod["status"]), var status = pod["status"] else {
        continue
      }
      condition["status"] = "False"
      condition["lastTransitionTime"] = .string(context.now().text)
      Conditions.replace(condition, in: &status)
      var changed = pod
      changed["status"] = status
      do throws(StatusError) {
        _ = try await context.updateStatus(.pods, changed)
        context.event(pod, .pods, isWarning: true, reason: "NodeNotReady", "Node is not ready")
      } catch {
        if error.isNotFound { continue }
        note(error, pod)
        isDone = false
      }
    }
    return isDone
  }

  /// How many nodes a second may be marked so that their pods leave, by zone.
  private func evictionRates(of nodes: [JSON]) -> [String: Double] {
    var counts: [String: (ready: Int, notReady: Int)] = [:]
    for node in nodes {
      let zone = ZoneHealth.zone(of: node)
      var count = counts[zone] ?? (0, 0)
      if Conditions.isTrue("Ready", in: node) { count.ready += 1 } else { count.notReady += 1 }
      counts[zone] = count
    }
    let states = counts.mapValues { ZoneHealth(ready: $0.ready, notReady: $0.notReady) }
    let areAllDown = !states.isEmpty && states.values.allSatisfy { $0 == .allDown }
    var rates: [String: Double] = [:]
    for (zone, state) in states {
      let count = counts[zone] ?? (0, 0)
      rates[zone] = state.evictionRate(nodes: count.ready + count.notReady, areAllZonesDown: areAllDown)
    }
    return rates
  }

  private mutating func taint(_ node: JSON, rates: [String: Double], at time: Duration) async {
    let now = context.now()
    let zone = ZoneHealth.zone(of: node)
    var taints = NodeTaints.wanted(on: node, evicts: false, now: now)
    if let evicting = NodeTaints.wanted(on: node, evicts: true, now: now), evicting != taints {
      var limit = limits[zone] ?? EvictionLimit(at: time)
      if limit.take(rate: rates[zone] ?? 0, at: time) { taints = evicting }
      limits[zone] = limit
    }
    guard let taints else { return }
    var changed = node
    changed["spec", "taints"] = taints.isEmpty ? Optional<JSON>.none : .array(taints)
    do throws(StatusError) {
      _ = try await context.update(.nodes, changed)
    } catch {
      note(error, node)
    }
  }

  /// The next look makes up for it.
  private func note(_ error: StatusError, _ object: JSON) {
    if !error.isConflict, !error.isNotFound { context.report(name, object.key, error) }
  }
}

/// Lets one node of a zone through at a time, at a rate.
struct EvictionLimit: Sendable {
  private var tokens = 1.0
  private var filled: Duration

  /// Lets the first through at once.
  init(at time: Duration) { filled = time }

  /// Whether one may go now.
  /// - Parameter rate: how many may go in a second.
  mutating func take(rate: Double, at time: Duration) -> Bool {
    tokens = min(1, tokens + rate * max(0, (time - filled) / .seconds(1)))
    filled = time
    guard rate > 0, tokens >= 1 else { return false }
    tokens -= 1
    return true
  }
}
