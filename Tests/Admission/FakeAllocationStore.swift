import Admission
import Exchange
import Objects
import Synchronization

/// Keeps allocations, for several API servers.
final class FakeAllocationStore: AllocationStore {
  private struct State {
    var object: JSON?
    var revision: Int64 = 0
    var saves = 0
    var failure: StatusError?
  }

  private let state = Mutex(State())

  var object: JSON? { state.withLock { $0.object } }
  var saves: Int { state.withLock { $0.saves } }

  /// Makes what follows fail, or succeed again.
  func fail(_ error: StatusError?) { state.withLock { $0.failure = error } }

  /// The numbers that are taken.
  func numbers(of range: some AllocationRange) -> [Int] {
    guard let text = object?["data"]?.string else { return [] }
    return AllocationBitmap(count: range.count, base64: text)?.numbers ?? []
  }

  func load() async throws(StatusError) -> (object: JSON?, revision: Int64) {
    let (object, revision, failure) = state.withLock { ($0.object, $0.revision, $0.failure) }
    if let failure { throw failure }
    return (object, revision)
  }

  func save(_ object: JSON, expecting revision: Int64) async throws(StatusError) -> Int64? {
    await Task.yield()
    let (next, failure): (Int64?, StatusError?) = state.withLock { state in
      if let failure = state.failure { return (nil, failure) }
      guard state.revision == revision else { return (nil, nil) }
      state.object = object
      state.revision += 1
      state.saves += 1
      return (state.revision, nil)
    }
    if let failure { throw failure }
    return next
  }
}
