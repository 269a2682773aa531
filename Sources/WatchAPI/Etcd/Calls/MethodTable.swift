import GRPC
import NIOCore

/// The methods of the services, each with its metrics, on their way into a router.
struct MethodTable {
  let registry: MetricsRegistry
  private(set) var router: Router

  init(_ router: Router, registry: MetricsRegistry) {
    self.router = router
    self.registry = registry
  }

  /// Serves a unary method; what `body` throws ends the call.
  mutating func unary(
    _ path: String, _ body: @escaping @Sendable (Exchange, ByteBuffer) throws(EtcdError) -> Void
  ) {
    let metrics = MethodMetrics(path, type: "unary", registry: registry)
    router.add(
      path,
      .unary { call, message in
        metrics.start()
        Self.run(Exchange(call: call, metrics: metrics), message, body)
      })
  }

  /// Serves a method with one request and a stream of responses.
  mutating func serverStream(
    _ path: String, _ body: @escaping @Sendable (Exchange, ByteBuffer) throws(EtcdError) -> Void
  ) {
    let metrics = MethodMetrics(path, type: "server_stream", registry: registry)
    router.add(
      path,
      .stream { call in
        metrics.start()
        let exchange = Exchange(call: call, metrics: metrics)
        call.onMessage = { [weak call] message in
          // What comes after the one request is not for this method.
          call?.onMessage = nil
          call?.onHalfClose = nil
          Self.run(exchange, message, body)
        }
        call.onHalfClose = { exchange.fail(.missingRequest) }
      })
  }

  /// Serves a method with streams of both requests and responses; `body` installs the call's callbacks.
  mutating func bidirectional(
    _ path: String, _ body: @escaping @Sendable (Exchange) throws(EtcdError) -> Void
  ) {
    let metrics = MethodMetrics(path, type: "bidi_stream", registry: registry)
    router.add(
      path,
      .stream { call in
        metrics.start()
        let exchange = Exchange(call: call, metrics: metrics)
        do throws(EtcdError) {
          try body(exchange)
        } catch {
          exchange.fail(error)
        }
      })
  }

  private static func run(
    _ exchange: Exchange, _ message: ByteBuffer,
    _ body: (Exchange, ByteBuffer) throws(EtcdError) -> Void
  ) {
    do throws(EtcdError) {
      try body(exchange, message)
    } catch {
      exchange.fail(error)
    }
  }
}
