import Dispatch
import Glibc
import Synchronization

/// A program that runs beside us, in a session of its own: what a terminal sends to us does not reach it, and it
/// outlives us unless it is stopped.
final class ChildProcess: Sendable {
  /// How a program ended.
  enum Ending: Sendable, Hashable, CustomStringConvertible {
    case exited(Int32)
    case killed(signal: Int32)

    /// From what `waitpid` reports (wait(2)).
    init(status: Int32) {
      let signal = status & 0x7F
      self = signal == 0 ? .exited((status >> 8) & 0xFF) : .killed(signal: signal)
    }

    var description: String {
      switch self {
      case .exited(let code): "exit code \(code)"
      case .killed(let signal): "signal \(signal)"
      }
    }
  }

  /// POSIX_SPAWN_SETSID of spawn.h, which Swift does not see.
  private static let newSession: Int16 = 0x80

  private struct State {
    var ending: Ending?
    var waiting: [CheckedContinuation<Ending, Never>] = []
  }

  let id: pid_t
  private let state = Mutex(State())

  /// Starts a program.
  /// - Parameters:
  ///   - arguments: the program first, looked up in PATH if it has no slash.
  ///   - log: a file that gets what it prints, at the end.
  init(_ arguments: [String], environment: [String], log: String) throws(ContainerdError) {
    let name = arguments.first ?? ""
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    // What we ignore, a program would ignore too.
    for signal in [SIGPIPE, SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGQUIT] { sigaddset(&signals, signal) }
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) | Self.newSession)

    var argumentPointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    var environmentPointers: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
    defer { for pointer in argumentPointers + environmentPointers { free(pointer) } }
    var id = pid_t()
    Self.keepDescriptors()
    let problem = posix_spawnp(&id, name, &actions, &attributes, &argumentPointers, &environmentPointers)
    guard problem == 0 else { throw .program(name, SystemText.error(problem)) }
    self.id = id
    // A thread of its own, which does nothing but wait.
    DispatchQueue(label: "wait for \(name)").async { [self] in reap() }
  }

  /// Keeps what is open here from going to the program, which outlives us: it would hold our sockets and locks, and
  /// whoever comes after us could not have them.
  private static func keepDescriptors() {
    guard let folder = opendir("/proc/self/fd") else { return }
    defer { closedir(folder) }
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      // One that is closed meanwhile is no harm.
      if let descriptor = Int32(name), descriptor > 2 { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    }
  }

  /// How it ended, once it has.
  func ending() async -> Ending {
    await withCheckedContinuation { continuation in
      let known = state.withLock { state in
        if state.ending == nil { state.waiting.append(continuation) }
        return state.ending
      }
      if let known { continuation.resume(returning: known) }
    }
  }

  var hasEnded: Bool { state.withLock { $0.ending != nil } }

  /// Sends a signal, unless it has ended.
  func signal(_ number: Int32) {
    // Under the lock that `reap` takes: its id cannot have become another's.
    state.withLock { if $0.ending == nil { kill(id, number) } }
  }

  private func reap() {
    var facts = siginfo_t()
    // Leaves it as it is, so that its id stays its own until the lock is held.
    while waitid(P_PID, id_t(id), &facts, WEXITED | WNOWAIT) != 0 && errno == EINTR {}
    var status: Int32 = 0
    let (ending, waiting) = state.withLock { state in
      while waitpid(id, &status, 0) < 0 && errno == EINTR {}
      let ending = Ending(status: status)
      defer { state.waiting = [] }
      state.ending = ending
      return (ending, state.waiting)
    }
    for continuation in waiting { continuation.resume(returning: ending) }
  }
}
