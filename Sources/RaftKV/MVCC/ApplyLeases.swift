/// The apply thread's half of leases (etcd API: service Lease).
extension Store {
  func execute(_ command: LeaseCommand) throws(StoreError) -> Result<CommandResult, StoreError> {
    switch command {
    case .grant(let id, let seconds): return grant(id, seconds)
    case .revoke(let id):
      guard let lease = state.leases.lease(id) else { return .failure(.leaseNotFound) }
      try revoke(lease)
      return .success(.lease(.revoked([lease.reference])))
    case .expire(let references):
      var revoked: [LeaseReference] = []
      for reference in references {
        guard let lease = state.leases.lease(reference.id), lease.grantIndex == reference.grantIndex else {
          continue
        }
        try revoke(lease)
        revoked.append(reference)
      }
      return .success(.lease(.revoked(revoked)))
    case .checkpoint(let checkpoints):
      for checkpoint in checkpoints {
        guard var lease = state.leases.lease(checkpoint.lease.id),
          lease.grantIndex == checkpoint.lease.grantIndex
        else { continue }
        lease.remainingSeconds = min(max(checkpoint.remainingSeconds, 0), lease.seconds)
        set(lease)
      }
      return .success(.lease(.noted))
    }
  }

  func leaseExists(_ lease: Int64) -> Bool { lease == 0 || state.leases.lease(lease) != nil }

  private func grant(_ id: Int64, _ seconds: Int64) -> Result<CommandResult, StoreError> {
    if isOutOfSpace { return .failure(.noSpace) }
    if id == 0 { return .failure(.leaseNotFound) }
    if seconds > Lease.maximumSeconds { return .failure(.leaseTimeTooLong) }
    if leaseExists(id) { return .failure(.leaseExists) }
    let lease = Lease(id: id, seconds: max(seconds, 1), grantIndex: entryIndex)
    set(lease)
    return .success(.lease(.granted(lease)))
  }

  private func set(_ lease: Lease) {
    state.leases.set(lease)
    record(.set(lease), bytes: 64)
  }

  /// Deletes the lease's keys, in their order, as one revision of its own.
  private func revoke(_ lease: Lease) throws(StoreError) {
    refreshReader()
    for key in try reader.leaseKeys(lease.id) {
      try key.withRawBytes { (key) throws(StoreError) in
        guard let found = try reader.find(key, before: bound), !found.isTombstone, found.lease == lease.id
        else { return }
        try write(key, [], newFields(after: found, createRevision: 0, version: 0, lease: 0))
      }
    }
    endRevision()
    state.leases.remove(lease.id)
    // The keys go with the lease: their rows need no record each, however many they are.
    record(.dropped(lease.id), bytes: 64)
  }

  /// A key goes from one lease to another; 0 is none.
  func move(_ key: UnsafeRawBufferPointer, from old: Int64, to new: Int64) {
    if old == new { return }
    let key = Bytes(key)
    if old != 0 { record(.detached(old, key), bytes: 96 + key.count) }
    if new != 0 { record(.attached(new, key), bytes: 96 + key.count) }
  }

  private func record(_ change: LeaseJournal.Change, bytes: Int) {
    active.leases.append(change, index: entryIndex)
    active.leaseChanges += 1
    active.metaBytes += bytes
  }
}
