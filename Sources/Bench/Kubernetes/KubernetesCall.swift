internal import GRPC
internal import NIOCore

/// One operation under way: a series of calls on one connection. Belongs to its target's event loop.
struct KubernetesCall {
  let target: KubernetesTarget
  let connection: ClientConnection
  let due: NIODeadline
  /// Called exactly once.
  let finish: (Answer) -> Void

  /// What a kube-apiserver asks for in one page.
  private static let pageSize: Int64 = 10_000
  /// Objects that share a lease of events (kube-apiserver: lease-max-object-count).
  private static let eventsPerLease = 1000
  private static let eventSecondsToLive: Int64 = 3660
  private static let masterSecondsToLive: Int64 = 15
  /// Nothing takes longer; etcd's clients in a kube-apiserver have no deadline, a person at a terminal has.
  private static let timeout = TimeAmount.seconds(60)
  /// Others may change an object between a read and the guarded write that builds on it, so that it is tried again.
  private static let attempts = 5

  func perform(_ operation: KubernetesMix.Operation) {
    let elected = KubernetesResource.electedComponents
    switch operation {
    case .renewNodeLease:
      update(.leases, in: elected..<target.tables[KubernetesResource.leases.rawValue].count)
    case .renewLeadership: update(.leases, in: 0..<elected)
    case .updateNode: update(.minions)
    case .updatePod: update(.pods)
    case .replacePod: replace(.pods)
    case .updateWorkload: update(oneOf([.deployments, .replicasets, .endpointslices]))
    case .updateConfiguration: update(oneOf([.configmaps, .secrets]))
    case .createEvent: createEvent()
    case .get: get(oneOf([.pods, .minions, .leases, .configmaps]))
    case .listFromCache: listFromCache(oneOf([.pods, .minions, .services, .configmaps]))
    case .listFromStore: listFromStore(oneOf([.pods, .replicasets, .endpointslices, .events]))
    case .count: count(oneOf(KubernetesResource.allCases))
    case .listKeys: listKeys(oneOf(KubernetesResource.allCases))
    case .health:
      call("Range", ListRequest(start: ByteBuffer(string: "/registry/health"), end: ByteBuffer()).message)
    case .renewMasterLease: renewMasterLease()
    case .compact: compact()
    }
  }

  // MARK: writes

  /// Creates object `number`, or learns the revision of the one that is there.
  func create(_ resource: KubernetesResource, _ number: Int, lease: Int64 = 0) {
    let key = target.tables[resource.rawValue].key(number)
    transact(KubernetesRequest.create(key, value(of: resource), lease: lease)) { answer in
      if answer.hasSucceeded {
        self.noteWrite(resource, number, answer.revision)
      } else {
        self.request(
          "Range", ListRequest(start: ByteBuffer(string: key), end: ByteBuffer(), limit: 1).message
        ) {
          self.target.tables[resource.rawValue].note(number, revision: ListPage($0)?.modRevision ?? 0)
          self.finish(.success(keys: 0))
        }
      }
    }
  }

  private func update(_ resource: KubernetesResource, in range: Range<Int>? = nil) {
    take(resource, in: range) { $0.update(resource, $1, lease: 0, attempt: 1) }
  }

  private func update(_ resource: KubernetesResource, _ number: Int, lease: Int64, attempt: Int) {
    let table = target.tables[resource.rawValue]
    guard table.revision(number) > 0 else {
      create(resource, number, lease: lease)
      return
    }
    let request = KubernetesRequest.update(
      table.key(number), value(of: resource), since: table.revision(number), lease: lease)
    transact(request) { answer in
      if answer.hasSucceeded {
        self.noteWrite(resource, number, answer.revision)
        return
      }
      self.target.tables[resource.rawValue].note(number, revision: answer.currentRevision)
      if attempt < Self.attempts {
        self.update(resource, number, lease: lease, attempt: attempt + 1)
      } else {
        self.finish(.success(keys: 0))
      }
    }
  }

  /// Deletes an object that is there; creates one where none is, under a new name.
  private func replace(_ resource: KubernetesResource) {
    take(resource) { call, number in
      let table = target.tables[resource.rawValue]
      let revision = table.revision(number)
      guard revision > 0 else {
        target.tables[resource.rawValue].advanceGeneration(number)
        call.create(resource, number)
        return
      }
      call.transact(KubernetesRequest.delete(table.key(number), since: revision)) { answer in
        call.target.tables[resource.rawValue].note(
          number, revision: answer.hasSucceeded ? 0 : answer.currentRevision)
        if answer.hasSucceeded { call.target.noteWrite(resource) }
        call.finish(.success(keys: 0))
      }
    }
  }

  private func createEvent() {
    let use: (Int64) -> Void = { lease in
      let number = self.target.nextEvent
      self.target.nextEvent += 1
      // Runs of one seed repeat each other; the time keeps their events apart.
      let key = KubernetesResource.events.key(
        number % 1000, generation: Int(truncatingIfNeeded: self.due.uptimeNanoseconds))
      self.transact(KubernetesRequest.create(key, self.value(of: .events), lease: lease)) { answer in
        if answer.hasSucceeded { self.target.noteWrite(.events) }
        self.finish(.success(keys: 0))
      }
    }
    if target.eventLease.id > 0, target.eventLease.users < Self.eventsPerLease {
      target.eventLease.users += 1
      use(target.eventLease.id)
    } else {
      grant(Self.eventSecondsToLive) { lease in
        self.target.eventLease = (lease, 1)
        use(lease)
      }
    }
  }

  private func renewMasterLease() {
    take(.masterleases) { call, number in
      call.grant(Self.masterSecondsToLive) { call.update(.masterleases, number, lease: $0, attempt: 1) }
    }
  }

  /// Takes the turn, then compacts to the revision of the turn before.
  private func compact() {
    let (version, revision) = target.compaction
    transact(KubernetesRequest.takeCompactionTurn(version: version, value: String(revision))) { answer in
      self.target.compaction = (
        answer.hasSucceeded ? version + 1 : answer.currentVersion, answer.revision
      )
      guard answer.hasSucceeded, revision > 0 else {
        self.finish(.success(keys: 0))
        return
      }
      self.call("Compact", KubernetesRequest.compact(revision))
    }
  }

  // MARK: reads

  private func get(_ resource: KubernetesResource) {
    let table = target.tables[resource.rawValue]
    let key = table.key(target.random.below(max(1, table.count)))
    call("Range", ListRequest(start: ByteBuffer(string: key), end: ByteBuffer(), limit: 1).message)
  }

  private func listFromCache(_ resource: KubernetesResource) {
    // The prefix without its slash is no key: all that is asked for is the revision.
    let key = ByteBuffer(string: String(resource.prefix.dropLast()))
    request("Range", ListRequest(start: key, end: ByteBuffer(), limit: 1).message) { message in
      guard self.target.caches.servers > 0 else {
        self.finish(.success(keys: 0))
        return
      }
      let server = self.target.random.below(self.target.caches.servers)
      self.target.caches.wait(server: server, resource, until: EtcdMessage.revision(in: message)) { status in
        self.finish(status.map { .failure($0) } ?? .success(keys: 0))
      }
    }
  }

  private func listFromStore(_ resource: KubernetesResource) {
    if target.hasRangeStream {
      stream(resource)
    } else {
      page(resource, from: ByteBuffer(string: resource.prefix), revision: 0)
    }
  }

  private func page(_ resource: KubernetesResource, from start: ByteBuffer, revision: Int64) {
    let list = ListRequest(
      start: start, end: ByteBuffer(string: resource.prefixEnd), limit: Self.pageSize, revision: revision)
    request("Range", list.message) { message in
      guard let page = ListPage(message) else {
        self.finish(.failure(GRPCStatus(.internalError, "the answer is malformed")))
        return
      }
      if page.hasMore, let next = page.next {
        self.page(resource, from: next, revision: revision > 0 ? revision : page.revision)
      } else {
        self.finish(.success(keys: 0))
      }
    }
  }

  private func stream(_ resource: KubernetesResource) {
    let list = ListRequest(
      start: ByteBuffer(string: resource.prefix), end: ByteBuffer(string: resource.prefixEnd))
    let call = connection.open("/etcdserverpb.KV/RangeStream", timeout: Self.timeout)
    var scanner = ListScanner(isStreamed: true)
    call.onBytes = { scanner.scan($0) }
    call.onFinish = { status, _ in
      if status.code == .ok, !scanner.isComplete {
        finish(.failure(GRPCStatus(.internalError, "the answer is malformed")))
      } else {
        finish(status.code == .ok ? .success(keys: 0) : .failure(status))
      }
    }
    call.send(list.message)
    call.halfClose()
  }

  private func count(_ resource: KubernetesResource) {
    var list = ListRequest(
      start: ByteBuffer(string: resource.prefix), end: ByteBuffer(string: resource.prefixEnd))
    list.isCountOnly = true
    call("Range", list.message)
  }

  private func listKeys(_ resource: KubernetesResource) {
    var list = ListRequest(
      start: ByteBuffer(string: resource.prefix), end: ByteBuffer(string: resource.prefixEnd),
      limit: Self.pageSize)
    list.isKeysOnly = true
    call("Range", list.message)
  }

  // MARK: calls

  private func request(_ method: String, _ message: ByteBuffer, _ next: @escaping (ByteBuffer) -> Void) {
    connection.unary("/etcdserverpb.KV/\(method)", message, timeout: Self.timeout) { result in
      switch result {
      case .success(let answer): next(answer)
      case .failure(let status): finish(.failure(status))
      }
    }
  }

  /// The operation's last call.
  private func call(_ method: String, _ message: ByteBuffer) {
    request(method, message) { _ in finish(.success(keys: 0)) }
  }

  private func transact(_ message: ByteBuffer, _ next: @escaping (GuardedAnswer) -> Void) {
    request("Txn", message) { message in
      if let answer = GuardedAnswer(message) {
        next(answer)
      } else {
        finish(.failure(GRPCStatus(.internalError, "the answer is malformed")))
      }
    }
  }

  private func grant(_ secondsToLive: Int64, _ next: @escaping (Int64) -> Void) {
    connection.unary(
      "/etcdserverpb.Lease/LeaseGrant", LeaseMessage.grant(secondsToLive: secondsToLive),
      timeout: Self.timeout
    ) { result in
      switch result {
      case .success(let message): next(LeaseMessage.lease(in: message).id)
      case .failure(let status): finish(.failure(status))
      }
    }
  }

  // MARK: objects

  /// Takes an object that nobody else changes, for a call whose end gives it back; without one, the operation is over.
  private func take(
    _ resource: KubernetesResource, in range: Range<Int>? = nil, _ change: (KubernetesCall, Int) -> Void
  ) {
    let table = resource.rawValue
    let start = target.random.below(max(1, range?.count ?? target.tables[table].count))
    guard let number = target.tables[table].take(from: start, in: range) else {
      finish(.success(keys: 0))
      return
    }
    let holder = KubernetesCall(target: target, connection: connection, due: due) { [finish, target] answer in
      target.tables[table].release(number)
      finish(answer)
    }
    change(holder, number)
  }

  /// An object with its time of sending.
  private func value(of resource: KubernetesResource) -> ByteBuffer {
    let length = resource.bytes.lowerBound + target.random.below(resource.bytes.count)
    return KubernetesValue.make(length, stamp: due.uptimeNanoseconds, &target.random)
  }

  private func noteWrite(_ resource: KubernetesResource, _ number: Int, _ revision: Int64) {
    target.tables[resource.rawValue].note(number, revision: revision)
    target.noteWrite(resource)
    finish(.success(keys: 0))
  }

  private func oneOf(_ resources: [KubernetesResource]) -> KubernetesResource {
    resources[target.random.below(resources.count)]
  }
}
