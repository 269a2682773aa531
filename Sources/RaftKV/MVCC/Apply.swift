import Synchronization

/// The apply thread's half of the store: etcd's rules for what an entry does.
///
/// Everything that can refuse an entry is found before its first change; a refused entry changes nothing and
/// has no revision. A local failure (`.corrupt`, `.storage`) is no refusal: other members go on without it, so
/// the entry does not count as applied, and the store accepts no more.
extension Store {
  /// Applies the entry at `index` (the next one after the last applied). Visible to reads at once.
  ///
  /// An outcome of `.corrupt` or `.storage` says that this member can no longer follow the log: the entry is
  /// not applied, nor is any after it.
  public func apply(_ command: Command, index: UInt64, term: UInt64) -> Outcome {
    if let failure { return Outcome(revision: revision, result: .failure(failure)) }
    do throws(StoreError) {
      try beginEntry(index: index, term: term)
    } catch {
      return Outcome(revision: revision, result: .failure(error))
    }
    reader.begin()
    readerIsStale = false
    var result: Result<CommandResult, StoreError>
    do throws(StoreError) {
      result = try execute(command)
    } catch {
      result = .failure(error)
      switch error {
      case .corrupt, .storage: failure = error
      case .compacted, .futureRevision, .noSpace, .keyNotFound, .leaseNotFound, .leaseExists,
        .leaseTimeTooLong:
        break
      }
    }
    reader.end()
    if failure == nil { endEntry(index: index, term: term) }
    if let failure { result = .failure(failure) }
    return Outcome(revision: revision, result: result)
  }

  /// Advances the applied position over an entry that changes nothing; not so when the store accepts no more.
  public func skip(index: UInt64, term: UInt64) {
    guard failure == nil, (try? beginEntry(index: index, term: term)) != nil else { return }
    endEntry(index: index, term: term)
  }

  private func beginEntry(index: UInt64, term: UInt64) throws(StoreError) {
    precondition(index > position.index, "entry \(index) comes after \(position.index)")
    if isFull { try replaceActive(room: 0) }
    if active.terms.last?.term ?? active.origin.position.term != term {
      active.terms.append((index, term))
    }
    entryIndex = index
    entryTerm = term
    nextSub = 0
    entryChanges = 0
    entryRevisions = 0
  }

  private func endEntry(index: UInt64, term: UInt64) {
    if entryChanges < partialChanges {
      failure = .corrupt("entry \(index) of the log does less than the checkpoint says it did before")
      return
    }
    position = Position(index: index, term: term)
    active.entries += 1
    partialChanges = 0
    entryChanges = 0
    endRevision()
    if entryRevisions > 0 {
      revision += entryRevisions
      entryRevisions = 0
      state.revision.store(revision, ordering: .releasing)
    }
  }

  /// What the entry does from here on belongs to a revision of its own.
  func endRevision() {
    if nextSub == 0 { return }
    entryRevisions += 1
    nextSub = 0
  }

  private func execute(_ command: Command) throws(StoreError) -> Result<CommandResult, StoreError> {
    switch command {
    case .put(let put):
      if isOutOfSpace { return .failure(.noSpace) }
      if let refusal = keyRefusal(put) { return .failure(refusal) }
      if !leaseExists(put.lease) { return .failure(.leaseNotFound) }
      return try self.put(put, mustExist: true).map { .put(previous: $0) }
    case .delete(let delete):
      let (deleted, previous) = try self.delete(delete)
      return .success(.delete(deleted: deleted, previous: previous))
    case .transaction(let transaction):
      return try self.transaction(transaction)
    case .alarm(let alarm):
      return .success(.alarm(changed: change(alarm)))
    case .compact(let target):
      if target <= state.compactRevision.load(ordering: .relaxed) { return .failure(.compacted) }
      if target > revision { return .failure(.futureRevision) }
      state.compactRevision.store(target, ordering: .releasing)
      active.compactions.append((entryIndex, target))
      return .success(.compact)
    case .setMeta(let name, let value):
      if name.utf8.count > Checkpoint.maximumNameBytes {
        return .failure(
          .storage("the name of a meta document is longer than \(Checkpoint.maximumNameBytes) bytes"))
      }
      setMeta(name, value)
      return .success(.done)
    case .lease(let lease): return try execute(lease)
    }
  }

  // MARK: checks

  var isOutOfSpace: Bool {
    state.documents.withLock { $0.alarms.contains { $0.kind == .noSpace } }
  }

  /// Whoever proposes checks keys already; this keeps an entry that slipped through from doing harm.
  private func keyRefusal(_ put: PutCommand) -> StoreError? {
    if put.key.isEmpty { return .storage("a put has no key") }
    if put.key.count > Store.maximumKeyBytes {
      return .storage("a key of \(put.key.count) bytes is longer than \(Store.maximumKeyBytes)")
    }
    if put.value.count > Int(Int32.max) { return .storage("a value is longer than 2 GiB") }
    return nil
  }

  // MARK: operations

  /// What an operation sees: all before its own first change.
  var bound: Bound { Bound(main: revision + entryRevisions + 1, sub: nextSub) }

  private func transaction(
    _ command: TransactionCommand
  ) throws(StoreError) -> Result<CommandResult, StoreError> {
    if isOutOfSpace && command.containsPut { return .failure(.noSpace) }
    let path = try TransactionPath(command, reader: reader, before: bound)
    var refusal: StoreError?
    try path.checkPuts { (put) throws(StoreError) in
      if refusal != nil { return }
      refusal = keyRefusal(put)
      if refusal == nil && (put.ignoreValue || put.ignoreLease) {
        let found = try put.key.withRawBytes { (key) throws(StoreError) -> VisibleVersion? in
          try reader.find(key, before: bound)
        }
        if found == nil || found!.isTombstone { refusal = .keyNotFound }
      }
      if refusal == nil && !leaseExists(put.lease) { refusal = .leaseNotFound }
    }
    if let refusal { return .failure(refusal) }
    try path.checkRanges(current: revision, reader: reader)
    return .success(.transaction(try run(path)))
  }

  private func run(_ path: TransactionPath) throws(StoreError) -> TransactionResult {
    var result = TransactionResult(succeeded: path.succeeded, results: [])
    result.results.reserveCapacity(path.operations.count)
    var nested = path.nested.makeIterator()
    for operation in path.operations {
      refreshReader()
      switch operation {
      case .range(let query):
        let seen = query.revision > 0 ? Bound(through: query.revision) : bound
        result.results.append(.range(try reader.run(query, before: seen, cached: nil)))
      case .put(let put):
        let done = try self.put(put, mustExist: false)
        result.results.append(.put(previous: try done.get()))
      case .delete(let delete):
        let (deleted, previous) = try self.delete(delete)
        result.results.append(.delete(deleted: deleted, previous: previous))
      case .transaction:
        if let inner = nested.next() { result.results.append(.transaction(try run(inner))) }
      }
    }
    return result
  }

  /// `mustExist` asks for the check that a transaction has made before.
  private func put(
    _ put: PutCommand, mustExist: Bool
  ) throws(StoreError) -> Result<KeyValue?, StoreError> {
    try put.key.withRawBytes { (key) throws(StoreError) -> Result<KeyValue?, StoreError> in
      try makeRoom(keyLength: key.count, valueLength: put.ignoreValue ? 0 : put.value.count)
      var splice = Memtable.Splice(head: active.base)
      return try withUnsafeMutablePointer(to: &splice) {
        (splice) throws(StoreError) -> Result<KeyValue?, StoreError> in
        let links = UnsafeMutableRawPointer(splice).assumingMemoryBound(to: UnsafeMutableRawPointer.self)
        let position = active.seek(key, splice: links)
        let bound = bound
        var newest: VisibleVersion?
        if position.isEqual, let found = active.newest(of: position.found, before: bound) {
          newest = VisibleVersion(found)
        } else {
          newest = try reader.find(key, before: bound, skipping: active)
        }
        let existing = newest.flatMap { $0.isTombstone ? nil : $0 }
        if mustExist && existing == nil && (put.ignoreValue || put.ignoreLease) {
          return .failure(.keyNotFound)
        }
        var previous: KeyValue?
        if put.wantsPrevious, let existing { previous = try reader.keyValue(existing, key: key) }
        let fields = newFields(
          after: newest, createRevision: existing?.createRevision ?? bound.main,
          version: (existing?.version ?? 0) + 1,
          lease: put.ignoreLease ? existing?.lease ?? 0 : put.lease)
        if put.ignoreValue {
          // The old value may need more room than was made: write as if it were new.
          let value = try existing.map { (old) throws(StoreError) -> Bytes in try reader.value(old, of: key) }
          try write(key, value ?? [], fields)
        } else if !takeSub() {
          try put.value.withRawBytes { (value) throws(StoreError) in
            active.insert(key, at: position, splice: links, value: value, fields: fields)
          }
        }
        move(key, from: existing?.lease ?? 0, to: fields.lease)
        return .success(previous)
      }
    }
  }

  private func delete(
    _ delete: DeleteCommand
  ) throws(StoreError) -> (deleted: Int64, previous: [KeyValue]) {
    var deleted: Int64 = 0
    var previous: [KeyValue] = []
    // The tombstones come after the bound, so the walk does not see them.
    try reader.visitAll(delete.range, before: bound) { (key, found) throws(StoreError) -> Bool in
      if delete.wantsPrevious { previous.append(try reader.keyValue(found, key: key)) }
      try write(key, [], newFields(after: found, createRevision: 0, version: 0, lease: 0))
      move(key, from: found.lease, to: 0)
      deleted += 1
      return true
    }
    return (deleted, previous)
  }

  func newFields(
    after newest: VisibleVersion?, createRevision: Int64, version: Int64, lease: Int64
  ) -> MemtableVersion {
    MemtableVersion(
      main: revision + entryRevisions + 1, index: entryIndex, createRevision: createRevision,
      version: version, lease: lease,
      previousMain: newest?.main ?? 0, sub: UInt32(nextSub), previousSub: UInt32(newest?.sub ?? 0), older: 0,
      following: 0, key: 0, valueLength: 0)
  }

  /// Writes a version whose previous one is known already.
  func write(
    _ key: UnsafeRawBufferPointer, _ value: Bytes, _ fields: MemtableVersion
  ) throws(StoreError) {
    try makeRoom(keyLength: key.count, valueLength: value.count)
    if takeSub() { return }
    var splice = Memtable.Splice(head: active.base)
    try withUnsafeMutablePointer(to: &splice) { (splice) throws(StoreError) in
      let links = UnsafeMutableRawPointer(splice).assumingMemoryBound(to: UnsafeMutableRawPointer.self)
      let position = active.seek(key, splice: links)
      try value.withRawBytes { (value) throws(StoreError) in
        active.insert(key, at: position, splice: links, value: value, fields: fields)
      }
    }
  }

  /// Counts one change; true when the checkpoint has it already, from before a restart.
  private func takeSub() -> Bool {
    precondition(nextSub < Int64(UInt32.max), "an entry makes more changes than sub-revisions can count")
    nextSub += 1
    entryChanges += 1
    return entryChanges <= partialChanges
  }

  // MARK: alarms and documents

  private func change(_ command: AlarmCommand) -> [Alarm] {
    let (changed, alarms) = state.documents.withLock { documents -> ([Alarm], [Alarm]?) in
      let place = documents.alarms.firstIndex { $0 >= command.alarm } ?? documents.alarms.count
      let isRaised = place < documents.alarms.count && documents.alarms[place] == command.alarm
      switch command.action {
      case .activate:
        // etcd answers with an alarm that is raised already, too.
        if isRaised { return ([command.alarm], nil) }
        documents.alarms.insert(command.alarm, at: place)
      case .deactivate:
        if !isRaised { return ([], nil) }
        documents.alarms.remove(at: place)
      }
      return ([command.alarm], documents.alarms)
    }
    if let alarms { record(Checkpoint.alarmsName, Checkpoint.encode(alarms)) }
    return changed
  }

  private func setMeta(_ name: String, _ value: Bytes?) {
    state.documents.withLock { $0.byName[name] = value }
    record(Checkpoint.documentPrefix + name, value)
  }

  private func record(_ name: String, _ value: Bytes?) {
    active.metaChanges.append(.init(index: entryIndex, name: name, value: value))
    active.metaBytes += name.utf8.count + (value?.count ?? 0) + 64
  }

  // MARK: memtables

  var isFull: Bool {
    active.changes >= state.configuration.memtableChanges
      || active.entries >= state.configuration.memtableChanges
      || active.leaseChanges >= state.configuration.memtableChanges
      || active.used + active.metaBytes >= state.configuration.memtableBytes
  }

  /// Makes sure that the next change fits the active memtable, replacing it, even inside an entry, when not.
  @inline(__always)
  private func makeRoom(keyLength: Int, valueLength: Int) throws(StoreError) {
    let needed = Memtable.bytesNeeded(keyLength: keyLength, valueLength: valueLength)
    if needed > active.room || (isFull && !active.isEmpty) {
      try replaceActive(room: needed)
    }
  }

  /// Makes the active memtable immutable if it holds anything (apply thread only): on idle, and on shutdown.
  public func rotate() {
    if failure != nil || active.entries == 0 && active.isEmpty { return }
    nextSub = 0
    entryChanges = 0
    // If there is no room and will be none, the log keeps it.
    try? replaceActive(room: 0)
  }

  /// Lets another memtable, with so many bytes of room at least, take the active one's place.
  func replaceActive(room: Int) throws(StoreError) {
    active.end = CheckpointState(
      position: position, revision: revision, partialChanges: max(entryChanges, partialChanges),
      partialEnd: entryChanges > partialChanges
        ? bound : partialChanges > 0 ? active.origin.partialEnd : nil,
      compactRevision: state.compactRevision.load(ordering: .relaxed))
    let replacement = Store.makeMemtable(state.configuration, room: room, origin: active.end)
    if entryIndex > position.index {
      replacement.terms.append((entryIndex, entryTerm))
      // They become part of the checkpoint with their whole entry, which ends in a later memtable.
      for drop in active.leases.drops(by: entryIndex) { replacement.leases.append(drop, index: entryIndex) }
    }
    let limit = state.configuration.immutableMemtables
    let (isReplaced, notify) = state.shared.wait(until: { $0.tables.tables.count <= limit || !$0.mayWait }) {
      shared -> (Bool, (@Sendable () -> Void)?) in
      guard shared.tables.tables.count <= limit else { return (false, nil) }
      shared.tables = MemtableSet(
        [replacement] + shared.tables.tables, delta: shared.tables.delta,
        environment: shared.tables.environment)
      return (true, shared.onFlushNeeded)
    }
    guard isReplaced else {
      let error = StoreError.storage("no flush makes room in memory any more")
      failure = error
      throw error
    }
    active = replacement
    readerIsStale = true
    notify?()
  }

  /// The reader's memtables are those of the entry's start; after a replacement it needs the new one.
  func refreshReader() {
    if !readerIsStale { return }
    reader.end()
    reader.begin()
    readerIsStale = false
  }
}
