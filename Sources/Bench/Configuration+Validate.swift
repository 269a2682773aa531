extension Configuration {
  /// The requests of the run, for the workloads that know their number from elsewhere too.
  public var totalOperations: Int? {
    workload == .fill ? (keySpace + transactionOperations - 1) / transactionOperations : operations
  }

  /// Throws unless the run can be carried out as written.
  public func validate() throws(Invalid) {
    try require(operations != nil || durationSeconds != nil || workload == .fill, "give --ops or --duration")
    try require(operations != 0, "--ops must be at least 1")
    try require((1...Limit.clients).contains(clients), "--clients must be 1 to \(Limit.clients)")
    try require(
      (1...Limit.connections).contains(connections), "--connections must be 1 to \(Limit.connections)")
    try require(
      connections <= clients,
      "--connections \(connections) is more than --clients \(clients): each connection needs a client")
    try require((1...Limit.loops).contains(loops), "--loops must be 1 to \(Limit.loops)")
    if endpoints.isEmpty {
      try require(loops == 1, "--loops is for --endpoints: the embedded member is driven by one")
      try require(
        serverProcess == nil, "--server-pid is for --endpoints: the embedded member is this process")
    } else {
      try require(
        loops <= connections,
        "--loops \(loops) is more than --connections \(connections): each loop needs one")
    }
    try require(keySpace >= 1, "--key-space must be at least 1")
    try require((1...Limit.keyBytes).contains(keyBytes), "--key-size must be 1 to \(Limit.keyBytes)")
    let digits = String(keySpace - 1).utf8.count
    try require(
      digits <= keyBytes,
      "--key-space \(keySpace) needs keys of \(digits) bytes: raise --key-size from \(keyBytes)")
    try require((0...Limit.valueBytes).contains(valueBytes), "--value-size must be 0 to \(Limit.valueBytes)")
    try require(rate != 0, "--rate must be at least 1")
    try require((1...keySpace).contains(rangeKeys), "--range-keys must be 1 to --key-space (\(keySpace))")
    try require(
      (1...min(Limit.transactionOperations, keySpace)).contains(transactionOperations),
      "--txn-ops must be 1 to \(min(Limit.transactionOperations, keySpace)): a key may be put once in a transaction"
    )
    try require(
      readsPerWrite >= 0 && readsPerWrite <= 1e9, "--rw-ratio must be 0 (only writes) or more")
    try require(stallSeconds > 0, "--stall-timeout must be above 0")
    try validateTraffic()
  }

  /// What only some workloads have.
  private func validateTraffic() throws(Invalid) {
    try require((1...Limit.watchers).contains(watchers), "--watchers must be 1 to \(Limit.watchers)")
    try require((1...Limit.backlog).contains(backlog), "--backlog must be 1 to \(Limit.backlog)")
    try require(
      (1...Limit.secondsToLive).contains(secondsToLive), "--ttl must be 1 to \(Limit.secondsToLive)")
    try require((1...Limit.nodes).contains(nodes), "--nodes must be 1 to \(Limit.nodes)")
    try require((0...Limit.apiServers).contains(apiServers), "--apiservers must be 0 to \(Limit.apiServers)")
    try require(compactionSeconds > 0, "--compaction-interval must be above 0")
    switch workload {
    case .put, .range, .txn, .fill: break
    case .list:
      try require(
        !endpoints.isEmpty || listMode == .unary, "--mode \(listMode.rawValue) needs --endpoints")
    case .watch, .watchLatency:
      try require(
        valueBytes >= Self.stampBytes,
        "--value-size must be at least \(Self.stampBytes): a value begins with the time when it was sent")
      fallthrough
    case .watchGet, .leaseKeepAlive:
      try require(!endpoints.isEmpty, "\(workload.rawValue) needs --endpoints: it measures streams")
    case .kubernetes:
      try require(!endpoints.isEmpty, "kubernetes needs --endpoints: it measures streams too")
      try require(
        loops == 1, "--loops must be 1 for kubernetes: its clients share what they know of the objects")
    }
    if workload == .watchLatency {
      try require(
        clients <= keySpace,
        "--key-space \(keySpace) is less than --clients: each client watches a key of its own")
    }
    if let fromRevision { try require(fromRevision >= 1, "--from-revision must be at least 1") }
    if workload == .watchGet {
      try require(backlog >= loops, "--backlog must be at least --loops")
    }
    if workload == .list, listMode == .paginated {
      try require(limit > 0, "--mode paginated needs --limit, the size of a page")
    }
  }

  /// Bytes of the time of sending at the start of a value.
  static let stampBytes = 8

  private func require(_ condition: Bool, _ message: String) throws(Invalid) {
    if !condition { throw Invalid(description: message) }
  }
}
