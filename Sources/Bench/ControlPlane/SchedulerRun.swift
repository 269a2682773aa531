internal import Objects
internal import Scheduler

/// Measures the scheduler's core by itself: how many pods it finds nodes for in a second, without an API server.
public struct SchedulerRun: Sendable {
  /// Nodes of 32 processors and 256 GiB.
  public var nodes: Int
  /// Pods that ask for a tenth of a processor and 128 MiB, all there from the beginning.
  public var pods: Int

  /// A run of this size.
  public init(nodes: Int, pods: Int) {
    self.nodes = nodes
    self.pods = pods
  }

  /// What was found.
  public struct Report: Sendable {
    /// Pods that a node was found for.
    public var bound = 0
    /// Those that there was none for.
    public var unschedulable = 0
    /// From the first decision to the last, with what the scheduler is told of bound pods in between.
    public var seconds = 0.0
    /// Nodes that were looked at, for all pods together.
    public var evaluatedNodes = 0

    /// For people.
    public var text: String {
      let rate = Double(bound + unschedulable) / max(seconds, 1e-9)
      return """
        \(Decimals.grouped(bound)) pods bound, \(Decimals.grouped(unschedulable)) unschedulable, \
        in \(Decimals.fixed(seconds, 2)) s: \(Decimals.grouped(Int(rate)))/s
        \(Decimals.fixed(Double(evaluatedNodes) / Double(max(bound, 1)), 0)) nodes looked at for each
        """
    }

    /// For programs.
    public var json: String {
      JSONWriter.object {
        $0.add("bound", bound)
        $0.add("unschedulable", unschedulable)
        $0.add("seconds", seconds)
        $0.add("decisionsPerSecond", Double(bound + unschedulable) / max(seconds, 1e-9))
        $0.add("evaluatedNodes", evaluatedNodes)
      }
    }
  }

  /// Carries the run out. Throws `Benchmark.CannotStart` for a size that makes no sense.
  public func run() throws -> Report {
    guard nodes > 0, pods > 0 else {
      throw Benchmark.CannotStart(description: "--nodes and --pods must be above 0")
    }
    var core = SchedulerCore(seed: 1)
    let start = ContinuousClock.now
    func uptime() -> Duration { ContinuousClock.now - start }
    for number in 0..<nodes {
      guard let node = NodeInfo(ControlPlaneObjects.node(number)) else { continue }
      core.handle(.node(node), now: uptime())
    }
    var waiting: [String: JSON] = [:]
    for number in 0..<pods {
      var object = ControlPlaneObjects.pod(number)
      object["metadata", "namespace"] = "default"
      object["metadata", "uid"] = .string("uid-\(number)")
      guard let pod = PodInfo(object) else { continue }
      waiting[pod.reference.name] = object
      core.handle(.pod(pod), now: uptime())
    }
    var report = Report()
    let begin = ContinuousClock.now
    while let decision = core.next(now: uptime()) {
      switch decision {
      case .bind(let binding):
        report.bound += 1
        report.evaluatedNodes += binding.evaluatedNodes
        core.bindingSucceeded(binding.pod, now: uptime())
        // As a watch tells it.
        if var object = waiting.removeValue(forKey: binding.pod.name) {
          object["spec", "nodeName"] = .string(binding.node)
          if let pod = PodInfo(object) { core.handle(.pod(pod), now: uptime()) }
        }
      case .unschedulable: report.unschedulable += 1
      }
    }
    report.seconds = (ContinuousClock.now - begin) / .seconds(1)
    return report
  }
}

/// The objects that the control plane is loaded with.
enum ControlPlaneObjects {
  static func node(_ number: Int) -> JSON {
    let resources: JSON = ["cpu": "32", "memory": "256Gi", "pods": "110"]
    return [
      "apiVersion": "v1", "kind": "Node",
      "metadata": [
        "name": .string("node-\(number)"), "labels": ["kubernetes.io/hostname": .string("node-\(number)")],
      ],
      "status": [
        "capacity": resources, "allocatable": resources,
        "conditions": [
          [
            "type": "Ready", "status": "True", "reason": "KubeletReady", "message": "",
            "lastHeartbeatTime": "2026-01-01T00:00:00Z", "lastTransitionTime": "2026-01-01T00:00:00Z",
          ]
        ],
      ],
    ]
  }

  static func pod(_ number: Int) -> JSON {
    [
      "apiVersion": "v1", "kind": "Pod",
      "metadata": ["name": .string("pod-\(number)"), "labels": ["app": .string("a\(number % 100)")]],
      "spec": [
        "containers": [
          [
            "name": "c", "image": "registry.example/app:1", "env": [["name": "A", "value": "b"]],
            "resources": ["requests": ["cpu": "100m", "memory": "128Mi"]],
          ]
        ]
      ],
    ]
  }
}
