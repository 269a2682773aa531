/// What one run is like: everything in it is drawn from its seed, unless somebody says otherwise.
package struct RunOptions: Sendable {
  /// What may go wrong.
  package struct Faults: OptionSet, Sendable {
    package let rawValue: Int

    package init(rawValue: Int) { self.rawValue = rawValue }

    /// Processes end without a word; machines lose power.
    package static let crashes = Faults(rawValue: 1 << 0)
    /// Links are cut, in one direction or both.
    package static let partitions = Faults(rawValue: 1 << 1)
    /// Messages are lost, doubled and late.
    package static let loss = Faults(rawValue: 1 << 2)
    /// Processes are held up, disks stall.
    package static let stalls = Faults(rawValue: 1 << 3)
    /// Clocks go at rates of their own.
    package static let drift = Faults(rawValue: 1 << 4)
    /// Members come and go.
    package static let membership = Faults(rawValue: 1 << 5)
    /// Leadership is handed over.
    package static let transfers = Faults(rawValue: 1 << 6)
    /// Power is lost in the middle of what the log writes; syncs fail.
    package static let disks = Faults(rawValue: 1 << 7)
    /// Bytes of one member's log change while it is down.
    package static let damage = Faults(rawValue: 1 << 8)

    package static let all = Faults(rawValue: 1 << 9 - 1)
  }

  /// The farthest that a clock's rate is off, in parts per million.
  static let maximumDrift = 50_000
  /// As many machines as there may be.
  static let maximumMachines = 9

  /// Members that found the cluster.
  package var founders: Int
  package var faults: Faults
  /// How long clients and faults go on before everything is repaired.
  package var milliseconds: Int
  package var clients: Int
  package var watchers: Int
  var keys: Int
  var heartbeatMilliseconds: Int
  var electionMilliseconds: Int
  var preVote: Bool
  var checksReconfiguration: Bool
  var thinkTime: ClosedRange<Nanoseconds>
  var networkDelay: ClosedRange<Nanoseconds>
  var keepsOrder: Bool
  var lossPercent: Int
  var diskDelay: ClosedRange<Nanoseconds>
  var faultPause: ClosedRange<Nanoseconds>
  var memtableChanges: Int
  var logSegmentBytes: Int
  var logTailBytes: Int
  var logTailMemoryBytes: Int
  var idleFlushMilliseconds: Int
  var leaseCheckpointSeconds: Int
  var watchStreamBytes: Int
  var snapshotChunkBytes: Int
  var snapshotCutPercent: Int
  var compacts: Bool
  var usesLeases: Bool

  /// What a seed says.
  package init(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    founders = random.pick([1, 3, 3, 3, 3, 3, 5, 5])
    var faults = Faults.all
    // Each kind is left out now and then, so that its absence is tried, too.
    for bit in 0..<9 where random.chance(25) { faults.remove(Faults(rawValue: 1 << bit)) }
    // A member whose log is damaged takes no part in elections until the others have given it back what it lost: of
    // two that are left, the other one alone could not.
    faults.remove(random.chance(50) ? .membership : .damage)
    if random.chance(5) { faults = [] }
    self.faults = faults
    milliseconds = random.pick([4_000, 6_000, 8_000, 15_000])
    clients = random.pick(2...4)
    watchers = random.pick(1...3)
    keys = random.pick(2...8)
    heartbeatMilliseconds = random.pick([50, 100])
    electionMilliseconds = heartbeatMilliseconds * random.pick([5, 10])
    preVote = random.chance(80)
    checksReconfiguration = random.chance(50)
    thinkTime = .milliseconds(1) ... .milliseconds(random.pick([80, 200, 500]))
    networkDelay = .microseconds(50) ... .milliseconds(random.pick([1, 5, 30]))
    keepsOrder = random.chance(50)
    lossPercent = faults.contains(.loss) ? random.pick([0, 1, 5, 15]) : 0
    diskDelay = .microseconds(100) ... .milliseconds(random.pick([1, 5, 40]))
    faultPause = .milliseconds(50) ... .milliseconds(random.pick([1000, 3000, 8000]))
    memtableChanges = random.pick([10, 40, 120, 300])
    logSegmentBytes = random.pick([4 << 10, 8 << 10, 32 << 10])
    logTailBytes = random.pick([0, 8 << 10, 32 << 10])
    logTailMemoryBytes = random.pick([0, 1 << 10, 16 << 10])
    idleFlushMilliseconds = random.pick([500, 2000, 5000])
    leaseCheckpointSeconds = random.pick([1, 3, 300])
    watchStreamBytes = random.pick([1 << 10, 16 << 10])
    snapshotChunkBytes = random.pick([4 << 10, 32 << 10, 256 << 10])
    snapshotCutPercent = faults.contains(.loss) ? random.pick([0, 5, 20]) : 0
    compacts = random.chance(70)
    usesLeases = random.chance(70)
  }
}
