import Commands
import Testing

/// Parses as `raftkv serve` would, with files from a dictionary.
func parse(
  _ arguments: [String] = [], environment: [String: String] = [:], files: [String: String] = [:]
) throws(ConfigurationError) -> ServeInvocation {
  try ServeInvocation.parse(
    arguments: arguments, environment: environment,
    readFile: { (path: String) throws(ConfigurationError) -> String in
      guard let text = files[path] else { throw ConfigurationError(.value, "No such file or directory") }
      return text
    })
}

/// The configuration of an invocation that starts a member.
func configuration(
  _ arguments: [String] = [], environment: [String: String] = [:], files: [String: String] = [:]
) throws -> ServeConfiguration {
  let invocation = try parse(arguments, environment: environment, files: files)
  guard case .serve(let configuration, _) = invocation else {
    throw ConfigurationError(.usage, "expected a start, found \(invocation)")
  }
  return configuration
}

/// The notices of an invocation that starts a member.
func notices(
  _ arguments: [String] = [], environment: [String: String] = [:], files: [String: String] = [:]
) throws -> [String] {
  let invocation = try parse(arguments, environment: environment, files: files)
  guard case .serve(_, let notices) = invocation else {
    throw ConfigurationError(.usage, "expected a start, found \(invocation)")
  }
  return notices.map(\.message)
}

/// Where a value comes from: the same for every flag, so each rule is shown on a few.
struct ServeInvocationTests {
  @Test func defaultsAreEtcds() throws {
    let configuration = try configuration()
    #expect(configuration.name == "default")
    #expect(configuration.dataDirectory == "default.raftkv")
    #expect(configuration.walDirectory == nil)
    #expect(configuration.listenClientURLs == [NetworkURL(host: "localhost", port: 2379)])
    #expect(configuration.advertiseClientURLs == nil)
    #expect(configuration.listenPeerURLs == [NetworkURL(host: "localhost", port: 2380)])
    #expect(configuration.advertisePeerURLs == [NetworkURL(host: "localhost", port: 2380)])
    #expect(configuration.listenMetricsURLs == [])
    #expect(configuration.initialCluster.map(\.name) == ["default"])
    #expect(configuration.initialCluster.map(\.peerURLs) == [[NetworkURL(host: "localhost", port: 2380)]])
    #expect(configuration.clusterState == .new)
    #expect(configuration.clusterToken == "etcd-cluster")
    #expect(configuration.joinURLs == [])
    #expect(!configuration.forcesNewCluster)
    #expect(configuration.checksReconfiguration)
    #expect(configuration.preVote)
    #expect(configuration.peerTLS == nil)
    #expect(configuration.logTailBytes == 256 << 20)
    #expect(configuration.logTailMemoryBytes == 32 << 20)
    #expect(configuration.quotaBytes == 2 << 30)
    #expect(configuration.requestBytesMax == 1_572_864)
    #expect(configuration.transactionOperationsMax == 128)
    #expect(configuration.memtableBytes == 64 << 20)
    #expect(configuration.memtableChanges == 100_000)
    #expect(configuration.indexDeltaBytes == 16 << 20)
    #expect(configuration.walSegmentBytes == 64 << 20)
    #expect(configuration.concurrentStreamsMax == UInt32.max)
    #expect(configuration.keepAliveMinimumInterval == .seconds(5))
    #expect(configuration.keepAliveInterval == .seconds(7200))
    #expect(configuration.keepAliveTimeout == .seconds(20))
    #expect(configuration.watchProgressInterval == .seconds(600))
    #expect(configuration.heartbeatInterval == .milliseconds(100))
    #expect(configuration.electionTimeout == .milliseconds(1000))
    #expect(configuration.log == LogConfiguration(level: .info, format: .json, outputs: [.standardError]))
    #expect(try notices() == [])
  }

  @Test(arguments: [
    ["--name", "a"], ["--name=a"], ["-name", "a"], ["-name=a"], ["--name", "b", "--name", "a"],
    ["--name=a", "--"],
  ])
  func spellingsOfAFlag(_ arguments: [String]) throws {
    #expect(try configuration(arguments).name == "a")
  }

  @Test func anEqualsSignInAValueIsKept() throws {
    let configuration = try configuration(["--initial-cluster=default=http://10.0.0.1:2380"])
    #expect(configuration.advertisePeerURLs == [NetworkURL(host: "10.0.0.1", port: 2380)])
  }

  @Test(arguments: [["--help"], ["-h"], ["-help"], ["--name", "a", "--help"]])
  func help(_ arguments: [String]) throws {
    #expect(try parse(arguments) == .help)
  }

  @Test func version() throws {
    #expect(try parse(["--version"]) == .version)
    #expect(try parse(["--max-wals", "3", "-version"]) == .version)
  }

  @Test(arguments: [
    (["--nam", "a"], "unknown flag --nam; did you mean --name?"),
    (
      ["--listen-client-url=http://a:1"],
      "unknown flag --listen-client-url; did you mean --listen-client-urls?"
    ),
    (["--frobnicate"], "unknown flag --frobnicate"),
    (["-x=1"], "unknown flag -x"),
    (["---name", "a"], "unknown flag ---name; did you mean --name?"),
    (["name"], "\"name\" is not a flag"),
    (["--name", "a", "b"], "\"b\" is not a flag"),
    (["-"], "\"-\" is not a flag"),
    (["--", "x"], "\"x\" is not a flag"),
    (["--name"], "--name needs a value"),
    (["--max-txn-ops", "many"], "invalid value \"many\" for --max-txn-ops: expected a whole number"),
    (["--max-txn-ops=-1"], "invalid value \"-1\" for --max-txn-ops: expected a whole number"),
    (["--max-txn-ops="], "invalid value \"\" for --max-txn-ops: expected a whole number"),
    (
      ["--grpc-keepalive-timeout", "5"],
      "invalid value \"5\" for --grpc-keepalive-timeout: expected a duration such as 5s, 100ms or 1h30m"
    ),
    (["--pre-vote=maybe"], "invalid value \"maybe\" for --pre-vote: expected true or false"),
    (
      ["--log-level", "loud"],
      "invalid value \"loud\" for --log-level: expected debug, info, warn, error, panic or fatal"
    ),
  ])
  func wrongCommandLines(_ arguments: [String], _ message: String) {
    #expect(throws: ConfigurationError(.usage, message)) { try parse(arguments) }
  }

  @Test func aBooleanFlagTakesNoSecondArgument() throws {
    #expect(try notices(["--pre-vote", "--name", "a"]) == [])
    #expect(throws: ConfigurationError(.usage, "\"false\" is not a flag")) {
      try parse(["--pre-vote", "false"])
    }
  }

  @Test func theEnvironmentIsRead() throws {
    let variables = ["ETCD_NAME": "a", "RAFTKV_LISTEN_CLIENT_URLS": "http://127.0.0.1:7", "PATH": "/bin"]
    let read = try configuration(environment: variables)
    #expect(read.name == "a")
    #expect(read.listenClientURLs == [NetworkURL(host: "127.0.0.1", port: 7)])
    #expect(try notices(environment: variables) == [])
  }

  @Test func theFlagWinsThenRaftkvThenEtcd() throws {
    let both = ["ETCD_NAME": "etcd", "RAFTKV_NAME": "raftkv"]
    #expect(try configuration(environment: both).name == "raftkv")
    #expect(
      try notices(environment: both) == ["environment variable ETCD_NAME is not used: RAFTKV_NAME is given"])
    #expect(try configuration(["--name", "flag"], environment: both).name == "flag")
    #expect(
      try notices(["--name", "flag"], environment: both) == [
        "environment variable RAFTKV_NAME is not used: --name is given",
        "environment variable ETCD_NAME is not used: --name is given",
      ])
  }

  @Test func anEmptyVariableIsUnset() throws {
    #expect(try configuration(environment: ["RAFTKV_NAME": "", "ETCD_NAME": "a"]).name == "a")
  }

  @Test func variablesOfOthersAreWarnedOf() throws {
    let variables = ["ETCD_SERVICE_HOST": "10.0.0.1", "RAFTKV_PORT": "tcp://10.0.0.1:1", "ETCDCTL_API": "3"]
    #expect(
      try notices(environment: variables) == [
        "unrecognized environment variable RAFTKV_PORT",
        "unrecognized environment variable ETCD_SERVICE_HOST",
      ])
  }

  @Test func aWrongVariableIsNamed() {
    let expected = ConfigurationError(
      .value, "invalid value \"x\" for environment variable ETCD_MAX_TXN_OPS: expected a whole number")
    #expect(throws: expected) { try parse(environment: ["ETCD_MAX_TXN_OPS": "x"]) }
    #expect(
      throws: ConfigurationError(.usage, "environment variable ETCD_CERT_FILE: TLS is not available yet")
    ) {
      try parse(environment: ["ETCD_CERT_FILE": "server.crt"])
    }
  }

  @Test func aConfigurationFileReplacesFlagsAndVariables() throws {
    let files = ["c.yaml": "max-txn-ops: 64\n"]
    let arguments = ["--config-file", "c.yaml", "--name", "flag"]
    let read = try configuration(arguments, environment: ["ETCD_NAME": "variable"], files: files)
    #expect(read.name == "default")
    #expect(read.transactionOperationsMax == 64)
    #expect(
      try notices(arguments, files: files) == [
        "configuration read from c.yaml; other flags and environment variables are ignored",
        "--name is ignored because a configuration file is given",
      ])
  }

  @Test(arguments: ["RAFTKV_CONFIG_FILE", "ETCD_CONFIG_FILE"])
  func theEnvironmentNamesAConfigurationFile(_ variable: String) throws {
    let read = try configuration(environment: [variable: "c.yaml"], files: ["c.yaml": "name: a"])
    #expect(read.name == "a")
  }

  @Test func aMissingConfigurationFileIsNamed() {
    let expected = ConfigurationError(
      .value, "cannot read the configuration file c.yaml: No such file or directory")
    #expect(throws: expected) { try parse(["--config-file=c.yaml"]) }
  }

  /// kubeadm's set of flags, without and with TLS.
  @Test func kubeadmsFlags() throws {
    let plain = [
      "--advertise-client-urls=http://10.0.0.1:2379", "--data-dir=/var/lib/etcd",
      "--experimental-initial-corrupt-check=true", "--experimental-watch-progress-notify-interval=5s",
      "--initial-advertise-peer-urls=http://10.0.0.1:2380", "--initial-cluster=node=http://10.0.0.1:2380",
      "--listen-client-urls=http://127.0.0.1:2379,http://10.0.0.1:2379",
      "--listen-metrics-urls=http://127.0.0.1:2381", "--listen-peer-urls=http://10.0.0.1:2380",
      "--name=node", "--snapshot-count=10000", "--feature-gates=InitialCorruptCheck=true",
      "--watch-progress-notify-interval=5s",
    ]
    let read = try configuration(plain)
    #expect(read.name == "node")
    #expect(read.listenClientURLs.count == 2)
    #expect(read.listenMetricsURLs == [NetworkURL(host: "127.0.0.1", port: 2381)])
    #expect(read.watchProgressInterval == .seconds(5))
    #expect(try notices(plain).count == 3)

    let secure = plain + ["--cert-file=a", "--client-cert-auth=true", "--key-file=b", "--trusted-ca-file=c"]
    let expected = ConfigurationError(
      .usage,
      """
      --cert-file: TLS is not available yet
      --client-cert-auth: TLS is not available yet
      --key-file: TLS is not available yet
      --trusted-ca-file: TLS is not available yet
      """)
    #expect(throws: expected) { try parse(secure) }
  }

  @Test(arguments: [
    ["--cert-file="], ["--client-cert-auth=false"],
    ["--unsafe-no-fsync=0"],
    ["--auth-token=simple"], ["--discovery", ""],
  ])
  func theDefaultOfAnUnavailableFlagIsAccepted(_ arguments: [String]) throws {
    #expect(try notices(arguments) == [])
  }

  @Test(arguments: [
    "--cert-file=x", "--client-cert-auth", "--unsafe-no-fsync",
    "--discovery-srv=example.com", "--listen-client-http-urls=http://a:1",
    "--auth-token=jwt", "--peer-crl-file=x", "--peer-client-cert-file=x",
  ])
  func anUnavailableFlagIsRefusedByName(_ argument: String) throws {
    let error = #expect(throws: ConfigurationError.self) { try parse([argument]) }
    #expect(error?.kind == .usage)
    #expect(error?.description.hasPrefix(argument.prefix { $0 != "=" } + ": ") == true)
  }
}
