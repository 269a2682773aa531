import NIOCore
import Synchronization

/// What a call asks of the connection that carries it. Called from any thread.
protocol ExchangeControl: AnyObject, Sendable {
  /// `count` more bytes of the answer were taken.
  func consumed(_ count: Int)
  /// The call is over before its end.
  func cancel()
}

/// A call that no server has looked at, or that may be made twice: to be tried again.
struct RepeatableFailure: Error {
  let reason: HTTPClientError
}

/// One call, between the task that makes it and the connection that carries it. What it holds of the answer is bounded by
/// the connection, which sends no more until `consumed` says so.
final class ClientExchange: Sendable {
  typealias Head = (status: Int, headers: [(name: String, value: String)])

  private struct State {
    var head: Head?
    /// What the connection has become after a head that says so.
    var tunnel: ByteTunnel?
    var bytes: [UInt8] = []
    var ending: Result<Void, any Error>?
    /// The reader has said that it wants no more.
    var isDropped = false
    var waiters: [CheckedContinuation<Void, Never>] = []
    var control: (any ExchangeControl)?
    /// What the call waits for before it has a connection.
    var pending: EventLoopPromise<Void>?
  }
  private let state = Mutex(State())

  // MARK: the caller's side

  /// Waits for `future`, or for the end of this call if that comes first.
  func wait<Value: Sendable>(for future: EventLoopFuture<Value>) async throws {
    let promise = future.eventLoop.makePromise(of: Void.self)
    let failure = state.withLock { state -> (any Error)? in
      if case .failure(let error) = state.ending { return error }
      state.pending = promise
      return nil
    }
    if let failure { promise.fail(failure) }
    future.whenComplete { promise.completeWith($0.map { _ in }) }
    defer { state.withLock { $0.pending = nil } }
    try await promise.futureResult.get()
  }

  /// The head of the answer.
  func head() async throws -> Head {
    while true {
      let known = try state.withLock { state -> Head? in
        if let head = state.head { return head }
        if case .failure(let error) = state.ending { throw error }
        if state.ending != nil { throw HTTPClientError.connectionLost("the answer had no head") }
        return nil
      }
      if let known { return known }
      await change { $0.head != nil || $0.ending != nil }
    }
  }

  /// Behind a head that hands the connection over, once.
  func takeTunnel() -> ByteTunnel? {
    state.withLock { state in
      defer { state.tunnel = nil }
      return state.tunnel
    }
  }

  /// The bytes that have come; nil at the end.
  func next() async throws -> [UInt8]? {
    while true {
      let (bytes, control, ending) = state.withLock { state in
        defer { state.bytes = [] }
        return (state.bytes, state.control, state.ending)
      }
      if !bytes.isEmpty {
        control?.consumed(bytes.count)
        return bytes
      }
      if let ending {
        try ending.get()
        return nil
      }
      await change { !$0.bytes.isEmpty || $0.ending != nil }
    }
  }

  private func change(_ isThere: @Sendable (borrowing State) -> Bool) async {
    await withCheckedContinuation { continuation in
      let mustWait = state.withLock { state in
        guard !isThere(state) else { return false }
        state.waiters.append(continuation)
        return true
      }
      if !mustWait { continuation.resume() }
    }
  }

  /// Ends the call; the reader gets `error`, or the end if that is nil.
  func drop(_ error: (any Error)?) {
    let (waiters, control, pending) = state.withLock { state in
      guard !state.isDropped, state.ending == nil || !state.bytes.isEmpty else {
        return (
          [CheckedContinuation<Void, Never>](), nil as (any ExchangeControl)?, nil as EventLoopPromise<Void>?
        )
      }
      let control = state.ending == nil ? state.control : nil
      state.isDropped = true
      state.bytes = []
      state.ending = error.map { .failure($0) } ?? .success(())
      defer {
        state.waiters = []
        state.control = nil
      }
      return (state.waiters, control, state.pending)
    }
    for waiter in waiters { waiter.resume() }
    pending?.fail(error ?? CancellationError())
    control?.cancel()
  }

  /// Makes ready for another attempt.
  /// - Throws: what the call has ended with meanwhile, from outside.
  func restart() throws {
    try state.withLock { state in
      guard !state.isDropped else {
        try state.ending?.get()
        throw CancellationError()
      }
      state.ending = nil
      state.control = nil
    }
  }

  // MARK: the connection's side

  /// A connection takes the call; false when it is over already.
  func attach(_ control: any ExchangeControl) -> Bool {
    state.withLock { state in
      guard state.ending == nil else { return false }
      state.control = control
      return true
    }
  }

  func receive(_ head: Head) {
    wake { $0.head = head }
  }

  func receive(_ head: Head, _ tunnel: ByteTunnel) {
    wake {
      $0.head = head
      $0.tunnel = tunnel
    }
  }

  /// Returns how many bytes wait to be read.
  @discardableResult
  func receive(_ bytes: UnsafeRawBufferPointer) -> Int {
    wake { $0.bytes.append(contentsOf: bytes) }
    return unreadBytes
  }

  var unreadBytes: Int { state.withLock { $0.bytes.count } }

  func finish(_ ending: Result<Void, any Error>) {
    wake {
      $0.ending = ending
      $0.control = nil
    }
  }

  /// Changes the state unless the call is over, and wakes whoever waits.
  private func wake(_ change: (inout State) -> Void) {
    let waiters = state.withLock { state in
      guard state.ending == nil else { return [CheckedContinuation<Void, Never>]() }
      change(&state)
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }
}

/// The body of an answer, to be pulled. One reader at a time; letting go of it ends the call.
public final class HTTPClientBody: ResponseStream {
  private let exchange: ClientExchange

  init(_ exchange: ClientExchange) { self.exchange = exchange }

  deinit { exchange.drop(nil) }

  /// The bytes that follow, as many as have come; nil at the end. Waits until there are some.
  /// - Throws: `HTTPClientError`, or `CancellationError` when the task is cancelled, which ends the call.
  public func next() async throws -> [UInt8]? {
    try await withTaskCancellationHandler {
      try await exchange.next()
    } onCancel: {
      exchange.drop(CancellationError())
    }
  }

  /// Ends the call; a reader that waits gets the end.
  public func cancel() { exchange.drop(nil) }

  /// All that is left.
  /// - Throws: as `next`, and `HTTPClientError.invalidRequest` when there is more than `limit`.
  public func bytes(limit: Int) async throws -> [UInt8] {
    var all: [UInt8] = []
    while let part = try await next() {
      guard all.count + part.count <= limit else {
        cancel()
        throw HTTPClientError.invalidRequest("the answer is longer than \(limit) bytes")
      }
      if all.isEmpty { all = part } else { all += part }
    }
    return all
  }
}
