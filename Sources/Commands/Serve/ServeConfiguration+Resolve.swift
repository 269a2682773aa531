extension ServeConfiguration {
  /// Bounds of what an operator may ask for.
  private enum Limits {
    /// etcd's default quota: 2 GiB.
    static let defaultQuotaBytes: Int64 = 2 << 30
    /// As many as a Duration of nanoseconds can count.
    static let compactionHoursMax: Int64 = 2_000_000
    /// A request has to fit into memory several times over.
    static let requestBytesMax: UInt64 = 256 << 20
    static let transactionOperationsMax: UInt64 = 1 << 20
    /// A few memtables are in memory at a time.
    static let memtableBytes: ClosedRange<UInt64> = 64 << 10...4 << 30
    static let memtableChanges: ClosedRange<UInt64> = 100...10_000_000
    /// It is rebuilt at each start.
    static let indexDeltaBytes: ClosedRange<UInt64> = 4 << 10...1 << 30
    static let walSegmentBytes: ClosedRange<UInt64> = 64 << 10...4 << 30
    static let learnersMax: UInt64 = 16
    static let logTailBytesMax: UInt64 = 1 << 40
    /// etcd: `maxElectionMs`.
    static let electionTimeoutMillisecondsMax: UInt64 = 50_000
  }

  /// Fills in what was not given and checks the whole.
  static func resolve(_ settings: [String: Setting]) throws(ConfigurationError) -> ServeConfiguration {
    let values = Values(settings: settings)
    let name = values.text("name")
    guard !name.isEmpty, !name.contains(where: { $0 == "=" || $0 == "," || $0 == "/" }) else {
      throw ConfigurationError(
        .value, "\(values.label("name")) must be a word without \"=\", \",\" or \"/\": \"\(name)\"")
    }
    let dataDirectory = values.given("data-dir") ?? "\(name).raftkv"
    let listenClientURLs = try values.urls("listen-client-urls", toBind: true)
    let advertiseClientURLs = try advertised(listening: listenClientURLs, values)
    let tls = try peerTLS(values)
    let (advertisePeerURLs, initialCluster) = try cluster(name: name, values)
    let (heartbeat, election) = try timing(values)
    let quota = values.integer("quota-backend-bytes")
    let interval = values.duration("grpc-keepalive-interval")
    let timeout = values.duration("grpc-keepalive-timeout")

    return ServeConfiguration(
      name: name,
      dataDirectory: dataDirectory,
      walDirectory: values.given("wal-dir"),
      listenClientURLs: listenClientURLs,
      advertiseClientURLs: advertiseClientURLs,
      listenPeerURLs: try listenPeerURLs(values, tls),
      advertisePeerURLs: advertisePeerURLs,
      listenMetricsURLs: values.given("listen-metrics-urls") == nil
        ? [] : try values.urls("listen-metrics-urls", toBind: true),
      initialCluster: initialCluster,
      clusterState: ClusterState(rawValue: values.text("initial-cluster-state")) ?? .new,
      clusterToken: values.text("initial-cluster-token"),
      joinURLs: try joinURLs(values),
      forcesNewCluster: values.boolean("force-new-cluster"),
      checksReconfiguration: values.boolean("strict-reconfig-check"),
      learnersMax: Int(
        try values.count(
          values.given("max-learners") == nil && values.given("experimental-max-learners") != nil
            ? "experimental-max-learners" : "max-learners", in: 0...Limits.learnersMax)),
      preVote: values.boolean("pre-vote"),
      peerTLS: tls,
      logTailBytes: Int(try values.count("log-tail-bytes", in: 0...Limits.logTailBytesMax)),
      logTailMemoryBytes: Int(try values.count("log-tail-memory-bytes", in: 0...Limits.logTailBytesMax)),
      quotaBytes: quota < 0 ? nil : quota == 0 ? Limits.defaultQuotaBytes : quota,
      requestBytesMax: Int(try values.count("max-request-bytes", in: 1...Limits.requestBytesMax)),
      transactionOperationsMax: Int(
        try values.count("max-txn-ops", in: 1...Limits.transactionOperationsMax)),
      automaticCompaction: try automaticCompaction(values),
      memtableBytes: Int(try values.count("memtable-bytes", in: Limits.memtableBytes)),
      memtableChanges: Int(try values.count("memtable-changes", in: Limits.memtableChanges)),
      indexDeltaBytes: Int(try values.count("index-delta-bytes", in: Limits.indexDeltaBytes)),
      walSegmentBytes: Int(try values.count("wal-segment-bytes", in: Limits.walSegmentBytes)),
      concurrentStreamsMax: UInt32(
        try values.count("max-concurrent-streams", in: 1...UInt64(UInt32.max))),
      keepAliveMinimumInterval: values.duration("grpc-keepalive-min-time"),
      keepAliveInterval: interval == .zero ? nil : interval,
      keepAliveTimeout: timeout == .zero ? nil : timeout,
      watchProgressInterval: watchProgressInterval(values),
      heartbeatInterval: heartbeat,
      electionTimeout: election,
      log: try log(values))
  }

  /// As in etcd, 0 means the default, and what is too short the shortest.
  private static func watchProgressInterval(_ values: Values) -> Duration {
    let name = "watch-progress-notify-interval"
    let interval = values.duration(
      values.given(name) == nil && values.given("experimental-" + name) != nil ? "experimental-" + name : name
    )
    return interval <= .zero ? .seconds(600) : max(interval, .milliseconds(100))
  }

  /// A member that listens on every address cannot guess which one its clients can reach.
  private static func advertised(
    listening: [NetworkURL], _ values: Values
  ) throws(ConfigurationError) -> [NetworkURL]? {
    guard values.given("advertise-client-urls") == nil else {
      return try values.urls("advertise-client-urls", toBind: false)
    }
    if let wildcard = listening.first(where: \.isWildcard) {
      throw ConfigurationError(
        .value, "--advertise-client-urls is required when --listen-client-urls has \(wildcard)")
    }
    return nil
  }

  private static func timing(
    _ values: Values
  ) throws(ConfigurationError) -> (heartbeat: Duration, election: Duration) {
    let heartbeat = values.count("heartbeat-interval")
    let election = values.count("election-timeout")
    guard heartbeat > 0 else {
      throw ConfigurationError(.value, "--heartbeat-interval must be >0 (set to \(heartbeat)ms)")
    }
    guard election > 0 else {
      throw ConfigurationError(.value, "--election-timeout must be >0 (set to \(election)ms)")
    }
    guard election <= Limits.electionTimeoutMillisecondsMax else {
      throw ConfigurationError(
        .value,
        "--election-timeout[\(election)ms] is too long, and should be set less than "
          + "\(Limits.electionTimeoutMillisecondsMax)ms")
    }
    guard heartbeat <= election / 5 else {
      throw ConfigurationError(
        .value,
        "--election-timeout[\(election)ms] should be at least as 5 times as --heartbeat-interval[\(heartbeat)ms]"
      )
    }
    return (.milliseconds(heartbeat), .milliseconds(election))
  }

  /// A bare number counts hours or revisions; anything else is a duration, and only time is kept by durations.
  private static func automaticCompaction(
    _ values: Values
  ) throws(ConfigurationError) -> AutomaticCompaction? {
    let label = values.label("auto-compaction-retention")
    let text = values.given("auto-compaction-retention") ?? "0"
    let isByRevision = values.text("auto-compaction-mode") == "revision"
    if let number = Int64(text), number >= 0 {
      if number == 0 { return nil }
      if isByRevision { return .revisions(number) }
      guard number <= Limits.compactionHoursMax else {
        throw ConfigurationError(
          .value, "\(label) must be at most \(Limits.compactionHoursMax) hours, not \(text)")
      }
      return .time(.seconds(3600 * number))
    }
    guard !isByRevision, let duration = Duration(flag: text), duration >= .zero else {
      let expected = isByRevision ? "a number of revisions" : "a number of hours or a duration such as 30m"
      throw ConfigurationError(
        .value, "error parsing CompactionRetention: \(label): expected \(expected), found \"\(text)\"")
    }
    return duration == .zero ? nil : .time(duration)
  }

  private static func log(_ values: Values) throws(ConfigurationError) -> LogConfiguration {
    var outputs: [LogConfiguration.Output] = []
    for part in values.text("log-outputs").split(separator: ",") {
      let output: LogConfiguration.Output
      switch part {
      case "default", "stderr": output = .standardError
      case "stdout": output = .standardOutput
      case "systemd/journal":
        throw ConfigurationError(
          .value, "\(values.label("log-outputs")): the journal takes stderr; give stderr or a file's path")
      default: output = .file(String(part))
      }
      if !outputs.contains(output) { outputs.append(output) }
    }
    guard !outputs.isEmpty else {
      throw ConfigurationError(.value, "\(values.label("log-outputs")) names no output")
    }
    return LogConfiguration(
      level: LogConfiguration.Level(rawValue: values.text("log-level")) ?? .info,
      format: LogConfiguration.Format(rawValue: values.text("log-format")) ?? .json,
      outputs: outputs)
  }
}
