import ContainerRuntime
import Objects
import Synchronization

/// A runtime in memory: containers run until a test ends them.
final class FakeRuntime: ContainerRuntime {
  struct State {
    var sandboxes: [PodSandboxStatus] = []
    var containers: [ContainerStatus] = []
    var sandboxOf: [String: String] = [:]
    var configs: [String: ContainerConfig] = [:]
    var images: [Image] = []
    var calls: [String] = []
    var serial: Int64 = 0
    var execAnswer: Result<ExecResult, RuntimeError> = .success(ExecResult())
    var failures: [String: RuntimeError] = [:]
    /// Calls of these names wait until the task is cancelled.
    var hanging: Set<String> = []
    var handlers: [String] = []
    var credentials: [RegistryCredentials?] = []
    var filesystems: [FilesystemUsage] = []
  }

  let state = Mutex(State())

  init(images: [String] = []) {
    state.withLock { $0.images = images.map { Image(id: "sha256:\($0)", tags: [$0]) } }
  }

  var execAnswer: Result<ExecResult, RuntimeError> {
    get { state.withLock { $0.execAnswer } }
    set { state.withLock { $0.execAnswer = newValue } }
  }

  var calls: [String] { state.withLock { $0.calls } }
  func config(_ id: String) -> ContainerConfig? { state.withLock { $0.configs[id] } }

  /// Calls of this name fail.
  func fail(_ call: String, _ error: RuntimeError?) { state.withLock { $0.failures[call] = error } }

  /// Calls of this name, such as `stop`, wait until they are cancelled.
  func hang(_ call: String, _ hangs: Bool = true) {
    state.withLock { if hangs { $0.hanging.insert(call) } else { $0.hanging.remove(call) } }
  }

  private func wait(_ call: String) async throws(RuntimeError) {
    while state.withLock({ $0.hanging.contains(call) }) {
      do { try await Task.sleep(for: .milliseconds(1)) } catch { throw RuntimeError(.cancelled, call) }
    }
  }

  /// A container's process ends.
  func end(_ id: String, exitCode: Int32) {
    state.withLock { Self.end(&$0, id, exitCode: exitCode) }
  }

  private static func end(_ state: inout State, _ id: String, exitCode: Int32) {
    guard let index = state.containers.firstIndex(where: { $0.id == id && $0.state == .running }) else {
      return
    }
    state.containers[index].state = .exited
    state.containers[index].exitCode = exitCode
    state.containers[index].finishedAt = moment(&state)
  }

  private static func moment(_ state: inout State) -> Int64 {
    state.serial += 1
    return 1_767_225_600_000_000_000 + state.serial
  }

  private func call<Value>(
    _ text: String, _ body: (inout State) -> Result<Value, RuntimeError>
  ) throws(RuntimeError) -> Value {
    let result = state.withLock { state -> Result<Value, RuntimeError> in
      let name = String(text.prefix { $0 != " " })
      if let failure = state.failures[name] { return .failure(failure) }
      if !name.hasPrefix("list") { state.calls.append(text) }
      return body(&state)
    }
    return try result.get()
  }

  func version() async throws(RuntimeError) -> RuntimeVersion {
    RuntimeVersion(name: "fake", version: "1.0")
  }

  func status(verbose: Bool) async throws(RuntimeError) -> RuntimeStatus {
    try call("listStatus") { _ in
      .success(
        RuntimeStatus(conditions: [
          RuntimeStatus.Condition(type: "RuntimeReady", isTrue: true),
          RuntimeStatus.Condition(type: "NetworkReady", isTrue: true),
        ]))
    }
  }

  func updateRuntimeConfig(podCIDR: String) async throws(RuntimeError) {}
  func runtimeConfig() async throws(RuntimeError) -> CgroupDriver { .cgroupfs }

  func runPodSandbox(
    _ config: PodSandboxConfig, runtimeHandler: String
  ) async throws(RuntimeError) -> String {
    try call("runSandbox \(config.metadata.name).\(config.metadata.attempt)") { state in
      state.handlers.append(runtimeHandler)
      let id = "sandbox-\(config.metadata.uid)-\(config.metadata.attempt)"
      let sandbox = PodSandbox(
        id: id, metadata: config.metadata, state: .ready, createdAt: Self.moment(&state),
        labels: config.labels)
      state.sandboxes.append(
        PodSandboxStatus(
          sandbox: sandbox, addresses: ["10.1.0.2"],
          namespaces: config.linux.security.namespaces))
      return .success(id)
    }
  }

  func stopPodSandbox(_ id: String) async throws(RuntimeError) {
    try call("stopSandbox \(id)") { state in
      for index in state.sandboxes.indices where state.sandboxes[index].sandbox.id == id {
        state.sandboxes[index].sandbox.state = .notReady
      }
      for container in state.containers where state.sandboxOf[container.id] == id {
        Self.end(&state, container.id, exitCode: 137)
      }
      return .success(())
    }
  }

  func removePodSandbox(_ id: String) async throws(RuntimeError) {
    try call("removeSandbox \(id)") { state in
      state.sandboxes.removeAll { $0.sandbox.id == id }
      let sandboxOf = state.sandboxOf
      state.containers.removeAll { sandboxOf[$0.id] == id }
      return .success(())
    }
  }

  func podSandboxStatus(_ id: String) async throws(RuntimeError) -> PodSandboxStatus {
    try call("listSandboxStatus") { state in
      state.sandboxes.first { $0.sandbox.id == id }.map { .success($0) }
        ?? .failure(RuntimeError(.notFound, id))
    }
  }

  func listPodSandboxes(_ filter: PodSandboxFilter) async throws(RuntimeError) -> [PodSandbox] {
    try call("listSandboxes") { state in
      .success(
        state.sandboxes.map(\.sandbox).filter { sandbox in
          filter.labels.allSatisfy { sandbox.labels[$0.key] == $0.value }
        })
    }
  }

  func createContainer(
    _ config: ContainerConfig, in sandbox: String, sandboxConfig: PodSandboxConfig
  ) async throws(RuntimeError) -> String {
    try call("create \(config.metadata.name).\(config.metadata.attempt)") { state in
      let id = "\(config.metadata.name)-\(config.metadata.attempt)"
      state.containers.append(
        ContainerStatus(
          id: id, metadata: config.metadata, state: .created, createdAt: Self.moment(&state),
          image: config.image, imageReference: config.image.image, labels: config.labels,
          annotations: config.annotations, mounts: config.mounts, logPath: "/log/\(id)"))
      state.sandboxOf[id] = sandbox
      state.configs[id] = config
      return .success(id)
    }
  }

  func startContainer(_ id: String) async throws(RuntimeError) {
    try call("start \(id)") { state in
      for index in state.containers.indices where state.containers[index].id == id {
        state.containers[index].state = .running
        state.containers[index].startedAt = Self.moment(&state)
      }
      return .success(())
    }
  }

  func stopContainer(_ id: String, gracePeriod: Duration) async throws(RuntimeError) {
    if gracePeriod > .seconds(5) { try await wait("stop") }
    try call("stop \(id) \(gracePeriod.components.seconds)") { state in
      Self.end(&state, id, exitCode: 143)
      return .success(())
    }
  }

  func removeContainer(_ id: String) async throws(RuntimeError) {
    try call("remove \(id)") { state in
      state.containers.removeAll { $0.id == id }
      return .success(())
    }
  }

  func listContainers(_ filter: ContainerFilter) async throws(RuntimeError) -> [Container] {
    try call("listContainers") { state in
      .success(
        state.containers.filter { container in
          filter.labels.allSatisfy { container.labels[$0.key] == $0.value }
        }.map {
          Container(
            id: $0.id, sandboxID: state.sandboxOf[$0.id] ?? "", metadata: $0.metadata, image: $0.image,
            state: $0.state, createdAt: $0.createdAt, labels: $0.labels, annotations: $0.annotations)
        })
    }
  }

  func containerStatus(_ id: String) async throws(RuntimeError) -> ContainerStatus {
    try call("listContainerStatus") { state in
      state.containers.first { $0.id == id }.map { .success($0) } ?? .failure(RuntimeError(.notFound, id))
    }
  }

  func updateContainerResources(_ id: String, _ resources: LinuxResources) async throws(RuntimeError) {}
  func reopenContainerLog(_ id: String) async throws(RuntimeError) {}

  func execSync(
    _ id: String, command: [String], timeout: Duration?
  ) async throws(RuntimeError) -> ExecResult {
    try await wait("exec")
    return try call("exec \(id) \(command.joined(separator: " "))") { $0.execAnswer }
  }

  func exec(_ id: String, command: [String], streams: AttachedStreams) async throws(RuntimeError) -> String {
    throw RuntimeError(.unimplemented, "exec")
  }
  func attach(_ id: String, streams: AttachedStreams) async throws(RuntimeError) -> String {
    throw RuntimeError(.unimplemented, "attach")
  }
  func portForward(_ sandbox: String, ports: [Int32]) async throws(RuntimeError) -> String {
    throw RuntimeError(.unimplemented, "portForward")
  }
  func containerStats(_ id: String) async throws(RuntimeError) -> ContainerStats {
    throw RuntimeError(.unimplemented, "stats")
  }
  func listContainerStats(_ filter: ContainerFilter) async throws(RuntimeError) -> [ContainerStats] { [] }
  func podSandboxStats(_ id: String) async throws(RuntimeError) -> PodSandboxStats {
    throw RuntimeError(.unimplemented, "stats")
  }
  func listPodSandboxStats(_ filter: PodSandboxFilter) async throws(RuntimeError) -> [PodSandboxStats] { [] }
  func containerEvents() -> AsyncThrowingStream<ContainerEvent, any Error> {
    AsyncThrowingStream { $0.finish(throwing: RuntimeError(.unimplemented, "events")) }
  }

  func listImages(_ image: String) async throws(RuntimeError) -> [Image] { state.withLock { $0.images } }

  func imageStatus(_ image: ImageReference) async throws(RuntimeError) -> Image? {
    try call("listImage") { state in
      .success(state.images.first { $0.tags.contains(image.image) || $0.id == image.image })
    }
  }

  func pullImage(
    _ image: ImageReference, credentials: RegistryCredentials?, sandboxConfig: PodSandboxConfig?
  ) async throws(RuntimeError) -> String {
    try await wait("pull")
    return try call("pull \(image.image)") { state in
      state.credentials.append(credentials)
      state.images.append(Image(id: "sha256:\(image.image)", tags: [image.image]))
      return .success("sha256:\(image.image)")
    }
  }

  func removeImage(_ image: ImageReference) async throws(RuntimeError) {
    try call("removeImage \(image.image)") { state in
      state.images.removeAll { $0.id == image.image || $0.tags.contains(image.image) }
      return .success(())
    }
  }

  func imageFilesystems() async throws(RuntimeError) -> [FilesystemUsage] {
    state.withLock { $0.filesystems }
  }
}
