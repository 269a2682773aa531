internal import GRPC
internal import NIOCore

/// The watches of the API servers: each has one connection, and on it a stream for each resource, as a kube-apiserver
/// has. Belongs to one event loop.
final class WatchCaches {
  private struct Waiter {
    var revision: Int64
    var done: (GRPCStatus?) -> Void
  }

  /// One resource's watch of one API server.
  private final class Cache {
    let stream: WatchStream
    /// Everything up to here has come.
    var revision: Int64
    var waiters: [Waiter] = []

    init(_ stream: WatchStream, revision: Int64) {
      self.stream = stream
      self.revision = revision
    }
  }

  private(set) var table = WatcherTable(sharesRevisions: true)
  private let eventLoop: any EventLoop
  private var connections: [ClientConnection] = []
  private var caches: [[Cache]] = []
  private var isClosed = false

  /// How long a watch that does not tell how far it is is left alone between two questions.
  private static let progressInterval = TimeAmount.milliseconds(100)

  init(eventLoop: any EventLoop) { self.eventLoop = eventLoop }

  /// How many API servers watch.
  var servers: Int { caches.count }

  /// Opens an API server's watches, each from behind `revision` on; done when all are created.
  func add(_ connection: ClientConnection, after revision: Int64) -> EventLoopFuture<Void> {
    connections.append(connection)
    var created: [EventLoopFuture<Void>] = []
    var opened: [Cache] = []
    for resource in KubernetesResource.allCases {
      let promise = eventLoop.makePromise(of: Void.self)
      let stream = WatchStream(connection, stampOffset: KubernetesValue.stampOffset)
      let cache = Cache(stream, revision: revision)
      let watcher = table.add(subject: resource.rawValue)
      stream.onEvent = { _, event in
        self.table.receive(event, watcher: watcher, at: .now())
        cache.revision = max(cache.revision, event.modRevision)
      }
      stream.onResponse = { response in
        if response.isCanceled {
          self.lose(cache, GRPCStatus(.cancelled, "a watch was canceled: \(response.cancelReason)"))
          promise.fail(WatchFailure.refused(response))
          return
        }
        if response.isCreated {
          promise.succeed()
        } else if response.eventCount == 0 {
          cache.revision = max(cache.revision, response.revision)
        }
        self.answerWaiters(of: cache)
      }
      stream.onEnd = { status in
        self.lose(cache, status)
        promise.fail(WatchFailure.ended(status))
      }
      stream.create(
        WatchRequest(
          key: ByteBuffer(string: resource.prefix), rangeEnd: ByteBuffer(string: resource.prefixEnd),
          startRevision: revision + 1, progressNotify: true, previousKeyValue: true))
      opened.append(cache)
      created.append(promise.futureResult)
    }
    caches.append(opened)
    return EventLoopFuture.andAllSucceed(created, on: eventLoop)
  }

  /// Calls `done` when a server's watch of a resource is as far as `revision`; asks it how far it is until then.
  func wait(
    server: Int, _ resource: KubernetesResource, until revision: Int64, done: @escaping (GRPCStatus?) -> Void
  ) {
    let cache = caches[server][resource.rawValue]
    guard cache.revision < revision else {
      done(nil)
      return
    }
    cache.waiters.append(Waiter(revision: revision, done: done))
    if cache.waiters.count == 1 { ask(cache) }
  }

  func close() {
    isClosed = true
    for server in caches {
      for cache in server {
        cache.waiters = []
        cache.stream.close()
      }
    }
    for connection in connections { connection.close(now: true) }
  }

  private func ask(_ cache: Cache) {
    guard !cache.waiters.isEmpty, !isClosed else { return }
    cache.stream.requestProgress()
    eventLoop.assumeIsolated().scheduleTask(in: Self.progressInterval) { self.ask(cache) }
  }

  private func answerWaiters(of cache: Cache) {
    let ready = cache.waiters.filter { $0.revision <= cache.revision }
    guard !ready.isEmpty else { return }
    cache.waiters.removeAll { $0.revision <= cache.revision }
    for waiter in ready { waiter.done(nil) }
  }

  private func lose(_ cache: Cache, _ status: GRPCStatus) {
    table.lose(1)
    let waiters = cache.waiters
    cache.waiters = []
    for waiter in waiters { waiter.done(status) }
  }

  /// Whether the watches have all events of so many writes to each resource.
  func isSatisfied(by written: [Int: Int]) -> Bool { table.isSatisfied(by: written) }
}
