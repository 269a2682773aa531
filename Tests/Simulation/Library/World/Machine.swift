import Logging
import MVCC
import RaftKV
import Raft

/// A machine with a disk, a clock, an address, and at times a member's process.
///
/// Safe: because one thread at a time runs a world.
final class Machine: @unchecked Sendable {
  /// What the machine is to the cluster.
  enum Standing {
    /// Nothing was ever started here.
    case spare
    /// One of those that found the cluster.
    case founder
    /// It was added to the cluster: these members were named to it.
    case joining([(name: String, peerURLs: [String])])
    /// Its member was removed, or is given up.
    case removed
  }

  private static let clusterToken = "simulated"

  unowned let world: World
  unowned let cluster: SimulatedCluster
  let number: Int
  let directory: String
  let clock: MachineClock
  var standing = Standing.spare
  private(set) var disk = Disk()
  private(set) var process: Process?
  private var startCount = 0

  /// The process is held up, and what it would do waits.
  private(set) var isPaused = false
  private var postponed: [@Sendable () -> Void] = []
  /// Nothing that the log writes gets through before this.
  var diskStalledUntil: Nanoseconds = 0
  /// How long the log's disk takes.
  var diskDelay: ClosedRange<Nanoseconds>
  /// The member may say that it cannot go on: its disk failed it, or the cluster removed it.
  var mayFail = false
  /// It will be started again after a start that failed.
  var isRetryPlanned = false
  /// A member has run here.
  private(set) var hasRun = false
  /// Somebody asked for the removal of the member that ran here.
  var mayBeRemoved: Bool { cluster.removing.contains(lastMemberID ?? founderID) }
  /// A founder's id is known before it has run.
  private var founderID: UInt64 { Member.id(peerURLs: [peerURL], clusterToken: Self.clusterToken) }
  private var lastMemberID: UInt64?

  var name: String { "m\(number)" }
  var peerURL: String { "http://\(name):2380" }
  var isRunning: Bool { process?.node != nil }
  var node: Node? { process?.node }
  /// The last entry that the store here holds, by an entry of its own or by a snapshot.
  var appliedIndex: UInt64 { process?.node?.store.applied.index ?? 0 }
  var memberID: UInt64? { process?.node?.memberID }

  init(_ cluster: SimulatedCluster, number: Int, directory: String) {
    world = cluster.world
    self.cluster = cluster
    self.number = number
    self.directory = directory
    let options = cluster.world.options
    diskDelay = options.diskDelay
    clock = MachineClock(
      cluster.world, start: UInt64(1 + cluster.world.random.below(1000)) * 1_000_000_007,
      driftPartsPerMillion: options.faults.contains(.drift)
        ? cluster.world.random.pick(-RunOptions.maximumDrift...RunOptions.maximumDrift) : 0)
  }

  // MARK: life

  /// Starts a member on what the disk holds. Fails when the member refuses to.
  func start() throws {
    precondition(process == nil, "a machine runs one process")
    startCount += 1
    let transport = MemberTransport(cluster.network, self)
    let process = Process(self, number: startCount, transport: transport)
    transport.process = process
    self.process = process
    world.note(.start, number, UInt64(startCount)) { "start \(startCount)" }
    var environment = RaftKV.Environment(
      fileSystem: MachineFiles(disk: disk, logDirectory: directory + "/wal"),
      clock: MemberClock(process: process), makeExecutor: { process.makeExecutor($0) },
      transport: transport, seed: world.random.next())
    let oracle = cluster.oracle
    environment.onApply = { entry, command, outcome in
      oracle.applied(entry, command, outcome, by: process)
    }
    do {
      process.node = try Node(
        configuration, environment: environment,
        decoder: { kind, bytes in
          let (operation, command) = try Wire.decode(kind, bytes)
          process.decodedOperation = operation
          return command
        }, logger: Logger(label: name) { _ in TraceLog(machine: self) },
        onFailure: { process.failed($0) })
    } catch {
      world.note(.failure, number) { "does not start: \(error)" }
      process.kill()
      self.process = nil
      if !disk.isDead { disk = disk.restarted() }
      throw error
    }
    hasRun = true
    if undamaged != nil { world.probes.count(.damageHealed) }
    undamaged = nil
    lastMemberID = process.node?.memberID
    process.appliedIndex = process.node?.store.applied.index ?? 0
    process.node?.watches.attach(WatchWire())
    cluster.started(process)
  }

  /// How the process ends, and what the disk is like afterwards.
  enum End { case killed, powerLoss, orderly }

  func end(_ kind: End) {
    guard let process else { return }
    world.note(.crash, number, kind == .powerLoss ? 1 : 0) { "\(kind)" }
    resume()
    if kind == .orderly {
      process.stop()
      disk = disk.restarted()
    } else {
      let image = kind == .powerLoss || disk.isDead ? disk.crashed(&world.random) : disk.restarted()
      if image.lostChanges > 0 { world.probes.count(.writesLost) }
      disk.disconnect()
      process.kill()
      disk = image
    }
    self.process = nil
    mayFail = false
    diskStalledUntil = 0
    cluster.ended(process)
  }

  /// The process said that it cannot go on: whoever runs it ends it.
  func processFailed(_ process: Process) {
    guard self.process === process else { return }
    cluster.failed(process, on: self)
  }

  /// The disk before it was damaged; nil once a member has started on it.
  private var undamaged: Disk?

  /// Changes a bit of the log while nothing runs here.
  func damageLog() {
    let copy = disk.restarted()
    guard process == nil, disk.damage(&world.random) else { return }
    world.note(.disk, number) { "is damaged" }
    undamaged = copy
  }

  /// Takes the damage back, for a member that refuses to start with it; false when there was none.
  func undamage() -> Bool {
    guard let copy = undamaged else { return false }
    world.probes.count(.damageRefused)
    disk = copy
    undamaged = nil
    return true
  }

  /// What a start that failed has left behind is what the next one finds.
  func repairDisk() {
    disk = disk.isDead ? disk.crashed(&world.random) : disk.restarted()
    mayFail = false
  }

  // MARK: being held up

  func pause() {
    guard process != nil else { return }
    isPaused = true
    world.note(.pause, number)
  }

  func resume() {
    guard isPaused else { return }
    isPaused = false
    world.note(.resume, number)
    let waiting = postponed
    postponed = []
    for body in waiting { world.after(UInt64(world.random.below(50_000))) { body() } }
  }

  func postpone(_ body: @escaping @Sendable () -> Void) { postponed.append(body) }

  /// How long the next piece of a stage's work takes to begin.
  func delay(_ pace: StageExecutor.Pace) -> Nanoseconds {
    switch pace {
    case .quick:
      return world.random.chance(2)
        ? world.random.delay(.microseconds(50) ... .milliseconds(3))
        : 3_000 + UInt64(world.random.below(60_000))
    case .disk:
      let stall = diskStalledUntil > world.now ? diskStalledUntil - world.now : 0
      return stall + world.random.delay(diskDelay)
    case .slow: return world.random.delay(.microseconds(10) ... .milliseconds(3))
    }
  }

  // MARK: configuration

  private var configuration: NodeConfiguration {
    let options = world.options
    var configuration = NodeConfiguration(
      name: name, dataDirectory: directory, peerURLs: [peerURL], clientURLs: ["http://\(name):2379"])
    switch standing {
    case .spare, .removed: break
    case .founder: configuration.initialCluster = cluster.founders.map { ($0.name, [$0.peerURL]) }
    case .joining(let members):
      configuration.initialCluster = members
      configuration.joinsExistingCluster = true
    }
    configuration.clusterToken = Self.clusterToken
    configuration.heartbeatMilliseconds = options.heartbeatMilliseconds
    configuration.electionMilliseconds = options.electionMilliseconds
    configuration.preVote = options.preVote
    configuration.checksReconfiguration = options.checksReconfiguration
    configuration.limits.requestTimeoutMilliseconds = 5 * options.electionMilliseconds
    configuration.limits.idleFlushMilliseconds = options.idleFlushMilliseconds
    configuration.limits.logTailBytes = options.logTailBytes
    configuration.limits.logTailMemoryBytes = options.logTailMemoryBytes
    configuration.limits.logSegmentBytes = options.logSegmentBytes
    configuration.limits.logBallastBytes = 4096
    configuration.limits.readerThreads = 2
    configuration.limits.leaseCheckpointSeconds = options.leaseCheckpointSeconds
    configuration.limits.watchStreamBytes = options.watchStreamBytes
    configuration.limits.watchReadingChanges = 50
    configuration.limits.watchReadingBytes = 2048
    configuration.limits.watchGapRevisions = 5
    configuration.store.memtableChanges = options.memtableChanges
    configuration.store.memtableBytes = 64 << 10
    configuration.store.mapBytes = 64 << 20
    configuration.store.maximumReaders = 16
    configuration.store.indexDeltaBytes = 4 << 10
    configuration.store.compactionBatchVersions = 50
    configuration.store.compactionStepRows = 20
    return configuration
  }
}

/// A member's log lines, among what happened.
private struct TraceLog: LogHandler {
  let machine: Machine
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level

  init(machine: Machine) {
    self.machine = machine
    logLevel = machine.world.trace.isWanted ? .info : .critical
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    guard machine.world.trace.isWanted else { return }
    let facts = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    machine.world.tell(.log, machine.number, "\(event.message) \(facts.joined(separator: " "))")
  }
}
