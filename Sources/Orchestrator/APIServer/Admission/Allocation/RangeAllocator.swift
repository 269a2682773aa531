import Exchange
import Objects

/// What a write takes of a range; all of it or nothing.
enum AllocationWish: Sendable, Hashable {
  /// Any number that is free.
  case any
  /// This number.
  case exact(Int)
}

/// Why numbers cannot be had.
enum AllocationFailure: Error, Sendable, Hashable {
  /// Somebody has the number that the wish with this place names.
  case taken(wish: Int)
  /// All numbers are taken.
  case full
  /// Too many wait, or the store does not answer.
  case store(StatusError)
}

/// Hands out the numbers of a range. Wishes that come while the store is written are fulfilled together with the next
/// write, so that many services cost few writes; several API servers may do so over one store.
actor RangeAllocator<Range: AllocationRange> {
  /// How many may wait, in wishes.
  private static var maximumWaiting: Int { 10_000 }
  /// How many wishes one write fulfils.
  private static var maximumBatch: Int { 1000 }
  /// How often a batch is tried when other servers write at the same time.
  private static var maximumAttempts: Int { 50 }

  typealias Answer = Result<[Int], AllocationFailure>

  private struct Request {
    var wishes: [AllocationWish]
    var releases: [Int]
    var answer: CheckedContinuation<Answer, Never>
  }

  nonisolated let range: Range
  private let store: any AllocationStore
  private let random: @Sendable (Int) -> Int
  private var waiting: [Request] = []
  private var isWriting = false
  /// What is known to be in the store; nil if that has to be read.
  private var known: (allocation: RangeAllocation, revision: Int64)?

  /// An allocator.
  /// - Parameter random: a number below its argument.
  init(range: Range, store: any AllocationStore, random: @escaping @Sendable (Int) -> Int) {
    self.range = range
    self.store = store
    self.random = random
  }

  /// Takes numbers, in the order of the wishes.
  func take(_ wishes: [AllocationWish]) async throws(AllocationFailure) -> [Int] {
    if wishes.isEmpty { return [] }
    return try await ask(wishes, releases: []).get()
  }

  /// Gives numbers back. If the store does not answer they stay taken until the repair finds them.
  func release(_ numbers: [Int]) async {
    if numbers.isEmpty { return }
    _ = await ask([], releases: numbers)
  }

  /// What `take` would answer now, without taking it.
  func preview(_ wishes: [AllocationWish]) async throws(AllocationFailure) -> [Int] {
    if wishes.isEmpty { return [] }
    do {
      var bitmap = try await load().allocation.bitmap
      return try Self.fulfil(wishes, &bitmap, reserved: range.reserved, random: random)
    } catch let error as StatusError {
      throw .store(error)
    } catch let failure as AllocationFailure {
      throw failure
    } catch {
      throw .store(.internalError(String(describing: error)))
    }
  }

  private func ask(_ wishes: [AllocationWish], releases: [Int]) async -> Answer {
    guard waiting.count < Self.maximumWaiting else {
      return .failure(.store(.tooManyRequests("too many allocations of \(range.text) are waiting")))
    }
    return await withCheckedContinuation { answer in
      waiting.append(Request(wishes: wishes, releases: releases, answer: answer))
      guard !isWriting else { return }
      isWriting = true
      Task { await self.writeAll() }
    }
  }

  private func writeAll() async {
    while !waiting.isEmpty {
      let batch = Array(waiting.prefix(Self.maximumBatch))
      waiting.removeFirst(batch.count)
      let answers = await write(batch)
      for (request, answer) in zip(batch, answers) { request.answer.resume(returning: answer) }
    }
    isWriting = false
  }

  private func write(_ batch: [Request]) async -> [Answer] {
    var failure = StatusError.unavailable("allocations of \(range.text) are changed by others all the time")
    var attempt = 0
    while attempt < Self.maximumAttempts {
      attempt += 1
      do {
        let state = try await load()
        var bitmap = state.allocation.bitmap
        let answers = batch.map { request -> Answer in
          for number in request.releases { bitmap.remove(number) }
          return Self.answer(request.wishes, &bitmap, reserved: range.reserved, random: random)
        }
        if bitmap == state.allocation.bitmap {
          // Nothing to write; but others may have given back what is wished for.
          let isCurrent = try await store.load().revision == state.revision
          if isCurrent || attempt == Self.maximumAttempts { return answers }
          known = nil
          continue
        }
        let next = RangeAllocation(range: range.text, bitmap: bitmap)
        // Unless it is said to be written, nobody knows what is there.
        known = nil
        if let revision = try await store.save(next.json, expecting: state.revision) {
          known = (next, revision)
          return answers
        }
      } catch {
        known = nil
        failure = error
        break
      }
    }
    return batch.map { _ in .failure(.store(failure)) }
  }

  private func load() async throws(StatusError) -> (allocation: RangeAllocation, revision: Int64) {
    if let known { return known }
    let stored = try await store.load()
    let state = (allocation: RangeAllocation(stored: stored.object, of: range), revision: stored.revision)
    known = state
    return state
  }

  private static func answer(
    _ wishes: [AllocationWish], _ bitmap: inout AllocationBitmap, reserved: Int, random: (Int) -> Int
  ) -> Answer {
    do {
      return .success(try fulfil(wishes, &bitmap, reserved: reserved, random: random))
    } catch {
      return .failure(error)
    }
  }

  private static func fulfil(
    _ wishes: [AllocationWish], _ bitmap: inout AllocationBitmap, reserved: Int, random: (Int) -> Int
  ) throws(AllocationFailure) -> [Int] {
    var numbers = [Int?](repeating: nil, count: wishes.count)
    func giveBack() { for case let number? in numbers { bitmap.remove(number) } }
    // Those that are named come first: chance must not take them.
    for (index, wish) in wishes.enumerated() {
      guard case .exact(let number) = wish else { continue }
      guard bitmap.insert(number) else {
        giveBack()
        throw .taken(wish: index)
      }
      numbers[index] = number
    }
    for (index, wish) in wishes.enumerated() where wish == .any {
      guard let number = bitmap.insertAny(reserved: reserved, random: random) else {
        giveBack()
        throw .full
      }
      numbers[index] = number
    }
    return numbers.compactMap { $0 }
  }
}
