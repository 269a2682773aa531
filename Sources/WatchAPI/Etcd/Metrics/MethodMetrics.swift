import GRPC

/// Counts the calls of one method (names of the gRPC metrics that etcd exports).
final class MethodMetrics: Sendable {
  private let started: Counter
  /// By status code.
  private let handled: [Counter]

  init(_ path: String, type: String, registry: MetricsRegistry) {
    let parts = path.split(separator: "/")
    let labels = [
      ("grpc_method", String(parts.last ?? "")), ("grpc_service", String(parts.first ?? "")),
      ("grpc_type", type),
    ]
    started = registry.counter(
      "grpc_server_started_total", help: "Total number of RPCs started on the server.", labels: labels)
    handled = GRPCStatus.Code.metricNames.map { name in
      registry.counter(
        "grpc_server_handled_total",
        help: "Total number of RPCs completed on the server, regardless of success or failure.",
        labels: [("grpc_code", name)] + labels)
    }
  }

  func start() { started.increment() }

  func handled(_ code: GRPCStatus.Code) { handled[code.rawValue].increment() }
}

extension GRPCStatus.Code {
  /// By raw value, in the spelling of the metrics' label.
  fileprivate static let metricNames = [
    "OK", "Canceled", "Unknown", "InvalidArgument", "DeadlineExceeded", "NotFound", "AlreadyExists",
    "PermissionDenied", "ResourceExhausted", "FailedPrecondition", "Aborted", "OutOfRange", "Unimplemented",
    "Internal", "Unavailable", "DataLoss", "Unauthenticated",
  ]
}
