import NIOCore
import Synchronization

/// Questions that wait for an answer. Each completion is called once.
final class AskTable: Sendable {
  private struct Pending {
    var completion: @Sendable ([UInt8]?) -> Void
    var timeout: Scheduled<Void>?
  }

  private struct State {
    var pending: [UInt64: Pending] = [:]
    var nextNumber: UInt64 = 1
    var isClosed = false
  }

  private let limit: Int
  private let state = Mutex(State())

  init(limit: Int) { self.limit = limit }

  /// The question's number; nil when there are too many, or none are asked any more.
  func add(_ completion: @escaping @Sendable ([UInt8]?) -> Void) -> UInt64? {
    state.withLock { state in
      guard !state.isClosed, state.pending.count < limit else { return nil }
      defer { state.nextNumber += 1 }
      state.pending[state.nextNumber] = Pending(completion: completion)
      return state.nextNumber
    }
  }

  func setTimeout(_ number: UInt64, _ timeout: Scheduled<Void>) {
    let isOver = state.withLock { state in
      state.pending[number]?.timeout = timeout
      return state.pending[number] == nil
    }
    if isOver { timeout.cancel() }
  }

  func contains(_ number: UInt64) -> Bool { state.withLock { $0.pending[number] != nil } }

  /// The answer, or nil; does nothing when the question is over.
  func end(_ number: UInt64, _ answer: [UInt8]?) {
    guard let pending = state.withLock({ $0.pending.removeValue(forKey: number) }) else { return }
    pending.timeout?.cancel()
    pending.completion(answer)
  }

  /// Nobody will answer any more.
  func failAll() {
    let pending = state.withLock { state in
      state.isClosed = true
      defer { state.pending = [:] }
      return state.pending
    }
    for (_, question) in pending.sorted(by: { $0.key < $1.key }) {
      question.timeout?.cancel()
      question.completion(nil)
    }
  }
}
