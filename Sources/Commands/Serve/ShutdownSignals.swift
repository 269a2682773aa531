import Glibc

/// SIGTERM and SIGINT, taken one at a time instead of ending the process.
public struct ShutdownSignals: Sendable {
  /// Blocks the signals for this thread and every thread it starts from now on: call it before any is
  /// started. Also makes a write to a closed pipe or socket an error instead of the end of the process.
  public static func install() -> ShutdownSignals {
    signal(SIGPIPE, SIG_IGN)
    var set = mask
    pthread_sigmask(SIG_BLOCK, &set, nil)
    return ShutdownSignals()
  }

  /// Waits for the next of the two, and returns its number.
  public func wait() -> Int32 {
    var set = Self.mask
    var number: Int32 = 0
    while sigwait(&set, &number) != 0 {}
    return number
  }

  /// Waits for the next of the two for so long, at most; nil when none has come.
  public func wait(milliseconds: Int) -> Int32? {
    var set = Self.mask
    var time = timespec(tv_sec: milliseconds / 1000, tv_nsec: milliseconds % 1000 * 1_000_000)
    let number = sigtimedwait(&set, nil, &time)
    return number > 0 ? number : nil
  }

  /// From now on a further signal ends the process at once, with the exit code a shell expects (128 + number).
  public func forceExitOnNext() {
    // The thread is never joined: it ends with the process.
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { _ in
        Glibc._exit(128 + ShutdownSignals().wait())
      }, nil)
  }

  /// The name of one of the two signals.
  public static func name(_ number: Int32) -> String {
    number == SIGTERM ? "SIGTERM" : number == SIGINT ? "SIGINT" : "signal \(number)"
  }

  private init() {}

  private static var mask: sigset_t {
    var set = sigset_t()
    sigemptyset(&set)
    sigaddset(&set, SIGTERM)
    sigaddset(&set, SIGINT)
    return set
  }
}
