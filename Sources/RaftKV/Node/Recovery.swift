import MVCC
import Raft
import WAL

/// What a log record is; part of the log's format: never renumber.
enum RecordKind: UInt8 {
  case identity = 1
  case hardState = 2
  case entry = 3
  case configurationEntry = 4
  /// A snapshot, or the checkpoint, stands for everything up to the record's index: the log begins anew behind it.
  case snapshot = 5
  /// Whether damage took entries that the member has not got back yet (a byte, 1 or 0).
  case damage = 6
}

extension LogRecord {
  init(_ entry: Entry) {
    let kind: RecordKind =
      switch entry.kind {
      case .normal: .entry
      case .configuration: .configurationEntry
      }
    self.init(kind: kind.rawValue, term: entry.term, index: entry.index, payload: entry.data)
  }

  init(_ state: HardState) {
    var writer = DocumentWriter()
    writer.varint(state.vote)
    writer.varint(state.commit)
    self.init(kind: RecordKind.hardState.rawValue, term: state.term, index: 0, payload: writer.bytes)
  }

  /// The log begins anew behind this place.
  init(beginningAfter position: Store.Position) {
    self.init(
      kind: RecordKind.snapshot.rawValue, term: position.term, index: position.index, payload: [],
      beginsAnew: true)
  }

  init(lacksEntries: Bool) {
    self.init(kind: RecordKind.damage.rawValue, term: 0, index: 0, payload: [lacksEntries ? 1 : 0])
  }
}

extension Entry {
  /// Nil when the record is no entry.
  init?(_ record: LogRecord) {
    let kind: Entry.Kind
    switch RecordKind(rawValue: record.kind) {
    case .entry: kind = .normal
    case .configurationEntry: kind = .configuration
    default: return nil
    }
    self.init(term: record.term, index: record.index, kind: kind, data: record.payload)
  }
}

extension HardState {
  init(_ record: LogRecord) throws(StartError) {
    var reader = DocumentReader(record.payload[...])
    guard let vote = reader.varint(), let commit = reader.varint() else {
      throw StartError("a hard state is malformed")
    }
    self.init(term: record.term, vote: vote, commit: commit)
  }
}

/// Gathers what the log's records say, in the order they were written.
struct Recovery {
  /// Entries up to here are in the checkpoint, and not gathered.
  let checkpoint: Store.Position
  var identity: Identity?
  var hardState = HardState()
  /// Entries after the checkpoint, without gaps.
  var entries: [Entry] = []
  /// Where the log last began anew: a snapshot stands for everything before.
  var beginning: Store.Position?
  /// Damage took entries that the member may have acknowledged.
  var lacksEntries = false

  init(checkpoint: Store.Position) { self.checkpoint = checkpoint }

  mutating func add(_ record: LogRecord) throws {
    guard let kind = RecordKind(rawValue: record.kind) else {
      throw StartError("a record of unknown kind \(record.kind): a newer raftkv wrote this log")
    }
    switch kind {
    case .identity:
      guard let identity = Identity(payload: record.payload) else {
        throw StartError("the member's identity is malformed")
      }
      self.identity = identity
    case .hardState: hardState = try HardState(record)
    case .entry, .configurationEntry: if let entry = Entry(record) { try add(entry) }
    case .snapshot:
      beginning = Store.Position(index: record.index, term: record.term)
      entries = []
    case .damage: lacksEntries = record.payload.first == 1
    }
  }

  /// An entry replaces what the log held from its index on.
  private mutating func add(_ entry: Entry) throws {
    guard entry.index > max(checkpoint.index, beginning?.index ?? 0) else { return }
    if let first = entries.first?.index, let last = entries.last?.index {
      if entry.index <= last {
        entries.removeLast(entry.index < first ? entries.count : Int(last - entry.index + 1))
      } else if entry.index > last + 1 {
        throw StartError("entry \(entry.index) follows entry \(last)")
      }
    }
    entries.append(entry)
  }

  /// The records with which a damaged log goes on, when others can bring the member what is lost; nil when nothing may be
  /// given up: then the start fails, and nothing is changed.
  func repair(_ damage: LogDamage, cluster: Cluster?) throws(StartError) -> [LogRecord]? {
    func newest(_ kind: RecordKind) -> LogRecord? {
      damage.certainKinds.contains(kind.rawValue)
        ? damage.newestRecords.first { $0.kind == kind.rawValue } : nil
    }
    // The identity never changes; but a vote that is forgotten could be given twice.
    guard let identity, let state = newest(.hardState),
      (cluster ?? identity.cluster).membership.members.count > 1
    else { return nil }
    var hardState = try HardState(state)
    // What was lost may have overwritten intact entries, but none that were known to be committed before it.
    hardState.commit = max(min(self.hardState.commit, damage.lastIntactIndex), checkpoint.index)
    var records = [identity.record, LogRecord(hardState), LogRecord(lacksEntries: true)]
    // The checkpoint may be ahead of what is left of the log.
    if damage.lastIntactIndex < checkpoint.index { records.append(LogRecord(beginningAfter: checkpoint)) }
    return records
  }
}
