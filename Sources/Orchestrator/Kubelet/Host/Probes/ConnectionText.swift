import Glibc
import NIOCore
import NIOPosix

/// Failures of connections, in the words that operators know from the kubelet.
enum ConnectionText {
  /// Why no connection came about.
  static func dialling(_ host: String, _ port: Int, _ error: any Error) -> String {
    let address = ProbeURL.authority(host, port)
    if let error = error as? NIOConnectionError {
      if let single = error.connectionErrors.first { return dialling(host, port, single.error) }
      if error.dnsAError != nil || error.dnsAAAAError != nil {
        return "dial tcp: lookup \(host): no such host"
      }
    }
    if case .connectTimeout = error as? ChannelError { return "dial tcp \(address): i/o timeout" }
    if let error = error as? IOError { return "dial tcp \(address): connect: \(system(error.errnoCode))" }
    return "dial tcp \(address): \(error)"
  }

  /// Whether no connection came about because nobody answered.
  static func isTimeout(_ error: any Error) -> Bool {
    if let error = error as? NIOConnectionError, let single = error.connectionErrors.first {
      return isTimeout(single.error)
    }
    if case .connectTimeout = error as? ChannelError { return true }
    return false
  }

  /// Why a connection ended before its answer.
  static func reading(_ error: any Error) -> String {
    if let error = error as? IOError { return "read: \(system(error.errnoCode))" }
    let text = "\(error)"
    // A server that speaks plain HTTP answers a handshake with text.
    if text.contains("WRONG_VERSION_NUMBER") || text.contains("HTTP_REQUEST") {
      return "http: server gave HTTP response to HTTPS client"
    }
    return text.contains("handshake") ? "remote error: tls: \(text)" : text
  }

  private static func system(_ number: Int32) -> String {
    (strerror(number).map { String(cString: $0) } ?? "error \(number)").lowercased()
  }
}
