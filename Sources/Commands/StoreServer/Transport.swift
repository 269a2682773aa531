import Commands
import Logging
import Peers
import WatchAPI

/// What carries the members' messages. It listens once the node starts it, also for a member that is alone: others may
/// be added to it.
func makeTransport(_ configuration: ServeConfiguration, logger: Logger) throws -> TCPTransport {
  var transport = TCPTransport.Configuration(
    listenURLs: configuration.listenPeerURLs.map(\.description),
    advertisedURLs: configuration.advertisePeerURLs.map(\.description))
  transport.tls = configuration.peerTLS.map { PeerTLS($0, dataDirectory: configuration.dataDirectory) }
  return try TCPTransport(transport, logger: logger)
}

extension PeerTLS {
  /// What the flags ask for.
  fileprivate init(_ flags: ServeConfiguration.PeerTLS, dataDirectory: String) {
    if let certificate = flags.certificate {
      self.init(identity: .files(certificate: certificate.file, key: certificate.keyFile))
      trustedCAFile = flags.trustedCAFile
      requiresClientCertificate = flags.requiresClientCertificate
      allowedCommonName = flags.allowedCommonName
    } else {
      self.init(identity: PeerTLS.fixtures(inDataDirectory: dataDirectory))
    }
  }
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
