import Exchange
import Synchronization

/// Lets so many requests be worked on at a time, and takes those that wait from each user in turn, so that one who asks
/// for much does not keep the others waiting.
final class FairQueue: Sendable {
  private struct State {
    var running = 0
    var waiting = 0
    var flows: [String: [CheckedContinuation<Void, Never>]] = [:]
    /// Users who wait, in turn.
    var order: [String] = []
  }

  private let limit: Int
  private let waitingLimit: Int
  private let flowLimit: Int
  private let state = Mutex(State())

  /// - Parameters:
  ///   - waiting: requests that wait, of all users and of one.
  init(limit: Int, waiting: Int, perUser: Int) {
    self.limit = limit
    waitingLimit = waiting
    flowLimit = perUser
  }

  /// Waits for a place.
  /// - Throws: 429 if too many wait already.
  func enter(_ user: String) async throws(StatusError) {
    let place = state.withLock { state -> Bool? in
      if state.running < limit {
        state.running += 1
        return true
      }
      return state.waiting < waitingLimit && state.flows[user]?.count ?? 0 < flowLimit ? false : nil
    }
    guard let place else {
      throw .tooManyRequests("too many requests, please try again later")
    }
    if place { return }
    await withCheckedContinuation { continuation in
      let isFree = state.withLock { state in
        if state.running < limit {
          state.running += 1
          return true
        }
        state.waiting += 1
        if state.flows[user] == nil { state.order.append(user) }
        state.flows[user, default: []].append(continuation)
        return false
      }
      if isFree { continuation.resume() }
    }
  }

  /// Gives the place to the next in turn.
  func leave() {
    let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
      guard !state.order.isEmpty else {
        state.running -= 1
        return nil
      }
      let user = state.order.removeFirst()
      state.waiting -= 1
      let continuation = state.flows[user]?.removeFirst()
      if state.flows[user]?.isEmpty == true { state.flows[user] = nil } else { state.order.append(user) }
      return continuation
    }
    next?.resume()
  }

  var count: Int { state.withLock { $0.running } }
  var waiting: Int { state.withLock { $0.waiting } }
}

/// Counts watches, of all users and of each.
final class WatchBudget: Sendable {
  private let limit: Int
  private let userLimit: Int
  private let state = Mutex<(all: Int, users: [String: Int])>((0, [:]))

  init(limit: Int, perUser: Int) {
    self.limit = limit
    userLimit = perUser
  }

  func enter(_ user: String) throws(StatusError) {
    let isFree = state.withLock { state in
      guard state.all < limit, state.users[user] ?? 0 < userLimit else { return false }
      state.all += 1
      state.users[user, default: 0] += 1
      return true
    }
    guard isFree else { throw .tooManyRequests("too many watches are open, please try again later") }
  }

  func leave(_ user: String) {
    state.withLock { state in
      state.all -= 1
      state.users[user, default: 1] -= 1
      if state.users[user] == 0 { state.users[user] = nil }
    }
  }

  var count: Int { state.withLock { $0.all } }
}
