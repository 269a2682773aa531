import RaftKV

/// Breaks things, one after another, as the seed says, and repairs most of them after a while.
///
/// Safe: because one thread at a time runs a world.
final class FaultScheduler: @unchecked Sendable {
  private let cluster: SimulatedCluster
  private let changes: MembershipChanges
  private var isOver = false

  private var world: World { cluster.world }
  private var options: RunOptions { cluster.world.options }

  init(_ cluster: SimulatedCluster) {
    self.cluster = cluster
    changes = MembershipChanges(cluster)
  }

  func begin() {
    if options.faults.isEmpty { return }
    if options.faults.contains(.loss) {
      cluster.network.lossPercent = options.lossPercent
      cluster.network.duplicatePercent = options.lossPercent
    }
    again()
  }

  private func again() {
    world.after(world.random.delay(options.faultPause)) { [self] in
      if isOver { return }
      breakSomething()
      again()
    }
  }

  /// Repairs everything, and breaks nothing more.
  func end() {
    isOver = true
    changes.end()
    cluster.network.heal()
    cluster.network.lossPercent = 0
    cluster.network.duplicatePercent = 0
    for machine in cluster.machines {
      machine.resume()
      machine.diskStalledUntil = 0
      machine.clock.drift(0)
    }
  }

  private func breakSomething() {
    switch world.random.below(20) {
    case ..<5: if options.faults.contains(.crashes) { crash() }
    case ..<9: if options.faults.contains(.partitions) { partition() }
    case ..<12: if options.faults.contains(.stalls) { stall() }
    case ..<13: if options.faults.contains(.drift) { drift() }
    case ..<16: if options.faults.contains(.membership) { changes.makeOne() }
    case ..<17: if options.faults.contains(.transfers) { transfer() }
    case ..<19: if options.faults.contains(.disks) { failDisk() }
    default: moveSomebody()
    }
  }

  private func target() -> Machine? {
    // The leader is where it hurts.
    if world.random.chance(40), let leader = cluster.leader { return leader }
    return cluster.anyRunning()
  }

  private func crash() {
    var victims: [Machine] = []
    switch world.random.below(10) {
    case 0: victims = cluster.running
    case 1: victims = cluster.running.filter { _ in world.random.chance(50) }
    default: if let machine = target() { victims = [machine] }
    }
    for machine in victims {
      machine.end(world.random.pick([.killed, .killed, .powerLoss, .powerLoss, .powerLoss, .orderly]))
      // What one member has lost, the others have.
      if options.faults.contains(.damage), machine.number == 1, options.founders > 2, world.random.chance(50)
      {
        machine.damageLog()
      }
      let pause: ClosedRange<Nanoseconds> =
        world.random.chance(70) ? .milliseconds(1) ... .seconds(1) : .seconds(1) ... .seconds(12)
      world.after(world.random.delay(pause)) { [self] in cluster.startAgain(machine) }
    }
  }

  private func partition() {
    let machines = cluster.machines
    let network = cluster.network
    switch world.random.below(6) {
    case 0:
      network.heal()
      return
    case 1, 2:
      // One direction of one link.
      let (from, to) = (world.random.pick(machines), world.random.pick(machines))
      if from !== to { network.setCut(true, from: from, to: to) }
    case 3:
      guard let alone = target() else { return }
      for other in machines where other !== alone {
        network.setCut(true, from: alone, to: other)
        network.setCut(true, from: other, to: alone)
      }
    default:
      let side = machines.map { _ in world.random.chance(50) }
      for from in machines {
        for to in machines where side[from.number - 1] != side[to.number - 1] {
          network.setCut(true, from: from, to: to)
        }
      }
    }
    world.note(.fault, 0) { "partition" }
    world.after(world.random.delay(.milliseconds(200) ... .seconds(8))) { [self] in
      if !isOver { cluster.network.heal() }
    }
  }

  private func stall() {
    guard let machine = target() else { return }
    let length = world.random.delay(.milliseconds(20) ... .seconds(5))
    if world.random.chance(50) {
      machine.pause()
      world.after(length) { machine.resume() }
    } else {
      world.note(.disk, machine.number, length) { "stalls for \(length / 1_000_000) ms" }
      machine.diskStalledUntil = world.now + length
      watchStalledLeader(machine, until: world.now + length)
    }
  }

  /// Whether a leader gives up its term because its own disk does not get on.
  private func watchStalledLeader(_ machine: Machine, until end: Nanoseconds) {
    guard let node = machine.node, node.status.leader == node.memberID else { return }
    let (term, process) = (node.status.term, machine.process)
    @Sendable func look() {
      guard machine.process === process, let node = machine.node, world.now < end, !machine.isPaused else {
        return
      }
      if node.status.leader != node.memberID, node.status.term == term {
        return world.probes.count(.leaderSteppedDownWithStalledDisk)
      }
      world.after(.milliseconds(20)) { look() }
    }
    look()
  }

  private func drift() {
    let machine = world.random.pick(cluster.machines)
    machine.clock.drift(world.random.pick(-RunOptions.maximumDrift...RunOptions.maximumDrift))
  }

  private func transfer() {
    guard let leader = cluster.leader, let node = leader.node else { return }
    let target = world.random.pick(node.members)
    world.note(.fault, leader.number, target.id) { "hands leadership to \(target.name)" }
    node.moveLeader(to: target.id) { [world] error in
      world.note(.fault, leader.number) { "handed over: \(error.map { "\($0)" } ?? "yes")" }
      if error == nil, target.id != node.memberID { world.probes.count(.leadershipTransferred) }
    }
  }

  private func failDisk() {
    guard let machine = target() else { return }
    machine.mayFail = true
    if world.random.chance(25) {
      world.note(.disk, machine.number) { "the next sync fails" }
      world.probes.count(.syncFailed)
      machine.disk.failsNextSync = true
      return
    }
    let process = machine.process
    machine.disk.losePower(afterOperations: world.random.below(25)) { [self] in
      world.note(.disk, machine.number) { "loses power while it writes" }
      world.probes.count(.powerLostWhileWriting)
      world.after(0) { [self] in
        guard machine.process === process else { return }
        machine.end(.powerLoss)
        machine.mayFail = false
        world.after(world.random.delay(.milliseconds(1) ... .seconds(2))) { [self] in
          cluster.startAgain(machine)
        }
      }
    }
  }

  private func moveSomebody() {
    if world.random.chance(50) {
      world.random.pick(cluster.watchers).move()
    } else if let machine = cluster.anyRunning() {
      world.random.pick(cluster.clients).move(to: machine)
    }
  }
}
