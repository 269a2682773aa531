import Commands
import Logging
import Peers
import WatchAPI

/// What carries the members' messages. It listens once the node starts it, also for a member that is alone: others may
/// be added to it.
func makeTransport(_ configuration: ServeConfiguration, logger: Logger) throws -> TCPTransport {
  let urls = configuration.listenPeerURLs + configuration.initialCluster.flatMap(\.peerURLs)
  if configuration.peerTLS != nil || urls.contains(where: \.isSecure) {
    throw ConfigurationError(
      .value, "TLS between members is not available yet: leave the --peer-… flags out and use http://")
  }
  return try TCPTransport(
    TCPTransport.Configuration(
      listenURLs: configuration.listenPeerURLs.map(\.description),
      advertisedURLs: configuration.advertisePeerURLs.map(\.description)),
    logger: logger)
}

extension PeerTraffic {
  /// The transport's counts under the names of the metrics.
  init(_ statistics: PeerStatistics) {
    self.init(
      member: statistics.member,
      roundTrips: HistogramSnapshot(
        bounds: PeerStatistics.roundTripBounds.map { Double($0) / 1e9 }, counts: statistics.roundTripCounts,
        sum: Double(statistics.roundTripNanosecondsSum) / 1e9))
    isActive = statistics.isActive
    sentBytes = statistics.sentBytes
    receivedBytes = statistics.receivedBytes
    sendFailures = statistics.sendFailures
    receiveFailures = statistics.receiveFailures
    disconnections = statistics.disconnections
    sentSnapshots = statistics.sentSnapshots
    failedSnapshots = statistics.failedSnapshots
  }
}
