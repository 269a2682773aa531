public import Objects

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// The time, as a parameter: tests bring their own.
public protocol TimeSource: Sendable {
  /// The date, for what is written into objects.
  var now: Timestamp { get }
  /// The time since an origin of its own choice. Never goes back.
  var uptime: Duration { get }
  /// Waits.
  /// - Throws: `CancellationError` if the task is cancelled meanwhile.
  func sleep(for duration: Duration) async throws
}

/// The machine's time.
public struct SystemTime: TimeSource {
  private static let origin = ContinuousClock.now

  /// The machine's time.
  public init() {}

  /// The date by the machine's clock.
  public var now: Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(seconds: Int64(time.tv_sec), nanoseconds: Int32(time.tv_nsec))
  }

  /// The time since it was first asked for.
  public var uptime: Duration { ContinuousClock.now - Self.origin }

  /// Waits.
  public func sleep(for duration: Duration) async throws { try await Task.sleep(for: duration) }
}
