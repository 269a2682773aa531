import ContainerRuntime
import Glibc

/// A runtime that dies, and comes back.
let recoveryCases: [Case] = [
  ("pods go on while containerd is killed, and it comes back", killed),
  ("many containers at once", crowd),
  ("a containerd that runs is taken over", takenOver),
]

private func killed(_ stage: Stage) async throws {
  let web = try await stage.run(stage.config("web", Stage.web))
  let runtime = stage.runtime
  let address = try await runtime.podSandboxStatus(web.sandbox).addresses.first ?? ""
  try await eventually("the page is served") { get(address, "/")?.contains("It works.") == true }
  for round in 1...3 {
    guard let old = await stage.containerd.processID else { throw Mismatch("containerd does not run") }
    let hanging = Task { try await stage.shell(web.container, "sleep 1000000", timeout: nil) }
    try await eventually("the command runs") {
      try await stage.shell(web.container, "ps | grep -c '[s]leep 1000000'").text.hasPrefix("\(round)")
    }
    kill(old, SIGKILL)
    let lost = try await refusal("a call under way") { _ = try await hanging.value }
    try expect("\(lost)", lost.code, .unavailable)
    try expect("the page is served meanwhile", get(address, "/")?.contains("It works.") == true)
    try await eventually("containerd is back") { try await runtime.status(verbose: false).isRuntimeReady }
    let new = await stage.containerd.processID
    try expect("another process", new != nil && new != old)
    try expect("the container runs", try await runtime.containerStatus(web.container).state, .running)
    try expect("its sandbox too", try await runtime.podSandboxStatus(web.sandbox).sandbox.state, .ready)
    try expect("its address stays", try await runtime.podSandboxStatus(web.sandbox).addresses, [address])
    try expect("commands work", try await stage.shell(web.container, "echo yes").text, "yes\n")
  }
  try await runtime.stopContainer(web.container, gracePeriod: .seconds(60))
  try expect("stopped", try await runtime.containerStatus(web.container).state, .exited)
}

private func crowd(_ stage: Stage) async throws {
  let runtime = stage.runtime
  let sandbox = stage.sandboxConfig()
  let pod = try await runtime.runPodSandbox(sandbox, runtimeHandler: "")
  let configs = (0..<12).map { stage.config("c\($0)", shell: "sleep 1000000") }
  let ids = try await withThrowingTaskGroup(of: String.self) { group in
    for config in configs {
      group.addTask {
        let id = try await runtime.createContainer(config, in: pod, sandboxConfig: sandbox)
        try await runtime.startContainer(id)
        return id
      }
    }
    return try await group.reduce(into: []) { $0.append($1) }
  }
  try expect(
    "all run",
    try await runtime.listContainers(ContainerFilter(state: .running, sandboxID: pod)).map(\.id).sorted(),
    ids.sorted())
  try await runtime.removePodSandbox(pod)
  try expect("all gone", try await runtime.listContainers(ContainerFilter()), [])
}

private func takenOver(_ stage: Stage) async throws {
  let runtime = stage.runtime
  let pod = try await runtime.runPodSandbox(stage.sandboxConfig(), runtimeHandler: "")
  let layout = ContainerdLayout(folder: stage.folder + "/containerd")
  let first = await stage.containerd.processID
  await stage.containerd.release()
  let second = ContainerdProcess(
    ContainerdConfiguration(layout: layout, machine: .current(folder: layout.folder)), on: stage.eventLoop
  ) { print("    report: \($0)") }
  try await second.start()
  try expect("the same process", await second.processID, first)
  kill(first ?? 0, SIGKILL)
  try await eventually("it is started again") {
    let now = await second.processID
    return try await runtime.status(verbose: false).isRuntimeReady && now != nil && now != first
  }
  let third = await second.processID
  try expect("the sandbox is ready", try await runtime.podSandboxStatus(pod).sandbox.state, .ready)
  await second.release()

  var changed = ContainerdConfiguration(layout: layout, machine: .current(folder: layout.folder))
  changed.sandboxImage = "localhost/busybox:1"
  let other = ContainerdProcess(changed, on: stage.eventLoop) { print("    report: \($0)") }
  try await other.start()
  try expect("another configuration is another process", await other.processID != third)
  try expect("the sandbox is still ready", try await runtime.podSandboxStatus(pod).sandbox.state, .ready)
  await other.stop()
  try expect("stopped", await other.processID, nil)
  let away = try await refusal("a call to what was stopped") { _ = try await runtime.version() }
  try expect("\(away)", away.code, .unavailable)

  try await stage.containerd.start()
  try await eventually("the sandbox is there") {
    try await runtime.podSandboxStatus(pod).sandbox.state == .ready
  }
}
