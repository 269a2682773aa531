import Raft
import RaftKV

/// What lies between the machines: it delays, loses, doubles and reorders, and can be cut in one direction.
///
/// Safe: because one thread at a time runs a world.
final class Network: @unchecked Sendable {
  unowned let world: World
  private(set) var machines: [Machine] = []
  private var cut: [[Bool]] = []
  private var healedAt: [[Nanoseconds]] = []
  /// When what was sent last over a link arrives, for links that keep the order.
  private var lastArrival: [[Nanoseconds]] = []
  var lossPercent = 0
  var duplicatePercent = 0
  var delay: ClosedRange<Nanoseconds>
  private let keepsOrder: Bool

  init(_ world: World) {
    self.world = world
    delay = world.options.networkDelay
    keepsOrder = world.options.keepsOrder
  }

  func add(_ machine: Machine) {
    machines.append(machine)
    for place in cut.indices {
      cut[place].append(false)
      healedAt[place].append(0)
      lastArrival[place].append(0)
    }
    cut.append(Array(repeating: false, count: machines.count))
    healedAt.append(Array(repeating: 0, count: machines.count))
    lastArrival.append(Array(repeating: 0, count: machines.count))
  }

  func end() { machines = [] }

  func machine(at url: String) -> Machine? { machines.first { $0.peerURL == url } }

  // MARK: cuts

  func isCut(from: Machine, to: Machine) -> Bool { cut[from.number - 1][to.number - 1] }

  func setCut(_ isCut: Bool, from: Machine, to: Machine) {
    guard cut[from.number - 1][to.number - 1] != isCut else { return }
    cut[from.number - 1][to.number - 1] = isCut
    if !isCut {
      healedAt[from.number - 1][to.number - 1] = world.now
      return
    }
    // Either end finds out sooner or later, or never if it is healed before.
    for (one, other) in [(from, to), (to, from)] {
      world.after(world.random.delay(.milliseconds(1) ... .seconds(3))) { [self] in
        if self.isCut(from: from, to: to) { lost(other, at: one) }
      }
    }
  }

  func heal() {
    for from in machines { for to in machines { setCut(false, from: from, to: to) } }
  }

  /// A machine notices that it does not reach another.
  private func lost(_ other: Machine, at machine: Machine) {
    guard let process = machine.process, !machine.isPaused else { return }
    process.transport.lost(other)
  }

  /// A process is gone: its peers' connections are reset.
  func ended(_ process: Process) {
    for machine in machines where machine !== process.machine {
      world.after(delay(process.machine, machine)) { [self] in
        if !isCut(from: process.machine, to: machine) { lost(process.machine, at: machine) }
      }
    }
  }

  /// Since when two machines reach each other; nil when they do not.
  func connectedSince(_ one: Machine, _ other: Machine) -> Nanoseconds? {
    guard let first = one.process, let second = other.process, second.node != nil, !other.isPaused,
      !isCut(from: one, to: other), !isCut(from: other, to: one)
    else { return nil }
    let healed = max(
      healedAt[one.number - 1][other.number - 1], healedAt[other.number - 1][one.number - 1])
    return max(first.startedAt, second.startedAt, healed)
  }

  // MARK: carrying

  private func delay(_ from: Machine, _ to: Machine) -> Nanoseconds {
    let drawn = world.random.delay(delay)
    if !keepsOrder { return drawn }
    let arrival = max(world.now + drawn, lastArrival[from.number - 1][to.number - 1])
    lastArrival[from.number - 1][to.number - 1] = arrival
    return arrival - world.now
  }

  /// Carries something from one machine to another, where `arrive` is given the process that runs there then.
  func carry(
    from: Machine, to: Machine, mayDouble: Bool, _ arrive: @escaping @Sendable (Process) -> Void
  ) {
    if isCut(from: from, to: to) || world.random.chance(lossPercent) {
      world.note(.lost, from.number, UInt64(to.number)) { "to m\(to.number)" }
      return
    }
    let copies = mayDouble && world.random.chance(duplicatePercent) ? 2 : 1
    for _ in 0..<copies {
      world.after(delay(from, to)) {
        guard let process = to.process, process.node != nil else { return }
        process.after(0) { arrive(process) }
      }
    }
  }
}
