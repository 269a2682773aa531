extension Tables {
  static let pod = TablePrinter(
    columns: [
      TableField.name.column,
      TableColumn("Ready", description: "Containers that are ready, of all that should be."),
      TableColumn("Status", description: "The phase of the pod, or what keeps it from going on."),
      TableColumn("Restarts", description: "How often containers were restarted, and when last."),
      TableField.age.column,
      TableColumn("IP", description: "Address of the pod.", priority: 1),
      TableColumn("Node", description: "Node that the pod is assigned to.", priority: 1),
      TableColumn("Nominated Node", description: "Node on which room is made for the pod.", priority: 1),
      TableColumn("Readiness Gates", description: "Readiness gates that are met, of all.", priority: 1),
    ],
    unread: [
      "metadata.annotations", "metadata.labels", "spec.affinity", "spec.tolerations", "spec.volumes",
      "spec.topologySpreadConstraints",
    ]
      + ["containers", "initContainers"].flatMap { list in
        [
          "args", "command", "env", "envFrom", "livenessProbe", "ports", "readinessProbe", "resources",
          "securityContext", "startupProbe", "volumeMounts",
        ].map { "spec.\(list).\($0)" }
      },
    conditions: { pod in
      switch pod.text("status", "phase") {
      case "Succeeded": [completed("Succeeded", "The pod has completed successfully.")]
      case "Failed": [completed("Failed", "The pod failed.")]
      default: []
      }
    },
    cells: { pod in
      let summary = PodSummary(pod)
      return [
        .string(pod.text("metadata", "name")), .string("\(summary.ready)/\(summary.total)"),
        .string(summary.status), .string(summary.restartsText(in: pod)), .string(pod.age),
        .string(pod.items("status", "podIPs").first?.text("ip", empty: "<none>") ?? "<none>"),
        .string(pod.text("spec", "nodeName", empty: "<none>")),
        .string(pod.text("status", "nominatedNodeName", empty: "<none>")),
        .string(readinessGates(of: pod)),
      ]
    })

  /// The condition of a row whose object will not change any more; kubectl leaves such rows out on demand.
  private static func completed(_ reason: JSON, _ message: JSON) -> JSON {
    ["type": "Completed", "status": "True", "reason": reason, "message": message]
  }

  private static func readinessGates(of pod: ObjectReader) -> String {
    let gates = pod.items("spec", "readinessGates")
    guard !gates.isEmpty else { return "<none>" }
    let met = gates.filter { pod.condition($0.text("conditionType")) == "True" }
    return "\(met.count)/\(gates.count)"
  }
}

/// What the first columns tell of a pod, gathered from its containers.
struct PodSummary {
  private(set) var ready = 0
  private(set) var total: Int
  private(set) var status: String
  private(set) var restarts: Int64 = 0
  private(set) var lastRestart: Timestamp?

  private let pod: ObjectReader
  /// Names of the init containers that go on running beside the others.
  private let sidecars: Set<String>

  init(_ pod: ObjectReader) {
    self.pod = pod
    let sidecarNames = pod.items("spec", "initContainers").filter { $0.text("restartPolicy") == "Always" }
      .map { $0.text("name") }
    sidecars = Set(sidecarNames)
    total = pod.items("spec", "containers").count + sidecarNames.count
    status = pod.text("status", "reason", empty: pod.text("status", "phase"))
    let isGated = pod.items("status", "conditions").contains {
      $0.text("type") == "PodScheduled" && $0.text("reason") == "SchedulingGated"
    }
    if isGated { status = "SchedulingGated" }

    let isInitializing = addInitContainers()
    if !isInitializing || pod.condition("Initialized") == "True" { addContainers() }
    addDeletion()
  }

  /// How often, and how long ago last if that is known.
  func restartsText(in pod: ObjectReader) -> String {
    guard restarts != 0, let lastRestart else { return String(restarts) }
    return "\(restarts) (\(pod.elapsed(since: lastRestart)) ago)"
  }

  /// Counts the init containers, up to the one that the others wait for. Says whether there is one.
  private mutating func addInitContainers() -> Bool {
    for (index, container) in pod.items("status", "initContainerStatuses").enumerated() {
      addRestarts(of: container)
      let isSidecar = sidecars.contains(container.text("name"))
      let isTerminated = container.has("state", "terminated")
      if isTerminated && container.integer("state", "terminated", "exitCode") == 0 { continue }
      if isSidecar && container.boolean("started") {
        if container.boolean("ready") { ready += 1 }
        continue
      }
      let waiting = container.text("state", "waiting", "reason")
      if isTerminated {
        status = "Init:" + terminationReason(of: container)
      } else if !waiting.isEmpty && waiting != "PodInitializing" {
        status = "Init:" + waiting
      } else {
        status = "Init:\(index)/\(pod.items("spec", "initContainers").count)"
      }
      return true
    }
    return false
  }

  /// Counts the containers proper. Once these run, the restarts of init containers that are done count no more.
  private mutating func addContainers() {
    restarts = 0
    lastRestart = nil
    for container in pod.items("status", "initContainerStatuses")
    where sidecars.contains(container.text("name")) {
      addRestarts(of: container)
    }

    var hasRunning = false
    var failure: String?
    // The first container's reason is to prevail.
    for container in pod.items("status", "containerStatuses").reversed() {
      addRestarts(of: container)
      let waiting = container.text("state", "waiting", "reason")
      if !waiting.isEmpty {
        status = waiting
      } else if container.has("state", "terminated") {
        status = terminationReason(of: container)
        if container.integer("state", "terminated", "exitCode") != 0 { failure = status }
      } else if container.boolean("ready") && container.has("state", "running") {
        hasRunning = true
        ready += 1
      }
    }

    // Of several containers one may be done while another fails or still runs.
    guard status == "Completed" else { return }
    if hasRunning && isReady {
      status = "Running"
    } else if let failure {
      status = failure
    } else if hasRunning {
      status = "NotReady"
    }
  }

  private mutating func addDeletion() {
    guard pod.isBeingDeleted else { return }
    if pod.text("status", "reason") == "NodeLost" {
      status = "Unknown"
    } else if !["Succeeded", "Failed"].contains(pod.text("status", "phase")) {
      status = "Terminating"
    }
  }

  private var isReady: Bool {
    pod.items("status", "conditions").contains { $0.text("type") == "Ready" && $0.text("status") == "True" }
  }

  private mutating func addRestarts(of container: ObjectReader) {
    restarts &+= container.integer("restartCount")
    guard let finish = container.time("lastState", "terminated", "finishedAt") else { return }
    lastRestart = max(lastRestart ?? finish, finish)
  }

  private func terminationReason(of container: ObjectReader) -> String {
    let reason = container.text("state", "terminated", "reason")
    guard reason.isEmpty else { return reason }
    let signal = container.integer("state", "terminated", "signal")
    return signal != 0
      ? "Signal:\(signal)" : "ExitCode:\(container.integer("state", "terminated", "exitCode"))"
  }
}
