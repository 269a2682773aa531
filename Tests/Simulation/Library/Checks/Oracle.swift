import MVCC
import Raft
import RaftKV

/// Sees what every member sends and applies, and compares.
///
/// The first member that applies an entry says what the entry is; from then on nobody may apply another one in its
/// place, and everybody's state must be what the model says.
///
/// Safe: because one thread at a time runs a world.
final class Oracle: @unchecked Sendable {
  unowned let world: World
  let leases: LeaseTimes
  private(set) var model = Model()
  private(set) var entries: [Entry] = []
  private var outcomes: [Outcome?] = []
  /// Which member leads a term.
  private var leaders: [Term: MemberID] = [:]
  private(set) var newestTerm: Term = 0
  /// Where clients' requests were applied.
  private(set) var operations: [UInt64: (index: UInt64, revision: Int64)] = [:]
  /// Requests of which a client was told that they will never happen.
  private var refused: Set<UInt64> = []
  /// The newest revision that some client knows of.
  private(set) var knownRevision: Int64 = 1
  /// By machine: the terms of the entries that arrived there.
  private var arrivedTerms: [Int: [UInt64: Term]] = [:]
  /// Who is told of an entry that is new.
  var onCommand: ((Command, Outcome, Process) -> Void)?

  init(_ world: World) {
    self.world = world
    leases = LeaseTimes(world)
  }

  // MARK: what members apply

  func applied(_ entry: Entry, _ command: Command?, _ outcome: Outcome?, by process: Process) {
    let operation = process.decodedOperation
    process.decodedOperation = 0
    process.note(.apply, entry.index, entry.term &+ UInt64(bitPattern: outcome?.revision ?? 0)) {
      "\(entry.index)/\(entry.term) \(command.map { "\($0)".prefix(200) } ?? "\(entry.kind)") → \(outcome?.revision ?? 0)"
    }
    if entry.index <= process.appliedIndex {
      world.fail(
        "m\(process.machine.number) applies \(entry.index) after \(process.appliedIndex) in one run of it")
    }
    process.appliedIndex = entry.index
    let place = Int(entry.index) - 1
    if place < entries.count {
      compare(entry, outcome, at: place, by: process)
    } else if place == entries.count {
      append(entry, command, outcome, operation, by: process)
    } else {
      world.fail("m\(process.machine.number) applies \(entry.index), \(entries.count) are known")
    }
  }

  private func compare(_ entry: Entry, _ outcome: Outcome?, at place: Int, by process: Process) {
    let known = entries[place]
    guard known == entry else {
      return world.fail(
        """
        m\(process.machine.number) applies another entry \(entry.index): term \(entry.term), \
        \(entry.data.count) bytes; others applied term \(known.term), \(known.data.count) bytes
        """)
    }
    let other = outcomes[place]
    if other?.revision != outcome?.revision || other?.result != outcome?.result {
      world.fail(
        """
        m\(process.machine.number) applies entry \(entry.index) with the outcome \
        \(String(describing: outcome)), others with \(String(describing: other))
        """)
    }
  }

  private func append(
    _ entry: Entry, _ command: Command?, _ outcome: Outcome?, _ operation: UInt64, by process: Process
  ) {
    if let last = entries.last, last.term > entry.term {
      world.fail("entry \(entry.index) of term \(entry.term) follows one of term \(last.term)")
    }
    entries.append(entry)
    outcomes.append(outcome)
    if entry.kind == .configuration, let change = MembershipChange(decoding: entry.data),
      change.staysJoint || change.steps.count > 1
    {
      world.probes.count(.jointConfigurationEntered)
    }
    guard let command, let outcome else { return }
    if let expected = model.apply(command, index: entry.index),
      expected.revision != outcome.revision || expected.result != outcome.result
    {
      world.fail(
        """
        m\(process.machine.number): entry \(entry.index), \(command), has the outcome \(outcome), \
        it should be \(expected)
        """)
    }
    if operation != 0 {
      if let before = operations[operation] {
        world.fail("request \(operation) is applied at \(before.index) and again at \(entry.index)")
      }
      operations[operation] = (entry.index, outcome.revision)
      if refused.contains(operation) {
        world.fail("request \(operation), which was refused, is applied at \(entry.index)")
      }
    }
    leases.applied(command, outcome)
    onCommand?(command, outcome, process)
  }

  // MARK: what members say

  /// One leader a term, and no leader without an entry that somebody has applied.
  func sent(_ messages: [Message], by machine: Machine) {
    for message in messages {
      switch message.body {
      case .append(_, _, _, let entries):
        leads(message.from, message.term)
        for entry in entries { checkCompleteness(entry, of: message) }
      case .heartbeat: leads(message.from, message.term)
      case .appendRejected: world.probes.count(.appendRejected)
      default: break
      }
    }
  }

  private func leads(_ member: MemberID, _ term: Term) {
    if let leader = leaders[term] {
      if leader != member { world.fail("members \(leader) and \(member) both lead term \(term)") }
      return
    }
    leaders[term] = member
    newestTerm = max(newestTerm, term)
    world.probes.count(leaders.count == 1 ? .leaderElected : .leaderChanged)
    world.note(.leader, 0, member, term) { "\(member) leads term \(term)" }
  }

  private func checkCompleteness(_ entry: Entry, of message: Message) {
    let place = Int(entry.index) - 1
    guard place < entries.count, message.term >= entries[place].term, entries[place] != entry else { return }
    world.fail(
      """
      member \(message.from), which leads term \(message.term), has an entry \(entry.index) of term \
      \(entry.term); the one that was applied is of term \(entries[place].term)
      """)
  }

  func received(_ messages: [Message], by machine: Machine) {
    for message in messages {
      guard case .append(_, _, _, let entries) = message.body else { continue }
      for entry in entries {
        let before = arrivedTerms[machine.number, default: [:]].updateValue(entry.term, forKey: entry.index)
        if let before, before < entry.term { world.probes.count(.conflictingEntriesReplaced) }
      }
    }
  }

  // MARK: what clients know

  /// A client was told that its request will never happen.
  func refuse(_ operation: UInt64) {
    refused.insert(operation)
    if let applied = operations[operation] {
      world.fail("request \(operation) was refused, but applied at \(applied.index)")
    }
  }

  /// A client was told the outcome of its request.
  func acknowledged(_ operation: UInt64, revision: Int64) {
    guard let applied = operations[operation] else {
      return world.fail("request \(operation) was acknowledged, but nobody applied it")
    }
    if applied.revision != revision {
      world.fail(
        "request \(operation) was acknowledged at revision \(revision), but made \(applied.revision)")
    }
  }

  /// A client knows now that the cluster was at this revision.
  func learned(_ revision: Int64) { knownRevision = max(knownRevision, revision) }

  /// A member starts from a checkpoint: nothing may be in it that was not applied.
  func started(_ process: Process) {
    if process.appliedIndex > entries.count {
      world.fail(
        "m\(process.machine.number) starts with entry \(process.appliedIndex), \(entries.count) are known")
    }
  }
}
