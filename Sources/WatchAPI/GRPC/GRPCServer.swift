import HTTP
import NIOCore

/// What all connections of a listener share; makes a call of each stream.
final class GRPCServer: HTTP2ConnectionDelegate, Sendable {
  let router: Router
  let http: HTTPHandler
  let limits: ServerLimits

  init(router: Router, http: @escaping HTTPHandler, limits: ServerLimits) {
    self.router = router
    self.http = http
    self.limits = limits
  }

  func makeStream(on connection: HTTP2Connection) -> HTTP2Stream {
    ServerCall(server: self, mailbox: connection.mailbox)
  }

  func connectionReady(_ connection: HTTP2Connection) {}
  func connectionGoingAway(_ connection: HTTP2Connection) {}
  func connectionClosed(_ connection: HTTP2Connection, reason: String) {}
}
