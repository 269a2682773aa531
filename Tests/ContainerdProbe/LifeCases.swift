import ContainerRuntime
import Glibc

/// The life of sandboxes and containers.
let lifeCases: [Case] = [
  ("a sandbox has an address and keeps what it was given", sandboxLife),
  ("a container lives from created to removed", containerLife),
  ("a container is told to stop before it is killed", stopping),
  ("a container that fails says how", failing),
  ("a container has the environment, folder, user and mounts asked for", surroundings),
  ("limits hold and can be changed", limits),
  ("names and ids that are not there", absent),
]

private func sandboxLife(_ stage: Stage) async throws {
  let runtime = stage.runtime
  let config = stage.sandboxConfig("first")
  let id = try await runtime.runPodSandbox(config, runtimeHandler: "")
  let status = try await runtime.podSandboxStatus(id)
  try expect("state", status.sandbox.state, .ready)
  try expect("addresses", status.addresses.map { $0.hasPrefix(Stage.subnetPrefix) }, [true])
  try expect("metadata", status.sandbox.metadata, config.metadata)
  try expect("labels", status.sandbox.labels, config.labels)
  try expect("annotations", status.sandbox.annotations, config.annotations)
  let other = try await runtime.runPodSandbox(stage.sandboxConfig("second"), runtimeHandler: "")
  func list(_ filter: PodSandboxFilter) async throws -> [String] {
    try await runtime.listPodSandboxes(filter).map(\.id).sorted()
  }
  try expect("all", try await list(PodSandboxFilter()), [id, other].sorted())
  try expect("by label", try await list(PodSandboxFilter(labels: ["pod": "first"])), [id])
  try expect("by id", try await list(PodSandboxFilter(id: other)), [other])

  let again = try await refusal("a sandbox of the same name") {
    _ = try await runtime.runPodSandbox(config, runtimeHandler: "")
  }
  try expect("\(again)", again.message.contains("reserve"))
  let handler = try await refusal("a handler that is not there") {
    _ = try await runtime.runPodSandbox(stage.sandboxConfig(), runtimeHandler: "none")
  }
  try expect("\(handler)", handler.message.contains("none"))

  try await runtime.stopPodSandbox(id)
  try await runtime.stopPodSandbox(id)
  try expect("stopped", try await runtime.podSandboxStatus(id).sandbox.state, .notReady)
  try expect("by state", try await list(PodSandboxFilter(state: .ready)), [other])
  try await runtime.removePodSandbox(id)
  try await runtime.removePodSandbox(id)
  let gone = try await refusal("a status of what is gone") { _ = try await runtime.podSandboxStatus(id) }
  try expect("code", gone.code, .notFound)
}

private func containerLife(_ stage: Stage) async throws {
  let runtime = stage.runtime
  let sandbox = stage.sandboxConfig()
  let pod = try await runtime.runPodSandbox(sandbox, runtimeHandler: "")
  let config = stage.config("web", Stage.web)
  let id = try await runtime.createContainer(config, in: pod, sandboxConfig: sandbox)
  var status = try await runtime.containerStatus(id)
  try expect("created", status.state, .created)
  try expect("not started", status.startedAt, 0)
  try await runtime.startContainer(id)
  status = try await runtime.containerStatus(id)
  try expect("running", status.state, .running)
  try expect("started", status.startedAt > status.createdAt)
  try expect("metadata", status.metadata, config.metadata)
  try expect("labels", status.labels, config.labels)
  try expect("annotations", status.annotations, config.annotations)
  try expect("image", status.image.image, "localhost/web:1")
  try expect("an image id", status.imageID.hasPrefix("sha256:"))
  try expect("log", status.logPath, sandbox.logDirectory + "/web.log")

  let listed = try await runtime.listContainers(ContainerFilter(sandboxID: pod))
  try expect("listed", listed.map(\.id), [id])
  try expect("sandbox", listed.map(\.sandboxID), [pod])
  try expect("none exited", try await runtime.listContainers(ContainerFilter(state: .exited)), [])

  let address = try await runtime.podSandboxStatus(pod).addresses.first ?? ""
  try await eventually("the page is served at \(address)") {
    get(address, "/")?.contains("It works.") == true
  }
  try expect("host name", get(address, "/cgi-bin/hostname")?.hasSuffix("pod\n"), true)

  let result = try await stage.shell(id, "echo out; echo err >&2; exit 7")
  try expect("output", result.text, "out\n")
  try expect("errors", String(decoding: result.standardError, as: UTF8.self), "err\n")
  try expect("exit code", result.exitCode, 7)
  let slow = try await refusal("a command that hangs") {
    _ = try await stage.shell(id, "sleep 1000", timeout: .seconds(1))
  }
  print("    a command that hangs: \(slow)")
  try expect("\(slow)", slow.code == .deadlineExceeded || slow.message.contains("timeout"))
  let missing = try await refusal("a command that is not there") {
    _ = try await runtime.execSync(id, command: ["/none"], timeout: .seconds(60))
  }
  try expect("\(missing)", missing.message.contains("/none"))

  try await runtime.stopContainer(id, gracePeriod: .seconds(60))
  status = try await runtime.containerStatus(id)
  try expect("exited", status.state, .exited)
  try expect("exit code", status.exitCode, 0)
  try expect("reason", status.reason, "Completed")
  try expect("finished", status.finishedAt > status.startedAt)
  try await runtime.stopContainer(id, gracePeriod: .zero)
  try await runtime.removeContainer(id)
  try await runtime.removeContainer(id)
  let gone = try await refusal("a status of what is gone") { _ = try await runtime.containerStatus(id) }
  try expect("code", gone.code, .notFound)
}

private func stopping(_ stage: Stage) async throws {
  let deaf = try await stage.run(
    stage.config("deaf", shell: "trap '' TERM; echo ready; while :; do sleep 1; done"))
  try await eventually("it listens") { contents(deaf.config.logDirectory + "/deaf.log").contains("ready") }
  let start = ContinuousClock.now
  try await stage.runtime.stopContainer(deaf.container, gracePeriod: .seconds(2))
  let status = try await stage.runtime.containerStatus(deaf.container)
  try expect("killed", status.exitCode, 137)
  try expect("after the grace period", .now - start >= .seconds(2))
}

private func failing(_ stage: Stage) async throws {
  let three = try await stage.run(stage.config("three", shell: "echo last words; exit 3"))
  let status = try await stage.hasExited(three.container)
  try expect("exit code", status.exitCode, 3)
  try expect("reason", status.reason, "Error")

  let sandbox = stage.sandboxConfig()
  let pod = try await stage.runtime.runPodSandbox(sandbox, runtimeHandler: "")
  var config = stage.config("none")
  config.command = ["/does/not/exist"]
  let id = try await stage.runtime.createContainer(config, in: pod, sandboxConfig: sandbox)
  let start = try await refusal("a program that is not there") { try await stage.runtime.startContainer(id) }
  try expect("\(start)", start.message.contains("/does/not/exist"))
  let image = try await refusal("an image that is not there") {
    _ = try await stage.runtime.createContainer(
      stage.config("x", ImageReference("localhost/none:1")), in: pod, sandboxConfig: sandbox)
  }
  try expect("\(image)", image.code, .notFound)
}

private func surroundings(_ stage: Stage) async throws {
  let shared = stage.folder + "/shared"
  mkdir(shared, 0o777)
  chmod(shared, 0o777)
  var config = stage.config("inside", shell: "sleep 1000000")
  config.environment = [EnvironmentVariable("GREETING", "hello world"), EnvironmentVariable("EMPTY", "")]
  config.workingDirectory = "/tmp"
  config.mounts = [
    Mount(containerPath: "/shared", hostPath: shared),
    Mount(containerPath: "/frozen", hostPath: shared, isReadOnly: true),
  ]
  config.security.runAsUser = 1_234
  config.security.runAsGroup = 2_345
  config.security.supplementalGroups = [3_456]
  config.security.droppedCapabilities = ["ALL"]
  config.security.forbidsNewPrivileges = true
  config.security.hasReadOnlyRoot = true
  config.security.maskedPaths = ["/proc/keys"]
  config.security.readOnlyPaths = ["/proc/sys"]
  config.security.seccomp = .unconfined
  let inside = try await stage.run(config)
  let script = """
    echo "$GREETING|$EMPTY|$(pwd)|$(id -u)|$(id -g)|$(id -G)"
    grep -E '^(CapEff|NoNewPrivs)' /proc/self/status | tr -s '\\t' ' '
    touch /frozen/x 2>/dev/null && echo frozen is writable
    touch /root-file 2>/dev/null && echo root is writable
    echo from inside > /shared/file
    hostname
    """
  let result = try await stage.shell(inside.container, script)
  try expect(
    "what it sees", result.text,
    "hello world||/tmp|1234|2345|2345 3456\nNoNewPrivs: 1\nCapEff: 0000000000000000\npod\n"
      .sortedLines(like: result.text))
  try expect("the shared file", contents(shared + "/file"), "from inside\n")
}

extension String {
  /// The same lines in the order of another text, where it has them: the kernel's order is no matter.
  fileprivate func sortedLines(like other: String) -> String {
    Set(split(separator: "\n")) == Set(other.split(separator: "\n")) ? other : self
  }
}

private func limits(_ stage: Stage) async throws {
  var config = stage.config("small", shell: "sleep 1000000")
  config.resources = LinuxResources(
    cpuPeriod: 100_000, cpuQuota: 50_000, cpuShares: 512, memoryLimitBytes: 64 << 20)
  let small = try await stage.run(config)
  func read(_ old: String, _ new: String) async throws -> String {
    let script = "cat /sys/fs/cgroup/\(old) 2>/dev/null || cat /sys/fs/cgroup/\(new)"
    return try await stage.shell(small.container, script).text
  }
  let memory = ("memory/memory.limit_in_bytes", "memory.max")
  try expect("memory", try await read(memory.0, memory.1), "\(64 << 20)\n")
  try await stage.runtime.updateContainerResources(
    small.container, LinuxResources(cpuPeriod: 100_000, cpuQuota: 20_000, memoryLimitBytes: 96 << 20))
  try expect("memory, changed", try await read(memory.0, memory.1), "\(96 << 20)\n")

  var greedy = stage.config("greedy", shell: "head -c 200m /dev/zero | tail; echo survived")
  greedy.command = ["/bin/tail", "-c", "500m", "/dev/zero"]
  greedy.resources = LinuxResources(memoryLimitBytes: 32 << 20)
  let killed = try await stage.run(greedy)
  let status = try await stage.hasExited(killed.container)
  try expect("killed for memory", status.reason, "OOMKilled")
  try expect("exit code", status.exitCode, 137)
}

private func absent(_ stage: Stage) async throws {
  let runtime = stage.runtime
  try await runtime.stopPodSandbox("none")
  try await runtime.removePodSandbox("none")
  try await runtime.stopContainer("none", gracePeriod: .zero)
  try await runtime.removeContainer("none")
  let calls: [(String, () async throws -> Void)] = [
    ("containerStatus", { _ = try await runtime.containerStatus("none") }),
    ("podSandboxStatus", { _ = try await runtime.podSandboxStatus("none") }),
    ("startContainer", { try await runtime.startContainer("none") }),
    ("exec", { _ = try await runtime.execSync("none", command: ["true"], timeout: nil) }),
    ("stats", { _ = try await runtime.containerStats("none") }),
    ("reopen", { try await runtime.reopenContainerLog("none") }),
    ("update", { try await runtime.updateContainerResources("none", LinuxResources(cpuShares: 2)) }),
  ]
  for (name, call) in calls {
    let error = try await refusal(name, call)
    try expect("\(name): \(error)", error.code, .notFound)
  }
}
