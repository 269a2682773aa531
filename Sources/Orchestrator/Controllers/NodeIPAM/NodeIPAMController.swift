public import Client
import Exchange
import Objects
import Synchronization

/// Gives each node a range of addresses for its pods (`spec.podCIDR`).
public final class NodeIPAMController: Controller {
  /// The controller's name.
  public let name = "cidr-allocator"
  private let state: Mutex<State>
  private let time: any TimeSource

  private struct State {
    var ranges: PodRanges
    /// Given, but it is not known whether the node heard of it: it gets the same one next time.
    var pending: [ObjectKey: String] = [:]

    mutating func range(for key: ObjectKey) -> String? {
      if let range = pending[key] { return range }
      let range = ranges.allocate()
      pending[key] = range
      return range
    }
  }

  /// A controller that gives parts of a range.
  public init(_ ranges: PodRanges, time: any TimeSource = SystemTime()) {
    state = Mutex(State(ranges: ranges))
    self.time = time
  }

  /// Works until the task is cancelled.
  public func run(_ context: ControllerContext) async {
    let nodes = context.informers.informer(for: .nodes)
    let keys = WorkQueue<ObjectKey>(time: time)
    nodes.addHandler { [weak self] event in
      switch event {
      case .added(let node), .updated(_, let node):
        // Before any is given: what nodes have is theirs.
        self?.state.withLock { state in
          for range in Self.ranges(of: node) { state.ranges.take(range) }
        }
        if Self.ranges(of: node).isEmpty { keys.add(ObjectKey(node)) }
      case .deleted(let node):
        self?.state.withLock { state in
          let pending = state.pending.removeValue(forKey: ObjectKey(node))
          for range in Self.ranges(of: node) + [pending].compactMap({ $0 }) { state.ranges.giveBack(range) }
        }
      }
    }
    await nodes.waitForSync()
    while let key = await keys.next() {
      if let node = nodes.get(key.namespace, key.name), Self.ranges(of: node).isEmpty,
        await !assign(node, context)
      {
        keys.addRateLimited(key)
      } else {
        keys.forget(key)
      }
      keys.done(key)
    }
  }

  /// The ranges that a node has.
  static func ranges(of node: JSON) -> [String] {
    let all = (node["spec", "podCIDRs"]?.array ?? []).compactMap(\.string)
    return all.isEmpty ? [node["spec", "podCIDR"]?.string].compactMap { $0 } : all
  }

  /// False if it has to be tried again.
  private func assign(_ node: JSON, _ context: ControllerContext) async -> Bool {
    let key = ObjectKey(node)
    guard let range = state.withLock({ $0.range(for: key) }) else {
      context.event(
        node, .nodes, isWarning: true, reason: "CIDRNotAvailable",
        "Node \(node.name) status is now: CIDRNotAvailable")
      return false
    }
    let patch: JSON = [
      "metadata": ["uid": .string(node.uid)],
      "spec": ["podCIDR": .string(range), "podCIDRs": [.string(range)]],
    ]
    do throws(StatusError) {
      _ = try await context.strategicPatch(.nodes, key, patch)
      state.withLock { $0.pending[key] = nil }
      return true
    } catch {
      // Gone, or another node of this name: the event of the deletion gives it back.
      if error.isNotFound || error.isConflict { return true }
      context.report(name, key, error)
      return false
    }
  }
}
