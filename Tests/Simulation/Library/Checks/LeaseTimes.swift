import MVCC

/// Whether leases end early, by the clock that lets them live the shortest.
///
/// A leader counts a lease's time by its own clock from the renewal on, and whoever leads later from a moment after
/// that. So when a lease expires, some machine's clock must have advanced by its whole TTL since the client asked for
/// the last renewal that it was told of.
///
/// Safe: because one thread at a time runs a world.
final class LeaseTimes: @unchecked Sendable {
  private unowned let world: World
  private var clocks: [MachineClock] = []
  private var renewed: [Int64: (seconds: Int64, readings: [Nanoseconds])] = [:]

  init(_ world: World) { self.world = world }

  func add(_ clock: MachineClock) { clocks.append(clock) }

  /// What all clocks show now: taken when a client asks.
  var readings: [Nanoseconds] { clocks.map(\.now) }

  /// A client was told that the lease has its whole TTL, of which it asked when the clocks showed `readings`.
  func renewed(_ lease: Int64, seconds: Int64, readings: [Nanoseconds]) {
    if let known = renewed[lease], zip(known.readings, readings).contains(where: { $0 > $1 }) { return }
    renewed[lease] = (seconds, readings)
  }

  func applied(_ command: Command, _ outcome: Outcome) {
    guard case .lease(let command) = command, case .success(.lease(let result)) = outcome.result else {
      return
    }
    switch command {
    case .expire:
      guard case .revoked(let leases) = result else { return }
      for lease in leases { expired(lease.id) }
    case .checkpoint: world.probes.count(.leaseCheckpointed)
    case .grant, .revoke: break
    }
  }

  private func expired(_ lease: Int64) {
    world.probes.count(.leaseExpired)
    guard let known = renewed.removeValue(forKey: lease) else { return }
    // A machine that came later leads after it came.
    let longest =
      clocks.enumerated().map { number, clock in
        clock.now - (number < known.readings.count ? known.readings[number] : clock.start)
      }.max() ?? 0
    // One leader's time is added to another's, whose clocks may have changed their rates in between.
    let tolerance = world.options.faults.contains(.drift) ? longest / 9 : 0
    if longest + tolerance < UInt64(known.seconds) * 1_000_000_000 {
      world.fail(
        """
        lease \(lease) of \(known.seconds) s ends \(longest / 1_000_000) ms after its last renewal
        """)
    }
  }
}
