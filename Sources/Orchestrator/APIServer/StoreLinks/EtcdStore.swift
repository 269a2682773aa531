public import GRPC
import FoundationEssentials
import HTTP
import MVCC
public import NIOCore
import Proto
public import Storage
import SwiftProtobuf
import Synchronization
import WatchAPI

/// A store behind etcd's protocol: a cluster of raftkv or of etcd itself.
///
/// Reads that meet an endpoint that does not answer are asked of the next one. A write whose answer is lost is looked
/// up: it is guarded by the revision that it expects, so that what is there tells whether it was done.
public final class EtcdStore: StoreClient {
  /// How long one call may take.
  private static let callTimeout = TimeAmount.seconds(5)
  /// How long a request tries before it gives up.
  private static let patience = Duration.seconds(15)
  /// The pause between tries.
  private static let pause = Duration.milliseconds(100)

  private struct State {
    var connection: ClientConnection?
    var connecting: EventLoopFuture<ClientConnection>?
    var endpoint = 0
  }

  private let endpoints: [ClientConnection.Target]
  private let eventLoop: any EventLoop
  private let security: ClientConnection.Security?
  private let state = Mutex(State())

  /// A store at these endpoints, any of which will do.
  /// - Parameter security: adds TLS to connections; nil for plain ones.
  public init(
    endpoints: [ClientConnection.Target], on eventLoop: any EventLoop,
    security: ClientConnection.Security? = nil
  ) {
    self.endpoints = endpoints
    self.eventLoop = eventLoop
    self.security = security
  }

  /// Closes the connection.
  public func close() {
    let connection = state.withLock { state in
      defer { state.connection = nil }
      return state.connection
    }
    if let connection { eventLoop.execute { connection.close(now: true) } }
  }

  // MARK: Connections

  private func connection() -> EventLoopFuture<ClientConnection> {
    eventLoop.flatSubmit { [self] in
      if let known = state.withLock({ $0.connection }), known.isOpen {
        return eventLoop.makeSucceededFuture(known)
      }
      if let connecting = state.withLock({ $0.connecting }) { return connecting }
      let target = state.withLock { state in
        defer { state.endpoint += 1 }
        return endpoints[state.endpoint % endpoints.count]
      }
      var limits = ClientLimits()
      limits.connectTimeout = .seconds(2)
      let connecting = ClientConnection.connect(to: target, on: eventLoop, limits: limits, security: security)
      state.withLock { $0.connecting = connecting }
      connecting.whenComplete { [weak self] result in
        self?.state.withLock { state in
          state.connecting = nil
          state.connection = try? result.get()
        }
      }
      return connecting
    }
  }

  /// The endpoint is no good: the next call goes to another.
  private func leave() {
    let connection = state.withLock { state in
      defer { state.connection = nil }
      return state.connection
    }
    if let connection { eventLoop.execute { connection.close() } }
  }

  private func once<Result: Sendable>(
    _ body: @escaping @Sendable (EtcdClient) -> EventLoopFuture<Result>
  ) async throws(GRPCStatus) -> Result {
    let future = connection().flatMap { body(EtcdClient($0, timeout: Self.callTimeout)) }
    do {
      return try await future.get()
    } catch let status as GRPCStatus {
      throw status
    } catch {
      throw GRPCStatus(.internalError, "\(error)")
    }
  }

  /// Asks until there is an answer, or patience ends.
  private func again<Result: Sendable>(
    _ body: @escaping @Sendable (EtcdClient) -> EventLoopFuture<Result>
  ) async throws(Storage.StoreError) -> Result {
    let end = ContinuousClock.now + Self.patience
    while true {
      do throws(GRPCStatus) {
        return try await once(body)
      } catch {
        guard error.isPassing, ContinuousClock.now < end, !Task.isCancelled else { throw Self.error(error) }
        leave()
        try? await Task.sleep(for: Self.pause)
      }
    }
  }

  // MARK: Reading

  /// A value.
  public func get(_ key: [UInt8], revision: Int64) async throws(Storage.StoreError)
    -> (value: StoredValue?, revision: Int64)
  {
    var query = RangeQuery(range: KeyRange(start: key))
    query.revision = revision
    let asked = query
    let response = try await again { $0.range(asked) }
    return (response.result.keyValues.first.map { StoredValue($0) }, response.revision)
  }

  /// The values of a range.
  public func range(_ range: StoreRange) async throws(Storage.StoreError) -> StorePage {
    let query = RangeQuery(range)
    let response = try await again { $0.range(query, serializable: range.isSerializable) }
    return StorePage(response.result, revision: response.revision)
  }

  // MARK: Writing

  /// Writes a value.
  public func put(
    _ key: [UInt8], value: [UInt8], expecting expected: Int64, lease: Int64
  ) async throws(Storage.StoreError) -> WriteOutcome {
    try await write(
      GuardedWrite.put(key, value: value, expecting: expected, lease: lease), key: key, expecting: expected
    ) { found in found?.value == value }
  }

  /// Deletes a key.
  public func delete(_ key: [UInt8], expecting expected: Int64) async throws(Storage.StoreError)
    -> WriteOutcome
  {
    try await write(GuardedWrite.delete(key, expecting: expected), key: key, expecting: expected) {
      $0 == nil
    }
  }

  /// - Parameter isDone: whether what is there now is what the write would have left.
  private func write(
    _ command: TransactionCommand, key: [UInt8], expecting expected: Int64,
    isDone: @Sendable (StoredValue?) -> Bool
  ) async throws(Storage.StoreError) -> WriteOutcome {
    let end = ContinuousClock.now + Self.patience
    while true {
      do throws(GRPCStatus) {
        let response = try await once { $0.transaction(command) }
        return GuardedWrite.outcome(response.result, revision: response.revision)
      } catch {
        guard error.isPassing, ContinuousClock.now < end, !Task.isCancelled else { throw Self.error(error) }
        leave()
        try? await Task.sleep(for: Self.pause)
        let (found, revision) = try await get(key, revision: 0)
        if (found?.modRevision ?? 0) == expected { continue }
        return isDone(found)
          ? .done(revision: found?.modRevision ?? revision) : .conflict(found, revision: revision)
      }
    }
  }

  /// A lease.
  public func grantLease(seconds: Int64) async throws(Storage.StoreError) -> Int64 {
    var request = Etcdserverpb_LeaseGrantRequest()
    request.ttl = seconds
    let response: Etcdserverpb_LeaseGrantResponse = try await message(
      "/etcdserverpb.Lease/LeaseGrant", request)
    return response.id
  }

  /// Forgets history.
  public func compact(_ revision: Int64) async throws(Storage.StoreError) {
    var request = Etcdserverpb_CompactionRequest()
    request.revision = revision
    do throws(Storage.StoreError) {
      let _: Etcdserverpb_CompactionResponse = try await message("/etcdserverpb.KV/Compact", request)
    } catch .compacted {
      // Somebody else was further.
    }
  }

  private func message<Response: SwiftProtobuf.Message>(
    _ path: String, _ request: some SwiftProtobuf.Message
  ) async throws(Storage.StoreError) -> Response {
    guard let bytes: [UInt8] = try? request.serializedBytes() else {
      throw .refused("no request can be made")
    }
    let end = ContinuousClock.now + Self.patience
    while true {
      do throws(GRPCStatus) {
        let answer = try await unary(path, bytes)
        guard let response = try? Response(serializedBytes: answer) else {
          throw GRPCStatus(.internalError, "the store's answer cannot be read")
        }
        return response
      } catch {
        guard error.isPassing, ContinuousClock.now < end, !Task.isCancelled else { throw Self.error(error) }
        leave()
        try? await Task.sleep(for: Self.pause)
      }
    }
  }

  private func unary(_ path: String, _ bytes: [UInt8]) async throws(GRPCStatus) -> [UInt8] {
    let eventLoop = eventLoop
    let future = connection().flatMap { connection -> EventLoopFuture<[UInt8]> in
      let promise = eventLoop.makePromise(of: [UInt8].self)
      connection.unary(path, ByteBuffer(bytes: bytes), timeout: Self.callTimeout) { result in
        promise.completeWith(result.map { Array($0.readableBytesView) }.mapError { $0 as any Error })
      }
      return promise.futureResult
    }
    do {
      return try await future.get()
    } catch let status as GRPCStatus {
      throw status
    } catch {
      throw GRPCStatus(.internalError, "\(error)")
    }
  }

  // MARK: Watching

  /// A watch on one endpoint: when that goes away, the watch ends, and whoever watches opens another.
  public func watch(
    from start: [UInt8], to end: [UInt8], revision: Int64
  ) async throws(Storage.StoreError) -> any StoreWatch {
    do {
      let connection = try await connection().get()
      let watch = EtcdWatch(eventLoop: eventLoop) { [weak self] in self?.leave() }
      var create = Etcdserverpb_WatchCreateRequest()
      create.key = Data(start)
      create.rangeEnd = Data(end)
      create.startRevision = revision
      create.prevKv = true
      create.progressNotify = true
      try await watch.open(on: connection, create).get()
      return watch
    } catch let status as GRPCStatus {
      leave()
      throw Self.error(status)
    } catch {
      throw .unavailable("\(error)")
    }
  }

  // MARK: Failures

  static func error(_ status: GRPCStatus) -> Storage.StoreError {
    switch status.code {
    case .outOfRange:
      status.message.contains("compacted") ? .compacted(oldest: 0) : .futureRevision
    case .resourceExhausted:
      status.message.contains("space")
        ? .noSpace
        : status.message.contains("large") ? .tooLarge : .unavailable(status.message)
    case .invalidArgument where status.message.contains("too large"): .tooLarge
    case .unavailable, .deadlineExceeded, .cancelled: .unavailable(status.message)
    default: .refused(status.message)
    }
  }
}

extension GRPCStatus {
  /// Whether another try, perhaps of another member, may succeed.
  fileprivate var isPassing: Bool {
    switch code {
    case .unavailable, .deadlineExceeded, .cancelled: true
    case .resourceExhausted: message.contains("too many requests")
    // A member that is none any more, or that does not serve yet.
    case .failedPrecondition, .unknown: message.contains("leader") || message.contains("stopped")
    default: false
    }
  }
}
