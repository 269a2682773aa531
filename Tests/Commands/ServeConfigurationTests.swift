import Commands
import Testing

/// What each flag becomes, and which values are refused.
struct ServeConfigurationTests {
  @Test func everyFlagReachesTheConfiguration() throws {
    let configuration = try configuration([
      "--name", "m1", "--data-dir", "/data", "--wal-dir", "/wal",
      "--listen-client-urls", "http://127.0.0.1:1, http://[::1]:2", "--advertise-client-urls",
      "http://store.example:3", "--listen-peer-urls", "http://127.0.0.1:4", "--listen-metrics-urls",
      "http://127.0.0.1:5", "--initial-advertise-peer-urls", "http://store.example:6",
      "--initial-cluster", "m1=http://store.example:6", "--initial-cluster-state", "existing",
      "--initial-cluster-token", "token", "--quota-backend-bytes", "7", "--max-request-bytes", "8",
      "--max-txn-ops", "9", "--max-concurrent-streams", "10", "--grpc-keepalive-min-time", "11ms",
      "--grpc-keepalive-interval", "1h1m", "--grpc-keepalive-timeout", "1.5s", "--heartbeat-interval", "12",
      "--election-timeout", "60", "--log-level", "warn", "--log-format", "console", "--log-outputs",
      "stdout,/tmp/log,stdout", "--memtable-bytes", "65536", "--memtable-changes", "1234",
      "--index-delta-bytes", "5678", "--wal-segment-bytes", "65537", "--log-tail-bytes", "13",
      "--log-tail-memory-bytes", "14", "--force-new-cluster", "--strict-reconfig-check=false",
      "--pre-vote=false", "--peer-cert-file", "cert", "--peer-key-file", "key", "--peer-trusted-ca-file",
      "ca",
      "--peer-client-cert-auth", "--peer-cert-allowed-cn", "members",
      "--experimental-max-learners", "3",
    ])
    #expect(configuration.name == "m1")
    #expect(configuration.dataDirectory == "/data")
    #expect(configuration.walDirectory == "/wal")
    #expect(configuration.listenClientURLs.map(\.description) == ["http://127.0.0.1:1", "http://[::1]:2"])
    #expect(configuration.advertiseClientURLs == [NetworkURL(host: "store.example", port: 3)])
    #expect(configuration.listenPeerURLs == [NetworkURL(host: "127.0.0.1", port: 4)])
    #expect(configuration.listenMetricsURLs == [NetworkURL(host: "127.0.0.1", port: 5)])
    #expect(configuration.advertisePeerURLs == [NetworkURL(host: "store.example", port: 6)])
    #expect(configuration.initialCluster.map(\.name) == ["m1"])
    #expect(configuration.clusterState == .existing)
    #expect(configuration.clusterToken == "token")
    #expect(configuration.quotaBytes == 7)
    #expect(configuration.requestBytesMax == 8)
    #expect(configuration.transactionOperationsMax == 9)
    #expect(configuration.memtableBytes == 65536)
    #expect(configuration.memtableChanges == 1234)
    #expect(configuration.indexDeltaBytes == 5678)
    #expect(configuration.walSegmentBytes == 65537)
    #expect(configuration.logTailBytes == 13)
    #expect(configuration.logTailMemoryBytes == 14)
    #expect(configuration.forcesNewCluster)
    #expect(!configuration.checksReconfiguration)
    #expect(!configuration.preVote)
    #expect(configuration.learnersMax == 3)
    let tls = try #require(configuration.peerTLS)
    #expect(tls.certificate?.file == "cert" && tls.certificate?.keyFile == "key")
    #expect(tls.trustedCAFile == "ca" && tls.requiresClientCertificate && !tls.isAutomatic)
    #expect(tls.allowedCommonName == "members")
    #expect(configuration.concurrentStreamsMax == 10)
    #expect(configuration.keepAliveMinimumInterval == .milliseconds(11))
    #expect(configuration.keepAliveInterval == .seconds(3660))
    #expect(configuration.keepAliveTimeout == .milliseconds(1500))
    #expect(configuration.heartbeatInterval == .milliseconds(12))
    #expect(configuration.electionTimeout == .milliseconds(60))
    #expect(
      configuration.log
        == LogConfiguration(level: .warn, format: .console, outputs: [.standardOutput, .file("/tmp/log")]))
  }

  @Test func theNameGoesIntoFolderAndCluster() throws {
    let configuration = try configuration(["--name=m1"])
    #expect(configuration.dataDirectory == "m1.raftkv")
    #expect(configuration.initialCluster.map(\.name) == ["m1"])
  }

  @Test(arguments: [("0", 2 << 30), ("1", 1), ("0x10", 16), ("9223372036854775807", Int64.max)])
  func quota(_ value: String, _ expected: Int64) throws {
    #expect(try configuration(["--quota-backend-bytes", value]).quotaBytes == expected)
  }

  @Test(
    arguments: [
      ([], nil), (["0"], nil), (["0s"], nil), (["1"], .time(.seconds(3600))),
      (["30m"], .time(.seconds(1800))),
      (["1h30m"], .time(.seconds(5400))), (["0", "revision"], nil), (["1000", "revision"], .revisions(1000)),
    ] as [([String], ServeConfiguration.AutomaticCompaction?)])
  func automaticCompaction(_ values: [String], _ expected: ServeConfiguration.AutomaticCompaction?) throws {
    let flags = zip(["--auto-compaction-retention", "--auto-compaction-mode"], values).map { "\($0)=\($1)" }
    #expect(try configuration(flags).automaticCompaction == expected)
  }

  @Test(arguments: [
    ["-1"], ["x"], ["1x"], ["99999999999"], ["-5m"], ["5m", "revision"], ["-1", "revision"], ["1", "both"],
  ])
  func anOddRetentionIsRefused(_ values: [String]) {
    let flags = zip(["--auto-compaction-retention", "--auto-compaction-mode"], values).map { "\($0)=\($1)" }
    #expect(throws: ConfigurationError.self) { try configuration(flags) }
  }

  @Test func aNegativeQuotaIsNone() throws {
    #expect(try configuration(["--quota-backend-bytes=-1"]).quotaBytes == nil)
  }

  @Test func noKeepAlive() throws {
    let configuration = try configuration(["--grpc-keepalive-interval=0", "--grpc-keepalive-timeout=0s"])
    #expect(configuration.keepAliveInterval == nil)
    #expect(configuration.keepAliveTimeout == nil)
  }

  @Test func severalURLsOfOneMemberAreSortedAndUnique() throws {
    let cluster = "a=http://h:2,a=http://h:1,a=http://h:2"
    let configuration = try configuration(["--name=a", "--initial-cluster", cluster])
    #expect(configuration.advertisePeerURLs.map(\.description) == ["http://h:1", "http://h:2"])
  }

  @Test(arguments: [
    (["--name="], "--name must be a word without \"=\", \",\" or \"/\": \"\""),
    (["--name=a=b"], "--name must be a word without \"=\", \",\" or \"/\": \"a=b\""),
    (["--name=../a"], "--name must be a word without \"=\", \",\" or \"/\": \"../a\""),
    (
      ["--listen-client-urls=http://example.com:1"],
      "--listen-client-urls: expected IP in URL for binding (http://example.com:1)"
    ),
    (
      ["--listen-client-urls=https://10.0.0.1:1"],
      "--listen-client-urls: https://10.0.0.1:1: TLS is not available yet; use http://"
    ),
    (
      ["--listen-client-urls=http://0.0.0.0:1"],
      "--advertise-client-urls is required when --listen-client-urls has http://0.0.0.0:1"
    ),
    (
      ["--listen-client-urls=http://127.0.0.1:1,"],
      "--listen-client-urls: \"\" is not a URL: expected http://host:port"
    ),
    (["--heartbeat-interval=0"], "--heartbeat-interval must be >0 (set to 0ms)"),
    (["--election-timeout=0"], "--election-timeout must be >0 (set to 0ms)"),
    (
      ["--election-timeout=499"],
      "--election-timeout[499ms] should be at least as 5 times as --heartbeat-interval[100ms]"
    ),
    (
      ["--heartbeat-interval=18446744073709551615"],
      "--election-timeout[1000ms] should be at least as 5 times as --heartbeat-interval[18446744073709551615ms]"
    ),
    (
      ["--election-timeout=50001"],
      "--election-timeout[50001ms] is too long, and should be set less than 50000ms"
    ),
    (["--max-txn-ops=0"], "--max-txn-ops must be between 1 and 1048576, not 0"),
    (["--memtable-bytes=1"], "--memtable-bytes must be between 65536 and 4294967296, not 1"),
    (["--wal-segment-bytes=65535"], "--wal-segment-bytes must be between 65536 and 4294967296, not 65535"),
    (["--memtable-changes=99"], "--memtable-changes must be between 100 and 10000000, not 99"),
    (["--max-request-bytes=268435457"], "--max-request-bytes must be between 1 and 268435456, not 268435457"),
    (
      ["--max-concurrent-streams=4294967296"],
      "--max-concurrent-streams must be between 1 and 4294967295, not 4294967296"
    ),
    (
      ["--initial-cluster=other=http://h:1"],
      "couldn't find local name \"default\" in the initial cluster configuration"
    ),
    (["--initial-cluster=http://h:1"], "--initial-cluster: expected name=url, found \"http://h:1\""),
    (
      ["--join=http://h:1", "--initial-cluster=default=http://h:2"],
      "--join asks the cluster who its members are: leave out --initial-cluster"
    ),
    (
      ["--join=http://h:1", "--force-new-cluster"], "--join and --force-new-cluster contradict each other"
    ),
    (["--join=h:1"], "--join: \"h:1\" is not a URL: expected http://host:port"),
    (["--peer-cert-file=c"], "KeyFile and CertFile must both be present[key: , cert: c]"),
    (
      ["--peer-trusted-ca-file=c"],
      "TLS between members needs --peer-cert-file and --peer-key-file (or --peer-auto-tls)"
    ),
    (
      ["--peer-cert-file=c", "--peer-key-file=k", "--peer-client-cert-auth"],
      "--peer-client-cert-auth and --peer-cert-allowed-cn need --peer-trusted-ca-file"
    ),
    (
      ["--listen-peer-urls=https://127.0.0.1:1"],
      "--listen-peer-urls: cannot listen on TLS for https://127.0.0.1:1: "
        + "--peer-cert-file and --peer-key-file, or --peer-auto-tls, are missing"
    ),
    (["--log-outputs=,"], "--log-outputs names no output"),
    (
      ["--log-outputs=systemd/journal"],
      "--log-outputs: the journal takes stderr; give stderr or a file's path"
    ),
  ])
  func refusedValues(_ arguments: [String], _ message: String) {
    #expect(throws: ConfigurationError(.value, message)) { try parse(arguments) }
  }
}

/// Who the members are, and how they reach each other.
struct ClusterConfigurationTests {
  @Test func severalMembers() throws {
    let configuration = try configuration([
      "--name=b", "--initial-cluster=a=http://h:1,b=http://h:2,c=https://h:4,c=http://h:3",
      "--initial-advertise-peer-urls=http://h:2",
    ])
    #expect(configuration.initialCluster.map(\.name) == ["a", "b", "c"])
    #expect(
      configuration.initialCluster.map { $0.peerURLs.map(\.description) }
        == [["http://h:1"], ["http://h:2"], ["http://h:3", "https://h:4"]])
    #expect(configuration.advertisePeerURLs.map(\.description) == ["http://h:2"])
    try configuration.checkBootstrap()
  }

  @Test(arguments: [
    (
      ["--initial-cluster=default=http://h:1", "--initial-advertise-peer-urls=http://h:2"],
      "--initial-cluster has default=http://h:1 but missing from --initial-advertise-peer-urls=http://h:2"
    ),
    (
      ["--initial-cluster=default=http://h:1", "--initial-advertise-peer-urls=http://h:1,http://h:2"],
      "--initial-advertise-peer-urls has http://h:2 but missing from --initial-cluster=default=http://h:1"
    ),
    (
      ["--initial-cluster-state=existing"],
      "--initial-cluster-state existing: --initial-cluster must name the members of the running cluster, "
        + "and this one, which was added to it"
    ),
    (
      ["--initial-cluster=default=http://h:1,b=http://h:1"],
      "initial cluster default=http://h:1,b=http://h:1 has duplicated url"
    ),
  ])
  func aMemberWithoutDataMustBeConsistent(_ arguments: [String], _ message: String) throws {
    let read = try configuration(arguments)
    #expect(throws: ConfigurationError(.value, message)) { try read.checkBootstrap() }
  }

  @Test func joining() throws {
    let configuration = try configuration([
      "--name=b", "--join=http://h:1,http://i:1", "--initial-advertise-peer-urls=http://h:2",
    ])
    #expect(configuration.joinURLs.map(\.description) == ["http://h:1", "http://i:1"])
    #expect(configuration.initialCluster.map(\.name) == ["b"])
    #expect(configuration.advertisePeerURLs.map(\.description) == ["http://h:2"])
  }

  @Test func automaticTLS() throws {
    let tls = try #require(
      try configuration(["--peer-auto-tls", "--listen-peer-urls=https://127.0.0.1:1"]).peerTLS)
    #expect(tls.isAutomatic && tls.certificate == nil && !tls.requiresClientCertificate)
    // Certificates that are given win.
    let given = try #require(
      try configuration(["--peer-auto-tls", "--peer-cert-file=c", "--peer-key-file=k"]).peerTLS)
    #expect(!given.isAutomatic && given.certificate?.file == "c")
    #expect(try configuration([]).peerTLS == nil)
  }

  @Test func certificatesForNothingAreWarnedOf() throws {
    let flags = ["--peer-auto-tls", "--listen-peer-urls=https://127.0.0.1:1,http://127.0.0.1:2"]
    #expect(try notices(flags) == ["certificates are not used on http://127.0.0.1:2, which is not https"])
  }
}

/// URLs as etcd accepts them, without TLS and sockets.
struct NetworkURLTests {
  @Test(arguments: [
    ("http://localhost:2379", "localhost", 2379), ("http://127.0.0.1:0", "127.0.0.1", 0),
    ("http://[::1]:65535", "::1", 65535), ("http://a.b-c.d:1", "a.b-c.d", 1),
  ])
  func accepted(_ text: String, _ host: String, _ port: Int) throws {
    let url = try NetworkURL.parse(text)
    #expect(url == NetworkURL(host: host, port: port))
    #expect(url.description == text)
  }

  @Test(arguments: [
    "", "localhost:2379", "http://", "http://localhost", "http://:2379", "http://a:", "http://a:65536",
    "http://a:-1", "http://a:1/", "http://a:1/v3", "http://a:1?x", "http://a:1#x", "http://::1:2379",
    "http://[::1]", "http://[a]:1", "http://[::1:2", "http://user@a:1", "http://a b:1", "http://a:1 ",
    "ftp://a:1", "unix://a:1", "https://a:1", "HTTP://a:1", "http://a:１", "http://a\u{0}:1",
  ])
  func refused(_ text: String) {
    #expect(throws: ConfigurationError.self) { try NetworkURL.parse(text) }
  }

  @Test func withTLS() throws {
    let url = try NetworkURL.parse("https://[::1]:1", withTLS: true)
    #expect(url == NetworkURL(host: "::1", port: 1, isSecure: true))
    #expect(url.description == "https://[::1]:1")
    #expect(try NetworkURL.parse("http://a:1", withTLS: true) == NetworkURL(host: "a", port: 1))
  }

  @Test(arguments: [
    ("localhost", true), ("10.0.0.1", true), ("::1", true), ("example.com", false), ("10.0.0", false),
  ])
  func binding(_ host: String, _ expected: Bool) {
    #expect(NetworkURL(host: host, port: 1).canBeBound == expected)
  }
}
