import Glibc
import MVCC
import RaftKV
import WAL

/// The machines, the network between them, the clients, and who checks them.
///
/// Safe: because one thread at a time runs a world.
final class SimulatedCluster: @unchecked Sendable {
  let world: World
  let network: Network
  let oracle: Oracle
  private let directory: String
  private(set) var machines: [Machine] = []
  private(set) var founders: [Machine] = []
  private(set) var clients: [Client] = []
  private(set) var watchers: [WatchClient] = []
  var snapshotsUnderWay = 0
  /// Members that somebody has asked to be removed: they may end.
  var removing: Set<UInt64> = []
  /// Processes that end are started again.
  var restarts = true
  /// Keys that are plain registers, in order.
  let registers: [Bytes]
  private var histories: [Bytes: RegisterHistory] = [:]
  private var lastMoment = 0
  /// Leases that a client has asked to be revoked.
  private(set) var revokedLeases: Set<Int64> = []

  /// `directory` is the cluster's own; the checkpoints lie in it.
  init(_ world: World, directory: String) {
    self.world = world
    self.directory = directory
    network = Network(world)
    oracle = Oracle(world)
    registers = (0..<world.options.keys).map { Bytes("k\($0)".utf8) }
    oracle.onCommand = { [unowned self] command, outcome, process in
      if case .compact = command, case .success = outcome.result, snapshotsUnderWay > 0 {
        world.probes.count(.compactionDuringSnapshot)
      }
    }
    for _ in 0..<world.options.founders { founders.append(addMachine()) }
    for founder in founders { founder.standing = .founder }
  }

  /// A new machine, with an empty disk.
  func addMachine() -> Machine {
    let number = machines.count + 1
    let path = "\(directory)/m\(number)"
    mkdir(path, 0o700)
    let machine = Machine(self, number: number, directory: path)
    machines.append(machine)
    network.add(machine)
    oracle.leases.add(machine.clock)
    return machine
  }

  // MARK: the beginning and the end

  func begin() {
    for machine in founders {
      world.after(world.random.delay(0 ... .seconds(1))) { [self] in startAgain(machine) }
    }
    for number in 1...world.options.clients {
      let client = Client(self, number: number, machine: world.random.pick(founders))
      clients.append(client)
      client.think()
    }
    for number in 0..<world.options.watchers {
      let range =
        number == 0
        ? KeyRange(start: [0], end: .unbounded) : KeyRange(start: registers[number % registers.count])
      let watcher = WatchClient(self, number: number, range: range, isSlow: world.random.chance(30))
      watchers.append(watcher)
      world.after(world.random.delay(0 ... .seconds(3))) { watcher.connect() }
    }
  }

  /// Lets go of everything.
  func end() {
    restarts = false
    for machine in machines { machine.end(.killed) }
    world.end()
    oracle.onCommand = nil
    machines = []
    founders = []
    clients = []
    watchers = []
    network.end()
  }

  // MARK: machines

  /// Machines with a member on them.
  var running: [Machine] { machines.filter { $0.isRunning } }

  func anyRunning() -> Machine? {
    let running = running
    return running.isEmpty ? nil : world.random.pick(running)
  }

  /// The member that leads, as far as it knows.
  var leader: Machine? {
    running.filter { $0.node?.status.leader == $0.memberID }.max {
      ($0.node?.status.term ?? 0) < ($1.node?.status.term ?? 0)
    }
  }

  func machine(of member: Member) -> Machine? {
    member.peerURLs.lazy.compactMap { self.network.machine(at: $0) }.first
  }

  /// Starts a member, now or, if it refuses, a little later.
  func startAgain(_ machine: Machine) {
    guard restarts, machine.process == nil, !machine.isRetryPlanned else { return }
    switch machine.standing {
    case .spare, .removed: return
    case .founder, .joining: break
    }
    do {
      try machine.start()
    } catch {
      startFailed(machine, error)
    }
  }

  /// What a member says that the cluster has removed.
  private func isRemoval(_ reason: String) -> Bool { reason.contains("has removed this member") }

  private func startFailed(_ machine: Machine, _ error: any Error) {
    var isNew = false
    if case .joining = machine.standing { isNew = !machine.hasRun }
    // A newcomer may come before those that it asks know of it, and a member may have been removed while it was down.
    // A founder that was removed before it ever ran finds that the others know it no more.
    if machine.mayBeRemoved, isRemoval("\(error)") || !machine.hasRun {
      machine.standing = .removed
      return
    }
    if machine.undamage() { return startAgain(machine) }
    if !isNew && !machine.mayFail {
      return world.fail("m\(machine.number) does not start: \(error)")
    }
    if machine.disk.isDead || machine.mayFail { machine.repairDisk() }
    machine.isRetryPlanned = true
    world.after(world.random.delay(.milliseconds(200) ... .seconds(3))) { [self] in
      machine.isRetryPlanned = false
      startAgain(machine)
    }
  }

  func started(_ process: Process) {
    oracle.started(process)
    if process.number > 1 { world.probes.count(.memberRestarted) }
  }

  func ended(_ process: Process) {
    network.ended(process)
    for client in clients { client.lost(process) }
    for watcher in watchers { watcher.lost(process) }
  }

  /// A member has said that it cannot go on.
  func failed(_ process: Process, on machine: Machine) {
    let reason = process.failure ?? ""
    let isRemoved = isRemoval(reason) && (process.wasTold || machine.mayBeRemoved)
    if !isRemoved, !machine.mayFail {
      world.fail("m\(machine.number) cannot go on: \(reason)")
    }
    if isRemoved { world.probes.count(.memberRemovedItself) }
    machine.end(machine.disk.isDead ? .powerLoss : .killed)
    if isRemoved {
      machine.standing = .removed
    } else {
      machine.mayFail = false
      world.after(world.random.delay(.milliseconds(10) ... .seconds(3))) { [self] in startAgain(machine) }
    }
  }

  // MARK: what clients say

  /// A moment that is not the same as any other.
  func moment() -> Int {
    lastMoment += 1
    return lastMoment
  }

  func leaseRevoked(_ lease: Int64) { revokedLeases.insert(lease) }

  func record(
    _ key: Bytes, _ request: RegisterHistory.Request, _ answer: RegisterHistory.Answer, invoked: Int,
    answered: Int
  ) {
    histories[key, default: RegisterHistory()].add(request, answer, invoked: invoked, answered: answered)
  }

  /// Whether every register's history can be explained.
  func checkHistories() {
    for key in registers {
      guard let history = histories[key] else { continue }
      switch history.check() {
      case .linearizable: break
      case .notLinearizable:
        world.fail("key \(String(decoding: key, as: UTF8.self)) has no linearizable history")
      case .undecided: world.probes.count(.historyUndecided)
      }
    }
  }
}
