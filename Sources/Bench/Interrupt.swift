internal import Glibc
internal import Synchronization

/// Ctrl-C and SIGTERM: the first asks the run to end with a report, the second ends the process.
public enum Interrupt {
  private static let signals = Atomic<Int>(0)

  /// Whether a signal came since `install`.
  public static var isRequested: Bool { signals.load(ordering: .relaxed) > 0 }

  /// Takes the signals over from the system.
  public static func install() {
    // Read once here, so that the handler finds the counter made: it may do nothing but count and exit.
    _ = isRequested
    for number in [SIGINT, SIGTERM] {
      signal(number) { number in
        if Interrupt.signals.add(1, ordering: .relaxed).oldValue > 0 { _exit(128 + number) }
      }
    }
  }

  /// Leaves signals to the system's default again.
  public static func remove() {
    for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
  }
}
