import MVCC
import RaftKV

/// A client that asks, waits for the answer or gives up, thinks, and asks again; bound to a member until that fails it.
///
/// Safe: because one thread at a time runs a world.
final class Client: @unchecked Sendable {
  let cluster: SimulatedCluster
  let number: Int
  private(set) var machine: Machine
  private var nextOperation: UInt64 = 0
  private var attempt: Attempt?
  private(set) var isStopped = false
  /// The newest value it knows of each key, for replacing it.
  private var known: [Bytes: UInt64] = [:]
  private var leases: [Int64] = []
  /// Requests that were answered with success.
  private(set) var successes = 0
  /// The newest revision that one of its linearizable reads saw.
  private var newestRead: Int64 = 0

  private var world: World { cluster.world }
  private var oracle: Oracle { cluster.oracle }

  /// Safe: because one thread at a time runs a world.
  private final class Attempt: @unchecked Sendable {
    let operation: UInt64
    let request: ClientRequest
    let invoked: Int
    /// What the cluster was known to have reached.
    let floor: Int64
    let termAtStart: UInt64
    let readings: [Nanoseconds]
    let process: Process?
    var isOver = false

    init(
      _ operation: UInt64, _ request: ClientRequest, invoked: Int, floor: Int64, term: UInt64,
      readings: [Nanoseconds], process: Process?
    ) {
      self.operation = operation
      self.request = request
      self.invoked = invoked
      self.floor = floor
      termAtStart = term
      self.readings = readings
      self.process = process
    }
  }

  init(_ cluster: SimulatedCluster, number: Int, machine: Machine) {
    self.cluster = cluster
    self.number = number
    self.machine = machine
  }

  func think() {
    if isStopped { return }
    world.after(world.random.delay(world.options.thinkTime)) { [self] in if attempt == nil { ask() } }
  }

  /// Asks no more.
  func stop() { isStopped = true }

  /// It is bound to this member from now on.
  func move(to machine: Machine) { self.machine = machine }

  // MARK: asking

  private func ask() {
    if isStopped { return }
    begin(chooseRequest())
  }

  /// Writes a key of its own, whatever the seed says it should do: for the end of a run.
  func writeOnce(_ key: String) {
    if attempt == nil { begin(.put(Bytes(key.utf8), lease: 0)) }
  }

  private func chooseRequest() -> ClientRequest {
    let options = world.options
    let key = Bytes("k\(world.random.below(options.keys))".utf8)
    switch world.random.below(100) {
    case ..<25: return .put(key, lease: 0)
    case ..<45: return .read(key)
    case ..<50: return .serializableRead(key)
    case ..<58: return .delete(key)
    case ..<74: return .replace(key, known[key] ?? 0)
    case ..<80: return .range
    case ..<82 where options.compacts:
      return .compact(max(1, oracle.knownRevision - Int64(world.random.below(60))))
    case ..<85 where options.usesLeases: return .grant(Int64(number) << 20 | Int64(nextOperation + 1))
    case ..<92 where options.usesLeases:
      guard let lease = leases.last else { return .read(key) }
      return .put(Bytes("l\(world.random.below(4))".utf8), lease: lease)
    case ..<99 where options.usesLeases:
      guard !leases.isEmpty else { return .read(key) }
      return .keepAlive(world.random.pick(leases))
    case 99 where options.usesLeases:
      guard let lease = leases.popLast() else { return .read(key) }
      return .revoke(lease)
    default: return .put(key, lease: 0)
    }
  }

  private func begin(_ request: ClientRequest) {
    nextOperation += 1
    let operation = UInt64(number) << 32 | nextOperation
    let attempt = Attempt(
      operation, request, invoked: cluster.moment(), floor: oracle.knownRevision, term: oracle.newestTerm,
      readings: request.isLease ? oracle.leases.readings : [], process: machine.process)
    self.attempt = attempt
    world.note(.invoke, machine.number, operation) { "client \(number) \(operation): \(request)" }
    if case .revoke(let lease) = request { cluster.leaseRevoked(lease) }
    world.after(.milliseconds(2 + 3 * world.options.electionMilliseconds + world.random.below(4000))) {
      [self] in finish(attempt, .unknown)
    }
    world.after(world.random.delay(cluster.network.delay)) { [self] in arrive(attempt) }
  }

  private func arrive(_ attempt: Attempt) {
    guard let process = attempt.process, process.isAlive, process.node != nil else {
      // Nobody listens there.
      return finish(attempt, .refused)
    }
    process.after(0) { [self] in
      guard let node = process.node else { return }
      attempt.request.send(to: node, as: attempt.operation) { [self] answer in
        guard process.isAlive else { return }
        world.after(world.random.delay(cluster.network.delay)) { [self] in finish(attempt, answer) }
      }
    }
  }

  /// The process that it talks to is gone.
  func lost(_ process: Process) {
    guard let attempt, attempt.process === process else { return }
    world.after(world.random.delay(cluster.network.delay)) { [self] in finish(attempt, .unknown) }
  }

  // MARK: answers

  private func finish(_ attempt: Attempt, _ answer: ClientAnswer) {
    if attempt.isOver { return }
    attempt.isOver = true
    self.attempt = nil
    world.note(
      answer.isUnknown ? .unknown : .complete, machine.number, attempt.operation,
      UInt64(bitPattern: answer.revision)
    ) { "client \(number) \(attempt.operation): \(answer)" }
    let answered = cluster.moment()
    switch answer {
    case .refused:
      if attempt.request.isWrite { oracle.refuse(attempt.operation) }
      moveOn()
    case .unknown:
      world.probes.count(.unknownOutcome)
      record(attempt, .unknown, answered)
      moveOn()
    default:
      successes += 1
      if !attempt.request.isWrite, oracle.newestTerm > attempt.termAtStart {
        world.probes.count(.readAcrossLeaders)
      }
      check(attempt, answer, answered)
    }
    think()
  }

  private func moveOn() {
    guard world.random.chance(70), let other = cluster.anyRunning() else { return }
    machine = other
  }

  private func check(_ attempt: Attempt, _ answer: ClientAnswer, _ answered: Int) {
    let who = "client \(number), \(attempt.request)"
    switch answer {
    case .refused, .unknown: break
    case .outcome(let outcome): check(attempt, outcome, answered)
    case .read(let revision, let found):
      let isLinearizable = attempt.request.isLinearizable
      if isLinearizable {
        if revision < attempt.floor {
          world.fail("\(who): reads at revision \(revision), \(attempt.floor) was known before")
        }
        if revision < newestRead {
          world.fail("\(who): reads at \(revision), after it has read at \(newestRead)")
        }
        newestRead = revision
        oracle.learned(revision)
      }
      if revision > oracle.model.revision {
        return world.fail("\(who): reads at \(revision), which has not happened")
      }
      let expected = oracle.model.range(attempt.request.range, at: revision)
      if found != expected {
        world.fail("\(who): reads \(found) at revision \(revision), there was \(expected)")
      }
      if isLinearizable { recordRead(attempt, found, answered) }
    case .renewed(let seconds):
      guard case .keepAlive(let lease) = attempt.request else { return }
      if seconds > 0 {
        world.probes.count(.leaseRenewed)
        oracle.leases.renewed(lease, seconds: seconds, readings: attempt.readings)
      } else {
        leases.removeAll { $0 == lease }
      }
    }
  }

  private func check(_ attempt: Attempt, _ outcome: Outcome, _ answered: Int) {
    let who = "client \(number), \(attempt.request)"
    oracle.learned(outcome.revision)
    if outcome.revision < attempt.floor {
      world.fail("\(who): answered at revision \(outcome.revision), \(attempt.floor) was known before")
    }
    switch (attempt.request, outcome.result) {
    case (.grant(let lease), .success(.lease(.granted(let granted)))):
      leases.append(lease)
      if leases.count > 4 { leases.removeFirst() }
      return oracle.leases.renewed(lease, seconds: granted.seconds, readings: attempt.readings)
    case (.grant, _), (.revoke, _): return
    case (.put(let key, _), .success), (.replace(let key, _), .success(.transaction(_))),
      (.delete(let key), .success):
      oracle.acknowledged(attempt.operation, revision: outcome.revision)
      var made = true
      if case .success(.transaction(let result)) = outcome.result { made = result.succeeded }
      if case .success(.delete(let count, _)) = outcome.result { made = count > 0 }
      if made, outcome.revision <= attempt.floor {
        world.fail("\(who): made revision \(outcome.revision), \(attempt.floor) was known before")
      }
      note(attempt, outcome, key)
      record(attempt, registerAnswer(outcome), answered)
    case (.compact, .success): world.probes.count(.compacted)
    default: break
    }
  }

  private func registerAnswer(_ outcome: Outcome) -> RegisterHistory.Answer {
    guard case .success(.transaction(let result)) = outcome.result, !result.succeeded else { return .done }
    return .value(result.seen.map { Wire.writer(of: $0.value) } ?? 0)
  }

  /// Remembers what the key holds now, as far as it knows.
  private func note(_ attempt: Attempt, _ outcome: Outcome, _ key: Bytes) {
    switch outcome.result {
    case .success(.transaction(let result)) where !result.succeeded:
      known[key] = result.seen.map { Wire.writer(of: $0.value) } ?? 0
    case .success(.delete): known[key] = 0
    default: known[key] = attempt.operation
    }
  }

  // MARK: history

  private func record(_ attempt: Attempt, _ answer: RegisterHistory.Answer, _ answered: Int) {
    guard let (key, request) = attempt.request.onRegister(attempt.operation) else { return }
    cluster.record(key, request, answer, invoked: attempt.invoked, answered: answered)
  }

  private func recordRead(_ attempt: Attempt, _ found: [KeyValue], _ answered: Int) {
    let isSingle = attempt.request.range.end == .single
    let keys = isSingle ? [attempt.request.range.start] : cluster.registers
    for key in keys {
      let value = found.first { $0.key == key }.map { Wire.writer(of: $0.value) } ?? 0
      if isSingle { known[key] = value }
      cluster.record(key, .read, .value(value), invoked: attempt.invoked, answered: answered)
    }
  }
}

extension TransactionResult {
  /// What a replacement that was not made found instead.
  fileprivate var seen: KeyValue? {
    guard case .range(let result)? = results.first else { return nil }
    return result.keyValues.first
  }
}
