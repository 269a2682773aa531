/// Doing many writes at once, but a few first: when they fail, for a quota or a webhook, the rest would fail as well
/// and only be load.
enum SlowStart {
  /// At most this many writes of one sync are under way at a time.
  static let width = 64

  /// Runs `count` writes in batches that double as long as all succeed.
  /// - Returns: how many succeeded, and what the first failure was.
  static func run<Failure: Error>(
    _ count: Int, _ write: @escaping @Sendable (Int) async throws(Failure) -> Void
  ) async -> (succeeded: Int, failure: Failure?) {
    var succeeded = 0
    var start = 0
    var batch = 1
    while start < count {
      let end = min(count, start + batch)
      let results = await all(start..<end, write)
      succeeded += results.succeeded
      if let failure = results.failure { return (succeeded, failure) }
      start = end
      batch = min(width, batch * 2)
    }
    return (succeeded, nil)
  }

  /// Runs all writes, some at a time, whatever fails.
  static func all<Failure: Error>(
    _ places: Range<Int>, _ write: @escaping @Sendable (Int) async throws(Failure) -> Void
  ) async -> (succeeded: Int, failure: Failure?) {
    if places.count == 1, let only = places.first {
      do throws(Failure) {
        try await write(only)
        return (1, nil)
      } catch {
        return (0, error)
      }
    }
    return await withTaskGroup(of: Failure?.self) { group in
      var next = places.lowerBound
      func add() {
        guard next < places.upperBound else { return }
        let place = next
        next += 1
        group.addTask {
          do throws(Failure) {
            try await write(place)
            return nil
          } catch {
            return error
          }
        }
      }
      for _ in 0..<width { add() }
      var succeeded = 0
      var failure: Failure?
      while let result = await group.next() {
        if let result { failure = failure ?? result } else { succeeded += 1 }
        add()
      }
      return (succeeded, failure)
    }
  }
}
