public import Client
public import ContainerRuntime
import Glibc
import Objects
public import Kubelet

/// The bounds of containers' logs.
public struct LogLimits: Sendable, Hashable {
  /// A log of this size is full (`containerLogMaxSize`).
  public var maximumBytes: Int64 = 10 << 20
  /// So many files a container has, the one that is written included (`containerLogMaxFiles`); 2 at least.
  public var maximumFiles = 5
  /// How often sizes are looked at (`containerLogMonitorInterval`).
  public var period = Duration.seconds(10)

  /// The kubelet's defaults.
  public init() {}
}

/// Sees to it that no container fills the disk with its log: a full one gets another name, and the runtime begins anew.
/// Full logs are not compressed.
public struct LogRotation: Sendable {
  /// What of the runtime is needed.
  struct Runtime: Sendable {
    /// All containers.
    var list: @Sendable () async throws(RuntimeError) -> [Container]
    /// The full path of a container's log.
    var path: @Sendable (_ id: String) async throws(RuntimeError) -> String
    /// Has it open a container's log anew.
    var reopen: @Sendable (_ id: String) async throws(RuntimeError) -> Void
  }

  /// What is known from the last look.
  struct Memory: Sendable {
    /// The paths of logs, by the containers' ids.
    var paths: [String: String] = [:]
    /// All containers.
    var ids: Set<String> = []
    /// What has failed, so that it is told once.
    var failures: Set<String> = []
  }

  private let runtime: Runtime
  private let limits: LogLimits
  private let files: any NodeFiles
  private let time: any TimeSource
  private let log: @Sendable (String) -> Void

  /// For the containers of a runtime.
  /// - Parameter log: gets a line for each failure.
  public init(
    runtime: any ContainerRuntime, limits: LogLimits = LogLimits(), files: any NodeFiles = SystemFiles(),
    time: any TimeSource = SystemTime(), log: @escaping @Sendable (String) -> Void
  ) {
    self.init(
      Runtime(
        list: { () async throws(RuntimeError) in try await runtime.listContainers(ContainerFilter()) },
        path: { id async throws(RuntimeError) in try await runtime.containerStatus(id).logPath },
        reopen: { id async throws(RuntimeError) in try await runtime.reopenContainerLog(id) }),
      limits: limits, files: files, time: time, log: log)
  }

  init(
    _ runtime: Runtime, limits: LogLimits, files: any NodeFiles, time: any TimeSource,
    log: @escaping @Sendable (String) -> Void
  ) {
    self.runtime = runtime
    self.limits = limits
    self.files = files
    self.time = time
    self.log = log
  }

  /// Looks after the logs until the task is cancelled.
  public func run() async {
    var memory = Memory()
    while true {
      do { try await time.sleep(for: limits.period) } catch { return }
      await look(&memory)
    }
  }

  /// Looks once.
  func look(_ memory: inout Memory) async {
    let containers: [Container]
    do throws(RuntimeError) {
      containers = try await runtime.list()
    } catch {
      // The kubelet tells of a runtime that is away.
      return
    }
    let ids = Set(containers.map(\.id))
    let hasChanged = ids != memory.ids
    memory.ids = ids
    memory.paths = memory.paths.filter { ids.contains($0.key) }
    var failures: Set<String> = []
    for container in containers where container.state == .running {
      guard let path = await path(of: container.id, &memory) else { continue }
      if let failure = await look(container.id, path) { failures.insert(failure) }
      if hasChanged { removeLeftovers(beside: path, container, among: containers) }
    }
    for failure in failures.subtracting(memory.failures).sorted() { log(failure) }
    memory.failures = failures
  }

  private func path(of id: String, _ memory: inout Memory) async -> String? {
    if let known = memory.paths[id] { return known }
    // One that has just gone has no log that grows.
    guard let path = try? await runtime.path(id), path.hasPrefix("/") else { return nil }
    memory.paths[id] = path
    return path
  }

  /// Says what has failed.
  private func look(_ id: String, _ path: String) async -> String? {
    do {
      guard let size = try Self.size(path) else {
        // Somebody has removed it; what the container says would be lost.
        try await runtime.reopen(id)
        return nil
      }
      if size >= limits.maximumBytes { try await rotate(id, path) }
      return nil
    } catch {
      let text = (error as? NodeFileError)?.message ?? (error as? RuntimeError)?.message ?? "\(error)"
      return "the log \(path) cannot be rotated: \(text)"
    }
  }

  private func rotate(_ id: String, _ path: String) async throws {
    let (folder, name) = Self.split(path)
    for old in LogFileNames.excess(try files.list(folder), of: name, limit: limits.maximumFiles) {
      try files.remove("\(folder)/\(old)")
    }
    let full = "\(path).\(LogFileNames.suffix(date: time.now.text))"
    // Within one second: the next look will do.
    guard try files.kind(full) == nil else { return }
    try files.rename(path, to: full)
    do {
      try await runtime.reopen(id)
    } catch {
      // The runtime goes on writing to the file that it has open, which has to have the name that is read.
      try files.rename(full, to: path)
      throw error
    }
  }

  private func removeLeftovers(beside path: String, _ container: Container, among containers: [Container]) {
    let (folder, name) = Self.split(path)
    guard let current = LogFileNames.attempt(of: name), let names = try? files.list(folder) else { return }
    let label = "io.kubernetes.pod.uid"
    let same = containers.filter {
      $0.metadata.name == container.metadata.name && $0.labels[label] == container.labels[label]
    }
    let attempts = Set(same.map(\.metadata.attempt))
    for old in LogFileNames.leftovers(names, attempts: attempts, current: current) {
      // Whatever cannot be removed goes with its pod.
      try? files.remove("\(folder)/\(old)")
    }
  }

  private static func split(_ path: String) -> (folder: String, name: String) {
    let slash = path.lastIndex(of: "/") ?? path.startIndex
    return (String(path[..<slash]), String(path[slash...].dropFirst()))
  }

  /// Bytes of a file; nil if it is not there.
  private static func size(_ path: String) throws(NodeFileError) -> Int64? {
    var status = stat()
    guard stat(path, &status) == 0 else {
      if errno == ENOENT { return nil }
      throw NodeFileError("stat \(path): \(KernelFile.reason())")
    }
    return Int64(status.st_size)
  }
}
