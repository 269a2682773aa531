/// The last two samples of each node, and what follows from them.
struct UsageHistory {
  typealias Point = NodeSample.Point

  /// What was used, on the average of a time.
  struct Usage: Hashable {
    var nanocores: Int64
    var memoryBytes: Int64
    /// The end of the time: milliseconds since 1970.
    var timestamp: Int64
    /// Its length.
    var windowMilliseconds: Int64
  }

  struct PodName: Hashable {
    var namespace: String
    var name: String
  }

  private struct Pair {
    var before: Point?
    var last: Point

    /// Points of the same time are one.
    func followed(by point: Point) -> Pair {
      if point.timestamp <= last.timestamp { return self }
      // What began anew has no past.
      return Pair(before: point.cpuSeconds >= last.cpuSeconds ? last : nil, last: point)
    }

    var usage: Usage? {
      guard let before else { return nil }
      let window = last.timestamp - before.timestamp
      let nanocores = (last.cpuSeconds - before.cpuSeconds) / (Double(window) / 1000) * 1e9
      return Usage(
        nanocores: Int64(exactly: nanocores.rounded()) ?? .max,
        memoryBytes: Int64(exactly: last.memoryBytes.rounded()) ?? .max, timestamp: last.timestamp,
        windowMilliseconds: window)
    }
  }

  private struct Node {
    var own: Pair?
    var containers: [NodeSample.ContainerName: Pair] = [:]
  }

  private var nodes: [String: Node] = [:]

  var isEmpty: Bool { nodes.isEmpty }

  /// Adds what a node said.
  mutating func add(_ sample: NodeSample, of name: String) {
    let known = nodes[name]
    var node = Node()
    node.own = sample.node.map { known?.own?.followed(by: $0) ?? Pair(before: nil, last: $0) }
    for (container, point) in sample.containers {
      node.containers[container] =
        known?.containers[container]?.followed(by: point) ?? Pair(before: nil, last: point)
    }
    nodes[name] = node
  }

  /// Forgets all nodes but these.
  mutating func keep(_ names: Set<String>) { nodes = nodes.filter { names.contains($0.key) } }

  /// Nil unless there are two samples.
  func usage(ofNode name: String) -> Usage? { nodes[name]?.own?.usage }

  /// The containers of each pod, all of which have two samples.
  func podUsages() -> [PodName: [String: Usage]] {
    var pods: [PodName: [String: Usage]] = [:]
    var incomplete: Set<PodName> = []
    for node in nodes.values {
      for (name, pair) in node.containers {
        let pod = PodName(namespace: name.namespace, name: name.pod)
        if let usage = pair.usage {
          pods[pod, default: [:]][name.container] = usage
        } else {
          incomplete.insert(pod)
        }
      }
    }
    return pods.filter { !incomplete.contains($0.key) }
  }
}
