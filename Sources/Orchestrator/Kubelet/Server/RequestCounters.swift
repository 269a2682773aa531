import Synchronization

/// Counts the requests to the kubelet's port, for `/metrics`. Bounded by the paths that there are and the status codes.
final class RequestCounters: Sendable {
  private struct Key: Hashable, Comparable {
    let path: String
    let status: Int

    static func < (left: Key, right: Key) -> Bool { (left.path, left.status) < (right.path, right.status) }
  }

  private let counts = Mutex<[Key: UInt64]>([:])

  /// - Parameter path: one of the port's own; empty for any other.
  func add(path: String, status: Int) {
    counts.withLock { $0[Key(path: path, status: status), default: 0] += 1 }
  }

  func text(tunnels: Int) -> String {
    var text = MetricsText()
    text.family(
      "kubelet_http_requests_total", "counter",
      "[ALPHA] Number of the http requests received since the server started")
    for (key, count) in counts.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
      text.sample(
        "kubelet_http_requests_total",
        [(name: "code", value: String(key.status)), (name: "path", value: key.path)], Double(count))
    }
    text.family("kubelet_streams", "gauge", "[ALPHA] Number of exec, attach and port-forward sessions")
    text.sample("kubelet_streams", [], Double(tunnels))
    return text.text
  }
}
