extension Report {
  /// The report as one JSON object on one line. Scripts read it: keys are only ever added
  /// (benchmarks/README.md explains them).
  public var json: String {
    JSONWriter.object { writer in
      writer.add("workload", configuration.workload.rawValue)
      writer.add("target", configuration.endpoints.isEmpty ? "embedded" : "grpc")
      writer.add("endpoints", strings: configuration.endpoints.map(\.description))
      writer.add("server_version", serverVersion)
      writer.add("clients", configuration.clients)
      writer.add("connections", configuration.endpoints.isEmpty ? nil : configuration.connections)
      writer.add("loops", configuration.loops)
      writer.add("key_size", configuration.keyBytes)
      writer.add("value_size", configuration.valueBytes)
      writer.add("key_space", configuration.keySpace)
      writer.add("key_order", configuration.keyOrder.rawValue)
      writer.add("seed", raw: String(configuration.seed))
      writer.add("rate", configuration.rate)
      writer.add("consistency", configuration.consistency.rawValue)
      writer.add("limit", configuration.limit)
      writer.add("range_keys", configuration.rangeKeys)
      writer.add("txn_ops", configuration.transactionOperations)
      writer.add("rw_ratio", configuration.readsPerWrite)
      writer.add("watchers", configuration.workload == .watch ? configuration.watchers : nil)
      writer.add("watch_mode", configuration.workload == .watch ? configuration.watchMode.rawValue : nil)
      writer.add("backlog", configuration.workload == .watchGet ? configuration.backlog : nil)
      writer.add("list_mode", configuration.workload == .list ? configuration.listMode.rawValue : nil)
      writer.add("ttl", configuration.workload == .leaseKeepAlive ? configuration.secondsToLive : nil)
      writer.add("nodes", configuration.workload == .kubernetes ? configuration.nodes : nil)
      writer.add("apiservers", configuration.workload == .kubernetes ? configuration.apiServers : nil)
      writer.add("elapsed_seconds", elapsedSeconds)
      writer.add("operations", succeeded)
      writer.add("operations_per_second", operationsPerSecond)
      writer.add("failed", failed)
      writer.add("unanswered", unanswered)
      writer.add("clients_lost", clientsLost)
      writer.add("keys_written", keysWritten)
      writer.add("keys_read", keysRead)
      writer.add("empty_reads", emptyReads)
      writer.add("latency_milliseconds", raw: Self.json(latency))
      writer.add("events", raw: events.map(json))
      writer.add("requests", raw: "[" + requests.map(Self.json).joined(separator: ",") + "]")
      writer.add("process", raw: json(process))
      writer.add("server", raw: server.map(json))
      writer.add("errors", raw: "[" + failures.map(Self.json).joined(separator: ",") + "]")
      writer.add("interrupted", isInterrupted)
      writer.add("stalled", isStalled)
    }
  }

  private static func json(_ latency: LatencySummary) -> String {
    JSONWriter.object { writer in
      writer.add("mean", latency.mean)
      writer.add("p50", latency.p50)
      writer.add("p90", latency.p90)
      writer.add("p99", latency.p99)
      writer.add("p99_9", latency.p999)
      writer.add("max", latency.max)
    }
  }

  private func json(_ events: EventTally) -> String {
    JSONWriter.object { writer in
      writer.add("watchers", events.watchers)
      writer.add("delivered", events.delivered)
      writer.add("per_second", eventsPerSecond)
      writer.add("per_server_cpu_second", eventsPerServerCPUSecond)
      writer.add("latency_milliseconds", raw: Self.json(events.latencies.summary))
      writer.add("missing", events.missing)
      writer.add("out_of_order", events.outOfOrder)
      writer.add("watchers_lost", events.watchersLost)
    }
  }

  private static func json(_ requests: Requests) -> String {
    JSONWriter.object { writer in
      writer.add("name", requests.name)
      writer.add("count", requests.count)
      writer.add("latency_milliseconds", raw: json(requests.latency))
    }
  }

  private static func json(_ failure: Failure) -> String {
    JSONWriter.object { writer in
      writer.add("code", failure.code)
      writer.add("message", failure.message)
      writer.add("count", failure.count)
    }
  }

  private func json(_ usage: UsageDifference) -> String {
    JSONWriter.object { writer in
      writer.add("user_seconds", usage.userSeconds)
      writer.add("system_seconds", usage.systemSeconds)
      writer.add("cpu_microseconds_per_operation", usage.cpuMicroseconds(per: succeeded))
      writer.add("resident_bytes", usage.residentBytes)
      writer.add("anonymous_bytes", usage.anonymousBytes)
      writer.add("peak_resident_bytes", usage.peakResidentBytes)
      writer.add("written_bytes", usage.writtenBytes)
      writer.add("written_bytes_per_operation", usage.writtenBytes(per: succeeded))
    }
  }
}
