import MVCC
import NIOCore
import Proto
public import RaftKV
public import Storage
import SwiftProtobuf
import Synchronization
import WatchAPI

/// The store of a member in this process: the same log, engine and watches, without a network between.
public struct EmbeddedStore: StoreClient {
  private let node: Node

  /// The store of a node whose watches have an encoder: one that an `EtcdService` serves.
  public init(node: Node) { self.node = node }

  // MARK: Reading

  /// A value.
  public func get(_ key: [UInt8], revision: Int64) async throws(Storage.StoreError)
    -> (value: StoredValue?, revision: Int64)
  {
    var query = RangeQuery(range: KeyRange(start: key))
    query.revision = revision
    let page = try await read(query, isSerializable: false)
    return (page.values.first, page.revision)
  }

  /// The values of a range.
  public func range(_ range: StoreRange) async throws(Storage.StoreError) -> StorePage {
    try await read(RangeQuery(range), isSerializable: range.isSerializable)
  }

  private func read(_ query: RangeQuery, isSerializable: Bool) async throws(Storage.StoreError) -> StorePage {
    if !isSerializable {
      let failure = await withCheckedContinuation { continuation in
        node.readBarrier { continuation.resume(returning: $0) }
      }
      if let failure { throw Self.error(failure) }
    }
    let result: Result<StorePage, Storage.StoreError> = await withCheckedContinuation { continuation in
      let isQueued = node.read { handle in
        continuation.resume(returning: Self.read(query, handle, compacted: node.store.compactRevision))
      }
      if !isQueued { continuation.resume(returning: .failure(.unavailable("too many reads wait"))) }
    }
    return try result.get()
  }

  private static func read(
    _ query: RangeQuery, _ handle: ReadHandle, compacted: Int64
  ) -> Result<StorePage, Storage.StoreError> {
    do throws(MVCC.StoreError) {
      var query = query
      let (revision, current) = try handle.resolve(query.revision)
      query.revision = revision
      return .success(StorePage(try handle.range(query), revision: current))
    } catch {
      return .failure(Self.error(error, compacted: compacted))
    }
  }

  // MARK: Writing

  /// Writes a value.
  public func put(
    _ key: [UInt8], value: [UInt8], expecting expected: Int64, lease: Int64
  ) async throws(Storage.StoreError) -> WriteOutcome {
    try await write(
      GuardedWrite.put(key, value: value, expecting: expected, lease: lease), growth: key.count + value.count)
  }

  /// Deletes a key.
  public func delete(_ key: [UInt8], expecting expected: Int64) async throws(Storage.StoreError)
    -> WriteOutcome
  {
    try await write(GuardedWrite.delete(key, expecting: expected), growth: 0)
  }

  private func write(_ command: TransactionCommand, growth: Int) async throws(Storage.StoreError)
    -> WriteOutcome
  {
    let outcome = try await propose(.transaction, KVCodec.encode(command), growth: growth)
    guard case .transaction(let result) = try result(of: outcome) else {
      throw .refused("the store answers a transaction with something else")
    }
    return GuardedWrite.outcome(result, revision: outcome.revision)
  }

  private func propose(
    _ kind: RequestKind, _ request: ByteBuffer, growth: Int
  ) async throws(Storage.StoreError) -> Outcome {
    let result: Result<Outcome, NodeError> = await withCheckedContinuation { continuation in
      // Safe: the node takes what it needs of the bytes before `propose` returns.
      request.withUnsafeReadableBytes { bytes in
        node.propose(kind, bytes, growth: growth) { continuation.resume(returning: $0) }
      }
    }
    return try outcome(result)
  }

  private func outcome(_ result: Result<Outcome, NodeError>) throws(Storage.StoreError) -> Outcome {
    switch result {
    case .success(let outcome): return outcome
    case .failure(let error): throw Self.error(error)
    }
  }

  private func result(of outcome: Outcome) throws(Storage.StoreError) -> CommandResult {
    switch outcome.result {
    case .success(let result): return result
    case .failure(let error): throw Self.error(error, compacted: node.store.compactRevision)
    }
  }

  /// A lease.
  public func grantLease(seconds: Int64) async throws(Storage.StoreError) -> Int64 {
    let granted: Result<Outcome, NodeError> = await withCheckedContinuation { continuation in
      node.grantLease(id: 0, seconds: seconds) { continuation.resume(returning: $0) }
    }
    guard case .lease(.granted(let lease)) = try result(of: try outcome(granted)) else {
      throw .refused("the store answers a lease with something else")
    }
    return lease.id
  }

  /// Forgets history.
  public func compact(_ revision: Int64) async throws(Storage.StoreError) {
    var request = Etcdserverpb_CompactionRequest()
    request.revision = revision
    guard let bytes: [UInt8] = try? request.serializedBytes() else {
      throw .refused("no request can be made")
    }
    do throws(Storage.StoreError) {
      _ = try result(of: try await propose(.compaction, ByteBuffer(bytes: bytes), growth: 0))
    } catch .compacted {
      // Somebody else was further.
    }
  }

  /// A watch.
  public func watch(
    from start: [UInt8], to end: [UInt8], revision: Int64
  ) async throws(Storage.StoreError) -> any StoreWatch {
    EmbeddedWatch(node: node, range: KeyRange(start: start, end: .before(end)), revision: revision)
  }

  // MARK: Failures

  static func error(_ error: NodeError) -> Storage.StoreError {
    switch error {
    case .store(let error): Self.error(error, compacted: 0)
    case .noSpace: .noSpace
    case .requestTooLarge: .tooLarge
    case .notLeader, .badTransferee, .membership: .refused("\(error)")
    case .tooManyRequests, .noLeader, .stopped, .timeout, .leaderFailure, .leaderChanged, .unhealthy,
      .transferTimeout:
      .unavailable("\(error)")
    }
  }

  static func error(_ error: MVCC.StoreError, compacted: Int64) -> Storage.StoreError {
    switch error {
    case .compacted: .compacted(oldest: compacted)
    case .futureRevision: .futureRevision
    case .noSpace: .noSpace
    default: .refused("\(error)")
    }
  }
}

/// A watch of a member in this process. Events are decoded by whoever reads them, not on the member's thread.
private final class EmbeddedWatch: StoreWatch, WatchSink {
  private enum Piece {
    case events(EventBatch, [Int32], bytes: Int)
    case progress(Int64, bytes: Int)
    case failure(Storage.StoreError)
  }

  private struct State {
    var pieces: [Piece] = []
    var stream: WatchStream?
    var waiter: CheckedContinuation<Void, Never>?
    var isOver = false
  }

  private let state = Mutex(State())

  init(node: Node, range: KeyRange, revision: Int64) {
    let stream = node.watches.open(self, on: EmbeddedOutlet.shared)
    state.withLock { $0.stream = stream }
    var request = WatchRequest(range: range, startRevision: revision)
    request.wantsPrevious = true
    _ = stream.create(request)
  }

  /// On the member's watch thread.
  func receive(_ parcel: WatchParcel, _ items: Range<Int>) {
    let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
      for item in parcel.items[items] {
        switch item.notice {
        case .events(let events):
          state.pieces.append(
            .events(
              parcel.batches[events.batch], Array(parcel.selection[events.selection]), bytes: item.bytes))
        case .progress(_, let revision): state.pieces.append(.progress(revision, bytes: item.bytes))
        case .compacted(_, let revision): state.pieces.append(.failure(.compacted(oldest: revision)))
        case .failed(_, let error, _): state.pieces.append(.failure(EmbeddedStore.error(error, compacted: 0)))
        case .refused(let refusal, _): state.pieces.append(.failure(.refused("\(refusal)")))
        case .created, .cancelled, .resume: state.stream?.release(item.bytes)
        }
      }
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.resume()
  }

  func next() async throws(Storage.StoreError) -> StoreNotice? {
    while true {
      let (piece, stream, isOver) = state.withLock { state in
        (state.pieces.isEmpty ? nil : state.pieces.removeFirst(), state.stream, state.isOver)
      }
      switch piece {
      case .events(let batch, let selection, let bytes)?:
        var events: [StoreEvent] = []
        events.reserveCapacity(selection.count)
        for number in selection {
          guard let event = StoreEvent(Array(batch.bytes(of: number, withPrevious: true))) else {
            throw .refused("an event of the store cannot be read")
          }
          events.append(event)
        }
        stream?.release(bytes)
        return .events(events)
      case .progress(let revision, let bytes)?:
        stream?.release(bytes)
        return .progress(revision: revision)
      case .failure(let error)?: throw error
      case nil: break
      }
      if isOver || Task.isCancelled { return nil }
      await wait()
    }
  }

  private func wait() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isReady = state.withLock { state in
          if !state.pieces.isEmpty || state.isOver { return true }
          state.waiter = continuation
          return false
        }
        if isReady { continuation.resume() }
      }
    } onCancel: {
      cancel()
    }
  }

  func requestProgress() async throws(Storage.StoreError) {
    _ = state.withLock { $0.stream }?.requestProgress()
  }

  func cancel() {
    let (waiter, stream) = state.withLock { state in
      state.isOver = true
      defer {
        state.waiter = nil
        state.stream = nil
      }
      return (state.waiter, state.stream)
    }
    stream?.close()
    waiter?.resume()
  }
}

/// Hands notices to the watches they are for, on the thread that they come on.
private final class EmbeddedOutlet: WatchOutlet {
  static let shared = EmbeddedOutlet()

  func deliver(_ parcel: WatchParcel) {
    var start = 0
    while start < parcel.items.count {
      let sink = parcel.items[start].sink
      var end = start + 1
      while end < parcel.items.count, parcel.items[end].sink === sink { end += 1 }
      sink.receive(parcel, start..<end)
      start = end
    }
  }
}
