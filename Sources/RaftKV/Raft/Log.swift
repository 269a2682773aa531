/// The part of the log that is in memory, and how far each concern has come in it.
///
/// 1. `preceding ≤ applied ≤ applying ≤ min(committed, stable)` and `stable ≤ written ≤ last`.
/// 2. Committed entries are never truncated.
/// 3. An acknowledged write counts only for entries that were not truncated since it was taken, even if equal
///    entries came back later: the truncation's own write may still be under way.
/// 4. An entry that is not applied, or not durable, is in memory.
struct Log: Sendable {
  private var entries = EntryRing()
  /// The entry just before those in memory.
  private(set) var precedingIndex: LogIndex
  private(set) var precedingTerm: Term
  /// Known to be on a quorum.
  private(set) var committed: LogIndex
  /// Handed out to be applied.
  private(set) var applying: LogIndex
  private(set) var applied: LogIndex
  /// Handed out to storage.
  private(set) var written: LogIndex
  /// Durable here.
  private(set) var stable: LogIndex
  private var unwrittenConfigurations: UInt64 = 0
  private var outstanding: [(number: UInt64, last: LogIndex)] = []

  /// Bytes of entries in memory: at or below `applied`; above it; above `committed`; above it and handed out.
  private(set) var tailBytes = 0
  private(set) var pendingBytes = 0
  private(set) var uncommittedBytes = 0
  private(set) var applyingBytes = 0

  init(restored: RestoredState) throws(RaftError) {
    func require(_ condition: Bool, _ reason: String) throws(RaftError) {
      if !condition { throw .invalidRestoredState(reason) }
    }
    precedingIndex = restored.precedingIndex
    precedingTerm = restored.precedingTerm
    var last = (index: restored.precedingIndex, term: restored.precedingTerm)
    for entry in restored.entries {
      try require(entry.index == last.index + 1, "a gap in the log after index \(last.index)")
      try require(entry.term >= last.term, "the term falls at index \(entry.index)")
      entries.append(entry)
      last = (entry.index, entry.term)
    }
    try require(
      last.term <= restored.hardState.term, "the log's last term is \(last.term), newer than the hard state's"
    )
    try require(
      restored.applied >= restored.precedingIndex,
      "the log begins after index \(restored.precedingIndex), but "
        + "only \(restored.applied) is applied")
    try require(
      restored.applied <= last.index, "\(restored.applied) is applied, but the log ends at \(last.index)")
    try require(
      restored.hardState.commit <= last.index,
      "\(restored.hardState.commit) is committed, but the log ends at \(last.index)")
    applied = restored.applied
    applying = restored.applied
    committed = max(restored.applied, restored.hardState.commit)
    written = last.index
    stable = last.index
    for offset in 0..<entries.count {
      let index = precedingIndex + 1 + LogIndex(offset)
      let size = entries.size(offset)
      if index <= applied { tailBytes += size } else { pendingBytes += size }
      if index > committed { uncommittedBytes += size }
    }
  }

  var lastIndex: LogIndex { precedingIndex + LogIndex(entries.count) }
  var lastTerm: Term { entries.count == 0 ? precedingTerm : entries.term(entries.count - 1) }
  var hasUnwritten: Bool { written < lastIndex }
  /// How many writes it takes to carry all entries that no write has carried yet.
  var writesToCome: UInt64 {
    guard hasUnwritten else { return 0 }
    return unwrittenConfigurations + (kind(at: lastIndex) == .configuration ? 0 : 1)
  }
  var outstandingWrites: Int { outstanding.count }
  /// Bytes known to be committed and not applied here.
  var unappliedCommittedBytes: Int { pendingBytes - uncommittedBytes }

  private func offset(_ index: LogIndex) -> Int { Int(index - precedingIndex) - 1 }

  /// Nil when the entry is not in memory.
  func term(at index: LogIndex) -> Term? {
    if index == precedingIndex { return precedingTerm }
    guard index > precedingIndex, index <= lastIndex else { return nil }
    return entries.term(offset(index))
  }

  /// The entry at an index that is in memory.
  func entry(at index: LogIndex) -> Entry { entries[offset(index)] }

  func kind(at index: LogIndex) -> Entry.Kind { entries.kind(offset(index)) }

  func hasConfiguration(from: LogIndex, through: LogIndex) -> Bool {
    guard from <= through else { return false }
    for offset in offset(from)...offset(through) where entries.kind(offset) == .configuration { return true }
    return false
  }

  /// Entries from `from` on, at most through `through`, and as many as fit in `bytes`, but at least one.
  func slice(from: LogIndex, through: LogIndex, bytes: Int) -> (entries: [Entry], bytes: Int) {
    guard from <= through else { return ([], 0) }
    let start = offset(from)
    let limit = offset(through)
    var end = start
    var total = 0
    while end <= limit {
      let size = entries.size(end)
      if end > start && total + size > bytes { break }
      total += size
      end += 1
    }
    return (entries.copy(start..<end), total)
  }

  /// The largest index at or below `index` whose term is not above `term`, with its term; the term is 0 when that
  /// is below what is in memory. Everything between cannot be equal to a log where `index` has `term`.
  func conflict(below index: LogIndex, term: Term) -> (index: LogIndex, term: Term) {
    var candidate = min(index, lastIndex)
    while candidate > precedingIndex {
      let own = entries.term(offset(candidate))
      if own <= term { return (candidate, own) }
      candidate -= 1
    }
    if candidate == precedingIndex, precedingTerm <= term { return (candidate, precedingTerm) }
    return (candidate, 0)
  }

  mutating func append(_ entry: Entry) {
    precondition(entry.index == lastIndex + 1, "appending leaves a gap")
    entries.append(entry)
    pendingBytes += entry.size
    uncommittedBytes += entry.size
    if entry.kind == .configuration { unwrittenConfigurations += 1 }
  }

  /// Discards the entries from `index` on.
  mutating func truncate(from index: LogIndex) {
    precondition(index > committed, "truncating committed entries")
    let first = offset(index)
    var bytes = 0
    for offset in first..<entries.count {
      bytes += entries.size(offset)
      if entries.kind(offset) == .configuration && precedingIndex + 1 + LogIndex(offset) > written {
        unwrittenConfigurations -= 1
      }
    }
    entries.removeLast(entries.count - first)
    pendingBytes -= bytes
    uncommittedBytes -= bytes
    stable = min(stable, index - 1)
    written = min(written, index - 1)
    for position in outstanding.indices {
      outstanding[position].last = min(outstanding[position].last, index - 1)
    }
  }

  mutating func commit(through index: LogIndex) {
    precondition(index >= committed && index <= lastIndex, "committing what is not there")
    while committed < index {
      committed += 1
      uncommittedBytes -= entries.size(offset(committed))
    }
  }

  /// The entries that no write has carried yet; a write ends at a configuration entry.
  mutating func takeUnwritten() -> [Entry] {
    guard hasUnwritten else { return [] }
    var through = written + 1
    while through < lastIndex && kind(at: through) != .configuration { through += 1 }
    let result = entries.copy(offset(written + 1)..<(offset(through) + 1))
    written = through
    if kind(at: through) == .configuration { unwrittenConfigurations -= 1 }
    return result
  }

  /// Remembers that the write `number` carries everything through `written`.
  mutating func beginWrite(_ number: UInt64) { outstanding.append((number, written)) }

  mutating func persisted(through number: UInt64) {
    var done = 0
    while done < outstanding.count && outstanding[done].number <= number {
      stable = max(stable, outstanding[done].last)
      done += 1
    }
    outstanding.removeFirst(done)
  }

  /// The next entries to apply, within the bound on what is being applied.
  mutating func takeCommitted(bytes maximum: Int) -> [Entry] {
    let limit = min(committed, stable)
    guard applying < limit, applyingBytes < maximum else { return [] }
    let (result, bytes) = slice(from: applying + 1, through: limit, bytes: maximum - applyingBytes)
    applying += LogIndex(result.count)
    applyingBytes += bytes
    return result
  }

  mutating func applied(through index: LogIndex) {
    precondition(index <= applying, "applied what was not handed out")
    while applied < index {
      applied += 1
      let size = entries.size(offset(applied))
      pendingBytes -= size
      applyingBytes -= size
      tailBytes += size
    }
  }

  /// Drops applied entries until the tail is within its bounds.
  mutating func trimTail(entries maximumEntries: Int, bytes maximumBytes: Int) {
    var amount = 0
    var tail = Int(applied - precedingIndex)
    while tail > maximumEntries || (tailBytes > maximumBytes && tail > 0) {
      tailBytes -= entries.size(amount)
      amount += 1
      tail -= 1
    }
    guard amount > 0 else { return }
    precedingTerm = entries.term(amount - 1)
    precedingIndex += LogIndex(amount)
    entries.removeFirst(amount)
  }

  /// The state through a snapshot replaces everything.
  mutating func restore(_ snapshot: Snapshot) {
    entries.removeLast(entries.count)
    precedingIndex = snapshot.index
    precedingTerm = snapshot.term
    committed = snapshot.index
    applying = snapshot.index
    applied = snapshot.index
    written = snapshot.index
    stable = snapshot.index
    for position in outstanding.indices { outstanding[position].last = 0 }
    unwrittenConfigurations = 0
    tailBytes = 0
    pendingBytes = 0
    uncommittedBytes = 0
    applyingBytes = 0
  }
}
