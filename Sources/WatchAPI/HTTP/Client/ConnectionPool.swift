import NIOCore
import Synchronization

/// A connection that calls can be made on.
enum Link: Sendable {
  case http1(HTTP1Link)
  /// Carries up to `calls` at once.
  case http2(HTTP2Link, calls: Int)

  func start(_ request: PreparedRequest, _ exchange: ClientExchange) {
    switch self {
    case .http1(let link): link.start(request, exchange)
    case .http2(let link, _): link.start(request, exchange)
    }
  }
}

/// A client's connections: which call goes on which, and when another is made.
final class ConnectionPool: Sendable {
  private struct Shared {
    let link: HTTP2Link
    let calls: Int
    var active: Int
  }

  private struct State {
    var http2: [Shared] = []
    var idle: [HTTP1Link] = []
    var busy: [ObjectIdentifier: HTTP1Link] = [:]
    /// Connections being made.
    var dials = 0
    /// The one that everybody waits for, while it is not known that the server speaks HTTP/1.1.
    var dial: EventLoopFuture<Void>?
    var speaksHTTP1 = false
    var isClosed = false

    var count: Int { http2.count + idle.count + busy.count + dials }
  }

  let limits: HTTPClientLimits
  let address: String
  private let dialler: Dialler
  private let state = Mutex(State())

  init(dialler: Dialler, limits: HTTPClientLimits) {
    self.dialler = dialler
    self.limits = limits
    address = dialler.address
  }

  private enum Step {
    case use(Link)
    case wait(EventLoopFuture<Void>)
    case make(EventLoopPromise<Void>)
  }

  /// A connection for one call, which waits no longer than `exchange` lasts.
  func link(for exchange: ClientExchange) async throws -> Link {
    while true {
      switch try step() {
      case .use(let link): return link
      case .wait(let future): try await exchange.wait(for: future)
      case .make(let promise):
        make(promise)
        try await exchange.wait(for: promise.futureResult)
      }
    }
  }

  private func step() throws -> Step {
    try state.withLock { state in
      guard !state.isClosed else { throw HTTPClientError.closed }
      if let index = state.http2.firstIndex(where: { $0.active < $0.calls }) {
        state.http2[index].active += 1
        return .use(.http2(state.http2[index].link, calls: state.http2[index].calls))
      }
      while let link = state.idle.popLast() {
        guard link.isActive else { continue }
        state.busy[ObjectIdentifier(link)] = link
        return .use(.http1(link))
      }
      if let dial = state.dial { return .wait(dial) }
      guard state.count < limits.connections else { throw HTTPClientError.tooManyCalls }
      let promise = dialler.group.any().makePromise(of: Void.self)
      state.dials += 1
      if !state.speaksHTTP1 { state.dial = promise.futureResult }
      return .make(promise)
    }
  }

  /// A new connection for a request that asks for another protocol, which HTTP/1.1 alone can give.
  func upgradeLink(for exchange: ClientExchange) async throws -> HTTP1Link {
    try state.withLock { state in
      guard !state.isClosed else { throw HTTPClientError.closed }
      guard state.count < limits.connections else { throw HTTPClientError.tooManyCalls }
      state.dials += 1
    }
    let future = dialler.dial(for: self, isUpgrade: true).flatMapThrowing { link in
      guard case .http1(let link) = link else {
        Self.close(link)
        throw HTTPClientError.cannotConnect(
          address: self.address, reason: "the server does not speak HTTP/1.1")
      }
      return link
    }
    future.whenComplete { result in
      let isClosed = self.state.withLock { state in
        state.dials -= 1
        if case .success(let link) = result, !state.isClosed { state.busy[ObjectIdentifier(link)] = link }
        return state.isClosed
      }
      if isClosed, case .success(let link) = result { link.close() }
    }
    do {
      try await exchange.wait(for: future)
    } catch {
      future.whenSuccess { $0.close() }
      throw error
    }
    return try await future.get()
  }

  private func make(_ promise: EventLoopPromise<Void>) {
    dialler.dial(for: self).whenComplete { result in
      let isClosed = self.state.withLock { state in
        state.dials -= 1
        // With HTTP/1.1, those that waited each make a connection of their own.
        if state.dial === promise.futureResult { state.dial = nil }
        guard !state.isClosed, case .success(let link) = result else { return state.isClosed }
        switch link {
        case .http1(let link):
          state.speaksHTTP1 = true
          if link.isActive { state.idle.append(link) }
        case .http2(let link, let calls):
          state.speaksHTTP1 = false
          state.http2.append(Shared(link: link, calls: calls, active: 0))
        }
        return false
      }
      if isClosed, case .success(let link) = result { Self.close(link) }
      promise.completeWith(result.map { _ in })
    }
  }

  /// A call on `link` has come to its end.
  func callEnded(on link: HTTP2Link) {
    state.withLock { state in
      guard let index = state.http2.firstIndex(where: { $0.link === link }) else { return }
      state.http2[index].active -= 1
    }
  }

  /// `link` takes no new calls.
  func retire(_ link: HTTP2Link) {
    state.withLock { $0.http2.removeAll { $0.link === link } }
  }

  /// `link` is free for another call.
  func release(_ link: HTTP1Link) {
    let mustClose = state.withLock { state in
      state.busy[ObjectIdentifier(link)] = nil
      guard !state.isClosed else { return true }
      state.idle.append(link)
      return false
    }
    if mustClose { link.close() }
  }

  /// `link` is gone.
  func retire(_ link: HTTP1Link) {
    state.withLock { state in
      state.busy[ObjectIdentifier(link)] = nil
      state.idle.removeAll { $0 === link }
    }
  }

  /// Closes all connections; calls under way fail.
  func close() {
    let links = state.withLock { state in
      state.isClosed = true
      defer {
        state.idle = []
        state.busy = [:]
        state.http2 = []
      }
      return (state.idle + state.busy.values).map { Link.http1($0) }
        + state.http2.map { Link.http2($0.link, calls: $0.calls) }
    }
    for link in links { Self.close(link) }
  }

  private static func close(_ link: Link) {
    switch link {
    case .http1(let link): link.close()
    case .http2(let link, _): link.close()
    }
  }
}
