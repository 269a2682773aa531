/// What passed between a member and one of the others.
public struct PeerTraffic: Sendable {
  /// The other member.
  public var member: UInt64
  /// Whether it can be reached now.
  public var isActive = false
  /// Bytes sent to it.
  public var sentBytes: UInt64 = 0
  /// Bytes received from it.
  public var receivedBytes: UInt64 = 0
  /// Messages that did not reach it.
  public var sendFailures: UInt64 = 0
  /// Connections of it that ended by what it sent.
  public var receiveFailures: UInt64 = 0
  /// Times that it was lost.
  public var disconnections: UInt64 = 0
  /// Snapshots that it has all of.
  public var sentSnapshots: UInt64 = 0
  /// Snapshots that did not arrive.
  public var failedSnapshots: UInt64 = 0
  /// Round trips, in seconds.
  public var roundTrips: HistogramSnapshot

  /// Nothing has passed yet, but for these round trips.
  public init(member: UInt64, roundTrips: HistogramSnapshot) {
    self.member = member
    self.roundTrips = roundTrips
  }
}

extension MetricsRegistry {
  /// What a member and the others say to each other, under etcd's names. `traffic` is asked at each scrape.
  public func registerPeers(of member: UInt64, _ traffic: @escaping @Sendable () -> [PeerTraffic]) {
    let local = String(member, radix: 16)

    /// One series for each peer, with the label that etcd gives it.
    func series(
      _ label: String, _ value: @escaping @Sendable (PeerTraffic) -> Double
    ) -> @Sendable () -> [(Labels, Double)] {
      { traffic().map { ([(label, String($0.member, radix: 16))], value($0)) } }
    }
    /// One series for each pair of members.
    func pairs(
      _ value: @escaping @Sendable (PeerTraffic) -> Double
    ) -> @Sendable () -> [(Labels, Double)] {
      { traffic().map { ([("Local", local), ("Remote", String($0.member, radix: 16))], value($0)) } }
    }

    counters(
      "etcd_network_peer_sent_bytes_total", help: "The total number of bytes sent to peers.",
      read: series("To") { Double($0.sentBytes) })
    counters(
      "etcd_network_peer_received_bytes_total", help: "The total number of bytes received from peers.",
      read: series("From") { Double($0.receivedBytes) })
    counters(
      "etcd_network_peer_sent_failures_total", help: "The total number of send failures from peers.",
      read: series("To") { Double($0.sendFailures) })
    counters(
      "etcd_network_peer_received_failures_total", help: "The total number of receive failures from peers.",
      read: series("From") { Double($0.receiveFailures) })
    counters(
      "etcd_network_snapshot_send_success", help: "Total number of successful snapshot sends",
      read: series("To") { Double($0.sentSnapshots) })
    counters(
      "etcd_network_snapshot_send_failures", help: "Total number of snapshot send failures",
      read: series("To") { Double($0.failedSnapshots) })
    gauges(
      "etcd_network_known_peers", help: "The current number of known peers.", read: pairs { _ in 1 })
    gauges(
      "etcd_network_active_peers", help: "The current number of active peer connections.",
      read: pairs { $0.isActive ? 1 : 0 })
    counters(
      "etcd_network_disconnected_peers_total", help: "The total number of disconnected peers.",
      read: pairs { Double($0.disconnections) })
    histograms(
      "etcd_network_peer_round_trip_time_seconds", help: "Round-Trip-Time histogram between peers",
      read: { traffic().map { ([("To", String($0.member, radix: 16))], $0.roundTrips) } })
  }
}
