import GRPC
import NIOCore
import Proto
import Storage
import SwiftProtobuf
import Synchronization

/// A watch over etcd's protocol (etcd API: Watch), on a call of its own.
///
/// Safe: because the call is used on its event loop only, and all else is behind the lock.
final class EtcdWatch: StoreWatch, @unchecked Sendable {
  /// Responses that wait to be read before the server is held back.
  private static let waitingResponses = 64

  private struct State {
    var notices: [Result<StoreNotice, StoreError>] = []
    var waiter: CheckedContinuation<Void, Never>?
    var isPaused = false
    var isOver = false
  }

  private let eventLoop: any EventLoop
  private let state = Mutex(State())
  private let onLoss: @Sendable () -> Void
  private var call: ClientCall?

  /// - Parameter onLoss: called when the server is found gone.
  init(eventLoop: any EventLoop, onLoss: @escaping @Sendable () -> Void) {
    self.eventLoop = eventLoop
    self.onLoss = onLoss
  }

  /// Opens the call; done when the server has made the watch.
  func open(
    on connection: ClientConnection, _ create: Etcdserverpb_WatchCreateRequest
  ) -> EventLoopFuture<Void> {
    eventLoop.flatSubmit { [self] in
      let created = eventLoop.makePromise(of: Void.self)
      let call = connection.open("/etcdserverpb.Watch/Watch")
      self.call = call
      var isCreated = false
      call.onMessage = { [weak self] message in
        guard let self else { return }
        guard
          let response = try? Etcdserverpb_WatchResponse(serializedBytes: Array(message.readableBytesView))
        else {
          self.push(.failure(.refused("a response of the watch cannot be read")))
          return
        }
        if response.created, !isCreated {
          isCreated = true
          created.succeed()
        }
        self.take(response)
      }
      call.onFinish = { [weak self] status, _ in
        if !isCreated { created.fail(status) }
        isCreated = true
        guard let self else { return }
        self.push(.failure(.unavailable(status.message)))
        if !self.state.withLock({ $0.isOver }) { self.onLoss() }
      }
      var request = Etcdserverpb_WatchRequest()
      request.createRequest = create
      send(request)
      return created.futureResult
    }
  }

  private func send(_ request: Etcdserverpb_WatchRequest) {
    guard let bytes: [UInt8] = try? request.serializedBytes() else { return }
    call?.send(ByteBuffer(bytes: bytes))
  }

  private func take(_ response: Etcdserverpb_WatchResponse) {
    if response.canceled {
      push(
        .failure(
          response.compactRevision > 0
            ? .compacted(oldest: response.compactRevision) : .refused(response.cancelReason)))
    } else if !response.events.isEmpty {
      push(.success(.events(response.events.map { StoreEvent($0) })))
    } else if !response.created {
      push(.success(.progress(revision: response.header.revision)))
    }
  }

  private func push(_ notice: Result<StoreNotice, StoreError>) {
    let (waiter, isFull) = state.withLock { state in
      state.notices.append(notice)
      let isFull = state.notices.count >= Self.waitingResponses && !state.isPaused
      if isFull { state.isPaused = true }
      defer { state.waiter = nil }
      return (state.waiter, isFull)
    }
    if isFull { call?.pause() }
    waiter?.resume()
  }

  func next() async throws(StoreError) -> StoreNotice? {
    while true {
      let (notice, isOver, resumes) = state.withLock { state in
        let notice = state.notices.isEmpty ? nil : state.notices.removeFirst()
        let resumes = state.isPaused && state.notices.count < Self.waitingResponses / 2
        if resumes { state.isPaused = false }
        return (notice, state.isOver, resumes)
      }
      if resumes { eventLoop.execute { self.call?.resume() } }
      if isOver || Task.isCancelled { return nil }
      if let notice { return try notice.get() }
      await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
          let isReady = state.withLock { state in
            if !state.notices.isEmpty || state.isOver { return true }
            state.waiter = continuation
            return false
          }
          if isReady { continuation.resume() }
        }
      } onCancel: {
        cancel()
      }
    }
  }

  func requestProgress() async throws(StoreError) {
    eventLoop.execute {
      var request = Etcdserverpb_WatchRequest()
      request.progressRequest = Etcdserverpb_WatchProgressRequest()
      self.send(request)
    }
  }

  func cancel() {
    let waiter = state.withLock { state in
      state.isOver = true
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.resume()
    eventLoop.execute {
      self.call?.cancel()
      self.call = nil
    }
  }
}
