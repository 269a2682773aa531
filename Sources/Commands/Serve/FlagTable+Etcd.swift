/// The flags of etcd that do nothing here, each with its reason.
extension FlagTable {
  private static func ignored(
    _ name: String, _ kind: Flag.Kind, _ defaultValue: String, _ reason: String
  ) -> Flag {
    Flag(
      name: name, kind: kind, defaultValue: defaultValue, support: .ignored(because: reason),
      section: .member, help: "")
  }

  private static func unavailable(
    _ name: String, _ kind: Flag.Kind, _ defaultValue: String, _ reason: String
  ) -> Flag {
    Flag(
      name: name, kind: kind, defaultValue: defaultValue, support: .unavailable(because: reason),
      section: .member, help: "")
  }

  /// A flag that etcd 3.5 calls `experimental-NAME` and 3.6 `NAME`.
  private static func ignoredInBothSpellings(
    _ name: String, _ kind: Flag.Kind, _ defaultValue: String, _ reason: String
  ) -> [Flag] {
    [
      ignored(name, kind, defaultValue, reason),
      ignored("experimental-\(name)", kind, defaultValue, reason),
    ]
  }

  private static let engine = "the storage engine has no such setting"
  private static let checked = "every record is checked against its checksum whenever it is read"
  private static let leases = "what is left of leases is always noted in the log"
  private static let links = "links between members have their own timeouts"
  private static let compared =
    "members do not compare their contents by themselves; use etcdctl endpoint hashkv"
  private static let loggerIsFixed = "logs are structured already"
  private static let slowRequests = "slow requests are not logged one by one"

  static let ignored: [Flag] =
    [
      ignored("snapshot-count", .count, "100000", "the log is shortened as data reaches the store"),
      ignored(
        "snapshot-catchup-entries", .count, "5000", "--log-tail-bytes says how much log is kept for others"),
      ignored("max-snapshots", .count, "5", "no snapshot files are kept"),
      ignored("max-wals", .count, "5", "log files are deleted when nothing needs them"),
      ignored(
        "initial-election-tick-advance", .boolean, "true", "a member alone elects itself at once; others wait"
      ),
      ignored("backend-bbolt-freelist-type", .text, "map", engine),
      ignored("backend-batch-interval", .duration, "0", engine),
      ignored("backend-batch-limit", .integer, "0", engine),
      ignored("enable-grpc-gateway", .boolean, "true", "the JSON gateway is not available yet"),
      ignored("socket-reuse-address", .boolean, "false", "sockets are always opened that way"),
      ignored("raft-read-timeout", .duration, "5s", links),
      ignored("raft-write-timeout", .duration, "5s", links),
      ignored("v2-deprecation", .text, "not-yet", "there is no v2 store"),
      ignored("discovery-fallback", .text, "proxy", "there is no v2 proxy"),
      ignored("discovery-srv-name", .text, "", "discovery is not available"),
      ignored("proxy-failure-wait", .count, "5000", "there is no v2 proxy"),
      ignored("proxy-refresh-interval", .count, "30000", "there is no v2 proxy"),
      ignored("proxy-dial-timeout", .count, "1000", "there is no v2 proxy"),
      ignored("proxy-write-timeout", .count, "5000", "there is no v2 proxy"),
      ignored("proxy-read-timeout", .count, "0", "there is no v2 proxy"),
      ignored(
        "self-signed-cert-validity", .count, "1", "certificates made by --peer-auto-tls are valid for a year"),
      ignored("bcrypt-cost", .count, "10", "authentication is not available yet"),
      ignored("auth-token-ttl", .count, "300", "authentication is not available yet"),
      ignored("cors", .text, "*", "requests from browsers get no CORS headers"),
      ignored("metrics", .choice(["basic", "extensive"]), "basic", "all metrics are always exported"),
      ignored("logger", .choice(["zap"]), "zap", loggerIsFixed),
      ignored("disable-log-sampling", .boolean, "false", "logs are not sampled"),
      ignored("log-rotation-config-json", .text, "", "log files are not rotated"),
      ignored("feature-gates", .text, "", "there are no feature gates"),
      ignored("experimental-enable-lease-checkpoint", .boolean, "false", leases),
      ignored("experimental-enable-lease-checkpoint-persist", .boolean, "false", leases),
      ignored("experimental-txn-mode-write-with-shared-buffer", .boolean, "true", engine),
      ignored("experimental-initial-corrupt-check", .boolean, "false", checked),
      ignored("experimental-compact-hash-check-enabled", .boolean, "false", compared),
      ignored(
        "experimental-stop-grpc-service-on-defrag", .boolean, "false", "nothing stops for defragmentation"),
      ignored("experimental-enable-v2v3", .text, "", "there is no v2 store"),
    ]
    + [
      ignoredInBothSpellings("corrupt-check-time", .duration, "0s", checked),
      ignoredInBothSpellings("compact-hash-check-time", .duration, "1m", compared),
      ignoredInBothSpellings("compaction-batch-limit", .integer, "1000", engine),
      ignoredInBothSpellings("compaction-sleep-interval", .duration, "10ms", engine),
      ignoredInBothSpellings("downgrade-check-time", .duration, "5s", "there are no downgrades"),
      ignoredInBothSpellings("memory-mlock", .boolean, "false", "memory is not locked"),
      ignoredInBothSpellings("warning-apply-duration", .duration, "100ms", slowRequests),
      ignoredInBothSpellings("warning-unary-request-duration", .duration, "300ms", slowRequests),
      ignoredInBothSpellings("bootstrap-defrag-threshold-megabytes", .count, "0", engine),
      ignoredInBothSpellings(
        "peer-skip-client-san-verification", .boolean, "false",
        "the addresses in certificates of members that connect are not looked at"),
      ignoredInBothSpellings("distributed-tracing-address", .text, "localhost:4317", "there is no tracing"),
      ignoredInBothSpellings("distributed-tracing-service-name", .text, "etcd", "there is no tracing"),
      ignoredInBothSpellings("distributed-tracing-instance-id", .text, "", "there is no tracing"),
      ignoredInBothSpellings("distributed-tracing-sampling-rate", .integer, "0", "there is no tracing"),
    ].joined()

  private static let tls = "TLS is not available yet"
  private static let onePeerCertificate = "a member shows --peer-cert-file whichever side connects"
  private static let discovery = "discovery is not available; list the members in --initial-cluster"

  static let unavailable: [Flag] = [
    unavailable("cert-file", .text, "", tls),
    unavailable("key-file", .text, "", tls),
    unavailable("client-cert-file", .text, "", tls),
    unavailable("client-key-file", .text, "", tls),
    unavailable("client-cert-auth", .boolean, "false", tls),
    unavailable("client-crl-file", .text, "", tls),
    unavailable("client-cert-allowed-hostname", .text, "", tls),
    unavailable("trusted-ca-file", .text, "", tls),
    unavailable("auto-tls", .boolean, "false", tls),
    unavailable("peer-client-cert-file", .text, "", onePeerCertificate),
    unavailable("peer-client-key-file", .text, "", onePeerCertificate),
    unavailable("peer-crl-file", .text, "", "revocation lists are not read; use a CA for the members alone"),
    unavailable(
      "peer-cert-allowed-hostname", .text, "", "host names are not compared; use --peer-cert-allowed-cn"),
    unavailable("cipher-suites", .text, "", tls),
    unavailable("tls-min-version", .text, "TLS1.2", tls),
    unavailable("tls-max-version", .text, "", tls),
    unavailable("host-whitelist", .text, "*", "requests are not filtered by host name yet"),
    unavailable("auth-token", .text, "simple", "authentication is not available yet"),
    unavailable(
      "listen-client-http-urls", .text, "", "HTTP is served on the same port as gRPC, --listen-client-urls"),
    unavailable("socket-reuse-port", .boolean, "false", "sockets are never shared"),
    unavailable("discovery", .text, "", discovery),
    unavailable("discovery-proxy", .text, "", discovery),
    unavailable("discovery-srv", .text, "", discovery),
    unavailable("discovery-endpoints", .text, "", discovery),
    unavailable("discovery-token", .text, "", discovery),
    unavailable("discovery-dial-timeout", .duration, "2s", discovery),
    unavailable("discovery-request-timeout", .duration, "5s", discovery),
    unavailable("discovery-keepalive-time", .duration, "2s", discovery),
    unavailable("discovery-keepalive-timeout", .duration, "6s", discovery),
    unavailable("discovery-insecure-transport", .boolean, "true", discovery),
    unavailable("discovery-insecure-skip-tls-verify", .boolean, "false", discovery),
    unavailable("discovery-cert", .text, "", discovery),
    unavailable("discovery-key", .text, "", discovery),
    unavailable("discovery-cacert", .text, "", discovery),
    unavailable("discovery-user", .text, "", discovery),
    unavailable("discovery-password", .text, "", discovery),
    unavailable("enable-v2", .boolean, "false", "there is no v2 store"),
    unavailable("proxy", .text, "off", "there is no v2 proxy"),
    unavailable("enable-pprof", .boolean, "false", "there is no built-in profiler; use perf"),
    unavailable("enable-log-rotation", .boolean, "false", "log files are not rotated; use logrotate"),
    unavailable("enable-distributed-tracing", .boolean, "false", "there is no tracing"),
    unavailable("experimental-enable-distributed-tracing", .boolean, "false", "there is no tracing"),
    unavailable(
      "unsafe-no-fsync", .boolean, "false", "writes are never acknowledged before they are on disk"),
  ]
}
