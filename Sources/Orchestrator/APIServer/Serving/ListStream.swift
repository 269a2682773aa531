import Exchange
import Objects
import Storage
import Synchronization

/// A list of any length, sent as it is read: while a page is under way the next one is made, and no more than these are
/// held.
final class ListStream: BodyStream {
  private struct Step: Sendable {
    let bytes: [UInt8]
    /// Whether an object has been written, so that the next one needs a comma.
    let hasItems: Bool
    /// Where to go on; nil behind the last page.
    let rest: ListReader?
  }

  private struct State {
    var pending: Task<Step, any Error>?
    var isCancelled = false
  }

  private let writer: ListWriter
  private let state = Mutex(State())

  /// The list that `reader` has begun.
  init(_ reader: ListReader, _ writer: ListWriter) {
    self.writer = writer
    let head = writer.head(ListBody.metadata(revision: reader.revision))
    prepare(reader, before: head, hasItems: false)
  }

  deinit { cancel() }

  /// The pages; nil at the end.
  /// - Throws: what keeps the list from being read on: what was sent must not pass for all of it.
  func next() async throws -> [UInt8]? {
    guard let pending = state.withLock({ $0.pending }) else { return nil }
    let step = try await pending.value
    if let rest = step.rest {
      prepare(rest, before: [], hasItems: step.hasItems)
    } else {
      state.withLock { $0.pending = nil }
    }
    return step.bytes
  }

  func cancel() {
    state.withLock { state in
      state.isCancelled = true
      state.pending?.cancel()
      state.pending = nil
    }
  }

  private func prepare(_ reader: ListReader, before head: [UInt8], hasItems: Bool) {
    state.withLock { state in
      guard !state.isCancelled else { return }
      state.pending = Task { [writer] in
        var (reader, bytes) = (reader, head)
        try Task.checkCancellation()
        let items = await writer.page(try await reader.next() ?? [])
        if hasItems, !items.isEmpty { bytes.append(UInt8(ascii: ",")) }
        bytes += items
        if reader.isAtEnd { bytes += ListWriter.tail }
        return Step(
          bytes: bytes, hasItems: hasItems || !items.isEmpty, rest: reader.isAtEnd ? nil : reader)
      }
    }
  }
}
