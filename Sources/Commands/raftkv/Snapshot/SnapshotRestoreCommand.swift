import ArgumentParser
import Commands
import EtcdImport
import MVCC
import RaftKV
import WAL

/// `raftkv snapshot restore`: a data folder of a snapshot, with etcdutl's flags.
struct SnapshotRestoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore",
    abstract: "Make the data folder of a member of a new cluster of a snapshot, of raftkv or of etcd.",
    discussion: """
      Each member of the new cluster is restored of the same snapshot with the same --initial-cluster and \
      --initial-cluster-token, and its own --name; then all are started. A file copied from a data folder of etcd \
      (member/snap/db) has no hash: it needs --skip-hash-check.
      """)

  @Argument(help: "The snapshot.")
  var file: String

  @Option(
    name: .customLong("data-dir"),
    help: "The data folder to make (default: NAME.raftkv). It must not be there, or be empty.")
  var dataDirectory: String?

  @Option(
    name: .customLong("wal-dir"), help: "The log's folder, when it is not to be inside the data folder.")
  var walDirectory: String?

  @Option(help: "This member's name.")
  var name = "default"

  @Option(
    name: .customLong("initial-cluster"),
    help: "The members of the new cluster: name=url,name=url… (default: this one alone).")
  var initialCluster: String?

  @Option(name: .customLong("initial-cluster-token"), help: "Tells this cluster from others.")
  var token = "etcd-cluster"

  @Option(
    name: .customLong("initial-advertise-peer-urls"), help: "Where the other members reach this one.")
  var peerURLs: String?

  @Flag(
    name: .customLong("skip-hash-check"),
    help: "Accept a file of etcd's without, or with a wrong, hash at its end.")
  var skipsHashCheck = false

  @Option(
    name: .customLong("bump-revision"),
    help: "Increase the latest revision by so many. Needs --mark-compacted.")
  var bump: Int64 = 0

  @Flag(
    name: .customLong("mark-compacted"),
    help: "Count all before the increased revision as compacted. Needs --bump-revision.")
  var marksCompacted = false

  func validate() throws {
    if bump < 0 { throw ValidationError("--bump-revision must not be negative") }
    if (bump > 0) != marksCompacted {
      throw ValidationError("--mark-compacted is required if --bump-revision > 0, and not allowed otherwise")
    }
  }

  func run() throws {
    try reportingFailures {
      let configuration = try nodeConfiguration()
      let snapshot = try RestorableSnapshot(path: file, checksHash: !skipsHashCheck)
      let header = snapshot.header
      say(
        "restoring snapshot \(file) (\(snapshot.origin == .etcd ? "etcd" : "raftkv"), revision \(header.revision), "
          + "\(header.leases.count) leases) into \(configuration.dataDirectory)")
      if snapshot.auth?.isEnabled == true {
        say(
          "warning: the snapshot has authentication enabled. Its users and roles are kept, but this version does not "
            + "ask for them: whoever reaches the member can read and write everything")
      }
      var progress = RestoreProgress(revision: header.revision)
      try Restore.run(
        configuration, header: header, bump: bump, fileSystem: PosixFileSystem(),
        seed: .random(in: 1 ... .max)
      ) {
        let version = try snapshot.next()
        if let version { progress.add(version.revision.main) }
        return version
      }
      say("restored snapshot \(file): \(progress.versions) versions in \(configuration.dataDirectory)")
    }
  }

  /// The same rules as those of a first start.
  private func nodeConfiguration() throws -> NodeConfiguration {
    var arguments = ["--name=\(name)", "--initial-cluster-token=\(token)"]
    if let dataDirectory { arguments.append("--data-dir=\(dataDirectory)") }
    if let walDirectory { arguments.append("--wal-dir=\(walDirectory)") }
    if let initialCluster { arguments.append("--initial-cluster=\(initialCluster)") }
    if let peerURLs { arguments.append("--initial-advertise-peer-urls=\(peerURLs)") }
    let invocation = try ServeInvocation.parse(
      arguments: arguments, environment: [:],
      readFile: { path throws(ConfigurationError) in try TextFile.read(path) })
    guard case .serve(let flags, _) = invocation else {
      throw ConfigurationError(.usage, "the flags are not those of a member")
    }
    try flags.checkBootstrap()
    var configuration = NodeConfiguration(
      name: flags.name, dataDirectory: flags.dataDirectory,
      peerURLs: flags.advertisePeerURLs.map(\.description), clientURLs: [])
    configuration.walDirectory = flags.walDirectory
    configuration.initialCluster = flags.initialCluster.map { ($0.name, $0.peerURLs.map(\.description)) }
    configuration.clusterToken = flags.clusterToken
    return configuration
  }
}

/// Says now and then how far a restore has come.
private struct RestoreProgress {
  /// The clock is looked at once for so many versions.
  private static let versionsPerLook = 8192
  private static let interval = Duration.seconds(5)

  private let revision: Int64
  private(set) var versions = 0
  private var said = ContinuousClock.now

  init(revision: Int64) { self.revision = revision }

  mutating func add(_ main: Int64) {
    versions += 1
    guard versions % Self.versionsPerLook == 0 else { return }
    let now = ContinuousClock.now
    guard now - said >= Self.interval else { return }
    said = now
    say("restored revision \(main) of \(revision), \(versions) versions")
  }
}
