import Client
import Exchange
import Objects
import Scheduler
import Synchronization

/// What informers have seen and the core has not been told yet, and outcomes of what it decided. Of several changes of
/// an object the last counts, so that there are never more than there are objects.
final class SchedulerInputs: Sendable {
  /// An object that may have changed.
  enum Subject: Sendable, Hashable {
    case pod(PodReference)
    /// What a pod's volumes demand.
    case podVolumes(PodReference)
    case node(String)
    case namespace(String)
    case disruptionBudgets
  }

  /// How a binding went.
  struct Outcome: Sendable {
    var binding: SchedulerDecision.Binding
    /// Nil if it went well.
    var problem: StatusError?
  }

  private struct State {
    /// In the order of their first change.
    var order: [Subject] = []
    /// Nil for an object that is gone.
    var changes: [Subject: JSON?] = [:]
    var outcomes: [Outcome] = []
    var isClosed = false
  }

  private let state = Mutex(State())
  private let wake: AsyncStream<Void>.Continuation
  /// Yields when there is something.
  let wakes: AsyncStream<Void>

  init() {
    (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
  }

  func note(_ subject: Subject, _ object: JSON?) {
    let isFirst = state.withLock { state in
      guard !state.isClosed else { return false }
      if state.changes.updateValue(object, forKey: subject) == nil { state.order.append(subject) }
      return state.order.count + state.outcomes.count == 1
    }
    if isFirst { wake.yield() }
  }

  func note(_ outcome: Outcome) {
    state.withLock { state in
      if !state.isClosed { state.outcomes.append(outcome) }
    }
    wake.yield()
  }

  /// Time has come for something.
  func tick() { wake.yield() }

  /// Nobody will take what comes from now on.
  func close() {
    state.withLock { state in
      state = State()
      state.isClosed = true
    }
  }

  /// Everything since the last time.
  func take() -> (changes: [(subject: Subject, object: JSON?)], outcomes: [Outcome]) {
    state.withLock { state in
      let changes = state.order.map { (subject: $0, object: state.changes[$0] ?? nil) }
      let outcomes = state.outcomes
      state = State()
      return (changes, outcomes)
    }
  }
}
