extension Report {
  /// The report for people, over several lines without a newline at the end.
  public var text: String {
    var lines = [headline]
    var counts = [
      "\(Decimals.grouped(succeeded)) in \(Decimals.fixed(elapsedSeconds, 2)) s",
      "\(Decimals.grouped(Int(operationsPerSecond.rounded())))/s",
    ]
    if keysWritten > succeeded { counts.append("\(Decimals.grouped(keysWritten)) keys written") }
    if keysRead > 0 { counts.append("\(Decimals.grouped(keysRead)) keys read") }
    lines.append(row(configuration.workload.title, counts.joined(separator: ", ")))
    lines.append(
      row(
        "latency",
        [
          ("p50", latency.p50), ("p90", latency.p90), ("p99", latency.p99), ("p99.9", latency.p999),
          ("max", latency.max), ("mean", latency.mean),
        ].map { "\($0.0) \(Decimals.milliseconds($0.1))" }.joined(separator: "  ")))
    if let events { lines += eventLines(events) }
    lines += requests.map { request in
      row(
        "  \(request.name)",
        "\(Decimals.grouped(request.count)), p50 \(Decimals.milliseconds(request.latency.p50))"
          + "  p99 \(Decimals.milliseconds(request.latency.p99))  max \(Decimals.milliseconds(request.latency.max))",
        width: 24)
    }
    lines += usageLines(
      configuration.endpoints.isEmpty ? "process (generator and member)" : "generator", process)
    if let server { lines += usageLines("server", server) }
    lines += troubles
    return lines.joined(separator: "\n")
  }

  private var headline: String {
    var parts: [String]
    if configuration.endpoints.isEmpty {
      parts = ["embedded member (no network)"]
    } else {
      parts = [configuration.endpoints.map(\.description).joined(separator: ",")]
      if let serverVersion { parts[0] += " (version \(serverVersion))" }
      parts.append(plural(configuration.connections, "connection"))
    }
    parts.append(plural(configuration.clients, "client"))
    if let rate = configuration.requestsPerSecond {
      parts.append("\(Decimals.grouped(Int(rate.rounded())))/s asked for")
    }
    switch configuration.workload {
    case .put, .range, .txn, .fill, .watchLatency: break
    case .watch:
      parts.append("\(plural(configuration.watchers, "watcher")), by \(configuration.watchMode.rawValue)")
    case .watchGet:
      parts.append(
        configuration.fromRevision.map { "from revision \($0)" }
          ?? "history of \(plural(configuration.backlog, "revision"))")
    case .list:
      parts.append("\(configuration.listMode.rawValue), \(plural(configuration.rangeKeys, "key")) each")
    case .leaseKeepAlive:
      parts.append("TTL \(configuration.secondsToLive) s")
      return parts.joined(separator: " · ")
    case .kubernetes:
      parts.append(plural(configuration.nodes, "node"))
      parts.append(plural(configuration.apiServers, "API server"))
      return parts.joined(separator: " · ")
    }
    parts.append("keys of \(configuration.keyBytes) B, values of \(configuration.valueBytes) B")
    parts.append("\(Decimals.grouped(configuration.keySpace)) keys, \(configuration.keyOrder.rawValue)")
    if configuration.workload == .range || configuration.workload == .list {
      parts.append(configuration.consistency.rawValue)
    }
    return parts.joined(separator: " · ")
  }

  private func eventLines(_ events: EventTally) -> [String] {
    var counts = [
      "\(Decimals.grouped(events.delivered)) to \(plural(events.watchers, "watcher"))",
      "\(Decimals.grouped(Int((eventsPerSecond ?? 0).rounded())))/s",
    ]
    if let each = eventsPerServerCPUSecond {
      counts.append("\(Decimals.grouped(Int(each.rounded()))) each second of the server's CPU")
    }
    var lines = [row("events", counts.joined(separator: ", "))]
    if events.latencies.count > 0 {
      let latency = events.latencies.summary
      lines.append(
        row(
          "  delivery",
          [("p50", latency.p50), ("p99", latency.p99), ("p99.9", latency.p999), ("max", latency.max)]
            .map { "\($0.0) \(Decimals.milliseconds($0.1))" }.joined(separator: "  "), width: 12))
    }
    return lines
  }

  private func usageLines(_ name: String, _ usage: UsageDifference) -> [String] {
    var lines = [name]
    if let user = usage.userSeconds, let system = usage.systemSeconds {
      var text = "\(Decimals.fixed(user, 2)) s user, \(Decimals.fixed(system, 2)) s system"
      if let each = usage.cpuMicroseconds(per: succeeded) {
        text += ", \(Decimals.fixed(each, 1)) µs an operation"
      }
      lines.append(row("  CPU", text))
    }
    if let resident = usage.residentBytes {
      var text = "\(Decimals.bytes(resident)) resident"
      if let anonymous = usage.anonymousBytes { text += ", \(Decimals.bytes(anonymous)) anonymous" }
      lines.append(row("  memory", text))
    }
    if let written = usage.writtenBytes {
      var text = "\(Decimals.bytes(written)) written"
      if let each = usage.writtenBytes(per: succeeded) {
        text += ", \(Decimals.fixed(each, 0)) B an operation"
      }
      lines.append(row("  disk", text))
    }
    return lines
  }

  private var troubles: [String] {
    var lines: [String] = []
    if failed > 0 {
      lines.append("\(Decimals.grouped(failed)) failed:")
      for failure in failures.prefix(Self.failuresShown) {
        lines.append("  \(Decimals.grouped(failure.count)) × \(failure.code): \(failure.message)")
      }
      let hidden = failures.dropFirst(Self.failuresShown).reduce(0) { $0 + $1.count }
      if hidden > 0 { lines.append("  \(Decimals.grouped(hidden)) × others") }
    }
    if clientsLost > 0 {
      lines.append("\(plural(clientsLost, "client")) lost the connection and left the run")
    }
    if let events {
      if events.missing > 0 { lines.append("\(plural(events.missing, "event")) missing") }
      if events.outOfOrder > 0 { lines.append("\(plural(events.outOfOrder, "event")) twice or out of order") }
      if events.watchersLost > 0 {
        lines.append("\(plural(events.watchersLost, "watcher")) ended by the server")
      }
    }
    if isStalled {
      lines.append("given up: no answer for \(Decimals.fixed(configuration.stallSeconds, 1)) s")
    }
    if unanswered > 0 { lines.append("\(plural(unanswered, "request")) not answered") }
    if emptyReads > 0 {
      lines.append("\(plural(emptyReads, "read")) found no key: load them first (bench fill)")
    }
    if isInterrupted { lines.append("interrupted: these are the figures up to then") }
    return lines
  }

  private static let failuresShown = 5

  private func row(_ name: String, _ text: String, width: Int = 10) -> String {
    name + String(repeating: " ", count: max(1, width - name.count)) + text
  }

  private func plural(_ count: Int, _ noun: String) -> String {
    "\(Decimals.grouped(count)) \(noun)\(count == 1 ? "" : "s")"
  }
}

extension Configuration.Workload {
  fileprivate var title: String {
    switch self {
    case .put: "puts"
    case .range: "ranges"
    case .txn: "txns"
    case .fill: "fill txns"
    case .watch: "puts"
    case .watchLatency: "round trips"
    case .watchGet: "watches"
    case .leaseKeepAlive: "keep-alives"
    case .list: "lists"
    case .kubernetes: "operations"
    }
  }
}
