package import Foundation
import MVCC
import RaftKV

/// What became of one seed.
package struct RunReport: Sendable {
  package var seed: UInt64
  /// A hash of everything that happened.
  package var hash: UInt64
  /// What was violated; nil when nothing was.
  package var failure: String?
  package var probes: Probes
  /// The last lines of the trace, when it was kept.
  package var lines: [String]
  package var events: Int
  package var entries: Int
  package var virtualMilliseconds: Int
}

/// One seed: a cluster under load and faults, then its repair, and what must be true at the end.
package enum Run {
  /// How long a repaired cluster may take until all is well, in virtual time.
  static let settlingSeconds = 90

  /// Runs a seed. With `keepsLines` the last lines are kept; with `trace` all of them go to that file, too.
  package static func run(
    _ seed: UInt64, options: RunOptions? = nil, keepsLines: Bool = false, trace: FileHandle? = nil
  ) -> RunReport {
    let directory = "\(root)/\(ProcessInfo.processInfo.processIdentifier)-\(UInt64.random(in: .min ... .max))"
    try? FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let world = World(
      seed: seed, options: options ?? RunOptions(seed: seed),
      verbosity: trace.map { .file($0) } ?? (keepsLines ? .recent : .silent))
    let cluster = SimulatedCluster(world, directory: directory)
    let faults = FaultScheduler(cluster)
    cluster.begin()
    faults.begin()
    play(world, until: .milliseconds(world.options.milliseconds))
    if world.failure == nil {
      faults.end()
      settle(cluster)
    }
    if world.failure == nil { cluster.checkHistories() }
    let report = RunReport(
      seed: seed, hash: world.trace.hash, failure: world.failure, probes: world.probes,
      lines: world.trace.isWanted ? world.trace.recent : [], events: world.eventCount,
      entries: cluster.oracle.entries.count, virtualMilliseconds: Int(world.now / 1_000_000))
    cluster.end()
    return report
  }

  /// Memory, where there is a file system in it.
  private static let root =
    FileManager.default.isWritableFile(atPath: "/dev/shm") ? "/dev/shm/raftkv-sim" : NSTemporaryDirectory()

  private static func play(_ world: World, until end: Nanoseconds) {
    while world.failure == nil, world.runNext(before: end) {}
  }

  // MARK: the end

  /// With everything repaired, every member comes to the same state, and the cluster takes writes again.
  private static func settle(_ cluster: SimulatedCluster) {
    let world = cluster.world
    for client in cluster.clients { client.stop() }
    let end = world.now + .seconds(settlingSeconds)
    // What is under way gets its answer, or none.
    play(world, until: world.now + .seconds(2))
    var isWritten = false
    let probe = Client(cluster, number: 1000, machine: cluster.machines[0])
    probe.stop()
    while world.failure == nil, world.now < end {
      startMembers(cluster)
      if !isWritten, let machine = cluster.anyRunning() {
        isWritten = probe.successes > 0
        if !isWritten {
          probe.move(to: machine)
          probe.writeOnce("the end")
        }
      }
      play(world, until: world.now + .milliseconds(500))
      if isWritten, isSettled(cluster) {
        compare(cluster)
        return
      }
    }
    world.fail("nothing settles within \(settlingSeconds) s: \(state(of: cluster))")
  }

  private static func members(of cluster: SimulatedCluster) -> [Member] {
    let newest = cluster.running.max {
      ($0.appliedIndex, $0.number) < ($1.appliedIndex, $1.number)
    }
    return newest?.node?.members ?? []
  }

  /// Every member runs, whatever became of the call that added it.
  private static func startMembers(_ cluster: SimulatedCluster) {
    let members = members(of: cluster)
    // Those that were never added after all are not waited for.
    for machine in cluster.machines where !members.isEmpty && !machine.hasRun {
      if case .joining = machine.standing { machine.standing = .spare }
    }
    for member in members {
      guard let machine = cluster.machine(of: member), machine.process == nil else { continue }
      if case .spare = machine.standing {
        machine.standing = .joining(
          members.map { ($0.id == member.id ? machine.name : "m\($0.id)", $0.peerURLs) })
      }
      if case .removed = machine.standing { continue }
      cluster.startAgain(machine)
    }
    if members.isEmpty { for machine in cluster.founders { cluster.startAgain(machine) } }
  }

  private static func current(_ cluster: SimulatedCluster) -> [Machine] {
    members(of: cluster).compactMap { cluster.machine(of: $0) }
  }

  private static func isSettled(_ cluster: SimulatedCluster) -> Bool {
    let machines = current(cluster)
    guard !machines.isEmpty, machines.allSatisfy(\.isRunning) else { return false }
    let statuses = machines.compactMap { $0.node?.status }
    guard let first = statuses.first, first.leader != 0,
      statuses.allSatisfy({
        $0.leader == first.leader && $0.appliedIndex == first.appliedIndex
          && $0.committedIndex == first.committedIndex
      })
    else { return false }
    return machines.allSatisfy { $0.appliedIndex == UInt64(cluster.oracle.entries.count) }
      && cluster.watchers.allSatisfy(\.isUpToDate)
  }

  /// All members hold what the model holds.
  private static func compare(_ cluster: SimulatedCluster) {
    let world = cluster.world
    let model = cluster.oracle.model
    var hashes: [UInt32] = []
    var documents: [[Member]] = []
    for machine in current(cluster) {
      guard let node = machine.node else { continue }
      do {
        let handle = try node.store.makeReadHandle()
        var query = RangeQuery(range: KeyRange(start: [0], end: .unbounded))
        query.revision = model.revision
        if try handle.range(query).keyValues != model.range(query.range, at: model.revision) {
          world.fail("m\(machine.number) ends with another content than the model")
        }
        var hash = try ContentHash(node.store, revision: model.revision)
        while !(try hash.step(handle)) {}
        hashes.append(hash.value)
      } catch {
        world.fail("m\(machine.number) cannot be read at the end: \(error)")
      }
      let leases = model.leases.values.sorted { $0.id < $1.id }
      if node.store.leases != leases {
        world.fail("m\(machine.number) ends with the leases \(node.store.leases), not \(leases)")
      }
      if node.store.compactRevision != model.compactRevision {
        world.fail("m\(machine.number) ends compacted to \(node.store.compactRevision)")
      }
      documents.append(node.members)
    }
    if Set(hashes).count > 1 { world.fail("the members' contents have the hashes \(hashes)") }
    if Set(documents).count > 1 { world.fail("the members know different members: \(documents)") }
  }

  private static func state(of cluster: SimulatedCluster) -> String {
    let lines = cluster.machines.map { machine in
      let status = machine.node.map { "\($0.status)" } ?? "does not run"
      return "m\(machine.number) \(machine.standing) paused \(machine.isPaused): \(status)"
    }
    let watches = cluster.watchers.map { "watch \($0.number) wants \($0.next)" }
    return "\(cluster.oracle.entries.count) entries, revision \(cluster.oracle.model.revision)\n"
      + (lines + watches).joined(separator: "\n")
  }
}
