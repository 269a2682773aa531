/// Every server flag of etcd 3.5 and 3.6, with what becomes of it here, and the flags of our own.
enum FlagTable {
  static let all: [Flag] = supported + ignored + unavailable

  static let byName: [String: Flag] = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

  /// The flag nearest to a misspelt name, if one is near.
  static func suggestion(for name: String) -> String? {
    let nearest = all.map { (name: $0.name, distance: editDistance(name, $0.name)) }
      .min { ($0.distance, $0.name) < ($1.distance, $1.name) }
    guard let nearest, nearest.distance > 0, nearest.distance <= max(1, name.count / 5) else { return nil }
    return nearest.name
  }

  /// Levenshtein's distance; a name past 64 bytes is like none of ours.
  private static func editDistance(_ left: String, _ right: String) -> Int {
    let left = Array(left.utf8)
    let right = Array(right.utf8)
    guard left.count <= 64 else { return .max }
    var row = Array(0...right.count)
    for (i, a) in left.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, b) in right.enumerated() {
        let above = row[j + 1]
        row[j + 1] = a == b ? diagonal : 1 + min(diagonal, above, row[j])
        diagonal = above
      }
    }
    return row[right.count]
  }

  private static func flag(
    _ section: Flag.Section, _ name: String, _ kind: Flag.Kind, _ defaultValue: String, _ help: String
  ) -> Flag {
    Flag(
      name: name, kind: kind, defaultValue: defaultValue, support: .supported, section: section, help: help)
  }

  private static let supported: [Flag] = [
    flag(.member, "name", .text, "default", "Human-readable name of this member."),
    flag(.member, "data-dir", .text, "${name}.raftkv", "Folder that holds the member's data."),
    flag(.member, "wal-dir", .text, "", "Folder for the log alone, such as one on a disk of its own."),
    flag(
      .member, "listen-client-urls", .text, "http://localhost:2379",
      "URLs to listen on for clients: gRPC and HTTP on one port."),
    flag(
      .member, "advertise-client-urls", .text, "${listen-client-urls}",
      "URLs that clients reach this member by. Needed when listening on every address."),
    flag(.member, "listen-peer-urls", .text, "http://localhost:2380", "URLs to listen on for other members."),
    flag(
      .member, "heartbeat-interval", .count, "100", "Milliseconds between two heartbeats of a leader."),
    flag(
      .member, "election-timeout", .count, "1000",
      "Milliseconds without a leader before an election; at least 5 heartbeats."),
    flag(
      .member, "config-file", .text, "",
      "YAML file with these flags as keys. Other flags and variables are then ignored."),

    flag(
      .clustering, "initial-advertise-peer-urls", .text, "http://localhost:2380",
      "URLs that other members reach this one by."),
    flag(
      .clustering, "initial-cluster", .text, "${name}=${initial-advertise-peer-urls}",
      "Members of a new cluster: name=url,… with a part for each of a member's URLs."),
    flag(
      .clustering, "initial-cluster-state", .choice(["new", "existing"]), "new",
      "Whether a member without data starts a cluster or joins one."),
    flag(
      .clustering, "initial-cluster-token", .text, "etcd-cluster",
      "Makes the ids of clusters differ that are started alike."),
    flag(
      .clustering, "join", .text, "",
      "Client URLs of a running cluster, which a member without data adds itself to. (Not a flag of etcd.)"),
    flag(
      .clustering, "force-new-cluster", .boolean, "false",
      "Go on alone with the data that is there and forget the other members, when most are lost."
    ),
    flag(
      .clustering, "strict-reconfig-check", .boolean, "true",
      "Refuse changes of the members that would cost the quorum."),
    flag(.clustering, "max-learners", .count, "1", "Most learners that the cluster may have at a time."),
    flag(.clustering, "experimental-max-learners", .count, "1", "The same, as etcd 3.5 spells it."),
    flag(
      .clustering, "pre-vote", .boolean, "true",
      "Ask for votes before an election, so that a member which comes back disturbs nobody."),

    flag(.peerTLS, "peer-cert-file", .text, "", "Certificate that this member shows to others, in PEM form."),
    flag(.peerTLS, "peer-key-file", .text, "", "Its private key, in PEM form."),
    flag(.peerTLS, "peer-trusted-ca-file", .text, "", "Certificates of who may sign those of the members."),
    flag(
      .peerTLS, "peer-client-cert-auth", .boolean, "false",
      "Demand of members that connect a certificate signed by one of them."),
    flag(
      .peerTLS, "peer-cert-allowed-cn", .text, "", "The common name that certificates of members must have."),
    flag(
      .peerTLS, "peer-auto-tls", .boolean, "false",
      "Encrypt between members by certificates that they make themselves and that prove nothing."
    ),

    flag(
      .limits, "quota-backend-bytes", .integer, "0",
      "Data size at which writes are refused; 0 means 2 GiB, a negative number no limit."),
    flag(.limits, "max-request-bytes", .count, "1572864", "Largest request of a client, in bytes."),
    flag(.limits, "max-txn-ops", .count, "128", "Most operations of one transaction."),
    flag(
      .limits, "memtable-bytes", .count, "67108864",
      "Bytes of changes kept in memory before they are written to the database in one go. (Not a flag of etcd.)"
    ),
    flag(
      .limits, "memtable-changes", .count, "100000",
      "Changes kept in memory before that; they bound what a restart replays. (Not a flag of etcd.)"),
    flag(
      .limits, "index-delta-bytes", .count, "16777216",
      "Bytes of index changes kept in memory before they are written to it together. (Not a flag of etcd.)"
    ),
    flag(
      .limits, "wal-segment-bytes", .count, "67108864",
      "Size of each file of the log; the next one is preallocated. (Not a flag of etcd.)"),
    flag(
      .limits, "log-tail-bytes", .count, "268435456",
      "Bytes of log kept for members that lag; one further behind gets a snapshot. (Not a flag of etcd.)"
    ),
    flag(
      .limits, "log-tail-memory-bytes", .count, "33554432",
      "Bytes of it that are kept in memory too. (Not a flag of etcd.)"),
    flag(
      .limits, "auto-compaction-mode", .choice(["periodic", "revision"]), "periodic",
      "What the retention counts: time (periodic), or revisions (revision)."),
    flag(
      .limits, "auto-compaction-retention", .text, "0",
      "History to keep: hours (1), a duration (30m), or revisions; 0 for all."
    ),
    flag(
      .limits, "max-concurrent-streams", .count, "4294967295",
      "Most calls under way at a time on one connection."),
    flag(
      .limits, "grpc-keepalive-min-time", .duration, "5s",
      "Clients that ping more often than this are disconnected."),
    flag(
      .limits, "grpc-keepalive-interval", .duration, "2h",
      "Pause after which a silent client is pinged; 0 for never."),
    flag(
      .limits, "grpc-keepalive-timeout", .duration, "20s",
      "How long a pinged client may take to answer."),
    flag(
      .limits, "watch-progress-notify-interval", .duration, "10m",
      "How often watches that ask for it are told how far they are; at least 100ms."),
    flag(
      .limits, "experimental-watch-progress-notify-interval", .duration, "10m",
      "The same, as etcd 3.5 spells it."),

    flag(
      .logging, "listen-metrics-urls", .text, "", "More URLs that serve /metrics, /health, /livez, /readyz."),
    flag(
      .logging, "log-level", .choice(["debug", "info", "warn", "error", "panic", "fatal"]), "info",
      "Least severe messages to log: debug, info, warn, error, panic or fatal."),
    flag(
      .logging, "log-outputs", .text, "default",
      "Where to log: stderr (the default), stdout, or a file's path; several with commas."),
    flag(
      .logging, "log-format", .choice(["json", "console"]), "json", "json, or console for reading."),
  ]
}
