public import Raft
import Synchronization

/// What passed between this member and one of the others, for metrics (etcd: `etcd_network_…`).
public struct PeerStatistics: Sendable {
  /// The other member.
  public var member: MemberID
  /// Whether messages can be sent to it at present.
  public var isActive = false
  /// Bytes sent to it, snapshots included (`etcd_network_peer_sent_bytes_total`).
  public var sentBytes: UInt64 = 0
  /// Bytes received from it (`etcd_network_peer_received_bytes_total`).
  public var receivedBytes: UInt64 = 0
  /// Messages sent to it.
  public var sentMessages: UInt64 = 0
  /// Messages received from it.
  public var receivedMessages: UInt64 = 0
  /// Messages that were dropped because its queue was full or it could not be reached
  /// (`etcd_network_peer_sent_failures_total`).
  public var sendFailures: UInt64 = 0
  /// Connections of it that ended by what it sent (`etcd_network_peer_received_failures_total`).
  public var receiveFailures: UInt64 = 0
  /// Times that it was lost (`etcd_network_disconnected_peers_total`).
  public var disconnections: UInt64 = 0
  /// Snapshots that it has all of, and those that did not arrive (`etcd_network_snapshot_send_success`, `…_failures`).
  public var sentSnapshots: UInt64 = 0
  /// See `sentSnapshots`.
  public var failedSnapshots: UInt64 = 0
  /// The newest round-trip time, in nanoseconds; nil before there is one.
  public var roundTripNanoseconds: UInt64?
  /// Round trips by `roundTripBounds`: how many took no longer than that bound and longer than the one before; the last
  /// count is of those beyond all bounds (`etcd_network_peer_round_trip_time_seconds`).
  public var roundTripCounts = [UInt64](repeating: 0, count: PeerStatistics.roundTripBounds.count + 1)
  /// All round-trip times together, in nanoseconds.
  public var roundTripNanosecondsSum: UInt64 = 0

  /// etcd's buckets of round-trip times, in nanoseconds: 0.1 ms, doubling, up to 3.28 s.
  public static let roundTripBounds: [UInt64] = (0..<16).map { 100_000 << UInt64($0) }

  /// Nothing has passed yet.
  public init(member: MemberID) { self.member = member }
}

/// The counters of one peer; any thread.
final class PeerCounters: Sendable {
  private let values: Mutex<PeerStatistics>
  private let since = Mutex<UInt64?>(nil)
  private let isOut = Mutex(false)

  init(member: MemberID) { values = Mutex(PeerStatistics(member: member)) }

  var statistics: PeerStatistics {
    var statistics = values.withLock { $0 }
    statistics.isActive = activeSince != nil
    return statistics
  }

  /// Since when messages can be sent, by the node's clock; nil when they cannot.
  var activeSince: UInt64? { since.withLock { $0 } }

  func update(_ change: (inout PeerStatistics) -> Void) { values.withLock { change(&$0) } }

  func setActive(since time: UInt64?) {
    let ended = since.withLock { since in
      defer { since = time }
      return since != nil && time == nil
    }
    if ended { update { $0.disconnections += 1 } }
  }

  /// Whether this is the first that is heard of an outage: one is told once, however many connections it ends.
  func beginsOutage() -> Bool {
    isOut.withLock { isOut in
      defer { isOut = true }
      return !isOut
    }
  }

  func endOutage() { isOut.withLock { $0 = false } }

  func roundTrip(nanoseconds: UInt64) {
    let bucket = PeerStatistics.roundTripBounds.firstIndex { nanoseconds <= $0 }
    update { statistics in
      statistics.roundTripNanoseconds = nanoseconds
      statistics.roundTripNanosecondsSum += nanoseconds
      statistics.roundTripCounts[bucket ?? PeerStatistics.roundTripBounds.count] += 1
    }
  }
}
