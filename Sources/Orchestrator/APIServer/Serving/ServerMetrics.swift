import Objects
import Synchronization

/// What an API server counts, under the names that Kubernetes' own has.
final class ServerMetrics: Sendable {
  private static let bounds = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 15, 30, 60]
  /// Different requests that are told apart, at most.
  private static let seriesLimit = 5000

  private struct Request: Hashable {
    var verb: String
    var group: String
    var version: String
    var resource: String
    var subresource: String
    var code: Int
  }

  private struct Durations {
    var buckets = [UInt64](repeating: 0, count: ServerMetrics.bounds.count + 1)
    var sum = 0.0
  }

  private struct State {
    var requests: [Request: UInt64] = [:]
    var durations: [String: Durations] = [:]
    var responseBytes: UInt64 = 0
    var events: UInt64 = 0
  }

  private let state = Mutex(State())

  func record(_ info: RequestInfo, code: Int, seconds: Double, bytes: Int) {
    state.withLock { state in
      var request = Request(
        verb: info.verb.uppercased(), group: info.group, version: info.version, resource: info.resource,
        subresource: info.subresource, code: code)
      // What is no resource would make series without end, of whatever somebody writes into a path.
      let known = Resource.builtIn(group: info.group, version: info.version, resource: info.resource)
      if known == nil || !info.subresource.isEmpty && known?[subresource: info.subresource] == nil {
        let isCommon = !info.isResource && ["get", "head", "post"].contains(info.verb)
        request = Request(
          verb: isCommon ? request.verb : "", group: "", version: "", resource: "", subresource: "",
          code: code)
      }
      if state.requests.count < Self.seriesLimit || state.requests[request] != nil {
        state.requests[request, default: 0] += 1
      }
      state.responseBytes += UInt64(bytes)
      guard !info.isLongRunning else { return }
      var durations = state.durations[request.verb] ?? Durations()
      let bucket = Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count
      durations.buckets[bucket] += 1
      durations.sum += seconds
      if state.durations.count < 64 || state.durations[request.verb] != nil {
        state.durations[request.verb] = durations
      }
    }
  }

  func sent(events: Int) { state.withLock { $0.events += UInt64(events) } }

  /// In the text format of Prometheus.
  func text(inFlight: (reading: Int, writing: Int), watches: Int) -> String {
    let state = state.withLock { $0 }
    var lines = [
      "# HELP apiserver_request_total Requests by verb, resource and code.",
      "# TYPE apiserver_request_total counter",
    ]
    for (request, count) in state.requests.sorted(by: { "\($0.key)" < "\($1.key)" }) {
      lines.append(
        "apiserver_request_total{code=\"\(request.code)\",group=\"\(request.group)\",resource=\"\(request.resource)\","
          + "subresource=\"\(request.subresource)\",verb=\"\(request.verb)\",version=\"\(request.version)\"} \(count)"
      )
    }
    lines += [
      "# HELP apiserver_request_duration_seconds Time to answer, watches and the like left out.",
      "# TYPE apiserver_request_duration_seconds histogram",
    ]
    for (verb, durations) in state.durations.sorted(by: { $0.key < $1.key }) {
      var sum: UInt64 = 0
      for (bound, count) in zip(Self.bounds.map { "\($0)" } + ["+Inf"], durations.buckets) {
        sum += count
        lines.append("apiserver_request_duration_seconds_bucket{verb=\"\(verb)\",le=\"\(bound)\"} \(sum)")
      }
      lines.append("apiserver_request_duration_seconds_sum{verb=\"\(verb)\"} \(durations.sum)")
      lines.append("apiserver_request_duration_seconds_count{verb=\"\(verb)\"} \(sum)")
    }
    lines += [
      "# HELP apiserver_current_inflight_requests Requests that are being worked on.",
      "# TYPE apiserver_current_inflight_requests gauge",
      "apiserver_current_inflight_requests{request_kind=\"mutating\"} \(inFlight.writing)",
      "apiserver_current_inflight_requests{request_kind=\"readOnly\"} \(inFlight.reading)",
      "# HELP apiserver_registered_watchers Watches that are open.",
      "# TYPE apiserver_registered_watchers gauge",
      "apiserver_registered_watchers \(watches)",
      "# HELP apiserver_watch_events_total Events sent to watches.",
      "# TYPE apiserver_watch_events_total counter",
      "apiserver_watch_events_total \(state.events)",
      "# HELP apiserver_response_bytes_total Bytes of answers, those of watches left out.",
      "# TYPE apiserver_response_bytes_total counter",
      "apiserver_response_bytes_total \(state.responseBytes)", "",
    ]
    return lines.joined(separator: "\n")
  }
}
