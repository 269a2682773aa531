import RaftKV

/// Adds, promotes and removes members; one change at a time is asked for.
///
/// Safe: because one thread at a time runs a world.
final class MembershipChanges: @unchecked Sendable {
  private let cluster: SimulatedCluster
  private var isBusy = false
  private var isOver = false

  private var world: World { cluster.world }

  init(_ cluster: SimulatedCluster) { self.cluster = cluster }

  func end() { isOver = true }

  func makeOne() {
    guard !isBusy, !isOver, let asked = cluster.anyRunning(), let node = asked.node else { return }
    let members = node.members
    let learners = members.filter(\.isLearner)
    if let learner = learners.first, world.random.chance(60) {
      return promote(learner, node, asked)
    }
    let wish = world.random.below(10)
    if members.count < 5 && wish < 6 || members.count <= 2 {
      add(node, asked, members)
    } else if members.count > 1 {
      remove(world.random.pick(members), node, asked)
    }
  }

  /// A call that is not answered in time is as good as answered.
  private func begin() {
    isBusy = true
    world.after(.seconds(5)) { [self] in isBusy = false }
  }

  private func tell(_ machine: Machine, _ what: String) {
    world.note(.membership, machine.number) { what }
  }

  private func add(_ node: Node, _ asked: Machine, _ members: [Member]) {
    guard let machine = spareMachine() else { return }
    let isLearner = world.random.chance(60)
    tell(asked, "adds m\(machine.number)\(isLearner ? " as a learner" : "")")
    begin()
    node.addMember(peerURLs: [machine.peerURL], isLearner: isLearner) { [self] result in
      isBusy = false
      switch result {
      case .success(let (_, members)):
        world.probes.count(isLearner ? .learnerAdded : .memberAdded)
        tell(asked, "added m\(machine.number)")
        join(machine, members)
      case .failure(let reason) where reason.isRefusal:
        tell(asked, "m\(machine.number) is not added: \(reason)")
      case .failure(let error):
        tell(asked, "m\(machine.number) may be added: \(error)")
        join(machine, members + [Member(id: 1, name: "", peerURLs: [machine.peerURL])])
      }
    }
  }

  private func spareMachine() -> Machine? {
    let spare = cluster.machines.first { machine in
      if case .spare = machine.standing { return true }
      return false
    }
    if let spare { return spare }
    return cluster.machines.count < RunOptions.maximumMachines ? cluster.addMachine() : nil
  }

  private func join(_ machine: Machine, _ members: [Member]) {
    guard case .spare = machine.standing else { return }
    machine.standing = .joining(
      members.map { member in
        (member.peerURLs.contains(machine.peerURL) ? machine.name : "m\(member.id)", member.peerURLs)
      })
    world.after(world.random.delay(.milliseconds(1) ... .seconds(2))) { [self] in cluster.startAgain(machine)
    }
  }

  private func promote(_ learner: Member, _ node: Node, _ asked: Machine) {
    tell(asked, "promotes \(learner.name)")
    begin()
    node.promoteMember(learner.id) { [self] result in
      isBusy = false
      switch result {
      case .success:
        world.probes.count(.learnerPromoted)
        tell(asked, "promoted \(learner.name)")
      case .failure(let error): tell(asked, "\(learner.name) is not promoted: \(error)")
      }
    }
  }

  private func remove(_ member: Member, _ node: Node, _ asked: Machine) {
    let isKnown = cluster.removing.contains(member.id)
    cluster.removing.insert(member.id)
    tell(asked, "removes \(member.name)")
    begin()
    node.removeMember(member.id) { [self] result in
      isBusy = false
      switch result {
      case .success:
        world.probes.count(.memberRemoved)
        tell(asked, "removed \(member.name)")
        removed(member)
      case .failure(let reason) where reason.isRefusal:
        if !isKnown { cluster.removing.remove(member.id) }
        tell(asked, "\(member.name) is not removed: \(reason)")
      case .failure(let error): tell(asked, "\(member.name) may be removed: \(error)")
      }
    }
  }

  /// Its operator ends it if it does not end by itself.
  private func removed(_ member: Member) {
    guard let machine = cluster.machine(of: member) else { return }
    world.after(world.random.delay(.seconds(1) ... .seconds(20))) {
      machine.end(.killed)
      machine.standing = .removed
    }
  }
}

extension NodeError {
  /// Nothing was changed, and nothing will be.
  fileprivate var isRefusal: Bool {
    switch self {
    case .membership, .unhealthy, .tooManyRequests: true
    default: false
    }
  }
}
