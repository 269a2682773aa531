import GRPC
import Glibc
public import NIOCore

/// A containerd of our own: started below a folder, started again when it dies, stopped when that is wanted.
///
/// Its containers do not depend on it, nor on us: they go on while it is away. A containerd that an earlier process of
/// ours left behind in the same folder is taken over.
public actor ContainerdProcess {
  private enum Life {
    case child(ChildProcess)
    /// Started by an earlier process of ours.
    case adopted(pid_t)
  }

  /// Lines for the operator.
  public typealias Report = @Sendable (String) -> Void

  /// How long it has to answer its first call, and to stop when it is told to.
  private static let startPatience = Duration.seconds(120)
  private static let stopPatience = Duration.seconds(30)
  /// How often something is looked at that tells nothing by itself.
  private static let glance = Duration.milliseconds(100)
  /// What it printed is kept up to this size, and once more in a file beside it.
  private static let logBytesMax = 16 << 20

  private let configuration: ContainerdConfiguration
  private let program: String
  private let eventLoop: any EventLoop
  private let report: Report
  private var life: Life?
  private var supervision: Task<Void, Never>?
  private var isStarting = false
  private var isStopping = false

  /// A containerd that is not started yet.
  /// - Parameter program: a name that is looked up in PATH, or a path.
  public init(
    _ configuration: ContainerdConfiguration, program: String = "containerd", on eventLoop: any EventLoop,
    report: @escaping Report
  ) {
    self.configuration = configuration
    self.program = program
    self.eventLoop = eventLoop
    self.report = report
  }

  /// Where it listens.
  public nonisolated var socket: String { configuration.layout.socket }

  /// Its process, while it runs.
  public var processID: Int32? {
    switch life {
    case .child(let child): child.hasEnded ? nil : child.id
    case .adopted(let id): id
    case nil: nil
    }
  }

  // MARK: Starting and stopping

  /// Starts it, unless it runs or is being started, and returns when it answers.
  public func start() async throws {
    guard supervision == nil, !isStarting else { return }
    isStarting = true
    defer { isStarting = false }
    let layout = configuration.layout
    guard layout.hasRoomForSocket else { throw ContainerdError.folderTooLong(layout.folder) }
    for folder in [layout.folder, layout.root, layout.state, layout.networks] {
      try SmallFile.makeFolder(folder)
    }
    let former = HostFile.text(layout.configuration)
    try SmallFile.write(configuration.text, to: layout.configuration)
    isStopping = false
    if let left = leftBehind() {
      life = .adopted(left)
      if former == configuration.text {
        report("containerd (process \(left)) runs already and is taken over")
      } else {
        report("containerd (process \(left)) runs with another configuration and is started again")
        await endLife()
      }
    }
    if life == nil { try launch() }
    supervision = Task { await supervise() }
    do {
      try await untilItAnswers()
    } catch {
      await stop()
      throw error
    }
  }

  /// Watches it no longer and leaves it running: the next process of ours in this folder takes it over.
  public func release() async {
    isStopping = true
    supervision?.cancel()
    supervision = nil
    life = nil
  }

  /// Stops it; its containers go on. Returns when it has ended.
  public func stop() async {
    isStopping = true
    supervision?.cancel()
    await endLife()
    await supervision?.value
    supervision = nil
  }

  private func endLife() async {
    guard let life else { return }
    signal(SIGTERM)
    if await !hasEnded(life, within: Self.stopPatience) {
      report("containerd does not stop and is killed")
      signal(SIGKILL)
      _ = await hasEnded(life, within: Self.stopPatience)
    }
    self.life = nil
  }

  private func launch() throws(ContainerdError) {
    let layout = configuration.layout
    LogFile(path: layout.log).trim(to: Self.logBytesMax)
    let child = try ChildProcess(
      [program, "--config", layout.configuration], environment: Self.programEnvironment,
      log: layout.log)
    life = .child(child)
  }

  private func signal(_ number: Int32) {
    switch life {
    case .child(let child): child.signal(number)
    case .adopted(let id): if isOurs(id) { kill(id, number) }
    case nil: break
    }
  }

  // MARK: Supervision

  private func supervise() async {
    var policy = RestartPolicy()
    while !isStopping, !Task.isCancelled {
      guard let life else { return }
      let start = ContinuousClock.now
      let ending = await end(of: life)
      guard !isStopping, !Task.isCancelled else { return }
      let pause = policy.pause(afterRunningFor: .now - start)
      report("containerd ended (\(ending)); it is started again in \(pause)")
      try? await Task.sleep(for: pause)
      guard !isStopping, !Task.isCancelled else { return }
      do {
        try launch()
      } catch {
        report("\(error)")
        // The same way as one that ended at once.
        continue
      }
    }
  }

  /// Waits for it to end, whatever that takes, and keeps its log small meanwhile.
  private func end(of life: Life) async -> String {
    let log = LogFile(path: configuration.layout.log)
    let trimming = Task {
      while !Task.isCancelled {
        log.trim(to: Self.logBytesMax)
        try? await Task.sleep(for: .seconds(30))
      }
    }
    defer { trimming.cancel() }
    switch life {
    case .child(let child): return await child.ending().description
    case .adopted(let id):
      while isOurs(id), !Task.isCancelled { try? await Task.sleep(for: Self.glance) }
      return "it was not our child"
    }
  }

  private func hasEnded(_ life: Life, within patience: Duration) async -> Bool {
    let end = ContinuousClock.now + patience
    while ContinuousClock.now < end {
      switch life {
      case .child(let child): if child.hasEnded { return true }
      case .adopted(let id): if !isOurs(id) { return true }
      }
      // The task may be cancelled, which must not turn this into a busy loop.
      await Task { try? await Task.sleep(for: Self.glance) }.value
    }
    return false
  }

  private func untilItAnswers() async throws {
    let client = CRIClient(.unixSocket(configuration.layout.socket), on: eventLoop)
    defer { client.close() }
    let end = ContinuousClock.now + Self.startPatience
    while ContinuousClock.now < end {
      if (try? await client.version()) != nil { return }
      try await Task.sleep(for: Self.glance)
    }
    throw ContainerdError.silent(log: configuration.layout.log)
  }

  // MARK: One that was left behind

  /// The containerd that runs with our configuration's file.
  private func leftBehind() -> pid_t? {
    guard let processes = opendir("/proc") else { return nil }
    defer { closedir(processes) }
    while let entry = readdir(processes) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if let id = pid_t(name), isOurs(id) { return id }
    }
    return nil
  }

  private func isOurs(_ id: pid_t) -> Bool {
    Self.isContainerd(
      commandLine: HostFile.text("/proc/\(id)/cmdline"), configuration: configuration.layout.configuration)
  }

  /// - Parameter commandLine: arguments, each with a zero byte after it; empty for a process that has ended.
  static func isContainerd(commandLine: String, configuration: String) -> Bool {
    let arguments = commandLine.split(separator: "\0").map(String.init)
    return arguments.dropFirst() == ["--config", configuration]
  }

  // MARK: Environment

  /// What programs are started with.
  static var programEnvironment: [String] {
    var result: [String] = []
    var next = environ
    while let entry = next.pointee {
      result.append(String(cString: entry))
      next += 1
    }
    return environment(of: result)
  }

  /// What it starts lies where administrators' programs do, which a user's PATH may lack; and it is not the one that a
  /// service manager waits for.
  static func environment(of own: [String]) -> [String] {
    let folders = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    let path = own.last { $0.hasPrefix("PATH=") }.map { "\($0):\(folders)" } ?? "PATH=\(folders)"
    let dropped = ["PATH=", "NOTIFY_SOCKET=", "LISTEN_FDS=", "LISTEN_PID=", "LISTEN_FDNAMES="]
    return own.filter { entry in !dropped.contains { entry.hasPrefix($0) } } + [path]
  }
}
