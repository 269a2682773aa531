import ContainerRuntime

/// How long the bare calls take that bring a pod up and down, one pod after another: what a kubelet's own time is
/// compared with.
func measure(_ stage: Stage, pods: Int) async throws {
  let runtime = stage.runtime
  var times: [String: [Duration]] = [:]
  func timed<Result>(_ name: String, _ body: () async throws -> Result) async throws -> Result {
    let start = ContinuousClock.now
    let result = try await body()
    times[name, default: []].append(.now - start)
    return result
  }
  for _ in 0..<pods {
    let sandbox = stage.sandboxConfig()
    let container = stage.config("c", shell: "trap 'exit 0' TERM; sleep 1000000 & wait")
    let (pod, id) = try await timed("until it runs") {
      let pod = try await timed("RunPodSandbox") {
        try await runtime.runPodSandbox(sandbox, runtimeHandler: "")
      }
      let id = try await timed("CreateContainer") {
        try await runtime.createContainer(container, in: pod, sandboxConfig: sandbox)
      }
      try await timed("StartContainer") { try await runtime.startContainer(id) }
      return (pod, id)
    }
    _ = try await timed("ContainerStatus") { try await runtime.containerStatus(id) }
    _ = try await timed("ListContainers") { try await runtime.listContainers(ContainerFilter()) }
    _ = try await timed("ExecSync") {
      try await runtime.execSync(id, command: ["true"], timeout: .seconds(60))
    }
    try await timed("StopContainer") { try await runtime.stopContainer(id, gracePeriod: .seconds(60)) }
    try await timed("RemoveContainer") { try await runtime.removeContainer(id) }
    try await timed("StopPodSandbox") { try await runtime.stopPodSandbox(pod) }
    try await timed("RemovePodSandbox") { try await runtime.removePodSandbox(pod) }
  }
  for (name, values) in times.sorted(by: { $0.key < $1.key }) {
    let median = values.sorted()[values.count / 2]
    print("  \(name): \(microseconds(median)) µs")
  }
}

private func microseconds(_ duration: Duration) -> Int64 {
  duration.components.seconds * 1_000_000 + duration.components.attoseconds / 1_000_000_000_000
}
